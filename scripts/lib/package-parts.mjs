// Adds to pkg/ what the command needs: functions/, the files of each function with its module gzipped, and sql/, the schema of each
// version. Also writes this repository's own functions, as the command writes a user's.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { EVENTS_FUNCTION, FUNCTION, withHead } from "../../src/js/command/function.js";
import { openPackage } from "../../src/js/command/package.js";
import { abridged, shortened } from "../../src/js/command/step.js";
import { ROOT } from "./host.mjs";
import { digest, earlier, forProjects, installation, migration, releases } from "./schema.mjs";
import { packageFolder } from "./tools.mjs";
import { onlyChanged } from "./upgrade-step.mjs";

const OWN_FUNCTIONS = "supabase/functions";
const SHARED = "shared";

/** Each function's module. @type {Record<string, string>} */
export const FUNCTION_MODULES = { [FUNCTION]: "worker", [EVENTS_FUNCTION]: "events" };

/**
 * Completes the folder of a function: what it shares with the others, and its module with its glue, gzipped.
 * @param {string} folder the package @param {string} name of the function
 */
export async function addFunction(folder, name) {
  const to = path.join(folder, "functions", name);
  const module = /** @type {string} */ (FUNCTION_MODULES[name]);
  const raw = path.join(folder, `${module}_wasm.js`);
  const wasm = Buffer.from(/"([A-Za-z0-9+/=]{1000,})"/.exec(fs.readFileSync(raw, "utf8"))?.[1] ?? "", "base64");
  // In JavaScript: what zlib writes differs from one version and processor to another.
  const { gzipSync } = await import(pathToFileURL(path.join(await packageFolder("gzip", "fflate"), "esm/index.mjs")).href);
  const base64 = Buffer.from(gzipSync(wasm, { level: 9, mtime: 0 })).toString("base64");
  // The Supabase CLI finds what it uploads by the text `export … "…"`: the string is kept away from that word.
  fs.writeFileSync(path.join(to, `${module}_wasm.js`), `// The WebAssembly module, gzipped, in base64.\nconst wasm =\n  "${base64}";\nexport default wasm;\n`);
  fs.rmSync(raw);
  fs.renameSync(path.join(folder, `${module}.js`), path.join(to, `${module}.js`));
  for (const file of ["module.js", "fetch.js"]) fs.copyFileSync(path.join(folder, file), path.join(to, file));
  fs.cpSync(path.join(folder, "functions", SHARED), to, { recursive: true });
}

/** The sources of what the functions share are in each of them. @param {string} folder the package */
export const dropShared = (folder) => fs.rmSync(path.join(folder, "functions", SHARED), { recursive: true });

/**
 * What installs the first version and this one, the steps from each version to the next, and the digests of what other packages write.
 * @param {string} folder the package @param {string} [root]
 */
export function addSql(folder, root = ROOT) {
  const to = path.join(folder, "sql");
  fs.mkdirSync(to, { recursive: true });
  const { version, text } = migration(root);
  const installs = forProjects(version, installation(root));
  const all = [...earlier(root).map((one) => ({ ...one, text: fs.readFileSync(path.join(root, "supabase/migrations", one.file), "utf8") })), { version, text }];
  /** @type {Record<string, string>} */
  const files = { [`${version}.sql`]: installs };
  const digests = Object.fromEntries(releases(root).filter((one) => one.version !== version).map((one) => [one.version, [one.installation]]));
  for (const [index, { version: next, text: made }] of all.entries()) {
    const from = all[index - 1]?.version;
    if (from === undefined) {
      files[`${next}.sql`] ??= abridged(forProjects(next, made), installs);
      continue;
    }
    const step = forProjects(next, made, from);
    if (next !== version) digests[next]?.push(digest(step));
    files[`${from}-${next}.sql`] = next === version ? shortened(step, installs) : onlyChanged(step, all.slice(0, index).map((one) => one.text));
  }
  if (Object.keys(digests).length > 0) files["digests.json"] = `${JSON.stringify(digests, null, 2)}\n`;
  for (const [name, written] of Object.entries(files)) fs.writeFileSync(path.join(to, name), written);
  fs.copyFileSync(path.join(ROOT, "supabase/uninstall.sql"), path.join(to, "uninstall.sql"));
}

/** The files of this repository's functions. @param {string} folder the package @returns {{file: string, text: string}[]} */
function ownFiles(folder) {
  const pack = openPackage(folder);
  return Object.keys(FUNCTION_MODULES).flatMap((name) =>
    pack.functionFiles(name).map((file) => ({ file: path.join(OWN_FUNCTIONS, name, file.name), text: withHead(file, pack.version).text })));
}

/** @param {string} folder the package */
export function writeOwnFunctions(folder) {
  for (const name of Object.keys(FUNCTION_MODULES)) fs.rmSync(path.join(ROOT, OWN_FUNCTIONS, name), { recursive: true, force: true });
  for (const { file, text } of ownFiles(folder)) {
    fs.mkdirSync(path.join(ROOT, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(ROOT, file), text);
  }
}

/** How this repository's functions differ from what the package writes. @param {string} folder the package @returns {string[]} */
export const functionDrift = (folder) =>
  ownFiles(folder).filter(({ file, text }) => !fs.existsSync(path.join(ROOT, file)) || fs.readFileSync(path.join(ROOT, file), "utf8") !== text)
    .map(({ file }) => `${file} is not what the package writes`);
