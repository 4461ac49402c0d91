// `email-queue suppressions` with the sandbox's list, and a queue whose two functions are stand-ins.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { startSandbox } from "../../src/js/sandbox/server.mjs";
import { options, run } from "../../src/js/command/suppressions.js";
import { CommandError } from "../../src/js/command/terminal.js";

const folder = tempFolder("suppressions");
const sandbox = await startSandbox({ rateLimit: 2 });
/** @type {{recorded: any[], entries: any[]}} */
const queue = { recorded: [], entries: [] };
const server = createServer(async (incoming, answer) => {
  let text = "";
  for await (const part of incoming) text += part;
  const { p_events, p_after, p_limit } = JSON.parse(text);
  const known = new Set(queue.recorded.map(({ id }) => id));
  if (incoming.url?.endsWith("email_queue_record_events")) {
    queue.recorded.push(...p_events.filter((/** @type {any} */ { id }) => !known.has(id)));
    return answer.end(JSON.stringify({ results: p_events.map((/** @type {any} */ { id }) => ({ id, result: known.has(id) ? "known" : "recorded" })) }));
  }
  const from = p_after === null ? 0 : 1 + queue.entries.findIndex(({ id }) => id === p_after);
  answer.end(JSON.stringify(queue.entries.slice(from, from + p_limit)));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
after(async () => {
  server.close();
  server.closeAllConnections();
  await sandbox.close();
  folder.remove();
});
beforeEach(() => {
  queue.recorded = [];
  queue.entries = [];
});

/** @param {string[]} positionals @param {{dry?: boolean, env?: Record<string, string>}} [how] */
async function command(positionals, { dry = false, env = {} } = {}) {
  /** @type {string[]} */
  const printed = [];
  const terminal = /** @type {any} */ ({ json: true, dry, say: () => {}, print: (/** @type {string} */ text) => printed.push(text), confirm: async () => true });
  const variables = { SUPABASE_URL: `http://127.0.0.1:${port}`, SUPABASE_SECRET_KEY: "sb_secret_x", RESEND_BASE_URL: sandbox.url, RESEND_FULL_ACCESS_KEY: "re_full", ...env };
  await run({ values: {}, positionals, terminal, cwd: folder.path, env: variables });
  return JSON.parse(printed.join(""));
}

/** Repeats what the rate limit refuses, as the command has to. @param {string} path @param {object} [body] @returns {Promise<any>} */
async function provider(path, body) {
  const headers = { authorization: "Bearer re_full", "user-agent": "test", "content-type": "application/json" };
  const response = await fetch(sandbox.url + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (response.status !== 429) return await response.json();
  await sleep(200);
  return await provider(path, body);
}

test("the provider's list is imported, once, all pages of it", async () => {
  for (const part of [0, 1, 2]) await provider("/suppressions/batch/add", { emails: Array.from({ length: 75 }, (_, n) => `in${part * 75 + n}@b.example`) });
  assert.deepEqual(await command(["import"], { dry: true }), { found: 225, new: 0 });
  assert.equal(queue.recorded.length, 0);
  assert.deepEqual(await command(["import"]), { found: 225, new: 225 });
  const [event] = queue.recorded;
  assert.match(event.id, /^import_[0-9a-f-]{36}$/);
  assert.match(event.occurred_at, /^\d{4}-.*Z$/);
  assert.deepEqual([event.type, event.recipients, event.detail], ["suppression.added", ["in224@b.example"], { reason: "manual" }]);
  assert.deepEqual(await command(["import"]), { found: 225, new: 0 });
});

test("what the provider lacks is exported, and no unsubscribe and no topic is", async () => {
  const entry = (/** @type {number} */ n, more = {}) => ({ id: `e${n}`, address: `out${n}@b.example`, reason: "bounce", topic: null, ...more });
  queue.entries = [entry(1), entry(2, { reason: "complaint" }), entry(3, { reason: "manual" }), entry(4, { reason: "unsubscribe" }), entry(5, { topic: "news" }),
    entry(6, { address: null }), entry(7, { address: "in1@b.example" }), ...Array.from({ length: 1000 }, (_, n) => entry(1000 + n, { address: "out1@b.example" })), entry(8)];
  assert.deepEqual(await command(["export"], { dry: true }), { found: 5, new: 0 });
  assert.deepEqual(await command(["export"]), { found: 5, new: 4 });
  const listed = async (/** @type {string} */ address) => (await provider(`/suppressions/${encodeURIComponent(address)}`)).email === address;
  for (const n of [1, 2, 3, 8]) assert.equal(await listed(`out${n}@b.example`), true, `out${n}`);
  for (const n of [4, 5]) assert.equal(await listed(`out${n}@b.example`), false, `out${n}`);
  assert.deepEqual(await command(["export"]), { found: 5, new: 0 });
});

test("what is missing or wrong is named", async () => {
  assert.deepEqual(Object.keys(options).sort(), ["as", "before", "hash-only", "limit", "note", "reason", "reveal", "topic", "url"], "none takes a key");
  const refused = (/** @type {string[]} */ ways, /** @type {RegExp} */ message, env = {}) =>
    assert.rejects(command(ways, { env }), (/** @type {any} */ error) => error instanceof CommandError && message.test(error.message));
  await refused([], /import or export/);
  await refused(["import"], /RESEND_FULL_ACCESS_KEY is not set/, { RESEND_FULL_ACCESS_KEY: "" });
  await refused(["import"], /SUPABASE_SECRET_KEY .* is not set/, { SUPABASE_SECRET_KEY: "" });
});
