// What a claim costs by the number of sender domains that have mail, and how long one mail of a small domain waits beside them.
import fs from "node:fs";
import { connect } from "../../stack.mjs";
import { startCluster } from "../cluster.mjs";
import { ours } from "../queues/index.mjs";
import { fillSql } from "../queues/ours.mjs";
import { figure, median, ratio, spread, withRange } from "../stats.mjs";

/** Of a claim with one domain: with 10,000, with 100,000, with half of them paused. */
const GOALS = { many: 1.5, most: 2, paused: 2 };
const GOAL_CLAIMS = 2;
/** Mails of each domain, and of each dispatch, so that the dispatches are equal. */
const EACH = 10;
/** Calls of a connection that load catalogs and make plans. */
const WARMUP = 5;

/** @typedef {{name: string, domains: number, paused?: boolean}} Case @typedef {{one: number, four: number}} Cost */

const ONE = "1 domain";

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function lanes({ log, quick, rounds }) {
  const [many, most] = quick ? [1_000, 2_000] : [10_000, 100_000];
  const names = { many: domains(many), most: domains(most), paused: `${domains(many)}, half of them paused` };
  /** @type {Case[]} */
  const cases = [
    { name: ONE, domains: 1 }, { name: domains(100), domains: 100 }, { name: names.many, domains: many },
    { name: names.paused, domains: many, paused: true }, { name: names.most, domains: most },
  ];
  const cluster = await startCluster();
  try {
    /** @type {Map<Case, Awaited<ReturnType<typeof counts>>>} */
    const once = new Map();
    for (const one of cases) {
      const sql = await cluster.database({ ...ours, database: databaseOf(one) });
      await queue(sql, one);
      once.set(one, await counts(cluster, one));
      log(`${one.name}: ${once.get(one)?.buffers} buffers a claim`);
    }
    /** @type {Map<Case, Cost>[]} */
    const costs = [];
    for (let round = 0; round < rounds; round++) {
      const cost = await claims(cluster, cases, quick ? 5 : 40);
      costs.push(cost);
      log(`round ${round + 1}: ${[...cost].map(([{ name }, { one }]) => `${name} ${figure(one)} µs`).join(", ")}`);
    }
    const claimed = await fairness(await cluster.database(ours), quick ? 10_000 : 100_000);
    log(`one mail beside them leaves with claim ${claimed}`);
    const of = (/** @type {string} */ name, /** @type {keyof Cost} */ which) => costs.flatMap((round) => [...round].filter(([one]) => one.name === name).map(([, cost]) => cost[which]));
    const goal = (/** @type {string} */ name, /** @type {number} */ most) => {
      const factor = ratio(of(name, "one"), of(ONE, "one"));
      return { text: `CPU of a claim with ${name}: at most ${most} × that with one`, found: `${withRange(factor)} ×`, met: factor.median <= most };
    };
    return {
      tables: [{
        title: `A claim of one and of four dispatches of ${EACH}, CPU µs, and what else is asked, by the sender domains that have ${EACH} mails each (one: 1,000)`,
        columns: ["sender domains", "one dispatch", "four", "buffers of one", "next_due_ms", "remaining"],
        rows: [...once].map(([{ name }, { buffers, next, remaining }]) =>
          [name, withRange(spread(of(name, "one"))), withRange(spread(of(name, "four"))), String(buffers), figure(next), figure(remaining)]),
      }],
      goals: [
        goal(names.many, GOALS.many), goal(names.most, GOALS.most), goal(names.paused, GOALS.paused),
        { text: `one mail, beside 100,000 of another domain, 5,000 paused domains and 5,000 with scheduled mail: at most ${GOAL_CLAIMS} claims`, found: String(claimed), met: claimed <= GOAL_CLAIMS },
      ],
      plots: [],
      raw: { once: [...once], costs: costs.map((round) => [...round]), claimed },
    };
  } finally {
    await cluster.stop();
  }
}

const domains = (/** @type {number} */ count) => `${count.toLocaleString("en-GB")} domains`;

/** @param {any} sql @param {string} domain an expression of n @param {number} count @param {number} each @param {string} delay */
const fill = async (sql, domain, count, each, delay) => void await sql.unsafe(fillSql(count, delay, { domain, each }));

const databaseOf = (/** @type {Case} */ { domains, paused }) => `bench_lanes_${domains}${paused ? "_paused" : ""}`;

/** @param {any} sql @param {Case} one */
async function queue(sql, { domains, paused }) {
  await fill(sql, "'d' || n", domains, domains === 1 ? 1000 : EACH, "-1 hour");
  if (paused) await sql.unsafe(`insert into email_queue_private.paused_domain (domain, paused_at, reason) select 'd' || n || '.example', now(), 'bench' from generate_series(2, ${domains}, 2) as n`);
  // A queue remembers the lane of its last dispatch, and goes on from there.
  await sql.unsafe(claimSql(1));
  await sql.unsafe("vacuum analyze");
}

const claimSql = (/** @type {number} */ tokens) => `select public.email_queue_worker_work(jsonb_build_object('claim', jsonb_build_object('max_messages', ${EACH},
  'tokens', (select jsonb_agg(gen_random_uuid()) from generate_series(1, ${tokens})))))`;

/** What a call costs in a connection to a case's database, in microseconds of CPU. It is undone, so that the next one finds the same. @param {import("../cluster.mjs").Cluster} cluster @param {Case} one */
async function open(cluster, one) {
  const sql = await connect(cluster.postgres.urlOf(databaseOf(one)), { max: 1 });
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const cost = async (/** @type {string} */ call) => {
    await sql.unsafe("begin");
    const before = cpu(pid);
    await sql.unsafe(call);
    const after = cpu(pid);
    await sql.unsafe("rollback");
    return after - before;
  };
  return { sql, cost, close: () => sql.end({ timeout: 1 }) };
}

/** Call by call in turns: what slows the machine down for a while slows all cases. @param {import("../cluster.mjs").Cluster} cluster @param {Case[]} cases @param {number} times @returns {Promise<Map<Case, Cost>>} medians */
async function claims(cluster, cases, times) {
  const opened = await Promise.all(cases.map((one) => open(cluster, one)));
  const medians = async (/** @type {number} */ tokens) => {
    const all = opened.map(() => /** @type {number[]} */ ([]));
    for (let n = -WARMUP; n < times; n++) {
      for (const [index, { cost }] of opened.entries()) {
        const took = await cost(claimSql(tokens));
        if (n >= 0) all[index]?.push(took);
      }
    }
    return all.map(median);
  };
  const [one, four] = [await medians(1), await medians(4)];
  await Promise.all(opened.map(({ close }) => close()));
  return new Map(cases.map((each, index) => [each, { one: one[index] ?? NaN, four: four[index] ?? NaN }]));
}

/** @param {import("../cluster.mjs").Cluster} cluster @param {Case} one */
async function counts(cluster, one) {
  const { sql, cost, close } = await open(cluster, one);
  const often = async (/** @type {string} */ call) => median([await cost(call), await cost(call), await cost(call)]);
  const next = await often("select email_queue_private.next_due_ms('email', null)");
  const remaining = await often("select email_queue_private.remaining('email')");
  await often(claimSql(1));
  await sql.unsafe("begin");
  const [{ "QUERY PLAN": [plan] }] = await sql.unsafe(`explain (analyze, buffers, format json) ${claimSql(1)}`);
  await sql.unsafe("rollback");
  await close();
  return { buffers: plan.Plan["Shared Hit Blocks"] + plan.Plan["Shared Read Blocks"], next, remaining };
}

/** Claims until the mail of a small domain leaves, beside so many of another. @param {any} sql @param {number} many */
async function fairness(sql, many) {
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
