// Operators reach for messages that workers reach for.
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
const cancel = async (session, id) => (await session.sql`select public.email_queue_cancel(${id}) as r`)[0].r.result;

/** @param {any} session */
const redrive = async (session) => (await session.sql`select public.email_queue_redrive(null, '{}') as r`)[0].r.redriven;

async function deadLetter() {
  const { id } = await a.enqueue();
  assert.equal(await a.settle(await a.claim(token(1)), { answer: "none", rest: "fail" }), "applied");
  return id;
}

test("a cancel waits for the claim of its message, and is refused", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  await a.claim(token(1));
  const cancelled = cancel(b, id);
  await b.waitsFor(cancelled, a);
  await a.commit();
  assert.equal(await cancelled, "processing");
});

test("a cancel of a message whose claim is undone is done", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  await a.claim(token(1));
  const cancelled = cancel(b, id);
  await b.waitsFor(cancelled, a);
  await a.rollback();
  assert.equal(await cancelled, "cancelled");
  assert.equal(await b.claim(token(2)), null);
});

test("a claim passes over a message that is just being cancelled", async () => {
  const { id } = await a.enqueue();
  await a.begin();
  assert.equal(await cancel(a, id), "cancelled");
  assert.equal(await b.free(b.claim(token(1))), null);
  await a.commit();
  assert.equal(await b.claim(token(1)), null);
});

test("two redrives of one dead letter put it back once", async () => {
  const id = await deadLetter();
  await a.begin();
  assert.deepEqual(await redrive(a), [id]);
  assert.equal(await b.free(b.claim(token(2))), null, "nor is it claimed before that is committed");
  const second = redrive(b);
  await b.waitsFor(second, a);
  await a.commit();
  assert.deepEqual(await second, []);
  assert.deepEqual(members(await b.claim(token(3))), [id]);
});

test("a begin waits for a pause that is just being set, and is refused", async () => {
  await a.enqueue();
  const dispatch = await a.claim(token(1));
  await b.begin();
  await b.sql`select public.email_queue_pause('test')`;
  const begin = a.start(dispatch);
  await a.waitsFor(begin, b);
  await b.commit();
  assert.equal((await begin).state, "paused");
  await b.sql`select public.email_queue_resume()`;
});

test("a pause waits for a begin under way: once it stands, nothing begins", async () => {
  await a.enqueue();
  const dispatch = await a.claim(token(1));
  await a.begin();
  assert.equal((await a.start(dispatch)).state, "begun");
  const pause = b.sql`select public.email_queue_pause('test')`.execute();
  await b.waitsFor(pause, a);
  await a.commit();
  await pause;
  await b.sql`select public.email_queue_resume()`;
});

test("begins that a pause in an open transaction holds up undo no settle of their call", async () => {
  await a.enqueue();
  const settled = await a.claim(token(1));
  assert.equal((await a.start(settled)).state, "begun");
  const begins = [];
  for (const number of [2, 3, 4, 5]) {
    await a.enqueue();
    const { dispatch_id, token: held } = await a.claim(token(number));
    begins.push({ dispatch_id, token: held, endpoint: "single", wire_version: 1, key_window_ms: 82_800_000, timeout_ms: 30_000, margin_ms: 5_000, max_wait_ms: 2_000 });
  }
  await b.begin();
  await b.sql`select public.email_queue_pause('test')`;
  // Less than four begins would wait, and more than one.
  await a.sql`set statement_timeout = '5s'`;
  const { dispatch_id, token: held } = settled;
  const reply = await a.work({ settles: [{ dispatch_id, token: held, answer: "definite", rest: "complete", members: [] }], begins });
  await a.sql`reset statement_timeout`;
  await b.rollback();
  assert.equal(reply.settles[0].result, "applied");
  assert.deepEqual(reply.begins.map(({ state }) => state), ["error", "error", "error", "error"]);
  assert.ok(reply.begins.every(({ reason }) => /lock timeout/.test(reason)), "one waited for all");
});
