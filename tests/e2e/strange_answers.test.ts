// Answers that no provider and no project of the documents gives: redirects, what is too large or cannot be kept, another
// schema. Nothing is followed, nothing is lost, and what is wrong is named.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import type { Proxy, Run, Stack } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("strange answers");

const ID = "00000000-0000-4000-8000-000000000000";
const accepting = { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ id: ID, data: [{ id: ID }] }) };
const to = (elsewhere: Proxy, status: number) => ({ status, headers: { location: `${elsewhere.url}/emails` }, body: "" });
const reason = (run: Run) => (run as unknown as { reason: string }).reason;

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} of the provider is not followed: replayed under the same key`, async (stack) => {
    const ids = await stack.db.enqueue(mails(3));
    const elsewhere = await stack.proxy(stack.provider, () => accepting);
    let redirects = 1;
    const provider = await stack.proxy(stack.provider, () => (redirects-- > 0 ? to(elsewhere, status) : undefined));
    const fn = await stack.function({ provider });
    const run = await fn.invoke();
    assert.deepEqual([run.accepted, run.retried], [0, 3]);
    assert.equal(elsewhere.count(), 0, "the key or the mail went elsewhere");
    assert.deepEqual((await stack.db.openDispatches()).map(({ frozen, attempt }) => [frozen, attempt]), [[true, 1]]);
    const { error } = await stack.db.row(ids[0]);
    assert.deepEqual([error.class, error.status], ["unknown", status]);
    await stack.db.passTime("10 minutes");
    await stack.drain(fn);
    await assertEachOnce(stack, ids);
  });
}

test("a redirect of the project's API is not followed, and its address is named", async (stack) => {
  await stack.db.enqueue(mails(1));
  const elsewhere = await stack.proxy(stack.lite);
  const database = await stack.proxy(stack.lite, ({ path }) => ({ status: 307, headers: { location: `${elsewhere.url}${path}` }, body: "" }));
  const run = await (await stack.function({ database })).invoke();
  assert.equal(elsewhere.count(), 0, "the key went elsewhere");
  assert.equal(run.stopped, "misconfigured");
  assert.match(reason(run), /^url: must be the project's own address.*redirects \(307\)$/);
});

test("a schema that is not exposed names the setting", async (stack) => {
  await stack.db.enqueue(mails(1));
  const body = JSON.stringify({ code: "PGRST106", message: "Invalid schema: public", details: null, hint: "Only the following schemas are exposed: api" });
  const database = await stack.proxy(stack.lite, () => ({ status: 406, headers: { "content-type": "application/json" }, body }));
  const run = await (await stack.function({ database })).invoke();
  assert.equal(run.stopped, "misconfigured");
  assert.match(reason(run), /Exposed schemas must contain public/);
});

test("beside another schema that comes first, the calls are for public", async (stack) => {
  const ids = await stack.db.enqueue(mails(2));
  const body = JSON.stringify({ code: "PGRST202", message: "Could not find the function api.email_queue_worker_work(p_request) in the schema cache" });
  const missing = { status: 404, headers: { "content-type": "application/json" }, body };
  const database = await stack.proxy(stack.lite, ({ headers }) => (headers["content-profile"] === "public" ? undefined : missing));
  await stack.drain(await stack.function({ database }));
  await assertEachOnce(stack, ids);
});

/** A database that refuses its first calls. */
const refusing = async (stack: Stack, failures: number, code: string, status: number): Promise<Proxy> => {
  const refusal = { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ code, message: "no" }) };
  return await stack.proxy(stack.lite, () => (failures-- > 0 ? refusal : undefined));
};

test("a full disk of the database is waited for", async (stack) => {
  const ids = await stack.db.enqueue(mails(2));
  const run = await (await stack.function({ database: await refusing(stack, 2, "25006", 405) })).invoke();
  assert.deepEqual([run.accepted, run.stopped], [2, "empty"]);
  await assertEachOnce(stack, ids);
});

for (const code of ["57P01", "57P03"]) {
  test(`a database that restarts (${code}) is not held on to: the next run sends`, async (stack) => {
    const ids = await stack.db.enqueue(mails(2));
    const fn = await stack.function({ database: await refusing(stack, 1, code, 503) });
    assert.equal((await fn.invoke()).stopped, "unavailable");
    await stack.drain(fn);
    await assertEachOnce(stack, ids);
  });
}

const UNREADABLE = {
  "an id with a NUL": { body: { id: "a\u0000b", data: [{ id: "a\u0000b" }] }, said: /an id that cannot be kept/ },
  "an endless id": { body: { id: "x".repeat(300), data: [{ id: "x".repeat(300) }] }, said: /an id that cannot be kept/ },
  "more than can be read": { body: { id: ID, data: [{ id: ID }], more: "x".repeat(2 ** 21) }, said: /more than 1024 kB/ },
};
for (const [name, { body, said }] of Object.entries(UNREADABLE)) {
  test(`${name}: replayed under the same key, and the others of the call stand`, async (stack) => {
    const ids = await stack.db.enqueue([...mails(1), ...mails(1, { from: "a@other.example" })]);
    await stack.provider.fault({ action: "answer", when: "after", status: 200, body });
    const runs = await stack.drain(await stack.function());
    assert.deepEqual(runs.map(({ stopped, lost }) => [stopped, lost]), runs.map(() => ["empty", 0]), reason(runs[0]));
    await assertEachOnce(stack, ids);
    const failed = (await stack.db.rows()).filter(({ error }) => error);
    assert.deepEqual(failed.map(({ attempts }) => attempts), [2]);
    assert.match(failed[0].error.history[0].message, said);
  });
}

test("what is left of a quota is used", async (stack) => {
  await stack.db.enqueue(Array.from({ length: 60 }, (_, index) => mails(1, { to: `recipient-mark-${index}@one.example`, cc: `recipient-mark-${index}@two.example` })).flat());
  await stack.provider.configure({ quotas: { daily: 100 } });
  const run = await (await stack.function()).invoke();
  assert.deepEqual([run.accepted, run.remaining, run.stopped], [50, 10, "throttled"]);
  assert.equal(stack.provider.state().quotas.daily, 100);
});

test("in test mode a stranger is rejected, and one's own mail goes out", async (stack) => {
  await stack.provider.configure({ ownAddress: "recipient-mark-1@customer.example" });
  const from = "onboarding@resend.dev";
  const ids = await stack.db.enqueue([...mails(1, { from }), ...mails(1, { from, to: "recipient-mark-1@customer.example" }), ...mails(1, { from, to: "delivered@resend.dev" })]);
  await stack.drain(await stack.function());
  assert.deepEqual(await stack.db.statuses(), { completed: 2, failed: 1 });
  const { status, error } = await stack.db.row(ids[0]);
  assert.deepEqual([status, error.reason, error.status], ["failed", "rejected", 403]);
});

end();
