// From the previous release to this one: migrations are only appended, nothing queued is lost, a fresh schema and an
// upgraded one are the same, and the previous function works on the new schema. Until the second release, the previous one is this
// schema under another number.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ROOT, connect, ensureDeno, startFunction, startLite, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { Database } from "../faults/support/database.mjs";
import { startSandbox } from "../../src/js/sandbox/server.mjs";
import { digest, installation, releases } from "../../scripts/lib/schema.mjs";
import { commitOf, digests, git, isShallow, notAppended, previous } from "./support/releases.mjs";
import { differences, kept } from "./support/schemas.mjs";
import { databaseUrlOf } from "./support/world.mjs";

const folder = tempFolder("upgrade");
const from = previous(folder.path);

/** @type {any} */
let admin;
/** @type {(() => unknown)[]} */
const ends = [() => folder.remove()];
before(async () => {
  admin = await connect(databaseUrlOf("upgrade"), { max: 1 });
  ends.push(() => admin.end({ timeout: 1 }));
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

/** @param {string} name @returns {Promise<{url: string, sql: any}>} a new database */
async function create(name) {
  await admin.unsafe(`create database ${name}`);
  const url = new URL(databaseUrlOf("upgrade"));
  url.pathname = `/${name}`;
  const sql = await connect(url.href, { max: 3 });
  ends.push(() => sql.end({ timeout: 1 }));
  return { url: url.href, sql };
}

/** @param {any} sql @param {string[]} texts */
async function migrate(sql, texts) {
  for (const text of texts) await sql.unsafe(text);
}

test("migrations that were released are only added to", () => {
  assert.deepEqual(notAppended(releases().at(-1), digests()), []);
  const release = { version: "9.9.9", migrations: { "20260101000000_a.sql": "1", "20260101000002_b.sql": "2" } };
  assert.deepEqual(notAppended(release, { ...release.migrations, "20260101000003_c.sql": "3" }), []);
  assert.deepEqual(notAppended(release, { "20260101000000_a.sql": "other", "20260101000001_c.sql": "3" }).map((text) => text.split(":")[0]), [
    "20260101000000_a.sql of 9.9.9 was changed",
    "20260101000002_b.sql of 9.9.9 was removed",
    "20260101000001_c.sql sorts before the last migration of 9.9.9",
  ]);
});

test("each release can be read from the commit that recorded it", { skip: isShallow() && "this clone is shallow: git fetch --unshallow" }, () => {
  for (const release of releases()) {
    const file = `${commitOf(release)}:pkg/sql/${release.version}.sql`;
    assert.equal(digest(git("show", file).toString()), release.installation, file);
  }
  assert.throws(() => commitOf({ version: "9.9.9", installation: "0".repeat(64) }), /no commit recorded 9\.9\.9/);
});

test(`an upgrade from ${from.name}: queued mail survives, and the previous function goes on while the schema changes`, async () => {
  const old = await create("upgraded");
  await migrate(old.sql, from.before);
  const [lite, sandbox] = await Promise.all([startLite({ driver: "postgres", databaseUrl: old.url, migrate: false }), startSandbox({ rateLimit: 0 })]);
  ends.push(() => lite.stop(), () => sandbox.close());
  const db = new Database(old.sql);
  await db.reset();
  const fn = await startFunction({
    deno: await ensureDeno("2.1.4"),
    entry: path.join(from.root, "supabase/functions/process-email-queue/index.ts"),
    env: { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, RESEND_API_KEY: "re_the_key_of_the_tests", RESEND_BASE_URL: sandbox.url },
  });
  ends.push(() => fn.stop());
  const admins = (/** @type {string} */ what, /** @type {object} */ body) => fetch(`${sandbox.url}/_sandbox/${what}`, { method: "POST", body: JSON.stringify(body) });
  const mail = (/** @type {object} */ options = {}, /** @type {object} */ payload = {}) => ({ ...options, payload: { to: "user@b.example", subject: "Hello", text: "Hi", ...payload } });

  // Messages in their states: completed, cancelled, leased, frozen, scheduled, pending.
  const [completed] = await db.enqueue([mail()]);
  await fn.invoke();
  const [cancelled, leased, other, scheduled] = await db.enqueue([mail({ delay_ms: 3_600_000 }), mail({ type: "report" }), mail({ type: "other" }), mail({ delay_ms: 3_600_000 })]);
  await db.call("cancel", cancelled);
  const work = (/** @type {object} */ request) => old.sql`select public.email_queue_worker_work(${old.sql.json(request)}) as answer`.then((/** @type {any[]} */ [{ answer }]) => answer);
  const token = "00000000-0000-4000-8000-000000000001";
  const { claims: [claimed] } = await work({ claim: { type: "report", tokens: [token], lease_ms: 600_000 } });
  // Frozen: begun, and what came of it is not known.
  const { claims: [unknown] } = await work({ claim: { type: "other", tokens: [token.replace(/1$/, "2")], lease_ms: 600_000 } });
  const of = ({ dispatch_id, token: its }) => ({ dispatch_id, token: its });
  await work({ begins: [{ ...of(unknown), endpoint: "single", wire_version: 1, key_window_ms: 82_800_000, timeout_ms: 30_000, margin_ms: 5_000, max_wait_ms: 2_000 }] });
  await work({ settles: [{ ...of(unknown), answer: "unknown", rest: "freeze", delay_ms: 600_000, members: [], counted: true, error: { class: "unknown" } }] });
  const pending = await db.enqueue(Array.from({ length: 300 }, () => mail()));

  const before = await db.snapshot();
  const rows = await db.rows();
  const undone = new Error("undone");
  await assert.rejects(old.sql.begin(async (/** @type {any} */ transaction) => {
    await migrate(transaction, from.added);
    assert.deepEqual(kept(await new Database(transaction).snapshot(), before), before, "nothing stored has changed");
    throw undone;
  }), undone);
  assert.ok(rows.some(({ status }) => status === "processing"));

  // It arrives while the function is at work on a provider that takes its time.
  await admins("config", { latencyMs: 300 });
  const running = fn.invoke();
  await waitFor(async () => Number((await old.sql`select count(*) as n from email_queue_private.dispatch where begun`)[0].n) > 0, { interval: 5, what: "a request under way" });
  await migrate(old.sql, from.added);
  const run = await running;
  assert.equal(run.lost, 0);
  await waitFor(async () => {
    await fn.invoke();
    return (await old.sql`select count(*)::int as n from public.email_queue where id = any(${pending}) and status = 'completed'`)[0].n === pending.length;
  }, { what: "what was pending before the upgrade" });
  assert.deepEqual(await db.lost(), []);
  const { settles: [released] } = await work({ settles: [{ ...of(claimed), answer: "none", rest: "release", counted: false, members: [] }] });
  assert.equal(released.result, "applied", "a lease from before the upgrade still holds");
  const [{ frozen }] = await old.sql`select frozen from email_queue_private.dispatch where id = ${unknown.dispatch_id}`;
  assert.equal(frozen, true, "what may have been sent is still to be replayed");
  const now = new Map((await db.rows()).map((row) => [row.id, row]));
  for (const row of rows) assert.deepEqual(now.get(row.id)?.payload, row.payload);
  for (const [id, status] of [[completed, "completed"], [cancelled, "cancelled"], [leased, "pending"], [other, "processing"], [scheduled, "pending"]]) {
    assert.equal(now.get(id)?.status, status);
  }

  const fresh = await create("fresh");
  await fresh.sql.unsafe(installation());
  assert.deepEqual(await differences(old.url, fresh.url), [], "a fresh schema and the upgraded one are the same");
  for (const { sql } of [old, fresh]) {
    const [{ drift }] = await sql`select f ->> 'detail' as drift from email_queue_private.doctor_schema() as f where f ->> 'check' = 'schema'`;
    assert.equal(drift, "as the migrations left it");
  }
});

test("a database without pg_cron, pg_net and Vault takes the migrations, and the doctor says what is missing", async () => {
  const lite = await startLite();
  ends.push(() => lite.stop());
  const findings = await lite.rpc("email_queue_doctor");
  for (const name of ["pg_cron", "pg_net", "supabase_vault"]) {
    const finding = findings.find((/** @type {any} */ { check }) => check === name);
    // The migration tries to make two of them, and keeps why it could not.
    const why = name === "supabase_vault" ? "" : " (at installation: this server does not offer it)";
    assert.deepEqual([finding.status, finding.detail], ["fail", `the extension ${name} is missing${why}`]);
  }
  await assert.rejects(lite.rpc("email_queue_schedule"), /the extension pg_cron is missing/);
  await assert.rejects(lite.rpc("email_queue_wake"), /the extension pg_net is missing/);
});

test("the seed changes a local stack's database alone, and nothing that is stored", async () => {
  const { sql } = await create("seeded");
  await sql.unsafe(installation());
  const seed = fs.readFileSync(path.join(ROOT, "supabase/seed.sql"), "utf8");
  const local = `set "app.settings.jwt_secret" = 'super-secret-jwt-token-with-at-least-32-characters-long'; ${seed}; reset "app.settings.jwt_secret"`;
  const sender = async () => (await sql`select public.email_queue_configure() ->> 'default_sender' as sender`)[0].sender;
  const stored = async () => (await sql`select
    (select string_agg(name || '=' || decrypted_secret, ' ' order by name) from vault.decrypted_secrets) as vault,
    (select string_agg(schedule, ' ' order by jobname desc) from cron.job) as jobs, email_queue_private.wakes() as wakes`)[0];

  await sql.unsafe(seed);
  assert.equal(await sender(), null, "a hosted database, without Vault");
  await sql.unsafe(local);
  assert.equal(await sender(), "Local <mail@example.com>", "a local one without Vault has at least a sender");
  await sql`select public.email_queue_configure('{"default_sender": null}')`;
  // What the migrations could not create in this database.
  await sql.unsafe(`create extension if not exists supabase_vault; create schema cron; create table cron.job (jobid bigserial, schedule text, command text, active boolean default true, jobname text, database text default current_database(), username text default current_user);
    create function cron.schedule(a text, b text, c text) returns bigint language sql as 'insert into cron.job (jobname, schedule, command) values (a, b, c) returning jobid';
    create function cron.unschedule(a bigint) returns boolean language sql as 'delete from cron.job where jobid = a returning true'`);
  await sql.unsafe(seed);
  assert.deepEqual([await sender(), await stored()], [null, { vault: null, jobs: null, wakes: false }], "a hosted database, as a preview branch");

  await sql.unsafe(local);
  const made = {
    vault: "email_queue_secret=only-for-this-machine email_queue_url=http://api.supabase.internal:8000/functions/v1/process-email-queue",
    jobs: "10 seconds 7-59/10 * * * * 23 * * * *",
    wakes: true,
  };
  assert.deepEqual([await sender(), await stored()], ["Local <mail@example.com>", made], "a local stack");
  await sql`select public.email_queue_configure('{"default_sender": "Me <me@example.com>"}'), public.email_queue_schedule('1 minute'), public.email_queue_wake(false),
    public.email_queue_connect('http://my.example/functions/v1/process-email-queue', 'a-secret-of-my-own')`;
  const mine = await stored();
  await sql.unsafe(local);
  assert.deepEqual([await sender(), await stored()], ["Me <me@example.com>", mine], "what is stored stays");
});
