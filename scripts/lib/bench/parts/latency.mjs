// From the enqueue's commit to the provider's acceptance, with the wake-up on: an insert calls the function through a
// stand-in for pg_net that sends after commit, and a stand-in for pg_cron calls it every ten seconds.
import path from "node:path";
import { ours } from "../queues/index.mjs";
import { startNetwork } from "../../network.mjs";
import { ROOT, connect, runFile, sleep, waitFor } from "../../stack.mjs";
import { startCluster } from "../cluster.mjs";
import { figure, percentile } from "../stats.mjs";
import { startGateway, startProvider, startWorker } from "../world.mjs";

const CRON_MS = 10_000;
const PROVIDER_MS = 50;
const MAIL = { from: "Shop <shop@shop.example>", to: "user@customer.example", subject: "Hello", content: "<p>Hello</p>" };

/** pg_net and Vault, without being extensions. @param {string} url */
async function standIn(url) {
  for (const file of ["pg_net--0.20.5.sql", "supabase_vault--0.3.1.sql"]) await runFile(url, path.join(ROOT, "scripts/lib/postgres/extension", file));
}

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function latency({ log, quick }) {
  const cluster = await startCluster();
  const provider = await startProvider();
  const sql = await cluster.database({ ...ours, setup: async (sql, url) => (await standIn(url), await ours.setup(sql, url)) });
  const url = cluster.postgres.urlOf(ours.database);
  const gateway = await startGateway(url);
  const worker = await startWorker("wasm", { database: gateway.url, provider: provider.url });
  const network = await startNetwork(url);
  const clients = await connect(url, { max: 16 });
  const cron = setInterval(() => void worker.request().catch(() => {}), CRON_MS);
  try {
    await sql`select public.email_queue_connect(${worker.url}, ${worker.secret}), public.email_queue_wake(true)`;
    /** @type {{rate: number, seconds: number, messages: number, p50: number, p95: number, p99: number, max: number}[]} */
    const results = [];
    for (const rate of [1, 50, 500]) {
      const seconds = quick ? 2 : rate === 1 ? 30 : 15;
      const waits = await measure({ rate, seconds, provider, clients, sql });
      results.push({ rate, seconds, messages: waits.length, p50: percentile(waits, 0.5), p95: percentile(waits, 0.95), p99: percentile(waits, 0.99), max: Math.max(...waits) });
      log(`${rate} messages/s: p50 ${figure(percentile(waits, 0.5))} ms, p99 ${figure(percentile(waits, 0.99))} ms`);
    }
    return {
      tables: [{
        title: "Milliseconds from enqueue to accepted",
        columns: ["messages/s", "messages", "p50", "p95", "p99", "longest"],
        rows: results.map((found) => [found.rate, found.messages, found.p50, found.p95, found.p99, found.max].map(figure)),
        note: `The wake-up at most once a second, the schedule every ${CRON_MS / 1000} seconds, the provider takes ${PROVIDER_MS} ms and has no rate limit.`,
      }],
      goals: [],
      plots: [{
        title: "Milliseconds from enqueue to accepted",
        kind: "bars",
        series: (/** @type {const} */ (["p50", "p95", "p99"])).map((name) => ({ name, points: results.map((found) => ({ x: `${found.rate} messages/s`, y: found[name] })) })),
      }],
      raw: results,
    };
  } finally {
    clearInterval(cron);
    await network.stop();
    await clients.end({ timeout: 1 });
    await worker.stop();
    await provider.stop();
    await cluster.stop();
  }
}

/**
 * Enqueues at a rate, whatever becomes of it.
 * @param {{rate: number, seconds: number, provider: import("../world.mjs").Provider, clients: any, sql: any}} options
 * @returns {Promise<number[]>} milliseconds of each message
 */
async function measure({ rate, seconds, provider, clients, sql }) {
  const count = rate * seconds;
  await ours.clear(sql);
  await provider.configure({ rateLimit: 0, latencyMs: PROVIDER_MS, keepEmails: count + 1000 });
  /** @type {Map<string, number>} */
  const committed = new Map();
  const began = performance.now();
  const enqueues = [];
  for (let sent = 0; sent < count; sent++) {
    await sleep(Math.max(0, began + (sent / rate) * 1000 - performance.now()));
    enqueues.push(clients`select public.email_queue_enqueue(${clients.json(MAIL)}) as answer`.then((/** @type {any} */ [{ answer }]) => committed.set(answer.id, Date.now())));
  }
  await Promise.all(enqueues);
  await waitFor(async () => (await provider.state()).acceptedMessages >= count, { timeout: 60_000, interval: 200, what: "all to be accepted" });
  const emails = await provider.emails(count + 1000);
  // Sent before the enqueue's answer has come: at once.
  return emails.map(({ message_id: id, created_at: at }) => Math.max(0, Date.parse(at) - (committed.get(id) ?? NaN)));
}
