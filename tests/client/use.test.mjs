// One provider used by many, many messages in one call, Dates, and an instance of the module that breaks.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, test } from "node:test";
import { startCountingProxy, startLite } from "../../scripts/lib/stack.mjs";

/** The memory of the module's instances. */
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(/** @type {[any, any?]} */ ...values) {
    super(...values);
    memories.push(this.exports.memory);
  }
};
const { InMemoryQueueProvider, QueueError, SupabaseQueueProvider } = await import("../../pkg/index.js");
const glue = await import(new URL("../../pkg/client.js", import.meta.url).href);

describe("over Supabase Lite", () => {
  const starting = startLite();
  after(async () => await (await starting).stop());
  const open = async () => {
    const lite = await starting;
    return new SupabaseQueueProvider(lite.url, lite.secretKey, { timeoutSeconds: 60 });
  };

  test("50 callers of one provider, beside another provider, get each their own", async () => {
    const [queue, other] = [await open(), await open()];
    const memory = new InMemoryQueueProvider();
    const wrong = new SupabaseQueueProvider((await starting).url, "sb_secret_of_nobody", { timeoutSeconds: 60 });
    await Promise.all(
      Array.from({ length: 50 }, async (_, caller) => {
        const message = { type: "own", payload: { caller } };
        const [first, second, third] = await Promise.all([queue.enqueue(message), other.enqueue(message), memory.enqueue(message)]);
        assert.deepEqual((await other.getMessage(first.id)).payload, { caller });
        assert.deepEqual((await queue.getMessage(second.id)).payload, { caller });
        assert.deepEqual((await memory.getMessage(third.id)).payload, { caller });
        await assert.rejects(wrong.getMessage(first.id), { code: "unauthorized" });
      }),
    );
    assert.equal((await queue.stats()).types.own.pending, 100);
    assert.equal((await memory.stats()).types.own.pending, 50);
  });

  test("10,000 messages take at most 20 requests, and progress is told after each", async () => {
    const lite = await starting;
    const proxy = await startCountingProxy(lite.url);
    after(() => proxy.stop());
    const queue = new SupabaseQueueProvider(proxy.url, lite.secretKey, { timeoutSeconds: 60 });
    const progress = [];
    const messages = Array.from({ length: 10_000 }, (_, n) => ({ type: "many", payload: { n } }));
    const enqueued = await queue.enqueueMany(messages, { onProgress: (done, all) => progress.push([done, all]) });
    assert.equal(enqueued.length, 10_000);
    assert.equal(new Set(enqueued.map(({ id }) => id)).size, 10_000);
    assert.deepEqual(progress, Array.from({ length: 10 }, (_, n) => [(n + 1) * 1000, 10_000]));
    assert(proxy.count() <= 20, `${proxy.count()} requests`);
    for (const n of [0, 999, 1000, 9_999]) assert.deepEqual((await queue.getMessage(enqueued[n].id)).payload, { n });
  });

  test("where nothing calls the function, the answer and an open e-mail say so, until a run is on record", async () => {
    const queue = await open();
    const { id, notice } = await queue.enqueue({ payload: { from: "a@b.example", to: "c@d.example", subject: "S", text: "T" } });
    assert.match(notice, /^not connected: .*email-queue deploy$/);
    assert.equal((await queue.getMessage(id)).notice, notice);
    const own = await queue.enqueue({ type: "own", payload: 1 });
    const [listed] = await queue.getMessagesByStatus("pending", { type: "email" });
    assert.deepEqual(["notice" in own, listed.id, "notice" in listed], [false, id, false]);
    await (await starting).rpc("email_queue_worker_work", { p_request: { run: { id, cause: "http" } } });
    assert(!("notice" in await queue.getMessage(id)));
  });

  test("times go in as Dates and come out as Dates", async () => {
    const queue = await open();
    const runAt = new Date("2999-01-01T10:20:30.456Z");
    const { id } = await queue.enqueue({ type: "dated", payload: 1, runAt, sendBefore: new Date("2999-01-02") });
    const message = await queue.getMessage(id);
    assert.deepEqual([message.runAt, message.sendBefore, message.leaseExpiresAt], [runAt, new Date("2999-01-02"), null]);
    assert(Math.abs(Date.now() - message.createdAt.getTime()) < 60_000);
    const since = new Date(message.createdAt.getTime() - 1000);
    assert.deepEqual((await queue.getMessagesByStatus("pending", { type: "dated", since })).map((one) => one.id), [id]);
    assert.deepEqual(await queue.getMessagesByStatus("pending", { type: "dated", until: since }), []);
  });

  test("an Error is kept with the message", async () => {
    const queue = await open();
    await queue.enqueue({ type: "wrong", payload: 1 });
    const [leased] = await queue.dequeue({ types: ["wrong"] });
    await queue.fail(leased, new RangeError("no such month"));
    const { error } = await queue.getMessage(leased.id);
    assert.deepEqual([error.name, error.message, error.reason], ["RangeError", "no such month", "rejected"]);
  });
});

/** A project that keeps nothing, and says that all went well. */
async function project(answer, options) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(response, Buffer.concat(chunks));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => (server.closeAllConnections(), server.close()));
  return new SupabaseQueueProvider(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`, "sb_secret_of_the_tests", options);
}

test("memory stays flat, however many messages a call has", async () => {
  let requests = 0;
  const queue = await project((response, body) => {
    requests++;
    const { p_messages } = JSON.parse(body);
    response.end(JSON.stringify(p_messages.map(() => ({ id: "00000000-0000-7000-8000-000000000001", created: true }))));
  });
  // Made when they are asked for: 60 MB of text in all.
  const text = "x".repeat(6_000);
  const messages = Array.from({ length: 10_000 }, () => ({ type: "large", payload: { get text() { return text; } } }));
  await queue.enqueueMany(messages);
  assert(requests >= 15 && requests <= 20, `${requests} requests`);
  const bytes = Math.max(...memories.map(({ buffer }) => buffer.byteLength));
  assert(bytes < 25_000_000, `the module has ${bytes} bytes`);
});

describe("an instance that breaks", () => {
  const broken = { name: "QueueError", code: "unexpected", message: /the module broke; the next call gets a new one/ };

  test("fails the calls under way, and the next call gets a new one", async () => {
    let answered = 0;
    const waiting = [];
    // The timer of the call that is given up keeps the process alive.
    const options = { timeoutSeconds: 10 };
    const queue = await project((response) => (answered++ === 0 ? waiting.push(response) : response.end("null")), options);
    const underWay = assert.rejects(queue.getMessage("00000000-0000-7000-8000-000000000001"), broken);
    while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // A trap for sure: no message is a number.
    glue.QueueClient.inMemory("{}").enqueueMany(1, () => 7);
    await underWay;
    assert.equal(await queue.getMessage("00000000-0000-7000-8000-000000000001"), null);
    // What the old instance waited for comes too late, and disturbs nobody.
    waiting[0].end("null");
    assert.equal(await queue.getMessage("00000000-0000-7000-8000-000000000001"), null);
  });

  test("takes the queue in its memory along, and says so", async () => {
    const queue = new InMemoryQueueProvider();
    await queue.enqueue({ type: "report", payload: 1 });
    glue.QueueClient.inMemory("{}").enqueueMany(1, () => 7);
    await assert.rejects(queue.stats(), broken);
    await assert.rejects(queue.stats(), { name: "QueueError", message: /the queue in its memory is gone/ });
    assert.deepEqual((await new InMemoryQueueProvider().stats()).types, {});
  });
});

test("a key in a browser is refused with the reason, and the queue in memory is not", () => {
  Object.assign(globalThis, { window: globalThis, document: {} });
  try {
    assert.throws(() => new SupabaseQueueProvider("https://abc.supabase.co", "sb_secret_abc"), { code: "invalid_input", field: "key", message: /must not be in a browser/ });
    new InMemoryQueueProvider();
  } finally {
    Reflect.deleteProperty(globalThis, "window");
    Reflect.deleteProperty(globalThis, "document");
  }
  for (const [url, key, said] of [[undefined, "sb_secret_abc", "url: is missing"], ["https://abc.supabase.co", undefined, "key: is missing"], ["https://abc.supabase.co", "sb_publishable_x", "key: must be a secret key of the project"]]) {
    assert.throws(() => new SupabaseQueueProvider(url, key), (/** @type {any} */ error) => error.message.includes(said.split(": ")[1]) && error.field === said.split(":")[0]);
  }
});

test("time passes in memory when it is told to", async () => {
  const queue = new InMemoryQueueProvider({ defaultSender: "shop@example.com" });
  const { id } = await queue.enqueue({ payload: { to: "a@b.example", subject: "S", text: "T" } });
  assert.equal((await queue.getMessage(id)).payload.from, "shop@example.com");
  await queue.enqueue({ type: "report", payload: 1, delaySeconds: 3600 });
  assert.deepEqual(await queue.dequeue({ types: ["report"] }), []);
  queue.advance(3600);
  assert.equal((await queue.dequeue({ types: ["report"] })).length, 1);
  assert.throws(() => queue.advance(-1), { name: "QueueError", code: "invalid_input", field: "seconds" });
  assert.throws(() => new InMemoryQueueProvider({ defaultSender: "nobody" }), { code: "invalid_input", field: "defaultSender" });
  assert(QueueError.prototype instanceof Error);
});
