// The function that takes a provider's reports: signed requests at a rate, whatever becomes of them, alone and beside a run that sends.
import { Buffer } from "node:buffer";
import { createHmac, randomUUID } from "node:crypto";
import http from "node:http";
import path from "node:path";
import { ours } from "../queues/index.mjs";
import { ROOT, ensureDeno, sleep, startFunction } from "../../stack.mjs";
import { startCluster } from "../cluster.mjs";
import { figure, percentile } from "../stats.mjs";
import { cpuMs, startGateway, startProvider, startWorker } from "../world.mjs";

const RATE = 1000;
const SECRET = `whsec_${Buffer.from("the key of the benchmark, 32 b..").toString("base64")}`;
const ENTRY = path.join(ROOT, "supabase/functions/email-queue-events/index.ts");

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function events({ log, quick }) {
  const seconds = quick ? 2 : 10;
  const mails = quick ? 1000 : 5000;
  const cluster = await startCluster();
  const provider = await startProvider();
  const sql = await cluster.database(ours);
  const gateway = await startGateway(cluster.postgres.urlOf(ours.database));
  const key = { SUPABASE_URL: gateway.url, SUPABASE_SECRET_KEY: "sb_secret_of_the_benchmark" };
  const door = await startFunction({ entry: ENTRY, deno: await ensureDeno("2.1.4"), env: { ...key, RESEND_WEBHOOK_SECRET: SECRET } });
  const worker = await startWorker("wasm", { database: gateway.url, provider: provider.url });
  try {
    await provider.configure({ rateLimit: 0, latencyMs: 50, keepEmails: 10 });
    const run = async () => {
      await ours.fill(sql, mails);
      // What was written past an enqueue is not sent until somebody says so.
      await sql`select public.email_queue_adopt()`;
      const began = performance.now();
      for (let accepted = 0; accepted < mails;) {
        const done = await worker.invoke(undefined, { timeout: 120_000 });
        if (done.accepted === 0) throw new Error(`the run did nothing: ${JSON.stringify(done)}`);
        accepted += done.accepted;
      }
      return performance.now() - began;
    };
    const storm = async () => measure({ door, gateway, bodies: await prepare(sql, RATE * seconds), seconds });
    await run();
    const alone = await run();
    log(`a run of ${mails} mails alone: ${figure(alone)} ms`);
    const calm = await storm();
    log(`${RATE} events/s alone: ${calm.wrong} not answered with 200, p50 ${figure(calm.p50)} ms, p99 ${figure(calm.p99)} ms, ${calm.calls} calls`);
    const [busy, beside] = await Promise.all([storm(), run()]);
    log(`beside a run: ${busy.wrong} not answered with 200, p99 ${figure(busy.p99)} ms; the run took ${figure(beside)} ms`);
    const row = (/** @type {string} */ name, /** @type {typeof calm} */ found, /** @type {string} */ took) =>
      [name, figure(RATE * seconds), figure(found.wrong), figure(found.recorded), ...[found.p50, found.p95, found.p99, found.max, found.calls, found.cpu / (RATE * seconds)].map(figure), took];
    return {
      tables: [{
        title: `${RATE} events a second for ${seconds} s`,
        columns: ["", "sent", "not 200", "recorded", "p50 ms", "p95 ms", "p99 ms", "longest ms", "calls of the database", "CPU ms an event", `a run of ${mails} mails, ms`],
        rows: [["no events", "0", "0", "0", "–", "–", "–", "–", "–", "–", figure(alone)], row("alone", calm, "–"), row("beside a run", busy, figure(beside))],
        note: "Each is about another message that was sent. The sender, the gateway and the database share the processor with the functions.",
      }],
      goals: [{ text: `${RATE} events/s for ${seconds} s without an error`, found: `${calm.wrong + busy.wrong} errors`, met: calm.wrong + busy.wrong === 0 }],
      plots: [],
      raw: { alone, calm, busy, beside },
    };
  } finally {
    await Promise.all([door.stop(), worker.stop(), provider.stop(), gateway.stop()]);
    await cluster.stop();
  }
}

/** The bodies of events about messages that were sent. @param {any} sql @param {number} count @returns {Promise<string[]>} */
async function prepare(sql, count) {
  const mark = "0123456789ab";
  await sql`delete from email_queue_private.mark`;
  await sql`insert into email_queue_private.mark (mark, minted_at) values (${mark}, clock_timestamp())`;
  const rows = await sql`
    insert into email_queue_private.message (id, created_at, run_at, completed_at, priority, max_attempts, attempts, bytes, type, status, provider_message_id, mark)
    select email_queue_private.new_id(), t, t, t, 2, 1, 1, 100, 'email', 'completed', gen_random_uuid()::text, ${mark}
    from generate_series(1, ${count}), (select clock_timestamp() as t) as t returning id, provider_message_id`;
  return rows.map((/** @type {{id: string, provider_message_id: string}} */ { id, provider_message_id: email }) => JSON.stringify({
    type: "email.delivered", created_at: new Date().toISOString(),
    data: { email_id: email, from: "Shop <shop@shop.example>", to: ["user@customer.example"], subject: "Hello", tags: { message_id: `${id}_${mark}` } },
  }));
}

/** @param {{door: Awaited<ReturnType<typeof startFunction>>, gateway: Awaited<ReturnType<typeof startGateway>>, bodies: string[], seconds: number}} options */
async function measure({ door, gateway, bodies, seconds }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const url = new URL("/email-queue-events/resend", door.url);
  const [cpu, calls] = [cpuMs(door.pid), await gateway.calls()];
  const began = performance.now();
  const answers = [];
  for (const [index, body] of bodies.entries()) {
    const wait = began + index / bodies.length * seconds * 1000 - performance.now();
    if (wait > 1) await sleep(wait);
    answers.push(post(url, agent, body));
  }
  const found = await Promise.all(answers);
  agent.destroy();
  const times = found.map(({ ms }) => ms);
  return {
    wrong: found.filter(({ status }) => status !== 200).length,
    recorded: found.filter(({ text }) => text.includes('"recorded"')).length,
    ...{ p50: percentile(times, 0.5), p95: percentile(times, 0.95), p99: percentile(times, 0.99), max: Math.max(...times) },
    calls: await gateway.calls() - calls,
    cpu: cpuMs(door.pid) - cpu,
  };
}

/** @param {URL} url @param {http.Agent} agent @param {string} body @returns {Promise<{status: number, text: string, ms: number}>} */
function post(url, agent, body) {
  const id = `msg_${randomUUID()}`;
  const at = Math.floor(Date.now() / 1000);
  const key = Buffer.from(SECRET.slice("whsec_".length), "base64");
  const signature = `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`;
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), "svix-id": id, "svix-timestamp": at, "svix-signature": signature };
  const began = performance.now();
  return new Promise((resolve) => {
    const done = (/** @type {number} */ status, /** @type {string} */ text) => resolve({ status, text, ms: performance.now() - began });
    const request = http.request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk)).on("end", () => done(response.statusCode ?? 0, text));
    });
    request.on("error", (error) => done(0, String(error)));
    request.end(body);
  });
}
