// What one column, one index and one table more cost an enqueue: the same calls with and without them, in turns, beside pgmq.send.
import fs from "node:fs";
import { connect } from "../stack.mjs";
import { findPgmq, pgmq } from "./queues/pgmq.mjs";
import { ours } from "./queues/index.mjs";
import { alternate, spread } from "./stats.mjs";

/** @typedef {{name: string, database: string, call: string}} Subject @typedef {{cpu: number, wal: number}} Cost of a message: microseconds of the server's process, bytes */

const mail = (/** @type {string} */ to) =>
  `jsonb_build_object('from', 'Shop <shop@shop.example>', 'to', ${to}, 'subject', 'Order ' || n, 'content', '<p>' || repeat('Thank you for your order. ', 14) || '</p>')`;
const TO_ONE = mail("'user-' || n || '@customer.example'");
const TO_TWO = mail("jsonb_build_array('user-' || n || '@customer.example', 'boss-' || n || '@customer.example')");
const enqueue = (/** @type {string} */ payload) => `public.email_queue_enqueue(${payload})`;

/** @type {Subject[]} */
const SUBJECTS = [
  { name: "one recipient", database: ours.database, call: enqueue(TO_ONE) },
  { name: "one recipient, without the search", database: "bench_without", call: enqueue(TO_ONE) },
  { name: "two recipients", database: ours.database, call: enqueue(TO_TWO) },
  { name: "two recipients, without the search", database: "bench_without", call: enqueue(TO_TWO) },
  { name: "pgmq.send", database: pgmq.database, call: `(select s from pgmq.send('email', ${TO_ONE}) as s)` },
];

/**
 * @param {import("./cluster.mjs").Cluster} cluster @param {number} rounds @param {number} calls
 * @returns {Promise<Map<string, {cpu: import("./stats.mjs").Spread, wal: import("./stats.mjs").Spread}>>}
 */
export async function enqueueCost(cluster, rounds, calls) {
  const without = { ...ours, database: "bench_without", setup: async (/** @type {any} */ sql, /** @type {string} */ url) => {
    await ours.setup(sql, url);
    await takeOut(sql);
  } };
  const subjects = findPgmq() ? SUBJECTS : SUBJECTS.slice(0, -1);
  for (const queue of [ours, without, ...findPgmq() ? [pgmq] : []]) await cluster.database(queue);
  const found = await alternate(subjects, rounds, ({ database, call }) =>
    costOf(cluster, database, `select count(${call}) from generate_series(1, ${calls}) as n`, calls));
  return new Map([...found].map(([{ name }, costs]) => [name, { cpu: spread(costs.map(({ cpu }) => cpu)), wal: spread(costs.map(({ wal }) => wal)) }]));
}

/** The schema as it would be without the search: nothing is written for it. @param {any} sql */
async function takeOut(sql) {
  const changes = /** @type {[string, (text: string) => string][]} */ ([
    ["enqueue_plain(jsonb)", (text) => text.replace("'email', v_hash)", "'email', null)")],
    ["enqueue_one(jsonb, jsonb, jsonb)", (text) => text.replace("v_recipients[1], ", "null, ").replace(/ {2}if cardinality\(v_recipients\) > 1 then[^;]*;\s*end if;\n/, "")],
  ]);
  for (const [name, change] of changes) {
    const [{ text }] = await sql`select pg_get_functiondef(${`email_queue_private.${name}`}::regprocedure) as text`;
    if (change(text) === text) throw new Error(`${name} writes what the search needs in another way`);
    await sql.unsafe(change(text));
  }
  await sql.unsafe("drop index email_queue_private.message_addressee");
}

/**
 * What a statement costs the backend when it runs for the second time in a session.
 * @param {import("./cluster.mjs").Cluster} cluster @param {string} database @param {string} statement @param {number} messages that it enqueues
 * @param {string} [before] a statement that is not measured @returns {Promise<Cost>} a message
 */
export async function costOf(cluster, database, statement, messages, before) {
  const sql = await connect(cluster.postgres.urlOf(database), { max: 1 });
  try {
    if (before) await sql.unsafe(before);
    await sql.unsafe(statement);
    return await measured(sql, statement, messages);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** What a statement costs the one connection of `sql`. @param {any} sql @param {string} statement @param {number} messages @returns {Promise<Cost>} a message */
export async function measured(sql, statement, messages) {
  await sql.unsafe("checkpoint");
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const [began, wal] = [cpu(pid), await position(sql)];
  await sql.unsafe(statement);
  return { cpu: (cpu(pid) - began) / messages, wal: (await position(sql) - wal) / messages };
}

/** @param {any} sql */
const position = async (sql) => Number((await sql`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as at`)[0].at);

/** Microseconds; Linux counts them in nanoseconds here. @param {number} pid */
const cpu = (pid) => Number(fs.readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1000;
