// Chromium, from npm.
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../../../scripts/lib/stack.mjs";

/** npm has the browser for this alone. */
export const skip = process.platform === "linux" && process.arch === "x64" ? false : "npm has a browser for Linux on x64 only";

/** @param {string} folder the package unpacks the browser, and its libraries for a machine that has none, into the folder for temporary files: this one */
export async function startBrowser(folder) {
  process.env.TMPDIR = folder;
  const at = await packageFolder("browser", "@sparticuz/chromium");
  const { default: chromium, inflate } = await import(pathToFileURL(path.join(at, "build/index.js")).href);
  const { default: playwright } = await import(pathToFileURL(path.join(await packageFolder("browser", "playwright-core"), "index.js")).href);
  const [executablePath, libraries] = [await chromium.executablePath(), await inflate(path.join(at, "bin/al2023.tar.br"))];
  const env = { ...process.env, LD_LIBRARY_PATH: `/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:${libraries}/lib` };
  // In a single process it would end with its first context.
  const args = chromium.args.filter((/** @type {string} */ arg) => arg !== "--single-process");
  return await playwright.chromium.launch({ executablePath, args, env });
}
