// The user's project: where it is, its migrations, and what of the queue they install.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { isFile } from "./files.js";
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
    throw new CommandError(`${path.join(root, CONFIG)} is not there`, "--workdir takes the folder that has supabase/config.toml; supabase init makes one");
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
  if (below.length > 1) throw new CommandError(`there is more than one Supabase project here: ${below.map((folder) => path.relative(cwd, folder)).join(", ")}`, `choose one: --workdir ${path.relative(cwd, below[0] ?? "")}`);
  if (below[0] !== undefined) throw new CommandError(`the Supabase project is in ${path.relative(cwd, below[0])}`, `repeat it with --workdir ${path.relative(cwd, below[0])}`);
  throw new CommandError("there is no supabase/config.toml here or above", "run it in your project's folder, or name that with --workdir; supabase init makes one.");
}

/** @param {string} folder @param {number} depth @returns {string[]} */
function search(folder, depth) {
  if (isFile(path.join(folder, CONFIG))) return [folder];
  if (depth === 0) return [];
  return list(folder).filter((entry) => entry.isDirectory() && !/^(\..*|node_modules|target|dist)$/.test(entry.name))
    .flatMap((entry) => search(path.join(folder, entry.name), depth - 1)).sort();
}

/** What the CLI takes for migrations. @param {string} folder @returns {Migration[]} */
function readMigrations(folder) {
  const found = list(folder).filter((entry) => !entry.isDirectory()).flatMap(({ name: file }) => {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
    return version === undefined || name === undefined ? [] : [{ version, name, file, text: fs.readFileSync(path.join(folder, file), "utf8") }];
  });
  return found.sort((one, other) => one.version < other.version ? -1 : one.version > other.version ? 1 : one.file < other.file ? -1 : 1);
}

/** As a migration, a dump or squashed migrations write it. The literal is what the function returns. */
const VERSION = /create\s+(?:or\s+replace\s+)?function\s+"?public"?\."?email_queue_version"?\s*\(\)(?:(?!create\s)[\s\S]){0,600}?return\s+'(\d+\.\d+\.\d+[^']*)'/gi;
/** The line of a migration that removes it. */
const UNINSTALL = "select pg_temp.email_queue_uninstall(";

/** The version that the text of the migrations installs, as if they were applied one after the other. @param {{text: string}[]} migrations */
export function versionOf(migrations) {
  /** @type {string | undefined} */
  let version;
  for (const { text } of migrations) {
    const steps = [...text.matchAll(VERSION), ...text.matchAll(/select pg_temp\.email_queue_uninstall\(/g)].sort((one, other) => one.index - other.index);
    for (const [, literal] of steps) version = literal;
  }
  return version;
}

/** The line of a migration that installs it, or that upgrades from a version. */
const BEGINS = /^select pg_temp\.email_queue_(?:check_names\(\)|begin_upgrade\('([^']+)')/gm;

/** Two branches that both ran init, or upgrade, have two. @param {Migration[]} migrations @throws {CommandError} */
export function refuseTwice(migrations) {
  const start = migrations.map(({ text }) => text.lastIndexOf(UNINSTALL) >= 0).lastIndexOf(true) + 1;
  /** @type {Map<string | undefined, string>} */
  const found = new Map();
  for (const { file, text } of migrations.slice(start)) {
    for (const [, from] of text.matchAll(BEGINS)) {
      const first = found.get(from);
      if (first !== undefined) throw new CommandError(`two migrations ${from === undefined ? "install the queue" : `upgrade the queue from ${from}`}: ${first} and ${file}`, `delete ${file}, unless the database has that one and not the other (supabase migration list)`);
      found.set(from, file);
    }
  }
}

const CREATED = /\bcreate\s+(?:or\s+replace\s+|unlogged\s+|materialized\s+)*(function|procedure|table|view|type|domain|schema)\s+(?:if\s+not\s+exists\s+)?(?:"?public"?\s*\.\s*)?"?(\w+)"?/gi;
const GONE = /\b(?:drop\s+(?:function|procedure|table|view|type|domain|schema)\s+(?:if\s+exists\s+)?|alter\s+(?:function|procedure|table|view|type|domain|schema)\s+(?:if\s+exists\s+)?)(?:"?public"?\s*\.\s*)?"?(\w+)"?[^;]*/gi;

/**
 * What in the user's own migrations has a name that the queue needs, and is not dropped, renamed or moved later.
 * @param {Migration[]} migrations in their order @param {string[]} functions the names of ours @returns {string[]}
 */
export function takenNames(migrations, functions) {
  const ours = new Set([...functions, "email_queue", "email_queue_private"]);
  /** @type {Map<string, string>} */
  const taken = new Map();
  for (const { text, file } of migrations.filter((one) => versionOf([one]) === undefined && !one.text.includes(UNINSTALL))) {
    const bare = text.replace(/--[^\n]*/g, "");
    const made = [...bare.matchAll(CREATED)].map((match) => ({ index: match.index, name: (match[2] ?? "").toLowerCase(), what: `${match[1]?.toLowerCase()} ${match[2]?.toLowerCase()} (${file})` }));
    const gone = [...bare.matchAll(GONE)].filter(([all]) => /^drop|\brename\s+to\b|\bset\s+schema\b/i.test(all)).map((match) => ({ index: match.index, name: (match[1] ?? "").toLowerCase(), what: undefined }));
    for (const { name, what } of [...made, ...gone].sort((one, other) => one.index - other.index)) {
      if (what === undefined) taken.delete(name);
      else if (ours.has(name)) taken.set(name, what);
    }
  }
  return [...taken.values()].sort();
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
  const ref = isFile(file) ? fs.readFileSync(file, "utf8").trim() : "";
  return /^[a-z]{20}$/.test(ref) ? ref : undefined;
}

/** @param {string} folder @returns {fs.Dirent[]} */
function list(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (/ENOENT|ENOTDIR|EACCES|EPERM/.test(/** @type {NodeJS.ErrnoException} */ (error).code ?? "")) return [];
    throw error;
  }
}
