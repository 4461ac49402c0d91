// What the provider reports, at every moment around an answer that is lost: before the worker's settle, after the dispatch is frozen, twice, never.
import assert from "node:assert/strict";
import { checkEnd, sent } from "../check.mjs";
import { DATABASE, PROVIDER } from "../failures.mjs";
import { prepare, SHAPES } from "../scenario.mjs";
import { reportForeign } from "../support/reports.mjs";

/** @typedef {import("../support/place.mjs").Place} Place */

const named = (/** @type {import("../failures.mjs").Failure[]} */ failures, /** @type {string} */ name) =>
  /** @type {import("../failures.mjs").Failure} */ (failures.find((failure) => failure.name === name));

/**
 * Where the provider has accepted the request, and the worker does not learn it, or cannot say it.
 * @type {Record<string, {wire: "provider" | "database", failure: import("../failures.mjs").Failure}>}
 */
const PLACES = {
  "the answer lost": { wire: "provider", failure: named(PROVIDER, "done, the answer lost") },
  "500 in place of the answer": { wire: "provider", failure: named(PROVIDER, "done, 500") },
  "killed before the answer": { wire: "provider", failure: named(PROVIDER, "killed when it was done") },
  "killed before its settle": { wire: "database", failure: named(DATABASE, "killed before it") },
};

/** When its events come. */
const TIMES = {
  "early": { early: true, late: false },
  "late": { early: false, late: true },
  "early and again late": { early: true, late: true },
  "never": { early: false, late: false },
};

/** Runs until one sends. */
const TRIES = 8;

/** Requests that it takes where nothing but a replay tells what has happened. */
const REQUESTS = { "first attempt": 2, "replay after loss": 3 };

/** @returns {import("../main.mjs").Case[]} */
export function events() {
  const cases = [];
  for (const shape of Object.keys(SHAPES)) {
    for (const phase of Object.keys(REQUESTS)) {
      const group = `reports of a ${shape}, ${phase}`;
      for (const [where, { failure }] of Object.entries(PLACES)) {
        for (const when of Object.keys(TIMES)) {
          cases.push({ group, name: `${where}: ${when}`, seconds: failure.kills ? 1 : 0.5, run: (/** @type {Place} */ place) => reported(place, shape, phase, where, when) });
        }
      }
      cases.push({ group, name: "another installation's only", seconds: 0.5, run: (/** @type {Place} */ place) => foreign(place, shape, phase) });
    }
  }
  cases.push({ group: "reports of a batch, first attempt", name: "of all members but one", seconds: 0.5, run: partly });
  return cases;
}

/** @param {Place} place @param {string} shape @param {string} phase @param {string} where @param {string} when */
async function reported(place, shape, phase, where, when) {
  const { early, late } = TIMES[when];
  const reports = await place.reports();
  const ids = await prepare(place, SHAPES[shape], phase);
  await loseAnswer(place, where, early ? () => reports.release() : undefined);
  if (late) await (early ? reports.repeat() : reports.release());
  await place.recover();
  await checkEnd(place, ids);

  const needed = early || late ? REQUESTS[phase] - 1 : REQUESTS[phase];
  assert.equal(sent(place).length, needed, "requests: none where the reports have told what happened");
  const state = early || late ? "delivered" : null;
  assert.deepEqual(await place.db.deliveries(ids), ids.map(() => state));
  assert.equal(await place.db.countEvents(), state ? 2 * ids.length : 0, "each is sent and delivered, once");
}

/**
 * A request is accepted, and nothing else comes of it.
 * @param {Place} place @param {string} where @param {() => Promise<void>} [early] before the worker learns anything
 */
async function loseAnswer(place, where, early = async () => {}) {
  const { wire, failure } = PLACES[where];
  const worker = await place.worker();
  let accepted = false;
  let reported = Promise.resolve();
  worker.provider.wrap(async (call, behaviour) => {
    const forward = async () => {
      const answer = /** @type {any} */ (await behaviour(call));
      accepted = true;
      await (reported = early());
      return answer;
    };
    return await (wire === "provider" ? failure.behave({ ...call, forward }, worker) : forward());
  });
  if (wire === "database") {
    worker.database.wrap(async (call, behaviour, label) => accepted && label.includes("settle") ? await failure.behave(call, worker) : await behaviour(call));
  }
  for (let tries = 1; !accepted; tries++) {
    assert(tries <= TRIES, "no request was sent");
    await worker.run();
    // A busy machine may have given up before the request.
    if (!accepted) await place.db.passTime();
  }
  // It may have given up while the reports were on their way.
  await reported;
  assert.deepEqual(await place.db.lost(), [], "right after it every message is in one legal place");
}

/** A copy of this database has sent the same messages. @param {Place} place @param {string} shape @param {string} phase */
async function foreign(place, shape, phase) {
  const reports = await place.reports();
  const ids = await prepare(place, SHAPES[shape], phase);
  const report = async () => {
    for (const id of ids) await reportForeign(place.sandbox, id, "user-1@customer.example");
    await reports.release({ email_id: null });
  };
  await loseAnswer(place, "the answer lost", report);
  await report();
  await place.recover();
  await checkEnd(place, ids);
  assert.equal(sent(place).length, REQUESTS[phase], "the reports say nothing about this one's mails");
  assert.deepEqual(await place.db.deliveries(ids), ids.map(() => null));
  assert.equal(await place.db.countEvents(), 0);
}

/** @param {Place} place */
async function partly(place) {
  const reports = await place.reports();
  const ids = await prepare(place, SHAPES.batch, "first attempt");
  await loseAnswer(place, "the answer lost");
  await reports.drop({ email_id: place.emailOf(ids[0]) });
  await reports.release();
  await place.recover();
  await checkEnd(place, ids);
  assert.equal(sent(place).length, 2, "what is not told of all needs the replay");
}
