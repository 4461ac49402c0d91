// Entries of the suppression list that are written while others claim, or write.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { members, open, token } from "./testing.mjs";

const db = await open();
const a = await db.session();
const b = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

/** @param {any} session @param {string} address */
const suppress = async ({ sql }, address) => await sql`select public.email_queue_suppress(${address}, 'bounce') as r`;
/** @param {string} address */
const to = (address) => ({ payload: { to: address } });
const reasons = async () => (await db.watch`select error ->> 'reason' as reason from public.email_queue order by id`).map(({ reason }) => reason);
/** Enough that the next one writes the filter anew. */
const fill = async () => await db.watch`select public.email_queue_suppress(format('old%s@b.example', n)) from generate_series(1, 100) as n`;

test("a claim neither waits for an entry nor sees it before it is committed", async () => {
  await fill();
  await a.enqueue(to("gone@b.example"));
  await a.begin();
  await suppress(a, "gone@b.example");
  const first = await b.free(b.claim(token(1)));
  assert.equal(members(first).length, 1);
  await a.commit();
  await b.enqueue(to("gone@b.example"));
  assert.equal(await b.claim(token(2)), null);
  assert.deepEqual(await reasons(), [null, "suppressed"]);
});

test("an entry that is rolled back leaves nothing", async () => {
  await fill();
  await a.begin();
  await suppress(a, "gone@b.example");
  await a.rollback();
  await a.enqueue(to("gone@b.example"));
  assert.equal(members(await b.claim(token(1))).length, 1);
  await suppress(b, "later@b.example");
  await a.enqueue(to("later@b.example"));
  assert.equal(await b.claim(token(2)), null);
});

test("two sessions add entries at once, and neither waits", async () => {
  await fill();
  await a.begin();
  await b.begin();
  await suppress(a, "one@b.example");
  await b.free(suppress(b, "two@b.example"));
  await suppress(a, "three@b.example");
  await b.free(suppress(b, "four@b.example"));
  await b.commit();
  await a.commit();
  for (const address of ["one", "two", "three", "four"]) await a.enqueue(to(`${address}@b.example`));
  assert.equal(await b.claim(token(1)), null);
  // The next one takes what the other had to leave.
  await suppress(a, "five@b.example");
  const [{ n }] = await db.watch`select count(*)::integer as n from email_queue_private.suppression where not folded`;
  assert.equal(n, 0);
  for (const address of ["two", "four", "five"]) await a.enqueue(to(`${address}@b.example`));
  assert.equal(await b.claim(token(2)), null);
  assert.deepEqual(await reasons(), Array(7).fill("suppressed"));
});

test("the same address at once is one entry", async () => {
  await a.begin();
  await suppress(a, "gone@b.example");
  const second = suppress(b, "gone@b.example");
  await b.waitsFor(second, a);
  await a.commit();
  await second;
  const [{ n }] = await db.watch`select count(*)::integer as n from email_queue_private.suppression`;
  assert.equal(n, 1);
});

test("entries that a claim finds are the same while others write the filter", async () => {
  await db.watch`select public.email_queue_suppress(format('gone%s@b.example', n)) from generate_series(1, 150) as n`;
  let writing = true;
  const writer = (async () => {
    for (let n = 0; n < 250; n++) await suppress(a, `new${n}@b.example`);
    writing = false;
  })();
  for (let n = 1; writing; n++) {
    await b.enqueue(to(`gone${1 + (n % 150)}@b.example`));
    assert.equal(await b.claim(token(n)), null);
  }
  await writer;
});
