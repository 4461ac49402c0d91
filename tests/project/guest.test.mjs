// Beside other people's objects: names that are taken, functions that look like ours, overloads that come later.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { callAll, over } from "./support/calls.mjs";
import { addExtensions, api, asRole, dump, inSession, startProject } from "./support/world.mjs";

/** @type {Awaited<ReturnType<typeof startProject>>} */
let postgres;
before(async () => {
  postgres = await startProject(15, { preload: "safeupdate", grants: "old" });
});
after(stopAll);

/** @param {string} name */
async function create(name) {
  await inSession(postgres.url, (sql) => sql.unsafe(`create database ${name}`));
  return postgres.urlOf(name);
}

for (const [name, sql, said] of /** @type {const} */ ([
  ["a_function", "create function public.email_queue_wake() returns void language sql as 'select 1'", "function public.email_queue_wake()"],
  ["a_table", "create table public.email_queue (id int)", "relation public.email_queue"],
  ["a_type", "create type public.email_queue as enum ('a')", "type public.email_queue"],
  ["a_schema", "create schema email_queue_private", "schema email_queue_private"],
  ["another_signature", "create function public.email_queue_enqueue(to_address text) returns void language sql as 'select 1'", "function public.email_queue_enqueue(text)"],
])) {
  test(`where ${name.replaceAll("_", " ")} has a name of ours, the migrations stop, name it, and change nothing`, async () => {
    const url = await create(name);
    await inSession(url, (session) => session.unsafe(sql));
    const before = await dump(url);
    await assert.rejects(migrate(url), (/** @type {any} */ { cause }) => {
      assert.equal(cause.code, "42710");
      assert.ok(cause.message.includes(said), cause.message);
      return true;
    });
    assert.equal(without(await dump(url)), without(before));
  });
}

test("applied a second time, they say that it is installed, and advise nobody to drop it", async () => {
  const url = await create("twice");
  await migrate(url);
  await assert.rejects(migrate(url), (/** @type {any} */ { cause }) => {
    assert.equal(cause.code, "42710");
    assert.match(cause.message, /is installed in this database already/);
    // In the message: the Supabase CLI leaves hints out.
    assert.match(cause.message, /Drop nothing: the schema has the mail/);
    return true;
  });
});

/** A dump has a new word each time. @param {string} text */
const without = (text) => text.split("\n").filter((line) => !/^\\(un)?restrict /.test(line)).join("\n");

const FOREIGN = `
  create function public.email_queue_dispatch() returns text language sql as $$ select 'theirs'::text $$;
  create function public.email_queue_other(a int) returns text language sql as $$ select 'theirs'::text $$;
  create table public.email_queue_log (id int);
  grant all on public.email_queue_log to anon;
  revoke execute on function public.email_queue_other(int) from public, authenticated`;

test("what begins like ours and is not is left alone", async () => {
  const url = await create("prefixed");
  const rights = () =>
    inSession(url, async (sql) => [...await sql`
      select p.oid::regprocedure::text as name, p.proacl::text as acl from pg_proc as p where p.proname in ('email_queue_dispatch', 'email_queue_other')
      union all select 'log', relacl::text from pg_class where relname = 'email_queue_log' order by 1`]);
  await inSession(url, (sql) => sql.unsafe(FOREIGN));
  const before = await rights();
  await migrate(url);
  await inSession(url, (sql) => sql.unsafe("select email_queue_private.retain(); call email_queue_private.apply_grants()"));
  assert.deepEqual(await rights(), before);
  await asRole(postgres.urlOf("prefixed", "authenticator"), "anon", async (sql) => {
    assert.equal((await sql.unsafe("select public.email_queue_dispatch() as said"))[0].said, "theirs");
  });
});

test("overloads that come later change nothing for our own calls", async () => {
  // Where pg_cron is.
  await migrate(postgres.url);
  await addExtensions(postgres.url);
  await inSession(postgres.url, async (sql) => {
    const call = over(sql);
    await call("email_queue_connect", { p_url: "https://project.example/functions/v1/process-email-queue", p_secret: "the-secret-of-the-tests" });
    await call("email_queue_schedule", { p_every: "1 minute" });
    await call("email_queue_wake");
    const names = [...new Set((await api(sql)).map((one) => one.split("(")[0]))];
    for (const name of names) {
      for (const signature of ["", "text, text, text, text, text, text, text", "p_cause varchar", "p_limit bigint", "p_request json", "p_settle json", "p_messages json"]) {
        await sql.unsafe(`create function public.${name}(${signature}) returns text language plpgsql as $$ begin raise 'a foreign function was called'; end $$`)
          .catch((/** @type {any} */ error) => assert.equal(error.code, "42723", "only ours are there already"));
      }
    }
    const commands = (await sql`select command from cron.job`).map((/** @type {any} */ { command }) => command);
    assert.ok(commands.length >= 3);
    for (const command of commands) await sql.unsafe(command);
    // The real pg_cron may call too.
    const wakes = async () => (await sql`select count(*)::int as n from email_queue_private.call where cause = 'wake'`)[0].n;
    const before = await wakes();
    await sql.unsafe("select setval('email_queue_private.next_wake', 0)");
    await sql.unsafe(`select public.email_queue_enqueue_many('[{"payload": {"from": "a@b.example", "to": "c@d.example", "subject": "Hello", "text": "Hi"}}]'::jsonb)`);
    assert.equal(await wakes(), before + 1, "the trigger woke the function");
    // The doctor, the worker's call and what they call in turn.
    await sql.unsafe(`select public.email_queue_doctor() from (select 1) as x`).catch((/** @type {any} */ error) => assert.equal(error.code, "42725"));
    await sql.unsafe(`select public.email_queue_worker_work('{"claim": {"type": "email", "tokens": ["00000000-0000-4000-8000-000000000001"], "lease_ms": 1000}}'::jsonb)`);
  });
});

test("functions of the user's with names of PostgreSQL's are never called", async () => {
  const url = await create("shadowed");
  await migrate(url);
  const count = await inSession(url, async (sql) => {
    // With the owner's search path, which has public in it.
    const names = (await sql`
      select distinct p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments
      from pg_proc as p join pg_proc as ours on ours.pronamespace = 'email_queue_private'::regnamespace and strpos(ours.prosrc, p.proname || '(') > 0
      where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and length(p.proname) > 2`);
    let made = 0;
    for (const { name, arguments: types } of names) {
      const sql_ = `create function public.${name}(${types}) returns boolean language plpgsql as $$ begin raise 'public.${name} was called'; end $$`;
      made += await sql.unsafe(sql_).then(() => 1, () => 0);
    }
    return made;
  });
  assert.ok(count > 60, `${count} functions`);
  await asRole(postgres.urlOf("shadowed", "authenticator"), "service_role", async (sql) => {
    await sql.unsafe("set search_path = public, pg_catalog");
    await callAll(over(sql), { wired: false });
  });
  await inSession(url, (sql) => sql.unsafe("set search_path = public, pg_catalog; select email_queue_private.retain()"));
});
