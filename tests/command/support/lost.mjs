// Messages whose answers were lost, in a real database, and the sandbox that may have accepted them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { after, beforeEach } from "node:test";
import { connect, despiteDeadlocks, startLite, startPostgres, stopAll, tempFolder } from "../../../scripts/lib/stack.mjs";
import { startSandbox } from "../../../src/js/sandbox/server.mjs";
import { command } from "./place.mjs";

export const KEY = "re_full_access_of_the_tests";
export const HOUR = 3_600_000;
export const folder = tempFolder("reconcile");
const postgres = await startPostgres({ version: 15 });
export const lite = await startLite({ driver: "postgres", databaseUrl: postgres.url });
export const sql = await connect(postgres.url, { max: 2 });
export const sandbox = await startSandbox({ rateLimit: 0 });
after(async () => {
  await sql.end({ timeout: 1 });
  await sandbox.close();
  await stopAll();
  folder.remove();
});

/** @param {string} path @param {object} [body] @returns {Promise<any>} */
export async function provider(path, body) {
  const headers = { authorization: `Bearer ${KEY}`, "user-agent": "email-queue/0.1.0", "content-type": "application/json" };
  const response = await fetch(sandbox.url + path, { method: body ? "POST" : "GET", headers, ...body ? { body: JSON.stringify(body) } : {} });
  return await response.json();
}
export const sandboxIs = (/** @type {object} */ config) => provider("/_sandbox/config", config);

beforeEach(async () => {
  await provider("/_sandbox/reset", {});
  await despiteDeadlocks(() => sql`truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch, email_queue_private.event`);
  await lite.rpc("email_queue_adopt");
  // The provider's list reaches back to before all of them.
  await sandboxIs({ clockOffsetMs: -30 * HOUR });
  const { id } = await lite.rpc("email_queue_enqueue", { p_payload: mail(0) });
  await complete(id, (await provider("/emails", { ...mail(0), tags: [{ name: "message_id", value: id }] })).id);
  await sandboxIs({ clockOffsetMs: -25 * HOUR });
});

/** A message that was sent. @param {string} id @param {string} emailId the provider's */
export async function complete(id, emailId) {
  await lite.rpc("email_queue_cancel", { p_id: id });
  await sql`update email_queue_private.message set status = 'completed', reason = null, provider_message_id = ${emailId} where id = ${id}`;
}

export const mail = (/** @type {number} */ n) => ({ from: "Shop <shop@shop.example>", to: `User ${n} <user${n}@b.example>`, subject: `Hello ${n}`, text: "Hi" });

/**
 * Messages whose requests had no answer, a day ago: the provider had accepted those that `reaches` names.
 * @param {number} count @param {(n: number) => boolean} [reaches] @param {{batch?: boolean, mark?: string, later?: number}} [how] later: ms from the end to when the provider accepted them @returns {Promise<string[]>} their ids
 */
export async function lost(count, reaches = () => true, { batch = false, mark, later = 0 } = {}) {
  const enqueued = await lite.rpc("email_queue_enqueue_many", { p_messages: Array.from({ length: count }, (_, n) => ({ payload: mail(n), max_attempts: 1 })) });
  const ids = enqueued.map((/** @type {any} */ { id }) => id);
  for (;;) {
    const { claims: [claim] } = await lite.rpc("email_queue_worker_work", { p_request: { claim: { tokens: [randomUUID()], lease_ms: 60_000, max_messages: batch ? 100 : 1 } } });
    if (!claim) break;
    const { dispatch_id, token, messages } = claim;
    const { begins: [{ state }] } = await lite.rpc("email_queue_worker_work", { p_request: { begins: [{ dispatch_id, token, endpoint: batch ? "batch" : "single", wire_version: 2, mark: claim.mark, key_window_ms: 23 * HOUR, members: messages.length, timeout_ms: 15_000, margin_ms: 5_000, max_wait_ms: 2_000 }] } });
    assert.equal(state, "begun");
    const mails = messages.map((/** @type {any} */ { id, payload }) => ({ ...payload, tags: [{ name: "message_id", value: `${id}_${mark ?? claim.mark}` }] }));
    const sent = mails.filter((/** @type {any} */ _, /** @type {number} */ n) => reaches(ids.indexOf(messages[n].id)));
    await sandboxIs({ clockOffsetMs: later - 25 * HOUR });
    if (sent.length > 0) await provider(batch ? "/emails/batch" : "/emails", batch ? sent : sent[0]);
    const settle = { dispatch_id, token, counted: true, answer: "unknown", rest: "freeze", members: [], error: { class: "unknown", message: "no answer" } };
    assert.equal((await lite.rpc("email_queue_settle", { p_settle: settle })).result, "applied");
  }
  await sandboxIs({ clockOffsetMs: 0 });
  await sql`update email_queue_private.message set created_at = created_at - interval '25 hours', run_at = run_at - interval '25 hours', completed_at = completed_at - interval '25 hours' where true`;
  await sql`update email_queue_private.dispatch set horizon_at = horizon_at - interval '25 hours' where true`;
  assert.deepEqual(await states(ids), Array(count).fill("unknown_outcome"));
  return ids;
}

/** @param {string[]} ids @returns {Promise<string[]>} the reasons, or the statuses */
export const states = (ids) => Promise.all(ids.map(async (p_id) => {
  const { status, error } = await lite.rpc("email_queue_get", { p_id });
  return status === "failed" ? error.reason : status;
}));

export const ENV = { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, RESEND_BASE_URL: sandbox.url, RESEND_FULL_ACCESS_KEY: KEY };

/** @param {string[]} args @param {Record<string, string>} [env] */
export async function reconcile(args, env = {}) {
  const { code, stdout, stderr } = await command(["reconcile", "--json", ...args], { cwd: folder.path, env: { ...ENV, ...env } });
  for (const secret of [KEY, lite.secretKey, "whsec_", "b.example"]) assert.ok(!(stdout + stderr).includes(secret), `${secret} is in the output`);
  return { code, stderr, ...stdout ? JSON.parse(stdout) : {} };
}

/** What lies between this machine and the provider changes answers. @param {(path: string, answer: any) => any} change of a path, to its text */
export async function between(change) {
  const server = http.createServer(async ({ url = "/", headers }, response) => {
    const answer = await fetch(sandbox.url + url, { headers: { authorization: headers.authorization ?? "", "user-agent": headers["user-agent"] ?? "" } });
    const body = await answer.json();
    const changed = change(url.split("?")[0] ?? "", body) ?? body;
    response.writeHead(typeof changed.status === "number" ? changed.status : answer.status).end(typeof changed === "string" ? changed : JSON.stringify(changed));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`, close: () => server.close() };
}
