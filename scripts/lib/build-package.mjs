// What scripts/build does with a compiled module, and what it checks of the package.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import zlib from "node:zlib";
import { ROOT } from "./host.mjs";
import { lockedVersion } from "./rust.mjs";

const MAX_BYTES = 760_000;
/** A flood of events starts many isolates: each loads this module. */
const maxGzipBytes = (/** @type {string} */ name) => name === "events" ? 130_000 : 270_000;

/** The Supabase CLI's own pattern for what it takes for an import. */
const IMPORT = /(?:import|export)\s+(?:{[^{}]+}|.*?)\s*(?:from)?\s*["'](.*?)["']|import\(\s*["'](.*?)["']\)/gi;

/**
 * Its size, and that no path of this machine is in it.
 * @param {string} name @param {string} file @param {string[]} folders @param {(text: string) => void} say @throws {Error}
 */
export function checkModule(name, file, folders, say) {
  const wasm = fs.readFileSync(file);
  // gzip and zlib differ by half a per cent: the larger counts.
  const gzip = spawnSync("gzip", ["-9nc", file], { maxBuffer: 1 << 26 }).stdout?.length ?? 0;
  const gzipped = Math.max(gzip, zlib.gzipSync(wasm, { level: 9 }).length);
  if (wasm.length > MAX_BYTES) throw new Error(`the module ${name} has ${wasm.length} bytes, more than ${MAX_BYTES}`);
  const most = maxGzipBytes(name);
  if (gzipped > most) throw new Error(`the module ${name} has ${gzipped} bytes gzipped, more than ${most}`);
  say(`ok: the module ${name} has ${wasm.length} bytes, ${gzipped} gzipped (at most ${MAX_BYTES} and ${most})`);
  const home = os.homedir();
  const all = [...folders, home, process.env.CARGO_HOME ?? path.join(home, ".cargo"), process.env.RUSTUP_HOME ?? path.join(home, ".rustup")];
  const found = all.find((folder) => folder !== "/" && wasm.includes(`${folder}/`));
  if (found) throw new Error(`a path of this machine is in the module ${name}: ${found}/`);
  say(`ok: no path of this machine is in the module ${name}`);
}

/**
 * The module as JavaScript.
 * @param {string} name @param {{js: string, wasm: string}} bound @param {string} folder @throws {Error}
 */
export function addModule(name, { js, wasm }, folder) {
  const glue = fs.readFileSync(js, "utf8");
  // Its requests follow no redirect, and their answers are bounded (src/js/fetch.js).
  const calls = /\b(?:arg0\.)?fetch\((arg[01])\);/g;
  // A trap must not be an uncaught exception, which ends an application's process and an isolate of Supabase's; and what an
  // instance that was given up has still waited for is not wanted any more.
  const stale = /throw new Error\(.Cannot invoke closure from previous WASM instance.\)/g;
  const known = [calls, /\bnew Request\(getStringFromWasm0\(arg0, arg1\), arg2\)/, stale, /\bqueueMicrotask\(arg0\)/, /\bsetTimeout\(arg0, arg1\)/];
  if (!known.every((text) => glue.search(text) >= 0)) throw new Error(`wasm-bindgen writes ${name}.js in another way`);
  const guarded = `import { guardedTasks } from "./module.js";

export const tasks = guardedTasks();
const { queueMicrotask, setTimeout } = tasks;
import { fetch, Request } from "./fetch.js";

${glue.replaceAll(calls, "fetch($1);").replaceAll(stale, "return")}`;
  fs.writeFileSync(path.join(folder, `${name}.js`), guarded);
  // The Supabase CLI finds what it uploads by the text `export … "…"`: the string is kept away from that word.
  const base64 = fs.readFileSync(wasm).toString("base64");
  fs.writeFileSync(path.join(folder, `${name}_wasm.js`), `// Built by scripts/build: the WebAssembly module in base64.\nconst wasm =\n  "${base64}";\nexport default wasm;\n`);
  // For runtimes that import it.
  if (name === "client") fs.copyFileSync(wasm, path.join(folder, `${name}.wasm`));
}

/** The package has the crate's version, and the migration is that of the release that it will be. @param {string} manifest @throws {Error} */
export function checkVersions(manifest) {
  const crate = lockedVersion("email-queue", path.join(ROOT, "Cargo.lock"));
  const versions = { [manifest]: crate, [path.join(manifest, "../deno.json")]: crate, [path.join(ROOT, "supabase/version.json")]: crate.replace(/-.*/, "") };
  for (const [file, expected] of Object.entries(versions)) {
    const { version } = JSON.parse(fs.readFileSync(file, "utf8"));
    if (version !== expected) throw new Error(`the version is ${version} in ${path.basename(file)}, and ${crate} in Cargo.toml`);
  }
}

/** What the Supabase CLI would take for an import must be a file of the package. @param {string} folder @throws {Error} */
export function checkImports(folder) {
  for (const file of fs.readdirSync(folder, { recursive: true }).map(String).filter((name) => /\.[jt]s$/.test(name))) {
    for (const [, one, other] of fs.readFileSync(path.join(folder, file), "utf8").matchAll(IMPORT)) {
      // Vercel's mark of a module of WebAssembly.
      const imported = (one ?? other ?? "").replace(/\?module$/, "");
      if (!/^\.{0,2}\//.test(imported) || fs.existsSync(path.join(folder, file, "..", imported))) continue;
      throw new Error(`${file} imports ${imported.slice(0, 80)}, which is not in the package`);
    }
  }
}
