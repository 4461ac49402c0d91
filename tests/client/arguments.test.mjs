// What a caller gives wrongly is refused with its name, before the first request, and breaks nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InMemoryQueueProvider, SupabaseQueueProvider } from "../../pkg/index.js";
import { ID, KEY, answering, serving } from "./serving.mjs";

const nested = (levels) => {
  let value = {};
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
};

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
    ...["", "a\nb", "J\u00fcrgen", "x".repeat(101), 7].map((actor) => ["https://abc.supabase.co", KEY, { actor }, "actor"]),
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
  for (const change of [queue.redrive, queue.discard]) {
    // The same with a whole filter: `{}` is all.
    await assert.rejects(change.call(queue, { filter: { reason: undefined, type: undefined } }), { code: "invalid_input", field: "filter" });
    await assert.rejects(change.call(queue, { filter: { text: " " } }), { code: "invalid_input", field: "filter.text" });
  }
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
