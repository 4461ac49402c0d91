// What a claim costs by the number of sender domains that have mail, and how long one mail of a small domain waits beside them.
import fs from "node:fs";
import { connect } from "../../stack.mjs";
import { startCluster } from "../cluster.mjs";
import { ours } from "../queues/index.mjs";
import { fillSql } from "../queues/ours.mjs";
import { figure, median } from "../stats.mjs";

/** Of a claim with one domain: with 10,000, with 100,000, with half of them paused. */
const GOALS = { many: 1.5, most: 2, paused: 2 };
const GOAL_CLAIMS = 2;
/** Mails of each domain, and of each dispatch, so that the dispatches are equal. */
const EACH = 10;

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function lanes({ log, quick }) {
  const counts = quick ? [1, 100, 10_000] : [1, 100, 10_000, 100_000];
  const times = quick ? 5 : 40;
  const cluster = await startCluster();
  try {
    const admin = await cluster.database(ours);
    /** @type {({name: string} & Awaited<ReturnType<typeof cost>>)[]} */
    const costs = [];
    for (const count of counts) {
      await queue(admin, count);
      costs.push({ name: count === 1 ? "1 domain" : `${whole(count)} domains`, ...await cost(cluster, times) });
      log(`${whole(count)} domains: ${figure(costs.at(-1)?.one ?? 0)} µs`);
      if (count !== 10_000) continue;
      await admin.unsafe(`insert into email_queue_private.paused_domain (domain, paused_at, reason) select 'd' || n || '.example', now(), 'bench' from generate_series(2, 10000, 2) as n`);
      costs.push({ name: "10,000 domains, half of them paused", ...await cost(cluster, times) });
      await admin.unsafe("delete from email_queue_private.paused_domain where true");
    }
    const claims = await fairness(admin, quick ? 10_000 : 100_000);
    log(`one mail beside them leaves with claim ${claims}`);
    const first = costs[0];
    const factor = (/** @type {string} */ name) => (costs.find((c) => c.name === name)?.one ?? NaN) / (first?.one ?? NaN);
    const goal = (/** @type {string} */ name, /** @type {number} */ most) =>
      ({ text: `CPU of a claim with ${name}: at most ${most} × that with one`, found: `${figure(factor(name))} ×`, met: Number.isNaN(factor(name)) ? null : factor(name) <= most });
    return {
      tables: [{
        title: `A claim of one and of four dispatches of ${EACH}, CPU µs, and what else is asked, by the sender domains that have ${EACH} mails each (one: 1,000)`,
        columns: ["sender domains", "one dispatch", "four", "buffers of one", "next_due_ms", "remaining"],
        rows: costs.map(({ name, one, four, buffers, next, remaining }) => [name, figure(one), figure(four), String(buffers), figure(next), figure(remaining)]),
      }],
      goals: [
        goal("10,000 domains", GOALS.many), goal("100,000 domains", GOALS.most), goal("10,000 domains, half of them paused", GOALS.paused),
        { text: `one mail, beside 100,000 of another domain, 5,000 paused domains and 5,000 with scheduled mail: at most ${GOAL_CLAIMS} claims`, found: String(claims), met: claims <= GOAL_CLAIMS },
      ],
      plots: [],
      raw: { costs, claims },
    };
  } finally {
    await cluster.stop();
  }
}

const whole = (/** @type {number} */ value) => value.toLocaleString("en-GB");

/** @param {any} sql @param {string} domain an expression of n @param {number} count @param {number} each @param {string} delay */
const fill = async (sql, domain, count, each, delay) => void await sql.unsafe(fillSql(count, delay, { domain, each }));

/** @param {any} sql @param {number} count */
async function queue(sql, count) {
  await ours.clear(sql);
  await fill(sql, "'d' || n", count, count === 1 ? 1000 : EACH, "-1 hour");
  await sql.unsafe("vacuum analyze");
}

/** Of calls that are undone, so that each finds the same. @param {import("../cluster.mjs").Cluster} cluster @param {number} times */
async function cost(cluster, times) {
  const sql = await connect(cluster.postgres.urlOf(ours.database), { max: 1 });
  try {
    const [{ pid }] = await sql`select pg_backend_pid() as pid`;
    const claim = (/** @type {number} */ tokens) => `select public.email_queue_worker_work(jsonb_build_object('claim', jsonb_build_object('max_messages', ${EACH},
      'tokens', (select jsonb_agg(gen_random_uuid()) from generate_series(1, ${tokens})))))`;
    const of = async (/** @type {string} */ call) => {
      const all = [];
      for (let n = -5; n < times; n++) {
        await sql.unsafe("begin");
        const before = cpu(pid);
        await sql.unsafe(call);
        if (n >= 0) all.push(cpu(pid) - before);
        await sql.unsafe("rollback");
      }
      return median(all);
    };
    const [{ "QUERY PLAN": [plan] }] = await sql.unsafe(`explain (analyze, buffers, format json) ${claim(1)}`);
    return {
      one: await of(claim(1)), four: await of(claim(4)), buffers: plan.Plan["Shared Hit Blocks"] + plan.Plan["Shared Read Blocks"],
      next: await of("select email_queue_private.next_due_ms('email', null)"), remaining: await of("select email_queue_private.remaining('email')"),
    };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Claims until the mail of a small domain leaves, beside so many of another. @param {any} sql @param {number} many */
async function fairness(sql, many) {
  await ours.clear(sql);
  await fill(sql, "'big'", many, 1, "-1 hour");
  await fill(sql, "'p' || n", 5_000, EACH, "-1 hour");
  await fill(sql, "'s' || n", 5_000, 1, "1 day");
  await sql.unsafe("select public.email_queue_pause('bench', 'p' || n || '.example') from generate_series(1, 5000) as n");
  const claim = "select public.email_queue_worker_work(jsonb_build_object('claim', jsonb_build_object('tokens', jsonb_build_array(gen_random_uuid()))))";
  for (let n = 0; n < 20; n++) await sql.unsafe(claim);
  await fill(sql, "'small'", 1, 1, "0");
  for (let n = 1; ; n++) {
    await sql.unsafe(claim);
    if ((await sql`select 1 from email_queue_private.dispatch where lane = 'batch:small.example'`).length > 0) return n;
  }
}

/** Microseconds; Linux counts them in nanoseconds here. @param {number} pid */
const cpu = (pid) => Number(fs.readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1000;
