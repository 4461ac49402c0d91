// Changes of files: planned, shown, and made as a whole or not at all.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { CommandError } from "./terminal.js";

/** text: null removes the file. before: null where it is new. @typedef {{file: string, before: string | null, text: string | null}} Change */

/** @param {string} file */
export const isFile = (file) => kind(file)?.isFile() ?? false;
/** @param {string} folder */
export const isFolder = (folder) => kind(folder)?.isDirectory() ?? false;

/** @param {string} file */
function kind(file) {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    // Something above it is no folder, or may not be read.
    return undefined;
  }
}

/** The change to a file's new text, or none where it has it already. @param {string} file @param {string | null} text @returns {Change[]} */
export function change(file, text) {
  const before = read(file);
  return before === text ? [] : [{ file, before, text }];
}

/** A file that may be written again: what is no UTF-8 would not come back as it was. @param {string} file @returns {string | null} */
export function read(file) {
  const found = bytes(file);
  try {
    const text = found && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(found);
    if (!text?.includes("\0")) return text;
  } catch {
    // Said below.
  }
  throw new CommandError(`${file} is not UTF-8. Nothing was changed`, "save it as UTF-8, then repeat the command");
}

/** A file that is only looked at, in whatever encoding. @param {string} file @returns {string | null} */
export const peek = (file) => bytes(file)?.toString("utf8") ?? null;

/** @param {string} file @returns {Buffer | null} null: there is no such file */
function bytes(file) {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw new CommandError(`${file} cannot be read (${code})`, "it must be a file that you may read");
    if (isLink(file)) throw new CommandError(`${file} is a link to nothing`, "remove it, or put back what it leads to");
    return null;
  }
}

/** @param {string} file */
function isLink(file) {
  try {
    return fs.lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}

/** What a folder has; nothing where it is not there. @param {string} folder @returns {fs.Dirent[]} */
export function list(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENOENT" && !isLink(folder)) return [];
    throw new CommandError(`${folder} cannot be read (${code})`, "it must be a folder that you may read");
  }
}

/** The files of a folder and of those in it, but for links to folders. @param {string} folder @param {string} [below] @returns {string[]} with / */
export const filesOf = (folder, below = "") => list(path.join(folder, below)).flatMap((entry) => {
  const name = below + entry.name;
  return entry.isDirectory() ? filesOf(folder, `${name}/`) : isFile(path.join(folder, name)) ? [name] : [];
}).sort();

/** package.json, or nothing where it cannot be read. @param {string} folder @returns {any} */
export function manifest(folder) {
  try {
    return JSON.parse(peek(path.join(folder, "package.json")) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** Lines at a file's end that it does not have, in its own line ends. @param {string} file @param {string[]} lines @returns {Change[]} */
export function appendLines(file, lines) {
  const before = read(file) ?? "";
  const present = new Set(before.split(/\r?\n/).map((line) => line.trim()));
  const missing = lines.filter((line) => !present.has(line));
  if (missing.length === 0) return [];
  return change(file, append(before, `${missing.join("\n")}\n`));
}

/** @param {string} text @param {string} more with \n @param {boolean} [apart] after an empty line */
export function append(text, more, apart = false) {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const glue = text === "" ? "" : (text.endsWith("\n") ? "" : end) + (apart ? end : "");
  return text + glue + more.replaceAll("\n", end);
}

/** @param {Change} change */
export const actionOf = ({ before, text }) => text === null ? "remove" : before === null ? "create" : "change";
/** @param {Change} change @param {string} root */
export const pathOf = ({ file }, root) => path.relative(root, file).split(path.sep).join("/");

/** One line each. @param {Change[]} changes @param {string} root */
export const describe = (changes, root) => changes.map((one) => `  ${actionOf(one)}  ${pathOf(one, root)}`);

/**
 * Makes all of them; where one fails, those before it are taken back.
 * @param {Change[]} changes @returns {() => boolean} takes all of them back, and says whether something of them is left @throws {CommandError}
 */
export function apply(changes) {
  /** @type {(() => void)[]} */
  const undo = [];
  /** @type {string[]} */
  const made = [];
  const takeBack = () => {
    for (const one of [...undo].reverse()) attempt(one);
    return changes.some(isMade) || made.some(isFolder);
  };
  try {
    for (const { file, before, text } of changes) {
      const folders = missingFolders(path.dirname(file));
      made.push(...folders);
      undo.push(() => folders.filter(isFolder).forEach((folder) => fs.rmdirSync(folder)));
      undo.push(() => before !== null ? put(file, before) : isFile(file) && fs.rmSync(file));
      if (text === null) {
        fs.rmSync(file);
        // And the folders that it leaves empty: git would not keep them.
        for (let folder = path.dirname(file); fs.readdirSync(folder).length === 0; folder = path.dirname(folder)) fs.rmdirSync(folder);
      } else put(file, text);
    }
  } catch (error) {
    const left = takeBack();
    const { code, message, path: where } = /** @type {NodeJS.ErrnoException} */ (error);
    const what = `${where ?? "a file"} cannot be written (${code ?? message})`;
    throw new CommandError(`${what}. ${left ? LEFT : "Nothing was changed"}`, "make the project's folder writable, then repeat the command");
  }
  return takeBack;
}

/** What is said where changes could not be taken back. */
export const LEFT = "Some of what was written before it is still there";

/** @param {string} file @param {string} text @param {number} [mode] */
function put(file, text, mode) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text, { mode });
}

/** @param {() => void} step */
function attempt(step) {
  try {
    step();
  } catch {
    // What is left is looked at.
  }
}

/** Whether a file differs from before. @param {Change} change */
function isMade({ file, before }) {
  try {
    return peek(file) !== before;
  } catch {
    // What cannot be read was not written.
    return false;
  }
}

/** Those that will be made, the inner ones first. @param {string} folder @returns {string[]} */
function missingFolders(folder) {
  /** @type {string[]} */
  const missing = [];
  for (let at = folder; !fs.existsSync(at) && path.dirname(at) !== at; at = path.dirname(at)) missing.push(at);
  return missing;
}

/**
 * A text for another program, in a file that only this user can read. It is gone afterwards, after an interruption too.
 * @template T
 * @param {string} name @param {string} text @param {(file: string) => Promise<T>} use @returns {Promise<T>}
 */
export const withPrivateFile = (name, text, use) => withFolder({ [name]: text }, (folder) => use(path.join(folder, name)));

/**
 * Files for another program, in a folder of their own. It is gone afterwards, after an interruption too.
 * @template T
 * @param {Record<string, string>} files by their names in the folder @param {(folder: string) => Promise<T>} use @returns {Promise<T>}
 */
export async function withFolder(files, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "email-queue-"));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  const stop = () => (remove(), process.exit(130));
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM"]);
  for (const signal of signals) process.once(signal, stop);
  try {
    for (const [name, text] of Object.entries(files)) put(path.join(folder, name), text, 0o600);
    return await use(folder);
  } finally {
    for (const signal of signals) process.off(signal, stop);
    remove();
  }
}
