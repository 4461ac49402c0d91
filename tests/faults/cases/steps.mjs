// Every step of a run, in every way it can fail. The steps are those of a run without faults.
import assert from "node:assert/strict";
import { checkEnd } from "../check.mjs";
import { DATABASE, PROVIDER } from "../failures.mjs";
import { MIXED, PHASES, prepare, SHAPES } from "../scenario.mjs";

/** Which call of which wire. @typedef {{wire: "database" | "provider", index: number, label: string}} Step */

/** With several dispatches the calls may come in another order; then the case is tried again. */
const TRIES = 8;

/** How many calls a run makes depends on when the answers come, so the steps are those of the shortest of some runs. */
const RECORDINGS = 4;

/** @param {import("../support/place.mjs").Place} place a place to run the scenarios at @returns {Promise<import("../main.mjs").Case[]>} */
export async function steps(place) {
  const cases = [];
  for (const [shape, messages] of Object.entries({ ...SHAPES, several: MIXED })) {
    for (const phase of Object.keys(PHASES)) {
      const group = `${shape}, ${phase}`;
      cases.push({ group, name: "nothing fails", seconds: 0.2, run: (at) => calm(at, messages, phase) });
      for (const step of await recorded(place, messages, phase)) {
        for (const failure of step.wire === "database" ? DATABASE : PROVIDER) {
          cases.push({
            group,
            name: `${step.label} (${step.index + 1}): ${failure.name}`,
            seconds: failure.hangs ? (step.wire === "database" ? 12 : 4) : failure.kills ? 1 : 0.2,
            run: (/** @type {import("../support/place.mjs").Place} */ at) => fail(at, messages, phase, step, failure),
          });
        }
      }
    }
  }
  return cases;
}

/** What every run without faults does. @returns {Promise<Step[]>} */
async function recorded(/** @type {import("../support/place.mjs").Place} */ place, /** @type {object[]} */ messages, /** @type {string} */ phase) {
  const runs = [];
  for (let recording = 0; recording < RECORDINGS; recording++) {
    await prepare(place, messages, phase);
    const worker = await place.worker();
    await worker.run();
    runs.push(worker);
  }
  return ["database", "provider"].flatMap((wire) => {
    const [shortest] = runs.map((run) => run[wire].seen).sort((one, other) => one.length - other.length);
    return shortest.map(({ label }, index) => ({ wire, index, label }));
  });
}

async function calm(/** @type {import("../support/place.mjs").Place} */ place, /** @type {object[]} */ messages, /** @type {string} */ phase) {
  const ids = await prepare(place, messages, phase);
  await (await place.worker()).run();
  await place.recover();
  await checkEnd(place, ids);
}

/**
 * @param {import("../support/place.mjs").Place} place @param {object[]} messages @param {string} phase
 * @param {Step} step @param {import("../failures.mjs").Failure} failure
 */
async function fail(place, messages, phase, step, failure) {
  for (let tries = 1; tries <= TRIES; tries++) {
    const ids = await prepare(place, messages, phase);
    const worker = await place.worker();
    let happened = false;
    worker[step.wire].record(async (call) => {
      if (call.index !== step.index) return await call.forward();
      happened = true;
      return await failure.behave(call, worker);
    });
    await worker.run();
    assert.deepEqual(await place.db.lost(), [], "right after the fault every message is in one legal place");
    await place.recover();
    await checkEnd(place, ids);
    if (happened) return;
  }
  assert.fail("the step never came, so nothing failed");
}
