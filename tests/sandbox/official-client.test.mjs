// The official client against the sandbox: what the sandbox answers is what its SDK expects.
// EMAIL_QUEUE_TOOLS names a directory with node_modules/resend.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { startSandbox } from "../../src/js/sandbox/server.mjs";

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
    await resend.emails.send(message());
    const throttled = await resend.emails.send(message());
    assert.deepEqual([throttled.error.name, throttled.headers["retry-after"], throttled.headers["ratelimit-limit"]], ["rate_limit_exceeded", "1", "1"]);
    await fetch(`${sandbox.url}/_sandbox/config`, { method: "POST", body: '{"rateLimit":0}' });
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: "POST", body: '{"action":"answer","status":502,"body":"<h1>Bad gateway</h1>"}' });
    const outage = await resend.emails.send(message());
    assert.deepEqual([outage.error.name, outage.error.statusCode], ["application_error", 502]);
  });
  test("reads an e-mail and the domains back", async () => {
    const sent = await resend.emails.send(message({ subject: "Read me" }));
    const read = await resend.emails.get(sent.data.id);
    assert.deepEqual([read.data.subject, read.data.to, read.data.last_event], ["Read me", ["ada@example.com"], "sent"]);
    const { data } = await resend.domains.list();
    assert.deepEqual(data.data.map(({ name, status }) => [name, status]), [["example.com", "verified"]]);
  });
});
