// scripts/build: builds pkg/ from src/, cargo -> wasm-bindgen -> wasm-opt -> a base64 module, beside the files of src/js/; and
// the migration from supabase/schemas.
//
// The same sources give the same bytes on every machine of one host triple (rustc's version string, host included, is mixed
// into the crates' hashes): toolchain, crates and tools are pinned, paths are replaced (rustc-wrapper.sh).
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { addModule, checkImports, checkModule, checkVersions } from "./build-package.mjs";
import { IS_DENO, ROOT, TARGET, outputOf } from "./host.mjs";
import { addFunction, addSql, dropShared, FUNCTION_MODULES, functionDrift, writeOwnFunctions } from "./package-parts.mjs";
import { isStopping, startProcess, stopAll, tempFolder } from "../../src/js/local/processes.js";
import { isCurrent, writeReference } from "./reference.mjs";
import { ensureRust, ensureWasmBindgen } from "./rust.mjs";
import { drift, leftovers, migration } from "./schema.mjs";
import { usageError } from "./screen.mjs";
import { ensureTool, lock } from "./tools.mjs";

const HELP = `scripts/build [option]

Writes pkg/ and the two folders of supabase/functions from src/, and from supabase/schemas the migration and the table of functions in docs/reference.md.

  --check    builds into a temporary folder and compares it with what is committed, byte by byte (exit 0 or 1)
  --sql      writes the migration and the table of functions in docs/reference.md only, which needs no Rust
  --faults   builds the feature test-faults into target/pkg-faults/, for the tests of panics
`;

/** What the tests of panics do not need. */
const NOT_IN_FAULTS = ["database", "edge", "error", "index", "messages", "operations", "providers", "queue", "workerd", "write"];

/** What cargo must not take from the caller's environment. */
const FLAGS = /^(RUST(C|FLAGS|DOCFLAGS)|RUSTC_(WRAPPER|WORKSPACE_WRAPPER|BOOTSTRAP)|CARGO_(BUILD|PROFILE|TARGET|UNSTABLE|INCREMENTAL).*)$/;

const say = (/** @type {string} */ text) => void process.stderr.write(`${text}\n`);

process.exitCode = await main();

async function main() {
  const mode = readMode();
  try {
    if (mode === "help") process.stdout.write(HELP);
    else await build(mode);
    return 0;
  } catch (error) {
    if (isStopping()) await new Promise(() => {});
    say(`error: ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    await stopAll();
  }
}

/** @returns {"" | "check" | "sql" | "faults" | "help"} */
function readMode() {
  if (IS_DENO) usageError("scripts/build", "it needs Node 20 or newer");
  const flag = { type: /** @type {const} */ ("boolean") };
  try {
    const { values } = parseArgs({ options: { check: flag, sql: flag, faults: flag, help: { ...flag, short: "h" } } });
    const [mode, ...others] = /** @type {(keyof typeof values)[]} */ (Object.keys(values));
    if (others.length > 0) throw new Error("one option at most");
    return mode ?? "";
  } catch (error) {
    return usageError("scripts/build", error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} mode */
async function build(mode) {
  if (mode !== "faults") writeMigration(mode);
  if (mode !== "sql") await buildPackage(mode);
}

/** @param {string} mode */
function writeMigration(mode) {
  if (mode === "check") {
    const [fault] = drift();
    if (fault) throw new Error(`${fault}: run scripts/build --sql and commit it`);
    if (!isCurrent()) throw new Error("docs/reference.md is not what supabase/schemas says: run scripts/build --sql and commit it");
    return say("ok: the migration and docs/reference.md are what supabase/schemas makes");
  }
  const [left] = leftovers();
  if (left) throw new Error(`${left} is of no release (supabase/releases.json) and not of supabase/version.json: delete it`);
  writeReference();
  const { file, text } = migration();
  fs.writeFileSync(path.join(ROOT, "supabase/migrations", file), text);
  say(`wrote supabase/migrations/${file}`);
}

/** @param {string} mode */
async function buildPackage(mode) {
  const { sysroot } = ensureRust();
  const tools = await ensureTool("test");
  const bindgen = ensureWasmBindgen();
  const work = tempFolder("build").path;
  const folder = path.join(work, "pkg");
  const from = path.join(ROOT, "src/js");
  fs.cpSync(from, folder, { recursive: true });
  if (mode === "faults") for (const file of fs.readdirSync(folder)) if (NOT_IN_FAULTS.includes(file.split(".", 1)[0] ?? "")) fs.rmSync(path.join(folder, file));
  // Each by itself, so that an application that enqueues does not load the worker, and a flood of events neither.
  for (const name of mode === "faults" ? ["worker"] : [...Object.values(FUNCTION_MODULES), "client"]) {
    const bound = await compile({ name, feature: mode === "faults" ? "test-faults" : name, work, sysroot, bindgen, optimizer: path.join(tools, "node_modules/.bin/wasm-opt") });
    checkModule(name, bound.wasm, [ROOT, TARGET, work], say);
    addModule(name, bound, folder);
  }
  if (mode !== "faults") fs.copyFileSync(path.join(ROOT, "LICENSE"), path.join(folder, "LICENSE"));
  for (const [name, module] of Object.entries(FUNCTION_MODULES)) {
    if (fs.existsSync(path.join(folder, `${module}.js`))) await addFunction(folder, name);
    else fs.rmSync(path.join(folder, "functions", name), { recursive: true });
  }
  dropShared(folder);
  addSql(folder);
  checkVersions(path.join(folder, "package.json"));
  checkImports(folder);
  say("ok: every import in the package is of a file in the package");
  if (mode === "check") {
    compare(folder, path.join(ROOT, "pkg"));
    const faults = functionDrift(folder);
    if (faults.length > 0) throw new Error(`${faults.join(", ")}: run scripts/build and commit it`);
    return say("ok: this repository's functions are what the package writes");
  }
  await replace(folder, mode === "faults" ? path.join(TARGET, "pkg-faults") : path.join(ROOT, "pkg"));
  if (mode !== "faults") writeOwnFunctions(folder);
}

/**
 * Sources → the module and its JavaScript.
 * @param {{name: string, feature: string, work: string, sysroot: string, bindgen: string, optimizer: string}} how
 * @returns {Promise<{js: string, wasm: string}>}
 */
async function compile({ name, feature, work, sysroot, bindgen, optimizer }) {
  const wrapper = path.join(ROOT, "scripts/lib/rustc-wrapper.sh");
  // Apart from the developers' own builds: cargo does not see that the wrapper makes a difference.
  const target = path.join(TARGET, `pkg-build-${createHash("sha256").update(fs.readFileSync(wrapper)).digest("hex").slice(0, 8)}`);
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !FLAGS.test(variable)));
  const env = {
    ...inherited,
    // Empty, it also overrules the flags of a user's own cargo configuration.
    CARGO_ENCODED_RUSTFLAGS: "",
    CARGO_TERM_PROGRESS_WHEN: "never",
    // The worker's CPU time is counted: 3 takes a tenth less of it than s, for 20 KB more, gzipped. The client has a message to
    // write now and then, and an event is small.
    CARGO_PROFILE_RELEASE_OPT_LEVEL: name === "worker" ? "3" : "z",
    RUSTC_WRAPPER: wrapper,
    EMAIL_QUEUE_TARGET_DIR: target,
    EMAIL_QUEUE_RUST_SRC: path.join(sysroot, "lib/rustlib/src/rust"),
    EMAIL_QUEUE_RUST_COMMIT: /^commit-hash: (\w+)$/m.exec(outputOf("rustc", ["-vV"], { cwd: ROOT }) ?? "")?.[1] ?? "",
  };
  const args = ["build", "--release", "--locked", "--lib", "--target", "wasm32-unknown-unknown", "--target-dir", target];
  await run("cargo", [...args, "--no-default-features", "--features", feature], env);
  const bound = path.join(work, "bound");
  await run(bindgen, [path.join(target, "wasm32-unknown-unknown/release/email_queue.wasm"), bound, name]);
  const wasm = path.join(work, `${name}.wasm`);
  // -Os, -Oz, --converge and twice over lie within 0.3 % of each other, gzipped -Os is the smallest. The features come from the
  // module's target_features section, which stays. In the order of their names, what is alike stands together: 1.5 % less, gzipped.
  // A function with one caller stays a function: inlined, the client has 11 % more bytes gzipped, and the worker functions of 36 kB
  // and more, which V8 compiles whole at their first use and once more when they are used often: 10 MB more at the peak. Of the
  // worker's, those of a moderate size are inlined: that takes a tenth to a sixth of a run's CPU time.
  const inlined = name === "worker" ? 1200 : 0;
  const small = ["-Os", `--one-caller-inline-max-function-size=${inlined}`, "--reorder-functions-by-name", "--strip-debug", "--strip-producers"];
  await run(optimizer, [...small, path.join(bound, `${name}_bg.wasm`), "-o", wasm]);
  return { js: path.join(bound, `${name}.js`), wasm };
}

/** @param {string} program @param {string[]} args @param {Record<string, string | undefined>} [env] */
async function run(program, args, env = process.env) {
  const name = path.basename(program);
  const { exited } = await startProcess({ name, program, args, cwd: ROOT, env, onOutput: (text) => void process.stderr.write(text) });
  const { code } = await exited;
  if (code !== 0) throw new Error(`${name} ended with ${code ?? "a signal"}`);
}

/** @param {string} built @param {string} committed */
function compare(built, committed) {
  const files = (/** @type {string} */ folder) => fs.readdirSync(folder, { recursive: true }).map(String).filter((file) => fs.statSync(path.join(folder, file)).isFile());
  const [ours, theirs] = [files(built), files(committed)];
  const faults = [
    ...ours.filter((file) => !theirs.includes(file)).map((file) => `pkg/${file} is missing`),
    ...theirs.filter((file) => !ours.includes(file)).map((file) => `pkg/${file} is in no source`),
    ...ours.filter((file) => theirs.includes(file) && !fs.readFileSync(path.join(built, file)).equals(fs.readFileSync(path.join(committed, file)))).map((file) => `pkg/${file} differs`),
  ];
  for (const fault of faults) say(fault);
  if (faults.length > 0) throw new Error("pkg/ is not what the sources build: run scripts/build and commit pkg/");
  say("ok: pkg/ is what the sources build");
}

/** Two builds at once must not mix. @param {string} built @param {string} place */
async function replace(built, place) {
  fs.mkdirSync(TARGET, { recursive: true });
  const unlock = await lock(path.join(TARGET, ".pkg.lock"));
  try {
    for (const ending of [".new", ".old"]) fs.rmSync(place + ending, { recursive: true, force: true });
    fs.cpSync(built, `${place}.new`, { recursive: true });
    if (fs.existsSync(place)) fs.renameSync(place, `${place}.old`);
    fs.renameSync(`${place}.new`, place);
    fs.rmSync(`${place}.old`, { recursive: true, force: true });
  } finally {
    unlock();
  }
  say(`wrote ${path.relative(ROOT, place)}/`);
}
