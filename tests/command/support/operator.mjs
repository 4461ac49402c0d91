// A queue in a real database behind PostgREST's protocol, what a worker and the provider do to its messages, and the command that looks at it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import process from "node:process";
import { after, beforeEach } from "node:test";
import { connect, despiteDeadlocks, ROOT, startLite, startPostgres, stopAll, tempFolder } from "../../../scripts/lib/stack.mjs";
import { command } from "./place.mjs";

export const folder = tempFolder("operate");
const postgres = await startPostgres({ version: 15 });
export const lite = await startLite({ driver: "postgres", databaseUrl: postgres.url });
export const sql = await connect(postgres.url, { max: 2 });
after(async () => {
  await sql.end({ timeout: 1 });
  await stopAll();
  folder.remove();
});

beforeEach(async () => {
  await despiteDeadlocks(() => sql`truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.dispatch, email_queue_private.event,
    email_queue_private.suppression, email_queue_private.suppression_filter, email_queue_private.suppression_recent, email_queue_private.paused_domain, email_queue_private.breaker, email_queue_private.run, email_queue_private.audit, email_queue_private.further_addressee`);
  await lite.rpc("email_queue_adopt");
  await lite.rpc("email_queue_resume");
  await lite.rpc("email_queue_configure", { p_settings: { default_sender: "Shop <shop@shop.example>", rate_limit: 1000 } });
});

export const MAIN = path.join(ROOT, "pkg/command/main.js");
export const ENV = { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey };

/** The command, as somebody runs it who has no terminal. @param {string[]} args @param {Record<string, string>} [env] */
export async function operate(args, env = {}) {
  const result = await command(args, { cwd: folder.path, env: { ...ENV, ...env } });
  assert.ok(!(result.stdout + result.stderr).includes(lite.secretKey), "the key is in the output");
  return result;
}

/** What it prints as JSON. @param {string[]} args @param {number} [code] @returns {Promise<any>} */
export async function json(args, code = 0) {
  const { stdout, stderr, code: ended } = await operate([...args, "--json"]);
  assert.equal(ended, code, stderr + stdout);
  return JSON.parse(stdout);
}

/** Goes on while the test does other things. @param {string[]} args @param {Record<string, string>} [env] */
export function start(args, env = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder.path, env: { PATH: process.env.PATH, ...ENV, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const running = {
    child, stdout: "", stderr: "", ended: new Promise((resolve) => child.on("close", resolve)),
    /** What it has printed as JSON so far; the last line may not be whole yet. @returns {any[]} */
    lines: () => running.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line)),
  };
  child.stdout.on("data", (data) => (running.stdout += data));
  child.stderr.on("data", (data) => (running.stderr += data));
  return running;
}

/** @param {string} [to] @param {object} [options] of the message @param {object} [payload] @returns {Promise<string>} its id */
export async function enqueue(to = "ann@example.com", options = {}, payload = {}) {
  const [{ id }] = await lite.rpc("email_queue_enqueue_many", { p_messages: [{ payload: { to, subject: "Your invoice", text: "Hi", ...payload }, ...options }] });
  return id;
}

/** What is due next, claimed, and begun unless it is not to be. @param {{begins?: boolean}} [how] */
export async function claim({ begins = true } = {}) {
  const { claims: [claimed] } = await lite.rpc("email_queue_worker_work", { p_request: { claim: { tokens: [randomUUID()], lease_ms: 60_000, max_messages: 1 } } });
  if (!claimed) return null;
  const { dispatch_id, token } = claimed;
  if (begins) {
    const begin = { dispatch_id, token, endpoint: "single", wire_version: 2, mark: claimed.mark, key_window_ms: 82_800_000, members: 1, timeout_ms: 15_000, margin_ms: 5_000, max_wait_ms: 2_000 };
    const { begins: [{ state }] } = await lite.rpc("email_queue_worker_work", { p_request: { begins: [begin] } });
    assert.equal(state, "begun");
  }
  return claimed;
}

/** The end of what was claimed. @param {any} claimed @param {object} end */
export async function settle({ dispatch_id, token }, end) {
  assert.equal((await lite.rpc("email_queue_settle", { p_settle: { dispatch_id, token, counted: true, members: [], ...end } })).result, "applied");
}

/** The next due message is accepted. */
export async function accept() {
  const claimed = await claim();
  const [{ id }] = claimed.messages;
  await settle(claimed, { answer: "definite", members: [{ id, outcome: "completed", provider_message_id: `re_${id}` }] });
  return id;
}

/** The next due message is refused for good. @param {string} [message] */
export async function reject(message = "The `to` field is invalid", { begins = true } = {}) {
  const claimed = await claim({ begins });
  const [{ id }] = claimed.messages;
  await settle(claimed, { answer: begins ? "definite" : "none", members: [{ id, outcome: "failed", reason: "rejected", error: { class: "rejected", status: 422, name: "validation_error", message } }] });
  return id;
}

/** The request of the next due message has no answer. @param {"freeze" | "fail"} [rest] */
export async function loseAnswer(rest = "freeze") {
  const claimed = await claim();
  await settle(claimed, { answer: "unknown", rest, delay_ms: 90_000, error: { class: "unknown", message: "no answer within 15 s" } });
  return claimed.messages[0].id;
}

/** What the provider reports. @param {string} id @param {string} type @param {object} [detail] @param {string} [recipient] */
export async function report(id, type, detail = undefined, recipient = "ann@example.com") {
  const event = { id: `msg_${randomUUID()}`, type: `email.${type}`, occurred_at: new Date().toISOString(), provider_message_id: `re_${id}`, message_id: id, recipients: [recipient], ...detail ? { detail } : {} };
  const { results } = await lite.rpc("email_queue_record_events", { p_events: [event] });
  assert.equal(results[0].result, "recorded", JSON.stringify(results));
}

/** Claims until nothing is due, so that what may not be sent ends. */
export async function sweep() {
  while (await claim({ begins: false })) assert.fail("something was to be sent");
}
