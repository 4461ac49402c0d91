// How the command sets up the provider's webhook, against the sandbox: found by its address, created once, and changed only where it differs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readProject } from "../../src/js/command/deployed.js";
import { environment } from "../../src/js/command/env.js";
import { examineEvents } from "../../src/js/command/doctor-events.js";
import { byHand, changesOf, EVENTS, findWebhook, setWebhook } from "../../src/js/command/webhook.js";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { startSandbox } from "../../src/js/sandbox/server.mjs";
import { write } from "./support/place.mjs";

/** @type {Awaited<ReturnType<typeof startSandbox>>} */
let sandbox;
before(async () => void (sandbox = await startSandbox({ rateLimit: 0 })));
after(() => sandbox.close());

const FULL = "re_full_access_of_the_tests";
const project = (/** @type {Record<string, string>} */ more = {}) => readProject({ SUPABASE_URL: "https://abcdefghijklmnopqrst.supabase.co", SUPABASE_SECRET_KEY: "sb_secret_x", RESEND_BASE_URL: sandbox.url, RESEND_FULL_ACCESS_KEY: FULL, ...more }, "process-email-queue", "mail-reports");
const api = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {object} */ body) => {
  const response = await fetch(`${sandbox.url}${path}`, { method, headers: { authorization: `Bearer ${FULL}`, "user-agent": "tests", "content-type": "application/json" }, ...body ? { body: JSON.stringify(body) } : {} });
  assert.ok(response.ok, await response.clone().text());
  return await response.json();
};

test("it is created once, and found by its address among many", async () => {
  for (let n = 0; n < 120; n++) await api("POST", "/webhooks", { endpoint: `https://others.example/${n}`, events: ["email.sent"] });
  assert.equal(project().eventsUrl, "https://abcdefghijklmnopqrst.supabase.co/functions/v1/mail-reports/resend");
  assert.equal(await findWebhook(project()), null);
  const secret = await setWebhook(project(), null);
  assert.match(secret ?? "", /^whsec_/);
  for (let n = 0; n < 120; n++) await api("POST", "/webhooks", { endpoint: `https://more.example/${n}`, events: ["email.sent"] });
  const found = await findWebhook(project());
  assert.deepEqual([found?.signing_secret, found?.status, found?.events], [secret, "enabled", EVENTS]);
  assert.deepEqual(changesOf(/** @type {any} */ (found)), {});
  assert.equal(await setWebhook(project(), found), secret);
});

test("only what differs is changed, and nothing of theirs is taken away", async () => {
  const { id } = /** @type {any} */ (await findWebhook(project()));
  await api("PATCH", `/webhooks/${id}`, { status: "disabled", events: ["contact.created", "email.bounced"] });
  const disabled = /** @type {any} */ (await findWebhook(project()));
  assert.deepEqual(changesOf(disabled), { status: "enabled", events: ["contact.created", "email.bounced", ...EVENTS.filter((type) => type !== "email.bounced")] });
  await setWebhook(project(), disabled);
  const now = /** @type {any} */ (await findWebhook(project()));
  assert.deepEqual([now.status, now.events.length], ["enabled", EVENTS.length + 1]);
  // Resend may give none.
  assert.deepEqual(changesOf({ id: "x", endpoint: "x", status: "enabled", events: null }), { events: EVENTS });
});

test("the doctor says what is wrong with it, to who has the key", async () => {
  const { createServer } = await import("node:http");
  const functions = createServer((_, response) => void response.writeHead(401, { "content-type": "application/json" }).end('{"code":"unsigned"}'));
  await new Promise((resolve) => void functions.listen(0, "127.0.0.1", () => resolve(undefined)));
  const port = /** @type {any} */ (functions.address()).port;
  const at = (/** @type {Record<string, string>} */ more = {}) => project({ SUPABASE_URL: `http://127.0.0.1:${port}`, ...more });
  const webhook = async (/** @type {Record<string, string>} */ more) => {
    const { status, detail } = /** @type {any} */ ((await examineEvents(at(more))).find(({ check }) => check === "webhook"));
    return `${status}: ${detail}`;
  };
  try {
    assert.match(await webhook({}), /^fail: Resend has no webhook to http:\/\/127\.0\.0\.1:\d+\/functions\/v1\/mail-reports\/resend/);
    await setWebhook(at(), null);
    const { id, signing_secret } = /** @type {any} */ (await findWebhook(at()));
    assert.equal(await webhook({}), "ok: enabled");
    await api("PATCH", `/webhooks/${id}`, { events: EVENTS.filter((type) => type !== "email.complained") });
    assert.equal(await webhook({}), "warn: it does not report email.complained");
    await api("PATCH", `/webhooks/${id}`, { status: "disabled" });
    assert.match(await webhook({}), /^fail: it is disabled/);
    await setWebhook(at(), await findWebhook(at()));
    assert.equal(await webhook({ RESEND_WEBHOOK_SECRET: `whsec_${"x".repeat(32)}` }), "fail: RESEND_WEBHOOK_SECRET is not its signing secret");
    assert.equal(await webhook({ RESEND_WEBHOOK_SECRET: `whsec_${"x".repeat(32)},${signing_secret}` }), "ok: enabled");
    assert.match(await webhook({ RESEND_FULL_ACCESS_KEY: "" }), /^skip: RESEND_FULL_ACCESS_KEY is not set here/);
  } finally {
    functions.close();
  }
});

test("a key that may only send, an account that cannot be reached and an address that is not taken are said", async () => {
  await fetch(`${sandbox.url}/_sandbox/config`, { method: "POST", body: JSON.stringify({ restrictedApiKeys: ["re_may_only_send"] }) });
  await assert.rejects(findWebhook(project({ RESEND_FULL_ACCESS_KEY: "re_may_only_send" })), (/** @type {any} */ error) => {
    assert.match(error.message, /^Resend refuses RESEND_FULL_ACCESS_KEY for webhooks: 401 restricted_api_key$/);
    assert.match(error.remedy, /make a key with full access/);
    return true;
  });
  await assert.rejects(findWebhook(project({ RESEND_BASE_URL: "http://127.0.0.1:1" })), /Resend: not reached/);
  await assert.rejects(setWebhook(project({ EMAIL_QUEUE_FUNCTION_URL: "http://insecure.example/process-email-queue" }), null), /Resend does not take the webhook: 4\d\d .*https/);
});

test("without the key it says the three things to click, and the key is read from no file", async () => {
  const text = byHand(project());
  for (const part of ["https://resend.com/webhooks", project().eventsUrl, ...EVENTS, "RESEND_WEBHOOK_SECRET", "RESEND_FULL_ACCESS_KEY"]) assert.ok(text.includes(part), part);
  const folder = tempFolder("a key in a file");
  write(`${folder.path}/.env`, "RESEND_FULL_ACCESS_KEY=re_in_a_file\nRESEND_WEBHOOK_SECRET=whsec_x\n");
  assert.deepEqual(environment(folder.path, {}), { RESEND_WEBHOOK_SECRET: "whsec_x" });
  assert.equal(environment(folder.path, { RESEND_FULL_ACCESS_KEY: FULL }).RESEND_FULL_ACCESS_KEY, FULL);
  folder.remove();
});
