// What operators read, with a million messages: how long each call takes, whether it walks a table, what a run feels of it, and what an
// enqueue pays for it.
import { connect, sleep } from "../../stack.mjs";
import { startCluster } from "../cluster.mjs";
import { enqueueCost } from "../enqueue-cost.mjs";
import { pgbench } from "../pgbench.mjs";
import { ours } from "../queues/index.mjs";
import { payloadSql } from "../queues/payload.mjs";
import { alternate, figure, percentile, ratio, spread, withRange } from "../stats.mjs";

/** Of pgmq.send's 42 µs, and of what a commit writes anyway. */
const [GOAL_SHARE, GOAL_WAL] = [0.3, 120];
const GOAL_SLOWER = 0.95;
/** Ten calls a second: more than several people and a monitor make. */
const EVERY_MS = 100;

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function search({ log, quick, rounds }) {
  const count = quick ? 20_000 : 1_000_000;
  const cluster = await startCluster();
  try {
    const sql = await cluster.database(ours);
    const costs = await enqueueCost(cluster, 4 * rounds, quick ? 200 : 1000);
    for (const [name, { cpu, wal }] of costs) log(`enqueue, ${name}: ${withRange(cpu)} µs, ${figure(wal.median)} bytes of WAL`);
    await fill(sql, count, log);
    const calls = await reads(sql);
    const times = [];
    for (const [name, call] of calls) {
      times.push({ name, ...await time(sql, call, quick ? 10 : 30) });
      log(`${name}: p50 ${figure(times.at(-1)?.p50 ?? 0)} ms`);
    }
    const claims = await beside(cluster, sql, calls, quick, rounds, log);
    const walked = times.filter(({ scans }) => scans > 0).map(({ name }) => name);
    return { tables: tables(count, times, claims, costs), goals: goals(count, walked, claims, costs), plots: [], raw: { times, claims, costs: [...costs] } };
  } finally {
    await cluster.stop();
  }
}

/** @typedef {{name: string, p50: number, max: number, scans: number}} Time @typedef {{alone: number[], beside: number[]}} Claims @typedef {Awaited<ReturnType<typeof enqueueCost>>} Costs */

/** Messages that have ended, some of them dead letters, and some that wait; to 200,000 addresses, and one in a thousand to Ann. @param {any} sql @param {number} count @param {(text: string) => void} log */
async function fill(sql, count, log) {
  await ours.clear(sql);
  await sql.unsafe("truncate email_queue_private.further_addressee, email_queue_private.event");
  for (let done = 0; done < count; done += 100_000) {
    await sql.unsafe(`
      with item as materialized (
        select email_queue_private.new_id() as id, n, clock_timestamp() as at, ${payloadSql("n")} as payload from generate_series(1, 100000) as n
      ), body as (insert into email_queue_private.body (id, payload) select id, payload from item),
      event as (insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id)
        select id, 0, case when n % 100 = 0 then 'email.bounced' else 'email.delivered' end, id, 'user-' || n || '@customer.example', at, at, id from item where n % 10 = 0)
      insert into email_queue_private.message (id, created_at, run_at, priority, max_attempts, bytes, type, status, reason, completed_at, attempts,
        dispatch_id, provider_message_id, metadata, addressee)
      select id, at, at, 2, 15, octet_length(payload::text), 'email', case when n % 50 = 0 then 'failed' else 'completed' end, case when n % 50 = 0 then 'rejected' end,
        at, 1, id, id::text, case when n % 10 = 0 then jsonb_build_object('order', n, 'kind', 'order') end,
        case when n % 1000 = 0 then email_queue_private.address_hash('ann@customer.example', email_queue_private.hash_key())
          else md5((n + ${done} % 200000)::text)::uuid end
      from item`);
    log(`${done + 100_000} messages`);
  }
  await ours.fill(sql, 10_000);
  await sql.unsafe("vacuum analyze");
}

/** The calls of the commands. @param {any} sql @returns {Promise<[string, string][]>} */
async function reads(sql) {
  const [{ id }] = await sql`select id from email_queue_private.message where addressee is not null order by id offset 1000 limit 1`;
  const find = (/** @type {object} */ filter) => `select public.email_queue_search('${JSON.stringify(filter)}', 50)`;
  return [
    ["stats", "select public.email_queue_stats()"],
    ["list: completed", "select public.email_queue_list('completed', p_limit => 50)"],
    ["list: pending", "select public.email_queue_list('pending', p_limit => 50)"],
    ["dead letters", "select public.email_queue_dead_letters('{}', 50)"],
    ["show", `select public.email_queue_show('${id}')`],
    ["events", `select public.email_queue_events('${id}')`],
    ["runs", "select public.email_queue_runs(50)"],
    ["audit", "select public.email_queue_audit('{}', 50)"],
    ["search: everything", find({})],
    ["search: a recipient with 1 in 1,000", find({ recipient: "ann@customer.example" })],
    ["search: a recipient that has none, and similar ones", find({ recipient: "nobody@another.example" })],
    ["search: a subject that many have", find({ subject: "Order" })],
    ["search: a subject that none has", find({ subject: "Invoice" })],
    ["search: metadata that few have", find({ metadata: { order: 70 } })],
    ["search: metadata that 1 in 10 has", find({ metadata: { kind: "order" } })],
    ["search: bounced", find({ delivery: "bounced" })],
    ["search: delivered", find({ delivery: "delivered" })],
    ["search: failed", find({ status: "failed" })],
    ["search: a template that none has", find({ template: "welcome" })],
  ];
}

/** @param {any} sql @param {string} call @param {number} times */
async function time(sql, call, times) {
  const all = [];
  const scans = async () => Number((await sql`select coalesce(sum(pg_stat_get_xact_numscans(oid)), 0) as n from pg_class
    where oid in ('email_queue_private.message'::regclass, 'email_queue_private.body'::regclass)`)[0].n);
  await sql.unsafe("begin");
  const before = await scans();
  for (let n = 0; n <= times; n++) {
    const began = performance.now();
    await sql.unsafe(call);
    if (n > 0) all.push(performance.now() - began);
  }
  const walked = await scans() - before;
  await sql.unsafe("rollback");
  return { p50: percentile(all, 0.5), max: Math.max(...all), scans: walked };
}

/** Claims and settles alone, and while somebody asks. @param {import("../cluster.mjs").Cluster} cluster @param {any} sql @param {[string, string][]} calls @param {boolean} quick @param {number} rounds @param {(text: string) => void} log @returns {Promise<Claims>} */
async function beside(cluster, sql, calls, quick, rounds, log) {
  const reader = await connect(cluster.postgres.urlOf(ours.database), { max: 1 });
  const found = await alternate([false, true], rounds, async (asks) => {
    await ours.fill(sql, quick ? 6_000 : 20_000);
    let over = false;
    const asking = (async () => {
      for (let n = 0; asks && !over; n++) {
        await reader.unsafe(calls[n % calls.length]?.[1] ?? "");
        await sleep(EVERY_MS);
      }
    })();
    const { p50 } = await pgbench({ ...cluster, sql, queue: ours, size: 100, clients: 1, calls: quick ? 50 : 180 });
    over = true;
    await asking;
    log(`a claim and settle of 100 ${asks ? "beside the calls" : "alone"}: p50 ${figure(p50)} ms`);
    return p50;
  });
  await reader.end({ timeout: 1 });
  return { alone: found.get(false) ?? [], beside: found.get(true) ?? [] };
}

/** @param {Costs} costs @param {"one" | "two"} of @param {"cpu" | "wal"} what */
const more = (costs, of, what) => {
  const name = of === "one" ? "one recipient" : "two recipients";
  const [those, without] = [costs.get(name)?.[what].rounds ?? [], costs.get(`${name}, without the search`)?.[what].rounds ?? []];
  return spread(those.map((value, index) => value - (without[index] ?? NaN)));
};

/** @param {number} count @param {Time[]} times @param {Claims} claims @param {Costs} costs @returns {import("../main.mjs").Table[]} */
const tables = (count, times, claims, costs) => [
  {
    title: `Milliseconds of a call, with ${count.toLocaleString("en-GB")} messages`,
    columns: ["call", "p50", "longest", "walks over a table of messages"],
    rows: times.map(({ name, p50, max, scans }) => [name, figure(p50), figure(max), String(scans)]),
    note: "Pages of 50. What has no index is looked for among 10,000 messages a call.",
  },
  { title: "A claim and settle of 100 beside ten calls a second", columns: ["alone, ms", "beside, ms", "ratio"],
    rows: [[withRange(spread(claims.alone)), withRange(spread(claims.beside)), withRange(ratio(claims.beside, claims.alone))]] },
  { title: "What an enqueue pays", columns: ["", "CPU µs a call", "bytes of WAL"], rows: [...costs].map(([name, { cpu, wal }]) => [name, withRange(cpu), figure(wal.median)]) },
];

/** @param {number} count @param {string[]} walked @param {Claims} claims @param {Costs} costs @returns {import("../main.mjs").Goal[]} */
function goals(count, walked, claims, costs) {
  const send = costs.get("pgmq.send")?.cpu.median;
  const [cpu, wal] = [more(costs, "one", "cpu"), more(costs, "one", "wal")];
  const slower = ratio(claims.alone, claims.beside);
  return [
    { text: `no read walks a table of ${count.toLocaleString("en-GB")} messages`, found: walked.join(", ") || "none does", met: walked.length === 0 },
    { text: `a claim beside ten calls a second: at least ${GOAL_SLOWER} × alone`, found: `${withRange(slower)} ×`, met: slower.median >= GOAL_SLOWER },
    { text: `the search costs an enqueue at most ${GOAL_SHARE} × pgmq.send's CPU`, found: send ? `${figure(cpu.median / send)} × (${withRange(cpu)} µs)` : "no pgmq", met: send ? cpu.median <= GOAL_SHARE * send : null },
    { text: `and at most ${GOAL_WAL} bytes of WAL, with one recipient`, found: `${figure(wal.median)} bytes`, met: wal.median <= GOAL_WAL },
  ];
}
