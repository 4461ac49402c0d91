// The functions' folders in a project. A digest in the head of each file shows whether it was changed; line ends do not count.
import { createHash } from "node:crypto";
import path from "node:path";
import { filesOf, isFile, isFolder, list, peek } from "./files.js";

/** Sends. */
export const FUNCTION = "process-email-queue";
/** Takes the provider's reports. */
export const EVENTS_FUNCTION = "email-queue-events";

/** A function of the package, and what it is called in a project. @typedef {{kind: string, name: string}} Named */

/** The option that gives each its name. @type {Record<string, string>} */
export const NAME_OPTIONS = { [FUNCTION]: "function-name", [EVENTS_FUNCTION]: "events-function-name" };

/** What the Supabase CLI takes for a function's name. */
export const isFunctionName = (/** @type {string} */ name) => /^[A-Za-z][A-Za-z0-9_-]*$/.test(name);

const HEAD = /^\/\* eslint-disable \*\/\n\/\/ @ts-nocheck\n\/\/ email-queue (\S+) ([0-9a-f]{64})\. [^\n]*\n/;

/** @param {string} text */
const unix = (text) => text.replaceAll("\r\n", "\n").replace(/^\ufeff/, "");
/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest("hex");

/**
 * A file as it is written. Linters and compilers of the project pass over it; in this order, since ESLint has a rule against the second line.
 * @param {{name: string, text: string}} file @param {string} version @returns {{name: string, text: string}}
 */
export function withHead({ name, text }, version) {
  if (!/\.[jt]s$/.test(name)) return { name, text };
  return { name, text: `/* eslint-disable */\n// @ts-nocheck\n// email-queue ${version} ${digest(text)}. Written by \`email-queue init\` and \`upgrade\`, which replaces what you change here.\n${text}` };
}

/**
 * What a file of ours is now: as it was written, changed since, or not ours at all.
 * @param {{name: string, text: string}} file @param {{name: string, text: string}[]} known the package's own, for files that have no head
 * @returns {{state: "ours", version?: string | undefined} | {state: "changed", headless?: boolean} | {state: "foreign"}}
 */
export function examine({ name, text }, known) {
  const plain = unix(text);
  const [head, version, recorded] = HEAD.exec(plain) ?? [];
  if (head !== undefined) return digest(plain.slice(head.length)) === recorded ? { state: "ours", version } : { state: "changed" };
  const same = known.find((one) => one.name === name);
  if (!same) return { state: "foreign" };
  return /\.[jt]s$/.test(name) ? { state: "changed", headless: true } : { state: plain === same.text ? "ours" : "changed" };
}

/**
 * A folder of supabase/functions: whose it is.
 * @param {string} folder @param {{name: string, text: string}[]} known
 * @returns {{owner: "nobody" | "ours" | "theirs", changed: string[], foreign: string[], present: string[], version?: string}}
 */
export function examineFolder(folder, known) {
  const present = filesOf(folder);
  if (present.length === 0) return { owner: "nobody", changed: [], foreign: [], present };
  const states = present.map((name) => ({ name, ...examine({ name, text: peek(path.join(folder, name)) ?? "" }, known) }));
  const named = (/** @type {string} */ state) => states.filter((one) => one.state === state).map(({ name }) => name);
  // Theirs may have a deno.json as ours has: only a head tells.
  const ours = states.some((one) => /\.[jt]s$/.test(one.name) && one.state !== "foreign" && !("headless" in one));
  const version = states.map((one) => "version" in one ? one.version : undefined).find(Boolean);
  return { owner: ours ? "ours" : "theirs", changed: named("changed"), foreign: named("foreign"), present, ...(version ? { version } : {}) };
}

/** The names of the functions of a kind that this command wrote. @param {string} supabase @param {string} kind @returns {string[]} */
export function ownFunctions(supabase, kind) {
  const functions = path.join(supabase, "functions");
  const isOurs = (/** @type {string} */ folder) => list(folder).some(({ name }) => /\.[jt]s$/.test(name) && isFile(path.join(folder, name)) && HEAD.test(unix(peek(path.join(folder, name)) ?? "")));
  const kindOf = (/** @type {string} */ folder) => ["events.js", "events_wasm.js"].some((name) => isFile(path.join(folder, name))) ? EVENTS_FUNCTION : FUNCTION;
  return list(functions).map(({ name }) => ({ name, folder: path.join(functions, name) }))
    .filter(({ name, folder }) => isFunctionName(name) && isFolder(folder) && isOurs(folder) && kindOf(folder) === kind).map(({ name }) => name).sort();
}
