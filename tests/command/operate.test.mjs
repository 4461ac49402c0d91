// The commands of an operator against a real queue: what each shows, does, refuses, and never prints.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { takesLess, waitFor } from "../../scripts/lib/stack.mjs";
import { accept, enqueue, ENV, folder, json, lite, loseAnswer, operate, reject, sql, start } from "./support/operator.mjs";

test("stats counts what waits, and names what holds mail up", async () => {
  await enqueue();
  await enqueue("bob@example.com", { delay_ms: 3_600_000 });
  const free = await operate(["stats"]);
  assert.equal(free.code, 0, free.stderr);
  assert.match(free.stderr, new RegExp(`^Target: ${lite.url} \\(this machine\\)$`, "m"));
  assert.match(free.stdout, /TYPE +PENDING +SCHEDULED/);
  assert.match(free.stdout, /email +1 +1 +0/);
  assert.match(free.stdout, /Nothing holds mail up/);
  await lite.rpc("email_queue_pause", { p_reason: "moving to a new server" });
  await lite.rpc("email_queue_pause", { p_reason: "unpaid", p_domain: "shop.example", p_seconds: 600 });
  const { stdout } = await operate(["stats"]);
  assert.match(stdout, /Held up: the queue is paused since \d+ s: moving to a new server/);
  assert.match(stdout, /Held up: mail from shop\.example is paused .* until in 9 min: unpaid/);
  assert.doesNotMatch(stdout, /\x1b/, "colours are for terminals");
  const stats = await json(["stats"]);
  assert.deepEqual([stats.types.email.pending, stats.paused.reason, stats.paused_domains[0].domain], [1, "moving to a new server", "shop.example"]);
});

test("stats --prometheus is the text format", async () => {
  await enqueue();
  const { stdout } = await operate(["stats", "--prometheus"]);
  const samples = stdout.trim().split("\n").filter((line) => !line.startsWith("#"));
  for (const line of samples) assert.match(line, /^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?\d+(\.\d+)?$/);
  for (const name of new Set(samples.map((line) => line.split(/[{ ]/)[0]))) {
    assert.ok(stdout.includes(`# HELP ${name} `) && stdout.includes(`# TYPE ${name} gauge\n`), name);
  }
  assert.ok(samples.includes('email_queue_messages{type="email",state="pending"} 1'));
  assert.ok(samples.includes("email_queue_paused 0"));
});

test("cancel ends what waits, and says of each other why not", async () => {
  const [first, second] = [await enqueue(), await enqueue()];
  assert.equal(await accept(), first);
  const { code, stdout } = await operate(["cancel", first, second]);
  assert.equal(code, 1);
  assert.match(stdout, new RegExp(`^${first} not cancelled: it is completed already\n${second} cancelled$`, "m"));
  assert.deepEqual(await json(["cancel", second]), [{ id: second, result: "cancelled", reason: "it is cancelled already" }]);
});

test("erase forgets what has ended", async () => {
  const id = await enqueue();
  assert.match((await operate(["erase", id])).stdout, /not erased: it waits to be sent/);
  await accept();
  assert.deepEqual(await json(["erase", id]), [{ id, result: "erased" }]);
  assert.equal((await lite.rpc("email_queue_get", { p_id: id })).payload, null);
});

test("redrive by a filter shows how many and examples, and does it with --yes", async () => {
  const ids = [];
  for (let n = 0; n < 4; n++) {
    await enqueue(`user${n}@example.com`);
    ids.push(await reject());
  }
  const dry = await operate(["redrive", "--reason", "rejected"]);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /^4 messages would be redriven, such as:$/m);
  assert.match(dry.stdout, new RegExp(`^${ids[0]} .*u\\*\\*\\*@example\\.com .*rejected .*The .to. field is invalid`, "m"));
  assert.match(dry.stderr, /Nothing was changed: --yes redrives all that fit/);
  assert.equal((await lite.rpc("email_queue_get", { p_id: ids[0] })).status, "failed");
  const done = await json(["redrive", "--reason", "rejected", "--yes"]);
  assert.deepEqual(done, { dry_run: false, redriven: ids, refused: [] });
  assert.equal((await lite.rpc("email_queue_get", { p_id: ids[0] })).status, "pending");
});

test("redrive goes on call by call until all are done", async () => {
  await lite.rpc("email_queue_enqueue_many", { p_messages: Array.from({ length: 1000 }, (_, n) => ({ payload: { to: `user${n}@example.com`, subject: "S", text: "T" } })) });
  await lite.rpc("email_queue_enqueue_many", { p_messages: Array.from({ length: 500 }, (_, n) => ({ payload: { to: `more${n}@example.com`, subject: "S", text: "T" } })) });
  await sql`with gone as (delete from email_queue_private.ready where true returning id)
    update email_queue_private.message as m set status = 'failed', reason = 'rejected', completed_at = now(), attempts = 1 from gone where m.id = gone.id`;
  const { stdout } = await operate(["redrive", "--all"]);
  assert.match(stdout, /^At least 1,000 messages would be redriven/);
  const done = await operate(["redrive", "--all", "--yes"]);
  assert.match(done.stderr, /1,000 redriven so far/);
  assert.match(done.stdout, /^1,500 messages redriven\.$/m);
  assert.equal((await json(["stats"])).types.email.pending, 1500);
});

test("a redrive of all gets past more than a thousand that are refused", async () => {
  for (const count of [1000, 200, 300]) await lite.rpc("email_queue_enqueue_many", { p_messages: Array.from({ length: count }, (_, n) => ({ payload: { to: `user${n}@example.com`, subject: "S", text: "T" } })) });
  await sql`with gone as (delete from email_queue_private.ready where true returning id), placed as (select id, row_number() over (order by id) as place from gone)
    update email_queue_private.message as m set status = 'failed', reason = case when p.place <= 1200 then 'unknown_outcome' else 'rejected' end, completed_at = now(), attempts = 1 from placed as p where m.id = p.id`;
  const would = await json(["redrive", "--all"]);
  assert.deepEqual([would.dry_run, would.redriven.length, would.refused.length], [true, 300, 1200]);
  const { redriven, refused } = await json(["redrive", "--all", "--yes"], 1);
  assert.deepEqual([redriven.length, refused.length, refused[0].reason], [300, 1200, "it may have been sent: redrive it with duplicates allowed"]);
});

test("a redrive by filter leaves what fails after its start", async () => {
  await enqueue();
  const id = await reject();
  await sql`update email_queue_private.message set completed_at = now() + interval '1 hour' where id = ${id}`;
  assert.deepEqual((await json(["redrive", "--all", "--yes"])).redriven, []);
  assert.deepEqual((await json(["redrive", id, "--yes"])).redriven, [id]);
});

test("an id may be written in capitals", async () => {
  await enqueue();
  const id = await reject();
  assert.deepEqual(await json(["discard", id.toUpperCase()]), { dry_run: false, discarded: [id], refused: [] });
});

test("redrive by ids names what is refused, and why", async () => {
  await enqueue();
  const id = await loseAnswer("fail");
  const { code, stdout } = await operate(["redrive", id]);
  assert.deepEqual([code, stdout], [1, `0 messages redriven.\n1 message refused: it may have been sent: redrive it with duplicates allowed (${id})\n`]);
  assert.deepEqual((await json(["redrive", id, "--allow-duplicates"])).redriven, [id]);
});

test("discard deletes what has failed, and a filter only with --yes", async () => {
  await enqueue();
  const id = await reject();
  assert.match((await operate(["discard", "--all"])).stdout, /1 message would be discarded/);
  assert.match((await operate(["discard", "--text", "", "--yes"])).stderr, /filter\.text: must not be empty/);
  assert.deepEqual(await json(["discard", "--all", "--yes"]), { dry_run: false, discarded: [id], refused: [] });
  assert.equal(await lite.rpc("email_queue_get", { p_id: id }), null);
  assert.deepEqual(await json(["discard", id, "--yes"], 1), { dry_run: false, discarded: [], refused: [{ id, reason: "it is no message that has failed" }] });
});

test("pause and resume, of all and of a domain", async () => {
  assert.match((await operate(["pause"])).stderr, /--reason is missing/);
  assert.match((await operate(["pause", "--reason", "moving", "--for", "10m"])).stdout, /The queue is paused, and goes on in 9 min/);
  assert.match((await operate(["pause", "--reason", "unpaid", "--domain", "Shop.example"])).stdout, /Mail from shop\.example is paused until email-queue resume --domain shop\.example/);
  assert.equal((await json(["resume"])).resumed, true);
  assert.deepEqual((await operate(["resume"])).code, 1);
  assert.match((await operate(["resume", "--domain", "shop.example"])).stdout, /Mail from shop\.example goes on/);
});

test("suppressions: add, list, remove; both words name the command", async () => {
  assert.match((await operate(["suppressions", "add", "Ann@example.com", "--note", "asked bob@example.com by phone"])).stdout, /Ann@example\.com gets no mail any more/);
  const masked = (await operate(["suppression", "list"])).stdout;
  assert.match(masked, /a\*\*\*@example\.com +manual .*asked b\*\*\*@example\.com by phone/);
  assert.doesNotMatch(masked, /(ann|bob)@/);
  const [entry] = await json(["suppressions", "list", "ann@example.com", "--reveal"]);
  assert.deepEqual([entry.address, entry.reason, entry.topic], ["ann@example.com", "manual", null]);
  assert.deepEqual((await json(["suppressions", "remove", "ann@example.com"])).removed, [{ reason: "manual", topic: null }]);
  assert.equal((await operate(["suppressions", "remove", "ann@example.com"])).code, 1);
});

test("send waits for the outcome, and ends with 1 without one", async () => {
  const late = await operate(["send", "--to", "ann@example.com", "--subject", "Test", "--wait", "1s"]);
  assert.equal(late.code, 1);
  assert.match(late.stderr, /No outcome within 1 s\. See later: email-queue show [0-9a-f-]{36}/);
  await sql`update email_queue_private.message set priority = 3 where true`;
  await sql`update email_queue_private.ready set priority = 3 where true`;

  const running = start(["send", "--to", "bob@example.com", "--subject", "Test", "--html", "<p>Hi</p>", "--json"]);
  await waitFor(() => running.stderr.includes("Enqueued as"), { what: "the enqueue" });
  const [, id] = /Enqueued as (\S+)/.exec(running.stderr) ?? [];
  const { priority, payload } = await lite.rpc("email_queue_get", { p_id: id });
  assert.deepEqual([priority, payload.content, payload.to], [0, "<p>Hi</p>", "bob@example.com"]);
  assert.equal(await accept(), id);
  assert.equal(await running.ended, 0);
  const { status, conclusion, provider_message_id: provider } = JSON.parse(running.stdout);
  assert.deepEqual([status, conclusion.state, provider], ["completed", "sent", `re_${id}`]);

  const refused = start(["send", "--to", "bob@example.com", "--subject", "Test"]);
  await waitFor(() => refused.stderr.includes("Enqueued as"), { what: "the enqueue" });
  await reject();
  assert.equal(await refused.ended, 1);
  assert.match(refused.stdout, /^Rejected \d+ s ago: The `to` field is invalid \(422 validation_error\)\.$/m);
});

test("send takes a template with its variables", async () => {
  await lite.rpc("email_queue_template_put", { p_name: "hello", p_subject: "Hello {{name}}", p_text: "Hi {{name}}" });
  const args = ["send", "--to", "ann@example.com", "--template", "hello", "--variables", '{"name": "Ann"}', "--from", "Other <other@shop.example>", "--wait", "1s"];
  const [, id] = /Enqueued as (\S+)/.exec((await operate(args)).stderr) ?? [];
  const { payload } = await lite.rpc("email_queue_get", { p_id: id });
  assert.deepEqual([payload.subject, payload.from], ["Hello Ann", "Other <other@shop.example>"]);
  assert.match((await operate(["send", "--to", "ann@example.com", "--template", "none"])).stderr, /error: template: /);
});

test("doctor --check is one line and an exit code, within two seconds", async () => {
  const { code, stdout, stderr } = await operate(["doctor", "--check"]);
  const line = JSON.parse(stdout);
  assert.deepEqual(Object.keys(line), ["status", "failed", "warned", "ms"]);
  await takesLess(2000, async () => JSON.parse((await operate(["doctor", "--check"])).stdout).ms);
  // Nothing calls the function of this test.
  assert.equal(code, 2, stderr);
  assert.ok(line.failed.length > 0 && line.status === "fail");
  for (const name of line.failed) assert.ok(stderr.includes(`${name}: `), `${name} is not said`);
  const away = await operate(["doctor", "--check"], { SUPABASE_URL: "http://127.0.0.1:1" });
  assert.equal(away.code, 2);
  assert.deepEqual(JSON.parse(away.stdout).failed, ["database"]);
});

test("flags win over the environment, and the environment over .env", async () => {
  fs.writeFileSync(path.join(folder.path, ".env"), `SUPABASE_URL=http://from-env-file.example\nSUPABASE_SECRET_KEY=${lite.secretKey}\n`, { mode: 0o600 });
  try {
    const target = async (/** @type {string[]} */ args, /** @type {Record<string, string>} */ env) => /^Target: (\S+)/m.exec((await operate(["stats", ...args], env)).stderr)?.[1];
    assert.equal(await target([], { SUPABASE_URL: "", SUPABASE_SECRET_KEY: "" }), "http://from-env-file.example");
    assert.equal(await target([], { SUPABASE_SECRET_KEY: "" }), lite.url);
    assert.equal(await target(["--url", `${lite.url}/`], { SUPABASE_URL: "http://127.0.0.1:1" }), lite.url);
  } finally {
    fs.rmSync(path.join(folder.path, ".env"));
  }
});

test("the key is in no argument, and the name of who does it goes along", async () => {
  const running = start(["send", "--to", "ann@example.com", "--subject", "Test", "--as", "ann"]);
  await waitFor(() => running.stderr.includes("Enqueued as"), { what: "the enqueue" });
  assert.doesNotMatch(fs.readFileSync(`/proc/${running.child.pid}/cmdline`, "utf8"), new RegExp(ENV.SUPABASE_SECRET_KEY));
  await accept();
  await running.ended;
  assert.ok(!(running.stdout + running.stderr).includes(ENV.SUPABASE_SECRET_KEY));
  for (const args of [["stats", "--key", "x"], ["stats", "--as", "Änn"], ["stats", "--as", ""]]) assert.equal((await operate(args)).code, 2, args.join(" "));
});

test("wrong use ends with 2 and says what is wrong", async () => {
  /** @type {[string[], RegExp][]} */
  const wrong = [
    [["show", "7"], /7 is not the id of a message/], [["show"], /id of a message is missing/], [["cancel"], /id of a message is missing/],
    [["list", "--limit", "0"], /--limit must be/], [["list", "--since", "yesterday"], /--since must be a time/], [["list", "--metadata", "7"], /--metadata must be an object/],
    [["redrive"], /id of a message is missing/], [["redrive", "--reason", "bored"], /filter\.reason: must be/], [["pause", "--reason", "x", "--for", "soon"], /--for must be a time/],
    [["pause", "--reason", "x", "--domain", "nonsense"], /domain: must be/], [["suppressions", "add"], /address is missing/], [["send", "--subject", "x"], /--to is missing/],
    [["send", "--to", "ann@example.com"], /--subject or --template is missing/], [["suppressions", "list", "nonsense"], /address/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = await operate(args);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
  }
});

test("a report of the provider's does not steer the terminal", async () => {
  await enqueue();
  await reject("\x1b[2Jgone\u202e\nnext line");
  const { stdout } = await operate(["redrive", "--all"]);
  assert.doesNotMatch(stdout, /[\x1b\u202e]/);
  assert.match(stdout, /\[2Jgone next line/);
});

