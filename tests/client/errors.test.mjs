// What can go wrong between an application and its project: each has a code of its own, and says what to do.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { freePort, startLite } from "../../scripts/lib/stack.mjs";
import { InMemoryQueueProvider, QueueError, SupabaseQueueProvider } from "../../pkg/index.js";

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
async function fails(url, key, { code, retryable, says, field }, options = { timeoutSeconds: 60 }) {
  const queue = new SupabaseQueueProvider(url, key, options);
  const payload = { from: "shop@example.com", to: RECIPIENT, subject: "S", text: "T" };
  await assert.rejects(queue.enqueue({ payload }), (error) => {
    assert(error instanceof QueueError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.retryable, error.field], ["QueueError", code, retryable, field], inspect(error));
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
    ...[86_401, 2_147_484, 4_294_968, 1e9, Infinity].map((timeoutSeconds) => ["https://abc.supabase.co", KEY, { timeoutSeconds }, "timeoutSeconds"]),
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
    [{ type: "report", payload: { amount: Infinity } }, "payload.amount"],
    [{ type: "report", payload: 1, metadata: { a: [0, Number.NaN] } }, "metadata.a[1]"],
    [{ payload: { to: "a@b.example", template: { id: "t", variables: { price: Number.NaN } } } }, "payload.template.variables.price"],
    [{ type: "report", payload: { "not plain": Infinity } }, "payload.?"],
    [{ type: "report", payload: cycle }, "payload.itself"],
    [{ type: "report", payload: 1n }, "payload"],
    [{ type: "report", payload: { a: [1n] } }, "payload.a[0]"],
    [{ type: "report", payload: 1, metadata: nested(200) }, "metadata"],
    [{ type: "report", payload: 1, metadata: nested(50) }, "metadata"],
    [{ type: "report", payload: nested(2000) }, "payload"],
  ]) {
    await assert.rejects(queue.enqueue(message), { name: "QueueError", code: "invalid_input", field });
    await assert.rejects(queue.enqueueMany([message]), { name: "QueueError", code: "invalid_input", field: `messages[0].${field}` });
  }
  await assert.rejects(queue.getMessagesByStatus("failed", { since: new Date("x") }), { code: "invalid_input", field: "since" });
  await assert.rejects(queue.redrive({ filter: { since: new Date("x") } }), { code: "invalid_input", field: "filter.since" });
  await assert.rejects(queue.getMessagesByStatus("failed", { metadata: { a: [1n] } }), { code: "invalid_input", field: "metadata.a[0]" });
  await assert.rejects(queue.getMessagesByStatus("failed", { metadata: { a: "x".repeat(16_376) } }), { code: "invalid_input", field: "metadata" });
  await assert.rejects(queue.redrive({ filter: { metadata: { a: "x".repeat(16_376) } } }), { code: "invalid_input", field: "filter.metadata" });
  // JSON leaves out what is undefined: `{}` is all that have any metadata.
  await assert.rejects(queue.redrive({ filter: { metadata: { order: undefined } } }), { code: "invalid_input", field: "filter.metadata" });
  await assert.rejects(queue.getMessage(ID.slice(1)), { code: "invalid_input", field: "id" });
});

test("what JSON would lose is refused with its name, and what it carries is taken", async () => {
  class Hidden {
    #order = 7;
    get order() {
      return this.#order;
    }
  }
  class Shown {
    order = 7;
  }
  const [sparse, vanishing] = [[1], { toJSON: () => undefined }];
  sparse[2] = 3;
  const queues = [new InMemoryQueueProvider(), new SupabaseQueueProvider("https://abc.supabase.co", KEY)];
  const lost = [
    new Map([["order", 7]]), new Set([7]), new WeakMap(), new Hidden(), /a/, new Error("why"), Promise.resolve(), new URLSearchParams("a=1"), new Headers({ a: "b" }),
    new Uint8Array(2), new ArrayBuffer(2), () => 7, Symbol("a"), vanishing, Object(1n), (function* () {})(),
  ];
  const email = (fields) => ({ payload: { to: "a@b.example", from: "c@d.example", subject: "S", text: "T", ...fields } });
  for (const queue of queues) {
    for (const value of lost) {
      for (const [message, field] of [
        [{ type: "report", payload: value }, "payload"],
        [{ type: "report", payload: { "a-b": [{ c: value }] } }, "payload.a-b[0].c"],
        [{ type: "report", payload: [value] }, "payload[0]"],
        [{ type: "report", payload: 1, metadata: value }, "metadata"],
        [{ type: "report", payload: 1, metadata: { order: value } }, "metadata.order"],
        [{ ...email(), tags: value }, "tags"],
        [email({ tags: { plan: value } }), "payload.tags.plan"],
        [email({ headers: value }), "payload.headers"],
        [{ type: "report", payload: 1, dedupKey: value }, "dedupKey"],
      ]) {
        await assert.rejects(queue.enqueue(message), { name: "QueueError", code: "invalid_input", field });
        await assert.rejects(queue.enqueueMany([message]), { code: "invalid_input", field: `messages[0].${field}` });
      }
    }
    for (const [payload, field] of [[[1, undefined], "payload[1]"], [{ a: sparse }, "payload.a[1]"]]) {
      await assert.rejects(queue.enqueue({ type: "report", payload }), { code: "invalid_input", field });
    }
    await assert.rejects(queue.getMessagesByStatus("failed", { metadata: new Map() }), { code: "invalid_input", field: "metadata" });
    await assert.rejects(queue.redrive({ ids: new Set() }), { code: "invalid_input", field: "ids" });
  }
  // As JSON has them, also from another realm, as Jest's objects are.
  const { runInNewContext } = await import("node:vm");
  const [queue] = queues;
  for (const [value, read] of [
    [new Shown(), { order: 7 }],
    [{ at: new Date(0), left: undefined, own: { toJSON: () => ({ a: 1 }) }, text: Object("x") }, { at: "1970-01-01T00:00:00.000Z", own: { a: 1 }, text: "x" }],
    [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [runInNewContext("({ a: [{}] })"), { a: [{}] }],
    [{}, {}],
  ]) {
    const { id } = await queue.enqueue({ type: "report", payload: value, metadata: value });
    const message = await queue.getMessage(id);
    assert.deepEqual([message.payload, message.metadata], [read, read]);
  }
});

test("a caller is told of its own words, not of the database's", async () => {
  // Whatever text a database has for it.
  const queue = new SupabaseQueueProvider(await answering(400, { code: "22023", details: "field=send_before", message: "email_queue: send_before: is over" }), KEY);
  await assert.rejects(queue.stats(), { code: "invalid_input", field: "sendBefore", message: "sendBefore: is over" });
  const memory = new InMemoryQueueProvider({ defaultSender: "shop@example.com" });
  for (const call of [
    () => memory.redrive({}),
    () => memory.enqueue({ type: "Email", payload: {} }),
    () => memory.enqueue({ payload: { to: "a@b.example", subject: "S", text: "T", headers: { headers: "a\nb" } } }),
    () => memory.getMessage(`-----${"a".repeat(32)}`),
    () => memory.pause({ reason: "why", domain: "exa/mple.com" }),
  ]) await assert.rejects(call(), (error) => (assert.doesNotMatch(error.message, /\bp_|[a-z]_[a-z]+[:=]/), error.code === "invalid_input"));
});

test("nothing is kept of an answer: Next.js would give it to later calls", async () => {
  const seen = [];
  const real = globalThis.fetch;
  const url = await answering(200, "null");
  globalThis.fetch = (request) => (seen.push([request.cache, request.redirect]), real(request));
  try {
    assert.equal(await new SupabaseQueueProvider(url, KEY).getMessage(ID), null);
  } finally {
    globalThis.fetch = real;
  }
  assert.deepEqual(seen, [["no-store", "manual"]]);
});

test("one row that no double holds does not keep a page from being read", async () => {
  const digits = "9".repeat(400);
  const row = (metadata) => `{"id": "${ID}", "type": "report", "status": "failed", "payload": {"n": ${metadata}}, "priority": 2, "run_at": "2026-01-01T00:00:00+00:00",
    "attempts": 1, "max_attempts": 3, "metadata": ${metadata}, "created_at": "2026-01-01T00:00:00+00:00", "updated_at": "2026-01-01T00:00:00+00:00"}`;
  const url = await answering(200, `[${row(`{"n": ${digits}}`)}, ${row('{"n": 7}')}]`);
  const queue = new SupabaseQueueProvider(url, KEY);
  for (const page of [await queue.listDeadLetters(), await queue.getMessagesByStatus("failed")]) {
    assert.deepEqual(page.map(({ metadata }) => metadata.n), [digits, 7]);
  }
});

test("where no WebAssembly can be compiled the error says so, and that nothing was sent", async () => {
  const { Module } = WebAssembly;
  const fresh = await import("../../pkg/index.js?fresh");
  WebAssembly.Module = class {
    constructor() {
      throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
    }
  };
  try {
    for (const open of [() => new fresh.InMemoryQueueProvider(), () => new fresh.SupabaseQueueProvider("https://abc.supabase.co", KEY)]) {
      assert.throws(open, { name: "QueueError", code: "unexpected", retryable: false, message: /compiles no WebAssembly from bytes, so nothing was sent and nothing was stored.*workerd/ });
    }
  } finally {
    WebAssembly.Module = Module;
  }
});

const nested = (levels) => {
  let value = {};
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
};

test("options that nobody reads are refused", async () => {
  const queue = new InMemoryQueueProvider();
  for (const [options, field] of [
    [5, "options"],
    [{ onprogress() {} }, "onprogress"],
    [{ onProgress: 5 }, "onProgress"],
  ]) {
    await assert.rejects(queue.enqueueMany([{ type: "report", payload: 1 }], options), { name: "QueueError", code: "invalid_input", field });
  }
  assert.throws(() => queue.advance("5"), { name: "QueueError", code: "invalid_input", field: "seconds" });
  assert.deepEqual((await queue.stats()).types, {});
});

test("what the caller's own code throws comes out as it is, and breaks nothing", async () => {
  const queue = new InMemoryQueueProvider();
  await queue.enqueue({ type: "kept", payload: 1 });
  const mine = Object.assign(new RangeError("mine"), { code: "MINE" });
  const fault = () => {
    throw mine;
  };
  const report = { type: "report", payload: 1 };
  const wrong = [
    { ...report, get metadata() { return fault(); } },
    { ...report, payload: { toJSON: fault } },
  ];
  const calls = [() => queue.enqueueMany((function* () { fault(); })()), () => queue.complete({ get lease() { return fault(); } })];
  for (const message of wrong) calls.push(() => queue.enqueue(message), () => queue.enqueueMany([report, message]));
  for (const call of calls) await assert.rejects(call, (error) => error === mine);
  assert.deepEqual(Object.keys((await queue.stats()).types), ["kept"]);

  // What was enqueued before it stands.
  await assert.rejects(queue.enqueueMany(Array(2500).fill(report), { onProgress: (enqueued) => enqueued === 2000 && fault() }), (error) => error === mine);
  assert.equal((await queue.stats()).types.report.pending, 2000);
});

test("half of a surrogate pair becomes U+FFFD", async () => {
  const queue = new InMemoryQueueProvider();
  const payload = { "key\ud83d": "a\ud83db", whole: "\u{1f600}", written: "\\ud83d" };
  const { id } = await queue.enqueue({ type: "report", payload, dedupKey: "\ude00", metadata: { a: "\ud83d" } });
  const kept = await queue.getMessage(id);
  assert.deepEqual(kept.payload, { "key\ufffd": "a\ufffdb", whole: "\u{1f600}", written: "\\ud83d" });
  assert.deepEqual([kept.dedupKey, kept.metadata], ["\ufffd", { a: "\ufffd" }]);
  assert.deepEqual(await queue.listDeadLetters({ text: "\ud83d" }), []);
  await queue.pause({ reason: "\ud83d" });
  assert.equal((await queue.stats()).paused.reason, "\ufffd");
});

test("no error keeps a consumer from saying that it failed", async () => {
  const queue = new InMemoryQueueProvider();
  const cycle = { message: "round" };
  cycle.itself = cycle;
  for (const [error, message] of [
    [new Error("half \ud83d"), "half \ufffd"],
    [{ message: "deep", a: nested(200) }, "deep"],
    [{ message: "NaN", a: Number.NaN }, "NaN"],
    [cycle, "round"],
    ["text", "text"],
    [5, "5"],
    [1n, "1"],
    [{ get message() { throw new Error("unreadable"); } }, undefined],
    [undefined, undefined],
  ]) {
    await queue.enqueue({ type: "report", payload: 1 });
    const [leased] = await queue.dequeue({ types: ["report"] });
    assert.equal(await queue.fail(leased, error), "applied");
    assert.equal((await queue.getMessage(leased.id)).error.message, message);
  }
});

test("what is wrong in the thousands is found before the first request, or named by its place", async () => {
  let requests = 0;
  const refusal = { code: "22023", message: "email_queue: messages[3].max_attempts: is wrong", details: "field=messages[3].max_attempts" };
  const url = await serving((response) => {
    const answer = Array(1000).fill({ id: ID, created: true });
    if (++requests === 1) response.end(JSON.stringify(answer));
    else response.writeHead(400).end(JSON.stringify(refusal));
  });
  const queue = new SupabaseQueueProvider(url, KEY);
  const report = { type: "report", payload: 1 };
  const list = (last) => [...Array(2500).fill(report), { ...report, ...last }];
  for (const [last, field] of [
    [{ metadata: { a: "x".repeat(16_376) } }, "metadata"],
    [{ metadata: { a: "\u00e9".repeat(8_190) } }, "metadata"],
    [{ runAt: "1999-12-31T00:00:00Z" }, "runAt"],
    [{ sendBefore: new Date("3001-01-01") }, "sendBefore"],
    [{ runAt: new Date("2999-01-02"), sendBefore: new Date("2999-01-01") }, "sendBefore"],
  ]) {
    await assert.rejects(queue.enqueueMany(list(last)), { code: "invalid_input", field: `messages[2500].${field}` });
  }
  assert.equal(requests, 0);
  await assert.rejects(queue.enqueueMany(list({ metadata: { a: "x".repeat(16_375) } })), { code: "invalid_input", field: "messages[1003].maxAttempts" });
  await assert.rejects(queue.enqueue(report), { code: "invalid_input", field: "maxAttempts", message: "maxAttempts: is wrong" });
});

test("a redirect is not followed: the key would go along", async () => {
  let calls = 0;
  const elsewhere = await serving((response) => response.end(JSON.stringify([{ id: ID, created: true, calls: calls++ }])));
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serving((response) => response.writeHead(status, { location: `${elsewhere}/rest/v1/rpc/x` }).end());
    await fails(url, KEY, { code: "invalid_input", retryable: false, field: "url", says: /^url: must be the project's own address.*redirects/ });
  }
  assert.equal(calls, 0);
});

test("a schema that is not exposed names the setting", async () => {
  const url = await answering(406, { code: "PGRST106", message: "Invalid schema: public" });
  await fails(url, KEY, { code: "not_exposed", retryable: false, says: /Exposed schemas must contain public/ });
});

test("the calls are for the schema public, whichever comes first", async () => {
  const profiles = [];
  const server = createServer((request, response) => {
    profiles.push(request.headers["content-profile"]);
    request.resume().on("end", () => response.end(JSON.stringify([{ id: ID, created: true }])));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => (server.closeAllConnections(), server.close()));
  const queue = new SupabaseQueueProvider(`http://127.0.0.1:${server.address().port}`, KEY);
  await queue.enqueue({ payload: { from: "shop@example.com", to: RECIPIENT, subject: "S", text: "T" } });
  assert.deepEqual(profiles, ["public"]);
});

test("a database that is read-only is in trouble", async () => {
  const url = await answering(405, { code: "25006", message: "cannot execute INSERT in a read-only transaction" });
  await fails(url, KEY, { code: "unavailable", retryable: true, says: /read-only \(25006\)/ });
});

test("no more is read of an answer than a claim can hold", async () => {
  let sent = 0;
  const url = await serving((response) => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const more = () => {
      while (!response.destroyed && sent < 300 * chunk.length) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  await fails(url, KEY, { code: "unexpected", retryable: false, says: /larger than 64 MiB: ask for fewer messages/ }, { timeoutSeconds: 60 });
  assert(sent < 100 * 1024 * 1024, `${sent} bytes were sent`);
});
