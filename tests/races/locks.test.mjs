// What a login of somebody else's can hold up: nothing.
import assert from "node:assert/strict";
import process from "node:process";
import { after, beforeEach, test } from "node:test";
import { connect } from "../../scripts/lib/postgres.mjs";
import { open, token } from "./testing.mjs";

const db = await open();
const a = await db.session();
await db.watch`drop role if exists email_queue_stranger`;
await db.watch`create role email_queue_stranger login`;
const address = new URL(process.env.DATABASE_URL ?? "");
address.username = "email_queue_stranger";
const stranger = await connect(String(address), { max: 1 });
beforeEach(db.empty);
after(async () => {
  await stranger.end({ timeout: 1 });
  await db.watch`drop role email_queue_stranger`;
  await db.close();
});

test("advisory locks that a stranger holds stop no request", async () => {
  // The numbers that the queue had once, which anybody can work out.
  for (const name of ["email_queue_slot", "email_queue_budget", "email_queue_wake"]) {
    await stranger`select pg_advisory_lock(hashtext(${name}), 0)`;
  }
  await a.enqueue();
  const dispatch = await a.free(a.claim(token(1)));
  assert.equal((await a.free(a.start(dispatch))).state, "begun");
  assert.equal(await a.free(a.settle(dispatch, { answer: "unknown", rest: "freeze", signals: { rate_limit: 5 } })), "applied");
  await stranger`select pg_advisory_unlock_all()`;
});

test("the locks of the queue are refused to a stranger", async () => {
  for (const table of ["slot_lock", "budget_lock"]) {
    await assert.rejects(stranger.unsafe(`begin; lock table email_queue_private.${table} in exclusive mode`), { code: "42501" });
    await stranger.unsafe("rollback");
  }
});
