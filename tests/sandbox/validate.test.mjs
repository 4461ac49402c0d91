// The fields of an e-mail: what is refused, and under which name.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { email, open } from "./testing.mjs";

const { single, batch, call, set, state } = await open();
const addresses = (count) => Array.from({ length: count }, (_, index) => `u${index}@example.com`);
const attach = (change) => ({ attachments: [{ filename: "a.txt", content: "aGVsbG8=", ...change }] });
const DAY = 24 * 3600_000;
const inDays = (days) => new Date(Date.now() + days * DAY).toISOString();

const ACCEPTED = {
  "a bare address": { from: "hello@example.com", to: "a@example.com" },
  "a quoted name": { from: '"Doe, \\"J\\" <x>" <hello@example.com>' },
  "a name without ASCII": { from: "Zoë Ünal <hello@example.com>" },
  "an address of 254": { to: `${"a".repeat(60)}@${`${"b".repeat(61)}.`.repeat(3)}${"c".repeat(7)}` },
  "50 recipients": { to: addresses(50), cc: addresses(50), bcc: addresses(50) },
  "text alone": { html: undefined, text: "Hi" },
  "no text wanted": { text: "" },
  "a template with a subject of its own": { html: undefined, subject: undefined, template: { id: "welcome", variables: { A: 1 } } },
  "tags": { tags: [{ name: "a".repeat(256), value: "A-z_0" }] },
  "headers": { headers: { "List-Unsubscribe": "<https://example.com/u>" } },
  "attachments": attach({ content_id: "c".repeat(127), content_type: "text/plain" }),
  "an attachment by path, its name taken from the URL": attach({ content: undefined, filename: undefined, path: "https://example.com/a.pdf" }),
  "base64 in lines": attach({ content: "aGVs\r\nbG8=\r\n" }),
  "a date": { scheduled_at: inDays(29) },
  "natural language": { scheduled_at: "in 1 hour" },
  "fields that nobody knows": { priority: "high" },
  "null for what is optional": { cc: null, bcc: null, reply_to: null, tags: null, headers: null, attachments: null, template: null, text: null },
};

const REFUSED = {
  "no from": [{ from: undefined }, "missing_required_field"],
  "no to": [{ to: undefined }, "missing_required_field"],
  "nobody in to": [{ to: [] }, "missing_required_field"],
  "no subject": [{ subject: undefined }, "missing_required_field"],
  "no content": [{ html: undefined }, "missing_required_field"],
  "empty content": [{ html: "", text: "" }, "missing_required_field"],
  "from without an address": [{ from: "Acme" }, "invalid_from_address"],
  "from with two addresses": [{ from: "a@example.com, b@example.com" }, "invalid_from_address"],
  "from with a line break": [{ from: "A\r\nBcc: x@example.com <a@example.com>" }, "invalid_from_address"],
  "51 recipients": [{ to: addresses(51) }, "validation_error"],
  "51 in bcc": [{ bcc: addresses(51) }, "validation_error"],
  "a recipient without a domain": [{ to: ["a@example.com", "nobody"] }, "validation_error"],
  "a domain without a dot": [{ to: "a@localhost" }, "validation_error"],
  "a local part of 65": [{ to: `${"a".repeat(65)}@example.com` }, "validation_error"],
  "an address of 255": [{ to: `${"a".repeat(60)}@${`${"b".repeat(61)}.`.repeat(3)}${"c".repeat(8)}` }, "validation_error"],
  "a local part without ASCII": [{ to: "zoë@example.com" }, "validation_error"],
  "a domain without ASCII": [{ to: "a@exämple.com" }, "validation_error"],
  "a broken cc": [{ cc: "x" }, "validation_error"],
  "a broken reply_to": [{ reply_to: "x" }, "validation_error"],
  "a recipient that is no string": [{ to: [1] }, "validation_error"],
  "a subject with a line break": [{ subject: "a\nb" }, "validation_error"],
  "html that is no string": [{ html: { a: 1 } }, "validation_error"],
  "template and html": [{ template: { id: "t" } }, "validation_error"],
  "template and text": [{ html: undefined, text: "t", template: { id: "t" } }, "validation_error"],
  "a template without an id": [{ html: undefined, template: {} }, "missing_required_field"],
  "a tag with a space": [{ tags: [{ name: "a", value: "b c" }] }, "validation_error"],
  "a tag of 257": [{ tags: [{ name: "a", value: "b".repeat(257) }] }, "validation_error"],
  "a tag without a value": [{ tags: [{ name: "a" }] }, "missing_required_field"],
  "an empty tag": [{ tags: [{ name: "a", value: "" }] }, "validation_error"],
  "tags that are no list": [{ tags: { a: "b" } }, "validation_error"],
  "a header with a line break": [{ headers: { "X-A": "a\r\nBcc: b" } }, "validation_error"],
  "a header's name with a colon": [{ headers: { "X:A": "a" } }, "validation_error"],
  "a header that is no string": [{ headers: { "X-A": 1 } }, "validation_error"],
  "headers that are a list": [{ headers: [] }, "validation_error"],
  "a date in 31 days": [{ scheduled_at: inDays(31) }, "validation_error"],
  "a date that is none": [{ scheduled_at: "2026-99-99" }, "validation_error"],
  "an attachment without content": [attach({ content: undefined }), "invalid_attachment"],
  "an attachment with content and path": [attach({ path: "https://example.com/a" }), "invalid_attachment"],
  "an attachment without a filename": [attach({ filename: undefined }), "invalid_attachment"],
  "a filename with a line break": [attach({ filename: "a\nb" }), "invalid_attachment"],
  "content that is not base64": [attach({ content: "not base64!" }), "invalid_attachment"],
  "a path that is no URL": [attach({ content: undefined, path: "/etc/passwd" }), "invalid_attachment"],
  "a content_id of 128": [attach({ content_id: "c".repeat(128) }), "invalid_attachment"],
  "attachments that are no list": [{ attachments: {} }, "invalid_attachment"],
  "a refused recipient": [{ to: ["a@example.com", "Someone <Invalid+1@example.net>"] }, "validation_error"],
};

describe("accepted", () => {
  for (const [what, change] of Object.entries(ACCEPTED)) {
    test(what, async () => assert.equal((await single(email(change))).status, 200));
  }
});

describe("refused with 422", () => {
  for (const [what, [change, name]] of Object.entries(REFUSED)) {
    test(what, async () => {
      const before = (await state()).accepted;
      const answer = await single(email(change));
      assert.deepEqual([answer.status, answer.name, answer.json.statusCode], [422, name, 422]);
      assert.equal(typeof answer.json.message, "string");
      assert.equal((await state()).accepted, before);
    });
  }
});

test("40 MB is the most for an e-mail", async () => {
  const megabyte = "A".repeat(1024 * 1024);
  const half = { filename: "a", content: megabyte.repeat(20) };
  assert.equal((await single(email({ html: "x", attachments: [{ filename: "a", content: megabyte.repeat(39) }] }))).status, 200);
  const answer = await single(email({ html: "x", attachments: [half, half] }));
  assert.deepEqual([answer.status, answer.name], [422, "invalid_attachment"]);
});

test("a batch takes no attachments", async () => {
  const answer = await batch([email(), email(attach({}))]);
  assert.deepEqual([answer.status, answer.name], [422, "validation_error"]);
  assert.equal((await batch([email({ attachments: [] })])).status, 200);
});

test("what is not JSON is 400 validation_error", async () => {
  for (const body of ["", "{", "undefined"]) {
    const answer = await single(body);
    assert.deepEqual([answer.status, answer.name], [400, "validation_error"]);
  }
  for (const body of ["null", "[]", '"text"']) assert.equal((await single(body)).status, 422);
});

test("refused recipients can be set: by local part, domain or address", async () => {
  await set({ refusedRecipients: ["nobody@", "@blocked.example.com", "one@example.com"] });
  const statuses = async (...to) => await Promise.all(to.map(async (address) => (await single(email({ to: address }))).status));
  assert.deepEqual(await statuses("nobody@example.org", "x@blocked.example.com", "one@example.com"), [422, 422, 422]);
  assert.deepEqual(await statuses("invalid@example.com", "x@example.com", "one@example.org"), [200, 200, 200]);
  const inCopy = await single(email({ bcc: "nobody@example.org" }));
  assert.equal(inCopy.status, 422);
});

test("an unknown template is 404 not_found, in a permissive batch too", async () => {
  await set({ templates: ["known"] });
  const use = (id) => email({ html: undefined, template: { id } });
  assert.equal((await single(use("known"))).status, 200);
  const answer = await batch([use("known"), use("unknown")], undefined, { "x-batch-validation": "permissive" });
  assert.deepEqual([answer.status, answer.name], [404, "not_found"]);
});

test("GET /emails/:id", async () => {
  const sent = email({ cc: "cc@example.com", tags: [{ name: "a", value: "b" }] });
  const { id } = (await single(sent)).json;
  const found = (await call(`/emails/${id}`, { method: "GET" })).json;
  assert.deepEqual([found.object, found.id, found.to, found.cc, found.subject, found.last_event], ["email", id, sent.to, ["cc@example.com"], "Hello", "delivered"]);
  const unknown = await call("/emails/00000000-0000-4000-8000-000000000000", { method: "GET" });
  assert.deepEqual([unknown.status, unknown.name], [404, "not_found"]);
  const malformed = await call("/emails/one", { method: "GET" });
  assert.deepEqual([malformed.status, malformed.name], [422, "invalid_parameter"]);
});

test("GET /domains lists verified and unverified ones", async () => {
  await set({ unverifiedDomains: ["new.example.com"], verifiedDomains: ["mail.example.com"] });
  const { json } = await call("/domains", { method: "GET" });
  assert.equal(json.object, "list");
  assert.deepEqual(json.data.map(({ name, status }) => [name, status]), [["mail.example.com", "verified"], ["new.example.com", "not_started"]]);
  await set({ verifiedDomains: null });
  await single(email({ from: "a@seen.example.com" }));
  const names = (await call("/domains", { method: "GET" })).json.data.map(({ name }) => name);
  assert.deepEqual(names, ["example.com", "new.example.com", "seen.example.com"]);
});
