// What must hold after any fault, once all is well again.
import assert from "node:assert/strict";

/**
 * @typedef {object} End
 * @property {string} [status] completed unless told otherwise
 * @property {string} [reason] of a failed message
 * @property {number} [accepted] how often the provider took it: once if completed, else never
 * @property {number} [attempts] exactly
 *
 * @param {import("./support/place.mjs").Place} place
 * @param {string[]} ids all messages, by default of one end
 * @param {{end?: End, ends?: Record<string, End>, oneKey?: boolean, counted?: boolean}} [options]
 *   oneKey: none was ever sent under two keys; counted: every request that left has used an attempt
 */
export async function checkEnd(place, ids, { end = {}, ends = {}, oneKey = true, counted = true } = {}) {
  const state = await (await fetch(`${place.sandbox.url}/_sandbox/state?ids=1`)).json();
  const rows = await place.db.rows();
  const requests = sent(place);
  const begins = beginsByKey(place);
  /** @type {Map<string, string[]>} the keys of the requests with a message */
  const keysOf = new Map();
  for (const { key, members } of requests) for (const id of members) keysOf.set(id, [...(keysOf.get(id) ?? []), key]);
  assert.deepEqual(await place.db.lost(), [], "every message is in one legal place");
  assert.deepEqual(await place.db.openDispatches(), [], "nothing is leased or open");
  assert.deepEqual(rows.map(({ id }) => id), [...ids].sort(), "no message has gone");

  for (const row of rows) {
    const { status = "completed", reason, accepted = status === "completed" ? 1 : 0, attempts } = ends[row.id] ?? end;
    assert.equal(row.status + said(row.error?.reason), status + said(reason), `the end of a message (${JSON.stringify(row.error)})`);
    assert.equal(state.acceptedByMessage[row.id] ?? 0, accepted, "how often the provider accepted a message");
    const mine = keysOf.get(row.id) ?? [];
    const begun = [...new Set(mine)].reduce((sum, key) => sum + (begins.get(key)?.size ?? 0), 0);
    if (status === "completed") assert.equal(state.emailIds[row.provider_message_id]?.messageId, row.id, "it has its own e-mail's id");
    if (oneKey) assert(new Set(mine).size <= 1, "a message was sent under two keys");
    if (attempts !== undefined) assert.equal(row.attempts, attempts, "attempts");
    // One that is alone pays for a lease that ran out before begin.
    else assert(row.attempts <= begun + 1, `${row.attempts} attempts, but fewer begins`);
    if (counted) assert(row.attempts >= Math.min(mine.length, row.max_attempts), `${mine.length} requests, but ${row.attempts} attempts`);
  }
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (const { key, members, text } of requests) {
    assert(key, "a request without a key");
    assert.equal(texts.get(key) ?? text, text, "the bytes under a key changed");
    texts.set(key, text);
    assert.equal(new Set(members).size, members.length, "a message is twice in a request");
  }
  for (const [key, { bodies }] of Object.entries(state.keys)) assert.equal(bodies.length, 1, `bodies under ${key}`);
  assert.equal(state.duplicates, 0);
  assert.equal(state.acceptedUntagged, 0);
}

const said = (/** @type {string | undefined} */ reason) => (reason ? `: ${reason}` : "");

/** All requests that left for the provider in this case, whether they reached it or not. @param {import("./support/place.mjs").Place} place */
export const sent = (place) =>
  place.workers.flatMap(({ provider }) => provider.all).map(({ call }) => {
    const value = JSON.parse(call.text);
    const members = [value].flat().map((email) => email.tags.find((/** @type {{name: string}} */ tag) => tag.name === "message_id").value.split("_")[0]);
    return { key: String(call.headers["idempotency-key"] ?? ""), text: call.path + call.text, members };
  });

/** The leases that have begun a key's dispatch. @param {import("./support/place.mjs").Place} place */
function beginsByKey(place) {
  /** @type {Map<string, Set<string>>} */
  const tokens = new Map();
  for (const { call } of place.workers.flatMap(({ database }) => database.all)) {
    for (const { dispatch_id, token } of JSON.parse(call.text).p_request.begins) {
      const key = `email-queue/${dispatch_id}`;
      tokens.set(key, (tokens.get(key) ?? new Set()).add(token));
    }
  }
  return tokens;
}
