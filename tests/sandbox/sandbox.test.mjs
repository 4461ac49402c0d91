// Sending, keys, limits, counters: what Resend does with a request.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { email, open, sleep, tagged, until } from "./testing.mjs";

const sandbox = await open();
const { call, single, batch, set, reset, state } = sandbox;
const HOUR = 3600_000;
beforeEach(reset);

describe("access", () => {
  test("no key is 401 missing_api_key", async () => {
    for (const authorization of [undefined, "", "Bearer", "Bearer "]) {
      const answer = await call("/emails", { body: email(), headers: { authorization } });
      assert.deepEqual([answer.status, answer.name], [401, "missing_api_key"], String(authorization));
      assert.deepEqual(Object.keys(answer.json).sort(), ["message", "name", "statusCode"]);
      assert.equal(answer.json.statusCode, 401);
    }
  });
  test("a wrong key is 403 invalid_api_key", async () => {
    for (const authorization of ["Bearer sk_1", "Basic re_1", "re_1"]) {
      const answer = await call("/emails", { body: email(), headers: { authorization } });
      assert.deepEqual([answer.status, answer.name], [403, "invalid_api_key"], authorization);
    }
    await set({ apiKeys: ["re_one"] });
    assert.equal((await single(email())).status, 403);
    assert.equal((await call("/emails", { body: email(), headers: { authorization: "Bearer re_one" } })).status, 200);
  });
  test("a key that may only send is 401 restricted_api_key elsewhere", async () => {
    await set({ restrictedApiKeys: ["re_test"] });
    assert.equal((await single(email())).status, 200);
    const answer = await call("/domains", { method: "GET" });
    assert.deepEqual([answer.status, answer.name], [401, "restricted_api_key"]);
  });
  test("no user agent is 403 in plain text", async () => {
    // `fetch` always sends one unless it is told an empty one.
    const answer = await call("/emails", { body: email(), headers: { "user-agent": "" } });
    assert.deepEqual([answer.status, answer.text, answer.json], [403, "error code: 1010", null]);
  });
  test("another path is 404, another method 405", async () => {
    const missing = await call("/nothing", { method: "GET" });
    assert.deepEqual([missing.status, missing.name], [404, "not_found"]);
    for (const [path, method] of [["/emails", "PUT"], ["/emails/batch", "PUT"], ["/domains", "POST"], ["/emails/x", "DELETE"]]) {
      const answer = await call(path, { method });
      assert.deepEqual([answer.status, answer.name], [405, "method_not_allowed"], `${method} ${path}`);
    }
  });
});

describe("batches", () => {
  test("accept 1 to 100 e-mails, ids in order", async () => {
    const emails = Array.from({ length: 100 }, (_, index) => tagged(`m-${index}`));
    const answer = await batch(emails);
    assert.equal(answer.status, 200);
    assert.equal(answer.json.data.length, 100);
    assert.equal(answer.json.errors, undefined);
    const { emailIds } = await state({ ids: true });
    assert.deepEqual(answer.json.data.map(({ id }) => emailIds[id].messageId), emails.map((_, index) => `m-${index}`));
    for (const body of [[], [...emails, email()], email()]) assert.equal((await batch(body)).status, 422);
    assert.equal((await state()).accepted, 100);
  });
  test("strict, the default, refuses all for one", async () => {
    for (const headers of [{}, { "x-batch-validation": "strict" }]) {
      const answer = await batch([email(), email({ subject: undefined }), email()], undefined, headers);
      assert.deepEqual([answer.status, answer.name], [422, "missing_required_field"]);
    }
    assert.equal((await state()).accepted, 0);
  });
  test("permissive accepts the others and names the index in the request", async () => {
    const emails = [tagged("a"), tagged("b", { to: ["nonsense"] }), tagged("c"), tagged("d", { html: undefined })];
    const answer = await batch(emails, undefined, { "x-batch-validation": "permissive" });
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json.errors.map(({ index }) => index), [1, 3]);
    assert.match(answer.json.errors[0].message, /`to` field/);
    const { emailIds, acceptedByMessage } = await state({ ids: true });
    assert.deepEqual(answer.json.data.map(({ id }) => emailIds[id].messageId), ["a", "c"]);
    assert.deepEqual(acceptedByMessage, { a: 1, c: 1 });
    const fine = await batch([email()], undefined, { "x-batch-validation": "permissive" });
    assert.deepEqual(fine.json.errors, []);
  });
  test("another validation mode is refused", async () => {
    const answer = await batch([email()], undefined, { "x-batch-validation": "lenient" });
    assert.deepEqual([answer.status, answer.name], [422, "invalid_parameter"]);
  });
  test("strictOnly ignores the permissive header", async () => {
    await set({ strictOnly: true });
    const headers = { "x-batch-validation": "permissive" };
    assert.equal((await batch([email(), email({ to: [] })], undefined, headers)).status, 422);
    assert.equal((await batch([email()], undefined, headers)).json.errors, undefined);
  });
});

describe("idempotency keys", () => {
  test("the same key and bytes get the first answer and nothing is accepted again", async () => {
    const body = tagged("m");
    const first = await single(body, "k");
    const again = await single(body, "k");
    assert.equal(first.status, 200);
    assert.equal(again.text, first.text);
    assert.deepEqual([(await state()).accepted, (await state()).replays, (await state()).duplicates], [1, 1, 0]);
    const other = await single(body, "k2");
    assert.notEqual(other.text, first.text);
    assert.deepEqual([(await state()).acceptedByMessage.m, (await state()).duplicates], [2, 1]);
  });
  test("other bytes or another endpoint are a conflict", async () => {
    const body = [tagged("m")];
    assert.equal((await batch(body, "k")).status, 200);
    for (const answer of [await batch(`${JSON.stringify(body)} `, "k"), await single(body, "k")]) {
      assert.deepEqual([answer.status, answer.name], [409, "invalid_idempotent_request"]);
    }
    assert.equal((await state()).accepted, 1);
    const { bodies, requests, statuses } = (await state()).keys.k;
    assert.deepEqual([bodies.length, requests, statuses], [2, 3, { 200: 1, 409: 2 }]);
    assert.match(bodies[0], /^[0-9a-f]{64}$/);
    assert.equal((await state()).keysWithChangedBytes, 1);
  });
  test("a request in progress is a conflict until it ends", async () => {
    await set({ latencyMs: 500 });
    const body = tagged("m");
    const first = single(body, "k");
    await until(async () => (await state()).inFlight === 1);
    const second = await single(body, "k");
    assert.deepEqual([second.status, second.name], [409, "concurrent_idempotent_requests"]);
    assert.equal((await first).status, 200);
    assert.equal((await single(body, "k")).status, 200);
    assert.equal((await state()).accepted, 1);
  });
  test("a refusal is not stored: the key can be used again", async () => {
    const body = tagged("m");
    await set({ unverifiedDomains: ["example.com"] });
    assert.equal((await single(body, "k")).status, 403);
    await set({ unverifiedDomains: [] });
    assert.equal((await single(body, "k")).status, 200);
  });
  test("in test mode only one's own address and Resend's get mail", async () => {
    await set({ ownAddress: "own@example.com" });
    const from = "Acme <onboarding@resend.dev>";
    const stranger = await single(email({ from, to: ["own@example.com"], cc: "ann@example.com" }));
    assert.deepEqual([stranger.status, stranger.name], [403, "validation_error"]);
    assert.match(stranger.json.message, /^You can only send testing emails to your own email address/);
    assert.equal((await single(email({ from, to: ["Own@example.com", "delivered@resend.dev"] }))).status, 200);
    assert.equal((await single(email({ to: "ann@example.com" }))).status, 200);
  });
  test("a batch over what is left of a quota is refused whole", async () => {
    await set({ quotas: { daily: 3 } });
    const two = email({ to: ["a@example.com", "b@example.com"] });
    const refused = await batch([two, two], undefined, { "x-batch-validation": "permissive" });
    assert.deepEqual([refused.status, refused.name], [429, "daily_quota_exceeded"]);
    assert.equal((await state()).accepted, 0);
    assert.equal((await single(two)).status, 200);
  });
  test("a key lives 24 hours", async () => {
    const body = tagged("m");
    const first = await single(body, "k");
    await set({ clockOffsetMs: 24 * HOUR - 60_000 });
    assert.equal((await single(body, "k")).text, first.text);
    await set({ clockOffsetMs: 24 * HOUR });
    assert.notEqual((await single(body, "k")).text, first.text);
    assert.deepEqual([(await state()).accepted, (await state()).duplicates], [2, 1]);
    await set({ clockOffsetMs: 48 * HOUR + 1 });
    await single(email(), "another");
    assert.equal((await state()).storedKeys, 1, "expired keys are forgotten");
    await set({ clockOffsetMs: 24 * HOUR, keyTtlMs: 1000 });
    await single(body, "short");
    await set({ clockOffsetMs: 24 * HOUR + 2000 });
    await single(body, "short");
    assert.equal((await state()).accepted, 5);
  });
  test("a key has 1 to 256 characters", async () => {
    assert.equal((await single(email(), "k".repeat(256))).status, 200);
    for (const key of ["", "k".repeat(257)]) {
      const answer = await single(email(), key);
      assert.deepEqual([answer.status, answer.name], [400, "invalid_idempotency_key"]);
    }
  });
});

describe("limits", () => {
  test("the eleventh request of a second is throttled, with headers", async () => {
    await set({ rateLimit: 10 });
    const answers = [];
    for (let index = 0; index < 12; index += 1) answers.push(await call("/domains", { method: "GET" }));
    assert.deepEqual(answers.map(({ status }) => status), [...Array(10).fill(200), 429, 429]);
    assert.deepEqual(answers.slice(0, 10).map(({ headers }) => Number(headers.get("ratelimit-remaining"))), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    const { headers, name } = answers[10];
    assert.equal(name, "rate_limit_exceeded");
    assert.deepEqual(["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"].map((header) => headers.get(header)), ["10", "0", "1", "1"]);
    assert.equal(answers[0].headers.get("retry-after"), null);
    assert.deepEqual([(await state()).maxRequestsPerSecond, (await state()).maxRequestsPerWindow], [12, 12]);
    await sleep(1010);
    assert.equal((await call("/domains", { method: "GET" })).status, 200);
    // The busiest second, not the sum.
    assert.deepEqual([(await state()).maxRequestsPerSecond, (await state()).maxRequestsPerWindow], [12, 12]);
  });
  test("the default limit is 10, and 0 is none", async () => {
    const own = await open({ rateLimit: undefined });
    assert.equal((await own.call("/_sandbox/config", { method: "GET" })).json.config.rateLimit, 10);
    await own.close();
    assert.equal((await single(email())).headers.get("ratelimit-limit"), null);
  });
  test("every recipient counts towards the daily quota, which ends at 00:00 UTC", async () => {
    await set({ quotas: { daily: 6, monthly: 0 } });
    const three = { to: ["a@example.com"], cc: ["b@example.com"], bcc: "c@example.com" };
    assert.equal((await batch([email(three), email({ to: ["a@example.com", "b@example.com"] })])).status, 200);
    const over = await single(email({ to: ["a@example.com", "b@example.com"] }));
    assert.deepEqual([over.status, over.name], [429, "daily_quota_exceeded"]);
    assert.equal((await single(email())).status, 200);
    assert.deepEqual([(await state()).quotas, (await state()).recipients], [{ daily: 6, monthly: 6 }, 6]);
    await set({ clockOffsetMs: 24 * HOUR });
    assert.equal((await single(email())).status, 200);
  });
  test("a replay uses no quota", async () => {
    await set({ quotas: { daily: 1 } });
    const body = email();
    assert.equal((await single(body, "k")).status, 200);
    assert.equal((await single(body, "k")).status, 200);
  });
  test("the monthly quota outlasts the day", async () => {
    await set({ quotas: { monthly: 1 } });
    assert.equal((await single(email())).status, 200);
    const over = await single(email());
    assert.deepEqual([over.status, over.name], [429, "monthly_quota_exceeded"]);
    await set({ clockOffsetMs: 32 * 24 * HOUR });
    assert.equal((await single(email())).status, 200);
  });
  test("a domain that is not verified is 403 validation_error, for itself only", async () => {
    await set({ unverifiedDomains: ["new.example.com"] });
    const refused = await single(email({ from: "a@new.example.com" }));
    assert.deepEqual([refused.status, refused.name], [403, "validation_error"]);
    assert.match(refused.json.message, /new\.example\.com domain is not verified/);
    assert.equal((await single(email())).status, 200);
    await set({ verifiedDomains: ["other.example.com"] });
    assert.equal((await single(email())).status, 403);
  });
});
