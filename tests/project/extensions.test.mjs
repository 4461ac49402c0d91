// pg_cron and pg_net are created by a migration, whose session may do it on Supabase, and by nothing else.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT, migrate } from "../../scripts/lib/stack.mjs";
import { addExtensions, asRole, inSession, startProject } from "./support/world.mjs";

const MIGRATION = fs.readFileSync(path.join(ROOT, "supabase/schemas/99_extensions/extensions.sql"), "utf8");
const FUNCTION = "https://abcdefghijklmnopqrst.supabase.co/functions/v1/process-email-queue";

/** @param {any} sql @returns {Promise<string[]>} each with the schema that it is registered in */
const present = async (sql) =>
  (await sql`select e.extname || ' in ' || e.extnamespace::regnamespace as e from pg_extension as e where e.extname in ('pg_cron', 'pg_net') order by 1`)
    .map((/** @type {any} */ { e }) => e);

/** What the migration says. @param {string} url @param {object} [connection] @returns {Promise<string[]>} */
async function notices(url, connection = {}) {
  /** @type {string[]} */
  const said = [];
  await inSession(url, (sql) => sql.unsafe(MIGRATION), { connection, onnotice: (/** @type {any} */ { message }) => said.push(message) });
  return said.filter((message) => message.startsWith("email_queue"));
}

const connectQueue = (/** @type {any} */ sql) => sql`select public.email_queue_connect(${FUNCTION}, 'a-secret-of-the-tests') as r`.then((/** @type {any} */ [{ r }]) => r);

test("the migration creates what the server offers, also in the session that the CLI makes with an access token", async () => {
  const expected = ["pg_cron in pg_catalog", "pg_net in extensions"];
  for (const version of [15, 17]) {
    const postgres = await startProject(version);
    try {
      await migrate(postgres.url);
      const look = () => inSession(postgres.url, present);
      assert.deepEqual(await look(), expected);
      assert.deepEqual(await notices(postgres.url), []);
      await inSession(postgres.adminUrl, (sql) => sql`drop extension if exists pg_net, pg_cron cascade`);
      await notices(postgres.urlOf("postgres", "cli_login_postgres"), { role: "postgres" });
      assert.deepEqual(await look(), expected);
    } finally {
      await postgres.stop();
    }
  }
});

test("where its session may not, it says what is missing and stops nothing; created by hand later, they work", async () => {
  const postgres = await startProject(15, { preload: "safeupdate" }, { session_preload_libraries: "" });
  try {
    await inSession(postgres.adminUrl, (sql) => sql`create extension supabase_vault`);
    await migrate(postgres.url);
    assert.deepEqual((await notices(postgres.url)).map((line) => /the extension (\w+) is missing \((.*?)\)/.exec(line)?.slice(1)), [
      ["pg_cron", 'permission denied to create extension "pg_cron"'],
      ["pg_net", 'permission denied to create extension "pg_net"'],
    ]);
    await asRole(postgres.apiUrl, "service_role", async (sql) => {
      const { extensions } = await connectQueue(sql);
      assert.match(extensions.pg_cron, /^missing: .*create extension pg_cron with schema pg_catalog;$/);
      assert.match(extensions.pg_net, /^missing: .*create extension pg_net with schema extensions;$/);
      await assert.rejects(sql`select public.email_queue_schedule('1 minute')`, /the extension pg_cron is missing/);
      await assert.rejects(sql`select public.email_queue_wake()`, /the extension pg_net is missing/);

      await addExtensions(postgres.adminUrl);
      assert.deepEqual((await connectQueue(sql)).extensions, { pg_cron: "present", pg_net: "present", supabase_vault: "present" });
      await sql`select public.email_queue_schedule('1 minute'), public.email_queue_wake(), public.email_queue_call()`;
      const [{ doctor }] = await sql`select public.email_queue_doctor() as doctor`;
      assert.deepEqual(doctor.filter((/** @type {any} */ { status }) => status === "fail"), []);
    });
  } finally {
    await postgres.stop();
  }
});

test("no call of a function creates an extension, whatever its session may do", async () => {
  const postgres = await startProject(15, { preload: "supautils, safeupdate" });
  try {
    await inSession(postgres.adminUrl, (sql) => sql`create extension supabase_vault`);
    await migrate(postgres.url);
    await inSession(postgres.adminUrl, (sql) => sql`drop extension pg_net, pg_cron cascade`);
    await asRole(postgres.apiUrl, "service_role", async (sql) => assert.match((await connectQueue(sql)).extensions.pg_net, /^missing/));
    assert.deepEqual(await inSession(postgres.url, present), []);
  } finally {
    await postgres.stop();
  }
});
