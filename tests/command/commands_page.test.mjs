// docs/commands.md shows the program's own output, under a pseudo terminal, and JSON of the shape that the program prints. The output is
// written into the page by UPDATE=1 node --test tests/command/commands_page.test.mjs; the shapes are a promise, and written by hand.
import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { ROOT } from "../../scripts/lib/stack.mjs";
import { accept, claim, enqueue, ENV, folder, json, lite, MAIN, loseAnswer, operate, reject, report, settle, sql } from "./support/operator.mjs";
import { program } from "./support/place.mjs";
import { inTerminal } from "./support/pseudo-terminal.mjs";

const PAGE = path.join(ROOT, "docs/commands.md");
const NOW = "2026-11-27T10:00:00.000Z";
/** @param {number} minutes before NOW */
const at = (minutes) => new Date(Date.parse(NOW) - 60_000 * minutes).toISOString();
/** @param {number} n */
const idOf = (n) => `01a21c6f-4c0${n}-7d3e-9b1a-5f0c2e7d8a4${n}`;

/** Moves what happened to a message to times of its own: minutes before NOW. @param {string} id @param {{enqueued: number, tried?: number, ended?: number, reported?: number}} when */
async function happened(id, { enqueued, tried = enqueued, ended = tried, reported = ended }) {
  const errors = (/** @type {any} */ column) => sql`(select jsonb_agg(e || jsonb_build_object('at', ${at(tried)}::text)) from jsonb_array_elements(${column}) as e)`;
  await sql`update email_queue_private.message set created_at = ${at(enqueued)}, run_at = ${at(enqueued)}, completed_at = case when completed_at is not null then ${at(ended)}::timestamptz end, errors = ${errors(sql`errors`)} where id = ${id}`;
  await sql`update email_queue_private.ready set run_at = ${at(enqueued)}, errors = ${errors(sql`errors`)} where id = ${id}`;
  await sql`update email_queue_private.event set occurred_at = ${at(reported)}, received_at = ${at(reported)} where message_id = ${id}`;
  await sql`update email_queue_private.dispatch set created_at = ${at(tried)}, updated_at = ${at(tried)} where id = (select dispatch_id from email_queue_private.message where id = ${id})`;
}

/** A day of a shop. @returns {Promise<string[]>} ids of messages, in their order */
async function story() {
  const delivered = await enqueue("ann@example.com", {}, { subject: "Welcome" });
  await accept();
  await report(delivered, "delivered");
  const bounced = await enqueue("bob@example.com", { metadata: { order: 7 } });
  const first = await claim();
  await settle(first, { answer: "definite", rest: "retry", delay_ms: 0, error: { class: "refused", status: 500, name: "internal_server_error", message: "try later" } });
  await sql`update email_queue_private.ready set run_at = now() where true`;
  await happened(bounced, { enqueued: 60, tried: 59 });
  await accept();
  await report(bounced, "bounced", { type: "Permanent", subtype: "NoEmail", text: "550 5.1.1 no such user" }, "bob@example.com");
  const rejected = [];
  for (const [name, message] of [["carol", "Invalid `to` field"], ["dan", "The domain is not verified"]]) {
    await enqueue(`${name}@example.com`, {}, { subject: "Your parcel" });
    rejected.push(await reject(message));
  }
  await enqueue("ann@example.com", { max_attempts: 1 }, { subject: "Your parcel" });
  const unknown = await loseAnswer("fail");
  const waits = await enqueue("ann@example.com", {}, { subject: "Your invoice" });
  const ids = [delivered, bounced, ...rejected, unknown, waits];
  const minutes = [[180, 179, 179], [60, 59, 42, 41], [35, 34], [31, 30], [20, 19], [2]];
  for (const [n, [enqueued = 0, tried, ended, reported]] of minutes.entries()) {
    await happened(ids[n] ?? "", { enqueued, ...tried ? { tried } : {}, ...ended ? { ended } : {}, ...reported ? { reported } : {} });
  }
  // The database reckons the age of what is due by its own clock.
  await sql`update email_queue_private.ready set run_at = now() - interval '125 seconds' where true`;
  await lite.rpc("email_queue_pause", { p_reason: "invoice unpaid", p_domain: "billing.example" });
  await sql`update email_queue_private.suppression set since = ${at(41)} where true`;
  await sql`update email_queue_private.paused_domain set paused_at = ${at(12)} where true`;
  return ids;
}

/** What the page shows → the command. @type {Record<string, (ids: string[]) => string[]>} */
const SHOWN = {
  stats: () => ["stats"],
  list: () => ["list", "--to", "ann@example.com"],
  show: ([, bounced = ""]) => ["show", bounced],
  redrive: () => ["redrive", "--since", "2026-11-27"],
  redriven: () => ["redrive", "--since", "2026-11-27", "--reason", "rejected", "--yes"],
};

test("the output on the page is the program's own", async () => {
  const ids = await story();
  let page = fs.readFileSync(PAGE, "utf8");
  for (const [name, argsOf] of Object.entries(SHOWN)) {
    if (name === "list") await happened(ids[5] ?? "", { enqueued: 2 });
    const args = argsOf(ids);
    const { output } = await inTerminal(args, { now: NOW });
    let shown = [`$ email-queue ${args.join(" ")}`, output.trimEnd()].join("\n");
    for (const [n, id] of ids.entries()) shown = shown.replaceAll(id, idOf(n));
    const block = new RegExp(`(<!-- output: ${name} -->\n\`\`\`\n)[^]*?(\n\`\`\`\n)`);
    assert.match(page, block, `the page has no place for ${name}`);
    if (process.env.UPDATE) page = page.replace(block, (_, before, after) => before + shown + after);
    else assert.equal(block.exec(page)?.[0], `<!-- output: ${name} -->\n\`\`\`\n${shown}\n\`\`\`\n`, "UPDATE=1 writes it");
  }
  if (process.env.UPDATE) fs.writeFileSync(PAGE, page);
});

/** The lines of the page that somebody would copy: what begins with these words. @param {RegExp} words */
const lineOf = (words) => fs.readFileSync(PAGE, "utf8").split("\n").find((line) => words.test(line)) ?? assert.fail(`the page has no line ${words}`);

test("the examples for monitors work as they are written", async () => {
  /** @type {{url?: string | undefined, body: string}[]} */
  const pings = [];
  const monitor = http.createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const part of incoming) body += part;
    pings.push({ url: incoming.url, body });
    outgoing.end("OK");
  }).listen(0, "127.0.0.1");
  await once(monitor, "listening");
  const bin = path.join(folder.path, "node_modules/.bin");
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(bin, "email-queue"), `#!/bin/sh\nexec node "${MAIN}" "$@"\n`, { mode: 0o755 });
  try {
    const sh = (/** @type {string} */ line, env = {}) => program("sh", ["-c", line.replaceAll("/srv/app", folder.path).replaceAll("/var/lib/node_exporter", folder.path)], { cwd: folder.path, env: { ...ENV, ...env } });
    const ping = lineOf(/doctor --check\);/).replace(/^\S+( \S+){4} +/, "").replace("https://hc-ping.com", `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (monitor.address()).port}`);
    await sh(ping);
    await sh(ping, { SUPABASE_URL: "http://127.0.0.1:1" });
    // Nothing calls the function of this test.
    assert.deepEqual(pings.map(({ url }) => url), ["/<uuid>/2", "/<uuid>/2"], JSON.stringify(pings));
    assert.deepEqual(pings.map(({ body }) => JSON.parse(body).status), ["fail", "fail"]);

    assert.equal((await sh(lineOf(/^\* \* .*--prometheus/).replace(/^\S+( \S+){4} +/, ""))).code, 0);
    assert.match(fs.readFileSync(path.join(folder.path, "email_queue.prom"), "utf8"), /^email_queue_paused 0$/m);
    const step = lineOf(/^- run: /).replace("- run: ", "");
    assert.notEqual((await sh(step)).code, 0, "a fault fails the job");
    for (const [code, fails] of /** @type {[number, boolean][]} */ ([[0, false], [1, false], [2, true]])) {
      fs.writeFileSync(path.join(bin, "email-queue"), `#!/bin/sh\nexit ${code}\n`, { mode: 0o755 });
      assert.equal((await sh(step)).code !== 0, fails, `exit code ${code}`);
    }
  } finally {
    monitor.close();
  }
});

/** The names of its members, and the kinds of its values; null fits each. @param {any} value @returns {any} */
function shapeOf(value) {
  if (value === null) return null;
  if (Array.isArray(value)) return value.length > 0 ? [shapeOf(value[0])] : [];
  return typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)])) : typeof value;
}

/** @param {any} documented @param {any} printed @param {string} where */
function fits(documented, printed, where) {
  if (documented === null || printed === null || Array.isArray(printed) && (printed.length === 0 || documented.length === 0)) return;
  if (typeof documented !== "object" || typeof printed !== "object") return assert.equal(printed, documented, where);
  // What callers name themselves.
  if (Object.keys(documented).length === 0) return;
  assert.deepEqual(Object.keys(printed).sort(), Object.keys(documented).sort(), where);
  for (const name of Object.keys(documented)) fits(documented[name], printed[name], `${where}.${name}`);
}

/** The shape that the page gives a command. @param {string} name */
function documented(name) {
  const text = new RegExp(`<!-- shape: ${name} -->\n\`\`\`json\n([^]*?)\n\`\`\`\n`).exec(fs.readFileSync(PAGE, "utf8"))?.[1];
  assert.ok(text, `the page has no shape of ${name}`);
  return shapeOf(JSON.parse(text));
}

test("each --json has the shape that the page gives it", async () => {
  const [delivered = "", bounced = "", rejected = "", , unknown = "", waits = ""] = await story();
  await sql`insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, counts)
    values (gen_random_uuid(), 'schedule', now(), now(), now(), 'empty', '{"claimed": 2, "accepted": 1, "retried": 0, "failed": 1, "released": 0, "lost": 0, "remaining": 0}')`;
  /** @type {[name: string, args: string[], code?: number][]} */
  const commands = [
    ["stats", ["stats"]],
    ["list", ["list", "--to", "bob@example.com"]],
    ["events", ["events", bounced]],
    ["runs", ["runs"]],
    ["suppressions", ["suppressions", "list"]],
    ["redrive", ["redrive", rejected, unknown], 1],
    ["discard", ["discard", unknown]],
    ["cancel", ["cancel", waits]],
    ["cancel", ["erase", delivered]],
    ["pause", ["pause", "--reason", "moving"]],
    ["resume", ["resume"]],
    ["suppress", ["suppressions", "add", "dan@example.com"]],
    ["unsuppress", ["suppressions", "remove", "dan@example.com"]],
    ["send", ["send", "--to", "ann@example.com", "--subject", "Test", "--wait", "1s"], 1],
    ["audit", ["audit"]],
  ];
  for (const [name, args, code = 0] of commands) fits(documented(name), shapeOf(await json(args, code)), name);
  fits({ ...documented("list").messages[0], ...documented("show") }, shapeOf(await json(["show", bounced])), "show");
  fits(documented("check"), shapeOf(JSON.parse((await operate(["doctor", "--check"])).stdout)), "check");
});
