// Supabase Lite and Deno for a project that need not have them: from its node_modules, from the PATH, or brought by npm.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { IS_DENO, findOnPath } from "./host.js";
import { MANIFESTS, denoIn, denoVersion, ensureInstalled } from "./tools.js";

/** Where npm brings them: a folder that bundlers, linters and test runners pass over, and git by a file in it. @param {string} root */
const folderOf = (root) => path.join(root, "node_modules/.cache/email-queue");

/** @param {string} tool @param {string} name of a package @returns {string} */
const pinned = (tool, name) => JSON.parse(fs.readFileSync(path.join(MANIFESTS, tool, "package.json"), "utf8")).dependencies[name];

/**
 * The folder with the node_modules that has Supabase Lite, in the very version that lite-server.js knows.
 * @param {string} root @param {(text: string) => void} log
 */
export async function findLite(root, log) {
  const version = pinned("lite", "@supabase/lite");
  for (const folder of upwards(root)) {
    const file = path.join(folder, "node_modules/@supabase/lite/package.json");
    if (fs.existsSync(file) && JSON.parse(fs.readFileSync(file, "utf8")).version === version) return folder;
  }
  return await bring("lite", root, log);
}

/** A Deno that is no older than the pinned one. @param {string} root @param {(text: string) => void} log @returns {Promise<string>} the program */
export async function findDeno(root, log) {
  const wanted = pinned("deno", "deno");
  const there = [IS_DENO ? process.execPath : null, findOnPath("deno"), ...upwards(root).map(denoIn)];
  const found = there.find((program) => program && isFrom(denoVersion(program), wanted)) ?? denoIn(await bring("deno", root, log));
  if (found) return found;
  throw new Error(`npm has no Deno for ${process.platform} on ${process.arch}: install Deno ${wanted} or newer (https://deno.com), and put it on the PATH`);
}

/** @param {string} tool @param {string} root @param {(text: string) => void} log */
async function bring(tool, root, log) {
  const folder = folderOf(root);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, ".gitignore"), "*\n");
  return await ensureInstalled(path.join(MANIFESTS, tool), folder, log);
}

/** @param {string} root @returns {string[]} */
const upwards = (root) => path.dirname(root) === root ? [root] : [root, ...upwards(path.dirname(root))];

/** @param {string} version @param {string} wanted */
function isFrom(version, wanted) {
  const [is, least] = [version, wanted].map((text) => text.split(".").map(Number));
  const at = [0, 1, 2].find((index) => is?.[index] !== least?.[index]);
  return at === undefined || Number(is?.[at]) > Number(least?.[at]);
}
