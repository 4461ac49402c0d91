// The command, the Supabase CLI and a database with a history of its own: in and out again, on both versions of PostgreSQL and with
// both CLIs, and what `supabase db push` prints where the migration refuses.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { ROOT, stopAll, tempFolder } from "../../scripts/lib/stack.mjs";
import { inSession, startProject } from "../project/support/world.mjs";
import { clis, command, migrations, newProject, packageWith, program, pushTo, realVersion, schemaOf, snapshot, upgradeTo, write } from "./support/place.mjs";

const folder = tempFolder("command on databases");
const all = await clis();
after(async () => {
  await stopAll();
  folder.remove();
});

const THEIRS = `
create table public.orders (id bigint generated always as identity primary key, mail text not null);
alter table public.orders enable row level security;
create policy own on public.orders for select to authenticated using (true);
create function public.email_queue_dispatch() returns text language sql as $$ select 'theirs'::text $$;
create view public.order_mails as select mail from public.orders;
grant select on public.order_mails to authenticated;`;

/** @typedef {{version: number, postgres: Awaited<ReturnType<typeof startProject>>, cli: readonly [string, string], root: string, url: string, database: string}} World */

/** @param {string} name @param {Record<string, string>} [files] */
const project = (name, files = { "supabase/migrations/20250101000000_theirs.sql": THEIRS }) => newProject(folder, name, files);

/** @param {World} world */
async function push({ cli: [version, bin], root, url }) {
  const { code, stdout, stderr } = await program(path.join(bin, "supabase"), pushTo(version, url), { cwd: root, cli: bin });
  return { code, said: stdout + stderr };
}

/** @param {World} world */
async function pushes(world) {
  const { code, said } = await push(world);
  assert.equal(code, 0, said);
}

/** @param {World} world @param {string[]} args @param {object} [how] */
const run = (world, args, how = {}) => command([...args, "--yes", ...world.url ? ["--db-url", world.url] : []], { cwd: world.root, cli: world.cli[1], ...how });

/** @param {World} world @param {string[]} args @param {object} [how] */
async function runs(world, args, how) {
  const { code, stderr } = await run(world, args, how);
  assert.equal(code, 0, stderr);
  return stderr;
}

/** Everything of the users': schemas, relations, functions, types, constraints, triggers, policies, rights, comments. */
const CATALOGUE = `
with place as (select n.oid, n.nspname, n.nspacl from pg_namespace as n
  where n.nspname !~ '^(pg_|information_schema|cron$|net$|vault$|supabase_migrations$)')
select line from (
  select concat_ws(' ', 'schema', p.nspname, p.nspacl::text) as line from place as p
  union all select concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relacl::text, c.relrowsecurity, (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attacl::text), ',' order by a.attnum)
    from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0), case when c.relkind = 'v' then pg_get_viewdef(c.oid) end) from place as p join pg_class as c on c.relnamespace = p.oid
  union all select concat_ws(' ', 'function', f.oid::regprocedure, md5(f.prosrc), f.proacl::text) from place as p join pg_proc as f on f.pronamespace = p.oid
  union all select concat_ws(' ', 'type', t.oid::regtype) from place as p join pg_type as t on t.typnamespace = p.oid
  union all select concat_ws(' ', 'constraint', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) from place as p join pg_constraint as k on k.connamespace = p.oid
  union all select concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid)) from pg_trigger as t where not t.tgisinternal
  union all select concat_ws(' ', 'policy', l.polrelid::regclass, l.polname) from pg_policy as l
  union all select concat_ws(' ', 'default', d.defaclrole::regrole, d.defaclacl::text) from pg_default_acl as d
  union all select concat_ws(' ', 'event trigger', e.evtname) from pg_event_trigger as e
  union all select concat_ws(' ', 'role', r.rolname, r.rolconfig::text) from pg_roles as r
  union all select concat_ws(' ', 'comment', d.description) from pg_description as d where d.classoid = 'pg_proc'::regclass and d.objoid >= 16384
) as all_of_it order by line`;

/** @param {World} world @returns {Promise<string[]>} */
async function catalogue({ postgres, database, version }) {
  const url = postgres.urlOf(database, "supabase_admin");
  const lines = await inSession(url, async (sql) => (await sql.unsafe(CATALOGUE)).map((/** @type {any} */ { line }) => line));
  // No machine has the pg_dump of 17.
  if (version !== 15) return lines;
  const args = ["--exclude-schema=supabase_migrations", "--exclude-schema=cron", "--exclude-schema=net", "--exclude-schema=vault", url];
  const { stdout } = await promisify(execFile)(path.join(/** @type {string} */ (process.env.POSTGRES_15), "pg_dump"), args, { maxBuffer: 1 << 28 });
  // Sorted: it lists what was made in the order of its making, among others.
  return [...lines, ...stdout.split("\n").filter((line) => line && line !== "--" && !/^\\(un)?restrict |EXTENSION/.test(line)).sort()];
}

/** @param {World} world @param {(sql: any) => Promise<any>} use */
const inDatabase = ({ postgres, database }, use) => inSession(postgres.urlOf(database), use);

const MAIL = `'{"from": "shop@shop.example", "to": "user@b.example", "subject": "Hello", "text": "Hi"}'::jsonb`;
const URL_AND_SECRET = "'https://project.example/functions/v1/process-email-queue', 'the-secret-of-the-tests'";

for (const version of [15, 17]) {
  describe(`PostgreSQL ${version}`, () => {
    /** @type {Awaited<ReturnType<typeof startProject>>} */
    let postgres;
    before(async () => {
      postgres = await startProject(version, version === 15 ? { preload: "safeupdate", grants: "old" } : { grants: "new" });
    });

    let worlds = 0;
    /** @param {readonly [string, string]} cli @param {{database?: string, files?: Record<string, string>}} [how] @returns {Promise<World>} */
    async function world(cli, { database = `world_${++worlds}`, files } = {}) {
      // pg_cron works in one database of a server.
      if (database !== "postgres") await inSession(postgres.url, (sql) => sql.unsafe(`create database ${database}`));
      const root = project(`${version} ${database}`, files);
      return { version, postgres, cli, root, database, url: `${postgres.urlOf(database)}?sslmode=disable` };
    }

    for (const cli of all) {
      test(`CLI ${cli[0]}: into a project with a history, and out again without a trace`, async () => {
        const here = await world(cli, cli[0] === "3" ? { database: "postgres" } : {});
        await pushes(here);
        if (cli[0] === "3") {
          await inDatabase(here, async (sql) => {
            await sql.unsafe("create extension if not exists supabase_vault; create extension if not exists pg_cron; select cron.schedule('process-email-queue', '5 5 * * *', 'select 1'), cron.schedule('email-queue-run', '5 5 * * *', 'select 1')");
            await assert.rejects(sql.unsafe(schemaOf(realVersion())), /these names are taken in this database: cron job email-queue-run\. Nothing was changed/);
            await sql.unsafe("select cron.unschedule(jobid) from cron.job where jobname = 'email-queue-run'");
          });
        }
        const before = await catalogue(here);
        const began = performance.now();
        await runs(here, ["init"]);
        await pushes(here);
        assert.ok(performance.now() - began < 60_000, "in time, on a busy machine");
        const asked = await inDatabase(here, (sql) => sql`select public.email_queue_version() as version, public.email_queue_dispatch() as theirs`);
        assert.deepEqual({ ...asked[0] }, { version: realVersion(), theirs: "theirs" });

        // Their next migration, as `supabase migration new` numbers it, and a trigger that uses the queue.
        write(path.join(here.root, "supabase/migrations/29990101000000_next.sql"), `create function public.welcome() returns trigger language plpgsql as $$
          begin perform public.email_queue_enqueue(${MAIL}); return new; end $$;
          create trigger welcome after insert on public.orders for each row execute function public.welcome();
          create view public.waiting as select id, status from public.email_queue;`);
        await pushes(here);
        await inDatabase(here, async (sql) => {
          await sql`insert into public.orders (mail) values ('a@b.example')`;
          if (cli[0] === "3") await sql.unsafe(`select public.email_queue_connect(${URL_AND_SECRET}), public.email_queue_schedule('1 minute'), public.email_queue_wake(), cron.schedule('nightly', '1 1 * * *', 'select public.email_queue_enqueue(null)')`);
        });

        const refused = await run(here, ["uninstall"]);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /the queue is in use: 1 message is open; these use it: (cron job nightly, )?function (public\.)?welcome\(\), view (public\.)?waiting\. Nothing was changed/);
        assert.equal(refused.stderr.includes("cron job nightly"), cli[0] === "3");
        assert.equal(migrations(here.root).length, 3);
        // Where the database cannot be asked, the migration says it.
        await runs({ ...here, url: "" }, ["uninstall", "--offline"]);
        const { code, said } = await push(here);
        assert.notEqual(code, 0);
        assert.match(said, /email_queue: it was not removed, and nothing was changed: 1 message is open; these use it: .*welcome\(\), .*waiting/);
        assert.match(said, /select pg_temp\.email_queue_uninstall\(false\)/);
        assert.doesNotMatch(said, /create or replace function pg_temp/, "not the whole of it");

        await inDatabase(here, (sql) => sql.unsafe(`drop view public.waiting; drop trigger welcome on public.orders; drop function public.welcome();
          select public.email_queue_cancel(id) from public.email_queue; delete from public.orders where true; alter table public.orders alter id restart`));
        if (cli[0] === "3") await inDatabase(here, (sql) => sql.unsafe("select cron.unschedule(jobid) from cron.job where jobname = 'nightly'"));
        await pushes(here);
        assert.deepEqual(await catalogue(here), before);
        // The installation made pg_net; pg_cron was there before in one of the databases.
        const extensions = await inDatabase(here, (sql) => sql`select extname::text as name from pg_extension where extname in ('pg_cron', 'pg_net')`);
        assert.deepEqual(extensions.map((/** @type {any} */ { name }) => name), cli[0] === "3" ? ["pg_cron"] : []);
        if (cli[0] === "3") {
          const left = await inDatabase(here, (sql) => sql`select (select count(*)::int from vault.secrets) as secrets, (select string_agg(jobname::text, ',') from cron.job) as jobs`);
          assert.deepEqual({ ...left[0] }, { secrets: 0, jobs: "process-email-queue" });
          // An extension that we made stays, if by then a job of theirs calls it.
          const stays = await inDatabase(here, async (sql) => {
            await sql.unsafe(schemaOf(realVersion()));
            await sql.unsafe("select cron.schedule('process-email-queue', '5 5 * * *', 'select net.http_post(''https://shop.example'')')");
            await sql.unsafe(fs.readFileSync(path.join(ROOT, "supabase/uninstall.sql"), "utf8"));
            return await sql`select to_regnamespace('email_queue_private') is null as gone, exists (select from pg_extension where extname = 'pg_net') as stays`;
          });
          assert.deepEqual({ ...stays[0] }, { gone: true, stays: true });
        }
      });
    }

    test("names that are taken are named by what push prints, and nothing is applied", async () => {
      const here = await world(version === 15 ? all[0] : all[1]);
      await runs(here, ["init", "--offline"]);
      await inDatabase(here, (sql) => sql.unsafe("create function public.email_queue_wake() returns void language sql as 'select'; create schema email_queue_private"));
      const { code, said } = await push(here);
      assert.notEqual(code, 0);
      assert.match(said, /these names are taken in this database: function public\.email_queue_wake\(\), schema email_queue_private\. Nothing was changed\. Rename or drop what is yours/);
      assert.match(said, /select pg_temp\.email_queue_check_names\(\)/);
      assert.ok(said.length < 3000, `${said.length} characters`);
      const history = await inDatabase(here, (sql) => sql`select version, name from supabase_migrations.schema_migrations`);
      assert.deepEqual([...history].map(({ name }) => name), ["theirs"]);
      // The database is asked before: the same names.
      fs.rmSync(path.join(here.root, "supabase/migrations", /** @type {string} */ (migrations(here.root)[1])));
      const before = snapshot(here.root);
      const asked = await run(here, ["init"]);
      assert.equal(asked.code, 1);
      assert.match(asked.stderr, /names that the queue needs are taken: function (public\.)?email_queue_wake\(\), schema email_queue_private\. Nothing was changed/);
      assert.deepEqual(snapshot(here.root), before);
    });

    test("the second file of two branches says that it is to be deleted", async () => {
      const here = await world(version === 15 ? all[1] : all[0]);
      await runs(here, ["init", "--offline"]);
      const [, first = ""] = migrations(here.root);
      await pushes(here);
      fs.copyFileSync(path.join(here.root, "supabase/migrations", first), path.join(here.root, "supabase/migrations/29990101000000_email_queue_0_1_0.sql"));
      const { code, said } = await push(here);
      assert.notEqual(code, 0);
      assert.ok(said.includes(`by the migration ${first.replace(".sql", "")}. This file would install it a second time, because two branches have both run email-queue init: delete this file`), said);
      assert.match(said, /29990101000000_email_queue_0_1_0\.sql/);
    });

    test("versions of the database count for the number of the new migration", async () => {
      const here = await world(all[version === 15 ? 0 : 1], { files: { "supabase/migrations/29990101000000_theirs.sql": THEIRS } });
      await pushes(here);
      // Another branch, which has not got it.
      fs.renameSync(path.join(here.root, "supabase/migrations/29990101000000_theirs.sql"), path.join(folder.path, `${version}.sql`));
      await runs(here, ["init"]);
      assert.deepEqual(migrations(here.root).map((file) => file.slice(0, 14)), ["29990101000001"]);
    });

    test("installed directly, then init: its version is marked as applied, and the upgrade is pushed", async () => {
      const here = await world(all[version === 15 ? 1 : 0], { files: {} });
      await inDatabase(here, (sql) => sql.unsafe(THEIRS));
      await inDatabase(here, async (sql) => {
        await sql.unsafe(schemaOf("0.0.1"));
        await sql.unsafe(`select public.email_queue_enqueue(${MAIL})`);
      });
      const pack = packageWith(folder, { "0.0.1.sql": schemaOf("0.0.1"), "0.0.1-0.0.2.sql": upgradeTo("0.0.2"), "0.0.2.sql": schemaOf("0.0.2") });
      const said = await runs(here, ["init"], { package: pack });
      const [first = "", second = ""] = migrations(here.root);
      assert.match(first, /^\d{14}_email_queue_0_0_1\.sql$/);
      assert.match(second, /^\d{14}_email_queue_0_0_2\.sql$/);
      assert.ok(said.includes(`mark    ${first.slice(0, 14)} as applied`), said);
      await pushes(here);
      const state = await inDatabase(here, (sql) => sql`select public.email_queue_version() as version, (select count(*)::int from public.email_queue) as mails,
        (select array_agg(name order by version) from supabase_migrations.schema_migrations) as history`);
      assert.deepEqual({ ...state[0] }, { version: "0.0.2", mails: 1, history: ["email_queue_0_0_1", "email_queue_0_0_2"] });
      assert.match(await runs(here, ["init"], { package: pack }), /Nothing to do/);
      // A branch that has not got its migration yet.
      for (const file of [first, second]) fs.rmSync(path.join(here.root, "supabase/migrations", file));
      const refused = await run(here, ["init"], { package: pack });
      assert.equal(refused.code, 1);
      assert.ok(refused.stderr.includes(`the database has the queue from the migration ${first}, ${second}, which is not in this folder`), refused.stderr);
    });

    test("installed directly, it is removed directly; --force says what is lost", async () => {
      const here = await world(all[version === 15 ? 0 : 1], { files: {} });
      await inDatabase(here, (sql) => sql.unsafe(THEIRS));
      const before = await catalogue(here);
      await inDatabase(here, async (sql) => {
        await sql.unsafe(schemaOf(realVersion()));
        await sql.unsafe(`select public.email_queue_enqueue(${MAIL}); create view public.waiting as select id from public.email_queue; create trigger theirs before insert on email_queue_private.message for each row execute function suppress_redundant_updates_trigger();`).catch(() => undefined);
        await sql.unsafe("create or replace view public.waiting as select id from public.email_queue");
      });
      const refused = await run(here, ["uninstall"]);
      assert.match(refused.stderr, /the queue is in use: 1 message is open; these use it: .*view (public\.)?waiting/);
      const said = await runs(here, ["uninstall", "--force"]);
      assert.match(said, /Lost: 1 open message\.[^]*removed or broken with it: .*view (public\.)?waiting/);
      assert.deepEqual(await catalogue(here), before);
      assert.deepEqual(migrations(here.root), []);
    });
  });
}
