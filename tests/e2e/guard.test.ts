// A module that breaks must not take the function with it. The module is the one of `scripts/build --faults`, which
// breaks on demand (src/wasm/faults.rs).
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ROOT } from "../../scripts/lib/stack.mjs";
import { mails } from "./support/database.ts";
import { type Fn, type Stack, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("guard");

const faulty = `${ROOT}/target/pkg-faults/functions/process-email-queue/function.js`;
const importMap = `data:application/json,${
  encodeURIComponent(JSON.stringify({ imports: { [pathToFileURL(`${ROOT}/supabase/functions/process-email-queue/function.js`).href]: pathToFileURL(faulty).href } }))
}`;

/** The shortest run; a module that hangs is given up 8 s after its end. */
const SHORT = { EMAIL_QUEUE_RUN_SECONDS: "10" };

/** The function in an isolate of Supabase's, or nearly so. */
const EDGE = new URL("support/edge.ts", import.meta.url).pathname;

async function start(stack: Stack, entry?: string): Promise<Fn> {
  assert(existsSync(faulty), "target/pkg-faults is not there: run scripts/build --faults");
  return await stack.function({ importMap, entry, env: SHORT });
}

const broken = (fn: Fn, fault: string) => fn.request({ headers: { authorization: `Bearer ${fn.secret}`, "x-test-fault": fault } });

/** That the faulty module was loaded at all is shown by its faults. */
const FAULTS = ["panic", "late-panic", "trap", "late-trap", "overflow"];
for (const [fault, entry] of FAULTS.flatMap((fault) => [[fault], [fault, EDGE]])) {
  test(`${fault}${entry ? ", where no error events are" : ""}: 500, and the next request is served`, async (stack) => {
    const fn = await start(stack, entry);
    for (let round = 0; round < 3; round++) {
      await stack.reset({ keepRunning: true });
      const ids = await stack.db.enqueue(mails(120));
      const answer = await broken(fn, fault);
      assert.equal(answer.status, 500);
      assert.deepEqual(Object.keys(answer.body), ["error", "code"]);
      assert.equal(fn.output().match(/email_queue_broken/g)?.length, round + 1, "the log has it once");
      await stack.drain(fn);
      await assertEachOnce(stack, ids);
    }
    assert.equal((await fn.request({ headers: { "x-test-fault": fault } })).status, 401, "only for those who are let in");
  });
}

for (const fault of ["late-panic", "late-trap", "hang"]) {
  test(`${fault} of a run that nobody waits for: it is logged, and the next one works`, async (stack) => {
    const ids = await stack.db.enqueue(mails(120));
    const fn = await start(stack, EDGE);
    const answer = await fn.request({ headers: { authorization: `Bearer ${fn.secret}`, prefer: "respond-async", "x-test-run-fault": fault } });
    assert.equal(answer.status, 202);
    await waitFor(() => /email_queue_broken/.test(fn.output()), { timeout: 60_000, what: "the line in the log" });
    await waitFor(() => /waits for 0/.test(fn.output()), { what: "the end of the promise" });
    assert.equal(fn.output().match(/email_queue_broken/g)?.length, 1);
    await stack.drain(fn);
    await assertEachOnce(stack, ids);
  });
}

test("hang: 500 once the deadline is past, and the next request is served", async (stack) => {
  const ids = await stack.db.enqueue(mails(10));
  const fn = await start(stack);
  const began = performance.now();
  const answer = await broken(fn, "hang");
  const seconds = (performance.now() - began) / 1000;
  assert.equal(answer.status, 500);
  assert(seconds > 10 && seconds < 25, `it took ${seconds} s`);
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
});

for (const fault of ["panic", "trap", "overflow"]) {
  test(`${fault} while another request's run is sending: both get 500, and its late answer does no harm`, async (stack) => {
    const ids = await stack.db.enqueue(mails(300));
    await stack.provider.fault({ action: "delay", delayMs: 1500, times: 3 });
    const fn = await start(stack);
    const running = fn.request();
    await waitFor(() => stack.provider.state({ brief: true }).inFlight === 3, { interval: 5, what: "the run to send" });
    assert.equal((await broken(fn, fault)).status, 500);
    assert.equal((await running).status, 500);

    // A new instance works while the old one's requests are still under way.
    const more = await stack.db.enqueue(mails(100));
    assert.equal((await fn.invoke()).accepted, 100);
    await waitFor(() => stack.provider.state({ brief: true }).inFlight === 0, { what: "the old instance's answers" });
    for (let round = 0; round < 3; round++) assert.equal((await fn.invoke()).stopped, "empty");

    await stack.db.passTime("5 minutes");
    await stack.drain(fn);
    await assertEachOnce(stack, [...ids, ...more]);
  });
}

test("panics under load: whoever gets an answer gets a whole one", async (stack) => {
  const ids = await stack.db.enqueue(mails(1000));
  await stack.provider.configure({ latencyMs: 20 });
  const fn = await start(stack);
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => index % 4 === 3 ? broken(fn, "late-panic") : fn.request()));
  for (const { status, body } of answers) assert(status === 200 && "runId" in body || status === 500 && "error" in body, `${status}`);
  assert.deepEqual(await stack.db.lost(), []);
  // A claim of a broken instance may arrive after its request was answered: its lease begins then.
  await stack.drain(fn, { until: async () => (await stack.db.passTime("5 minutes"), await stack.db.isDrained()) });
  await assertEachOnce(stack, ids);
});

end();
