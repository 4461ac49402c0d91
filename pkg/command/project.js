// The user's project: its folder, its migrations, and the version of the queue that they install.
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { isFile, list, peek } from "./files.js";
import { readSql } from "./sql-text.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {{version: string, name: string, file: string, text: string}} Migration
 * @typedef {object} Project
 * @property {string} root the folder that has supabase/
 * @property {string} supabase
 * @property {string} config the file
 * @property {Migration[]} migrations in the order in which they are applied
 */

const CONFIG = path.join("supabase", "config.toml");
const SEARCHED = 3;

/** @param {string} cwd @param {string} [workdir] as the option has it @returns {Project} */
export function findProject(cwd, workdir) {
  const root = workdir === undefined ? nearest(cwd) : path.resolve(cwd, workdir);
  if (!isFile(path.join(root, CONFIG))) {
    throw new CommandError(`${path.join(root, CONFIG)} was not found`, "--workdir takes the folder that has supabase/config.toml; supabase init makes one");
  }
  const supabase = path.join(root, "supabase");
  return { root, supabase, config: path.join(root, CONFIG), migrations: readMigrations(path.join(supabase, "migrations")) };
}

/** @param {string} cwd */
function nearest(cwd) {
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    if (isFile(path.join(folder, CONFIG))) return folder;
    if (path.dirname(folder) === folder) break;
  }
  const below = search(cwd, SEARCHED);
  const [first, ...others] = below.map((folder) => path.relative(cwd, folder));
  if (first !== undefined && others.length > 0) throw new CommandError(`there is more than one Supabase project here: ${[first, ...others].join(", ")}`, `choose one: --workdir ${quoted(first)}`);
  if (first !== undefined) throw new CommandError(`the Supabase project is in ${first}`, `repeat it with --workdir ${quoted(first)}`);
  throw new CommandError("there is no supabase/config.toml here or above", "run the command in your project's folder, or name the folder with --workdir; supabase init makes a project");
}

/** As it is typed into a shell. @param {string} folder */
const quoted = (folder) => /^[\w./\\:@-]+$/.test(folder) ? folder : process.platform === "win32" ? `"${folder}"` : `'${folder.replaceAll("'", "'\\''")}'`;

/** @param {string} folder @param {number} depth @returns {string[]} */
function search(folder, depth) {
  if (isFile(path.join(folder, CONFIG))) return [folder];
  if (depth === 0) return [];
  return listed(folder).filter((entry) => entry.isDirectory() && !/^(\..*|node_modules|target|dist)$/.test(entry.name))
    .flatMap((entry) => search(path.join(folder, entry.name), depth - 1)).sort();
}

/** What may not be read is passed over: no project of this user's is in it. @param {string} folder */
function listed(folder) {
  try {
    return list(folder);
  } catch {
    return [];
  }
}

/** What the CLI takes for migrations. @param {string} folder @returns {Migration[]} */
function readMigrations(folder) {
  const found = list(folder).filter((entry) => !entry.isDirectory()).flatMap(({ name: file }) => {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
    return version === undefined || name === undefined ? [] : [{ version, name, file, text: peek(path.join(folder, file)) ?? "" }];
  });
  return found.sort((one, other) => one.version < other.version ? -1 : one.version > other.version ? 1 : one.file < other.file ? -1 : 1);
}

/** As a migration, a dump or squashed migrations write it. The literal is what the function returns. */
const VERSION = /\bcreate (?:or replace )?function public\.email_queue_version\( ?\).*? as \$(\d+)\$/;
/** The line of a migration that removes it. */
const UNINSTALL = /^select pg_temp\.email_queue_uninstall\(/;
/** The line of one that installs it, or that upgrades from a version. */
const BEGINS = /^select pg_temp\.email_queue_(?:check_names\(|begin_upgrade\( ?\$(\d+)\$)/;

/** The version that the text of the migrations installs, as if they were applied one after the other. @param {{text: string}[]} migrations */
export function versionOf(migrations) {
  /** @type {string | undefined} */
  let version;
  for (const { text } of migrations) {
    const { statements, literals } = readSql(text);
    for (const statement of statements) {
      const [, body] = VERSION.exec(statement) ?? [];
      if (body !== undefined) version = returned(literals[Number(body)] ?? "") ?? version;
      else if (UNINSTALL.test(statement)) version = undefined;
    }
  }
  return version;
}

/** @param {string} body of a function @returns {string | undefined} */
function returned(body) {
  const { statements, literals } = readSql(body);
  const [, number] = /\breturn \$(\d+)\$/.exec(statements.join(";")) ?? [];
  const text = literals[Number(number)] ?? "";
  return /^\d+\.\d+\.\d+/.test(text) ? text : undefined;
}

/** @param {{text: string}} migration @param {RegExp} pattern */
const says = ({ text }, pattern) => readSql(text).statements.some((statement) => pattern.test(statement));

/** Whether it installs, upgrades or removes the queue. @param {Migration} migration */
export const isOfQueue = (migration) => versionOf([migration]) !== undefined || says(migration, UNINSTALL);

/** What no command can go on from. @param {Migration[]} migrations @throws {CommandError} */
export function refuseMigrations(migrations) {
  const own = sinceUninstall(migrations);
  const cut = own.find((one, index) => says(one, BEGINS) && versionOf(own.slice(index)) === undefined);
  if (cut) {
    throw new CommandError(`supabase/migrations/${cut.file} begins as a migration of the queue, and brings no version of it: it was cut, or changed by hand. Nothing was changed`,
      "put it back as it was (git checkout, git merge); if no database has it, delete it and repeat the command");
  }
  refuseTwice(migrations);
}

/** @param {Migration[]} migrations */
const sinceUninstall = (migrations) => migrations.slice(migrations.map((one) => says(one, UNINSTALL)).lastIndexOf(true) + 1);

/** Two branches that both ran init, or upgrade, have two. @param {Migration[]} migrations @throws {CommandError} */
export function refuseTwice(migrations) {
  /** By the version that they start from. @type {Map<string | undefined, string>} */
  const found = new Map();
  for (const { file, text } of sinceUninstall(migrations)) {
    const { statements, literals } = readSql(text);
    for (const [, literal] of statements.flatMap((statement) => [BEGINS.exec(statement) ?? []].filter((match) => match.length > 0))) {
      const from = literal === undefined ? undefined : literals[Number(literal)];
      const first = found.get(from);
      if (first !== undefined) throw new CommandError(`two migrations ${from === undefined ? "install the queue" : `upgrade the queue from ${from}`}: ${first} and ${file}`, `delete ${file}, unless the database has that one and not the other (supabase migration list)`);
      found.set(from, file);
    }
  }
}

/** What git would show of the project, or undefined. @param {string} root */
export function uncommitted(root) {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain", "--", "."], { cwd: root, encoding: "utf8" });
  const lines = status === 0 ? stdout.split("\n").filter(Boolean).length : 0;
  return lines > 0 ? lines : undefined;
}

/** The project's reference, where `supabase link` has left it. @param {string} supabase */
export function linkedRef(supabase) {
  const file = path.join(supabase, ".temp", "project-ref");
  const ref = isFile(file) ? peek(file)?.trim() ?? "" : "";
  return /^[a-z]{20}$/.test(ref) ? ref : undefined;
}
