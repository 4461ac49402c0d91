// A worker that was slow, not dead: its lease is over, another one has its work, and then it speaks.
import assert from "node:assert/strict";
import { hold, type Hold, type Steps } from "./support/calls.ts";
import { mails } from "./support/database.ts";
import { type Run, type Stack, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("fencing");

const COUNT = 50;

interface Slow extends Hold {
  /** What its run answers in the end. */
  run: Promise<Run>;
}

/** A worker whose call is held, and whose lease is over. */
async function slow(stack: Stack, said: (steps: Steps) => boolean): Promise<Slow> {
  const held = hold(said);
  const fn = await stack.function({ database: await stack.proxy(stack.lite, held.fault) });
  const run = fn.invoke();
  run.catch(() => {});
  await held.held;
  await stack.db.passTime("5 minutes");
  return { ...held, run };
}

/** Another one, whose request to the provider is under way. */
async function sending(stack: Stack): Promise<{ run: Promise<Run> }> {
  await stack.provider.fault({ action: "delay", when: "after", delayMs: 1500 });
  const fn = await stack.function();
  const run = fn.invoke();
  run.catch(() => {});
  await waitFor(() => stack.provider.state({ brief: true }).inFlight === 1, { interval: 5, what: "the other one to send" });
  return { run };
}

test("a begin after the lease is over changes nothing, whoever has the dispatch", async (stack) => {
  for (const taken of [false, true]) {
    await stack.reset();
    const ids = await stack.db.enqueue(mails(COUNT));
    const worker = await slow(stack, ({ begins }) => begins > 0);
    const other = taken ? await sending(stack) : undefined;
    worker.release();
    const run = await worker.run;
    assert.deepEqual([run.lost, run.accepted], [COUNT, 0]);
    if (other) assert.equal((await other.run).accepted, COUNT);
    else await stack.drain(await stack.function());
    await assertEachOnce(stack, ids);
    assert.equal(stack.provider.state({ brief: true }).requests, 1);
    assert((await stack.db.rows()).every(({ attempts }) => attempts === 1));
  }
});

const OUTCOMES = {
  "accepted": undefined,
  "refused": { status: 418, name: "teapot" },
  "rejected": { status: 451, name: "security_error" },
  "not known": { status: 500 },
  "throttled": { status: 429, name: "rate_limit_exceeded", headers: { "retry-after": "1" } },
};

for (const [name, answer] of Object.entries(OUTCOMES)) {
  test(`a settle as ${name} after another one has begun changes nothing`, async (stack) => {
    const ids = await stack.db.enqueue(mails(COUNT));
    if (answer) await stack.provider.fault({ action: "answer", ...answer });
    const worker = await slow(stack, ({ settles }) => settles > 0);
    const other = await sending(stack);
    worker.release();
    assert.equal((await worker.run).lost, COUNT);
    assert.deepEqual(await stack.db.statuses(), { processing: COUNT });
    assert.deepEqual(await stack.db.lost(), []);
    assert.equal((await other.run).accepted, COUNT);
    await assertEachOnce(stack, ids);
    assert.equal(Object.keys(stack.provider.state().keys).length, 1, "one key");
    assert((await stack.db.rows()).every(({ attempts }) => attempts === 2));
  });
}

test("a settle after the lease is over changes nothing, even if nobody has the dispatch yet", async (stack) => {
  const ids = await stack.db.enqueue(mails(COUNT));
  await stack.provider.fault({ action: "answer", status: 418, name: "teapot" });
  const worker = await slow(stack, ({ settles }) => settles > 0);
  worker.release();
  assert.equal((await worker.run).lost, COUNT);
  const [dispatch] = await stack.db.openDispatches();
  assert.equal(dispatch?.frozen ?? true, true);
  await stack.drain(await stack.function());
  await assertEachOnce(stack, ids);
  assert.equal(Object.keys(stack.provider.state().keys).length, 1, "one key");
});

end();
