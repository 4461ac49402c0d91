// An operator's call and a worker's meet on the same message, or on the one budget.
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

/** @param {any} session @param {string} id */
const cancel = async (session, id) => (await session.sql`select public.email_queue_cancel(${id}) as r`)[0].r;

/** @param {any} session @param {string} id */
const redrive = async (session, id) => (await session.sql`select public.email_queue_redrive(array[${id}]::uuid[]) as r`)[0].r;

/** @param {string} id */
const status = async (id) => (await db.watch`select status from public.email_queue where id = ${id}`)[0].status;

/** A dead letter. */
async function failed() {
  const { id } = await a.enqueue();
  assert.equal(await a.settle(await a.claim(token(9)), { answer: "none", rest: "fail" }), "applied");
  return id;
}

test("a cancel waits for a claim of the message, and says that a worker has it", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  assert.deepEqual(members(await a.claim(token(1))), [id]);
  const cancelled = cancel(b, id);
  await b.waitsFor(cancelled, a);
  await a.commit();
  assert.deepEqual(await cancelled, { id, result: "processing", reason: "a worker has it" });
});

test("a cancel waits for a claim of the message, and cancels it where the claim is undone", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  await a.claim(token(1));
  const cancelled = cancel(b, id);
  await b.waitsFor(cancelled, a);
  await a.rollback();
  assert.equal((await cancelled).result, "cancelled");
  assert.equal(await status(id), "cancelled");
});

test("a claim passes over a message that is just being cancelled", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  assert.equal((await cancel(a, id)).result, "cancelled");
  assert.equal(await b.free(b.claim(token(1))), null);
  await a.commit();
  assert.equal(await b.claim(token(2)), null);
});

test("two redrives of a dead letter put it back once", async () => {
  const id = await failed();
  await a.begin();
  assert.deepEqual((await redrive(a, id)).redriven, [id]);
  const second = redrive(b, id);
  await b.waitsFor(second, a);
  await a.commit();
  assert.deepEqual((await second).redriven, []);
  assert.deepEqual(members(await a.claim(token(1))), [id]);
});

test("a claim does not see a redrive before it is committed", async () => {
  const id = await failed();
  await a.begin();
  await redrive(a, id);
  assert.equal(await b.free(b.claim(token(1))), null);
  await a.commit();
  assert.deepEqual(members(await b.claim(token(2))), [id]);
});

test("a redrive of a message that was redriven and claimed meanwhile is refused", async () => {
  const id = await failed();
  await a.begin();
  await redrive(a, id);
  await a.claim(token(1));
  const second = redrive(b, id);
  await b.waitsFor(second, a);
  await a.commit();
  assert.match((await second).refused[0].reason, /it is processing, not failed/);
});

test("a begin waits for a pause, and is refused", async () => {
  await a.enqueue();
  const dispatch = await b.claim(token(1));
  await a.begin();
  await a.sql`select public.email_queue_pause('tea')`;
  const begun = b.start(dispatch);
  await b.waitsFor(begun, a);
  await a.commit();
  const { state, reason } = await begun;
  assert.deepEqual({ state, reason }, { state: "paused", reason: "tea" });
});

test("a claim does not wait for a pause", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  await a.sql`select public.email_queue_pause('tea')`;
  assert.deepEqual(members(await b.free(b.claim(token(1)))), [id]);
  await a.commit();
  assert.equal((await b.work({ claim: { type: "email", tokens: [token(2)], lease_ms: 1000 } })).obstacle.state, "paused");
});

test("a prune leaves a dead letter that is just being redriven", async () => {
  const id = await failed();
  await db.watch`update email_queue_private.message set completed_at = now() - interval '200 days' where id = ${id}`;
  await db.watch`update email_queue_private.setting set failed_retention = interval '1 microsecond', completed_retention = interval '1 microsecond'`;
  await db.watch`update email_queue_private.prune_cursor set after = '00000000-0000-0000-0000-000000000000'`;
  await a.begin();
  await redrive(a, id);
  assert.equal((await b.free(b.sql`select public.email_queue_prune() as r`))[0].r.deleted, 0);
  await a.commit();
  await db.watch`update email_queue_private.setting set failed_retention = interval '90 days', completed_retention = interval '30 days'`;
  assert.notEqual((await db.watch`select payload from public.email_queue where id = ${id}`)[0].payload, null);
});
