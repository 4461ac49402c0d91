// What stands between a command and the queue: each has its own message, and what to do about it. Nothing but a secret key is sent.
import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { takesLess, startLite, waitFor } from "../../scripts/lib/stack.mjs";
import { enqueue, folder, lite, operate, reject, start } from "./support/operator.mjs";
import { hosted, inTerminal, PROJECT, REF } from "./support/pseudo-terminal.mjs";

const version = path.join(folder.path, "version.sql");
fs.writeFileSync(version, "create function public.email_queue_version() returns text language sql as $$ select '0.0.9' $$;");
const [empty, older] = await Promise.all([startLite({ migrate: false }), startLite({ migrate: false, first: [version] })]);

/** What the other end answers to everything; null: nothing, ever. @type {{status: number, body: string, headers?: Record<string, string>} | null} */
let reply = null;
const asked = [];
const other = http.createServer((incoming, outgoing) => {
  asked.push(incoming.headers.apikey);
  if (reply) outgoing.writeHead(reply.status, reply.headers).end(reply.body);
}).listen(0, "127.0.0.1");
await once(other, "listening");
const OTHER = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (other.address()).port}`;
after(async () => {
  other.closeAllConnections();
  other.close();
  await Promise.all([empty.stop(), older.stop()]);
});

/** @param {string[]} args @param {Record<string, string>} env @param {RegExp} message @param {RegExp} remedy */
async function refused(args, env, message, remedy) {
  const { code, stdout, stderr } = await operate(args, env);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, message);
  assert.match(stderr, remedy);
  return stderr;
}
const to = (/** @type {import("../../scripts/lib/lite.mjs").Lite} */ { url, secretKey }) => ({ SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey });
const jwt = (/** @type {object} */ claims) => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;

test("a wrong key, a publishable key, and a key of another project", async () => {
  const message = await refused(["stats"], { SUPABASE_SECRET_KEY: "sb_secret_of_another_project" }, /error: the key is refused \(401\)/, /must be a secret key of this project/);
  assert.doesNotMatch(message, /sb_secret_of/);
  asked.length = 0;
  await refused(["stats"], { SUPABASE_URL: OTHER, SUPABASE_SECRET_KEY: lite.publishableKey }, /holds a publishable key/, /must be a secret key/);
  await refused(["stats"], { SUPABASE_URL: OTHER, SUPABASE_SECRET_KEY: jwt({ role: "anon" }) }, /holds a publishable key/, /must be a secret key/);
  await refused(["stats"], { SUPABASE_URL: PROJECT, SUPABASE_SECRET_KEY: jwt({ role: "service_role", ref: "zzzzzzzzzzzzzzzzzzzz" }) }, new RegExp(`belongs to the project z{20}, and the address to ${REF}`), /of one project/);
  assert.deepEqual(asked, [], "none of them was sent");
  reply = { status: 403, body: JSON.stringify({ code: "42501", message: "permission denied for function email_queue_stats" }) };
  await refused(["stats"], { SUPABASE_URL: OTHER }, /may not do this \(403\): permission denied/, /call email_queue_private\.apply_grants\(\)/);
});

test("a queue that is not installed, and one that is older than the command", async () => {
  await refused(["stats"], to(empty), /error: email-queue is not installed in this project/, /email-queue deploy/);
  await refused(["stats"], to(older), /the schema of this project \(0\.0\.9\) has no email_queue_(stats|runs): it is older/, /upgrade, then deploy/);
});

test("an answer that is none of the queue's is no good news", async () => {
  for (const body of ["null", "{}", "[]", '"x"']) {
    reply = { status: 200, headers: { "content-type": "application/json" }, body };
    await refused(["stats"], { SUPABASE_URL: OTHER }, /answers, but not as a Supabase project does/, /SUPABASE_URL must be/);
    const { code, stdout } = await operate(["doctor", "--check"], { SUPABASE_URL: OTHER });
    assert.deepEqual([code, JSON.parse(stdout).status], [2, "fail"], body);
  }
  reply = { status: 302, headers: { location: "https://elsewhere.example" }, body: "" };
  await refused(["stats"], { SUPABASE_URL: OTHER }, /^error: http:\/\/127\.0\.0\.1:\d+ redirects \(302\)/m, /SUPABASE_URL must be/);
});

test("an address with a password, with a path, or without encryption is not asked", async () => {
  asked.length = 0;
  const message = await refused(["stats"], { SUPABASE_URL: OTHER.replace("//", "//user:top-secret@") }, /must have no user and no password/, /Project Settings, Data API/);
  assert.doesNotMatch(message, /top-secret/);
  await refused(["stats"], { SUPABASE_URL: `${OTHER}/rest/v1/` }, /without \/rest\/v1/, /Project Settings, Data API/);
  await refused(["stats"], { SUPABASE_URL: `http://${REF}.supabase.co` }, /must begin with https/, /Project Settings, Data API/);
  assert.deepEqual(asked, []);
});

test("an address that is no project's, and a schema that is not exposed", async () => {
  for (const [status, body] of /** @type {[number, string][]} */ ([[404, "<h1>Not found</h1>"], [200, "<h1>Welcome</h1>"], [404, '{"error": "no such route"}']])) {
    reply = { status, body };
    await refused(["stats"], { SUPABASE_URL: OTHER }, new RegExp(`${OTHER} answers, but not as a Supabase project does \\(${status}\\)`), /SUPABASE_URL must be/);
  }
  reply = { status: 301, body: "", headers: { location: "https://elsewhere.example" } };
  await refused(["stats"], { SUPABASE_URL: OTHER }, /redirects \(301\)/, /./);
  reply = { status: 406, body: JSON.stringify({ code: "PGRST106", message: "The schema must be one of the following: api" }) };
  await refused(["stats"], { SUPABASE_URL: OTHER }, /does not expose the schema public/, /Exposed schemas/);
  await refused(["stats"], { SUPABASE_URL: "nonsense" }, /SUPABASE_URL must be an address/, /→/);
});

test("a network that is away, a database that is, and one that is busy", async () => {
  await refused(["stats"], { SUPABASE_URL: "http://127.0.0.1:1" }, /is not reached: /, /this machine's network/);
  await refused(["stats"], { SUPABASE_URL: "https://no-such-host.invalid" }, /is not reached: E/, /look at the address/);
  reply = { status: 503, body: JSON.stringify({ code: "PGRST002", message: "Could not query the database for the schema cache" }) };
  await refused(["stats"], { SUPABASE_URL: OTHER }, /answered 503: the database is not reached/, /status\.supabase\.com/);
  reply = { status: 500, body: JSON.stringify({ code: "57014", message: "canceling statement due to statement timeout" }) };
  await refused(["stats"], { SUPABASE_URL: OTHER }, /took too long/, /--limit/);
  reply = null;
  await takesLess(2000, async () => {
    const { code, stdout, stderr } = await operate(["doctor", "--check"], { SUPABASE_URL: OTHER });
    assert.equal(code, 2);
    assert.match(stderr, /no answer within 1\.5 s/);
    return JSON.parse(stdout).ms;
  });
});

test("on a hosted project a change asks for its name", async () => {
  const id = await enqueue();
  const noTerminal = await operate(["cancel", id], hosted());
  assert.equal(noTerminal.code, 1);
  assert.match(noTerminal.stderr, new RegExp(`^Target: ${PROJECT} \\(project ${REF}\\)\\n.*there is no terminal.*Nothing was changed`, "m"));
  const question = /Type its name: /;
  const wrong = await inTerminal(["cancel", id], { answers: [[question, "y"]] });
  assert.equal(wrong.code, 1, wrong.output);
  assert.match(wrong.output, new RegExp(`Cancel ${id} in the project ${REF}\\? Type its name: `));
  assert.match(wrong.output, /Nothing was changed/);
  assert.equal((await lite.rpc("email_queue_get", { p_id: id })).status, "pending");
  const right = await inTerminal(["cancel", id], { answers: [[question, REF]] });
  assert.equal(right.code, 0, right.output);
  assert.match(right.output, new RegExp(`${id} cancelled`));
  assert.equal((await operate(["pause", "--reason", "x", "--yes"], hosted())).code, 0);
});

test("a terminal gets colours, and lines that fit, unless NO_COLOR says otherwise", async () => {
  await enqueue();
  assert.match((await inTerminal(["stats"], { colours: true })).output, /\x1b\[2mTYPE\x1b\[0m/);
  assert.doesNotMatch((await inTerminal(["stats"])).output, /\x1b/);
});

test("where a terminal is narrow, what happened has a line of its own, whole", async () => {
  await enqueue();
  const id = await reject("Invalid `to` field: the address has a blank in it");
  const { output } = await inTerminal(["list"], { columns: 80 });
  assert.match(output, new RegExp(`^${id} .*\\n  rejected .*: Invalid .to. field: the address has a blank in it \\(422 validation_error\\)$`, "m"));
  for (const line of output.split("\n").filter((one) => one.startsWith(id))) assert.ok(line.length <= 80, line);
});

test("where a terminal is narrow, numbers have their names", async () => {
  await enqueue();
  const { output } = await inTerminal(["stats"], { columns: 60 });
  assert.match(output, /^email  pending 1  scheduled 0/m);
  for (const line of output.split("\n").slice(1)) assert.ok(line.trimEnd().length <= 60, line);
});

test("tail ends when nobody reads on", async () => {
  const tail = start(["tail", "--json", "--interval", "1s"]);
  await waitFor(() => /Waiting for news/.test(tail.stderr), { what: "its first look" });
  tail.child.stdout?.destroy();
  for (let ended = false; !ended;) {
    await enqueue();
    ended = await Promise.race([tail.ended.then(() => true), sleep(1000, false)]);
  }
});

test("tail goes on when what it asks was away, and says so once", async () => {
  const page = (/** @type {object[]} */ ...messages) => ({ status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ messages, next: null }) });
  const row = { id: "01a21c6f-4c01-7d3e-9b1a-5f0c2e7d8a41", type: "email", status: "cancelled", attempts: 0, created_at: new Date().toISOString(), completed_at: new Date().toISOString(), payload: { to: "ann@example.com", subject: "Back" } };
  reply = page();
  const tail = start(["tail", "--interval", "1s"], { SUPABASE_URL: OTHER });
  await waitFor(() => /Waiting for news/.test(tail.stderr), { what: "its first look" });
  reply = { status: 503, body: JSON.stringify({ code: "PGRST002", message: "Could not query the database for the schema cache" }) };
  await waitFor(() => /answered 503: the database is not reached\. It looks again every 1 s/.test(tail.stderr), { what: "the fault" });
  const before = asked.length;
  await waitFor(() => asked.length >= before + 2, { what: "two more looks" });
  reply = page(row);
  await waitFor(() => /a\*\*\*@example\.com  Back/.test(tail.stdout), { what: "the message" });
  tail.child.kill("SIGINT");
  assert.equal(await tail.ended, 0);
  assert.equal(tail.stderr.match(/It looks again/g)?.length, 1);
});

test("tail ends at once, also while an answer is under way", async () => {
  reply = { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ messages: [], next: null }) };
  const tail = start(["tail", "--interval", "1s"], { SUPABASE_URL: OTHER });
  await waitFor(() => /Waiting for news/.test(tail.stderr), { what: "its first look" });
  reply = null;
  const before = asked.length;
  await waitFor(() => asked.length > before, { what: "a look that nobody answers" });
  tail.child.kill("SIGINT");
  // A read is given up after ten seconds.
  assert.equal(await Promise.race([tail.ended, sleep(9000, "it goes on")]), 0);
});

test("what the database says of what was given shows no address, and steers no terminal", async () => {
  reply = { status: 400, body: JSON.stringify({ code: "22023", message: "email_queue: to: ann@example.com\n\u001b[2Jis no address", hint: "bob@example.com\nmay be" }) };
  const message = await refused(["stats"], { SUPABASE_URL: OTHER }, /^error: to: a\*\*\*@example\.com \[2Jis no address$/m, /→ b\*\*\*@example\.com may be$/m);
  assert.doesNotMatch(message, /\x1b/);
});
