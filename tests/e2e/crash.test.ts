// kill -9 of the function at every point of the protocol, then another run once the leases are over.
import assert from "node:assert/strict";
import { hold, type Steps, unanswered } from "./support/calls.ts";
import { mails } from "./support/database.ts";
import { type Fn, type Stack, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("crash");

/** Longer than any lease of a run. */
const LEASE = "5 minutes";

for (const count of [1, 2, 350]) {
  const dispatches = Math.ceil(count / 100);

  test(`between acceptance and settle, ${count} in ${dispatches}`, async (stack) => {
    const ids = await stack.db.enqueue(mails(count));
    await killAt(stack, ({ settles }) => settles > 0, () => stack.provider.state({ brief: true }).accepted === count);
    assert.equal(stack.provider.state({ brief: true }).requests, dispatches);
    assert.deepEqual(await stack.db.statuses(), { processing: count });
    assert.deepEqual(await stack.db.lost(), []);

    await finish(stack);
    await assertEachOnce(stack, ids);
    assertReplayed(stack, dispatches);
    assert.deepEqual(await stack.db.attempts(), [2]);
  });

  test(`before the provider's answer has come, ${count} in ${dispatches}`, async (stack) => {
    const ids = await stack.db.enqueue(mails(count));
    await stack.provider.fault({ action: "delay", when: "after", delayMs: 600_000, times: dispatches });
    const fn = await stack.function();
    const answer = outcome(fn);
    await waitFor(() => stack.provider.state({ brief: true }).accepted === count, { what: "the provider to accept" });
    await fn.kill();
    assert.equal(await answer, "no answer");

    await finish(stack);
    await assertEachOnce(stack, ids);
    assertReplayed(stack, dispatches);
  });

  test(`before begin, ${count} in ${dispatches}: nothing was sent, no attempt used`, async (stack) => {
    const ids = await stack.db.enqueue(mails(count));
    await killAt(stack, ({ begins }) => begins > 0);
    assert.deepEqual(await stack.db.statuses(), { processing: count });
    assert.deepEqual(await stack.db.attempts(), [0]);

    // The lease is over, the next run takes it over whole, and dies at the same place.
    await stack.db.passTime(LEASE);
    await killAt(stack, ({ begins }) => begins > 0);
    assert.equal(stack.provider.state({ brief: true }).requests, 0);
    assert.deepEqual(await stack.db.attempts(), [0]);
    assert.deepEqual(await stack.db.lost(), []);

    await finish(stack);
    await assertEachOnce(stack, ids);
    // The second time, a message that is alone pays.
    assert.deepEqual(await stack.db.attempts(), [count === 1 ? 2 : 1]);
  });
}

test("after begin and before the request: an attempt is used, and the replay is the first that arrives", async (stack) => {
  const ids = await stack.db.enqueue(mails(350));
  const { fault, done: begun } = unanswered(stack, ({ begins }) => begins > 0);
  const database = await stack.proxy(stack.lite, fault);
  const fn = await stack.function({ database });
  const answer = outcome(fn);
  await begun;
  await fn.kill();
  await answer;
  assert.equal(stack.provider.state({ brief: true }).requests, 0);
  assert.deepEqual(await stack.db.attempts(), [1]);

  await finish(stack);
  await assertEachOnce(stack, ids);
  assert.deepEqual(await stack.db.attempts(), [2]);
});

test("five times in the middle of a burst", async (stack) => {
  const ids = await stack.db.enqueue(mails(3000));
  await stack.provider.configure({ latencyMs: 60 });
  for (let kills = 1; kills <= 5; kills++) {
    const fn = await stack.function();
    const answer = outcome(fn);
    const before = stack.provider.state({ brief: true }).accepted;
    await waitFor(() => stack.provider.state({ brief: true }).accepted >= before + 150 + 40 * kills, { interval: 3, what: "some more to be accepted" });
    await fn.kill();
    assert.equal(await answer, "no answer");
    assert.deepEqual(await stack.db.lost(), []);
    await stack.db.passTime(LEASE);
  }
  assert(!(await stack.db.isDrained()), "killed in the middle");
  await finish(stack);
  await assertEachOnce(stack, ids);
});

test("of the database in the middle of a burst", async (stack) => {
  const ids = await stack.db.enqueue(mails(2000));
  await stack.provider.configure({ latencyMs: 50 });
  const fn = await stack.function();
  const answer = outcome(fn);
  await waitFor(() => stack.provider.state({ brief: true }).accepted >= 500, { interval: 3, what: "some to be accepted" });
  await stack.postgres.restart({ crash: true });
  await waitFor(() => stack.db.lost().then(() => true, () => false), { what: "the database to be back" });
  assert.deepEqual(await stack.db.lost(), []);
  await answer;
  await finish(stack);
  await assertEachOnce(stack, ids);
});

/** Starts a run, and kills the function once it says something to the database and `also` holds; the database does not hear it. */
async function killAt(stack: Stack, said: (steps: Steps) => boolean, also: () => boolean = () => true): Promise<void> {
  const { held, fault } = hold(said);
  const fn = await stack.function({ database: await stack.proxy(stack.lite, fault) });
  const answer = outcome(fn);
  await Promise.race([held, answer]);
  await waitFor(also, { what: "what has to happen before the kill" });
  await fn.kill();
  assert.equal(await answer, "no answer");
}

/** The leases run out, and others finish the work. */
async function finish(stack: Stack): Promise<void> {
  await stack.db.passTime(LEASE);
  await stack.drain(await stack.function());
}

/** Each dispatch reached the provider twice, with the same bytes under the same key, and was accepted once. */
function assertReplayed(stack: Stack, dispatches: number): void {
  const keys = Object.values<{ bodies: string[]; requests: number }>(stack.provider.state().keys);
  assert.deepEqual(keys.map(({ bodies, requests }) => [bodies.length, requests]), Array(dispatches).fill([1, 2]));
  assert.equal(stack.provider.state({ brief: true }).replays, dispatches);
}

const outcome = (fn: Fn): Promise<string> => fn.invoke().then((run) => JSON.stringify(run), () => "no answer");

end();
