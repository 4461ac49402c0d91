// What goes wrong at the provider: which answers freeze, which use attempts, and that nothing is sent twice.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import type { ProviderFault } from "./support/provider.ts";
import type { Stack } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("provider faults");

/** A time-out of 3.3 s, and a run of 10 s. */
const SHORT = { EMAIL_QUEUE_RUN_SECONDS: "10" };

/** Newer Denos send a request again by themselves when a used connection is closed: both must be dropped. */
const DROPS = 2;

const page = "<html><h1>Bad gateway</h1></html>";

// Whatever leaves open whether it was sent: the same bytes again under the same key.
const UNKNOWN: Record<string, ProviderFault> = {
  "500": { action: "answer", status: 500 },
  "503 with a page": { action: "answer", status: 503, body: page },
  "502 after it accepted": { action: "answer", when: "after", status: 502, body: page },
  "408": { action: "answer", status: 408, body: page },
  "409 another one is under way": { action: "answer", status: 409, name: "concurrent_idempotent_requests" },
  "a connection closed before it accepted": { action: "drop", times: DROPS },
  "a connection closed after it accepted": { action: "drop", when: "after", times: DROPS },
  "200 with a page": { action: "garbage", garbage: "html" },
  "200 with half of an answer": { action: "garbage", garbage: "truncated" },
  "200, cut": { action: "garbage", garbage: "cut" },
  "200 with nothing": { action: "garbage", garbage: "empty" },
  "200 without the last id": { action: "garbage", garbage: "short" },
};

for (const [name, fault] of Object.entries(UNKNOWN)) {
  for (const count of [1, 20]) {
    test(`${name}, ${count}: replayed under the same key`, async (stack) => {
      const ids = await stack.db.enqueue(mails(count));
      await stack.provider.fault(fault);
      const fn = await stack.function();
      const first = await fn.invoke();
      if (!(await stack.db.isDrained())) {
        assert.equal(first.accepted, 0);
        const [dispatch] = await stack.db.openDispatches();
        assert.deepEqual({ ...dispatch, id: "", attempt: 1 }, { id: "", begun: false, frozen: true, leased: false, attempt: 1, size: count });
        await stack.db.passTime("10 minutes");
      }
      await stack.drain(fn);
      await assertEachOnce(stack, ids);
      assert.equal(stack.provider.applied()[0], fault.times ?? 1);
      assertOneKey(stack);
      for (const { attempts, error } of await stack.db.rows()) {
        assert(attempts >= 2 || fault.action === "drop", `${attempts} attempts`);
        if (attempts > 1) assert.equal(error.history.length, attempts - 1, "each failure is in the history");
      }
    });
  }
}

test("no answer in time, before and after it accepted: replayed under the same key", async (stack) => {
  const ids = await stack.db.enqueue([...mails(20), ...mails(20, { from: "a@other.example" })]);
  await stack.provider.fault({ action: "hang" }, { action: "hang", when: "after" });
  const fn = await stack.function({ env: SHORT });
  const run = await fn.invoke();
  assert.equal(run.retried, 40);
  assert(run.durationMs > 3000 && run.durationMs < 10_000, `it took ${run.durationMs} ms`);
  assert.equal((await stack.db.openDispatches()).filter(({ frozen }) => frozen).length, 2);
  await stack.db.passTime("10 minutes");
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
  assert.deepEqual(await attempts(stack), [2]);
});

test("429: nobody sends before retry-after is over, and no attempt is used", async (stack) => {
  const ids = await stack.db.enqueue(mails(250));
  // Five requests a second: the second and the third wait for their slots when the first is refused.
  await stack.db.sql`update email_queue_private.budget set answered = false`;
  await stack.provider.fault({ action: "answer", status: 429, name: "rate_limit_exceeded", headers: { "retry-after": "3" } });
  const provider = await stack.proxy(stack.provider);
  const fn = await stack.function({ provider });
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
  assert.deepEqual(await attempts(stack), [1]);
  const log = provider.log();
  const refused = log.findIndex(({ status }) => status === 429);
  const told = log[refused].at + log[refused].ms;
  const early = log.filter(({ at }) => at > told + 100 && at < told + 2900);
  assert.deepEqual(early, [], "nothing was sent in the three seconds after it");
});

test("429 for longer than a run: throttled, with when to come back", async (stack) => {
  const ids = await stack.db.enqueue(mails(1));
  await stack.provider.fault({ action: "answer", status: 429, name: "daily_quota_exceeded" });
  const fn = await stack.function();
  const run = await fn.invoke();
  assert.deepEqual({ stopped: run.stopped, accepted: run.accepted, released: run.released }, { stopped: "throttled", accepted: 0, released: 1 });
  assert(run.retryAfterSeconds! > 0 && run.retryAfterSeconds! <= 86_400, `${run.retryAfterSeconds} s`);
  assert.deepEqual(await attempts(stack), [0]);
  assert.equal((await fn.invoke()).stopped, "throttled");
  assert.equal(stack.provider.state({ brief: true }).requests, 1);
  await stack.db.passTime("24 hours 10 minutes");
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
});

for (const [status, name] of [[401, "restricted_api_key"], [403, "invalid_api_key"]] as const) {
  test(`${status} ${name}: the queue pauses with the reason, no attempt is used, and it resumes`, async (stack) => {
    const ids = await stack.db.enqueue(mails(10));
    await stack.provider.fault({ action: "answer", status, name, times: "always" });
    const fn = await stack.function();
    assert.equal((await fn.invoke()).stopped, "paused");
    assert.equal((await fn.invoke()).stopped, "paused");
    assert.equal(stack.provider.state({ brief: true }).requests, 1, "nobody tries again while it is paused");
    const [{ pause_reason }] = await stack.db.sql`select pause_reason from email_queue_private.budget`;
    assert.match(pause_reason, new RegExp(`^${status} ${name}: `));
    assert.deepEqual([await stack.db.statuses(), await attempts(stack)], [{ pending: 10 }, [0]]);

    await stack.provider.reset();
    await stack.lite.rpc("email_queue_resume");
    await stack.drain(fn);
    await assertEachOnce(stack, ids);
    assert.deepEqual(await attempts(stack), [1]);
  });
}

test("403 of a sender domain: only that domain waits", async (stack) => {
  await stack.provider.configure({ unverifiedDomains: ["new.example"] });
  const waiting = await stack.db.enqueue(mails(150, { from: "New <hello@new.example>" }));
  const going = await stack.db.enqueue(mails(150));
  const fn = await stack.function();
  await stack.drain(fn, { until: async () => (await stack.db.statuses()).completed === going.length });
  assert.deepEqual(await stack.db.statuses(), { completed: 150, pending: 150 });
  const [{ domain, reason }] = await stack.db.sql`select domain, reason from email_queue_private.paused_domain`;
  assert.equal(domain, "new.example");
  assert.match(reason, /^403 validation_error: /);

  await stack.provider.configure({ unverifiedDomains: [] });
  await stack.lite.rpc("email_queue_resume", { p_domain: "new.example" });
  await stack.drain(fn);
  await assertEachOnce(stack, [...waiting, ...going]);
  assert.deepEqual(await attempts(stack), [1]);
});

for (const [mode, strictOnly, most] of [["permissive", false, 1], ["strict", true, 15]] as const) {
  test(`422 for one of a ${mode} batch: it fails alone, the others go out`, async (stack) => {
    await stack.provider.configure({ strictOnly });
    const messages = mails(100);
    messages[37].payload.to = "invalid@customer.example";
    const ids = await stack.db.enqueue(messages);
    await stack.drain(await stack.function());
    assert.deepEqual(await stack.db.statuses(), { completed: 99, failed: 1 });
    const culprit = await stack.db.row(ids[37]);
    assert.deepEqual([culprit.status, culprit.error.reason, culprit.attempts], ["failed", "rejected", 1]);
    const { accepted, duplicates, requests } = stack.provider.state({ brief: true });
    assert.deepEqual({ accepted, duplicates }, { accepted: 99, duplicates: 0 });
    assert(requests <= most, `${requests} requests`);
    assert.deepEqual(await stack.db.lost(), []);
  });
}

test("three bad ones in strict batches of 250", async (stack) => {
  await stack.provider.configure({ strictOnly: true });
  const messages = mails(250);
  for (const index of [0, 99, 249]) messages[index].payload.to = `invalid+${index}@customer.example`;
  await stack.db.enqueue(messages);
  await stack.drain(await stack.function());
  assert.deepEqual(await stack.db.statuses(), { completed: 247, failed: 3 });
  assert.deepEqual(await attempts(stack), [1]);
  assert.equal(stack.provider.state({ brief: true }).duplicates, 0);
});

test("an outage does not freeze the backlog, and passes", async (stack) => {
  // As a project has it without any setting: replays wait for their backoff, and attempts last.
  await stack.configure({ retry_base_ms: 30_000, retry_cap_ms: 3_600_000 });
  const ids = await stack.db.enqueue(mails(2000));
  await stack.provider.fault({ action: "answer", status: 503, body: page, times: "always" });
  const fn = await stack.function({ env: SHORT });
  for (let ticks = 0; ticks < 6; ticks++) {
    const { stopped, accepted } = await fn.invoke();
    // A short run may meet its deadline before the next probe is due.
    assert(accepted === 0 && (stopped === "unavailable" || stopped === "deadline"), stopped);
    await stack.db.passTime("10 seconds");
  }
  const frozen = (await stack.db.openDispatches()).filter((dispatch) => dispatch.frozen).length;
  // The four that were on their way, and one probe for each wait of 1, 2, 4, 8, 16 and 32 seconds.
  assert(frozen <= 4 + 6, `${frozen} dispatches are frozen`);
  const { pending } = await stack.db.statuses();
  assert(pending >= 1300, `${pending} wait untouched`);

  await stack.provider.reset();
  await stack.db.passTime("10 minutes");
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
});

test("attempts run out: definite refusals are exhausted, unknown outcomes say so", async (stack) => {
  const refused = await stack.db.enqueue(mails(3, { from: "a@refused.example" }).map((mail) => ({ ...mail, max_attempts: 2 })));
  const unknown = await stack.db.enqueue(mails(3, { from: "a@unknown.example", subject: "unknown" }).map((mail) => ({ ...mail, max_attempts: 2 })));
  await stack.provider.fault(
    { action: "answer", status: 500, match: { subject: "unknown" }, times: "always" },
    { action: "answer", status: 418, name: "teapot", times: "always" },
  );
  const fn = await stack.function();
  await stack.drain(fn, { until: async () => (await stack.db.passTime("10 minutes"), await stack.db.isDrained()) });
  const reasons = new Map((await stack.db.rows()).map((row) => [row.id, [row.status, row.error.reason, row.attempts]]));
  for (const id of refused) assert.deepEqual(reasons.get(id), ["failed", "exhausted", 2]);
  for (const id of unknown) assert.deepEqual(reasons.get(id), ["failed", "unknown_outcome", 2]);
  assert.deepEqual(await stack.db.lost(), []);
});

const attempts = async (stack: Stack): Promise<number[]> => [...new Set((await stack.db.rows()).map((row) => row.attempts))].sort();

function assertOneKey(stack: Stack): void {
  const keys = Object.values<{ bodies: string[] }>(stack.provider.state().keys);
  assert.deepEqual(keys.map(({ bodies }) => bodies.length), [1]);
}

end();
