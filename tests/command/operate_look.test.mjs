// Did Ann get her mail, and why not? One command answers, whatever happened to it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { waitFor } from "../../scripts/lib/stack.mjs";
import { accept, claim, enqueue, json, lite, loseAnswer, operate, reject, report, settle, sql, start, sweep } from "./support/operator.mjs";

/** What `list --to` says of Ann. @param {RegExp} line @param {string} state of the newest message */
async function ann(line, state) {
  const { code, stdout, stderr } = await operate(["list", "--to", "Ann <Ann@Example.com>"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, line);
  assert.doesNotMatch(stdout.replaceAll("Ann@Example.com", ""), /ann@/i, "her address is masked");
  const { messages: [{ conclusion, payload }] } = await json(["list", "--to", "ann@example.com"]);
  assert.equal(conclusion.state, state);
  assert.deepEqual([payload.to, payload.text], ["a***@example.com", undefined], "masked, and without its body");
  return stdout;
}

test("it was delivered", async () => {
  const id = await enqueue();
  await accept();
  await ann(/accepted by the provider \d+ s ago; no report since/, "sent");
  await report(id, "delivered");
  await ann(new RegExp(`^${id} .*  Your invoice +delivered \\d+ s ago$`, "m"), "delivered");
});

test("it bounced", async () => {
  const id = await enqueue();
  await accept();
  await report(id, "bounced", { type: "Permanent", subtype: "NoEmail", text: "550 5.1.1 no such user ann@example.com" });
  const stdout = await ann(/bounced \d+ s ago \(Permanent, NoEmail\): 550 5\.1\.1 no such user a\*\*\*@example\.com/, "bounced");
  assert.match(stdout, /is on the suppression list \(bounce\) since \d+ s/, "and what follows from it");
});

test("it was suppressed", async () => {
  await lite.rpc("email_queue_suppress", { p_address: "ann@example.com", p_reason: "complaint" });
  await enqueue();
  await sweep();
  await ann(/not sent \d+ s ago: on the suppression list \(complaint\) since \d+ s/, "suppressed");
});

test("it waits for its replay", async () => {
  await enqueue();
  await loseAnswer();
  await ann(/waits for its replay, next in (\d+ s|1 min); it may have been sent: no answer within 15 s/, "replay");
  await lite.rpc("email_queue_pause", { p_reason: "moving" });
  await ann(/it may have been sent: .*; the queue is paused since \d+ s: moving/, "replay");
});

test("it was rejected", async () => {
  await enqueue();
  await reject("Invalid `to` field: ann@example.com");
  await ann(/rejected \d+ s ago: Invalid `to` field: a\*\*\*@example\.com \(422 validation_error\)/, "failed");
});

test("it expired", async () => {
  const id = await enqueue("ann@example.com", { send_before: new Date(Date.now() + 60_000).toISOString() });
  await sql`update email_queue_private.message set send_before = now() - interval '1 minute' where id = ${id}`;
  await sql`update email_queue_private.ready set send_before = now() - interval '1 minute' where id = ${id}`;
  await sweep();
  await ann(/expired: its time was over 1 min ago, before it could be sent/, "expired");
});

test("it was never enqueued", async () => {
  await enqueue("bob@example.com");
  const { code, stdout } = await operate(["list", "--to", "ann@example.com"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Nothing was enqueued to ann@example\.com\.\nWhat has ended is forgotten .*\.\nann@example\.com is not on the suppression list\.$/m);
  await lite.rpc("email_queue_suppress", { p_address: "ann@example.com" });
  assert.match((await operate(["list", "--to", "ann@example.com"])).stdout, /^ann@example\.com is on the suppression list \(manual\) since/m);
});

test("an address that the worker rejects can be asked for", async () => {
  await enqueue("ann@bücher.example");
  assert.match((await operate(["list", "--to", "ann@bücher.example"])).stdout, /waits since/);
});

test("the page after the last says so", async () => {
  await enqueue();
  await enqueue();
  const { stderr } = await operate(["list", "--to", "ann@example.com", "--limit", "2"]);
  const [, more = ""] = /^More: email-queue (.*)$/m.exec(stderr) ?? [];
  const { stdout } = await operate(more.split(" "));
  assert.equal(stdout, "No older message fits.\nann@example.com is not on the suppression list.\n");
});

test("somebody else's report is not hers", async () => {
  await enqueue("bob@example.com", {}, { cc: "ann@example.com" });
  const id = await accept();
  await report(id, "delivered", undefined, "bob@example.com");
  assert.match((await operate(["list", "--to", "ann@example.com"])).stdout, /no report since about this address/);
  const { stdout } = await operate(["show", id, "--reveal"]);
  assert.match(stdout, /^Cc +ann@example\.com$/m);
  assert.match(stdout, /^Delivered: 1 of 2 recipients/m);
});

test("her mail waits because its sender's domain is paused", async () => {
  await enqueue();
  await operate(["pause", "--reason", "dns", "--domain", "shop.example"]);
  await ann(/waits since .*; mail from shop\.example is paused since \d+ s: dns/, "waits");
});

test("it went to another address of hers", async () => {
  await enqueue("ann+shop@example.com");
  const { stdout } = await operate(["list", "--to", "ann@example.com", "--reveal"]);
  assert.match(stdout, /^Nothing was enqueued to ann@example\.com\.$/m);
  assert.match(stdout, /^A similar address: ann\+shop@example\.com, with 1 message, the last \d+ s ago\.$/m);
  const { similar } = await json(["list", "--to", "ann@example.com"]);
  assert.deepEqual([similar.length, similar[0].address, similar[0].messages], [1, "a***@example.com", 1]);
  assert.match((await operate(["list", "--to", "ann@example.com"])).stdout, /a\*\*\*@example\.com, .*--reveal shows it/);
});

test("it waits, is being sent, was given up, or was cancelled", async () => {
  const id = await enqueue();
  await ann(/waits since \d+ s$/m, "waits");
  const claimed = await claim();
  await ann(/is being sent/, "sending");
  await settle(claimed, { answer: "definite", rest: "retry", delay_ms: 90_000, error: { class: "throttled", status: 500, name: "internal_server_error", message: "try later" } });
  await ann(/is tried again in \d+ (s|min) after 1 of 15 attempts: try later \(500 internal_server_error\)/, "waits");
  await lite.rpc("email_queue_cancel", { p_id: id });
  await ann(/cancelled \d+ s ago/, "cancelled");
});

test("a secret mail shows its recipient and state, and no subject", async () => {
  await enqueue("ann@example.com", { secret: true }, { subject: "Your code is 123456" });
  const { stdout } = await operate(["list", "--to", "ann@example.com"]);
  assert.match(stdout, /  \(secret\) +waits/);
  assert.match((await operate(["list"])).stdout, /a\*\*\*@example\.com +\(secret\) +waits/);
  assert.doesNotMatch(stdout + (await operate(["list", "--json", "--reveal"])).stdout, /123456/);
});

test("pages go on where the last one ended, by the command that is printed", async () => {
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(await enqueue(`user${n}@example.com`));
  const first = await operate(["list", "--limit", "2", "--subject", "Your inv"]);
  assert.deepEqual(first.stdout.match(/^[0-9a-f-]{36}/gm), [ids[4], ids[3]]);
  const [, next] = /^More: email-queue (.*)$/m.exec(first.stderr) ?? [];
  const second = await operate([...next.replace("'Your inv'", "Your_inv").split(" ")].map((word) => word.replace("Your_inv", "Your inv")));
  assert.deepEqual(second.stdout.match(/^[0-9a-f-]{36}/gm), [ids[2], ids[1]]);
  const { messages, next: more } = await json(["list"]);
  assert.deepEqual([messages.length, more], [5, null]);
  assert.match((await operate(["list", "--subject", "Other"])).stdout, /^No message fits\.$/m);
});

test("show has the timeline, and what can be done", async () => {
  const id = await enqueue("ann@example.com", { metadata: { order: 7 }, max_attempts: 3 });
  const claimed = await claim();
  await settle(claimed, { answer: "definite", rest: "retry", delay_ms: 0, error: { class: "throttled", status: 500, name: "internal_server_error", message: "try later" } });
  await sql`update email_queue_private.ready set run_at = now() where true`;
  await accept();
  await report(id, "delivered");
  const { code, stdout } = await operate(["show", id]);
  assert.equal(code, 0);
  for (const line of [/^To +a\*\*\*@example\.com$/m, /^Metadata +\{"order": ?7\}$/m, /^Attempts +2 of 3$/m, /^Delivered \d+ s ago\.$/m, / enqueued$/m, / attempt 1: try later \(500 internal_server_error\)$/m,
    / accepted by the provider as re_/, / delivered: a\*\*\*@example\.com$/m, / ended: completed$/m, /^erase +can be done$/m, /^redrive +no: /m]) assert.match(stdout, line);
  const row = await json(["show", id]);
  assert.deepEqual([row.id, row.conclusion.state, row.timeline[0].what, row.payload.to], [id, "delivered", "enqueued", "a***@example.com"]);
  const none = await operate(["show", randomUUID()]);
  assert.deepEqual([none.code, /there is no message/.test(none.stderr)], [1, true]);
});

test("events, runs and audit list what was recorded", async () => {
  const id = await enqueue();
  await accept();
  await report(id, "delivered");
  const events = await operate(["events", id]);
  assert.match(events.stdout, /delivered: a\*\*\*@example\.com/);
  assert.deepEqual((await json(["events", id])).map(({ type }) => type), ["email.delivered"]);
  await sql`insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, counts)
    values (${randomUUID()}, 'schedule', now() - interval '3 s', now(), now() - interval '1 s', 'empty', '{"claimed": 2, "accepted": 1, "failed": 1, "retried": 0}')`;
  assert.match((await operate(["runs"])).stdout, /2\.0 s +schedule +2 +1 +0 +1 +empty/);
  await operate(["pause", "--reason", "moving", "--as", "Ann of support"]);
  const audit = await operate(["audit", "--action", "pause"]);
  assert.match(audit.stdout, /Ann of support +pause/);
  const rows = await json(["audit", "--actor", "Ann of support"]);
  assert.deepEqual(rows.map(({ actor, action }) => [actor, action]), [["Ann of support", "pause"]]);
  assert.deepEqual(await json(["audit", "--actor", "nobody"]), []);
});

test("tail shows what is new and what changes, until it is ended", async () => {
  const before = await enqueue("old@example.com");
  const tail = start(["tail", "--interval", "1s", "--json"]);
  await waitFor(() => tail.stderr.includes("Waiting for news"), { what: "the first look" });
  const id = await enqueue();
  const { lines } = tail;
  await waitFor(() => lines().some((line) => line.id === id), { what: "the new message" });
  await lite.rpc("email_queue_cancel", { p_id: before });
  await accept();
  await waitFor(() => lines().some((line) => line.id === id && line.status === "completed"), { what: "its end" });
  await waitFor(() => lines().some((line) => line.id === before && line.status === "cancelled"), { what: "the change of the one from before" });
  tail.child.kill("SIGINT");
  assert.equal(await tail.ended, 0);
  assert.equal(lines().find((line) => line.id === before).status, "cancelled", "what was there before is not news");
  assert.equal(lines()[0].payload.to, "a***@example.com");
});

test("tail shows a burst that is longer than a page, and says where it is longer than that", async () => {
  const tail = start(["tail", "--interval", "1s", "--json"]);
  await waitFor(() => tail.stderr.includes("Waiting for news"), { what: "the first look" });
  await enqueue("first@example.com");
  await waitFor(() => tail.stdout.includes("f***@example.com"), { what: "a message that it knows" });
  const burst = (/** @type {number} */ count) => lite.rpc("email_queue_enqueue_many", { p_messages: Array.from({ length: count }, (_, n) => ({ payload: { to: `u${n}@example.com`, subject: "x", text: "x" } })) });
  const ids = async () => (await burst(250)).map((/** @type {{id: string}} */ { id }) => id);
  const seen = () => new Set(tail.lines().map(({ id }) => id));
  const some = await ids();
  await waitFor(() => some.every((/** @type {string} */ id) => seen().has(id)), { what: "all of a burst" });
  assert.doesNotMatch(tail.stderr, /More than/);
  // In one transaction, so that no look falls between them.
  await sql`select public.email_queue_enqueue_many((select jsonb_agg(jsonb_build_object('payload', jsonb_build_object('to', 'm' || n || '@example.com', 'subject', 'x', 'text', 'x'))) from generate_series(1, 1000) as n)), public.email_queue_enqueue_many((select jsonb_agg(jsonb_build_object('payload', jsonb_build_object('to', 'n' || n || '@example.com', 'subject', 'x', 'text', 'x'))) from generate_series(1, 200) as n))`;
  await waitFor(() => /More than 1000 messages came since the last look/.test(tail.stderr), { what: "the gap" });
  tail.child.kill("SIGINT");
  assert.equal(await tail.ended, 0);
});

test("tail does not take old messages for new ones where younger ones are deleted", async () => {
  const [...old] = (await lite.rpc("email_queue_enqueue_many", { p_messages: Array.from({ length: 140 }, (_, n) => ({ payload: { to: `u${n}@example.com`, subject: "x", text: "x" } })) })).map((/** @type {{id: string}} */ { id }) => id);
  const tail = start(["tail", "--interval", "1s", "--json"]);
  await waitFor(() => tail.stderr.includes("Waiting for news"), { what: "the first look" });
  const newest = old.slice(-40);
  await sql`with gone as (delete from email_queue_private.ready where id = any (${newest}) returning id) delete from email_queue_private.message where id = any (${newest})`;
  const id = await enqueue("new@example.com");
  await waitFor(() => tail.lines().some((line) => line.id === id), { what: "the new message" });
  assert.deepEqual(tail.lines().map((line) => line.id), [id]);
  tail.child.kill("SIGINT");
  assert.equal(await tail.ended, 0);
});

test("a rehearsal says for each message what would become of it, also as JSON", async () => {
  const [waits, ended] = [await enqueue(), await enqueue("bob@example.com")];
  await lite.rpc("email_queue_cancel", { p_id: ended });
  const rows = await json(["cancel", waits, ended, "--dry-run"]);
  assert.deepEqual(rows, [{ id: waits, dry_run: true, reason: null }, { id: ended, dry_run: true, reason: "it is cancelled already" }]);
  assert.match((await operate(["erase", waits, "--dry-run"])).stdout, new RegExp(`^${waits} would `, "m"));
  assert.equal((await lite.rpc("email_queue_get", { p_id: waits })).status, "pending");
  for (const args of [["send", "--to", "ann@example.com", "--subject", "x"], ["pause", "--reason", "x"], ["suppressions", "add", "ann@example.com"]]) {
    assert.deepEqual(await json([...args, "--dry-run"]), { dry_run: true, done: false });
  }
  assert.deepEqual(await json(["suppressions", "list"]), []);
});

test("a redrive is an entry of the timeline, and a mail that was never sent had no attempt", async () => {
  await enqueue();
  const id = await reject("no such domain", { begins: false });
  assert.match((await operate(["show", id])).stdout, /refused before a request was made: no such domain/);
  await json(["redrive", id]);
  assert.match((await operate(["show", id])).stdout, /put back by a redrive, to be sent again/);
});

test("the address that was asked for is shown as it was typed", async () => {
  await operate(["suppressions", "add", "Ann@example.com"]);
  assert.equal((await json(["suppressions", "list", "Ann@example.com"]))[0].address, "Ann@example.com");
  assert.match((await operate(["suppressions", "list", "Ann@example.com"])).stdout, /^Ann@example\.com +manual/m);
  assert.equal((await json(["suppressions", "list"]))[0].address, "a***@example.com");
});
