// A suite: groups of tests, each run by one of the runners and counted by the runner's report.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT } from "../host.mjs";
import { isStopping, startProcess, tempFolder } from "../../../src/js/local/processes.js";
import { ensureTool } from "../tools.mjs";
import { lastLines, readCheck, readJunit, readLibtest, readLines, readMutants, readTap } from "./reports.mjs";
import { seconds } from "./screen.mjs";

/** How many failures of a group are shown, and how many lines of each; the log has all. */
const MAX_FAILURES = 20;
const MAX_LINES = 30;

/**
 * @typedef {import("./reports.mjs").Report} Report
 * @typedef {import("./reports.mjs").End} End
 * @typedef {{env?: Record<string, string | undefined>, cwd?: string, setup?: boolean}} Surroundings setup: it runs also where only
 *   some groups are asked for, because others need it
 *
 * @typedef {object} Job a program of a group
 * @property {string[]} command
 * @property {(end: End) => Report | Promise<Report>} read
 * @property {string} [file] the test file that it runs
 *
 * @typedef {object} Outcome of a group
 * @property {number} passed @property {number} failed @property {number} skipped
 * @property {string[]} files the test files with a failure; empty: it is not known which
 */

/** Thrown to leave a suite that is over, because it took too long or was interrupted. */
export class SuiteOver extends Error {}

export class Suite {
  /** @type {Map<string, Outcome>} */
  outcomes = new Map();
  /** What failed, line by line, once more for the end of the output. @type {string[][]} */
  failures = [];
  /** @type {Set<import("../../../src/js/local/processes.js").Running>} */
  #running = new Set();
  /** @type {(() => unknown)[]} */
  #cleanups = [];
  #over = false;
  /** Whether a group has run because of what was asked for. */
  matched = false;
  /** @type {ReturnType<typeof tempFolder> | null} */
  #folder = null;

  /**
   * @param {object} options
   * @param {string} options.name
   * @param {string} options.logs a folder
   * @param {import("./screen.mjs").Screen} options.screen
   * @param {import("./arguments.mjs").Options} [options.options] of the command line
   * @param {string} [options.only] only groups or files with this in their name run
   * @param {Record<string, string[]> | null} [options.again] only these groups run, with these files or all; null: all groups
   */
  constructor({ name, logs, screen, options = {}, only = "", again = null }) {
    this.name = name;
    this.logs = logs;
    this.screen = screen;
    this.options = options;
    this.only = only;
    this.again = again;
  }

  /** A temporary folder that everybody may enter, as PostgreSQL's user must. */
  get folder() {
    if (this.#folder === null) {
      this.#folder = tempFolder(`test-${this.name}`);
      fs.chmodSync(this.#folder.path, 0o755);
    }
    return this.#folder.path;
  }

  /** Has something done at the end of the suite, however it ends. @param {() => unknown} work */
  atEnd(work) {
    this.#cleanups.push(work);
  }

  /** Installs tools of scripts/tools. @param {...string} names */
  async needs(...names) {
    for (const name of names) await ensureTool(name, { log: (text) => this.screen.print(`   ${text.trimEnd()}`) });
  }

  /** One check, by the exit code. @param {string} label @param {string[]} command @param {Surroundings & {says?: string}} [how] says: what must be in the output */
  check(label, command, { says, ...how } = {}) {
    return this.#group(label, [{ command, read: (end) => readCheck(end, says) }], how);
  }

  /** A program of ours that prints `ok: …` and `error: …`; what else it prints is shown. @param {string} label @param {string[]} command @param {Surroundings} [how] */
  lines(label, command, how = {}) {
    return this.#group(label, [{ command, read: ({ output }) => readLines(output) }], { ...how, live: (line) => !/^(ok|error): /.test(line) });
  }

  /** Cargo's own test runner. @param {string} label @param {string[]} command @param {Surroundings} [how] */
  libtest(label, command, how = {}) {
    return this.#group(label, [{ command, read: ({ output }) => readLibtest(output) }], how);
  }

  /** @param {string} label @param {string[]} args of `cargo nextest run` @param {Surroundings} [how] */
  nextest(label, args, how = {}) {
    const report = this.#file(label, "xml");
    const config = this.#file(label, "toml");
    fs.writeFileSync(config, `[profile.default.junit]\npath = ${JSON.stringify(report)}\n`);
    const command = ["cargo", "nextest", "run", "--locked", "--status-level=fail", "--final-status-level=none", "--tool-config-file", `email-queue:${config}`, ...args];
    return this.#group(label, [{ command, read: () => readJunit(report) }], how);
  }

  /**
   * Test files of Node, each in a process of its own.
   * @param {string} label @param {string[]} files @param {Surroundings & {concurrency?: number}} [how]
   */
  node(label, files, how = {}) {
    return this.#group(label, this.#only(label, files).map((file) => {
      const report = this.#file(`${label} ${path.basename(file)}`, "xml");
      const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout", "--test-reporter=junit", `--test-reporter-destination=${report}`];
      return { command: [process.execPath, ...reporters, file], file, read: () => readJunit(report) };
    }), how);
  }

  /**
   * Test files of Deno, each in a process of its own: its report does not say which file a test is of.
   * @param {string} label @param {string[]} files @param {{deno: string, args?: string[], concurrency?: number} & Surroundings} how
   */
  deno(label, files, { deno, args = [], ...how }) {
    return this.#group(label, this.#only(label, files).map((file) => {
      const report = this.#file(`${label} ${path.basename(file)}`, "xml");
      return { command: [deno, "test", "--allow-all", `--junit-path=${report}`, ...args, file], file, read: () => readJunit(report) };
    }), how);
  }

  /**
   * Files of pgTAP, one after the other.
   * @param {string} label @param {string[]} files @param {{psql: string, variables?: Record<string, string>} & Surroundings} how
   */
  pgtap(label, files, { psql, variables = {}, ...how }) {
    const set = Object.entries({ ON_ERROR_STOP: "1", ON_ERROR_ROLLBACK: "1", ...variables }).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const command = [psql, "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--pset", "pager=off", ...set, "--file"];
    return this.#group(label, this.#only(label, files).map((file) => ({
      command: [...command, file],
      file,
      read: ({ output }) => readTap(output),
    })), how);
  }

  /** @param {string} label @param {string[]} command cargo-mutants @param {string} outcomes the file that it writes @param {Surroundings} how */
  mutants(label, command, outcomes, how) {
    return this.#group(label, [{ command, read: () => readMutants(outcomes) }], how);
  }

  /** One failure that no program reports. @param {string} text */
  fail(text) {
    this.screen.print(`   ${text}`);
    this.failures.push([`✗ ${text}`]);
    this.#count("", { passed: 0, failed: 1, skipped: 0, files: [] });
    return false;
  }

  /** @param {string} text */
  skip(text) {
    this.screen.print(`   skipped: ${text}`);
    this.#count(`skipped: ${text}`, { passed: 0, failed: 0, skipped: 1, files: [] });
  }

  /** Ends all that it has started. */
  async stop() {
    this.#over = true;
    await Promise.all([...this.#running].map((running) => running.stop()));
    for (const work of this.#cleanups.splice(0).reverse()) await work();
    this.#folder?.remove();
    this.#folder = null;
  }

  /**
   * @param {string} label @param {Job[]} jobs
   * @param {Surroundings & {concurrency?: number, live?: (line: string) => boolean}} how live: which lines of the output are shown at once
   * @returns {Promise<boolean>} whether nothing failed
   */
  async #group(label, jobs, { env = {}, cwd = ROOT, setup = false, concurrency = 1, live } = {}) {
    const partly = this.again !== null || this.only !== "";
    if (jobs.length === 0 && !partly) return this.fail(`${label}: there are no such files`);
    const chosen = jobs.length > 0 && this.#isChosen(label, jobs);
    this.matched ||= chosen;
    if (!chosen && !(setup && jobs.length > 0)) return true;
    const log = this.#file(label, "log");
    this.screen.print(`-- ${label}`);
    const began = performance.now();
    const task = this.screen.task(label);
    const total = { passed: 0, skipped: 0, failures: /** @type {import("./reports.mjs").Failure[]} */ ([]) };
    const waiting = [...jobs];
    let done = 0;
    const work = async () => {
      for (let job = waiting.shift(); job; job = waiting.shift()) {
        const report = await this.#run(job, { env, cwd, log, live, alone: jobs.length === 1 });
        total.passed += report.passed;
        total.skipped += report.skipped;
        total.failures.push(...report.failures);
        done += 1;
        if (jobs.length > 1) task.progress(`${done} of ${jobs.length}${total.failures.length > 0 ? `, ${total.failures.length} failed` : ""}`);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, work));
    } finally {
      task.end();
    }
    this.#show(label, total, log, performance.now() - began);
    return total.failures.length === 0;
  }

  /**
   * @param {Job} job @param {{env: Record<string, string | undefined>, cwd: string, log: string, live?: (line: string) => boolean, alone: boolean}} how
   * @returns {Promise<Report>}
   */
  async #run({ command: [program = "", ...args], read, file }, { env, cwd, log, live, alone }) {
    if (isStopping()) await new Promise(() => {});
    if (this.#over) throw new SuiteOver();
    const name = path.basename(file ?? program);
    let text = "";
    let line = "";
    const onOutput = (/** @type {string} */ more) => {
      // Of several programs at once each is written as a whole, at its end.
      if (alone) fs.appendFileSync(log, more);
      text += more;
      const lines = (line + more).split("\n");
      line = lines.pop() ?? "";
      if (live) for (const one of lines) if (one.trim() !== "" && live(one)) this.screen.print(`   ${one}`);
    };
    /** @type {End} */
    let end;
    try {
      const running = await startProcess({ name, program, args, cwd, env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env }, onOutput });
      this.#running.add(running);
      const { code } = await running.exited;
      this.#running.delete(running);
      end = { code, output: text };
    } catch (error) {
      end = { code: null, output: `${text}${error instanceof Error ? error.message : error}\n` };
      if (alone) fs.appendFileSync(log, end.output.slice(text.length));
    }
    if (!alone) fs.appendFileSync(log, `=== ${name}\n${end.output}`);
    if (isStopping()) await new Promise(() => {});
    const report = await read(end);
    const fail = (/** @type {string} */ what) => report.failures.push({ name: what, detail: lastLines(end.output, MAX_LINES) });
    if (end.code !== 0 && report.failures.length === 0) fail(`${name} ended with ${end.code ?? "a signal"}, though it reported no failure`);
    if (report.passed + report.skipped + report.failures.length === 0) fail(`${name} ran no test`);
    for (const failure of report.failures) failure.file = file;
    return report;
  }

  /** @param {string} label @param {Report} total @param {string} log @param {number} ms */
  #show(label, { passed, skipped, failures }, log, ms) {
    for (const { name, detail, file } of failures.slice(0, MAX_FAILURES)) {
      const lines = [`✗ ${name}${file ? ` (${file})` : ""}`, ...shortened(detail.split("\n").filter((line) => line.trim() !== "")).map((line) => `    ${line}`)];
      for (const line of lines) this.screen.print(`   ${line}`);
      this.failures.push(lines);
    }
    if (failures.length > MAX_FAILURES) this.screen.print(`   … and ${failures.length - MAX_FAILURES} more`);
    this.screen.print(`   ${label}: ${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ""} (${seconds(ms)})`);
    if (failures.length > 0) this.screen.print(`   log: ${path.relative(ROOT, log)}`);
    const files = new Set(failures.flatMap(({ file }) => file ?? []));
    this.#count(label, { passed, failed: failures.length, skipped, files: [...files] });
  }

  /** @param {string} label @param {Outcome} more */
  #count(label, { passed, failed, skipped, files }) {
    const sum = this.outcomes.get(label) ?? { passed: 0, failed: 0, skipped: 0, files: [] };
    this.outcomes.set(label, { passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped, files: [...sum.files, ...files] });
  }

  /** @param {string} label @param {Job[]} jobs */
  #isChosen(label, jobs) {
    return (this.again === null || label in this.again) && (label.includes(this.only) || jobs.some(({ file }) => file));
  }

  /** The files of a group that are to run. @param {string} label @param {string[]} files */
  #only(label, files) {
    const again = this.again?.[label] ?? [];
    return files.filter((file) => (again.length === 0 || again.includes(file)) && (label.includes(this.only) || file.includes(this.only)));
  }

  /** A file beside the logs. @param {string} label @param {string} ending */
  #file(label, ending) {
    return path.join(this.logs, `${this.name}-${label.replace(/[^A-Za-z0-9.]+/g, "-").replace(/-$/, "")}.${ending}`);
  }
}

/** The beginning, which has the message, and the end. @param {string[]} lines */
function shortened(lines) {
  if (lines.length <= MAX_LINES) return lines;
  const shown = Math.floor(MAX_LINES / 2);
  return [...lines.slice(0, shown), `… ${lines.length - 2 * shown} more lines`, ...lines.slice(-shown)];
}

/** The files of a folder with this ending, in order. @param {string} folder below the project's @param {string} ending */
export const filesIn = (folder, ending) =>
  fs.readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith(ending)).sort().map((file) => path.join(folder, file));
