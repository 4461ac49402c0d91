// The function's HTTP contract.
import assert from "node:assert/strict";
import { MARKS, mails } from "./support/database.ts";
import { type Fn, type Run, waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("http");

const SECRET = "the-secret-of-the-tests";
const LEGACY = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl";

type Headers = Record<string, string>;
const bearer = (secret: string): Headers => ({ authorization: `Bearer ${secret}` });

const FIELDS = ["runId", "claimed", "accepted", "retried", "failed", "released", "lost", "remaining", "stopped", "durationMs"];

test("who is let in", async (stack) => {
  const { secretKey, publishableKey } = stack.lite;
  const fn = await stack.function({
    env: { PROCESS_EMAIL_QUEUE_SECRET: SECRET, SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey, ci: "sb_secret_ci_of_the_tests" }), SUPABASE_SERVICE_ROLE_KEY: LEGACY },
  });
  const cases: [number, Headers][] = [
    [200, bearer(SECRET)],
    [200, { authorization: `bearer ${SECRET}` }],
    [200, { apikey: secretKey }],
    [200, { apikey: "sb_secret_ci_of_the_tests" }],
    [200, { apikey: LEGACY }],
    [200, bearer(LEGACY)],
    [200, { ...bearer("wrong"), apikey: secretKey }],
    [401, {}],
    [401, bearer("")],
    [401, bearer("wrong")],
    [401, bearer(`${SECRET}x`)],
    [401, bearer(SECRET.slice(0, -1))],
    [401, bearer(SECRET.toUpperCase())],
    [401, { authorization: SECRET }],
    [401, { authorization: `Basic ${btoa(`x:${SECRET}`)}` }],
    [401, bearer(publishableKey)],
    [401, { apikey: publishableKey }],
    [401, { apikey: SECRET }],
    [401, bearer(secretKey)],
    [401, { apikey: "" }],
    [401, { cookie: `secret=${SECRET}` }],
  ];
  for (const [status, headers] of cases) {
    const answer = await fn.request({ headers });
    assert.equal(answer.status, status, `${JSON.stringify(headers)} is answered ${answer.status}`);
    if (status === 401) assert.deepEqual(Object.keys(answer.body).sort(), ["code", "error", "requestId"]);
  }
  for (const path of ["/", "/process-email-queue", "/functions/v1/process-email-queue/", "/any/where?at=all"]) {
    const url = new URL(path, fn.url);
    assert.equal(await status(url, bearer(SECRET)), 200, path);
    assert.equal(await status(url, {}), 401, path);
  }
});

test("with no secret configured nobody is let in", async (stack) => {
  for (const secret of [undefined, "", "  "]) {
    const fn = await stack.function({ env: { PROCESS_EMAIL_QUEUE_SECRET: secret, SUPABASE_SECRET_KEY: undefined } });
    for (const headers of [{}, bearer(""), bearer(" "), bearer("undefined"), { apikey: "" }, { apikey: stack.lite.secretKey }]) {
      assert.equal((await fn.request({ headers })).status, 401);
    }
  }
});

test("only POST, and only those who are let in are told so", async (stack) => {
  const fn = await stack.function({ env: { PROCESS_EMAIL_QUEUE_SECRET: SECRET } });
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
    const answer = await fn.request({ method, headers: bearer(SECRET) });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get("allow"), "POST");
    assert.equal((await fn.request({ method, headers: {} })).status, 401, method);
  }
});

test("what a run answers, and its one line in the log", async (stack) => {
  const messages = [...mails(3), ...mails(1, { to: "invalid@customer.example" })];
  await stack.db.enqueue(messages);
  const fn = await stack.function();
  const answer = await fn.request();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.deepEqual(Object.keys(answer.body), FIELDS);
  const { runId, durationMs, ...rest } = answer.body;
  assert.deepEqual(rest, { claimed: 4, accepted: 3, retried: 0, failed: 1, released: 0, lost: 0, remaining: 0, stopped: "empty" });
  assert.match(runId, /^[0-9a-f-]{36}$/);
  assert(durationMs > 0 && durationMs < 10_000);

  await waitFor(() => logLines(fn).length === 1, { what: "the line in the log" });
  assert.deepEqual(logLines(fn), [{ event: "email_queue_run", cause: "http", ...answer.body }]);
});

test("a body is not read", async (stack) => {
  const fn = await stack.function();
  for (const body of ["{", "no JSON", "x".repeat(1_000_000)]) {
    assert.equal((await fn.request({ headers: bearer(fn.secret), body })).status, 200);
  }
});

const WRONG: [string, Record<string, string | undefined>][] = [
  ["SUPABASE_URL", { SUPABASE_URL: undefined }],
  ["SUPABASE_URL", { SUPABASE_URL: "not an address" }],
  ["SUPABASE_SECRET_KEYS", { SUPABASE_SECRET_KEY: undefined }],
  ["SUPABASE_SECRET_KEYS", { SUPABASE_SECRET_KEY: undefined, SUPABASE_SECRET_KEYS: "not JSON" }],
  ["RESEND_API_KEY", { RESEND_API_KEY: undefined }],
  ["RESEND_API_KEY", { RESEND_API_KEY: "re_wrong_\u00e9" }],
  ["RESEND_BASE_URL", { RESEND_BASE_URL: "ftp://wrong.example" }],
  ["EMAIL_FROM", { EMAIL_FROM: "wrong-sender" }],
  ["EMAIL_QUEUE_RUN_SECONDS", { EMAIL_QUEUE_RUN_SECONDS: "soon-or-later" }],
  ["EMAIL_QUEUE_WALL_SECONDS", { EMAIL_QUEUE_WALL_SECONDS: "a-while" }],
];

test("a wrong environment is named to those who are let in, and the queue is untouched", async (stack) => {
  const [id] = await stack.db.enqueue(mails(1));
  await Promise.all(WRONG.map(async ([name, env]) => {
    const fn = await stack.function({ env });
    assert.equal((await fn.request({ headers: {} })).status, 401, name);
    const answer = await fn.request();
    assert.equal(answer.status, 500, name);
    assert.deepEqual([answer.body.code, answer.body.field], ["misconfigured", name]);
    assert(answer.body.error.includes(name), `${answer.body.error} does not name ${name}`);
    assert(fn.output().includes(name), "the log says it too");
    for (const value of Object.values(env)) {
      if (value) assert(!`${JSON.stringify(answer.body)}${fn.output()}`.includes(value), `the value of ${name} is shown`);
    }
  }));
  assert.deepEqual([(await stack.db.row(id)).status, stack.provider.state().requests], ["pending", 0]);
});

test("a port that is none ends it with the variable's name", async (stack) => {
  for (const PORT of ["abc", "99999", "-1"]) await assert.rejects(stack.function({ env: { PORT } }), /PORT must be a whole number/, PORT);
});

test("EMAIL_FROM becomes the default sender where none is stored, and only there", async (stack) => {
  await stack.configure({ default_sender: null });
  await (await stack.function({ env: { EMAIL_FROM: "First <first@shop.example>" } })).invoke();
  assert.equal((await stack.configure({})).default_sender, "First <first@shop.example>");
  await (await stack.function({ env: { EMAIL_FROM: "second@shop.example" } })).invoke();
  assert.equal((await stack.configure({})).default_sender, "First <first@shop.example>");
});

test("one run at a time: those who come meanwhile share the next one, which sees what they enqueued", async (stack) => {
  const before = await stack.db.enqueue(mails(50));
  await stack.provider.fault({ action: "delay", delayMs: 700 });
  const fn = await stack.function();
  const first = fn.invoke();
  await waitFor(() => stack.provider.state({ brief: true }).inFlight === 1, { interval: 5, what: "the first run to send" });
  const after = await stack.db.enqueue(mails(30));
  const later: Run[] = await Promise.all([1, 2, 3, 4].map(() => fn.invoke()));
  const { runId } = await first;
  assert.equal(new Set(later.map((run) => run.runId)).size, 1, "they share a run");
  assert.notEqual(later[0].runId, runId, "it is another one");
  await assertEachOnce(stack, [...before, ...after]);
  await waitFor(() => logLines(fn).length === 2, { what: "two lines in the log" });
  assert.equal(stack.provider.state({ brief: true }).maxInFlight <= 2, true);
});

test("errors of the provider that quote an address are not logged", async (stack) => {
  await stack.db.enqueue(mails(2));
  await stack.provider.fault({ action: "answer", status: 418, name: "odd", message: `${MARKS.address}-0@customer.example is odd, says ${MARKS.subject}` });
  const fn = await stack.function();
  await stack.drain(fn);
  const [row] = await stack.db.rows();
  assert(!JSON.stringify(row.error).includes("@customer.example"), "nor stored");
});

const status = async (url: URL, headers: Headers): Promise<number> => {
  const response = await fetch(url, { method: "POST", headers });
  await response.body?.cancel();
  return response.status;
};

const logLines = (fn: Fn): Record<string, unknown>[] => fn.output().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

end();
