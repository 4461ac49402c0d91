// Calls of the database that are lost, or answered by somebody else, at each call of a run in turn.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import { type Fault, type Stack } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("database faults");

/** As many calls as the run of such a queue makes, and one. */
const CALLS = 5;
const COUNT = 220;

type Wrong = Awaited<ReturnType<Fault>>;

const html = (status: number): Wrong => ({ status, headers: { "content-type": "text/html" }, body: "<html><h1>Something else</h1></html>" });
const json = (status: number, body: unknown): Wrong => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const WRONGS: Record<string, { wrong: Wrong; repeated?: boolean }> = {
  // Newer Denos send a request again by themselves, once, when a used connection is closed before an answer.
  "the request is lost": { wrong: "lose-request", repeated: true },
  "the answer is lost": { wrong: "lose-answer", repeated: true },
  "500 of PostgreSQL: statement timeout": { wrong: json(500, { code: "57014", message: "canceling statement due to statement timeout" }) },
  "503 of PostgREST: no connection": { wrong: json(503, { code: "PGRST001", message: "Database client error" }) },
  "502 of a gateway": { wrong: html(502) },
  "500 with nothing": { wrong: { status: 500 } },
  "200 with a page of somebody else": { wrong: html(200) },
  "200 with half of an answer": { wrong: { status: 200, headers: { "content-type": "application/json" }, body: '{"settles": [' } },
};

for (const [name, { wrong, repeated }] of Object.entries(WRONGS)) {
  test(`${name}, at each call in turn`, async (stack) => {
    let at = Infinity;
    let calls = 0;
    const database = await stack.proxy(stack.lite, () => {
      const index = calls++;
      return index === at || repeated && index === at + 1 ? wrong : undefined;
    });
    const fn = await stack.function({ database });
    for (let call = 0; call < CALLS; call++) {
      await stack.reset({ keepRunning: true });
      const ids = await stack.db.enqueue(mails(COUNT));
      [at, calls] = [call, 0];
      const run = await fn.invoke();
      assert.deepEqual(await stack.db.lost(), []);
      if (!(await stack.db.isDrained())) {
        // A run may give up; what it held waits for its leases.
        assert.equal(run.stopped, "unavailable", `call ${call}`);
        at = Infinity;
        await stack.db.passTime("5 minutes");
        await stack.drain(fn);
      }
      await assertEachOnce(stack, ids);
      assertNoAttemptWasted(await stack.db.rows(), run.stopped);
    }
  });
}

test("the database is away for a whole run: unavailable, and then all goes on", async (stack) => {
  const ids = await stack.db.enqueue(mails(COUNT));
  let away = true;
  const database = await stack.proxy(stack.lite, () => away ? html(503) : undefined);
  const fn = await stack.function({ database, env: { EMAIL_QUEUE_RUN_SECONDS: "10" } });
  const run = await fn.invoke();
  assert.deepEqual({ claimed: run.claimed, stopped: run.stopped }, { claimed: 0, stopped: "unavailable" });
  assert(run.durationMs < 14_000, `it took ${run.durationMs} ms`);
  away = false;
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
});

test("a key that may not call, and a database without the schema: misconfigured at once", async (stack) => {
  const ids = await stack.db.enqueue(mails(1));
  for (const [status, code] of [[401, ""], [403, "42501"], [404, "PGRST202"]] as const) {
    const database = await stack.proxy(stack.lite, () => json(status, { code, message: "no" }));
    const run = await (await stack.function({ database })).invoke();
    assert.equal(run.stopped, "misconfigured");
    assert(run.durationMs < 5000, `it took ${run.durationMs} ms`);
  }
  assert.equal((await stack.db.row(ids[0])).status, "pending");
});

/** A call that is said again costs nothing; only a run that gave up may have begun what it did not send. */
function assertNoAttemptWasted(rows: Awaited<ReturnType<Stack["db"]["rows"]>>, stopped: string): void {
  const most = Math.max(...rows.map(({ attempts }) => attempts));
  assert(most <= (stopped === "unavailable" ? 2 : 1), `${most} attempts although the run ended as ${stopped}`);
}

end();
