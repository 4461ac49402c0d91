// Each example of tests/examples, run as its readers would run it.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureDeno, ensureTool, ROOT, startLite, startProcess } from "../../scripts/lib/stack.mjs";
import { SupabaseQueueProvider } from "../../pkg/index.js";
import { addProgram, newProject, run, runtimes } from "./project.mjs";

const EXAMPLES = path.join(ROOT, "tests/examples");
const [project, lite] = await Promise.all([newProject(), startLite()]);
await lite.rpc("email_queue_configure", { p_settings: { default_sender: "shop@example.com" } });
for (const file of readdirSync(EXAMPLES)) if (file.endsWith(".ts")) await addProgram(project, path.join(EXAMPLES, file));
const queue = new SupabaseQueueProvider(lite.url, lite.secretKey, { timeoutSeconds: 60 });
const env = { ...process.env, NO_COLOR: "1", SUPABASE_URL: lite.url, SUPABASE_SERVICE_ROLE_KEY: lite.secretKey, PORT: "0" };
after(async () => {
  await lite.stop();
  project.remove();
});

async function serving(program, args, ready, use) {
  const server = await startProcess({ name: path.basename(args.at(-1)), program, args, cwd: project.path, env, ready });
  try {
    const post = (place, body) =>
      fetch(`http://127.0.0.1:${server.ready[1]}${place}`, { method: "POST", body: JSON.stringify(body) });
    await use(post, (place) => fetch(`http://127.0.0.1:${server.ready[1]}${place}`));
  } finally {
    await server.stop();
  }
}

test("the back end enqueues once, and says what happened to the mail", () =>
  serving(process.execPath, ["backend.mjs"], /listening on (\d+)/, async (post, get) => {
    const first = await post("/signup", { userId: 42, email: "user@example.com" });
    assert.equal(first.status, 201);
    const { mail } = await first.json();
    const again = await post("/signup", { userId: 42, email: "user@example.com" });
    assert.deepEqual([again.status, await again.json()], [200, { mail }]);
    assert.deepEqual(await (await get(`/mails/${mail}`)).json(), { status: "pending", attempts: 0 });
    const wrong = await post("/signup", { userId: 43, email: "nobody" });
    assert.equal(wrong.status, 400);
    assert.equal((await wrong.json()).field, "payload.to");
    assert.equal((await get("/mails/00000000-0000-7000-8000-000000000000")).status, 404);
  }));

test("the Edge Function enqueues before other mail", async () => {
  const deno = await ensureDeno("2.1.4");
  const args = ["run", "--no-lock", "--no-check", "--no-prompt", "--allow-env", "--allow-net", "--allow-read=node_modules", "--node-modules-dir=manual", "order-placed.ts"];
  await serving(deno, args, /127\.0\.0\.1:(\d+)/, async (post) => {
    const answer = await post("/", { order: 7, customer: "user@example.com", total: "12 €" });
    assert.equal(answer.status, 202);
    const message = await queue.getMessage((await answer.json()).mail);
    assert.deepEqual([message.priority, message.dedupKey, message.metadata, message.payload.subject], [0, "order:7", { order: 7 }, "Your order 7"]);
    assert.equal((await post("/", { order: 8, total: "1 €" })).status, 400);
  });
});

test("the consumer writes reports, tries again, and leaves a dead letter", async () => {
  const ids = await queue.enqueueMany([1, 5, 13].map((month) => ({ type: "report", payload: { month } })));
  const output = await run(process.execPath, ["report-consumer.mjs"], { cwd: project.path, env });
  assert.deepEqual(output.split("\n").sort(), ["dead letter: month 13, there is no month 13", "report of month 1", "report of month 5"]);
  const messages = await Promise.all(ids.map(({ id }) => queue.getMessage(id)));
  assert.deepEqual(messages.map(({ status, attempts }) => [status, attempts]), [["completed", 1], ["completed", 2], ["failed", 1]]);
});

test("supabase-js enqueues once, and is told what is wrong", async () => {
  // Supabase Lite has it among its own packages; it wants a newer Node than 20.
  mkdirSync(path.join(project.path, "node_modules/@supabase"), { recursive: true });
  symlinkSync(path.join(await ensureTool("lite"), "node_modules/@supabase/supabase-js"), path.join(project.path, "node_modules/@supabase/supabase-js"));
  const [, node22] = (await runtimes(project)).find(([name]) => name === "Node 22");
  const enqueue = (to) => node22("with-supabase-js", { ...env, RECIPIENT: to });
  const first = JSON.parse(await enqueue("user@example.com"));
  // Nothing has called the function for this database yet.
  assert.match(first.notice, /^not connected: /);
  assert.deepEqual(first, { id: first.id, created: true, notice: first.notice });
  assert.deepEqual(JSON.parse(await enqueue("user@example.com")), { ...first, created: false, payload_differs: false });
  assert.equal(await enqueue("nobody"), "refused: email_queue: to: must be an e-mail address, {email, name}, or a list of either (field=to)");
  const [message, ...others] = await queue.getMessagesByStatus("pending", { metadata: { user: 42 } });
  assert.deepEqual([message.id, message.payload.to, others], [first.id, "user@example.com", []]);
});

test("the documents show the trigger as it is tested", () => {
  const sql = readFileSync(path.join(ROOT, "supabase/tests/welcome_trigger.psql"), "utf8");
  assert(readFileSync(path.join(ROOT, "docs/use.md"), "utf8").includes(sql.trim()), "docs/use.md has another text than supabase/tests/welcome_trigger.psql");
});
