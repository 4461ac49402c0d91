// Every function of the queue in public, called once at least, in an order in which each has something to do.
import assert from "node:assert/strict";

/** @typedef {(name: string, args?: Record<string, unknown>) => Promise<any>} Call */

const URL = "https://project.example/functions/v1/process-email-queue";
const SECRET = "the-secret-of-the-tests";

const BEGIN = { endpoint: "single", wire_version: 1, timeout_ms: 30_000, margin_ms: 5_000, max_wait_ms: 2_000 };

/** @param {number} n */
const token = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** @param {string} [domain] */
const mail = (domain = "shop.example") => ({ from: `Shop <shop@${domain}>`, to: "user@b.example", subject: "Hello", text: "Hi" });

/**
 * Calls them all as service_role, and checks that each did its work.
 * @param {Call} call
 * @param {{wired?: boolean}} [options] wired: pg_cron, pg_net and Vault are there
 * @returns {Promise<Record<string, any>>} the last answer of each, by its name
 */
export async function callAll(call, { wired = true } = {}) {
  /** @type {Record<string, any>} */
  const answers = {};
  const ask = async (/** @type {string} */ name, /** @type {Record<string, unknown>} */ args = {}) => answers[name] = await call(`email_queue_${name}`, args);

  if (wired) {
    await ask("connect", { p_url: URL, p_secret: SECRET });
    assert.ok((await ask("schedule", { p_every: "1 minute" })).schedule);
    assert.equal((await ask("wake", { p_every: "1 second" })).on, true);
    assert.ok((await ask("call")).request_id);
  }

  assert.equal((await ask("adopt")).adopted, true);
  const { id, notice = "" } = await ask("enqueue", { p_payload: mail(), p_dedup_key: "once", p_metadata: { order: 7 }, p_tags: [{ name: "kind", value: "order" }] });
  assert.equal(notice.startsWith("not connected: "), !wired, notice);
  const many = (await ask("enqueue_many", { p_messages: ["late", "late", "last"].map((kind) => ({ type: kind, payload: mail(), delay_ms: kind === "last" ? 3_600_000 : 0 })) })).map((/** @type {any} */ one) => one.id);
  const { id: found, notice: same = "" } = await ask("get", { p_id: id });
  assert.deepEqual([found, same], [id, notice]);
  assert.equal((await ask("list", { p_status: "pending", p_metadata: { order: 7 } })).length, 1);
  await ask("pause", { p_reason: "test", p_seconds: 60 });
  assert.equal((await ask("resume")).resumed, true);

  // An e-mail of its own: claimed, begun, accepted.
  const work = (/** @type {object} */ request) => ask("worker_work", { p_request: request });
  const { claims: [claimed] } = await work({ claim: { tokens: [token(1)], lease_ms: 60_000 } });
  const lease = { p_dispatch_id: claimed.dispatch_id, p_token: claimed.token };
  assert.equal((await ask("extend", { ...lease, p_lease_ms: 120_000 })).result, "applied");
  assert.equal((await work({ begins: [{ dispatch_id: claimed.dispatch_id, token: claimed.token, ...BEGIN }] })).begins[0].state, "begun");
  const accepted = claimed.messages.map((/** @type {any} */ message) => ({ id: message.id, outcome: "completed", provider_message_id: "p-1" }));
  const ends = { dispatch_id: claimed.dispatch_id, token: claimed.token, counted: true };
  assert.equal((await ask("settle", { p_settle: { ...ends, answer: "definite", members: accepted } })).result, "applied");
  assert.equal((await call("email_queue_get", { p_id: id })).status, "completed");
  const event = { id: "msg_1", type: "email.delivered", occurred_at: "2026-11-26T20:00:00.000Z", provider_message_id: "p-1", message_id: id, recipients: ["user@b.example"] };
  assert.deepEqual(await ask("record_events", { p_events: [event], p_refused: 1 }), { results: [{ id: "msg_1", result: "recorded" }] });
  assert.equal((await call("email_queue_get", { p_id: id })).delivery.state, "delivered");
  assert.deepEqual(await ask("known_events", { p_ids: ["msg_1", "msg_2"] }), ["msg_1"]);
  assert.deepEqual((await ask("events", { p_id: id })).map((/** @type {any} */ one) => one.type), ["email.delivered"]);
  const { timeline, can } = await ask("show", { p_id: id });
  assert.ok(timeline.some((/** @type {any} */ step) => step.what === "event"));
  assert.equal(can.erase, null);
  assert.ok(Array.isArray(await ask("runs")));
  assert.equal((await ask("overview")).hours.length, 36);
  assert.deepEqual((await ask("search", { p_filter: { recipient: "User <USER@b.example>", metadata: { order: 7 } } })).messages.map((/** @type {any} */ one) => one.id), [id]);
  assert.deepEqual(await ask("on_event", { p_function: null }), { function: null, previous: null });

  // Until here with the defaults, of which nothing is stored.
  const settings = { default_sender: "Shop <shop@shop.example>", rate_limit: 1000 };
  assert.equal((await ask("configure", { p_settings: settings })).rate_limit, 1000);
  await callOutage(call);

  // A consumer of its own: given back, then failed for good.
  const [first] = await ask("dequeue", { p_types: ["late"], p_tokens: [token(20)] });
  const released = { dispatch_id: first.dispatch_id, token: token(20), answer: "none", counted: false, members: [], rest: "release" };
  assert.equal((await call("email_queue_settle", { p_settle: released })).result, "applied");
  const [again] = await call("email_queue_dequeue", { p_types: ["late"], p_tokens: [token(21)] });
  const member = again.message.id;
  const rejected = { id: member, outcome: "failed", reason: "rejected", error: { class: "rejected" } };
  const settled = await call("email_queue_settle", { p_settle: { dispatch_id: again.dispatch_id, token: token(21), counted: true, answer: "definite", members: [rejected] } });
  assert.equal(settled.result, "applied", JSON.stringify(settled));
  assert.equal((await ask("dead_letters", { p_filter: { type: "late" } })).length, 1);
  assert.ok(await ask("redrive", { p_ids: [member] }));
  assert.equal((await ask("not_accepted", { p_ids: [member] })).refused.length, 1);
  assert.ok(await ask("discard", { p_filter: { type: "late" }, p_dry_run: true }));
  assert.ok(await ask("cancel", { p_id: many[2] }));
  assert.ok(await ask("erase", { p_id: many[2] }));

  assert.equal((await ask("suppress", { p_address: "gone@b.example", p_reason: "bounce" })).address, "gone@b.example");
  assert.equal((await ask("suppressions", { p_filter: { reason: "bounce" } })).length, 1);
  assert.equal((await ask("unsuppress", { p_address: "gone@b.example" })).removed.length, 1);

  assert.equal((await ask("template_put", { p_name: "welcome", p_subject: "Hello {{ name }}", p_text: "Hi" })).version, 1);
  assert.equal((await ask("template_get", { p_name: "welcome" })).text, "Hi");
  assert.equal((await ask("template_list")).length, 1);
  const filled = { p_variables: { name: "Ann" } };
  assert.equal((await ask("template_preview", { p_name: "welcome", ...filled })).subject, "Hello Ann");
  assert.equal((await ask("enqueue_template", { p_template: "welcome", p_to: "user@b.example", p_delay_ms: 3_600_000, ...filled })).created, true);
  assert.deepEqual(await ask("template_delete", { p_name: "welcome" }), { deleted: true });
  const confirm = { token: "123456", token_hash: "hash", email_action_type: "signup", site_url: "https://project.example/auth/v1" };
  // Supabase Auth's alone: auth_hook.test.mjs calls it as Auth does.
  const denied = await ask("auth_hook", { p_event: { user: { email: "user@b.example" }, email_data: confirm } }).then(() => "it may", (error) => String(error.message));
  assert.match(denied, /permission denied for function email_queue_auth_hook/);
  answers.auth_hook = denied;

  const [newest] = await ask("audit", { p_filter: { action: "suppress" } });
  assert.match(newest.arguments.hash, /^[0-9a-f]{8}$/);
  assert.ok(await ask("prune"));
  assert.ok(await ask("adopt"));
  assert.ok(await ask("stats"));
  assert.match(await ask("version"), /^\d+\.\d+\.\d+$/);
  assert.ok((await ask("doctor")).length > 5);
  const reply = await work({ claim: { type: "none", tokens: [token(30)], lease_ms: 1000 }, count_remaining: true });
  assert.equal(reply.claim_error, null);
  if (wired) {
    assert.equal((await call("email_queue_wake", { p_on: false })).on, false);
    assert.equal((await ask("unschedule")).removed, true);
  }
  return answers;
}

/** Requests without an answer, until the circuit breaker opens, and a probe that closes it. @param {Call} call */
async function callOutage(call) {
  const messages = Array.from({ length: 5 }, (_, n) => ({ payload: mail(`sender${n}.example`) }));
  await call("email_queue_enqueue_many", { p_messages: messages });
  const work = (/** @type {object} */ request) => call("email_queue_worker_work", { p_request: request });
  const { claims: dispatches } = await work({ claim: { tokens: Array.from({ length: 5 }, (_, n) => token(10 + n)), lease_ms: 60_000 } });
  assert.equal(dispatches.length, 5);
  for (const [n, { dispatch_id, token }] of dispatches.entries()) {
    const { begins: [begun] } = await work({ begins: [{ dispatch_id, token, ...BEGIN }] });
    assert.notEqual(begun.state, "error", JSON.stringify(begun));
    if (begun.state !== "begun") continue;
    const end = n < 3 ? { answer: "unknown", rest: "freeze", delay_ms: 3_600_000, members: [], error: { class: "unknown" } }
      : { answer: "definite", members: dispatches[n].messages.map((/** @type {any} */ { id }) => ({ id, outcome: "completed", provider_message_id: "p-2" })) };
    const settled = await call("email_queue_settle", { p_settle: { dispatch_id, token, counted: true, ...end } });
    assert.equal(settled.result, "applied", JSON.stringify(settled));
  }
}

/** A function of the queue by a connection. @param {any} sql @returns {Call} */
export const over = (sql) => async (name, args = {}) => {
  const literal = (/** @type {unknown} */ value) => value === null ? "null" : `'${text(value).replaceAll("'", "''")}'`;
  const list = Object.entries(args).map(([argument, value]) => `${argument} => ${literal(value)}`);
  return (await sql.unsafe(`select public.${name}(${list.join(", ")}) as answer`))[0].answer;
};

/** @param {unknown} value */
function text(value) {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return `{${value.join(",")}}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
