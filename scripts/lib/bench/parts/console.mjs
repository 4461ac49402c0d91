// What each page of the console asks of the database, with a million messages of all states.
import { startCluster } from "../cluster.mjs";
import { ours } from "../queues/index.mjs";
import { fillStates } from "../states.mjs";
import { figure, percentile } from "../stats.mjs";

const GOAL_MS = 200;
/** No page waits for these. */
const COUNTS = "Redrive, discard all";
/** Among so many of the newest messages some are open: thousands wait, and thousands are in requests. */
const OPEN = 200_000;

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function console_({ log, quick }) {
  const count = quick ? 20_000 : 1_000_000;
  const cluster = await startCluster();
  try {
    const sql = await cluster.database(ours);
    await ours.clear(sql);
    await fillStates(sql, count, { open: OPEN, body: `<p>${"It is on its way and will be with you soon. ".repeat(17)}</p>` });
    await sql.unsafe("vacuum analyze");
    log(`${count} messages`);
    const found = [];
    for (const [page, calls] of Object.entries(await pages(sql))) {
      for (const call of calls) {
        const times = await time(sql, `select public.email_queue_${call}`, quick ? 5 : 20);
        found.push({ page, call, ...times });
        log(`${page}, ${call}: p50 ${figure(times.p50)} ms`);
      }
    }
    return { tables: [table(count, found)], goals: [goal(count, found)], plots: [], raw: found };
  } finally {
    await cluster.stop();
  }
}

/** @typedef {{page: string, call: string, p50: number, p95: number}} Time */

/** The reads of src/js/console/api.js that each page makes. @param {any} sql @returns {Promise<Record<string, string[]>>} */
async function pages(sql) {
  const ids = await sql`select (array_agg(id order by id) filter (where status = 'failed'))[1] as failed, (array_agg(id order by id desc) filter (where status is null))[1] as open from email_queue_private.message`;
  const [{ failed, open }] = ids;
  const search = (/** @type {object} */ filter, /** @type {string | null} */ before = null) => `search('${JSON.stringify(filter)}', 50${before ? `, '${before}'` : ""})`;
  return {
    Overview: ["stats()", "overview()", "runs(5)", "doctor()"],
    Messages: [{}, ...["pending", "processing", "retrying", "completed", "failed", "cancelled"].map((status) => ({ status })), ...["sent", "delayed", "delivered", "bounced", "complained"].map((delivery) => ({ delivery })),
      { recipient: "user-17@customer.example" }, { recipient: "nobody@another.example" }, { subject: "Order" }, { subject: "Invoice" }, { metadata: { order: 70 } }, { template: "welcome" }, { type: "report" }].map((filter) => search(filter)).concat(search({ status: "failed" }, failed)),
    Message: [`show('${failed}')`, `show('${open}')`, `get('${failed}')`],
    "Dead letters": ["dead_letters('{}', 50)", `dead_letters('{"reason": "expired"}', 50)`],
    // What a button asks first, of a thousand.
    [COUNTS]: [`redrive(p_filter => '{}', p_dry_run => true)`, `discard(p_filter => '{}', p_dry_run => true)`],
    Runs: ["runs(100)"],
    Suppression: ["suppressions('{}', null, 100)"],
    Settings: ["configure()"],
    Audit: ["audit('{}', 100)"],
  };
}

/** @param {any} sql @param {string} call @param {number} times */
async function time(sql, call, times) {
  const all = [];
  // The first makes the plans.
  for (let n = 0; n <= times; n++) {
    const began = performance.now();
    await sql.unsafe(call);
    if (n > 0) all.push(performance.now() - began);
  }
  return { p50: percentile(all, 0.5), p95: percentile(all, 0.95) };
}

/** @param {number} count @param {Time[]} found @returns {import("../main.mjs").Table} */
const table = (count, found) => ({
  title: `Milliseconds of each page's calls, with ${count.toLocaleString("en-GB")} messages of all states`,
  columns: ["page", "call", "p50", "p95"],
  rows: found.map(({ page, call, p50, p95 }) => [page, `\`${call.replaceAll(/'[0-9a-f-]{36}'/g, "id")}\``, figure(p50), figure(p95)]),
});

/** @param {number} count @param {Time[]} found @returns {import("../main.mjs").Goal} */
function goal(count, found) {
  const reads = found.filter(({ page }) => page !== COUNTS);
  const slow = reads.filter(({ p50 }) => p50 > GOAL_MS).map(({ call, p50 }) => `${call} ${figure(p50)} ms`);
  return { text: `each call of the console's pages: at most ${GOAL_MS} ms with ${count.toLocaleString("en-GB")} messages`, found: slow.join(", ") || `at most ${figure(Math.max(...reads.map(({ p50 }) => p50)))} ms`, met: slow.length === 0 };
}
