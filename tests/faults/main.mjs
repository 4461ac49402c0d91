// Every way in which something can go wrong, over the real parts: PostgreSQL 15, Supabase Lite, the function's process
// under Deno 2.1.4, the sandbox. The cases are generated: see cases/.
//   node tests/faults/main.mjs [--only TEXT] [--places N] [--list]
// Prints `ok: …` or `error: …` for each case, and the number of cases of each group.
import os from "node:os";
import process from "node:process";
import { readOptions } from "../../scripts/lib/screen.mjs";
import { isStopping, stopAll } from "../../scripts/lib/stack.mjs";
import { answers } from "./cases/answers.mjs";
import { crashes } from "./cases/crashes.mjs";
import { events } from "./cases/events.mjs";
import { frozen } from "./cases/frozen.mjs";
import { outage } from "./cases/outage.mjs";
import { overtaken } from "./cases/overtaken.mjs";
import { steps } from "./cases/steps.mjs";
import { Place, startCluster } from "./support/place.mjs";

/**
 * @typedef {object} Case
 * @property {string} group @property {string} name
 * @property {number} seconds roughly, most of them spent waiting: the longest are begun first
 * @property {Place["runs"]} [runs] long where a time-out on a busy machine would make it another case
 * @property {(place: Place) => Promise<void>} run
 */

/** No case takes longer, not even on a machine with a load of fifteen: one that takes as long hangs. */
const LIMIT_MS = 400_000;

const values = readOptions({
  options: { only: { type: "string", default: "" }, places: { type: "string" }, list: { type: "boolean", default: false } },
}, ["places"]);

/** How each group went. @type {Map<string, {passed: number, failed: number}>} */
const groups = new Map();
const began = performance.now();
try {
  await main();
} catch (error) {
  if (!isStopping()) console.log(`error: ${error.stack}`);
} finally {
  await stopAll();
}
const failed = [...groups.values()].reduce((sum, group) => sum + group.failed, 0);
process.exit(failed === 0 && (groups.size > 0 || values.list) ? 0 : 1);

async function main() {
  const cluster = await startCluster();
  const first = await Place.start(await cluster.copy());
  const all = [...await steps(first), ...answers(), ...overtaken(), ...crashes(), ...frozen(), ...events(), ...outage()];
  const cases = all.filter(({ group, name }) => `${group}: ${name}`.includes(values.only)).sort((a, b) => b.seconds - a.seconds);
  // Not to stdout: mutants.mjs counts the errors there.
  if (cases.length === 0) return console.error(`error: no case has "${values.only}" in its name: --list shows the names`);
  if (values.list) return void cases.forEach(({ group, name }) => console.log(`${group}: ${name}`));
  // Most places wait for a time-out most of the time.
  const places = Math.min(cases.length, Number(values.places ?? 4 + 4 * os.availableParallelism()));
  console.log(`${cases.length} cases at ${places} places`);
  await Promise.all(Array.from({ length: places }, async (_, index) => {
    const place = index === 0 ? first : await Place.start(await cluster.copy());
    for (let next = cases.shift(); next; next = cases.shift()) await one(place, next);
  }));
  let sum = 0;
  for (const [group, { passed, failed }] of [...groups].sort()) {
    console.log(`${group}: ${passed + failed} cases, ${failed} failed`);
    sum += passed + failed;
  }
  console.log(`${sum} cases in ${Math.round((performance.now() - began) / 1000)} s`);
}

/** @param {Place} place @param {Case} what */
async function one(place, { group, name, runs = "short", run }) {
  const count = groups.get(group) ?? { passed: 0, failed: 0 };
  groups.set(group, count);
  place.runs = runs;
  let timer;
  const late = new Promise((_, reject) => timer = setTimeout(() => reject(new Error("it did not end")), LIMIT_MS));
  try {
    await Promise.race([run(place), late]);
    count.passed += 1;
    console.log(`ok: ${group}: ${name}`);
  } catch (error) {
    count.failed += 1;
    console.log(`error: ${group}: ${name}: ${brief(error)}`);
    // Whatever it left behind must not be blamed on the next.
    for (const worker of place.workers) await worker.kill();
  } finally {
    clearTimeout(timer);
  }
}

/** On one line, with the place in our code, or the statement that was refused. @param {any} error */
function brief(error) {
  const where = String(error.stack).match(/tests\/faults\/[\w/.-]+:\d+/)?.[0];
  return `${oneLine(error.message)} (${where ?? oneLine(error.query)})`;
}

/** @param {unknown} text */
function oneLine(text) {
  return String(text).split("\n").map((line) => line.trim()).filter(Boolean).join(" / ").slice(0, 600);
}
