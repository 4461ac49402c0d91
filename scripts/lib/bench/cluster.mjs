// A cluster for measuring: commits reach the disk, and no checkpoint falls into a run by chance.
import { connect, own, startPostgres } from "../stack.mjs";

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
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Cluster>} */
export async function startCluster() {
  const postgres = await startPostgres({ version: 15, fsync: true, settings: SETTINGS, project: false });
  const monitor = await connect(postgres.url, { max: 1 });
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
    database: (queue) => {
      const known = databases.get(queue.database) ?? open(queue);
      databases.set(queue.database, known);
      return known;
    },
    stop,
  };
}
