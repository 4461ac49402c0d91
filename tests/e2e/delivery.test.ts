// Two processes of the function drain one queue.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import type { Run } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("delivery");

test("two processes drain 5,000 messages together, each accepted once", async (stack) => {
  const ids = await stack.db.enqueue(mails(5000));
  const functions = await Promise.all([stack.function(), stack.function()]);

  // Four callers, as overlapping cron ticks and wake-ups would be; and somebody who looks at promise 1 all the while.
  let drained = false;
  const until = async () => drained ||= await stack.db.isDrained();
  const watched = (async () => {
    let looks = 0;
    for (; !drained; looks++) assert.deepEqual(await stack.db.lost(), []);
    return looks;
  })();
  const runs = await Promise.all(functions.flatMap((fn) => [1, 2].map(() => stack.drain(fn, { until }))));
  assert(await watched > 3, "it was looked at while they ran");

  await assertEachOnce(stack, ids);
  const sums = functions.map((_, index) => sum([...runs[2 * index], ...runs[2 * index + 1]]));
  assert.equal(sums[0].accepted + sums[1].accepted, 5000);
  assert.equal(sums[0].lost + sums[1].lost, 0);
  assert(sums[0].accepted > 0 && sums[1].accepted > 0, "both had a part in it");
  const { requestsByEndpoint } = stack.provider.state({ brief: true });
  const { "POST /emails/batch": batches, ...others } = requestsByEndpoint;
  // The last hundred may be claimed by several callers at once, a part each.
  assert(batches >= 50 && batches < 50 + 4, `${batches} batches`);
  assert.deepEqual(others, {}, "nothing goes alone");
});

test("the shared budget holds over two processes", async (stack) => {
  await stack.configure({ rate_limit: 5 });
  await stack.provider.configure({ rateLimit: 5 });
  const ids = await stack.db.enqueue(mails(2000));
  const functions = await Promise.all([stack.function(), stack.function()]);
  await Promise.all(functions.map((fn) => stack.drain(fn)));
  await assertEachOnce(stack, ids);
  const { statuses, maxRequestsPerSecond } = stack.provider.state({ brief: true });
  // Slots are a fifth of a second apart, but requests do not travel at one speed: a sixth can fall into a window.
  assert(maxRequestsPerSecond <= 6, `${maxRequestsPerSecond} requests in a second`);
  assert((statuses[429] ?? 0) <= 4, `${statuses[429]} requests were refused`);
  assert((await stack.db.rows()).every(({ attempts }) => attempts === 1), "a 429 uses no attempt");
});

test("100 e-mails cost two requests of the function, in steady state", async (stack) => {
  const ids = await stack.db.enqueue(mails(3000));
  const database = await stack.proxy(stack.lite);
  const fn = await stack.function({ database });
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
  const { requests } = stack.provider.state({ brief: true });
  assert.equal(requests, 30);
  // One more to claim the first, and few to settle the last.
  assert(database.count() <= 30 + 4, `${database.count()} calls of the database`);
});

/** Callers of one run get the same answer: each run counts once. */
function sum(runs: Run[]): { accepted: number; lost: number } {
  const once = [...new Map(runs.map((run) => [run.runId, run])).values()];
  return {
    accepted: once.reduce((total, run) => total + run.accepted, 0),
    lost: once.reduce((total, run) => total + run.lost, 0),
  };
}

end();
