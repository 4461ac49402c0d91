// 5,000 random operations over eight connections: no deadlock, no error, and every message in one place at the end.
//
// RACES_SEED replays the choices (not the order in which the connections come through), RACES_OPERATIONS sets their number.
import assert from "node:assert/strict";
import process from "node:process";
import { after, test } from "node:test";
import { mail, open } from "./testing.mjs";

const SEED = Number(process.env.RACES_SEED ?? Math.floor(Math.random() * 2 ** 31));
const OPERATIONS = Number(process.env.RACES_OPERATIONS ?? 5_000);
const CONNECTIONS = 8;

const db = await open(CONNECTIONS);
after(db.close);

/** mulberry32 @param {number} seed */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All workers share what they hold, so that they fight over dispatches. @type {any[]} */
const held = [];
const counts = new Map();

/** @param {() => number} dice */
function chooser(dice) {
  const below = (/** @type {number} */ n) => Math.floor(dice() * n);
  const one = (/** @type {any[]} */ list) => list[below(list.length)];
  const uuid = () => `${[8, 4].map(hex).join("-")}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  const hex = (/** @type {number} */ n) => Array.from({ length: n }, () => below(16).toString(16)).join("");
  return { below, one, uuid };
}

/** @param {any} dispatch @param {ReturnType<typeof chooser>} choose */
function settleOf({ dispatch_id, token, messages }, { below, one }) {
  const [answer, rest] = one([
    ["definite", "complete"], ["definite", "complete"], ["definite", "complete"], ["definite", "fail"], ["definite", "split"],
    ["definite", "retry"], ["unknown", "freeze"], ["unknown", "freeze"], ["none", "release"], ["none", "keep"],
  ]);
  const members = below(4) > 0 || rest === "split" || rest === "freeze" ? [] : [{ id: one(messages).id, outcome: "failed" }];
  const signals = one([undefined, undefined, { answered: true }, { answered: false }, { cooldown_ms: 1 }]);
  return { dispatch_id, token, answer, rest, members, delay_ms: below(20), counted: below(2) === 0, error: { class: "test" }, signals };
}

/** One operation of one connection. @param {any} sql @param {ReturnType<typeof chooser>} choose */
async function operate(sql, choose) {
  const { below, one, uuid } = choose;
  const some = () => (held.length > 0 ? [one(held)] : []);
  const begins = () =>
    some().map(({ dispatch_id, token }) => ({
      dispatch_id, token, endpoint: "batch", wire_version: 1, key_window_ms: below(5) ? 82_800_000 : null, timeout_ms: below(2) * 30_000 + 1, margin_ms: 1, max_wait_ms: 2_000,
    }));
  const kind = one(["enqueue", "enqueue", "work", "work", "work", "work", "work", "expire", "due", "extend", "release", "read", "cancel", "redrive", "pause"]);
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
  switch (kind) {
    case "enqueue": {
      const list = Array.from({ length: 1 + below(12) }, () =>
        mail({ priority: below(4), max_attempts: 1 + below(5), dedup_key: below(2) ? `k${below(400)}` : undefined, payload: { from: `x@${one(["a", "b", "c"])}.example` } }));
      return void await sql`select public.email_queue_enqueue_many(${sql.json(list)})`;
    }
    case "work": {
      const claim = { type: "email", tokens: [uuid(), uuid()].slice(below(2)), lease_ms: one([1, 20, 60_000]), max_messages: 1 + below(20) };
      const request = {
        settles: below(3) ? [...some(), ...some()].map((d) => settleOf(d, choose)) : [],
        begins: [...begins(), ...begins()],
        claim: below(3) ? claim : null,
        count_remaining: below(10) === 0,
      };
      const [{ r }] = await sql`select public.email_queue_worker_work(${sql.json(request)}) as r`;
      held.push(...(r.claims ?? []));
      while (held.length > 40) held.splice(below(held.length), 1);
      const bad = [...r.settles, ...r.begins].find((s) => s.result === "error" || s.state === "error");
      assert.equal(bad, undefined, "no step failed in the database");
      assert.equal(r.claim_error, null);
      for (const { dispatch_id, result, state } of [...r.settles, ...r.begins]) {
        const what = result ?? state;
        counts.set(what, (counts.get(what) ?? 0) + 1);
        // Most of what is lost is forgotten, or nothing else would be tried any more.
        const index = held.findIndex((d) => d.dispatch_id === dispatch_id);
        if (index >= 0 && ["lost", "already"].includes(what) && below(4) > 0) held.splice(index, 1);
      }
      return;
    }
    case "expire":
      return void await sql`update email_queue_private.dispatch set visible_at = clock_timestamp() where id = any (array(
        select id from email_queue_private.dispatch where token is not null limit ${1 + below(4)} for update skip locked))`;
    case "due":
      return void await sql`update email_queue_private.ready set run_at = clock_timestamp() where id = any (array(
        select id from email_queue_private.ready where run_at > clock_timestamp() limit 50 for update skip locked))`;
    case "extend":
      for (const d of some()) await sql`select public.email_queue_extend(${d.dispatch_id}, ${d.token}, 1000)`;
      return;
    case "release":
      for (const d of some()) await sql`select public.email_queue_settle(${sql.json({ dispatch_id: d.dispatch_id, token: d.token, answer: "none", counted: false, members: [], rest: d.frozen ? "freeze" : "release" })})`;
      return;
    case "read":
      return void await sql`select public.email_queue_list(${one(["pending", "processing", "failed", "completed"])}, null, 5)`;
    case "cancel":
      return void await sql`select public.email_queue_cancel(id) from (select id from email_queue_private.message order by id desc offset ${below(30)} limit 1) as m`;
    case "redrive":
      return void await sql`select public.email_queue_redrive(null, '{}', false, true, 5)`;
    case "pause":
      await sql`select public.email_queue_pause('test', ${one(["a.example", "b.example"])})`;
      return void await sql`select public.email_queue_resume(d) from unnest(array['a.example', 'b.example', null]) as d`;
  }
}

test(`${OPERATIONS} random operations over ${CONNECTIONS} connections (RACES_SEED=${SEED})`, async (t) => {
  const deadlocks = async () => {
    await db.watch`select pg_stat_force_next_flush()`;
    return (await db.watch`select deadlocks::integer as n from pg_stat_database where datname = current_database()`)[0].n;
  };
  const before = await deadlocks();
  await db.watch`update email_queue_private.setting set retry_base_ms = 1, retry_cap_ms = 1`;
  let left = OPERATIONS;
  await Promise.all(Array.from({ length: CONNECTIONS }, async (_, i) => {
    const choose = chooser(random(SEED + i));
    const sql = await db.sql.reserve();
    while (left-- > 0) await operate(sql, choose);
    sql.release();
  }));
  await db.watch`update email_queue_private.setting set retry_base_ms = 30000, retry_cap_ms = 3600000`;
  t.diagnostic([...counts].map(([what, n]) => `${what} ${n}`).sort().join(", "));
  const ends = await db.watch`select coalesce(reason, status, 'open') as what, count(*)::integer as n from email_queue_private.message group by 1 order by 1`;
  t.diagnostic(ends.map((/** @type {any} */ e) => `${e.n} ${e.what}`).join(", "));
  assert.equal(await deadlocks(), before, "no deadlock");
  assert.equal(await db.misplaced(), 0, "every message is in one place");
  for (const what of ["applied", "already", "lost", "invalid", "begun"]) assert.ok((counts.get(what) ?? 0) > 10, `some were ${what}`);
});
