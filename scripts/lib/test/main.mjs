// scripts/test: runs suites one after the other, and closes with what they counted.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { IS_DENO, TARGET, sleep } from "../host.mjs";
import { isStopping, own, stopAll } from "../../../src/js/local/processes.js";
import { usageError } from "../screen.mjs";
import { HELP, checkArguments, readArguments } from "./arguments.mjs";
import { previousFailures, remember } from "./memory.mjs";
import { createScreen } from "./screen.mjs";
import { Suite, SuiteOver } from "./suite.mjs";
import { SUITES } from "./suites/index.mjs";

/** A suite that hangs is ended. */
const LIMIT_SECONDS = 2400;

/** How many runs' logs are kept. */
const KEPT = 10;

/** Runs beside the others, once what it needs is installed: after the suite sql. */
const BESIDE = "deploy";

/** How many failures are shown once more at the end, and how many lines of each: who sees only the end of the output sees them. */
const REPEATED = 10;
const REPEATED_LINES = 12;

/**
 * @typedef {{name: string, passed: number, failed: number, skipped: number, seconds: number, matched: boolean, failures: string[][]}} Row matched: --only has found something;
 *   failures: the lines of each
 */

Object.assign(process.env, { NO_COLOR: "1", CARGO_TERM_COLOR: "never", CARGO_TERM_PROGRESS_WHEN: "never" });
delete process.env.FORCE_COLOR;
delete process.env.RUST_BACKTRACE;

const LOGS = path.join(TARGET, "test-logs");

async function main() {
  if (IS_DENO) usageError("scripts/test", "it needs Node 20 or newer");
  const { names, options, list, help } = readCommandLine();
  if (help || list) {
    process.stdout.write(help ? `${HELP}\nSuites:\n${described()}` : `${Object.keys(SUITES).join("\n")}\n`);
    return 0;
  }

  const again = options.failed ? failuresOf(names) : null;
  const logs = path.join(LOGS, `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}-${process.pid}`);
  fs.mkdirSync(logs, { recursive: true });
  forgetOldLogs();
  const screen = createScreen();
  const chosen = (names.length > 0 ? names : Object.keys(SUITES).filter((name) => again || SUITES[name]?.all))
    .filter((name) => !again || Object.keys(again[name] ?? {}).length > 0);
  const disown = own(() => screen.print("interrupted"));
  /** @type {Row[]} */
  const rows = [];
  /** @type {(() => Promise<Row>) | null} */
  let beside = null;
  for (const name of chosen) {
    if (name === BESIDE && beside) continue;
    rows.push(await runSuite({ name, named: names.length > 0, logs, screen, options, again: again?.[name] ?? null }));
    if (name === "sql" && names.length === 0 && chosen.includes(BESIDE)) beside = runBeside({ name: BESIDE, named: false, logs, screen, options, again: again?.[BESIDE] ?? null });
  }
  if (beside) rows.push(await beside());
  disown();
  await stopAll();
  screen.close();
  return close(rows, options);
}

/** What --failed repeats. Ends where nothing could have failed. @param {string[]} names */
function failuresOf(names) {
  const all = previousFailures(LOGS);
  const unknown = names.length > 0 ? names.find((name) => !all[name]) : undefined;
  if (unknown !== undefined) usageError("scripts/test", `--failed: the suite ${unknown} has not run in this clone yet`);
  if (Object.keys(all).length === 0) usageError("scripts/test", "--failed: no suite has run in this clone yet");
  return all;
}

function readCommandLine() {
  try {
    const found = readArguments(process.argv.slice(2));
    checkArguments(found, SUITES);
    return found;
  } catch (error) {
    return usageError("scripts/test", error instanceof Error ? error.message : String(error));
  }
}

const described = () => Object.entries(SUITES).map(([name, { about, all }]) => `  ${all ? "*" : " "} ${name.padEnd(10)} ${about}\n`).join("");

/**
 * @param {{name: string, named: boolean, logs: string, screen: import("./screen.mjs").Screen, options: import("./arguments.mjs").Options, again: Record<string, string[]> | null}} how
 * @returns {Promise<Row>}
 */
async function runSuite({ name, named, logs, screen, options, again }) {
  const { run, needs = [], limitSeconds = LIMIT_SECONDS, takes = [] } = /** @type {import("./suites/index.mjs").SuiteOf} */ (SUITES[name]);
  const partly = again && !("" in again) ? again : null;
  // A suite that takes the text itself gets it where it is the one that was asked for.
  const only = named && takes.includes("only") ? "" : options.only ?? "";
  const suite = new Suite({ name, logs, screen, options, only, again: partly });
  screen.print(`== ${name}`);
  const began = performance.now();
  const limit = setTimeout(() => {
    suite.fail(`the suite ${name} took longer than ${limitSeconds} seconds`);
    void suite.stop();
  }, limitSeconds * 1000);
  try {
    await suite.needs(...needs);
    await run(suite);
  } catch (error) {
    if (isStopping()) await sleep(60_000);
    if (!(error instanceof SuiteOver)) suite.fail(`the suite ${name} ended early: ${error instanceof Error ? error.message : error}`);
  } finally {
    clearTimeout(limit);
    await suite.stop();
  }
  const count = (/** @type {"passed" | "failed" | "skipped"} */ what) => [...suite.outcomes.values()].reduce((sum, outcome) => sum + outcome[what], 0);
  // One that ran nothing has not passed; with --only the others have to.
  if (count("passed") + count("failed") === 0 && only === "") suite.fail(`the suite ${name} ran no test`);
  remember(LOGS, name, suite.outcomes, { partly: partly !== null || only !== "" });
  return { name, passed: count("passed"), failed: count("failed"), skipped: count("skipped"), seconds: Math.round((performance.now() - began) / 1000), matched: suite.matched || only === "", failures: suite.failures };
}

/** A suite whose lines are shown at its end. @param {Parameters<typeof runSuite>[0]} how @returns {() => Promise<Row>} waits for it */
function runBeside(how) {
  /** @type {string[]} */
  const lines = [];
  const row = runSuite({ ...how, screen: { ...how.screen, print: (text) => void lines.push(text) } });
  return async () => {
    const waiting = how.screen.task(how.name);
    const done = await row;
    waiting.end();
    how.screen.print(`== ${how.name}, beside the others`);
    for (const line of lines.slice(1)) how.screen.print(line);
    return done;
  };
}

/** @param {Row[]} rows @param {import("./arguments.mjs").Options} options @returns {number} the exit code */
function close(rows, { failed: again, only }) {
  const all = { name: "all", passed: 0, failed: 0, skipped: 0, seconds: 0 };
  for (const row of rows) for (const what of /** @type {const} */ (["passed", "failed", "skipped", "seconds"])) all[what] += row[what];
  const line = (/** @type {unknown[]} */ [name, ...figures]) => `${String(name).padEnd(10)} ${figures.map((figure) => String(figure).padStart(7)).join(" ")}`;
  if (rows.length === 0) console.log("Nothing failed in the last run.");
  for (const [suite, lines] of rows.flatMap(({ name, failures }) => failures.map((lines) => /** @type {const} */ ([name, lines]))).slice(0, REPEATED)) {
    console.log([`${suite}: ${lines[0]}`, ...lines.slice(1, REPEATED_LINES)].join("\n"));
  }
  console.log(["", line(["suite", "passed", "failed", "seconds"]), ...[...rows, all].map(({ name, passed, failed, seconds }) => line([name, passed, failed, seconds])), ""].join("\n"));
  console.log(`${all.passed} passed, ${all.failed} failed${all.skipped > 0 ? `, ${all.skipped} skipped` : ""}`);
  const unmatched = rows.length > 0 && rows.every(({ matched }) => !matched);
  if (unmatched) console.log(`No group or test file of ${rows.map(({ name }) => name).join(", ")} has "${only}" in its name.`);
  if (unmatched && all.failed === 0) return 2;
  return all.failed > 0 || (all.passed === 0 && !again) ? 1 : 0;
}

function forgetOldLogs() {
  const folders = fs.readdirSync(LOGS, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort().reverse();
  for (const old of folders.slice(KEPT)) fs.rmSync(path.join(LOGS, old), { recursive: true, force: true });
}

process.exit(await main());
