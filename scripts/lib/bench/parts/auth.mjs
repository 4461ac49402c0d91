// Supabase Auth's hook, which somebody who signs up waits for: with a long queue, beside others who enqueue, and with a transaction open.
import { authEvent } from "../../auth-stand-in.mjs";
import { ours } from "../queues/index.mjs";
import { connect } from "../../stack.mjs";
import { startCluster } from "../cluster.mjs";
import { figure, percentile } from "../stats.mjs";

const GOAL_MS = 20;
const MAIL = { to: "user@customer.example", subject: "Hello", content: "<p>Hello</p>" };

/** @typedef {{name: string, clients: number, held: boolean}} Case */

/** @type {Case[]} */
const CASES = [
  { name: "alone", clients: 0, held: false },
  { name: "beside 4 clients that enqueue", clients: 4, held: false },
  { name: "beside 4 clients, a transaction that has read every table is open", clients: 4, held: true },
];

const event = (/** @type {number} */ n) => authEvent("signup", {}, { email: `user-${n}@customer.example`, user_metadata: { name: "Ann" } });

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function auth({ log, quick }) {
  const waiting = quick ? 20_000 : 100_000;
  const cluster = await startCluster();
  const url = cluster.postgres.urlOf(ours.database);
  try {
    const sql = await cluster.database(ours);
    await ours.clear(sql);
    await sql`select public.email_queue_configure('{"default_sender": "Shop <shop@shop.example>"}')`;
    await ours.fill(sql, waiting);
    await sql.unsafe("vacuum analyze");
    const results = [];
    for (const one of CASES) {
      const waits = await measure(url, one, quick ? 300 : 2000);
      results.push({ ...one, calls: waits.length, p50: percentile(waits, 0.5), p99: percentile(waits, 0.99), max: Math.max(...waits) });
      log(`${one.name}: p50 ${figure(percentile(waits, 0.5))} ms, p99 ${figure(percentile(waits, 0.99))} ms`);
    }
    const worst = Math.max(...results.map(({ p99 }) => p99));
    return {
      tables: [{
        title: `Milliseconds of Supabase Auth's hook, with ${waiting.toLocaleString("en-GB")} messages waiting`,
        columns: ["", "calls", "p50", "p99", "longest"],
        rows: results.map(({ name, calls, p50, p99, max }) => [name, ...[calls, p50, p99, max].map(figure)]),
      }],
      goals: [{ text: `Auth's hook answers within ${GOAL_MS} ms (p99)`, found: `${figure(worst)} ms`, met: worst < GOAL_MS }],
      plots: [],
      raw: results,
    };
  } finally {
    await cluster.stop();
  }
}

/** @param {string} url @param {Case} one @param {number} calls @returns {Promise<number[]>} milliseconds of each call */
async function measure(url, { clients, held }, calls) {
  const [hook, others, reader] = [await connect(url, { max: 1 }), await connect(url, { max: Math.max(1, clients) }), await connect(url, { max: 1 })];
  let over = false;
  const beside = Array.from({ length: clients }, async () => {
    while (!over) await others`select public.email_queue_enqueue(${others.json(MAIL)})`;
  });
  try {
    if (held) {
      const tables = await reader`select tablename as name from pg_tables where schemaname = 'email_queue_private'`;
      await reader.unsafe("begin isolation level repeatable read");
      for (const { name } of tables) await reader.unsafe(`select from email_queue_private.${name} limit 1`);
    }
    /** @type {number[]} */
    const waits = [];
    for (let n = 0; n < calls; n++) {
      await hook.begin(async (/** @type {any} */ sign) => {
        await sign`select 1`;
        const began = performance.now();
        const [{ answer }] = await sign`select public.email_queue_auth_hook(${sign.json(event(n))}) as answer`;
        waits.push(performance.now() - began);
        if (JSON.stringify(answer) !== "{}") throw new Error(`the hook answered ${JSON.stringify(answer)}`);
      });
    }
    return waits;
  } finally {
    over = true;
    await Promise.all(beside);
    for (const sql of [hook, others, reader]) await sql.end({ timeout: 1 });
  }
}
