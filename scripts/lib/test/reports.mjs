// Reads the runners' JUnit files and TAP: how many tests passed, and which failed and why.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../tools.mjs";

/**
 * @typedef {{name: string, detail: string, file?: string}} Failure file: the test file, where each has a process of its own
 * @typedef {{passed: number, skipped: number, failures: Failure[]}} Report
 *
 * @typedef {object} End how a program ended
 * @property {number | null} code null: it was killed, or could not be started
 * @property {string} output
 */

/** What JUnit's writers copy from a test's output, and XML does not allow. */
// deno-lint-ignore no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|&#(?:[0-8]|1[124-9]|2\d|3[01]|x0?[0-8bcef]|x1[0-9a-f]);/gi;

/**
 * The JUnit file of node --test, deno test or nextest. A runner that died has written none.
 * @param {string} file @returns {Promise<Report>}
 */
export async function readJunit(file) {
  /** @type {Report} */
  const report = { passed: 0, skipped: 0, failures: [] };
  if (!fs.existsSync(file)) return report;
  const { DOMParser } = await load("@xmldom/xmldom", "lib/index.js");
  const text = fs.readFileSync(file, "utf8").replace(NOT_XML, "?");
  const document = new DOMParser().parseFromString(text, "text/xml");
  for (const test of Array.from(document.getElementsByTagName("testcase"))) {
    const [failed] = [...test.getElementsByTagName("failure"), ...test.getElementsByTagName("error")];
    const name = test.getAttribute("name") ?? "";
    if (failed) report.failures.push({ name, detail: (failed.textContent || failed.getAttribute("message") || "").trim() });
    else if (test.getElementsByTagName("skipped").length > 0) report.skipped += 1;
    else report.passed += 1;
  }
  return report;
}

/**
 * pgTAP's own lines, and between them whatever else psql prints.
 * @param {string} output @returns {Promise<Report>}
 */
export async function readTap(output) {
  const { Parser } = await load("tap-parser", "dist/esm/index.js");
  /** @type {Report} */
  const report = { passed: 0, skipped: 0, failures: [] };
  /** @type {Failure | null} */
  let last = null;
  for (const [kind, found] of /** @type {[string, any][]} */ (Parser.parse(output))) {
    if (kind === "assert") {
      last = null;
      if (found.skip || found.todo) report.skipped += 1;
      else if (found.ok) report.passed += 1;
      else report.failures.push(last = { name: found.name, detail: "" });
    } else if (kind === "comment" && last) {
      last.detail += found.replace(/^# ?/gm, "");
    } else if (kind === "complete" && !found.ok && report.failures.length === 0) {
      report.failures.push({ name: "the plan", detail: lastLines(output, 20) });
    }
  }
  return report;
}

/**
 * Of cargo's own test runner nothing but its totals: it has no other report in a stable Rust.
 * @param {string} output @returns {Report}
 */
export function readLibtest(output) {
  const report = { passed: 0, skipped: 0, failures: /** @type {Failure[]} */ ([]) };
  for (const [, passed, failed, ignored] of output.matchAll(/^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored;/gm)) {
    report.passed += Number(passed);
    report.skipped += Number(ignored);
    for (let count = Number(failed); count > 0; count--) report.failures.push({ name: "a test", detail: "" });
  }
  const names = [...output.matchAll(/^test (.+) \.\.\. FAILED$/gm)].map(([, name]) => name);
  report.failures.forEach((failure, index) => Object.assign(failure, { name: names[index] ?? failure.name }));
  if (report.failures[0]) report.failures[0].detail = lastLines(output, 60);
  return report;
}

/**
 * Each mutant that a test noticed has passed.
 * @param {string} file cargo-mutants' outcomes @returns {Report}
 */
export function readMutants(file) {
  /** @type {{scenario: any, summary: string}[]} */
  const outcomes = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")).outcomes : [];
  const named = (/** @type {string[]} */ ...summaries) => outcomes.filter(({ summary }) => summaries.includes(summary));
  return {
    passed: named("CaughtMutant", "Timeout").length,
    skipped: 0,
    failures: named("MissedMutant").map(({ scenario }) => ({ name: `not noticed: ${scenario.Mutant?.name}`, detail: "" })),
  };
}

/**
 * Of our own programs: `ok: …` and `error: …`.
 * @param {string} output @returns {Report}
 */
export function readLines(output) {
  const lines = output.split("\n");
  return {
    passed: lines.filter((line) => line.startsWith("ok: ")).length,
    skipped: 0,
    failures: lines.filter((line) => line.startsWith("error: ")).map((line) => ({ name: line.slice("error: ".length), detail: "" })),
  };
}

/**
 * One check, by the exit code.
 * @param {End} end @param {string} [says] what must be in the output @returns {Report}
 */
export function readCheck({ code, output }, says = "") {
  if (code === 0 && output.includes(says)) return { passed: 1, skipped: 0, failures: [] };
  const name = code === 0 ? `it does not say "${says}"` : `it ended with ${code ?? "a signal"}`;
  return { passed: 0, skipped: 0, failures: [{ name, detail: lastLines(output, 80) }] };
}

/** @param {string} text @param {number} count */
export const lastLines = (text, count) => text.trimEnd().split("\n").slice(-count).join("\n");

/** A module of the readers' packages. @param {string} name @param {string} entry @returns {Promise<any>} */
const load = async (name, entry) => await import(pathToFileURL(path.join(await packageFolder("reports", name), entry)).href);
