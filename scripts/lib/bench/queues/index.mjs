// The queues that are measured side by side. Each has a database of its own on one cluster, carries the same payloads and
// is driven by pgbench: a wrapper gives the ids of a claim in one column, for the settle that follows, and the payloads in
// another, as a worker would receive them.
import { boss } from "./boss.mjs";
import { graphile } from "./graphile.mjs";
import { naive } from "./naive.mjs";
import { addHistory, ours, oursWithHistory } from "./ours.mjs";
import { pgmq, pgmqArchive } from "./pgmq.mjs";

/**
 * @typedef {object} Content what the function's run carries
 * @property {(n: string) => string} [payload] an expression
 * @property {boolean} [alone] each is a request of its own
 *
 * @typedef {object} Queue
 * @property {string} name
 * @property {string} keeps what it keeps beside the messages that wait
 * @property {string} database
 * @property {string} schema the one with its tables
 * @property {() => Promise<string | null>} version null: it cannot be had here
 * @property {number} warmup transactions of a client that settle nothing yet
 * @property {Record<string, string>} variables of the script, at its start
 * @property {(sql: any, url: string) => Promise<void>} setup
 * @property {(sql: any) => Promise<void>} clear
 * @property {(sql: any, count: number, content?: Content) => Promise<void>} fill with messages that are due
 * @property {(sql: any, count: number) => Promise<void>} schedule with messages for tomorrow, in the same priority
 * @property {(size: number) => string} script of pgbench: one claim and one settle of so many
 */

export { addHistory, boss, graphile, naive, ours, oursWithHistory, pgmq, pgmqArchive };
