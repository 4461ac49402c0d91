// A worker that stalls at a step until its lease has run out, while another takes over and is in the middle of its own
// run: what the first still says must change nothing, whatever the provider has told it.
import assert from "node:assert/strict";
import { checkEnd } from "../check.mjs";
import { PHASES, prepare, SHAPES } from "../scenario.mjs";

/**
 * Where a call is held: before it happens, or when it has happened and its answer is on the way.
 * @typedef {{wire: "database" | "provider", has: string, answered: boolean}} Hold
 */

/** @type {Hold[]} */
const HOLDS = [
  { wire: "database", has: "claim", answered: false },
  { wire: "database", has: "claim", answered: true },
  { wire: "database", has: "begin", answered: false },
  { wire: "database", has: "begin", answered: true },
  { wire: "provider", has: "request", answered: false },
  { wire: "provider", has: "request", answered: true },
  { wire: "database", has: "settle", answered: false },
  { wire: "database", has: "settle", answered: true },
];

const problem = (/** @type {number} */ status, /** @type {string} */ name) => async () => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ statusCode: status, name, message: "The sandbox says no" }),
});

/** What the provider tells the worker that stalls. @type {Record<string, import("../support/wire.mjs").Behaviour>} */
const TOLD = {
  "accepted": ({ forward }) => forward(),
  "the answer lost": async ({ forward }) => (await forward(), "close"),
  "500": problem(500, "internal_server_error"),
  "429": problem(429, "rate_limit_exceeded"),
  "401": problem(401, "missing_api_key"),
  "418": problem(418, "a_new_word"),
  "422": problem(422, "missing_required_field"),
  "409 other body": problem(409, "invalid_idempotent_request"),
};

/** @returns {import("../main.mjs").Case[]} */
export function overtaken() {
  /** @type {import("../main.mjs").Case[]} */
  const cases = [];
  for (const shape of Object.keys(SHAPES)) {
    for (const phase of Object.keys(PHASES)) {
      for (const stalled of HOLDS) {
        // What it was told matters only in what it settles.
        for (const told of stalled.has === "settle" && !stalled.answered ? Object.keys(TOLD) : ["accepted"]) {
          if (phase === "replay after acceptance" && told === "422") continue; // that provider does not exist
          for (const other of [null, ...HOLDS.filter(({ has }) => has !== "claim")]) {
            cases.push({
              group: `overtaken ${shape}, ${phase}`,
              name: `stalls at ${at(stalled)}, told ${told}; the other ${other ? `is at ${at(other)}` : "has ended"}`,
              seconds: 0.5,
              runs: "long",
              run: (/** @type {import("../support/place.mjs").Place} */ place) => overtake(place, shape, phase, stalled, told, other),
            });
          }
        }
      }
    }
  }
  return cases;
}

const at = (/** @type {Hold} */ { has, answered }) => (answered ? `the answer to its ${has}` : `its ${has}`);

/**
 * @param {import("../support/place.mjs").Place} place @param {string} shape @param {string} phase
 * @param {Hold} stalled @param {string} told @param {Hold | null} other
 */
async function overtake(place, shape, phase, stalled, told, other) {
  const [slow, quick] = [await place.worker(0), await place.worker(1)];
  const ids = await prepare(place, SHAPES[shape], phase);
  if (told !== "accepted") slow.provider.record(TOLD[told]);
  const first = hold(slow, stalled);
  const slowRun = slow.run();
  await Promise.race([first.reached, slowRun.then(() => assert.fail("it ended before it stalled"))]);

  await place.db.passTime();
  const second = other && hold(quick, other);
  const quickRun = quick.run();
  await (second ? Promise.race([second.reached, quickRun]) : quickRun);

  const before = await place.db.snapshot();
  first.release();
  await slowRun;
  if (stalled.has !== "claim" || stalled.answered) {
    assert.deepEqual(await place.db.snapshot(), before, "it lost its lease, and changed something all the same");
  }
  assert.deepEqual(await place.db.lost(), [], "every message is in one legal place");
  second?.release();
  await quickRun;
  await place.recover();
  // A 401, a 429 or a 418 says nothing about what the other was told.
  await checkEnd(place, ids, { counted: false });
}

/**
 * Holds one call of a worker.
 * @param {Awaited<ReturnType<import("../support/place.mjs").Place["worker"]>>} worker @param {Hold} where
 */
function hold(worker, { wire, has, answered }) {
  /** @type {() => void} */
  let reach = () => {};
  /** @type {() => void} */
  let release = () => {};
  const reached = new Promise((resolve) => reach = () => resolve(undefined));
  const released = new Promise((resolve) => release = () => resolve(undefined));
  let held = false;
  worker[wire].wrap(async (call, behaviour, label) => {
    if (held || !label.includes(has)) return await behaviour(call);
    held = true;
    if (!answered) {
      reach();
      await released;
      return await behaviour(call);
    }
    const answer = await behaviour(call);
    reach();
    await released;
    return answer;
  });
  return { reached, release };
}
