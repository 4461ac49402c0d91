// Reads .env: for the doctor and for deployments. It is read and not run by a shell, so that an
// address like Acme <mail@acme.example> needs no quotes. Node's own parseEnv is missing on Deno 2.1.4, and keeps a byte order
// mark. The Supabase CLI reads the same file; on a malformed line it fails without saying where, so such a line is refused here.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { peek } from "./files.js";
import { CommandError } from "./terminal.js";
import { PROVIDER } from "../provider.js";

/** The file that is read if there is one. @param {string} root of the project @param {Record<string, string | undefined>} [env] */
export const envFile = (root, env = process.env) => env.EMAIL_QUEUE_ENV_FILE || path.join(root, ".env");

/**
 * The variables of a command: .env's, and the environment's, which win. An empty one says nothing. The project's reference is in its address, too.
 * @param {string} root of the project @param {Record<string, string | undefined>} given @returns {Record<string, string | undefined>}
 */
export function environment(root, given) {
  /** @type {Record<string, string | undefined>} */
  const all = { ...Object.fromEntries(missingVariables(envFile(root, given), given)), ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)) };
  const [, ref] = /^https:\/\/([a-z]{20})\.supabase\.co\/?$/.exec(all.SUPABASE_URL ?? "") ?? [];
  return ref ? { SUPABASE_PROJECT_ID: ref, ...all } : all;
}

/** The variables that are the queue's. A key that may do everything is in no file. */
const { fullKey: _, ...KEPT } = PROVIDER.variables;
const OURS = new RegExp(`^((SUPABASE|EMAIL|PROCESS_EMAIL_QUEUE)_[A-Z_]+|${Object.values(KEPT).join("|")})$`);

/** A shell's white space: \s would take a byte order mark for some. */
const SPACE = "[ \\t\\v\\f\\r\\n]";
const LINE = new RegExp(`^${SPACE}*(?:export${SPACE}+)?([A-Za-z_][A-Za-z0-9_.]*)${SPACE}*=(${SPACE}*)([^]*)$`);
const NOTHING = new RegExp(`^${SPACE}*(#.*)?$`);
const DOUBLE = new RegExp(`^"((?:\\\\"|[^"])*)"${SPACE}*(?:#.*)?$`);
const SINGLE = new RegExp(`^'([^']*)'${SPACE}*(?:#.*)?$`);
const END = new RegExp(`${SPACE}#[^]*$|${SPACE}+$`);

/**
 * The variables of a file, in its order.
 * @param {string} text @param {string} file for errors @returns {[name: string, value: string][]} @throws {CommandError} names the line
 */
export function parseEnv(text, file) {
  // Windows' editors begin a file with a byte order mark.
  const lines = text.replace(/^\ufeff/, "").split("\n").map((line) => line.replace(/\r$/, ""));
  /** @type {[string, string][]} */
  const found = [];
  for (let index = 0; index < lines.length; index++) {
    const first = index + 1;
    const line = lines[index] ?? "";
    if (NOTHING.test(line)) continue;
    const [, name = "", space = "", rest] = LINE.exec(line) ?? [];
    if (rest === undefined) throw new CommandError(`line ${first} of ${file} is neither NAME=value nor a comment`);
    // "NAME=  # why" is empty; "NAME=#x" is not.
    let value = space !== "" && rest.startsWith("#") ? "" : rest;
    // In quotes a value may have several lines, as others' keys do.
    while (/^["']/.test(value) && !isClosed(value)) {
      index += 1;
      if (index >= lines.length || index === lines.length - 1 && lines[index] === "") throw new CommandError(`line ${first} of ${file} has a quote that is not closed`);
      value += `\n${lines[index]}`;
    }
    const double = DOUBLE.exec(value)?.[1]?.replaceAll('\\"', '"');
    // Text after the closing quote belongs to the value, and so do the quotes: "Acme, Inc." <mail@acme.example>
    found.push([name, double ?? SINGLE.exec(value)?.[1] ?? value.replace(END, "").replace(END, "")]);
  }
  return found;
}

/** Whether the quote that a value begins with comes again, other than after a backslash: as the CLI reads it. @param {string} value */
function isClosed(value) {
  const [quote = ""] = value;
  return value.startsWith(quote, 1) || new RegExp(`[^\\\\]${quote}`).test(value.slice(1));
}

/**
 * Those of ours that the file has and the environment has not.
 * @param {string} file @param {Record<string, string | undefined>} [env] @returns {[string, string][]} @throws {CommandError}
 */
export function missingVariables(file, env = process.env) {
  const text = peek(file);
  if (text === null) return [];
  // Only a warning: who shares the machine may know it.
  if (process.platform !== "win32" && (fs.statSync(file).mode & 0o066) !== 0) {
    process.stderr.write(`warning: ${file} holds secrets, and others on this machine can open it: chmod 600 '${file}'\n`);
  }
  const given = new Map();
  for (const [name, value] of parseEnv(text, file)) {
    // As a shell, Node and the CLI read it, the last one counts; one that is empty says nothing.
    if (OURS.test(name) && !env[name] && value !== "") given.set(name, value);
  }
  return [...given];
}
