// The pieces against each other: two of everything at once, on both versions of PostgreSQL.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { startLite as startEmbedded } from "../../src/js/local/lite.js";
import { connect, freePort, startFunction, startLite, startPostgres, stopAll, tempFolder, waitFor } from "./stack.mjs";
import { ensureTool } from "./tools.mjs";

const MIGRATION = `
  create table public.note (id int primary key);
  alter table public.note enable row level security;
  create function public.who(p_any jsonb) returns jsonb language sql set search_path = ''
    as $$ select jsonb_build_object('role', current_user, 'kind', jsonb_typeof(p_any)) $$;
  do $$ begin create role service_role nologin; exception when duplicate_object then null; end $$;
  revoke execute on function public.who(jsonb) from public;
  grant execute on function public.who(jsonb) to service_role;
`;

const FUNCTION = `
  const secret = Deno.env.get("PROCESS_EMAIL_QUEUE_SECRET");
  Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" }, async (request) =>
    request.headers.get("authorization") === "Bearer " + secret
      ? Response.json({ said: await request.text(), home: Deno.env.get("SECRET_OF_THIS_MACHINE") ?? null })
      : new Response("no", { status: 401 }));
`;

/** @type {ReturnType<typeof tempFolder>} */
let folder;
before(() => {
  folder = tempFolder("test");
  fs.mkdirSync(path.join(folder.path, "migrations"));
  fs.writeFileSync(path.join(folder.path, "migrations/20260101000000_note.sql"), MIGRATION);
  fs.writeFileSync(path.join(folder.path, "function.ts"), FUNCTION);
});
// Also what a failed test left running, for which the test runner would wait.
after(stopAll);

const migrations = () => path.join(folder.path, "migrations");

/** @param {import("./lite.mjs").Lite} lite */
async function works(lite) {
  assert.deepEqual(await lite.rpc("who", { p_any: { a: 1 } }), { role: "service_role", kind: "object" });
  await assert.rejects(lite.rpc("who", { p_any: {} }, lite.publishableKey), /permission denied/);
  const keyless = await fetch(`${lite.url}/rest/v1/rpc/who`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"p_any":{}}' });
  assert.equal(keyless.status, 401);
  await keyless.text();
}

test("two embedded databases side by side", { timeout: 120_000 }, async () => {
  const [one, two] = await Promise.all([1, 2].map(() => startLite({ migrationsDir: migrations() })));
  assert.notEqual(one.url, two.url);
  assert.notEqual(one.secretKey, two.secretKey);
  assert.deepEqual(one.migrations, ["20260101000000_note.sql"]);
  await Promise.all([one, two].map(works));
  await assert.rejects(one.rpc("who", { p_any: {} }, two.secretKey), /answered 401/);
  await Promise.all([one.stop(), two.stop()]);
  await assert.rejects(fetch(one.url));
});

test("what a migration sets for its session ends with it, as the Supabase CLI has it", { timeout: 120_000 }, async () => {
  const dump = path.join(folder.path, "dump");
  fs.mkdirSync(dump);
  fs.writeFileSync(path.join(dump, "1_dump.sql"), "set standard_conforming_strings = off; select pg_catalog.set_config('search_path', '', false); create table public.client (id int);");
  fs.writeFileSync(path.join(dump, "2_more.sql"), `create table invoice (id int); insert into client values (1);
    create function settings() returns jsonb language sql as $$ select jsonb_build_object('invoices', to_regclass('public.invoice') is not null, 'strings', current_setting('standard_conforming_strings')) $$;`);
  fs.writeFileSync(path.join(dump, "3_dump.sql"), "select pg_catalog.set_config('search_path', '', false);");
  const seed = path.join(folder.path, "seed.sql");
  fs.writeFileSync(seed, "insert into invoice values (1);");
  const lite = await startEmbedded({ tool: await ensureTool("lite"), migrations: ["1_dump", "2_more", "3_dump"].map((name) => path.join(dump, `${name}.sql`)), seed });
  assert.deepEqual(lite.warnings, []);
  assert.deepEqual(await lite.rpc("settings"), { invoices: true, strings: "on" });
  await lite.stop();
});

for (const version of [15, 17]) {
  test(`PostgreSQL ${version}: two side by side, one behind Lite, a crash in between`, { timeout: 120_000 }, async () => {
    const [one, two] = await Promise.all([1, 2].map(() => startPostgres({ version, project: { grants: "new" } })));
    assert.notEqual(one.port, two.port);
    const lite = await startLite({ driver: "postgres", databaseUrl: one.url, migrationsDir: migrations() });
    const again = await startLite({ driver: "postgres", databaseUrl: one.url, migrate: false });
    await Promise.all([lite, again].map(works));
    await one.restart({ crash: true });
    await waitFor(() => lite.rpc("who", { p_any: {} }).catch(() => null), { what: "Lite to find the database again" });
    const sql = await connect(two.url);
    assert.equal((await sql`show server_version_num`)[0].server_version_num.slice(0, 2), String(version));
    assert.equal((await sql`show fsync`)[0].fsync, "off");
    await sql.end();
    await Promise.all([lite.stop(), again.stop(), two.stop()]);
    await one.stop();
  });
}

test("the local database gives nothing but to service_role, and its doctor says so", { timeout: 120_000 }, async () => {
  const postgres = await startPostgres({ version: 15 });
  for (const options of [{}, { driver: /** @type {const} */ ("postgres"), databaseUrl: postgres.url }]) {
    const lite = await startLite(options);
    const mail = { p_payload: { from: "a@b.example", to: "c@d.example", subject: "Hello", text: "Hi" } };
    assert.match((await lite.rpc("email_queue_enqueue", mail)).id, /^[0-9a-f-]{36}$/);
    await assert.rejects(lite.rpc("email_queue_enqueue", mail, lite.publishableKey), /permission denied/);
    const findings = await lite.rpc("email_queue_doctor");
    const { status, detail } = findings.find((/** @type {any} */ { check }) => check === "grants");
    assert.deepEqual({ status, detail }, { status: "ok", detail: "only service_role" });
    await lite.stop();
  }
  await postgres.stop();
});

test("the function: its answers, what it is not given, and its end", { timeout: 180_000 }, async () => {
  process.env.SECRET_OF_THIS_MACHINE = "hidden";
  const entry = path.join(folder.path, "function.ts");
  const [one, two] = await Promise.all([startFunction({ entry, env: {} }), startFunction({ entry, env: { PROCESS_EMAIL_QUEUE_SECRET: "s" } })]);
  assert.deepEqual(await one.invoke(), { said: "", home: null });
  assert.deepEqual(await two.invoke({ a: 1 }), { said: '{"a":1}', home: null });
  assert.equal((await one.request({ headers: {} })).status, 401);
  assert.notEqual(one.secret, two.secret);
  assert.equal(one.hasEnded(), false);
  await one.kill();
  assert.equal(one.hasEnded(), true);
  await assert.rejects(one.invoke());
  // In its place: the address stays.
  const again = await startFunction({ entry, env: { PORT: new URL(one.url).port, PROCESS_EMAIL_QUEUE_SECRET: one.secret } });
  assert.deepEqual([again.url, await again.invoke()], [one.url, { said: "", home: null }]);
  await two.stop();
});

test("waiting gives up and says for what", async () => {
  await assert.rejects(waitFor(() => false, { timeout: 60, interval: 20, what: "nothing" }), /gave up after 0\.06 s waiting for nothing/);
  assert.equal(await waitFor(async () => 7), 7);
  assert.notEqual(await freePort(), 0);
});
