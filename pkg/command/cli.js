// The Supabase CLI of the user, 2 (from 2.117 on) or 3: the only file that knows its flags.
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { apiOf, queryApi, tokenOf } from "./api.js";
import { readDatabaseUrl } from "./database-url.js";
import { isFile, manifest, withPrivateFile } from "./files.js";
import { CommandError } from "./terminal.js";
import { PROVIDER } from "../provider.js";

/** The version that npx brings where the machine has none. */
const PINNED = "3.1.0";
const OLDEST = [2, 117];
const INSTALL = `npm install --save-dev supabase@${PINNED} (or see https://supabase.com/docs/guides/cli)`;

/**
 * Which database, or which project.
 * @typedef {{ref: string} | {url: string}} Target
 * @typedef {{status: number, stdout: string, stderr: string}} Output
 */

/** @param {string} root of the project @param {Record<string, string | undefined>} given but for the key of the provider, which is no other program's @returns {Cli} */
export function findCli(root, given) {
  const { [PROVIDER.variables.fullKey]: _, ...env } = given;
  const found = firstOf(candidates(root, env), env);
  if (!found) throw new CommandError("the Supabase CLI was not found", INSTALL);
  const [major = 0, minor = 0] = found.version.split(".").map(Number);
  if (major < (OLDEST[0] ?? 0) || major === OLDEST[0] && minor < (OLDEST[1] ?? 0)) {
    throw new CommandError(`the Supabase CLI has version ${found.version}, which is too old: ${OLDEST.join(".")} or newer is needed`, INSTALL);
  }
  return new Cli(found.command, found.version, root, env);
}

/** @typedef {{command: string[], version?: string}} Candidate */

/** The project's own, the machine's, and what npx brings. @param {string} root @param {Record<string, string | undefined>} env @returns {Candidate[]} */
function candidates(root, env) {
  /** @type {Candidate[]} */
  const found = [];
  for (let folder = root; ; folder = path.dirname(folder)) {
    found.push(...ofPackage(path.join(folder, "node_modules/supabase")));
    if (path.dirname(folder) === folder) break;
  }
  const windows = process.platform === "win32";
  for (const folder of (env.PATH ?? env.Path ?? "").split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, windows ? "supabase.exe" : "supabase");
    if (isFile(file)) found.push(...inPackage(fs.realpathSync(file)) ?? [{ command: [file] }]);
    // npm's own program on Windows is a file for its shell, beside the package.
    if (windows && isFile(path.join(folder, "supabase.cmd"))) found.push(...ofPackage(path.join(folder, "node_modules/supabase")), ...ofPackage(path.join(folder, "../supabase")));
  }
  const npx = path.join(path.dirname(process.execPath), windows ? "node_modules/npm/bin/npx-cli.js" : "../lib/node_modules/npm/bin/npx-cli.js");
  found.push({ command: [...isFile(npx) ? [process.execPath, npx] : ["npx"], "--yes", `supabase@${PINNED}`] });
  return found;
}

/** An npm package's program, run by Node. @param {string} folder @returns {Candidate[]} */
function ofPackage(folder) {
  const { name, version, bin } = manifest(folder);
  const file = path.join(folder, typeof bin === "string" ? bin : bin?.supabase ?? "");
  if (name !== "supabase" || !isFile(file)) return [];
  return [{ command: /\.[cm]?js$/.test(file) ? [process.execPath, file] : [file], version }];
}

/** @param {string} file where the link of node_modules/.bin leads to */
function inPackage(file) {
  const [folder] = /^.*[\\/]node_modules[\\/]supabase(?=[\\/])/.exec(file) ?? [];
  const found = folder === undefined ? [] : ofPackage(folder);
  return found.length > 0 ? found : undefined;
}

/** The first that is there; asking one for its version takes a second. @param {Candidate[]} all @param {Record<string, string | undefined>} env */
function firstOf(all, env) {
  for (const { command, version } of all) {
    const [program = "", ...args] = command;
    const said = version ?? /(\d+\.\d+\.\d+)/.exec(spawnSync(program, [...args, "--version"], { encoding: "utf8", env: { ...env, DO_NOT_TRACK: "1" } }).stdout ?? "")?.[1];
    if (said) return { command, version: said };
  }
  return undefined;
}

export class Cli {
  /** @param {string[]} command @param {string} version @param {string} root @param {Record<string, string | undefined>} env */
  constructor(command, version, root, env) {
    this.command = command;
    this.version = version;
    this.root = root;
    this.env = env;
  }

  /** Whether it has the flags of version 3. */
  get isNew() {
    return Number(this.version.split(".")[0]) >= 3;
  }

  /**
   * The flags that name a database, and the variables beside them: a password is on no command line.
   * @param {Target} target @returns {{flags: string[], env: Record<string, string>}}
   */
  database(target) {
    if ("ref" in target) return { flags: this.isNew ? [`--remote=${target.ref}`] : ["--linked", "--project-ref", target.ref], env: {} };
    const { target: url, password } = readDatabaseUrl(target.url);
    return { flags: this.isNew ? [`--remote=${url}`] : ["--db-url", url], env: password ? { PGPASSWORD: password } : {} };
  }

  /** The flags that name a project, for its functions and secrets. @param {string} ref */
  project(ref) {
    return this.isNew ? [`--remote=${ref}`] : ["--project-ref", ref];
  }

  /**
   * Runs it; show: what it says goes to standard error at once; workdir: another folder than the project's.
   * @param {string[]} args @param {{env?: Record<string, string>, show?: boolean, workdir?: string}} [how] @returns {Promise<Output>}
   */
  async run(args, { env = {}, show = false, workdir = this.root } = {}) {
    const [program = "", ...first] = this.command;
    const child = spawn(program, [...first, ...args, "--yes", "--agent", "no", "--workdir", workdir], {
      cwd: workdir,
      env: { ...this.env, DO_NOT_TRACK: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += data, show && process.stderr.write(data)));
    child.stderr.on("data", (data) => (stderr += data, show && process.stderr.write(data)));
    const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    return { status: status ?? 1, stdout, stderr };
  }

  /** The addresses and keys of the local stack. @returns {Promise<Record<string, string>>} @throws {CommandError} it is not running */
  async status() {
    const { status, stdout, stderr } = await this.run(["status", "--output", "json"]);
    if (status !== 0) throw new CommandError(reason(stderr || stdout), "supabase start");
    try {
      return JSON.parse(stdout.slice(stdout.indexOf("{"), stdout.lastIndexOf("}") + 1));
    } catch {
      throw new CommandError("the Supabase CLI's answer to `supabase status` cannot be read", "take another version of it: supabase --version");
    }
  }

  /**
   * One statement's rows: of the Management API by reference, where the token can be read, else of the CLI.
   * @param {Target} target @param {string} sql @returns {Promise<any[]>} @throws {CommandError}
   */
  async query(target, sql) {
    const token = "ref" in target ? tokenOf(this.env) : undefined;
    if ("ref" in target && token) return await queryApi({ ref: target.ref, sql, token, api: apiOf(this.env) });
    const { flags, env } = this.database(target);
    // From a file: no secret is on a command line, and a schema would not fit on one.
    const { status, stdout, stderr } = await withPrivateFile("statement.sql", sql, (file) => this.run(["db", "query", "--output", "json", "--file", file, ...flags], { env }));
    if (status !== 0) throw new CommandError(reason(stderr || stdout), "check the project's reference, the access token (supabase login) or the database's address");
    return rowsOf(stdout);
  }
}

/** The rows that a query printed; the CLI may say something before them. @param {string} stdout @returns {any[]} */
export function rowsOf(stdout) {
  const at = stdout.search(/^\[/m);
  // A statement without rows prints none.
  if (at < 0) return [];
  try {
    return JSON.parse(stdout.slice(at));
  } catch {
    throw new CommandError("the Supabase CLI's answer to a query cannot be read", "install another version of the CLI (supabase --version shows the present one)");
  }
}

/** Why a call failed, without what the CLI says around it. @param {string} text */
export function reason(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line && !/^(Target:|Confirmed by|Connecting to|Try rerunning|Initialising|Using (workdir|profile))/.test(line));
  return lines.join(" ").replace(/^failed to execute query: (error: )?/, "") || "the Supabase CLI failed and did not say why";
}
