// The official client against the sandbox: what the sandbox answers is what its SDK expects.
// EMAIL_QUEUE_TOOLS names a directory with node_modules/resend.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { startSandbox } from "../../src/js/sandbox/server.mjs";
import { receiver, until } from "./testing.mjs";

const tools = process.env.EMAIL_QUEUE_TOOLS;
// Not skipped: a check that silently does not run is taken for one that passes.
if (!tools) throw new Error("EMAIL_QUEUE_TOOLS is not set: it must name a directory with node_modules/resend");

const sandbox = await startSandbox({ rateLimit: 0 });
after(() => sandbox.close());
// The SDK reads the address when it is constructed.
process.env.RESEND_BASE_URL = sandbox.url;
const { Resend } = createRequire(join(tools, "package.json"))("resend");
const resend = new Resend("re_official");
const message = (change = {}) => ({ from: "Acme <hello@example.com>", to: ["ada@example.com"], subject: "Hello", html: "<p>Hi</p>", ...change });
const stored = async (id) => {
  const { emails } = await (await fetch(`${sandbox.url}/_sandbox/emails`)).json();
  return emails.find((email) => email.id === id);
};

describe("the official client", () => {
  test("sends one e-mail with everything", async () => {
    const { data, error } = await resend.emails.send(message({
      cc: "cc@example.com", bcc: ["bcc@example.com"], replyTo: "help@example.com", text: "Hi", headers: { "X-Own": "1" },
      tags: [{ name: "message_id", value: "m-1" }], scheduledAt: "in 1 min",
    }));
    assert.equal(error, null);
    const email = await stored(data.id);
    assert.deepEqual([email.cc, email.bcc, email.reply_to, email.text, email.headers, email.scheduled_at, email.message_id],
      [["cc@example.com"], ["bcc@example.com"], ["help@example.com"], "Hi", { "X-Own": "1" }, "in 1 min", "m-1"]);
  });
  test("sends attachments: a Buffer, base64 and a path", async () => {
    const { data, error } = await resend.emails.send(message({
      attachments: [
        { filename: "a.txt", content: Buffer.from("hello") },
        { filename: "b.txt", content: "aGVsbG8=", contentType: "text/plain", contentId: "b" },
        { path: "https://example.com/c.pdf", filename: "c.pdf" },
      ],
    }));
    assert.equal(error, null);
    const { attachments } = await stored(data.id);
    assert.deepEqual(attachments.map(({ content, content_id, path }) => content ?? path + String(content_id)), ["aGVsbG8=", "aGVsbG8=", "https://example.com/c.pdfundefined"]);
    assert.equal(attachments[1].content_id, "b");
  });
  test("uses an idempotency key", async () => {
    const body = message({ subject: "Once" });
    const first = await resend.emails.send(body, { idempotencyKey: "once" });
    const again = await resend.emails.send(body, { idempotencyKey: "once" });
    assert.equal(again.data.id, first.data.id);
    const other = await resend.emails.send(message(), { idempotencyKey: "once" });
    assert.deepEqual([other.data, other.error.name, other.error.statusCode], [null, "invalid_idempotent_request", 409]);
  });
  test("sends a batch, strict and permissive", async () => {
    const good = await resend.batch.send([message(), message()], { idempotencyKey: "batch" });
    assert.equal(good.data.data.length, 2);
    const mixed = [message(), message({ to: ["invalid@example.com"] }), message()];
    const strict = await resend.batch.send(mixed);
    assert.deepEqual([strict.data, strict.error.statusCode, strict.error.name], [null, 422, "validation_error"]);
    const permissive = await resend.batch.send(mixed, { batchValidation: "permissive" });
    assert.equal(permissive.error, null);
    assert.equal(permissive.data.data.length, 2);
    assert.deepEqual(permissive.data.errors.map(({ index }) => index), [1]);
  });
  test("reads errors, limits and garbage as it does with the real API", async () => {
    const missing = await resend.emails.send(message({ subject: undefined }));
    assert.deepEqual([missing.error.name, missing.error.statusCode], ["missing_required_field", 422]);
    const denied = await new Resend("sk_wrong").emails.send(message());
    assert.deepEqual([denied.error.name, denied.error.statusCode], ["invalid_api_key", 403]);
    await fetch(`${sandbox.url}/_sandbox/config`, { method: "POST", body: '{"rateLimit":1}' });
    // The window of a second may end between two requests.
    let throttled;
    do throttled = await resend.emails.send(message());
    while (throttled.error === null);
    assert.deepEqual([throttled.error.name, throttled.headers["retry-after"], throttled.headers["ratelimit-limit"]], ["rate_limit_exceeded", "1", "1"]);
    await fetch(`${sandbox.url}/_sandbox/config`, { method: "POST", body: '{"rateLimit":0}' });
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: "POST", body: '{"action":"answer","status":502,"body":"<h1>Bad gateway</h1>"}' });
    const outage = await resend.emails.send(message());
    assert.deepEqual([outage.error.name, outage.error.statusCode], ["application_error", 502]);
  });
  test("reads an e-mail and the domains back", async () => {
    const sent = await resend.emails.send(message({ subject: "Read me" }));
    const read = await resend.emails.get(sent.data.id);
    assert.deepEqual([read.data.subject, read.data.to, read.data.last_event], ["Read me", ["ada@example.com"], "delivered"]);
    const { data } = await resend.domains.list();
    assert.deepEqual(data.data.map(({ name, status }) => [name, status]), [["example.com", "verified"]]);
  });
  test("lists e-mails by cursor", async () => {
    const { data } = await resend.batch.send([message({ subject: "One" }), message({ subject: "Two" })]);
    const newest = await resend.emails.list({ limit: 1 });
    assert.deepEqual([newest.data.data.map(({ subject }) => subject), newest.data.has_more], [["Two"], true]);
    const older = await resend.emails.list({ limit: 1, after: newest.data.data[0].id });
    assert.deepEqual(older.data.data.map(({ id }) => id), [data.data[0].id]);
  });
  test("manages webhooks, verifies what they get, and reads it back", async () => {
    const hook = await receiver();
    const { data: { id: webhookId, signing_secret: webhookSecret } } = await resend.webhooks.create({ endpoint: hook.url, events: ["email.bounced"] });
    assert.equal((await resend.webhooks.get(webhookId)).data.signing_secret, webhookSecret);
    assert.deepEqual((await resend.webhooks.list()).data.data.map(({ id, status }) => [id, status]), [[webhookId, "enabled"]]);
    const { data: { id } } = await resend.emails.send(message({ to: "bounced+official@resend.dev", tags: [{ name: "message_id", value: "m-2" }] }));
    await until(() => hook.got.length === 1);
    const verify = ({ body: payload, id: svixId, timestamp, signature }, secret) =>
      resend.webhooks.verify({ payload, headers: { id: svixId, timestamp, signature }, webhookSecret: secret });
    const event = verify(hook.got[0], webhookSecret);
    assert.deepEqual([event.type, event.data.email_id, event.data.to, event.data.bounce.type, event.data.tags], ["email.bounced", id, ["bounced+official@resend.dev"], "Permanent", { message_id: "m-2" }]);
    assert.throws(() => verify({ ...hook.got[0], body: `${hook.got[0].body} ` }, webhookSecret), /No matching signature/);
    assert.throws(() => verify({ ...hook.got[0], timestamp: String(Number(hook.got[0].timestamp) - 301) }, webhookSecret), /too old/);

    const [listed] = (await resend.webhooks.events.list({ webhookId, limit: 1 })).data.data;
    assert.deepEqual([listed.id, listed.type, listed.status], [hook.got[0].id, "email.bounced", "success"]);
    const read = await resend.webhooks.events.get({ webhookId, eventId: listed.id });
    assert.deepEqual([read.data.payload, read.data.next_attempt_at], [event, null]);
    const attempts = await resend.webhooks.events.attempts.list({ webhookId, eventId: listed.id });
    assert.deepEqual(attempts.data.data.map(({ http_status_code: status, response }) => [status, response]), [[200, "ok"]]);
    const rotated = (await resend.webhooks.rotateSigningSecret(webhookId)).data.signing_secret;
    assert.deepEqual((await resend.webhooks.events.replay({ webhookId, eventId: listed.id })).data, { object: "webhook_event", id: listed.id });
    await until(() => hook.got.length === 2);
    for (const secret of [webhookSecret, rotated]) assert.deepEqual(verify(hook.got[1], secret), event);
    assert.equal((await resend.webhooks.update(webhookId, { status: "disabled" })).data.id, webhookId);
    assert.equal((await resend.webhooks.events.replay({ webhookId, eventId: listed.id })).error.statusCode, 422);
    assert.equal((await resend.webhooks.remove(webhookId)).data.deleted, true);
    assert.equal((await resend.webhooks.get(webhookId)).error.name, "not_found");
  });
  test("manages suppressions", async () => {
    const { data: { id } } = await resend.suppressions.add({ email: "Stop@example.com" });
    const { data } = await resend.suppressions.get("stop@example.com");
    assert.deepEqual([data.id, data.origin, data.source_id], [id, "manual", null]);
    const added = await resend.suppressions.batch.add({ emails: ["a+b@example.com", "stop@example.com"] });
    assert.equal(added.data.data[1].id, id);
    const manual = await resend.suppressions.list({ origin: "manual", limit: 1 });
    assert.deepEqual([manual.data.data.map(({ email }) => email), manual.data.has_more], [["a+b@example.com"], true]);
    assert.equal((await resend.suppressions.remove("a+b@example.com")).data.deleted, true);
    assert.deepEqual((await resend.suppressions.batch.remove({ ids: [id] })).data.data, [{ object: "suppression", id, deleted: true }]);
    assert.equal((await resend.suppressions.get(id)).error.statusCode, 404);
  });
  test("reads logs and usage", async () => {
    const body = message({ subject: "Logged" });
    const { data: { id } } = await resend.emails.send(body);
    const [first] = (await resend.logs.list({ limit: 1 })).data.data;
    assert.deepEqual([first.endpoint, first.method, first.response_status], ["/emails", "POST", 200]);
    const log = (await resend.logs.get(first.id)).data;
    assert.deepEqual([log.request_body.subject, log.response_body, log.user_agent.startsWith("resend-node")], ["Logged", { id }, true]);
    const usage = (await resend.usage.get()).data;
    assert.ok(usage.emails.daily.used > 0 && usage.emails.daily.limit === null);
  });
});
