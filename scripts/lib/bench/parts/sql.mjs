// Claim and settle in the database, beside other queues on the same cluster.
import { addHistory, boss, graphile, naive, ours, oursWithHistory, pgmq, pgmqArchive } from "../queues/index.mjs";
import { connect } from "../../stack.mjs";
import { SETTINGS, startCluster } from "../cluster.mjs";
import { pgbench } from "../pgbench.mjs";
import { alternate, figure, ratio, spread, withRange } from "../stats.mjs";

/** @typedef {import("../queues/index.mjs").Queue} Queue @typedef {import("../pgbench.mjs").Cost} Cost */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {number} size @property {number} clients
 * @property {number} messages
 * @property {Queue[]} queues the first is compared with the others
 * @property {boolean} [compared] in several rounds
 * @property {number} [scheduled] so many for tomorrow beside them
 * @property {boolean} [held] a transaction is open meanwhile
 * @property {boolean} [whole] pages go into the WAL whole after a checkpoint, as in most databases
 */

/** No ratio is claimed for it. */
const ONCE = [naive];
/** Compared at 100 a time only. */
const LARGE = [pgmqArchive, naive];
const LONG = "1 at a time, 1 client, for long";

/** @param {boolean} quick @param {Queue[]} queues @returns {Case[]} */
function cases(quick, queues) {
  const many = quick ? 4_000 : 40_000;
  const peers = queues.filter((queue) => !LARGE.includes(queue));
  const beside = queues.includes(pgmq) ? [ours, pgmq] : [ours];
  /** @type {Case[]} */
  const compared = [
    { name: "100 at a time, 4 clients", size: 100, clients: 4, messages: many, queues, compared: true },
    { name: "100 at a time, 16 clients", size: 100, clients: 16, messages: many, queues, compared: true },
    { name: "100 at a time, 4 clients, history", size: 100, clients: 4, messages: many, queues: [oursWithHistory, ours], compared: true },
    {
      name: "100 at a time, 4 clients, an open transaction",
      ...{ size: 100, clients: 4, messages: quick ? 4_000 : 20_000, queues: beside, compared: true, held: true },
    },
  ];
  const single = [[100, 1], [10, 1], [10, 4], [10, 16], [1, 1], [1, 4], [1, 16]].map(([size = 0, clients = 0]) => ({
    name: `${size} at a time, ${clients} client${clients === 1 ? "" : "s"}`,
    ...{ size, clients, messages: Math.min(many / 4, clients * size * (size === 1 ? 150 : 60)), queues: peers, compared: size < 100 && clients === 4 },
  }));
  const scheduled = {
    name: "100 at a time, 4 clients, 100,000 scheduled",
    ...{ size: 100, clients: 4, messages: many, queues: peers, scheduled: 100_000 },
  };
  const more = [
    { name: "100 at a time, 4 clients, full_page_writes=on", size: 100, clients: 4, messages: many, queues: beside, compared: true, whole: true },
    { name: LONG, size: 1, clients: 1, messages: quick ? 1_000 : 20_000, queues: [ours], compared: true },
  ];
  if (!quick) return [...compared, scheduled, ...single, ...more];
  return [...compared, ...single, ...more].filter((one) => !one.queues.includes(oursWithHistory) && (one.clients === 4 || one.name === LONG));
}

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function sql(context) {
  const { log, quick, rounds } = context;
  const cluster = await startCluster();
  try {
    /** @type {Record<string, string>} */
    const versions = {};
    /** @type {Queue[]} */
    const queues = [];
    for (const queue of [ours, pgmq, pgmqArchive, graphile, boss, naive]) {
      const version = await queue.version();
      if (version === null) log(`${queue.name} is left out: neither cargo nor --pgmq gives its SQL`);
      else queues.push(queue);
      const [name = ""] = queue.name.split(",");
      if (version !== null && queue !== ours && queue !== naive) versions[name] = version;
    }
    if (!quick) {
      log("makes a history of 1,000,000 completed messages");
      await addHistory(await cluster.database(oursWithHistory), 1_000_000);
    }
    const results = [];
    for (const one of cases(quick, queues)) {
      const turn = async (/** @type {Queue} */ queue, /** @type {number} */ round) => {
        const cost = await measure(cluster, queue, one);
        log(`${one.name}, round ${round + 1}: ${queue.name} ${figure(cost.perSecond)} messages/s`);
        return cost;
      };
      const often = await alternate(one.queues.filter((queue) => !ONCE.includes(queue)), one.compared ? rounds : 1, turn);
      const once = await alternate(one.queues.filter((queue) => ONCE.includes(queue)), 1, turn);
      results.push({ ...one, found: new Map([...often, ...once]) });
    }
    return {
      tables: [...results.map(tableOf)],
      goals: goals(results, queues.includes(pgmq)),
      plots: plots(results),
      raw: results.map(({ queues: _, found, ...one }) => ({
        ...one,
        found: Object.fromEntries([...found].map(([queue, costs]) => [queue.name, costs.map(({ calls: _, ...cost }) => cost)])),
      })),
      versions,
    };
  } finally {
    await cluster.stop();
  }
}

/** @param {import("../cluster.mjs").Cluster} cluster @param {Queue} queue @param {Case} one */
async function measure(cluster, queue, { size, clients, messages, scheduled, held, whole }) {
  const { postgres, monitor } = cluster;
  const connection = await cluster.database(queue);
  const calls = Math.max(1, Math.round(messages / size / clients));
  await queue.clear(connection);
  await cluster.fullPageWrites(whole ? "on" : SETTINGS.full_page_writes);
  // Here, so that what was written before is not still on its way to the disk.
  await connection.unsafe("checkpoint");
  if (scheduled) await queue.schedule(connection, scheduled);
  // Some more, so that the last claims find full batches too.
  await queue.fill(connection, Math.ceil((calls + queue.warmup + 1) * clients * size * 1.1));
  await connection.unsafe("vacuum analyze");
  if (whole) await connection.unsafe("checkpoint");
  const holder = held ? await connect(postgres.urlOf(queue.database), { max: 1 }) : null;
  try {
    if (holder) await holder.unsafe("begin isolation level repeatable read; select txid_current()");
    return await pgbench({ postgres, monitor, sql: connection, queue, size, clients, calls });
  } finally {
    await holder?.end({ timeout: 1 });
  }
}

/** @typedef {Case & {found: Map<Queue, Cost[]>}} Found */

const speeds = (/** @type {Cost[]} */ costs) => costs.map(({ perSecond }) => perSecond);

/** @param {Found} result @returns {import("../main.mjs").Table} */
function tableOf({ name, found, messages }) {
  const [first] = found.values();
  const mine = speeds(first ?? []);
  return {
    title: `${name}; ${figure(messages)} messages`,
    columns: ["queue", "messages/s", "× the first", "first → last fifth", "ms a call, p50 / p99", "WAL bytes", "buffers", "dead tuples", "tables", "indexes"],
    rows: [...found].map(([queue, costs]) => {
      const of = (/** @type {(cost: Cost) => number} */ value) => spread(costs.map(value)).median;
      return [
        `${queue.name} (keeps ${queue.keeps})`,
        withRange(spread(speeds(costs))),
        costs === first ? "1" : withRange(ratio(speeds(costs), mine)),
        `${figure(of((cost) => cost.first))} → ${figure(of((cost) => cost.last))}`,
        `${figure(of((cost) => cost.p50))} / ${figure(of((cost) => cost.p99))}`,
        figure(of((cost) => cost.wal)),
        figure(of((cost) => cost.buffers)),
        figure(of((cost) => cost.dead)),
        `${figure(of((cost) => cost.tableBytes) / 1e6)} MB`,
        `${figure(of((cost) => cost.indexBytes) / 1e6)} MB`,
      ];
    }),
  };
}

/** @param {Found[]} results @param {boolean} withPgmq @returns {import("../main.mjs").Goal[]} */
function goals(results, withPgmq) {
  /** @type {import("../main.mjs").Goal[]} */
  const goals = [];
  const goal = (/** @type {string} */ text, /** @type {import("../stats.mjs").Spread} */ value, /** @type {(value: number) => boolean} */ holds) =>
    goals.push({ text, found: `${withRange(value)} ×`, met: holds(value.median) });
  const costs = (/** @type {string} */ name, /** @type {Queue} */ queue) => results.find((result) => result.name === name)?.found.get(queue) ?? [];
  for (const [size, clients, least] of /** @type {[number, number, number][]} */ ([[100, 4, 1], [100, 16, 0.9], [10, 4, 0.8], [1, 4, 0.65]])) {
    const name = `${size} at a time, ${clients} clients`;
    const mine = costs(name, ours);
    if (mine.length === 0) continue;
    const atLeast = (/** @type {string} */ text, /** @type {number} */ bound, /** @type {Queue} */ theirs) =>
      goal(`${text}: at least ${bound} × ${theirs.name}`, ratio(speeds(mine), speeds(costs(name, theirs))), (value) => value >= bound);
    const text = `claim and settle of ${size}, ${clients} clients`;
    if (withPgmq) atLeast(text, least, pgmq);
    else goals.push({ text: `${text}: pgmq`, found: "its SQL is missing: install cargo, or give --pgmq", met: null });
    if (size < 100) continue;
    if (withPgmq) {
      atLeast("the same", 1.2, pgmqArchive);
      goal("the same: at most 0.3 × the WAL of pgmq", ratio(mine.map(({ wal }) => wal), costs(name, pgmq).map(({ wal }) => wal)), (value) => value <= 0.3);
    }
    atLeast("the same", 1.5, boss);
    if (clients === 4) atLeast("the same", 1, graphile);
  }
  const past = "100 at a time, 4 clients, history";
  if (costs(past, ours).length > 0) {
    goal("with 1,000,000 completed messages: at least 0.95 × of without", ratio(speeds(costs(past, oursWithHistory)), speeds(costs(past, ours))), (value) => value >= 0.95);
  }
  const long = costs(LONG, ours);
  goal("20,000 claims of one: the last fifth at least 0.95 × as fast as the first", ratio(long.map(({ last }) => last), long.map(({ first }) => first)), (value) => value >= 0.95);
  const held = "100 at a time, 4 clients, an open transaction";
  if (withPgmq) goal("with a transaction held open: at least pgmq's", ratio(speeds(costs(held, ours)), speeds(costs(held, pgmq))), (value) => value >= 1);
  return goals;
}

/** @param {Found[]} results @returns {import("../plot.mjs").Plot[]} */
function plots(results) {
  const shown = results.filter(({ name }) => /^100 at a time, (4|16) clients$/.test(name));
  const names = [...new Set(shown.flatMap(({ found }) => [...found.keys()]))];
  const series = (/** @type {(cost: Cost) => number} */ value) => names.map((queue) => ({
    name: queue.name,
    points: shown.flatMap(({ name, found }) => {
      const all = spread((found.get(queue) ?? []).map(value));
      return Number.isNaN(all.median) ? [] : [{ x: name, y: all.median, min: all.min, max: all.max }];
    }),
  }));
  return [
    { title: "Claim and settle: messages a second", kind: "bars", series: series(({ perSecond }) => perSecond) },
    { title: "Claim and settle: bytes of WAL a message", kind: "bars", series: series(({ wal }) => wal) },
  ];
}
