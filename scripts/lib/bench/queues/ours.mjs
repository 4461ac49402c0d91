// This project: settle, begin and claim travel in one call, as a run makes them.
import fs from "node:fs";
import path from "node:path";
import { outputOf } from "../../host.mjs";
import { ROOT } from "../../stack.mjs";
import { payloadSql } from "./payload.mjs";

/** The arguments of the next call; the settle of a dispatch waits one call longer than its begin. */
const WRAPPER = `
create schema bench;
create function bench.step(p_begin text, p_settle text, p_claimed text, p_size integer,
  out next_begin text, out next_settle text, out claimed text, out response text)
language plpgsql set enable_seqscan = off as $$
declare
  v_token uuid := gen_random_uuid();
begin
  response := public.email_queue_worker_work(format(
    '{"settles": [%s], "begins": [%s], "claim": {"tokens": ["%s"], "max_messages": %s}}', p_settle, p_begin, v_token, p_size)::jsonb);
  next_settle := p_claimed;
  -- What a worker makes of the answer is not the database's work: so it is not parsed here.
  select format('{"dispatch_id": "%s", "token": "%s", "endpoint": "batch", "wire_version": 1, "key_window_ms": 82800000, "timeout_ms": 15000, "margin_ms": 5000}', d.id, v_token),
    format('{"dispatch_id": "%s", "token": "%s", "answer": "definite", "members": [{"outcome": "completed", "provider_message_id": "0195f3a2-3c4d-7e5f-8a6b-7c8d9e0f1a2b", "id": "%s"}], "signals": {"answered": true}}',
      d.id, v_token, array_to_string(d.message_ids, '"}, {"outcome": "completed", "provider_message_id": "0195f3a2-3c4d-7e5f-8a6b-7c8d9e0f1a2b", "id": "'))
  into next_begin, claimed from email_queue_private.dispatch as d where d.token = v_token;
end
$$;`;

const TABLES = ["ready", "dispatch", "message", "body"].map((name) => `email_queue_private.${name}`);

/**
 * What an enqueue of so many messages would have left, without its checks.
 * @param {number} count @param {string} delay @param {import("./index.mjs").Content & {domain?: string, each?: number}} [content] domain: of the sender, by n; each: messages for each n
 */
export const fillSql = (count, delay, { payload = payloadSql, alone = false, domain = "'shop'", each = 1 } = {}) => `
  with item as materialized (
    select email_queue_private.new_id() as id, n, clock_timestamp() + interval '${delay}' as at, ${payload("n")} as payload
    from generate_series(1, ${count}) as n cross join generate_series(1, ${each})
  ), message as (
    insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type)
    select id, at, at, 2, 15, octet_length(payload::text), 'email' from item
  ), body as (
    insert into email_queue_private.body (id, payload) select id, payload from item
  )
  insert into email_queue_private.ready (id, run_at, entered_at, bytes, priority, max_attempts, type, lane)
  select id, at, at, octet_length(payload::text), 2, 15, 'email', '${alone ? "single" : "batch"}:' || ${domain} || '.example' from item;
  -- It was enqueued here: see identity.
  select nextval('email_queue_private.enqueued_here')`;

/** @type {import("./index.mjs").Queue} */
export const ours = {
  name: "email-queue",
  keeps: "history, fencing, retries",
  database: "bench_ours",
  schema: "email_queue_private",
  version: async () => `commit ${outputOf("git", ["-C", ROOT, "describe", "--always", "--exclude=*"]) ?? "unknown"}`,
  // The first call only claims, the second only begins and claims.
  warmup: 2,
  variables: { begin: " ", settle: " ", claimed: " " },
  setup: async (sql) => {
    const folder = path.join(ROOT, "supabase/migrations");
    for (const file of fs.readdirSync(folder).sort()) await sql.unsafe(fs.readFileSync(path.join(folder, file), "utf8"));
    await sql.unsafe(WRAPPER);
    // The rate is the provider's, not the queue's: here nothing may wait for it.
    await sql.unsafe(`
      alter table email_queue_private.setting drop constraint setting_rate_limit_is_positive;
      insert into email_queue_private.setting (rate_limit) values (1e9);
      insert into email_queue_private.budget (answered) values (true);`);
  },
  clear: async (sql) => void await sql.unsafe(`truncate ${TABLES.join(", ")}`),
  fill: async (sql, count, content) => void await sql.unsafe(fillSql(count, "0", content)),
  schedule: async (sql, count) => void await sql.unsafe(fillSql(count, "1 day")),
  script: (size) => `select next_begin as begin, next_settle as settle, claimed, response from bench.step(:begin, :settle, :claimed, ${size}) \\gset\n`,
};

/** The same in a database with a past. @type {import("./index.mjs").Queue} */
export const oursWithHistory = {
  ...ours,
  name: "email-queue with history",
  database: "bench_history",
  clear: async (sql) => void await sql.unsafe(`truncate ${TABLES.slice(0, 2).join(", ")}`),
};

/** So many completed messages. @param {any} sql @param {number} count */
export async function addHistory(sql, count) {
  for (let done = 0; done < count; done += 100_000) {
    await sql.unsafe(`
      with item as materialized (
        select email_queue_private.new_id() as id, clock_timestamp() as at, ${payloadSql("n")} as payload
        from generate_series(1, ${Math.min(100_000, count - done)}) as n
      ), body as (
        insert into email_queue_private.body (id, payload) select id, payload from item
      )
      insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, status, completed_at,
        attempts, dispatch_id, provider_message_id)
      select id, at, at, 2, 15, octet_length(payload::text), 'email', 'completed', at, 1, id, id::text from item`);
  }
  await sql.unsafe("vacuum analyze");
}
