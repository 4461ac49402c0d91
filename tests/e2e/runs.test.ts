// Calls that do not wait for their run, what an isolate takes, and how a run ends before its time.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import { type Fn, type Stack, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("runs");

/** The function in an isolate of Supabase's, or nearly so. */
const EDGE = new URL("support/edge.ts", import.meta.url).pathname;

const call = (fn: Fn, headers: Record<string, string> = {}) =>
  fn.request({ headers: { authorization: `Bearer ${fn.secret}`, prefer: "respond-async", ...headers } });

const ended = async (stack: Stack, id: string) => (await stack.db.sql`select ended_at from email_queue_private.run where id = ${id}`)[0]?.ended_at;

/** A provider that answers nothing before it is released. */
async function held(stack: Stack) {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  return { provider: await stack.proxy(stack.provider, () => released), release };
}

test("a caller who prefers it is answered at once, and the run is on record", async (stack) => {
  const ids = await stack.db.enqueue(mails(120));
  const { provider, release } = await held(stack);
  const fn = await stack.function({ provider });
  // The provider answers nothing before.
  const answer = await call(fn, { "x-email-queue-cause": "hand" });
  release();
  assert.equal(answer.status, 202);
  assert.deepEqual(Object.keys(answer.body), ["runId", "accepted"]);
  assert.equal(answer.headers.get("preference-applied"), "respond-async");
  await waitFor(() => ended(stack, answer.body.runId), { what: "the end of the run" });
  await assertEachOnce(stack, ids);
  const [run] = await stack.db.sql`select cause, stopped, counts ->> 'accepted' as accepted from email_queue_private.run`;
  assert.deepEqual({ ...run }, { cause: "hand", stopped: "empty", accepted: "120" });
});

test("what needs no network is checked before the answer", async (stack) => {
  const fn = await stack.function({ env: { RESEND_API_KEY: undefined } });
  assert.equal((await call(fn)).status, 500);
  assert.equal((await call(fn, { authorization: "Bearer wrong" })).status, 401);
});

test("at most one run is queued, and those who come meanwhile share it", async (stack) => {
  await stack.db.enqueue(mails(10));
  await stack.provider.fault({ action: "delay", delayMs: 1500 });
  const fn = await stack.function({ entry: EDGE });
  const first = await call(fn);
  await waitFor(() => stack.provider.state({ brief: true }).inFlight === 1, { interval: 5, what: "the first run to send" });
  const [second, third, plain] = await Promise.all([call(fn), call(fn), fn.invoke()]);
  assert.equal(second.body.runId, third.body.runId);
  assert.equal(second.body.runId, plain.runId);
  assert.notEqual(second.body.runId, first.body.runId);
  await waitFor(() => /waits for 0/.test(fn.output()), { what: "the end of all runs" });
  assert.match(fn.output(), /waits for 3/, "each accepted call keeps the isolate until its run has ended");
  assert.equal((await stack.db.sql`select count(*)::int as n from email_queue_private.run where ended_at is not null`)[0].n, 2);
});

test("a run waits for another only if it can end before the isolate does", async (stack) => {
  await stack.db.enqueue(mails(10));
  const { provider, release } = await held(stack);
  // A run may take nearly all of the isolate's time, but two may not, however fast or slow this machine is.
  const fn = await stack.function({ entry: EDGE, provider, env: { EMAIL_QUEUE_WALL_SECONDS: "130", EMAIL_QUEUE_RUN_SECONDS: "110" } });
  const first = await call(fn);
  assert.equal(first.status, 202);
  const second = await call(fn);
  assert.deepEqual([second.status, second.body.code], [503, "busy"]);
  assert(Number(second.headers.get("retry-after")) > 0);
  release();
  // The database knows of the end before the function has its answer.
  await waitFor(() => /waits for 0/.test(fn.output()), { what: "the end of the run" });
  assert.equal((await fn.invoke()).stopped, "empty", "the next one finds room");
});

/** A sixteenth of what an isolate may send in its life. */
const ROUND = 600;

test("twenty runs in one isolate: they share what CPU time it has", async (stack) => {
  const fn = await stack.function({ entry: EDGE, env: { EMAIL_QUEUE_WALL_SECONDS: "400" } });
  const accepted = () => stack.provider.state({ brief: true }).accepted;
  for (let round = 0; round < 20; round++) {
    const before = accepted();
    await stack.db.enqueue(mails(ROUND));
    const [answer, behind] = await Promise.all([fn.request(), call(fn)]);
    await waitFor(() => (fn.output().match(/waits for \d+/g)?.at(-1) ?? "waits for 0") === "waits for 0", { what: "the end of the run behind" });
    const statuses = [answer.status, behind.status];
    // Between these two it depends on what the run under way has claimed so far.
    if (before < 5000 - ROUND) assert.deepEqual(statuses, [200, 202], `after ${before}`);
    else if (before >= 5000 && before < 10_000) assert(statuses.includes(503) && statuses.some((status) => status !== 503), `after ${before}: one run, and none behind it: ${statuses}`);
    else if (before >= 10_000) assert.deepEqual(statuses, [503, 503], `after ${before}`);
  }
  // The last dispatch that was claimed is sent whole, and those of the same call.
  assert(accepted() >= 10_000 && accepted() <= 10_400, `${accepted()} were sent`);
  assert.equal((await fn.request()).headers.get("retry-after"), "10");
});

test("where nothing ends it the function serves for ever", async (stack) => {
  const fn = await stack.function();
  for (let round = 0; round < 20; round++) {
    await stack.db.enqueue(mails(ROUND));
    assert.equal((await fn.invoke()).accepted, ROUND);
  }
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`${signal}: what has not been sent is given back, what is on its way is waited for, and it ends`, async (stack) => {
    const ids = await stack.db.enqueue(mails(1000));
    await stack.provider.configure({ latencyMs: 1500 });
    const fn = await stack.function();
    const { body } = await call(fn);
    await waitFor(() => stack.provider.state({ brief: true }).inFlight === 4, { interval: 5, what: "the run to send" });
    await fn.kill(signal);
    assert.deepEqual(await stack.db.statuses(), { completed: 400, pending: 600 });
    assert.deepEqual(await stack.db.openDispatches(), []);
    const [run] = await stack.db.sql`select stopped, reason from email_queue_private.run where id = ${body.runId}`;
    assert.deepEqual({ ...run }, { stopped: "deadline", reason: "the function was told to end" });
    await stack.provider.configure({ latencyMs: 0 });
    await stack.drain(await stack.function());
    await assertEachOnce(stack, ids);
  });
}

test("an isolate that is killed with requests in flight loses nothing, and its run stays open on record", async (stack) => {
  const ids = await stack.db.enqueue(mails(500));
  await stack.provider.configure({ latencyMs: 1000 });
  const fn = await stack.function({ entry: EDGE });
  const { body } = await call(fn);
  await waitFor(() => stack.provider.state({ brief: true }).inFlight === 4, { interval: 5, what: "the run to send" });
  await fn.kill();
  assert.equal(await ended(stack, body.runId), null);
  await stack.provider.configure({ latencyMs: 0 });
  await stack.db.passTime("5 minutes");
  await stack.drain(await stack.function());
  await assertEachOnce(stack, ids);
});

test("a database that shuts down is left alone", async (stack) => {
  const ids = await stack.db.enqueue(mails(500));
  let down = false;
  const gone = { status: 503, headers: { "content-type": "application/json" }, body: JSON.stringify({ code: "57P01", message: "terminating connection due to administrator command" }) };
  const database = await stack.proxy(stack.lite, () => down ? gone : undefined);
  await stack.provider.configure({ latencyMs: 500 });
  const fn = await stack.function({ database });
  const running = fn.invoke();
  await waitFor(() => stack.provider.state({ brief: true }).inFlight > 0, { interval: 5, what: "the run to send" });
  down = true;
  const run = await running;
  assert.equal(run.stopped, "unavailable");
  assert(run.durationMs < 20_000, `it took ${run.durationMs} ms`);
  down = false;
  await stack.db.passTime("5 minutes");
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
});

end();
