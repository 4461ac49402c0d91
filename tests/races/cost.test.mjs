// What a call costs that settles, claims and begins one message, after many such calls. They are committed, so it is no pgTAP test.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, beforeEach, test } from "node:test";
import { mail, open } from "./testing.mjs";

const db = await open();
const worker = await db.session();
beforeEach(db.empty);
after(async () => {
  assert.equal(await db.misplaced(), 0);
  await db.close();
});

/** The calls of a run that sends one by one. @param {number} calls @returns {Promise<number[]>} the buffers that each read */
async function singles(calls) {
  const mails = Array.from({ length: calls }, () => mail());
  await worker.sql`select public.email_queue_enqueue_many(${worker.sql.json(mails)})`;
  /** @type {any[]} */
  let begun = [];
  /** @type {any[]} */
  let claimed = [];
  const buffers = [];
  for (let call = 0; call < calls; call++) {
    const token = randomUUID();
    const request = {
      settles: begun.map(({ dispatch_id, token, message }) => ({
        dispatch_id, token, answer: "definite", signals: { answered: true }, members: [{ id: message, outcome: "completed" }],
      })),
      begins: claimed.map(({ dispatch_id, token }) => ({
        dispatch_id, token, endpoint: "batch", wire_version: 1, key_window_ms: 82_800_000, timeout_ms: 30_000, margin_ms: 5_000, max_wait_ms: 2_000,
      })),
      claim: { type: "email", tokens: [token], lease_ms: 60_000, max_messages: 1 },
    };
    const [{ "QUERY PLAN": [{ Plan: plan }] }] = await worker.sql`
      explain (analyze, buffers, format json) select public.email_queue_worker_work(${worker.sql.json(request)})`;
    buffers.push(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
    begun = claimed;
    claimed = await db.watch`
      select id as dispatch_id, token, message_ids[1] as message from email_queue_private.dispatch where token = ${token}`;
    assert.equal(claimed.length, 1, "each call claims one");
  }
  return buffers;
}

const median = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

test("a call for one message reads little more after three thousand of them than after fifty", async () => {
  // The plans are those for tables that were empty a moment ago.
  await db.watch.unsafe("vacuum analyze email_queue_private.dispatch, email_queue_private.ready, email_queue_private.message");
  const few = median((await singles(60)).slice(-20));
  await db.watch`
    insert into email_queue_private.dispatch (id, created_at, updated_at, settled_at, bytes, priority, attempts_allowed, type, lane, message_ids, member_attempts)
    select email_queue_private.new_id(), now(), now(), now(), 90, 2, 15, 'email', 'batch:a.example', '{}', '{}' from generate_series(1, 3000)`;
  const many = median((await singles(200)).slice(-20));
  // The indexes have one level more, and what was claimed is in them until the next vacuum.
  assert.ok(many <= few * 1.6, `${many} buffers instead of ${few}`);
});

test("a dispatch is locked and written by one subtransaction, so that a call makes no MultiXact", async () => {
  await singles(5);
  const rows = await db.watch`select xmin::text as written, xmax::text as locked from email_queue_private.dispatch where settled_at is not null`;
  assert.equal(rows.length, 3);
  for (const { written, locked } of rows) assert.ok(locked === "0" || locked === written, `locked by ${locked}, written by ${written}`);
});
