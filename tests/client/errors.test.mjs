// What can go wrong between an application and its project: each has a code of its own, and says what to do.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { freePort, startLite } from "../../scripts/lib/stack.mjs";
import { QueueError, SupabaseQueueProvider } from "../../pkg/index.js";

const KEY = "sb_secret_of_the_tests";
const ID = "00000000-0000-7000-8000-000000000001";
const RECIPIENT = "recipient-mark@customer.example";

/** A project's API that answers as it is told. */
async function serving(answer) {
  const server = createServer((request, response) => request.resume().on("end", () => answer(response)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${server.address().port}`;
}

const answering = (status, body) => serving((response) => response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body)));

/** An enqueue fails so, and nothing private is in the error. */
async function fails(url, key, { code, retryable, says }, options) {
  const queue = new SupabaseQueueProvider(url, key, options);
  const payload = { from: "shop@example.com", to: RECIPIENT, subject: "S", text: "T" };
  await assert.rejects(queue.enqueue({ payload }), (error) => {
    assert(error instanceof QueueError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.retryable, error.field], ["QueueError", code, retryable, undefined], inspect(error));
    assert.match(error.message, says);
    const shown = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.stack;
    for (const secret of [key, RECIPIENT, new URL(url).host]) assert(!shown.includes(secret), `${secret} is in ${shown}`);
    return true;
  });
}

test("a wrong key", async () => {
  const lite = await startLite();
  try {
    await fails(lite.url, KEY, { code: "unauthorized", retryable: false, says: /use a secret key of this project/ });
    await fails(lite.url, lite.publishableKey, { code: "unauthorized", retryable: false, says: /use a secret key of this project/ });
  } finally {
    await lite.stop();
  }
});

test("migrations that are not applied", async () => {
  const lite = await startLite({ migrate: false });
  try {
    await fails(lite.url, lite.secretKey, { code: "not_installed", retryable: false, says: /apply the migrations/ });
  } finally {
    await lite.stop();
  }
});

test("a host that cannot be reached", async () => {
  await fails(`http://127.0.0.1:${await freePort()}`, KEY, { code: "unreachable", retryable: true, says: /check its URL and the network/ });
});

test("a connection that is cut", async () => {
  await fails(await serving((response) => response.destroy()), KEY, { code: "unreachable", retryable: true, says: /check its URL and the network/ });
});

test("no answer in time", async () => {
  const options = { timeoutSeconds: 0.2 };
  await fails(await serving(() => {}), KEY, { code: "timeout", retryable: true, says: /within 0\.2 s; it may have been carried out: repeat it/ }, options);
});

test("an answer that stops half-way", async () => {
  const url = await serving((response) => response.writeHead(200, { "content-length": "1000" }).write("["));
  await fails(url, KEY, { code: "timeout", retryable: true, says: /may have been carried out/ }, { timeoutSeconds: 0.2 });
});

for (const [what, status, body, expected] of [
  ["a PostgREST error", 400, { code: "22P02", message: `invalid input for ${RECIPIENT}` }, { code: "database", retryable: false, says: /failed \(22P02\)/ }],
  ["a database without connections", 503, { code: "PGRST003", message: "timed out" }, { code: "unavailable", retryable: true, says: /the database is busy \(PGRST003\)/ }],
  ["a statement that was cancelled", 500, { code: "57014", message: "canceling statement" }, { code: "unavailable", retryable: true, says: /busy \(57014\)/ }],
  ["a gateway in trouble", 502, "<html>bad gateway</html>", { code: "unavailable", retryable: true, says: /answered 502/ }],
  ["an answer that cannot be read", 200, "<html>hello</html>", { code: "unexpected", retryable: false, says: /cannot be read/ }],
]) {
  test(what, async () => await fails(await answering(status, body), KEY, expected));
}

test("a project that is not named is refused at once", () => {
  for (const [url, key, options, field] of [
    [undefined, KEY, undefined, "url"],
    ["abc.supabase.co", KEY, undefined, "url"],
    ["https://abc.supabase.co", undefined, undefined, "key"],
    ["https://abc.supabase.co", "", undefined, "key"],
    ["https://abc.supabase.co", KEY, { timeoutSeconds: 0 }, "timeoutSeconds"],
    ["https://abc.supabase.co", KEY, { timeoutSeconds: -1 }, "timeoutSeconds"],
    ["https://abc.supabase.co", KEY, { timeoutSeconds: Number.NaN }, "timeoutSeconds"],
    ["https://abc.supabase.co", KEY, { timeoutSeconds: "10" }, "timeoutSeconds"],
    ["https://abc.supabase.co", KEY, { timeout: 10 }, "timeout"],
  ]) {
    assert.throws(() => new SupabaseQueueProvider(url, key, options), { name: "QueueError", code: "invalid_input", field });
  }
});

test("values that JSON cannot carry are refused with their name", async () => {
  const queue = new SupabaseQueueProvider("https://abc.supabase.co", KEY);
  const cycle = {};
  cycle.itself = cycle;
  for (const [message, field] of [
    [{ type: "report", payload: 1, runAt: new Date(Number.NaN) }, "runAt"],
    [{ type: "report", payload: 1, priority: Number.NaN }, "priority"],
    [{ type: "report", payload: { amount: Infinity } }, "amount"],
    [{ type: "report", payload: cycle }, "message"],
    [{ type: "report", payload: 1n }, "message"],
  ]) {
    await assert.rejects(queue.enqueue(message), { name: "QueueError", code: "invalid_input", field });
    await assert.rejects(queue.enqueueMany([message]), { name: "QueueError", code: "invalid_input", field: `messages[0].${field}` });
  }
  await assert.rejects(queue.getMessagesByStatus("failed", { since: new Date("x") }), { code: "invalid_input", field: "since" });
  await assert.rejects(queue.getMessage(ID.slice(1)), { code: "invalid_input", field: "id" });
});
