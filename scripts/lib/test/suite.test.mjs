// The counts of scripts/test: a planted failure in each runner, programs that die without a word, --failed and --only.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ROOT, waitFor } from "../host.mjs";
import { stopAll, tempFolder } from "../../../src/js/local/processes.js";
import { ensureDeno } from "../tools.mjs";
import { checkArguments, readArguments } from "./arguments.mjs";
import { previousFailures, remember } from "./memory.mjs";
import { readJunit, readLibtest, readMutants } from "./reports.mjs";
import { createScreen } from "./screen.mjs";
import { Suite, SuiteOver } from "./suite.mjs";

const folder = tempFolder("suite test").path;
after(stopAll);

/** @param {string} name @param {string} text */
function plant(name, text) {
  const file = path.relative(ROOT, path.join(folder, name));
  fs.writeFileSync(path.join(ROOT, file), text, { mode: 0o755 });
  return file;
}

/** @param {Partial<ConstructorParameters<typeof Suite>[0]>} [options] */
function newSuite(options = {}) {
  /** @type {string[]} */
  const said = [];
  const screen = createScreen({ write: (text) => said.push(text) });
  const suite = new Suite({ name: "planted", logs: folder, screen, ...options });
  return { suite, said: () => said.join(""), outcome: (label = "it") => suite.outcomes.get(label) };
}

const GOOD = 'import { test } from "node:test"; test("good", () => {});';
const BAD = 'import { test } from "node:test"; test("good", () => {}); test("bad \\x01<", () => { throw new Error("planted"); }); test("later", { skip: true }, () => {});';

test("Node: a failure, a crash at the import, a file without tests", async () => {
  const good = plant("good.test.mjs", GOOD);
  const bad = plant("bad.test.mjs", BAD);
  const crash = plant("crash.test.mjs", "process.exit(3);");
  const nothing = plant("nothing.test.mjs", "");
  const { suite, said, outcome } = newSuite();
  assert.equal(await suite.node("it", [good, bad, crash, nothing], { concurrency: 2 }), false);
  const found = outcome();
  assert.deepEqual({ ...found, files: found?.files.sort() }, { passed: 2, failed: 3, skipped: 1, files: [bad, crash, nothing].sort() });
  assert.match(said(), /✗ bad .*bad\.test\.mjs[^]*planted/);
  assert.match(said(), /✗ crash\.test\.mjs ended with 3, though it reported no failure/);
  assert.match(said(), /✗ nothing\.test\.mjs ran no test/);
  assert.match(said(), /it: 2 passed, 3 failed, 1 skipped/);
  // For the end of the output.
  assert.deepEqual(suite.failures.map(([first]) => first?.split(" ")[1]).sort(), ["bad", "crash.test.mjs", "nothing.test.mjs"]);
});

test("Deno: a failure, and a file that dies before its first test", async () => {
  const good = plant("good.ts", 'Deno.test("good", () => {});');
  const bad = plant("bad.ts", 'Deno.test("bad", () => { throw new Error("planted"); });');
  const crash = plant("crash.ts", 'Deno.test("never", () => {}); throw new Error("at the import");');
  for (const version of /** @type {const} */ (["newest", "2.1.4"])) {
    const how = { deno: await ensureDeno(version), args: ["--no-check", "--no-lock"], env: { DENO_NO_UPDATE_CHECK: "1" } };
    const { suite, said, outcome } = newSuite();
    await suite.deno("it", [good, bad, crash], how);
    assert.deepEqual({ passed: outcome()?.passed, failed: outcome()?.failed, files: outcome()?.files.sort() }, { passed: 1, failed: 2, files: [bad, crash].sort() });
    assert.match(said(), /crash\.ts ended with 1, though it reported no failure/);
    assert.equal(await newSuite().suite.deno("it", [good], how), true);
  }
});

test("pgTAP: a failure with its diagnosis, a plan that is not kept, a session that breaks off", async () => {
  const psql = path.join(folder, "psql");
  plant("psql", '#!/bin/sh\nfor file; do :; done\n. "$PWD/$file"\n');
  const good = plant("good.sql", 'printf "1..2\\n a row\\nok 1 - a\\nok 2 - b # SKIP no\\n"');
  const bad = plant("bad.sql", 'printf "1..1\\nnot ok 1 - a\\n# Failed test 1: \\"a\\"\\n#         have: 1\\n"');
  const short = plant("short.sql", 'printf "1..3\\nok 1 - a\\n# Looks like you planned 3 tests but ran 1\\n"');
  const broken = plant("broken.sql", 'printf "1..1\\n"; echo "psql:broken.sql:1: ERROR:  planted" >&2; exit 3');
  const { suite, said, outcome } = newSuite();
  await suite.pgtap("it", [good, bad, short, broken], { psql });
  assert.deepEqual(outcome(), { passed: 2, failed: 3, skipped: 1, files: [bad, short, broken] });
  assert.match(said(), /✗ a .*bad\.sql[^]*have: 1/);
  assert.match(said(), /ERROR: {2}planted/);
});

test("a check, our own lines, cargo's totals: by exit code and by what they say", async () => {
  const sh = (/** @type {string} */ script) => ["sh", "-c", script];
  const { suite, said, outcome } = newSuite();
  await suite.check("says it", sh("echo all is up to date"), { says: "up to date" });
  await suite.check("says it not", sh("echo no"), { says: "up to date" });
  await suite.check("fails", sh("echo why; exit 4"));
  await suite.check("not there", ["/nowhere/program"]);
  await suite.lines("lines", sh("echo shown; echo 'ok: one'; echo 'error: two'; exit 1"));
  await suite.lines("dies", sh("echo 'ok: one'; kill -9 $$"));
  await suite.lines("says nothing", sh("true"));
  await suite.libtest("cargo", sh("echo 'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'; exit 101"));
  const counts = Object.fromEntries([...suite.outcomes].map(([label, { passed, failed }]) => [label, [passed, failed]]));
  assert.deepEqual(counts, {
    "says it": [1, 0], "says it not": [0, 1], fails: [0, 1], "not there": [0, 1], lines: [1, 1], dies: [1, 1], "says nothing": [0, 1], cargo: [3, 1],
  });
  assert.equal(outcome("cargo")?.skipped, 1);
  assert.match(said(), /shown/);
  assert.match(said(), /why/);
  assert.match(said(), /dies ended with a signal|sh ended with a signal/);
});

test("the reports of nextest, cargo and cargo-mutants", async () => {
  const nextest = plant("nextest.xml", `<testsuites><testsuite name="email-queue"><testcase name="a"/>
    <testcase name="b"><failure message="planted">out \u001b[31m</failure></testcase></testsuite></testsuites>`);
  const { passed, failures } = await readJunit(nextest);
  assert.deepEqual([passed, failures.map(({ name }) => name)], [1, ["b"]]);
  const said = "test a::b ... ok\ntest a::c ... FAILED\ntest result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out\n";
  assert.deepEqual({ ...readLibtest(said), failures: readLibtest(said).failures.map(({ name }) => name) }, { passed: 1, skipped: 2, failures: ["a::c"] });
  const mutants = plant("outcomes.json", JSON.stringify({
    outcomes: [{ summary: "Success", scenario: "Baseline" }, { summary: "CaughtMutant", scenario: {} }, { summary: "MissedMutant", scenario: { Mutant: { name: "replace x" } } }],
  }));
  assert.deepEqual(readMutants(mutants), { passed: 1, skipped: 0, failures: [{ name: "not noticed: replace x", detail: "" }] });
});

test("only what failed runs again, by group and by file; what others need runs too", async () => {
  const good = plant("good.test.mjs", GOOD);
  const bad = plant("bad.test.mjs", BAD);
  const first = newSuite();
  await first.suite.node("files", [good, bad]);
  await first.suite.check("fine", ["true"]);
  const memory = tempFolder("memory").path;
  remember(memory, "planted", first.suite.outcomes, { partly: false });
  const again = previousFailures(memory).planted ?? null;
  assert.deepEqual(again, { files: [bad] });

  fs.writeFileSync(path.join(ROOT, bad), GOOD);
  const second = newSuite({ again });
  await second.suite.check("fine", ["true"]);
  await second.suite.check("set up", ["true"], { setup: true });
  await second.suite.node("files", [good, bad]);
  assert.deepEqual([...second.suite.outcomes].map(([label, { passed }]) => [label, passed]), [["set up", 1], ["files", 1]]);
  remember(memory, "planted", second.suite.outcomes, { partly: true });
  assert.deepEqual(previousFailures(memory), { planted: {} });

  const third = newSuite({ only: "good" });
  await third.suite.check("fine", ["true"]);
  await third.suite.node("files", [good, bad]);
  assert.deepEqual([...third.suite.outcomes.keys()], ["files"]);
  assert.equal(third.outcome("files")?.passed, 1);
  assert.equal(third.suite.matched, true);

  const fourth = newSuite({ only: "zzz" });
  await fourth.suite.check("set up", ["true"], { setup: true });
  await fourth.suite.node("files", [good, bad]);
  assert.deepEqual([...fourth.suite.outcomes.keys()], ["set up"]);
  assert.equal(fourth.suite.matched, false);
});

test("a group without files is a failure", async () => {
  const { suite, outcome } = newSuite();
  await suite.node("it", []);
  assert.equal(outcome("")?.failed, 1);
});

test("a suite that is stopped ends what it runs, and runs no more", async () => {
  const { suite, said } = newSuite();
  const running = suite.check("slow", ["sh", "-c", "echo $$; sleep 300"]);
  await waitFor(() => fs.existsSync(path.join(folder, "planted-slow.log")), { what: "the program" });
  const pid = Number(fs.readFileSync(path.join(folder, "planted-slow.log"), "utf8"));
  await suite.stop();
  assert.equal(await running, false);
  assert.throws(() => process.kill(pid, 0));
  await assert.rejects(suite.check("later", ["true"]), SuiteOver);
  assert.match(said(), /ended with a signal/);
});

test("the command line", () => {
  assert.deepEqual(readArguments(["chaos", "--seed", "7", "--failed"]), { names: ["chaos"], options: { seed: "7", failed: true }, list: false, help: false });
  assert.throws(() => readArguments(["--seed", "x"]), /--seed must be a whole number/);
  assert.throws(() => readArguments(["--frobnicate"]), /frobnicate/);

  const suites = { rust: {}, chaos: { takes: ["seed", "only"] }, faults: { takes: ["places"] } };
  const check = (/** @type {string[]} */ ...args) => checkArguments(readArguments(args), suites);
  for (const fine of [["chaos", "--seed", "7"], ["rust", "chaos", "--seed", "7"], ["--places", "2"], ["rust", "--only", "x"]]) check(...fine);
  assert.throws(() => check("rust", "--seed", "7"), /--seed is an option of the suite chaos, not of rust$/);
  assert.throws(() => check("rust", "chaos", "--full"), /--full is an option/);
  assert.throws(() => check("rsut"), /there is no suite rsut/);
});

test("scripts/test ends with 2, and says why, where nothing can be repeated or nothing has the name", () => {
  const env = { ...process.env, CARGO_TARGET_DIR: tempFolder("target").path, NODE_TEST_CONTEXT: undefined };
  const run = (/** @type {string[]} */ ...args) => spawnSync(path.join(ROOT, "scripts/test"), args, { env, encoding: "utf8" });
  for (const [args, says] of /** @type {[string[], RegExp][]} */ ([
    [["--failed"], /no suite has run in this clone yet/],
    [["stack", "--failed"], /the suite stack has not run in this clone yet/],
    [["stack", "--only", "zzz"], /No group or test file of stack has "zzz" in its name/],
    [["client", "--failed"], /the suite client has not run/],
  ])) {
    const { status, stdout, stderr } = run(...args);
    assert.match(stdout + stderr, says);
    assert.equal(status, 2, stdout + stderr);
  }
  const { status, stdout } = run("--failed");
  assert.match(stdout, /Nothing failed in the last run/);
  assert.equal(status, 0);
});
