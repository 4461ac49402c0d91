// One measured run of pgbench, and what it cost the database.
import fs from "node:fs";
import path from "node:path";
import { sleep, startProcess, tempFolder, waitFor } from "../stack.mjs";
import { percentile } from "./stats.mjs";

/**
 * @typedef {object} Cost
 * @property {number} perSecond messages
 * @property {number} first messages a second of the first fifth of the calls
 * @property {number} last and of the last fifth
 * @property {number} p50 milliseconds of a call
 * @property {number} p99
 * @property {number[]} calls milliseconds of each call, in the order in which they ended
 * @property {number} wal bytes a message
 * @property {number} buffers a message, found or read
 * @property {number} dead tuples left
 * @property {number} tableBytes
 * @property {number} indexBytes
 * @property {string} command
 */

/**
 * @param {object} options
 * @param {import("../postgres.mjs").Postgres} options.postgres
 * @param {any} options.monitor a connection to another database of the cluster, so that it is not counted
 * @param {any} options.sql a connection to the queue's database
 * @param {import("./queues/index.mjs").Queue} options.queue
 * @param {number} options.size of a batch @param {number} options.clients
 * @param {number} options.calls of each client
 * @returns {Promise<Cost>}
 */
export async function pgbench({ postgres, monitor, sql, queue, size, clients, calls }) {
  const folder = tempFolder("pgbench");
  try {
    const script = path.join(folder.path, "script.sql");
    fs.writeFileSync(script, queue.script(size));
    const total = calls + queue.warmup;
    const options = ["-n", "-M", "prepared", "-c", String(clients), "-j", String(Math.min(clients, 2)), "-t", String(total)];
    const variables = Object.entries(queue.variables).flatMap(([name, value]) => ["-D", `${name}=${value}`]);
    const before = await counters(monitor, queue.database);
    const run = await startProcess({
      name: "pgbench",
      program: path.join(postgres.bin, "pgbench"),
      args: [...options, ...variables, "-l", `--log-prefix=${path.join(folder.path, "log")}`, "-f", script, queue.database],
      env: { ...process.env, ...postgres.env },
    });
    const { code } = await run.exited;
    const output = run.output();
    if (code !== 0 || /aborted/.test(output)) throw new Error(`pgbench for ${queue.name} ended with ${code}:\n${output.slice(-2000)}`);
    // A session's counters arrive when it has ended, which is a moment after pgbench has.
    await waitFor(async () => (await monitor`select count(*)::int as n from pg_stat_activity where application_name = 'pgbench'`)[0].n === 0, { what: "the sessions to end" });
    await sleep(50);
    const after = await counters(monitor, queue.database);
    const log = readLog(folder.path);
    const messages = calls * clients * size;
    const seconds = (total * clients) / Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
    const fifth = Math.ceil(log.length / 5);
    const durations = log.map(({ ms }) => ms);
    return {
      perSecond: messages / seconds,
      first: rate(durations.slice(0, fifth), clients, size),
      last: rate(durations.slice(-fifth), clients, size),
      p50: percentile(durations, 0.5),
      p99: percentile(durations, 0.99),
      calls: durations,
      wal: (after.wal - before.wal) / messages,
      buffers: (after.buffers - before.buffers) / messages,
      ...await sizes(sql, queue.schema),
      command: `pgbench ${options.join(" ")} -f <${queue.name}: claim and settle ${size}>`,
    };
  } finally {
    folder.remove();
  }
}

/** While all clients are busy, a call that takes d ms stands for size / d of each of them. @param {number[]} durations @param {number} clients @param {number} size */
const rate = (durations, clients, size) => (clients * size * 1000) / (durations.reduce((sum, ms) => sum + ms, 0) / durations.length);

/** @param {string} folder */
function readLog(folder) {
  return fs.readdirSync(folder).filter((name) => name.startsWith("log")).flatMap((name) =>
    fs.readFileSync(path.join(folder, name), "utf8").trim().split("\n").map((line) => {
      // client, its transaction, microseconds, script, second, microsecond of the end
      const [, , us = 0, , s = 0, fraction = 0] = line.split(" ").map(Number);
      return { ms: us / 1000, at: s + fraction / 1e6 };
    })
  ).sort((a, b) => a.at - b.at);
}

/** @param {any} monitor @param {string} database */
async function counters(monitor, database) {
  const [row] = await monitor`
    select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal, blks_hit + blks_read as buffers
    from pg_stat_database where datname = ${database}`;
  return { wal: Number(row.wal), buffers: Number(row.buffers) };
}

/** @param {any} sql @param {string} schema */
async function sizes(sql, schema) {
  const [row] = await sql`
    select coalesce(sum(pg_stat_get_dead_tuples(c.oid)), 0) as dead, sum(pg_table_size(c.oid)) as tables, sum(pg_indexes_size(c.oid)) as indexes
    from pg_class as c where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p')`;
  return { dead: Number(row.dead), tableBytes: Number(row.tables), indexBytes: Number(row.indexes) };
}
