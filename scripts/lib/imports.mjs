// Says which files are missing of what a module of the project's imports, and what those import:
//   node scripts/lib/imports.mjs supabase/functions/process-email-queue/index.ts
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT } from "./host.mjs";

/** `import … from "x"`, `export … from "x"`, `import "x"`, each at the beginning of a line, and `import("x")`. */
const IMPORTS = [/^\s*(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']/gm, /\bimport\(\s*["']([^"']+)["']/g];

/** @param {string} entry @returns {{file: string, importer: string}[]} */
export function missingImports(entry) {
  const seen = new Set();
  /** @type {{file: string, importer: string}[]} */
  const missing = [];
  const walk = (/** @type {string} */ file, /** @type {string} */ importer) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return void missing.push({ file, importer });
    const text = fs.readFileSync(file, "utf8");
    for (const pattern of IMPORTS) {
      for (const [, name] of text.matchAll(pattern)) if (/^\.\.?\//.test(name)) walk(path.resolve(path.dirname(file), name), file);
    }
  };
  walk(path.resolve(entry), "the deployment");
  return missing;
}

if (process.argv[1]?.endsWith("imports.mjs")) {
  const missing = missingImports(path.join(ROOT, process.argv[2]));
  const named = (/** @type {string} */ file) => path.relative(ROOT, file);
  for (const { file, importer } of missing) {
    const by = importer === "the deployment" ? importer : named(importer);
    console.error(`error: ${named(file)} is missing, which ${by} needs: git checkout ${named(file)}, or for a file of pkg/ scripts/build`);
  }
  if (missing.length > 0) process.exitCode = 1;
}
