// The tools that the scripts need, pinned by the manifests in scripts/tools/<name>/, and in src/js/local/tools/<name>/ those that the
// package brings too. They are installed into the ignored folder .tools/<name>/.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { MANIFESTS, denoIn, ensureInstalled } from "../../src/js/local/tools.js";
import { IS_DENO, ROOT, findOnPath } from "./host.mjs";

export { denoVersion, lock } from "../../src/js/local/tools.js";

/**
 * Makes sure that a tool is installed as pinned.
 * @param {string} name @param {{log?: (text: string) => void}} [options] where progress goes: standard error by default
 * @returns {Promise<string>} the folder that has its node_modules
 */
export async function ensureTool(name, { log } = {}) {
  const manifest = [MANIFESTS, path.join(ROOT, "scripts/tools")].map((folder) => path.join(folder, name)).find((folder) => fs.existsSync(folder));
  if (manifest === undefined) throw new Error(`scripts/tools/${name} is not there`);
  return await ensureInstalled(manifest, path.join(ROOT, ".tools"), log);
}

/**
 * A Deno to run the function with.
 * @param {"any" | "newest" | "2.1.4"} [version] any: under Deno the one that runs this, else the newest;
 *   newest: the pinned one from npm; 2.1.4: the one of Supabase's edge runtime, from npm
 * @returns {Promise<string>} the program
 */
export async function ensureDeno(version = "any") {
  if (version === "any" && IS_DENO) return process.execPath;
  const found = denoIn(await ensureTool(version === "2.1.4" ? "deno-2.1.4" : "deno")) ?? (version === "2.1.4" ? null : findOnPath("deno"));
  if (found) return found;
  throw new Error(`npm has no Deno ${version} for ${process.platform} on ${process.arch}; install Deno (https://deno.com) and put it on the PATH`);
}

/**
 * The folder of an npm package of an installed tool.
 * @param {string} tool @param {string} name @returns {Promise<string>}
 */
export const packageFolder = async (tool, name) => path.join(await ensureTool(tool), "node_modules", name);
