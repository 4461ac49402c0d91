// What the tests themselves do to the tables holds while a call is under way, as that of a worker which was killed.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { connect } from "../../scripts/lib/postgres.mjs";
import { waitFor } from "../../scripts/lib/stack.mjs";
import { Database } from "../faults/support/database.mjs";
import { mail, open } from "./testing.mjs";

test("time passes although another call locks the rows the other way round", async (t) => {
  const db = await open(1);
  t.after(db.close);
  const [late, own] = await Promise.all([connect(String(process.env.DATABASE_URL), { max: 1 }), connect(String(process.env.DATABASE_URL), { max: 1 })]);
  t.after(() => Promise.all([late.end(), own.end()]));
  await db.sql`select public.email_queue_enqueue_many(${db.sql.json([mail()])})`;
  const before = await due();

  await late`begin`;
  await late`update email_queue_private.ready set run_at = run_at`;
  const passed = new Database(own).passTime("1 hour");
  const [{ pid }] = await late`select pg_backend_pid() as pid`;
  const waits = async () => (await db.watch`select exists (select from pg_stat_activity where ${pid} = any (pg_blocking_pids(pid))) as waits`)[0].waits;
  await waitFor(waits, { what: "the change to wait for the call" });
  // PostgreSQL ends the transaction that has waited longer.
  await late`update email_queue_private.message set run_at = run_at`;
  await late`commit`;
  await passed;
  assert.equal(before - await due(), 3_600_000);

  async function due() {
    return Number((await db.watch`select run_at from email_queue_private.ready`)[0].run_at);
  }
});
