// Wake-up on enqueue: quick, at most once in an interval, and never in the way of an insert.
import assert from "node:assert/strict";
import fs from "node:fs";
import { performance } from "node:perf_hooks";
import { after, before, beforeEach, test } from "node:test";
import { connect, ensureDeno, startFunction, startLite, urlAs, waitFor } from "../../scripts/lib/stack.mjs";
import { startSandbox } from "../sandbox/server.mjs";
import { startNetwork } from "./support/network.mjs";
import { databaseUrlOf, standIn } from "./support/world.mjs";

const CONNECTIONS = 50;
const INSERTS = 1000;

const databaseUrl = databaseUrlOf("wake");
const MAIL = { to: "user@b.example", subject: "Hello", text: "Hi" };
/** @type {any} */
let sql;
/** @type {any} */
let clients;
/** @type {(() => unknown)[]} */
const ends = [];
before(async () => {
  sql = await connect(databaseUrl, { max: 2 });
  await standIn(sql);
  const [lite, sandbox] = await Promise.all([startLite({ driver: "postgres", databaseUrl }), startSandbox({ rateLimit: 0 })]);
  ends.push(() => lite.stop(), () => sandbox.close());
  const fn = await startFunction({
    deno: await ensureDeno("2.1.4"),
    env: { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, RESEND_API_KEY: "re_the_key_of_the_tests", RESEND_BASE_URL: sandbox.url },
  });
  ends.push(() => fn.stop());
  await lite.rpc("email_queue_configure", { p_settings: { default_sender: "Shop <shop@example.com>", rate_limit: 1000 } });
  await lite.rpc("email_queue_connect", { p_url: fn.url, p_secret: fn.secret });
  clients = await connect(databaseUrl, { max: CONNECTIONS, connection: { application_name: "inserts" } });
});
after(async () => {
  for (const end of ends.reverse()) await end();
  await clients?.end({ timeout: 1 });
  await sql?.end({ timeout: 1 });
});
beforeEach(async () => void await sql`select setval('email_queue_private.next_wake', 0)`);

const wake = (/** @type {boolean} */ on, every = "1 second") => sql`select public.email_queue_wake(${on}, ${every}::interval)`;
const enqueue = async (client = sql) => (await client`select public.email_queue_enqueue(${client.json(MAIL)}) as answer`)[0].answer.id;
/** How long the sessions that insert have had a processor. NaN where the system does not tell, and then it does not count. */
async function processorSeconds() {
  const rows = await sql`select pid from pg_stat_activity where application_name = 'inserts' and datname = current_database()`;
  return rows.reduce((/** @type {number} */ sum, /** @type {{pid: number}} */ { pid }) => {
    try {
      return sum + Number(fs.readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e9;
    } catch {
      return NaN;
    }
  }, 0);
}

const calls = async () => Number((await sql`select count(*) as n from email_queue_private.call`)[0].n);

test("1,000 single inserts of 50 sessions: one wake-up an interval, none fails; what it costs is shown", async () => {
  // Nothing sends what is queued, so that both are measured without the function at work.
  const seconds = { on: /** @type {number[]} */ ([]), off: /** @type {number[]} */ ([]) };
  const worked = { on: 0, off: 0 };
  const round = async () => {
    const began = performance.now();
    let left = INSERTS;
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
      while (left-- > 0) await enqueue(clients);
    }));
    return (performance.now() - began) / 1000;
  };
  await round();
  // By turns, and the best of each: what else the machine does at times is not what is measured. A busy machine needs more
  // turns; where it is busy all the time, the time that the sessions had a processor is what can be compared.
  const ratio = () => Math.min(...seconds.off) / Math.min(...seconds.on);
  for (let turn = 0; turn < 4 || turn < 16 && ratio() < 0.95; turn++) {
    for (const how of /** @type {const} */ (turn % 2 ? ["on", "off"] : ["off", "on"])) {
      await wake(how === "on");
      await sql`truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.call`;
      const before = await processorSeconds();
      const lasted = await round();
      seconds[how].push(lasted);
      worked[how] += await processorSeconds() - before;
      assert.equal(Number((await sql`select count(*) as n from email_queue_private.message`)[0].n), INSERTS, "none fails");
      const sent = await calls();
      if (how === "off") assert.equal(sent, 0);
      else assert.ok(sent >= (turn === 0 ? 1 : 0) && sent <= Math.ceil(lasted) + 1, `${sent} wake-ups in ${lasted.toFixed(2)} s`);
    }
  }
  const perSecond = (/** @type {number[]} */ all) => (INSERTS / Math.min(...all)).toFixed(0);
  const work = worked.off / worked.on;
  // Shown, not asserted: on a machine with other work to do a figure proves nothing.
  console.log(`on ${perSecond(seconds.on)}/s, off ${perSecond(seconds.off)}/s, ratio ${ratio().toFixed(3)} after ${seconds.on.length} turns, ${work.toFixed(3)} by processor time`);
});

test("of sessions that enqueue at the same time, one sends a wake-up", async () => {
  await wake(true, "1 hour");
  const together = () => Promise.all(Array.from({ length: CONNECTIONS }, () => enqueue(clients)));
  await together();
  for (let round = 0; round < 20; round++) {
    await sql`truncate email_queue_private.call`;
    await sql`select setval('email_queue_private.next_wake', 0)`;
    await together();
    assert.equal(await calls(), 1);
  }
});

test("a transaction that goes on, or is rolled back, holds up nobody's wake-up", async () => {
  await wake(true, "1 hour");
  await sql`truncate email_queue_private.call`;
  await sql.begin(async (/** @type {any} */ open) => {
    await enqueue(open);
    await enqueue(clients);
    assert.equal(await calls(), 0, "within the interval there is the one of the transaction that goes on");
    // The interval is over.
    await sql`select setval('email_queue_private.next_wake', 0)`;
    await enqueue(clients);
    assert.equal(await calls(), 1, "the next one's is sent, though that transaction still goes on");
    throw new Error("rolled back");
  }).catch((/** @type {Error} */ error) => assert.equal(error.message, "rolled back"));
  assert.equal(await calls(), 1);
});

test("an insert neither waits nor fails, whatever is wrong with the wake-up", async () => {
  await wake(true, "100 milliseconds");
  const quickly = async (/** @type {string} */ what) => {
    await sql`select setval('email_queue_private.next_wake', 0)`;
    const began = performance.now();
    assert.ok(await enqueue(clients), what);
    const lasted = performance.now() - began;
    assert.ok(lasted < 1000, `${what}: ${lasted.toFixed(0)} ms`);
  };
  const locker = await sql.reserve();
  try {
    for (const table of ["net.http_request_queue", "email_queue_private.call", "email_queue_private.wiring"]) {
      await locker.unsafe(`begin; lock table ${table}`);
      await quickly(`${table} is locked`);
      await locker.unsafe("rollback");
    }
  } finally {
    await locker.unsafe("rollback");
    locker.release();
  }
  const admin = await connect(urlAs(databaseUrl, "supabase_admin"), { max: 1 });
  ends.push(() => admin.end({ timeout: 1 }));
  await admin.unsafe("alter function net.http_post rename to http_post_gone");
  await quickly("pg_net is gone");
  await admin.unsafe("alter function net.http_post_gone rename to http_post");
  await admin.unsafe("update vault.secrets set name = name || '_gone'");
  await quickly("the secrets are gone");
  await admin.unsafe("update vault.secrets set name = replace(name, '_gone', '')");
});

test("the median from enqueue to accepted is under a second, with no schedule", async () => {
  await sql`truncate email_queue_private.message, email_queue_private.body, email_queue_private.ready, email_queue_private.call, net.http_request_queue`;
  await wake(true, "500 milliseconds");
  const network = await startNetwork(databaseUrl);
  ends.push(network.stop);
  const latencies = [];
  for (let n = 0; n < 15; n++) {
    const began = performance.now();
    const id = await enqueue();
    await waitFor(async () => (await sql`select status from public.email_queue where id = ${id}`)[0].status === "completed", { timeout: 5_000, interval: 5, what: "a mail" });
    latencies.push(performance.now() - began);
    // A wake-up each: those of a busier application are shared.
    await waitFor(async () => (await sql`select last_value < extract(epoch from clock_timestamp()) * 1000 as due from email_queue_private.next_wake`)[0].due, { what: "the end of the interval" });
  }
  latencies.sort((a, b) => a - b);
  console.log(`median ${latencies[7].toFixed(0)} ms, slowest ${latencies[14].toFixed(0)} ms`);
  assert.ok(latencies[7] < 1000, `${latencies[7]} ms`);
});
