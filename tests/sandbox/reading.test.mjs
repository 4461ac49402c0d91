// What can be read back: e-mails, suppressions, logs, usage; and by which key.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { email, open, tagged } from "./testing.mjs";

const { call, single, batch, fault, set, reset, state } = await open();
const get = (path) => call(path, { method: "GET" });
beforeEach(reset);

test("a key that may only send can do nothing else", async () => {
  await set({ restrictedApiKeys: ["re_test"] });
  assert.equal((await single(email())).status, 200);
  assert.equal((await batch([email()])).status, 200);
  const id = "00000000-0000-4000-8000-000000000000";
  const paths = {
    GET: ["/emails", `/emails/${id}`, "/domains", "/webhooks", `/webhooks/${id}`, `/webhooks/${id}/events`, "/suppressions", "/logs", `/logs/${id}`, "/usage"],
    POST: ["/webhooks", `/webhooks/${id}/signing-secret/rotate`, "/suppressions", "/suppressions/batch/add"],
    PATCH: [`/webhooks/${id}`],
    DELETE: [`/webhooks/${id}`, "/suppressions/a@example.com"],
  };
  for (const [method, list] of Object.entries(paths)) {
    for (const path of list) {
      const answer = await call(path, { method, ...method === "POST" ? { body: {} } : {} });
      assert.deepEqual([answer.status, answer.name], [401, "restricted_api_key"], `${method} ${path}`);
    }
  }
  const full = await call("/usage", { method: "GET", headers: { authorization: "Bearer re_full" } });
  assert.equal(full.status, 200);
});

describe("lists", () => {
  test("are paged by cursor, newest first", async () => {
    const ids = (await batch(Array.from({ length: 7 }, () => email()))).json.data.map(({ id }) => id).reverse();
    const page = async (query) => {
      const { object, data, has_more: more } = (await get(`/emails?${query}`)).json;
      assert.equal(object, "list");
      return [data.map(({ id }) => ids.indexOf(id)).join(""), more];
    };
    assert.deepEqual(await page(""), ["0123456", false]);
    assert.deepEqual(await page("limit=3"), ["012", true]);
    assert.deepEqual(await page(`limit=3&after=${ids[2]}`), ["345", true]);
    assert.deepEqual(await page(`limit=3&after=${ids[5]}`), ["6", false]);
    assert.deepEqual(await page(`limit=2&before=${ids[5]}`), ["34", true]);
    assert.deepEqual(await page(`limit=9&before=${ids[2]}`), ["01", false]);
    for (const query of ["limit=0", "limit=101", "limit=x", "after=x", `after=${ids[0]}&before=${ids[1]}`]) {
      assert.equal((await get(`/emails?${query}`)).name, "validation_error", query);
    }
    await batch(Array.from({ length: 20 }, () => email()));
    assert.equal((await get("/emails")).json.data.length, 20, "the default");
  });
  test("of e-mails have no tags and no bodies; one e-mail has", async () => {
    const { id } = (await single(tagged("m", { to: "ada@example.com", text: "Hi" }))).json;
    const [listed] = (await get("/emails")).json.data;
    assert.deepEqual(Object.keys(listed).sort(), ["bcc", "cc", "created_at", "from", "id", "last_event", "message_id", "reply_to", "scheduled_at", "subject", "to"]);
    const { object, html, text, tags, ...rest } = (await get(`/emails/${id}`)).json;
    assert.deepEqual([object, html, text, tags], ["email", "<p>Hi</p>", "Hi", [{ name: "message_id", value: "m" }]]);
    assert.deepEqual(rest, listed);
  });
});

describe("suppressions", () => {
  const add = (address) => call("/suppressions", { body: { email: address } });
  test("are added, trimmed and in lower case, once; read by id or address; removed", async () => {
    const first = await add("  Ada@Example.com ");
    assert.equal(first.status, 201);
    assert.deepEqual((await add("ada@example.com")).json, first.json);
    const { id } = first.json;
    for (const path of [id, "ada%40example.com", "ADA@example.com"]) {
      const { created_at: _, ...entry } = (await get(`/suppressions/${path}`)).json;
      assert.deepEqual(entry, { object: "suppression", id, email: "ada@example.com", origin: "manual", source_id: null }, path);
    }
    assert.deepEqual((await call(`/suppressions/${id}`, { method: "DELETE" })).json, { object: "suppression", id, deleted: true });
    for (const method of ["GET", "DELETE"]) {
      const answer = await call(`/suppressions/${id}`, { method });
      assert.deepEqual([answer.status, answer.name], [404, "not_found"]);
    }
    const told = (await get("/_sandbox/events")).json.events.map(({ type, payload }) => [type, payload.data.id]);
    assert.deepEqual(told, [["suppression.removed", id], ["suppression.added", id]]);
    for (const wrong of ["nonsense", "Ada <ada@example.com>", 7]) assert.equal((await add(wrong)).name, "validation_error");
    assert.equal((await get("/suppressions/%")).status, 404);
  });
  test("in batches, and listed by origin", async () => {
    const { data } = (await call("/suppressions/batch/add", { body: { emails: ["a@example.com", "B@example.com"] } })).json;
    assert.equal(data.length, 2);
    await single(email({ to: "bounced@resend.dev" }));
    const of = async (query) => (await get(`/suppressions${query}`)).json.data.map(({ email: address }) => address);
    assert.deepEqual(await of(""), ["bounced@resend.dev", "b@example.com", "a@example.com"]);
    assert.deepEqual(await of("?origin=bounce"), ["bounced@resend.dev"]);
    assert.deepEqual(await of(`?origin=manual&after=${data[1].id}`), ["a@example.com"]);
    assert.equal((await get("/suppressions?origin=other")).name, "validation_error");
    const remove = (body) => call("/suppressions/batch/remove", { body });
    assert.deepEqual((await remove({ ids: [data[0].id, "nothing"] })).json.data, [{ object: "suppression", id: data[0].id, deleted: true }]);
    await remove({ emails: ["B@example.com"] });
    assert.deepEqual(await of(""), ["bounced@resend.dev"]);
    for (const wrong of [{}, { emails: [], }, { emails: ["a@example.com"], ids: ["x"] }]) assert.equal((await remove(wrong)).name, "validation_error");
    const many = Array.from({ length: 101 }, (_, index) => `a${index}@example.com`);
    assert.equal((await call("/suppressions/batch/add", { body: { emails: many } })).name, "validation_error");
  });
});

describe("logs", () => {
  const list = async () => (await get("/logs?limit=100")).json.data;
  test("have the bodies of a request whose answer was lost, not one that never arrived", async () => {
    await fault([{ action: "drop", match: { key: "before" } }, { action: "answer", status: 502, body: "<h1>Bad gateway</h1>", when: "after", match: { key: "after" } }]);
    const body = [tagged("a"), tagged("b")];
    await batch(body, "before").catch(() => {});
    assert.deepEqual(await list(), []);
    assert.equal((await batch(body, "after")).status, 502);
    const ids = Object.keys((await state({ ids: true })).emailIds);
    const found = (await list()).find(({ method }) => method === "POST");
    const { id, created_at: at, ...entry } = found;
    assert.deepEqual(entry, { endpoint: "/emails/batch", method: "POST", response_status: 200, user_agent: "test" });
    assert.ok(Date.parse(at) > 0);
    const { object, request_body: asked, response_body: answered } = (await get(`/logs/${id}`)).json;
    assert.deepEqual([object, asked, answered], ["log", body, { data: ids.map((one) => ({ id: one })) }]);
    assert.equal((await get("/logs/nothing")).name, "not_found");
  });
  test("have refusals, and not a request without a right", async () => {
    await single(email({ subject: undefined }));
    await call("/emails", { body: email(), headers: { authorization: "Bearer wrong" } });
    const [entry, ...more] = await list();
    assert.deepEqual([entry.response_status, more.length], [422, 0]);
    assert.equal((await get(`/logs/${entry.id}`)).json.response_body.name, "missing_required_field");
  });
  test("are the last ones", async () => {
    await set({ keepLogs: 3 });
    for (let index = 0; index < 10; index += 1) await single(email());
    assert.equal((await list()).length, 3);
    await set({ keepLogs: 0 });
    await single(email());
    assert.equal((await list()).length, 0);
  });
});

test("usage says what is left, and the rate", async () => {
  await set({ quotas: { daily: 100, monthly: 3000 }, rateLimit: 7, clockOffsetMs: Date.parse("2027-01-31T23:00:00Z") - Date.now() });
  await single(email({ cc: "b@example.com" }));
  const { emails, rate_limit: rate } = (await get("/usage")).json;
  assert.deepEqual(emails, {
    daily: { used: 2, limit: 100, sent: 2, received: 0, resets_at: "2027-02-01T00:00:00.000Z" },
    monthly: { used: 2, limit: 3000, sent: 2, received: 0, resets_at: "2027-02-01T00:00:00.000Z" },
  });
  assert.equal(rate.limit, 7);
  await set({ clockOffsetMs: Date.parse("2027-02-01T01:00:00Z") - Date.now(), quotas: { daily: 0 } });
  const next = (await get("/usage")).json.emails;
  assert.deepEqual([next.daily.used, next.daily.limit, next.monthly.used], [0, null, 0]);
});
