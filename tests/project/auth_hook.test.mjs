// Supabase Auth's hook as Auth calls it: a login of supabase_auth_admin, in a transaction of its own, with two seconds for the call.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { migrate, stopAll } from "../../scripts/lib/stack.mjs";
import { authEvent, callHook } from "./support/auth_events.mjs";
import { over } from "./support/calls.mjs";
import { addExtensions, asRole, dump, inSession, restore, startProject } from "./support/world.mjs";

/** @type {Awaited<ReturnType<typeof startProject>>} */
let postgres;
before(async () => {
  postgres = await startProject(15, { preload: "safeupdate", grants: "new" });
  await migrate(postgres.url);
  await addExtensions(postgres.url);
  await inSession(postgres.url, (sql) => over(sql)("email_queue_configure", { p_settings: { default_sender: "Shop <shop@a.example>" } }));
});
after(stopAll);

const HASH = "pkce_5ecre75ecre7";
const TOKEN = "48151623";
const event = (/** @type {string} */ type = "signup") => authEvent(type, type.endsWith("_notification") ? {} : { token: TOKEN, token_hash: HASH });
const asAuth = (/** @type {(sql: any) => Promise<any>} */ use, database = "postgres") => inSession(postgres.urlOf(database, "supabase_auth_admin"), use);
const count = async () => inSession(postgres.url, async (sql) => Number((await sql`select count(*) as n from public.email_queue where priority = 0`)[0].n));

test("the mail is there when the sign-up is, and gone when that is undone", async () => {
  const before = await count();
  await asAuth(async (sql) => {
    await sql.begin(async (/** @type {any} */ sign) => assert.deepEqual(await callHook(sign, event()), {}));
    assert.equal(await count(), before + 1);
    const undone = sql.begin(async (/** @type {any} */ sign) => {
      assert.deepEqual(await callHook(sign, event()), {});
      throw new Error("the sign-up fails");
    });
    await assert.rejects(undone, /the sign-up fails/);
  });
  assert.equal(await count(), before + 1);
});

test("it wakes the function at the commit", async () => {
  const calls = () => inSession(postgres.url, async (sql) => Number((await sql`select count(*) as n from email_queue_private.call where cause = 'wake'`)[0].n));
  await inSession(postgres.url, async (sql) => {
    await over(sql)("email_queue_connect", { p_url: "https://project.example/functions/v1/process-email-queue", p_secret: "the-secret-of-the-tests" });
    await over(sql)("email_queue_wake", { p_every: "100 milliseconds" });
  });
  const before = await calls();
  await asAuth((sql) => sql.begin((/** @type {any} */ sign) => callHook(sign, event())));
  assert.equal(await calls(), before + 1);
  await inSession(postgres.url, (sql) => over(sql)("email_queue_wake", { p_on: false }));
});

test("supabase_auth_admin may call it and nothing else; a role that was given it by mistake may not", async () => {
  await asAuth(async (sql) => {
    for (const statement of ["select * from public.email_queue", "select public.email_queue_enqueue('{}')", "select public.email_queue_stats()", "select * from email_queue_private.body",
      "select email_queue_private.enqueue_auth('{}', 'signup', true)"]) await assert.rejects(sql.unsafe(statement), { code: "42501" }, statement);
  });
  await inSession(postgres.adminUrl, (sql) => sql.unsafe("create role other login; grant execute on function public.email_queue_auth_hook(jsonb) to other, authenticated"));
  await inSession(postgres.urlOf("postgres", "other"), (sql) => assert.rejects(callHook(sql, event()), { code: "42501", message: "email_queue: permission denied for role other" }));
  await asRole(postgres.apiUrl, "authenticated", (sql) => assert.rejects(callHook(sql, event()), { code: "42501" }));
  await inSession(postgres.url, (sql) => sql.unsafe("select email_queue_private.mend_grants()"));
  await inSession(postgres.urlOf("postgres", "other"), (sql) => assert.rejects(callHook(sql, event()), { code: "42501", message: /permission denied for function/ }));
});

test("after a dump without privileges, what mends the grants gives it back to Auth", async () => {
  await inSession(postgres.url, (sql) => sql.unsafe("create database restored"));
  await restore(postgres.urlOf("restored"), await dump(postgres.url, "--no-privileges", "--no-owner"));
  await inSession(postgres.urlOf("restored"), (sql) => sql.unsafe("revoke all on function public.email_queue_auth_hook(jsonb) from public, supabase_auth_admin"));
  await asAuth((sql) => assert.rejects(callHook(sql, event()), { code: "42501" }), "restored");
  await inSession(postgres.urlOf("restored"), async (sql) => {
    assert.match((await sql`select email_queue_private.mend_grants() as wrong`)[0].wrong, /supabase_auth_admin may not execute public\.email_queue_auth_hook\(jsonb\)/);
    assert.equal((await sql`select email_queue_private.wrong_grants() as wrong`)[0].wrong, null);
  });
  await asAuth(async (sql) => assert.deepEqual(await callHook(sql, event()), {}), "restored");
});

test("neither a reader nor a lock of rows is waited for, and a lock of a table for less than Auth's two seconds", async () => {
  const tables = await inSession(postgres.url, async (sql) => (await sql`select c.oid::regclass::text as name from email_queue_private.our_relations() as c where c.relkind = 'r'`).map((/** @type {any} */ { name }) => name));
  await inSession(postgres.url, (sql) => sql.begin(async (/** @type {any} */ reader) => {
    // With the rows locked, too.
    for (const name of tables) await reader.unsafe(`select * from ${name} for update`);
    await asAuth(async (auth) => assert.deepEqual(await auth.begin((/** @type {any} */ sign) => callHook(sign, event())), {}));
  }));
  for (const name of ["email_queue_private.message", "email_queue_private.template", "email_queue_private.setting"]) {
    await inSession(postgres.url, (sql) => sql.begin(async (/** @type {any} */ upgrade) => {
      await upgrade.unsafe(`lock table ${name} in access exclusive mode`);
      await asAuth((auth) => auth.begin(async (/** @type {any} */ sign) => {
        const answer = await callHook(sign, event());
        assert.deepEqual(answer, { error: { http_code: 503, message: "The e-mail could not be queued, because the database is busy. Try again in a moment." } }, name);
        assert.equal((await sign`select 1 as n`)[0].n, 1, "the transaction is still good");
        assert.deepEqual(await callHook(sign, event("password_changed_notification")), {}, "a notice fails nothing");
      }));
    }));
  }
});

test("once it is sent, a dump of the database has no token", async () => {
  const holds = async () => {
    const text = await dump(postgres.url, "--data-only");
    return [TOKEN, HASH].filter((secret) => text.includes(secret));
  };
  await inSession(postgres.url, async (sql) => {
    const call = over(sql);
    await sql.unsafe("delete from email_queue_private.ready; delete from email_queue_private.body; delete from email_queue_private.message");
    await asAuth(async (auth) => {
      for (const type of ["signup", "recovery", "magiclink"]) assert.deepEqual(await callHook(auth, event(type)), {});
    });
    assert.deepEqual(await holds(), [TOKEN, HASH], "it waits");
    const token = crypto.randomUUID();
    await call("email_queue_adopt");
    const { claims: [claimed] } = await call("email_queue_worker_work", { p_request: { claim: { tokens: [token], lease_ms: 60_000 } } });
    assert.equal(claimed.messages.length, 3);
    await call("email_queue_worker_work", { p_request: { begins: [{ dispatch_id: claimed.dispatch_id, token, endpoint: "batch", wire_version: 1, key_window_ms: 82_800_000, timeout_ms: 30_000, margin_ms: 5_000, max_wait_ms: 2_000 }] } });
    assert.deepEqual(await holds(), [TOKEN, HASH], "a replay needs it");
    const [one, two, three] = claimed.messages;
    const error = { class: "rejected", status: 422, name: "validation_error", message: `the provider quotes ${TOKEN} and ${HASH}` };
    const settle = { dispatch_id: claimed.dispatch_id, token, answer: "definite", counted: true, rest: "fail", reason: "exhausted", error,
      members: [{ id: one.id, outcome: "completed", provider_message_id: "p-1" }, { id: two.id, outcome: "failed", reason: "rejected", error }] };
    assert.equal((await call("email_queue_settle", { p_settle: settle })).result, "applied");
    assert.deepEqual([...await sql`select status from public.email_queue order by id`].map(({ status }) => status), ["completed", "failed", "failed"]);
    assert.ok(three);
    assert.deepEqual(await holds(), []);
  });
});
