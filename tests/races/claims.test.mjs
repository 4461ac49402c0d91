// Two workers claim at once.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { expire, members, open, token } from "./testing.mjs";

const db = await open();
const a = await db.session();
const b = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

test("a claim passes over messages that another has taken and not committed", async () => {
  for (let i = 0; i < 4; i++) await a.enqueue();
  await a.begin();
  const first = await a.claim(token(1), { max_messages: 2 });
  const second = await b.free(b.claim(token(2), { max_messages: 2 }));
  await a.commit();
  assert.equal(members(first).length, 2);
  assert.equal(members(second).length, 2);
  assert.equal(new Set([...members(first), ...members(second)]).size, 4);
});

test("a claim that finds only taken messages ends at once, and says that something is there", async () => {
  await a.enqueue();
  await a.begin();
  await a.claim(token(1));
  const reply = await b.free(b.work({ claim: { type: "email", tokens: [token(2)], lease_ms: 60_000 } }));
  assert.deepEqual([reply.claims, reply.next_due_ms], [[], 0]);
  await a.rollback();
  assert.equal(members(await b.claim(token(2))).length, 1);
});

test("a claim passes over the mail of many sender domains that another has taken", async () => {
  await db.watch`select public.email_queue_enqueue(jsonb_build_object('from', 'a@d' || n || '.example', 'to', 'b@b.example', 'subject', 'S', 'text', 'T'))
    from generate_series(1000, 1299) as n`;
  await a.begin();
  await a.sql`select public.email_queue_cancel(r.id) from email_queue_private.ready as r where r.lane < 'batch:d1250'`;
  await b.free(b.claim(token(1)));
  await a.commit();
  assert.deepEqual((await db.watch`select lane from email_queue_private.dispatch`).map(({ lane }) => lane), ["batch:d1250.example"]);
});

test("a dispatch whose lease ran out goes to one of two", async () => {
  await a.enqueue();
  await a.enqueue();
  const lost = await a.claim(token(1));
  await expire(db.watch, lost);
  await a.begin();
  const taken = await a.claim(token(2));
  assert.equal(taken.dispatch_id, lost.dispatch_id);
  assert.equal(await b.free(b.claim(token(3))), null);
  await a.commit();
  assert.equal(await b.claim(token(3)), null);
});

test("a waiting dispatch goes to one of two", async () => {
  for (let i = 0; i < 2; i++) {
    await a.enqueue();
    await expire(db.watch, await a.claim(token(i)));
    await db.watch`update email_queue_private.dispatch set token = null where token is not null`;
  }
  await a.begin();
  const first = await a.claim(token(2));
  const second = await b.free(b.claim(token(3)));
  await a.commit();
  assert.notEqual(first.dispatch_id, second.dispatch_id);
  assert.equal(await b.claim(token(4)), null);
});

test("a claim repeated while the first still runs waits for it and gives the same dispatch", async () => {
  for (let i = 0; i < 4; i++) await a.enqueue();
  await a.begin();
  const first = await a.claim(token(1), { max_messages: 2 });
  const repeated = b.claim(token(1), { max_messages: 2 });
  await b.waitsFor(repeated, a);
  await a.commit();
  assert.deepEqual(await repeated, first);
  const [{ n }] = await db.watch`select count(*)::integer as n from email_queue_private.dispatch`;
  assert.equal(n, 1);
});

test("a claim repeated while the first is undone gets a dispatch of its own", async () => {
  await a.enqueue();
  await a.begin();
  await a.claim(token(1));
  const repeated = b.claim(token(1));
  await b.waitsFor(repeated, a);
  await a.rollback();
  assert.equal(members(await repeated).length, 1);
});
