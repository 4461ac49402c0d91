// Hints of lanes: a claim finds all mail, whatever happens at the same time.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, beforeEach, test } from "node:test";
import { members, open, token } from "./testing.mjs";

const db = await open(6);
const [a, b, c] = [await db.session(), await db.session(), await db.session()];
let tokens = 0;

/** Twelve lanes that had mail: a claim that passes them finds more hints than it leaves alone. */
async function emptyLanes() {
  for (let n = 1; n <= 12; n++) await c.enqueue(from(n));
  while (await claim(c)) { /* all of it */ }
  await db.watch`update email_queue_private.lane set state = 'open', xid = null, look_at = null where true`;
}
const from = (/** @type {number} */ n) => ({ payload: { from: `x@d${n}.example` } });
const claim = (/** @type {typeof a} */ session) => session.claim(token(++tokens));
const states = async () => (await db.watch`select distinct state from email_queue_private.lane order by 1`).map((/** @type {any} */ r) => r.state);
/** Claims until one finds something. */
async function found() {
  for (;; await sleep(20)) {
    const dispatch = await claim(c);
    if (dispatch) return members(dispatch);
  }
}

beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  assert.equal(await db.uncovered(), 0);
  await db.close();
});

test("hints that lead to nothing are set aside, and deleted once no transaction relies on them", async () => {
  await emptyLanes();
  assert.equal(await claim(b), null);
  assert.deepEqual(await states(), ["going"]);
  assert.equal(await claim(b), null);
  while ((await states()).length > 0) await claim(b);
});

test("mail that relied on a hint which goes before its commit is found", async () => {
  await emptyLanes();
  await a.begin();
  const { id } = await a.enqueue(from(1));
  for (let n = 0; n < 4; n++) assert.equal(await claim(b), null);
  assert.deepEqual(await states(), ["gone"], "as long as its transaction is open");
  await a.commit();
  assert.deepEqual(await found(), [id]);
  while ((await states()).includes("gone")) await claim(b);
});

test("so is mail that relied on it after the claim that sets it aside began, and has the higher transaction number", async () => {
  await emptyLanes();
  await b.begin();
  assert.equal(await claim(b), null);
  await a.begin();
  const { id } = await a.free(a.enqueue(from(1)));
  await b.commit();
  for (let n = 0; n < 4; n++) assert.equal(await claim(b), null);
  assert.deepEqual(await states(), ["gone"]);
  await a.commit();
  assert.deepEqual(await found(), [id]);
});

for (const level of ["repeatable read", "serializable"]) {
  test(`a transaction that is ${level} does not rely on what it saw`, async () => {
    await emptyLanes();
    await a.sql.unsafe(`begin isolation level ${level}`);
    await a.sql`select 1 from email_queue_private.lane limit 1`;
    await claim(b);
    while ((await states()).length > 0) await claim(b);
    // With a hint of another lane, or a claim would make the missing ones.
    await c.enqueue(from(2));
    await found();
    const { id } = await a.enqueue(from(1));
    await a.commit();
    assert.deepEqual(await found(), [id]);
  });
}

test("claims of many lanes do not wait for each other, and find what others have not", async () => {
  const ids = [];
  for (let n = 1; n <= 30; n++) ids.push((await c.enqueue(from(n))).id);
  await a.begin();
  const taken = [];
  for (let n = 0; n < 12; n++) taken.push(...members(await claim(a)));
  await b.begin();
  for (let n = 0; n < 12; n++) taken.push(...members(await b.free(claim(b))));
  assert.equal(new Set(taken).size, 24, "each its own");
  await a.rollback();
  await b.commit();
  const rest = [];
  while (rest.length < 18) rest.push(...await found());
  assert.deepEqual([...taken.slice(12), ...rest].sort(), ids.sort());
});

test("mail that comes while its domain is paused, resumed and claimed waits for none, and is found", async () => {
  for (let n = 1; n <= 12; n++) await c.enqueue(from(n));
  await a.begin();
  await a.sql`select public.email_queue_pause('test', 'd1.example')`;
  const { id } = await b.free(b.enqueue(from(1)));
  const others = await b.free(claim(b));
  await a.commit();
  const seen = new Set(members(others));
  for (let dispatch; (dispatch = await claim(c));) members(dispatch).forEach((/** @type {string} */ m) => seen.add(m));
  await a.begin();
  await a.sql`select public.email_queue_resume('d1.example')`;
  await claim(b);
  await a.commit();
  while (!seen.has(id)) (await found()).forEach((/** @type {string} */ m) => seen.add(m));
});

test("two sessions that mend the hints at once make two of each at most, and one is deleted", async () => {
  for (let n = 1; n <= 12; n++) await c.enqueue(from(n));
  await db.watch`truncate email_queue_private.lane`;
  await Promise.all([a, b].map((session) => session.sql`select email_queue_private.mend_lanes()`));
  const seen = [];
  for (let dispatch; (dispatch = await claim(c));) seen.push(...members(dispatch));
  assert.equal(new Set(seen).size, 12);
});
