// What is enqueued (shapes), and what has happened to it before the run that is looked at (phases).
import assert from "node:assert/strict";

const mail = (/** @type {number} */ n, more = {}) => ({
  payload: { to: `user-${n}@customer.example`, subject: `Letter ${n}`, content: `<p>${n}</p>`, ...more },
});
const attachments = [{ filename: "a.txt", content: "aGVsbG8=" }];

/** @type {Record<string, object[]>} */
export const SHAPES = {
  single: [mail(1)],
  batch: [mail(1), mail(2), mail(3)],
};

/** Several dispatches, so that one call settles, begins and claims. */
export const MIXED = [
  mail(1),
  mail(2, { from: "news@news.example" }),
  mail(3),
  mail(4, { from: "news@news.example" }),
  mail(5, { attachments }),
  mail(6, { from: "bill@bill.example" }),
];

/** @type {Record<string, import("./support/wire.mjs").Behaviour | null>} */
export const PHASES = {
  "first attempt": null,
  "replay after acceptance": async ({ forward }) => (await forward(), "close"),
  "replay after loss": async () => "close",
};

/**
 * Enqueues, and brings it into the phase.
 * @param {import("./support/place.mjs").Place} place @param {object[]} messages @param {string} phase
 */
export async function prepare(place, messages, phase) {
  await place.reset();
  const ids = await place.db.enqueue(messages);
  const behaviour = PHASES[phase];
  if (behaviour) {
    const worker = await place.worker();
    worker.provider.record(behaviour);
    await worker.run();
    const open = await place.db.openDispatches();
    assert(open.every(({ frozen, token }) => frozen && token === null), "all dispatches are frozen");
    assert.deepEqual(open.flatMap((dispatch) => dispatch.message_ids).sort(), [...ids].sort());
    worker.provider.record();
    await place.db.passTime();
  }
  for (const { database, provider } of place.workers) {
    database.record();
    provider.record();
  }
  return ids;
}
