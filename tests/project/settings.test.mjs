// A push by the Supabase CLI on each kind of project, and what a server, a database or a session may be set to.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { ROOT, ensureTool, migrate, stopAll, tempFolder } from "../../scripts/lib/stack.mjs";
import { callAll, over } from "./support/calls.mjs";
import { addExtensions, asRole, furnish, inSession, startProject } from "./support/world.mjs";

const execute = promisify(execFile);
after(stopAll);

/** `supabase db push`, by the login `postgres`. @param {string} url */
async function push(url) {
  const folder = tempFolder("push");
  fs.cpSync(path.join(ROOT, "supabase"), path.join(folder.path, "supabase"), { recursive: true, filter: (file) => !file.includes("/.temp") });
  const program = path.join(await ensureTool("test"), "node_modules/.bin/supabase");
  const args = ["db", "push", "--yes", "--workdir", folder.path, `--remote=${url.replace(/^postgres:/, "postgresql:")}?sslmode=disable`];
  const { SUPABASE_ACCESS_TOKEN: _, ...env } = process.env;
  const { stdout, stderr } = await execute(program, args, { env: { ...env, HOME: folder.path, DO_NOT_TRACK: "1" } });
  folder.remove();
  return stdout + stderr;
}

for (const version of [15, 17]) {
  const name = (/** @type {string} */ what) => `PostgreSQL ${version}: ${what}`;
  /** @type {Awaited<ReturnType<typeof startProject>>} */
  let postgres;

  test(name("the CLI pushes the migrations, and has nothing to do then"), { timeout: 120_000 }, async () => {
    postgres = await startProject(version, version === 15 ? { preload: "safeupdate", grants: "old" } : { grants: "new" });
    await push(postgres.url);
    assert.match(await push(postgres.url), /up to date/);
    assert.equal(await inSession(postgres.url, async (sql) => (await sql`select rolname from pg_roles join pg_proc on pg_roles.oid = proowner where proname = 'email_queue_worker_work'`)[0].rolname), "postgres");
  });

  /** @param {string} database @param {string} [create] */
  const made = async (database, create = "") => {
    await inSession(postgres.url, (sql) => sql.unsafe(`create database ${database} ${create}`));
    return postgres.urlOf(database);
  };
  const works = (/** @type {string} */ database) =>
    asRole(postgres.urlOf(database, "authenticator"), "service_role", (sql) => callAll(over(sql), { wired: false }));

  test(name("a login that takes the role postgres, as the CLI does with an access token"), async () => {
    await made("by_token");
    const url = new URL(postgres.urlOf("by_token", "cli_login_postgres"));
    url.searchParams.set("options", "-c role=postgres");
    await migrate(url.href);
    await works("by_token");
  });

  test(name("strings with backslashes, other intervals, dates and time zones"), async () => {
    const url = await made("odd");
    await inSession(url, async (sql) => {
      for (const setting of ["standard_conforming_strings = off", "intervalstyle = sql_standard", "datestyle = 'SQL, DMY'", "timezone = 'Asia/Kolkata'", "extra_float_digits = -3", "bytea_output = escape"]) {
        await sql.unsafe(`alter database odd set ${setting}`);
      }
    });
    await migrate(url);
    await works("odd");
    await inSession(url, (sql) => sql.unsafe("alter database odd set intervalstyle = iso_8601"));
    const doctor = await asRole(postgres.urlOf("odd", "authenticator"), "service_role", (sql) => over(sql)("email_queue_doctor"));
    assert.deepEqual(doctor.filter((/** @type {any} */ { check, status }) => check === "schema" && status !== "ok"), []);
  });

  test(name("a database in Turkish finds every message, and every domain"), async () => {
    const url = await made("turkish", version === 15
      ? "template template0 encoding 'UTF8' locale_provider icu icu_locale 'tr-TR' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'"
      : "template template0 encoding 'UTF8' locale_provider icu icu_locale 'tr-TR' locale 'C.UTF-8'");
    await furnish(postgres.urlOf("turkish", "supabase_admin"));
    assert.equal(await inSession(url, async (sql) => (await sql`select lower('I') as i`)[0].i), "ı", "it is in Turkish");
    await migrate(url);
    // A library that orders otherwise after an upgrade of the system would make such an index lose rows.
    const ordered = await inSession(url, async (sql) => [...await sql`
      select a.attrelid::regclass::text as index, a.attname from pg_attribute as a join pg_class as c on c.oid = a.attrelid
      where c.relnamespace = 'email_queue_private'::regnamespace and c.relkind = 'i' and a.attcollation not in (0, 'pg_catalog."C"'::regcollation)`]);
    assert.deepEqual(ordered, []);
    await works("turkish");
    await asRole(postgres.urlOf("turkish", "authenticator"), "service_role", async (sql) => {
      const call = over(sql);
      const mails = Array.from({ length: 60 }, (_, n) => ({ type: ["Is", "is", "IS", "iS", "i-s", "i_s"][n % 6], payload: { from: "a@INFO.EXAMPLE", to: "b@c.example", subject: "Hello", text: "Hi" } }));
      await call("email_queue_enqueue_many", { p_messages: mails });
      for (const type of new Set(mails.map(({ type }) => type))) {
        const taken = await call("email_queue_dequeue", { p_types: [type], p_tokens: Array.from({ length: 20 }, () => crypto.randomUUID()) });
        assert.equal(taken.length, 10, type);
      }
      await call("email_queue_enqueue", { p_payload: mails[0].payload });
      await call("email_queue_pause", { p_reason: "test", p_domain: "info.example" });
      // Other mail may wait in the database: more dispatches than it needs.
      const { claims } = await call("email_queue_worker_work", { p_request: { claim: { tokens: Array.from({ length: 10 }, () => crypto.randomUUID()) } } });
      assert.doesNotMatch(JSON.stringify(claims), /INFO\.EXAMPLE/, "INFO.EXAMPLE is info.example");
      const grants = (await call("email_queue_doctor")).find((/** @type {any} */ { check }) => check === "grants");
      assert.deepEqual([grants.status, grants.detail], ["ok", "only service_role"]);
    });
  });

  test(name("where transactions are read only by default, as PostgREST writes all the same"), async () => {
    const url = await made("full_disk");
    await migrate(url);
    await inSession(url, (sql) => sql.unsafe("alter database full_disk set default_transaction_read_only = on"));
    await asRole(postgres.urlOf("full_disk", "authenticator"), "service_role", async (sql) => {
      await callAll((name, args) => sql.begin("read write", (/** @type {any} */ inside) => over(inside)(name, args)), { wired: false });
      await assert.rejects(over(sql)("email_queue_enqueue", { p_payload: { from: "a@b.example", to: "c@d.example", subject: "Hello", text: "Hi" } }), { code: "25006" });
    });
  });

  if (version === 15) {
    test(name("the extensions are made in a session of the owner's, and the jobs are the owner's"), async () => {
      await addExtensions(postgres.url);
      await inSession(postgres.url, async (sql) => {
        const call = over(sql);
        await call("email_queue_connect", { p_url: "https://project.example/functions/v1/process-email-queue", p_secret: "the-secret-of-the-tests" });
        await call("email_queue_schedule", { p_every: "1 minute" });
        assert.deepEqual([...await sql`select distinct username::text from cron.job`], [{ username: "postgres" }]);
        await assert.rejects(sql.unsafe("update cron.job set active = false"), { code: "42501" });
        await assert.rejects(sql.unsafe("insert into vault.secrets (secret) values ('x')"), { code: "42501" });
      });
    });
  }
}
