// The missing files among all that a module imports, directly and through other files.
import fs from "node:fs";
import path from "node:path";

/** `import … from "x"`, `export … from "x"`, `import "x"`, each at the beginning of a line, and `import("x")`. */
const IMPORTS = [/^\s*(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']/gm, /\bimport\(\s*["']([^"']+)["']/g];

/** @param {string} entry @returns {{file: string, importer: string | null}[]} */
export function missingImports(entry) {
  const seen = new Set();
  /** @type {{file: string, importer: string | null}[]} */
  const missing = [];
  const walk = (/** @type {string} */ file, /** @type {string | null} */ importer) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return void missing.push({ file, importer });
    const text = fs.readFileSync(file, "utf8");
    for (const pattern of IMPORTS) {
      for (const [, name = ""] of text.matchAll(pattern)) if (/^\.\.?\//.test(name)) walk(path.resolve(path.dirname(file), name), file);
    }
  };
  walk(path.resolve(entry), null);
  return missing;
}
