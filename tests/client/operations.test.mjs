// Operators' calls: what is asked of the project, and what comes of its answers.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { InMemoryQueueProvider, SupabaseQueueProvider } from "../../pkg/index.js";
import { ID, KEY } from "./serving.mjs";

const AT = "2026-11-27T10:00:00.123456+00:00";
const DATE = new Date("2026-11-27T10:00:00.123Z");

/** What the database answers, by function. */
const ANSWERS = {
  search: { messages: [{ id: ID, created_at: AT, metadata: { sent_at: AT } }], next: null, looked: 1, similar: [{ address: "a@b.example", messages: 1, last: AT }] },
  show: { id: ID, run_at: AT, timeline: [{ at: AT, what: "claimed", lease_expires_at: AT }, { at: null, what: "waits", until: AT }], can: { cancel: null }, suppressed: [{ since: AT }] },
  events: [{ type: "email.delivered", recipient: null, occurred_at: AT, received_at: AT, detail: { link_at: AT } }],
  runs: [{ id: ID, started_at: AT, last_seen_at: AT, ended_at: null, counts: { claimed: 1 } }],
  audit: [{ id: ID, at: AT, actor: "ann", action: "discard", messages: 2, arguments: { dry_run: false } }],
  configure: { default_sender: null, completed_retention: "7 days" },
  prune: { deleted: 1, erased: 2, more: true },
  discard: { dry_run: true, discarded: [ID] },
  erase: { id: ID, result: "erased" },
};

const asked = [];
const server = createServer(async (request, response) => {
  const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const name = request.url.split("email_queue_")[1];
  asked.push({ name, body, actor: request.headers["x-email-queue-actor"] });
  response.end(JSON.stringify(ANSWERS[name]));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
after(() => (server.closeAllConnections(), server.close()));
const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

test("each call asks its function, and its times are Dates", async () => {
  const queue = new SupabaseQueueProvider(url, KEY, { actor: "Ann (support)" });
  const since = DATE.toISOString();
  /** @type {[() => Promise<any>, object, any][]} */
  const calls = [
    [() => queue.search({ recipient: "a@b.example", since: DATE, subject: undefined }, { limit: 5, before: ID }), { p_filter: { recipient: "a@b.example", since }, p_limit: 5, p_before: ID },
      { messages: [{ id: ID, createdAt: DATE, metadata: { sent_at: AT } }], next: null, looked: 1, similar: [{ address: "a@b.example", messages: 1, last: DATE }] }],
    [() => queue.search(), { p_filter: {}, p_limit: 100, p_before: null }, undefined],
    [() => queue.show(ID), { p_id: ID }, { id: ID, runAt: DATE, timeline: [{ at: DATE, what: "claimed", leaseExpiresAt: DATE }, { at: null, what: "waits", until: DATE }], can: { cancel: null }, suppressed: [{ since: AT }] }],
    [() => queue.events(ID), { p_id: ID }, [{ type: "email.delivered", recipient: null, occurredAt: DATE, receivedAt: DATE, detail: { link_at: AT } }]],
    [() => queue.runs({ limit: 1 }), { p_limit: 1, p_before: null }, [{ id: ID, startedAt: DATE, lastSeenAt: DATE, endedAt: null, counts: { claimed: 1 } }]],
    [() => queue.audit({ actor: "ann", since: DATE, limit: 2 }), { p_filter: { actor: "ann", since }, p_limit: 2, p_before: null }, [{ id: ID, at: DATE, actor: "ann", action: "discard", messages: 2, arguments: { dry_run: false } }]],
    [() => queue.configure({ completedRetention: "7 days", defaultSender: null }), { p_settings: { completed_retention: "7 days", default_sender: null } }, { defaultSender: null, completedRetention: "7 days" }],
    [() => queue.prune(), { p_limit: null }, { deleted: 1, erased: 2, more: true }],
    [() => queue.discard({ ids: [ID], dryRun: true }), { p_ids: [ID], p_filter: null, p_dry_run: true, p_limit: 1000 }, { dryRun: true, discarded: [ID] }],
    [() => queue.erase(ID), { p_id: ID }, { id: ID, result: "erased" }],
  ];
  for (const [call, body, answer] of calls) {
    const told = await call();
    const last = asked.at(-1);
    assert.deepEqual(last.body, body, last.name);
    assert.equal(last.actor, "Ann (support)");
    if (answer) assert.deepEqual(told, answer, last.name);
  }
  assert.equal(new Set(asked.map(({ name }) => name)).size, Object.keys(ANSWERS).length);
});

test("without an actor no header names one", async () => {
  await new SupabaseQueueProvider(url, KEY).prune(1);
  assert.equal(asked.at(-1).actor, undefined);
});

test("what the queue in memory does not have, it says", async () => {
  const queue = /** @type {any} */ (new InMemoryQueueProvider());
  for (const [name, ...values] of [["show", ID], ["events", ID], ["runs"], ["audit"]]) {
    await assert.rejects(queue[name](...values), { code: "invalid_input", field: undefined, message: `this queue has no ${name}: it is a project's queue that has it` });
  }
  await assert.rejects(queue.configure({ completedRetention: "7 days" }), { code: "invalid_input", field: "completedRetention" });
});

test("the queue in memory prunes what ended long ago, and its messages are found with Dates", async () => {
  const queue = new InMemoryQueueProvider({ defaultSender: "shop@example.com" });
  const [done] = [await queue.enqueue({ payload: { to: "ann@example.com", subject: "S", text: "T" } }), await queue.enqueue({ type: "report", payload: 1 })];
  await queue.cancel(done.id);
  const { messages } = await queue.search({ recipient: "ann@example.com" });
  assert.deepEqual(messages.map(({ id, createdAt }) => [id, createdAt instanceof Date]), [[done.id, true]]);
  queue.advance(89 * 86_400);
  assert.deepEqual(await queue.prune(), { deleted: 0, erased: 0, more: false });
  queue.advance(2 * 86_400);
  assert.deepEqual(await queue.prune(), { deleted: 1, erased: 0, more: false });
  assert.equal(await queue.getMessage(done.id), null);
  assert.equal((await queue.search()).messages.length, 1);
});
