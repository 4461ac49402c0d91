// A dispatch that may have been sent: what a second answer means for it.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import type { ProviderFault } from "./support/provider.ts";
import type { Fn, Stack } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("frozen");

const COUNT = 20;

/** Its first request was accepted, and nobody knows. */
async function frozen(stack: Stack, max_attempts = 15): Promise<{ ids: string[]; fn: Fn }> {
  const ids = await stack.db.enqueue(mails(COUNT).map((mail) => ({ ...mail, max_attempts })));
  await stack.provider.fault({ action: "answer", when: "after", status: 500 });
  // The replay must not follow in the same run.
  await stack.configure({ retry_base_ms: 60_000, retry_cap_ms: 60_000 });
  const fn = await stack.function();
  assert.equal((await fn.invoke()).retried, COUNT);
  assert.deepEqual(await stack.db.statuses(), { processing: COUNT });
  await stack.db.passTime("2 minutes");
  return { ids, fn };
}

// Of the account or of the moment: it is replayed under its key all the same.
const NOT_DEFINITE: [ProviderFault, number][] = [
  [{ action: "answer", status: 401, name: "restricted_api_key" }, 1],
  [{ action: "answer", status: 403, name: "invalid_api_key" }, 1],
  [{ action: "answer", status: 403, name: "validation_error" }, 1],
  [{ action: "answer", status: 404, name: "not_found" }, 1],
  [{ action: "answer", status: 405, name: "method_not_allowed" }, 1],
  [{ action: "answer", status: 429, name: "rate_limit_exceeded", headers: { "retry-after": "30" } }, 1],
  [{ action: "answer", status: 429, name: "monthly_quota_exceeded" }, 1],
  [{ action: "answer", status: 408, body: "late" }, 2],
  [{ action: "answer", status: 409, name: "concurrent_idempotent_requests" }, 2],
  [{ action: "answer", status: 418, name: "teapot" }, 2],
  [{ action: "answer", status: 451, name: "security_error" }, 2],
  [{ action: "answer", status: 503, body: "no" }, 2],
];

test("whatever happens meanwhile, it is replayed as it was", async (stack) => {
  const soon = new Date(Date.now() + 10 * 60_000).toISOString();
  const ids = await stack.db.enqueue(mails(100).map((mail) => ({ ...mail, payload: { ...mail.payload, from: undefined }, send_before: soon })));
  await stack.provider.fault({ action: "drop", when: "after" });
  await stack.configure({ retry_base_ms: 60_000, retry_cap_ms: 60_000 });
  await (await stack.function()).invoke();
  const may_have_been_sent = "it may have been sent: it waits for its replay";
  for (const p_id of [ids[0], ids[99]]) {
    for (const refusing of ["email_queue_cancel", "email_queue_erase"]) {
      const { result, reason } = await stack.lite.rpc(refusing, { p_id });
      assert.deepEqual([result, reason], ["processing", may_have_been_sent], refusing);
    }
  }
  const { redriven, refused } = await stack.lite.rpc("email_queue_redrive", { p_ids: ids, p_allow_duplicates: true });
  assert.deepEqual([redriven.length, refused.length], [0, 100]);
  // Their time to be sent passes, new mail would come from somebody else, and another release takes over.
  await stack.db.passTime("1 hour");
  await stack.configure({ default_sender: "Somebody else <else@other.example>" });
  await stack.drain(await stack.function({ env: { EMAIL_QUEUE_RUN_SECONDS: "20" } }));
  await assertEachOnce(stack, ids);
  assert.equal(Object.keys(stack.provider.state().keys).length, 1, "one key");
});

for (const [fault, attempts] of NOT_DEFINITE) {
  test(`${fault.status} ${fault.name ?? ""}: it stays frozen, with its key and its bytes`, async (stack) => {
    const { ids, fn } = await frozen(stack);
    await stack.provider.fault(fault);
    await fn.invoke();
    assert.equal(stack.provider.state({ brief: true }).requests, 2);
    assert.deepEqual(await stack.db.statuses(), { processing: COUNT });
    assert.deepEqual((await stack.db.openDispatches()).map((dispatch) => [dispatch.frozen, dispatch.size]), [[true, COUNT]]);
    assert.deepEqual(new Set((await stack.db.rows()).map((row) => row.attempts)), new Set([attempts]));
    for (const args of [{}, { p_domain: "shop.example" }]) await stack.lite.rpc("email_queue_resume", args);
    await stack.db.passTime("1 hour");
    await stack.drain(fn);
    await assertEachOnce(stack, ids);
    assert.equal(Object.keys(stack.provider.state().keys).length, 1, "no second key");
  });
}

test("422 about the body: it was refused the first time too, so its members go separate ways under new keys", async (stack) => {
  const messages = mails(4);
  messages[2].payload.to = "invalid@customer.example";
  await stack.provider.configure({ strictOnly: true });
  await stack.provider.fault({ action: "hang" });
  const ids = await stack.db.enqueue(messages);
  const fn = await stack.function({ env: { EMAIL_QUEUE_RUN_SECONDS: "10" } });
  await fn.invoke();
  await stack.db.passTime("10 minutes");
  await stack.drain(fn);
  const rows = new Map((await stack.db.rows()).map((row) => [row.id, row]));
  assert.deepEqual(ids.map((id) => rows.get(id)!.status), ["completed", "completed", "failed", "completed"]);
  assert.equal(rows.get(ids[2])!.error.reason, "rejected");
  assert.deepEqual([stack.provider.state().accepted, stack.provider.state().duplicates], [3, 0]);
});

test("409 of another body under the key: unknown_outcome, and no new key", async (stack) => {
  const { fn } = await frozen(stack);
  await stack.provider.fault({ action: "answer", status: 409, name: "invalid_idempotent_request" });
  await stack.drain(fn);
  assert.deepEqual(await stack.db.statuses(), { failed: COUNT });
  assert((await stack.db.rows()).every(({ error }) => error.reason === "unknown_outcome"));
  assert.deepEqual([Object.keys(stack.provider.state().keys).length, stack.provider.state().duplicates], [1, 0]);
});

test("the horizon passes without an answer: unknown_outcome, and nothing is sent any more", async (stack) => {
  const { fn } = await frozen(stack);
  await stack.db.passTime("23 hours");
  await stack.drain(fn);
  assert((await stack.db.rows()).every(({ status, error }) => status === "failed" && error.reason === "unknown_outcome"));
  assert.equal(stack.provider.state({ brief: true }).requests, 1);
});

test("the last attempt without an answer: unknown_outcome", async (stack) => {
  const { fn } = await frozen(stack, 2);
  await stack.provider.fault({ action: "answer", status: 500, times: "always" });
  await stack.drain(fn);
  assert((await stack.db.rows()).every(({ error, attempts }) => error.reason === "unknown_outcome" && attempts === 2));
});

test("what comes after it in the queue does not wait for it", async (stack) => {
  const { ids, fn } = await frozen(stack);
  await stack.provider.fault({ action: "answer", status: 500, match: { subject: "subject-mark" } });
  const others = await stack.db.enqueue(mails(30, { subject: "another", from: "a@another.example" }));
  const run = await fn.invoke();
  assert.deepEqual([run.accepted, run.retried], [30, COUNT]);
  await stack.db.passTime("2 minutes");
  await stack.drain(fn);
  await assertEachOnce(stack, [...ids, ...others]);
});

end();
