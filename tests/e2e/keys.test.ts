// Secret keys of the project of which some have been revoked.
import assert from "node:assert/strict";
import { mails } from "./support/database.ts";
import type { Run, Stack } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("keys");

const json = (status: number, body: object) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** How gateways and PostgREST refuse a key. */
const REFUSALS = [
  json(401, { message: "Invalid API key", hint: "Double check your Supabase `anon` or `service_role` API key." }),
  json(401, { code: "PGRST301", message: "JWSError JWSInvalidSignature" }),
  json(401, { code: "PGRST303", message: "JWT expired" }),
  json(403, { code: "42501", message: "permission denied for function email_queue_worker_work" }),
  { status: 401, headers: { "content-type": "text/html" }, body: "<html>no</html>" },
];

/** The project's API, to which keys with "revoked" in them are none; `asked`: the keys that came. */
async function api(stack: Stack, refusal: (typeof REFUSALS)[number]) {
  const asked: string[] = [];
  const database = await stack.proxy(stack.lite, ({ headers }) => {
    asked.push(headers.apikey);
    return headers.apikey.includes("revoked") ? refusal : undefined;
  });
  return { database, asked };
}

const keys = (named: Record<string, string>) => ({ SUPABASE_SECRET_KEY: undefined, SUPABASE_SECRET_KEYS: JSON.stringify(named) });

test("where the default key is revoked the next is tried, once, and the log names the one", async (stack) => {
  const { secretKey } = stack.lite;
  for (const refusal of REFUSALS) {
    await stack.reset();
    const ids = await stack.db.enqueue(mails(30));
    const { database, asked } = await api(stack, refusal);
    const fn = await stack.function({ database, env: keys({ ci: secretKey, default: "sb_secret_revoked", other: secretKey }) });
    const runs = [await fn.invoke(), await fn.invoke()];
    assert.deepEqual(runs.map(({ stopped }) => stopped), ["empty", "empty"], refusal.body);
    await assertEachOnce(stack, ids);
    assert.deepEqual(asked.slice(0, 2), ["sb_secret_revoked", secretKey]);
    assert(asked.length > 3 && asked.slice(1).every((key) => key === secretKey), "it is not tried again");
    const lines = fn.output().split("\n").filter((line) => line.includes("email_queue_key_refused"));
    assert.deepEqual(lines.map((line) => JSON.parse(line)), [{ event: "email_queue_key_refused", key: 'SUPABASE_SECRET_KEYS["default"]' }]);
  }
});

test("a key that is revoked while the isolate lives gives way to another, and nothing is sent twice", async (stack) => {
  const ids = await stack.db.enqueue(mails(30));
  const { secretKey, url } = stack.lite;
  const asked: string[] = [];
  const database = await stack.proxy(stack.lite, async ({ method, path, headers, body, index }) => {
    asked.push(headers.apikey);
    if (headers.apikey === secretKey) return;
    if (index > 1) return REFUSALS[0];
    const answer = await fetch(new URL(path, url), { method, headers: { "content-type": "application/json", apikey: secretKey }, body: new Uint8Array(body) });
    return { status: answer.status, headers: { "content-type": "application/json" }, body: await answer.text() };
  });
  const fn = await stack.function({ database, env: keys({ default: "sb_secret_first", ci: secretKey }) });
  await stack.drain(fn);
  await assertEachOnce(stack, ids);
  assert.deepEqual(asked.slice(0, 4), ["sb_secret_first", "sb_secret_first", "sb_secret_first", secretKey]);
  assert(asked.slice(3).every((key) => key === secretKey));
});

test("where all are refused the run says so, with their names, and the queue is untouched", async (stack) => {
  const [id] = await stack.db.enqueue(mails(1));
  const { database, asked } = await api(stack, REFUSALS[1]);
  const env = { ...keys({ ci: "sb_secret_revoked_2", default: "sb_secret_revoked_1" }), SUPABASE_SERVICE_ROLE_KEY: "eyJrevoked.eyJ.x" };
  const fn = await stack.function({ database, env });
  for (let round = 1; round <= 2; round++) {
    const run = await fn.invoke() as Run & { reason: string };
    assert.equal(run.stopped, "misconfigured");
    assert.match(run.reason, /SUPABASE_SECRET_KEYS\["default"\], SUPABASE_SECRET_KEYS\["ci"\], SUPABASE_SERVICE_ROLE_KEY are refused/);
    assert.match(run.reason, /PGRST301/);
    assert.equal(asked.length, 3 * round, "each once a run");
  }
  assert.deepEqual([(await stack.db.row(id)).status, stack.provider.state().requests], ["pending", 0]);
});

test("a database in trouble has no other key tried", async (stack) => {
  const asked: string[] = [];
  const database = await stack.proxy(stack.lite, ({ headers }) => {
    asked.push(headers.apikey);
    return json(503, { code: "PGRST002", message: "no" });
  });
  const fn = await stack.function({ database, env: { ...keys({ default: "sb_secret_a", ci: "sb_secret_b" }), EMAIL_QUEUE_RUN_SECONDS: "10" } });
  assert.equal((await fn.invoke()).stopped, "unavailable");
  assert.deepEqual([...new Set(asked)], ["sb_secret_a"]);
});

end();
