// The suites of the Rust code, and the linters of everything.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { findShellcheck } from "../../debs.mjs";
import { ROOT, TARGET, outputOf } from "../../host.mjs";
import { ensureRust, hasNextest } from "../../rust.mjs";
import { ensureTool } from "../../tools.mjs";

/** @typedef {import("../suite.mjs").Suite} Suite @typedef {import("./index.mjs").SuiteOf} SuiteOf */

/** @type {SuiteOf} */
export const lint = {
  about: "rustfmt, clippy, rustdoc, advisories, shellcheck, the words of the texts, the types of scripts and tests",
  all: true,
  run: async (suite) => {
    ensureRust();
    await suite.check("cargo fmt", ["cargo", "fmt", "--check", "--", "--color", "never"]);
    await suite.check("clippy, native", ["cargo", "clippy", "--locked", "--all-targets", "--test", "model", "--", "-D", "warnings"]);
    // As scripts/build compiles it.
    for (const feature of ["worker", "client", "test-faults"]) {
      const only = ["--target", "wasm32-unknown-unknown", "--lib", "--no-default-features", "--features", feature];
      await suite.check(`clippy, wasm32, ${feature}`, ["cargo", "clippy", "--locked", ...only, "--", "-D", "warnings"]);
    }
    await suite.check("cargo doc", ["cargo", "doc", "--locked", "--no-deps"], { env: { RUSTDOCFLAGS: "-D warnings" } });
    await advisories(suite);
    await shellcheck(suite);
    await suite.node("the words of the texts", ["tests/docs/words.test.mjs"]);
    const compiler = path.join(await ensureTool("client"), "node_modules/typescript/bin/tsc");
    for (const part of ["scripts", "tests"]) await suite.check(`types of ${part}`, [process.execPath, compiler, "--pretty", "false", "--project", part]);
  },
};

/** No registry has the database as a package: it is a git repository, which cargo-deny keeps there. @param {Suite} suite */
async function advisories(suite) {
  const databases = path.join(process.env.CARGO_HOME ?? path.join(os.homedir(), ".cargo"), "advisory-dbs");
  const known = fs.existsSync(databases) && fs.readdirSync(databases).length > 0;
  if (!known || outputOf("cargo", ["deny", "--version"]) === null) return suite.skip("advisories: cargo deny or its database is not on this machine");
  await suite.check("cargo fetch", ["cargo", "fetch", "--locked"]);
  await suite.check("cargo deny, advisories", ["cargo", "deny", "--offline", "--locked", "check", "advisories"]);
}

/** @param {Suite} suite */
async function shellcheck(suite) {
  let program;
  try {
    program = findShellcheck();
  } catch {
    return suite.skip("shellcheck is not on this machine");
  }
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  const scripts = listed.split("\0").filter((file) => {
    if (!fs.statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.isFile()) return false;
    return file.endsWith(".sh") || /^#!.*\b(ba)?sh$/m.test(firstLine(file));
  });
  await suite.check(`shellcheck, ${scripts.length} files`, [program, ...scripts]);
}

/** @param {string} file */
function firstLine(file) {
  const start = Buffer.alloc(60);
  const opened = fs.openSync(path.join(ROOT, file), "r");
  fs.readSync(opened, start);
  fs.closeSync(opened);
  return start.toString("latin1").split("\n", 1)[0] ?? "";
}

/** @type {SuiteOf} */
export const rust = {
  about: "unit tests, simulated runs and doctests",
  all: true,
  run: async (suite) => {
    ensureRust();
    // The conformance cases need a database: the suite sql runs them. The breaker's hours of virtual time run optimized, in the suite model.
    if (hasNextest()) await suite.nextest("cargo nextest", ["-E", "not (binary(conformance) | binary(client) | test(/^breaker::/))"]);
    else await suite.libtest("cargo test", ["cargo", "test", "--locked", "--lib", "--test", "run", "--test", "properties", "--no-fail-fast", "--", "--skip", "breaker::"]);
    await suite.libtest("doctests", ["cargo", "test", "--locked", "--doc"]);
  },
};

/** @type {SuiteOf} */
export const unit = {
  about: "lint and rust: what needs neither a database nor Deno",
  run: async (suite) => {
    await lint.run(suite);
    await rust.run(suite);
  },
};

const LARGEST = ["a_batch_and_every_refusal", "a_single_attempt_with_lost_answers_and_every_refusal"];

/** Two million states each of the largest, eight minutes. @type {SuiteOf} */
export const model = {
  about: "every state of the protocol, and hours of the circuit breaker in virtual time; optimized",
  all: true,
  takes: ["full"],
  limitSeconds: 2400,
  run: async (suite) => {
    ensureRust();
    const test = ["cargo", "test", "--locked", "--profile", "model", "--test"];
    const skipped = suite.options.full ? [] : LARGEST.flatMap((name) => ["--skip", name]);
    await suite.libtest("every state of the protocol", [...test, "model", "--", "--nocapture", ...skipped]);
    await suite.libtest("the circuit breaker in virtual time", [...test, "run", "breaker", "--", "--nocapture"]);
  },
};

const MUTANTS_VERSION = "27.1.0";

const MUTATED = {
  "retry-and-decide": ["src/worker/retry.rs", "src/worker/decide.rs"],
  provider: ["src/provider/**"],
  "run-state": ["src/worker/state/**"],
  function: ["src/function/auth.rs", "src/function/environment.rs", "src/function/gate.rs"],
  email: ["src/email/**"],
  events: ["src/events/**"],
};

/**
 * Each change of the code that a tool can think of must be noticed by a unit test, or is left out in .cargo/mutants.toml
 * with the reason. 38 minutes on two busy cores, 6 of them for the dependencies, which are built once.
 * @type {SuiteOf}
 */
export const mutants = {
  about: "mutation testing of the pure modules, 40 minutes",
  limitSeconds: 7200,
  run: async (suite) => {
    ensureRust();
    const bin = path.join(ROOT, ".tools/cargo/bin");
    if (!outputOf(path.join(bin, "cargo-mutants"), ["mutants", "--version"])?.includes(MUTANTS_VERSION)) {
      suite.screen.print(`   building .tools/cargo (cargo-mutants ${MUTANTS_VERSION}, about two minutes)`);
      const built = path.join(ROOT, ".tools/cargo/target");
      await suite.check("cargo install cargo-mutants", ["cargo", "install", "--locked", "--quiet", "--root", path.dirname(bin), `cargo-mutants@${MUTANTS_VERSION}`],
        { env: { CARGO_TARGET_DIR: built }, setup: true });
      fs.rmSync(built, { recursive: true, force: true });
    }
    for (const [name, files] of Object.entries(MUTATED)) await mutate(suite, name, files, bin);
  },
};

/**
 * The unit tests by themselves, whose build takes a second or two. All groups share a target folder, so that the
 * dependencies are built once. Random cases are few, since what only one in a hundred finds is too weak a test, always the
 * same, and not made smaller: it is enough to know that one fails.
 * @param {Suite} suite @param {string} name @param {string[]} files @param {string} bin
 */
async function mutate(suite, name, files, bin) {
  const output = path.join(TARGET, "mutants", name);
  fs.mkdirSync(output, { recursive: true });
  await suite.mutants(`mutants of ${name}`, [
    ...["cargo", "mutants", "--no-shuffle", "--jobs", "1", "--gitignore=true", "--minimum-test-timeout", "60", "--colors", "never"],
    ...["--output", output, "--cargo-arg=--lib", ...files.flatMap((file) => ["--file", file])],
  ], path.join(output, "mutants.out/outcomes.json"), {
    env: {
      CARGO_TARGET_DIR: path.join(TARGET, "mutants/build"),
      PROPTEST_CASES: "32",
      PROPTEST_RNG_SEED: "1",
      PROPTEST_MAX_SHRINK_ITERS: "0",
      PATH: `${bin}${path.delimiter}${process.env.PATH}`,
    },
  });
}
