// Transactions that enqueue, side by side with each other and with workers.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { mail, members, open, token } from "./testing.mjs";

const db = await open(6);
const a = await db.session();
const b = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

test("the second with the same dedup key waits, and gets the first one's message", async () => {
  await a.begin();
  const first = await a.enqueue({ dedup_key: "k" });
  const second = b.enqueue({ dedup_key: "k" });
  await b.waitsFor(second, a);
  await a.commit();
  assert.deepEqual(await second, { id: first.id, created: false, payload_differs: false });
});

test("the second with the same dedup key is stored where the first is rolled back", async () => {
  await a.begin();
  const first = await a.enqueue({ dedup_key: "k" });
  const second = b.enqueue({ dedup_key: "k" });
  await b.waitsFor(second, a);
  await a.rollback();
  const { id, created } = await second;
  assert.equal(created, true);
  assert.notEqual(id, first.id);
  assert.deepEqual(members(await b.claim(token(1))), [id]);
});

test("lists with the same dedup keys in other orders do not wait for each other for ever", async () => {
  const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
  for (let round = 0; round < 20; round++) {
    const lists = [keys, keys.toReversed()].map((list) => list.map((key) => mail({ dedup_key: `${round} ${key}` })));
    const [forwards, backwards] = await Promise.all([a, b].map((session, i) =>
      session.sql`select public.email_queue_enqueue_many(${session.sql.json(lists[i])}) as r`));
    const created = [...forwards[0].r, ...backwards[0].r].filter((r) => r.created).length;
    assert.equal(created, keys.length, "each key made one message");
  }
});

test("what is not committed is not claimed, and keeps nobody from enqueueing or claiming in the same new lane", async () => {
  await a.begin();
  await a.enqueue({ payload: { from: "x@new.example" } });
  const other = await b.free(b.enqueue({ payload: { from: "x@new.example" } }));
  assert.deepEqual(members(await b.free(b.claim(token(1)))), [other.id]);
  assert.equal(await b.free(b.claim(token(2))), null);
  await a.commit();
  assert.equal(members(await b.claim(token(2))).length, 1);
});

test("an enqueue does not wait for a worker's open transaction", async () => {
  await a.enqueue();
  await a.begin();
  const dispatch = await a.claim(token(1));
  await a.start(dispatch);
  await b.free(b.enqueue());
  await a.settle(dispatch, { answer: "definite", rest: "complete" });
  await b.free(b.enqueue());
  await a.commit();
});
