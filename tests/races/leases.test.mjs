// A worker and whoever takes its dispatch over meet on the same row.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { expire, open, token, untilExpired } from "./testing.mjs";

const COMPLETE = { answer: "definite", rest: "complete" };
const FAIL = { answer: "definite", rest: "fail" };

const db = await open();
const a = await db.session();
const b = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

/** @param {object} [claim] */
async function claimed(claim) {
  await a.enqueue();
  await a.enqueue();
  return await a.claim(token(1), claim);
}

/** @param {number} timeout_ms */
async function begun(timeout_ms) {
  const dispatch = await claimed();
  assert.equal((await a.start(dispatch, { timeout_ms, margin_ms: 0 })).state, "begun");
  return dispatch;
}

const statuses = async () =>
  (await db.watch`select status, count(*)::integer as n from public.email_queue group by 1 order by 1`).map((r) => `${r.n} ${r.status}`).join(", ");

test("a settle waits for the sweep of its lease, and has lost", async () => {
  const dispatch = await begun(30_000);
  await expire(db.watch, dispatch);
  await b.begin();
  await b.work({ claim: { type: "email", tokens: [], lease_ms: 1 } });
  const settle = a.settle(dispatch, COMPLETE);
  await a.waitsFor(settle, b);
  await b.commit();
  assert.equal(await settle, "lost");
  assert.equal(await statuses(), "2 processing");
});

test("a sweep passes over a dispatch that is just being settled, although its lease has run out", async () => {
  const dispatch = await begun(1_500);
  await a.begin();
  assert.equal(await a.settle(dispatch, COMPLETE), "applied");
  await untilExpired(db.watch, dispatch);
  assert.equal(await b.free(b.claim(token(2))), null);
  await a.commit();
  assert.equal(await b.claim(token(2)), null);
  assert.equal(await statuses(), "2 completed");
});

test("a begin waits for the takeover of its lease, and has lost", async () => {
  const dispatch = await claimed();
  await expire(db.watch, dispatch);
  await b.begin();
  const taken = await b.claim(token(2));
  assert.equal(taken.dispatch_id, dispatch.dispatch_id);
  const begin = a.start(dispatch);
  await a.waitsFor(begin, b);
  await b.commit();
  assert.equal((await begin).state, "lost");
  const [{ begun, attempt }] = await db.watch`select begun, attempt from email_queue_private.dispatch`;
  assert.deepEqual([begun, attempt], [false, 0]);
});

test("a takeover passes over a dispatch that is just beginning, although its lease has run out", async () => {
  const dispatch = await claimed({ lease_ms: 1_500 });
  await a.begin();
  assert.equal((await a.start(dispatch)).state, "begun");
  await untilExpired(db.watch, dispatch);
  assert.equal(await b.free(b.claim(token(2))), null);
  await a.commit();
  assert.equal(await b.claim(token(2)), null, "the begin renewed the lease");
  assert.equal(await a.settle(dispatch, COMPLETE), "applied");
});

test("a begin repeated while the first still runs uses no second attempt", async () => {
  const dispatch = await claimed();
  await a.begin();
  const first = await a.start(dispatch);
  const repeated = b.start(dispatch);
  await b.waitsFor(repeated, a);
  await a.commit();
  assert.deepEqual([first.state, first.attempt], ["begun", 1]);
  assert.deepEqual([(await repeated).state, (await repeated).attempt], ["begun", 1]);
  const [{ attempt }] = await db.watch`select attempt from email_queue_private.dispatch`;
  assert.equal(attempt, 1);
});

test("a settle repeated while the first still runs changes nothing", async () => {
  const dispatch = await begun(30_000);
  await a.begin();
  assert.equal(await a.settle(dispatch, COMPLETE), "applied");
  const repeated = b.settle(dispatch, FAIL);
  await b.waitsFor(repeated, a);
  await a.commit();
  assert.equal(await repeated, "already");
  assert.equal(await statuses(), "2 completed");
});

test("a settle repeated while the first is undone is applied", async () => {
  const dispatch = await begun(30_000);
  await a.begin();
  assert.equal(await a.settle(dispatch, COMPLETE), "applied");
  const repeated = b.settle(dispatch, FAIL);
  await b.waitsFor(repeated, a);
  await a.rollback();
  assert.equal(await repeated, "applied");
  assert.equal(await statuses(), "2 failed");
});

test("a begin waits for the settle of its dispatch, and has lost", async () => {
  const dispatch = await claimed();
  await a.begin();
  assert.equal(await a.settle(dispatch, { answer: "none", rest: "release", counted: false }), "applied");
  const begin = b.start(dispatch);
  await b.waitsFor(begin, a);
  await a.commit();
  assert.equal((await begin).state, "lost");
});

test("two begins take two slots of the one budget, and neither waits for the other's commit", async () => {
  await db.watch`update email_queue_private.setting set rate_limit = 1`;
  await a.enqueue();
  const first = await a.claim(token(1));
  await b.enqueue();
  const second = await b.claim(token(2));
  await a.begin();
  assert.equal((await a.start(first)).wait_ms, 0);
  const { state, wait_ms } = await b.free(b.start(second));
  assert.equal(state, "begun");
  assert.ok(wait_ms > 0 && wait_ms <= 1100, `it waits ${wait_ms} ms for the slot after the first`);
  await a.commit();
});

test("of two begins, where one request may be open, one is refused", async () => {
  await a.enqueue();
  const first = await a.claim(token(1));
  await b.enqueue();
  const second = await b.claim(token(2));
  await db.watch`insert into email_queue_private.breaker (scope, streak, requests, size) values ('batch:a.example', 3, 1, 1)`;
  await a.begin();
  assert.equal((await a.start(first)).state, "begun");
  const begin = b.start(second);
  await b.waitsFor(begin, a);
  await a.commit();
  assert.equal((await begin).state, "unavailable");
});

test("what an answer says of the provider waits for the begins under way", async () => {
  const dispatch = await begun(30_000);
  await b.enqueue();
  const other = await b.claim(token(2));
  await a.begin();
  assert.equal((await a.start(other)).state, "begun");
  const settle = b.settle(dispatch, { ...COMPLETE, signals: { cooldown_ms: 60_000, cooldown_reason: "quota" } });
  await b.waitsFor(settle, a);
  await a.commit();
  assert.equal(await settle, "applied");
});
