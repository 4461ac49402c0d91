// Adds to pkg/ what the command needs: function/, the function's files with the module gzipped, and sql/, the schema of each version.
// Also writes this repository's own function, as the command writes a user's.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { withHead } from "../../src/js/command/function.js";
import { openPackage } from "../../src/js/command/package.js";
import { ROOT } from "./host.mjs";
import { earlier, forProjects, installation, migration, releases } from "./schema.mjs";
import { packageFolder } from "./tools.mjs";

const OWN_FUNCTION = "supabase/functions/process-email-queue";

/** Moves the worker's module and its glue to the function, gzipped. @param {string} folder the package */
export async function addFunction(folder) {
  const to = path.join(folder, "function");
  const raw = path.join(folder, "worker_wasm.js");
  const wasm = Buffer.from(/"([A-Za-z0-9+/=]{1000,})"/.exec(fs.readFileSync(raw, "utf8"))?.[1] ?? "", "base64");
  // In JavaScript: what zlib writes differs from one version and processor to another.
  const { gzipSync } = await import(pathToFileURL(path.join(await packageFolder("gzip", "fflate"), "esm/index.mjs")).href);
  const base64 = Buffer.from(gzipSync(wasm, { level: 9, mtime: 0 })).toString("base64");
  // The Supabase CLI finds what it uploads by the text `export … "…"`: the string is kept away from that word.
  fs.writeFileSync(path.join(to, "worker_wasm.js"), `// The WebAssembly module, gzipped, in base64.\nconst wasm =\n  "${base64}";\nexport default wasm;\n`);
  fs.rmSync(raw);
  fs.renameSync(path.join(folder, "worker.js"), path.join(to, "worker.js"));
  for (const shared of ["module.js", "fetch.js"]) fs.copyFileSync(path.join(folder, shared), path.join(to, shared));
}

/**
 * Each version's migration, what installs this one, and the digests of what installed the others, which is in the package no more.
 * @param {string} folder the package @param {string} [root]
 */
export function addSql(folder, root = ROOT) {
  const to = path.join(folder, "sql");
  fs.mkdirSync(to, { recursive: true });
  const { version, text } = migration(root);
  const all = earlier(root).map((one) => ({ ...one, text: fs.readFileSync(path.join(root, "supabase/migrations", one.file), "utf8") }));
  /** @type {Record<string, string>} */
  const files = {};
  let before = "";
  for (const one of [...all, { version, text }]) {
    files[before ? `${before}-${one.version}.sql` : `${one.version}.sql`] = forProjects(one.version, one.text, before);
    before = one.version;
  }
  files[`${version}.sql`] = forProjects(version, installation(root));
  const digests = Object.fromEntries(releases(root).filter((one) => !(`${one.version}.sql` in files)).map((one) => [one.version, one.installation]));
  if (Object.keys(digests).length > 0) files["digests.json"] = `${JSON.stringify(digests, null, 2)}\n`;
  for (const [name, written] of Object.entries(files)) fs.writeFileSync(path.join(to, name), written);
  fs.copyFileSync(path.join(ROOT, "supabase/uninstall.sql"), path.join(to, "uninstall.sql"));
}

/** The files of this repository's function, by name. @param {string} folder the package */
export function ownFunction(folder) {
  const pack = openPackage(folder);
  return pack.functionFiles().map((file) => withHead(file, pack.version));
}

/** @param {string} folder the package */
export function writeOwnFunction(folder) {
  const to = path.join(ROOT, OWN_FUNCTION);
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(to, { recursive: true });
  for (const { name, text } of ownFunction(folder)) fs.writeFileSync(path.join(to, name), text);
}

/** How this repository's function differs from what the package writes. @param {string} folder the package @returns {string[]} */
export const functionDrift = (folder) =>
  ownFunction(folder).map(({ name, text }) => ({ file: path.join(OWN_FUNCTION, name), text }))
    .filter(({ file, text }) => !fs.existsSync(path.join(ROOT, file)) || fs.readFileSync(path.join(ROOT, file), "utf8") !== text)
    .map(({ file }) => `${file} is not what the package writes`);
