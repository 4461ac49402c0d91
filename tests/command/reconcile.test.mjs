// `email-queue reconcile` against the sandbox's lists and a real database: what it finds, what it proves, and what it leaves alone.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ROOT, waitFor } from "../../scripts/lib/stack.mjs";
import { between, complete, ENV, folder, HOUR, KEY, lite, lost, mail, provider, reconcile, sandbox, sandboxIs, sql, states } from "./support/lost.mjs";
import { command } from "./support/place.mjs";

test("what the provider has is completed with its id; what it has not is redriven without duplicates allowed", async () => {
  const ids = await lost(6, (n) => n % 2 === 0);
  const before = await sql`select * from email_queue_private.message order by id`;
  const dry = await reconcile([]);
  assert.deepEqual([dry.code, dry.dry_run, dry.unknown, dry.accepted, dry.not_accepted, dry.left], [0, true, 6, 3, 3, 0], dry.stderr);
  assert.match(dry.stderr, /Nothing was changed: --yes does it/);
  assert.deepEqual([...await sql`select * from email_queue_private.message order by id`], [...before]);
  assert.equal((await sql`select * from email_queue_private.event`).length, 0);
  assert.match((await lite.rpc("email_queue_redrive", { p_ids: [ids[1]] })).refused[0].reason, /may have been sent/);

  const done = await reconcile(["--yes"]);
  assert.deepEqual([done.code, done.dry_run, done.complete, done.unknown, done.accepted, done.not_accepted, done.left], [0, false, true, 6, 3, 3, 0], done.stderr);
  assert.deepEqual(await states(ids), ["completed", "not_accepted", "completed", "not_accepted", "completed", "not_accepted"]);
  const { emails } = await provider("/_sandbox/emails?to=user2@");
  const { provider_message_id, delivery } = await lite.rpc("email_queue_get", { p_id: ids[2] });
  assert.deepEqual([provider_message_id, delivery.state, delivery.recipients[0].address], [emails[0].id, "sent", "user2@b.example"]);
  const { redriven, refused } = await lite.rpc("email_queue_redrive", { p_filter: {} });
  assert.deepEqual([redriven.sort(), refused], [[ids[1], ids[3], ids[5]].sort(), []]);
  const again = await reconcile(["--yes"]);
  assert.deepEqual([again.unknown, again.accepted, again.not_accepted], [0, 0, 0]);
});

test("a batch is read from one entry of the log, and its refused members have no id", async () => {
  const ids = await lost(20, (n) => n < 19, { batch: true });
  const { requests, accepted, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([accepted, missing], [19, 1], stderr);
  // The webhooks, the log and its entry, the list, and one that was completed: the e-mail of before to the same recipient is too old to be looked at.
  assert.ok(requests <= 5, `${requests} requests`);
  assert.deepEqual((await states(ids)).slice(-2), ["completed", "not_accepted"]);
});

test("the doctor says the same on request, and changes nothing", async () => {
  const outcomes = async (env = {}) => {
    const { stdout } = await command(["doctor", "--json", "--no-call", "--reconcile"], { cwd: folder.path, env: { ...ENV, ...env } });
    return JSON.parse(stdout).findings.find((/** @type {any} */ { check }) => check === "outcomes");
  };
  assert.equal((await outcomes()).status, "ok");
  const ids = await lost(3, (n) => n < 2);
  const { status, detail, remedy } = await outcomes();
  assert.deepEqual([status, detail], ["warn", "unknown_outcome: 3, of which Resend has 2 and has not accepted 1; events that did not arrive: 0"]);
  assert.match(remedy, /reconcile --yes/);
  assert.deepEqual(await states(ids), Array(3).fill("unknown_outcome"));
  assert.equal((await outcomes({ RESEND_FULL_ACCESS_KEY: "" })).status, "skip");
});

test("a list that was cut short proves nothing", async () => {
  await sandboxIs({ keepEmails: 1, keepLogs: 0 });
  const ids = await lost(2, () => false);
  await provider("/emails", { ...mail(9), to: "other@b.example" });
  const { left, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([missing, left], [0, 2], stderr);
  assert.deepEqual(await states(ids), ["unknown_outcome", "unknown_outcome"]);
});

test("the list of another account proves nothing", async () => {
  const ids = await lost(3, () => false);
  const { id } = await lite.rpc("email_queue_enqueue", { p_payload: mail(0) });
  await complete(id, "00000000-0000-4000-8000-000000000000");
  const { code, left, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([code, missing, left], [0, 0, 3], stderr);
  assert.match(stderr, /the key is of another account than the one that sent/);
  await sql`delete from email_queue_private.message where status = 'completed'`;
  assert.match((await reconcile(["--yes"])).stderr, /no e-mail of this queue is completed/);
  assert.deepEqual(await states(ids), Array(3).fill("unknown_outcome"));
});

test("answers that cannot be read prove nothing, and do not steer the terminal", async () => {
  const mail = /^\/emails\/./, log = /^\/logs\/./;
  const untagged = (/** @type {any} */ one) => ({ ...one, tags: undefined });
  /** @type {[(path: string, answer: any) => any, RegExp | null][]} */
  const cases = [
    [(path, answer) => mail.test(path) ? untagged(answer) : log.test(path) ? { ...answer, request_body: [answer.request_body].flat().map(untagged) } : null, /None is taken for not accepted/],
    [(path) => mail.test(path) || log.test(path) ? "<html>\x1b]0;x\x07</html>" : null, /something else than its API/],
    [(path) => mail.test(path) || log.test(path) ? {} : null, null],
    [(path) => path === "/logs" ? { status: 404 } : path === "/emails" ? { data: [null] } : null, /something else than its API/],
    [(path) => path === "/logs" ? { status: 404 } : path === "/emails" ? { status: 422, name: `\x1b]0;${KEY}\x07a@b.example` } : null, /Resend answered 422$/m],
  ];
  const ids = await lost(2, () => true, { batch: true });
  for (const [change, said] of cases) {
    const provider = await between(change);
    const { stderr } = await reconcile(["--yes"], { RESEND_BASE_URL: provider.url });
    const { stdout } = await command(["doctor", "--json", "--no-call", "--reconcile"], { cwd: folder.path, env: { ...ENV, RESEND_BASE_URL: provider.url } });
    provider.close();
    if (said) assert.match(stderr, said);
    assert.ok(!/[\x07\x1b]|\n +at /.test(stderr), stderr);
    assert.ok(JSON.parse(stdout).findings.some((/** @type {any} */ { check }) => check === "outcomes"));
    assert.deepEqual(await states(ids), ["unknown_outcome", "unknown_outcome"]);
  }
});

test("a request that may still arrive is left alone", async () => {
  const ids = await lost(1, () => false);
  await sql`update email_queue_private.dispatch set horizon_at = clock_timestamp() + interval '1 hour' where true`;
  const { left, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([missing, left], [0, 1]);
  assert.match(stderr, /1 not yet: its request may still arrive until 20\d\d-/);
  assert.deepEqual(await states(ids), ["unknown_outcome"]);
});

test("an e-mail of another installation is not ours, and leaves a doubt; one of a mail like it does not", async () => {
  const ids = await lost(2, (n) => n === 0, { mark: "ffffffffffff" });
  await sandboxIs({ clockOffsetMs: -25 * HOUR });
  await provider("/emails", mail(1));
  await sandboxIs({ clockOffsetMs: 0 });
  const { accepted, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([accepted, missing], [0, 1], stderr);
  assert.deepEqual(await states(ids), ["unknown_outcome", "not_accepted"]);
  assert.equal((await sql`select * from email_queue_private.event`).length, 0);
});

test("without the log, the list is enough", async () => {
  await sandboxIs({ keepLogs: 0 });
  const ids = await lost(3, (n) => n === 1);
  const { accepted, not_accepted: missing } = await reconcile(["--yes"]);
  assert.deepEqual([accepted, missing], [1, 2]);
  assert.deepEqual(await states(ids), ["not_accepted", "completed", "not_accepted"]);
});

test("a request that was accepted hours after it was given up is found", async () => {
  await sandboxIs({ keepLogs: 0 });
  const ids = await lost(2, (n) => n === 0, { later: 2 * HOUR });
  const { accepted, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([accepted, missing], [1, 1], stderr);
  assert.deepEqual(await states(ids), ["completed", "not_accepted"]);
});

test("it waits where the rate is used up, and goes on where its limit ended it", async () => {
  await sandboxIs({ keepLogs: 0 });
  const ids = await lost(8);
  await sandboxIs({ rateLimit: 10 });
  // The webhooks, the log, the list, then the e-mails one by one.
  const first = await reconcile(["--yes", "--limit", "6"]);
  assert.deepEqual([first.code, first.complete, first.requests, first.not_accepted], [1, false, 6, 0]);
  assert.match(first.stderr, /6 requests were not enough: what was found is kept/);
  assert.equal((await states(ids)).filter((state) => state === "completed").length, 3);
  // Somebody else uses up the rate meanwhile.
  let busy = true;
  const others = (async () => {
    while (busy) await provider("/emails/00000000-0000-4000-8000-000000000000");
  })();
  const reads = () => ["GET /webhooks", "GET /logs", "GET /emails"].reduce((sum, endpoint) => sum + (sandbox.state().requestsByEndpoint[endpoint] ?? 0), 0);
  const before = reads();
  const running = reconcile(["--yes"]);
  // Almost all are refused, and repeated.
  await waitFor(() => reads() >= before + 4, { what: "requests that are repeated" }).finally(() => busy = false);
  const [second] = await Promise.all([running, others]);
  assert.deepEqual([second.code, second.left], [0, 0], second.stderr);
  assert.deepEqual(await states(ids), Array(8).fill("completed"));
});

test("events that were not delivered are recorded as if they had been, and not twice", async () => {
  await provider("/webhooks", { endpoint: `${lite.url}/functions/v1/email-queue-events/resend`, events: ["email.sent", "email.delivered", "email.bounced", "suppression.added"] });
  await sandboxIs({ eventsHeld: true, clockOffsetMs: 0 });
  const { id } = await lite.rpc("email_queue_enqueue", { p_payload: { ...mail(0), to: "bounced@resend.dev" } });
  await sql`update email_queue_private.ready set run_at = run_at where true`;
  const [{ mark }] = await sql`select email_queue_private.current_mark() as mark`;
  await provider("/emails", { ...mail(0), to: "bounced@resend.dev", tags: [{ name: "message_id", value: `${id}_${mark}` }] });
  await provider("/emails", { ...mail(1), tags: [{ name: "other", value: "x" }] });
  await provider("/_sandbox/events/drop", {});
  const dry = await reconcile([]);
  assert.deepEqual([dry.events, dry.since], [{ missing: 5, recorded: 0 }, null], dry.stderr);
  // The events of another application's e-mail are nobody's, and asked for again.
  const first = await reconcile(["--yes", "--limit", "4"]);
  assert.deepEqual([first.code, first.complete, first.events], [1, false, { missing: 5, recorded: 1 }], first.stderr);
  const done = await reconcile(["--yes"]);
  assert.deepEqual([done.code, done.complete, done.events], [0, true, { missing: 4, recorded: 2 }], done.stderr);
  assert.match(done.stderr, /--since 20\S+Z goes on from there/);
  const { delivery } = await lite.rpc("email_queue_get", { p_id: id });
  assert.deepEqual([delivery.state, delivery.recipients[0].bounce.type], ["bounced", "Permanent"]);
  assert.equal((await lite.rpc("email_queue_suppressions", { p_filter: { address: "bounced@resend.dev" } })).length, 1);
  assert.ok(Math.abs(Date.parse(done.since) - Date.now() + 5 * 60_000) < 60_000, done.since);
  const again = await reconcile(["--yes", "--since", new Date().toISOString()]);
  // Those of the other e-mail.
  assert.deepEqual([again.code, again.events], [0, { missing: 2, recorded: 0 }]);
});

test("an event that is too large does not hold up the others", async () => {
  await provider("/webhooks", { endpoint: `${lite.url}/functions/v1/email-queue-events/resend`, events: ["email.sent", "email.delivered"] });
  await sandboxIs({ eventsHeld: true, clockOffsetMs: 0 });
  await provider("/emails", mail(0));
  await provider("/_sandbox/events/drop", {});
  const large = await between((path, answer) => /\/events\/./.test(path) ? { ...answer, payload: JSON.stringify({ type: "email.sent", data: "x".repeat(300_000) }) } : null);
  const { code, complete, events, stderr } = await reconcile(["--yes"], { RESEND_BASE_URL: large.url });
  large.close();
  assert.deepEqual([code, complete, events], [0, true, { missing: 2, recorded: 0 }], stderr);
});

test("an interrupted run has lost nothing, and the next one goes on", async () => {
  await sandboxIs({ keepLogs: 0 });
  await lost(9, (n) => n < 8);
  await sandboxIs({ rateLimit: 3 });
  const child = spawn(process.execPath, [path.join(ROOT, "pkg/command/main.js"), "reconcile", "--yes"], { cwd: folder.path, env: ENV, stdio: "ignore" });
  const ended = once(child, "exit");
  const completed = async () => (await sql`select count(*)::integer as n from email_queue_private.message where status = 'completed'`)[0].n - 1;
  await waitFor(async () => await completed() > 0, { what: "the first that is completed" });
  child.kill("SIGKILL");
  await ended;
  const before = await completed();
  assert.ok(before < 8, `${before} are completed`);
  const { unknown, accepted, not_accepted: missing, stderr } = await reconcile(["--yes"]);
  assert.deepEqual([unknown, accepted, missing], [9 - before, 8 - before, 1], stderr);
});

test("a database or a provider that is away is named, and nothing is lost", async () => {
  const ids = await lost(2, () => true);
  const away = await reconcile(["--yes"], { SUPABASE_URL: "http://127.0.0.1:1" });
  assert.equal(away.code, 1);
  assert.match(away.stderr, /not reached/);
  assert.match((await reconcile(["--yes"], { RESEND_BASE_URL: "http://127.0.0.1:1" })).stderr, /Resend: not reached/);
  assert.deepEqual(await states(ids), ["unknown_outcome", "unknown_outcome"]);
});

test("a key that may only send, a key that is missing and options that are wrong are named", async () => {
  const said = async (/** @type {string[]} */ args, env = {}) => {
    const { code, stderr } = await reconcile(args, env);
    assert.ok(code > 0);
    return stderr;
  };
  assert.match(await said([], { RESEND_FULL_ACCESS_KEY: "" }), /RESEND_FULL_ACCESS_KEY is not set/);
  await sandboxIs({ restrictedApiKeys: ["re_may_only_send"] });
  assert.match(await said([], { RESEND_FULL_ACCESS_KEY: "re_may_only_send" }), /Resend refuses .*401 restricted_api_key/);
  for (const since of ["yesterday", "2026-02-31", "2026-01-01T99:00:00Z"]) assert.match(await said(["--since", since]), /--since must be a time/);
  assert.match(await said(["--since", "2999-01-01"]), /--since must not be in the future/);
  assert.match(await said(["--limit", "0"]), /--limit must be a whole number/);
});
