// Two functions ask for one queue at once.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { open, token } from "./testing.mjs";

const HERE = "https://here.example";
const THERE = "https://there.example";

const db = await open();
const a = await db.session();
const b = await db.session();
beforeEach(async () => {
  await db.empty();
  await db.watch`truncate email_queue_private.identity`;
  await db.watch`select setval('email_queue_private.enqueued_here', 1, false), setval('email_queue_private.recorded_here', 1, false)`;
});
after(async () => {
  await db.watch`truncate email_queue_private.identity`;
  await db.close();
});

/** @param {typeof a} session @param {string} url @param {number} n @returns {Promise<string>} */
async function ask(session, url, n = 1) {
  const reply = await session.work({ project_url: url, claim: { type: "email", tokens: [token(n)], lease_ms: 60_000 } });
  assert.equal(reply.claim_error, null);
  return reply.obstacle?.state ?? (reply.claims.length > 0 ? "sends" : "empty");
}
const identities = async () =>
  (await db.watch`select kind, address from email_queue_private.identity order by kind`).map((/** @type {any} */ { kind, address }) => `${kind} ${address}`);

test("of two that ask an empty queue at once one is recorded, and the other is refused", async () => {
  await a.begin();
  assert.equal(await ask(a, HERE), "empty");
  const second = ask(b, THERE);
  await b.waitsFor(second, a);
  await a.commit();
  assert.equal(await second, "paused");
  assert.deepEqual(await identities(), ["recorded here.example", "refused there.example"]);
});

test("two runs of one function do not wait for each other, once it is recorded", async () => {
  await ask(a, HERE);
  for (let i = 0; i < 2; i++) await a.enqueue();
  // Both find the note of when it asked last old; one writes it.
  await db.watch`update email_queue_private.identity set seen_at = seen_at - interval '1 hour'`;
  await a.begin();
  assert.equal(await ask(a, HERE, 1), "sends");
  assert.equal(await b.free(ask(b, HERE, 2)), "empty", "the first has all of it");
  await a.commit();
});

test("a recording that is rolled back leaves the queue to the next", async () => {
  await a.begin();
  assert.equal(await ask(a, HERE), "empty");
  const second = ask(b, THERE);
  await b.waitsFor(second, a);
  await a.rollback();
  assert.equal(await second, "empty");
  assert.deepEqual(await identities(), ["recorded there.example"]);
});

test("an adoption waits for a call that is being refused, and counts for the next", async () => {
  await ask(a, HERE);
  await a.enqueue();
  await a.begin();
  assert.equal(await ask(a, THERE), "paused");
  const adopted = b.sql`select public.email_queue_adopt() as r`.then((/** @type {any} */ [{ r }]) => r);
  await b.waitsFor(adopted, a);
  await a.commit();
  assert.deepEqual(await adopted, { adopted: true, previous: ["here.example"], refused: ["there.example"] });
  assert.equal(await ask(a, THERE, 2), "sends");
});
