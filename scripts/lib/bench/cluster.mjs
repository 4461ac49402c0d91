// A cluster for measuring: commits reach the disk, and no checkpoint falls into a run by chance.
import { connect, own, startPostgres, waitFor } from "../stack.mjs";

export const SETTINGS = {
  shared_buffers: "1GB",
  max_connections: "120",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
  // How many pages go into the WAL whole depends on when the last checkpoint was, not on the queue.
  full_page_writes: "off",
  jit: "off",
};

/**
 * @typedef {object} Cluster
 * @property {import("../postgres.mjs").Postgres} postgres
 * @property {any} monitor
 * @property {(queue: import("./queues/index.mjs").Queue) => Promise<any>} database of a queue, made when it is first asked for
 * @property {(name: string) => Promise<string>} create an empty database; its address
 * @property {(value: string) => Promise<void>} fullPageWrites on or off, from the next checkpoint
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Cluster>} */
export async function startCluster() {
  // Not on the command line: a part turns it on for a case.
  const { full_page_writes, ...settings } = SETTINGS;
  const postgres = await startPostgres({ version: 15, fsync: true, settings, project: false });
  const monitor = await connect(postgres.url, { max: 1 });
  const fullPageWrites = async (/** @type {string} */ value) => {
    await monitor.unsafe(`alter system set full_page_writes = ${value}`);
    await monitor.unsafe("select pg_reload_conf()");
    await waitFor(async () => (await monitor`show full_page_writes`)[0].full_page_writes === value, { what: `full_page_writes=${value}` });
  };
  await fullPageWrites(full_page_writes);
  /** @type {Map<string, Promise<any>>} */
  const databases = new Map();
  /** @type {any[]} */
  const connections = [monitor];
  const create = async (/** @type {string} */ name) => {
    await monitor.unsafe(`create database ${name}`);
    return postgres.urlOf(name);
  };
  const open = async (/** @type {import("./queues/index.mjs").Queue} */ queue) => {
    const url = await create(queue.database);
    const sql = await connect(url, { max: 1 });
    connections.push(sql);
    await queue.setup(sql, url);
    return sql;
  };
  const stop = async () => {
    disown();
    await Promise.all(connections.map((sql) => sql.end({ timeout: 1 })));
    await postgres.stop();
  };
  const disown = own(stop);
  return {
    postgres,
    monitor,
    create,
    fullPageWrites,
    database: (queue) => {
      const known = databases.get(queue.database) ?? open(queue);
      databases.set(queue.database, known);
      return known;
    },
    stop,
  };
}
