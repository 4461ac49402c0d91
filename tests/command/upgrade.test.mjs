// From one version to the next with the Supabase CLI: two versions that were never released, made by the same program as releases are.
// Upgraded is as good as installed; what does not go through is said, changes nothing and can be repeated; nobody waits for it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { sleep, stopAll, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { findCli } from "../../src/js/command/cli.js";
import { asOneStatement, markApplied } from "../../src/js/command/remote.js";
import { differences } from "../deploy/support/schemas.mjs";
import { testVersions } from "../deploy/support/versions.mjs";
import { dump, inSession, restore, startProject } from "../project/support/world.mjs";
import { clis, command, migrations, newProject, packageWith, program, pushTo, refuses, snapshot, write } from "./support/place.mjs";

const folder = tempFolder("upgrades");
const { one, two } = testVersions(folder.path);
const packages = Object.fromEntries([one, two].map((version) => {
  const to = packageWith(folder, {});
  version.addTo(to);
  return [version.version, to];
}));
const all = await clis();
after(async () => {
  await stopAll();
  folder.remove();
});

const MAIL = `'{"from": "shop@shop.example", "to": "user@b.example", "subject": "Hello", "text": "Hi"}'::jsonb`;

for (const [version, [major, bin]] of /** @type {const} */ ([[15, all[0]], [17, all[1]]])) {
  describe(`PostgreSQL ${version}, CLI ${major}`, () => {
    /** @type {Awaited<ReturnType<typeof startProject>>} */
    let postgres;
    /** A database that never was of another version. @type {string} */
    let second;
    before(async () => {
      postgres = await startProject(version, version === 15 ? { preload: "safeupdate", grants: "old" } : { grants: "new" });
      second = await fresh(two, "second");
    });

    let count = 0;
    /** A database, and a repository whose migrations it has: of theirs, and of 0.0.1. @param {{edit?: (text: string) => string, queue?: boolean}} [how] */
    async function world({ edit = (text) => text, queue = true } = {}) {
      const database = `upgrade_${++count}`;
      await inSession(postgres.url, (sql) => sql.unsafe(`create database ${database}`));
      const root = newProject(folder, `${version} ${database}`, { "supabase/migrations/20250101000000_theirs.sql": "create table public.orders (id integer);" });
      const url = postgres.urlOf(database);
      const here = {
        root, url,
        asked: ["--yes", "--db-url", `${url}?sslmode=disable`],
        migrations: () => migrations(root),
        file: (/** @type {number} */ n) => path.join(root, "supabase/migrations", migrations(root)[n] ?? ""),
        use: (/** @type {(sql: any) => Promise<any>} */ use) => inSession(url, use),
        version: async () => (await inSession(url, (sql) => sql`select public.email_queue_version() as version`))[0].version,
        history: async () => (await inSession(url, (sql) => sql`select name from supabase_migrations.schema_migrations order by version`)).map((/** @type {any} */ { name }) => name),
        push: async () => {
          const { code, stdout, stderr } = await program(path.join(bin, "supabase"), pushTo(major, `${url}?sslmode=disable`), { cwd: root, cli: bin });
          return { code, said: stdout + stderr };
        },
        pushes: async () => {
          const { code, said } = await here.push();
          assert.equal(code, 0, said);
          return said;
        },
        run: async (/** @type {string[]} */ args, from = "0.0.2") => {
          const { code, stderr } = await command([...args, ...here.asked], { cwd: root, cli: bin, package: packages[from] ?? "" });
          assert.equal(code, 0, stderr);
          return stderr;
        },
      };
      if (queue) {
        await here.run(["init", "--offline"], "0.0.1");
        fs.writeFileSync(here.file(1), edit(fs.readFileSync(here.file(1), "utf8")));
        // As a push does it, which takes seconds.
        await here.use(async (sql) => {
          for (const n of [0, 1]) await sql.unsafe(fs.readFileSync(here.file(n), "utf8"));
          await sql.unsafe(markApplied(here.migrations().map((file) => ({ version: file.slice(0, 14), name: file.slice(15, -4) }))));
          await sql.unsafe(`select public.email_queue_enqueue(${MAIL})`);
        });
        assert.equal(await here.version(), "0.0.1");
      }
      return here;
    }

    /** The address of a database that was never upgraded. @param {{installation: () => string}} of @param {string} name */
    async function fresh(of, name) {
      await inSession(postgres.url, (sql) => sql.unsafe(`create database ${name}`));
      await inSession(postgres.urlOf(name), (sql) => sql.unsafe(of.installation()));
      return postgres.urlOf(name);
    }

    /** That it is as if 0.0.2 had been installed, and works. @param {Awaited<ReturnType<typeof world>>} here @param {string} made */
    async function isUpgraded(here, made) {
      assert.deepEqual(await differences(here.url, made), []);
      assert.equal(await here.version(), "0.0.2");
      const state = await here.use(async (sql) => (await sql.unsafe(`select public.email_queue_enqueue(${MAIL}) ->> 'created' as created,
        (select count(*)::int from public.email_queue) as mails, (select string_agg(f ->> 'detail', '; ') from email_queue_private.doctor_schema() as f where f ->> 'status' <> 'ok') as wrong`))[0]);
      assert.deepEqual({ ...state }, { created: "true", mails: 1, wrong: null });
    }

    test("upgraded is as installed, in the project's database and in one that replays the migrations", async () => {
      const here = await world();
      const said = await here.run(["upgrade"]);
      assert.match(said, /email-queue 0\.0\.1 → 0\.0\.2/);
      assert.doesNotMatch(said, /changed by hand/);
      assert.match(here.migrations()[2] ?? "", /^\d{14}_email_queue_0_0_2\.sql$/);
      assert.match(snapshot(here.root)["supabase/functions/process-email-queue/index.ts"] ?? "", /^\/\/ email-queue 0\.0\.2 /m);
      assert.match(await here.run(["upgrade", "--offline"]), /Nothing to do: email-queue 0\.0\.2 is in/);
      await here.pushes();
      await isUpgraded(here, second);
      write(path.join(here.root, "supabase/migrations/29990101000000_later.sql"), "create table public.later (id integer);");
      await here.pushes();

      const again = await world({ queue: false });
      for (const file of here.migrations()) fs.copyFileSync(path.join(here.root, "supabase/migrations", file), path.join(again.root, "supabase/migrations", file));
      await again.pushes();
      await again.use((sql) => sql.unsafe(`select public.email_queue_enqueue(${MAIL})`));
      await isUpgraded(again, second);
    });

    test("a migration that fails at its end changes nothing, and is applied when it is mended", async () => {
      const here = await world();
      await here.run(["upgrade", "--offline"]);
      const whole = fs.readFileSync(here.file(2), "utf8");
      fs.writeFileSync(here.file(2), `${whole}select 1 / 0;\n`);
      const { code, said } = await here.push();
      assert.notEqual(code, 0);
      assert.match(said, /division by zero/);
      assert.equal(await here.version(), "0.0.1");
      assert.deepEqual(await differences(here.url, await fresh(one, "first")), []);
      assert.deepEqual(await here.history(), ["theirs", "email_queue_0_0_1"]);
      fs.writeFileSync(here.file(2), whole);
      await here.pushes();
      await isUpgraded(here, second);
    });

    test("it applies to its own version only, and says what to do", async () => {
      const here = await world();
      await here.run(["upgrade", "--offline"]);
      await here.pushes();
      // Two branches.
      const [, first = "", file = ""] = here.migrations();
      fs.copyFileSync(here.file(2), path.join(here.root, "supabase/migrations/29990101000000_email_queue_0_0_2.sql"));
      const { code, said } = await here.push();
      assert.notEqual(code, 0);
      assert.match(said, /this migration upgrades from 0\.0\.1 to 0\.0\.2, and this database has 0\.0\.2 already\. Nothing was changed\. Where two branches have both run email-queue upgrade: delete the second file/);
      assert.ok(said.length < 3000, `${said.length} characters`);
      for (const args of [["upgrade"], ["init"]]) await refuses(here.root, [...args, ...here.asked], new RegExp(`two migrations upgrade the queue from 0\\.0\\.1: ${file} and 29990101000000_email_queue_0_0_2\\.sql`), { cli: bin, package: packages["0.0.2"] });
      fs.rmSync(path.join(here.root, "supabase/migrations/29990101000000_email_queue_0_0_2.sql"));

      // An older package.
      await refuses(here.root, ["upgrade", ...here.asked], /version 0\.0\.2 of the queue, which is newer than this package \(0\.0\.1\)/, { cli: bin, package: packages["0.0.1"] });
      // Another branch, which has not got the upgrade yet.
      fs.renameSync(here.file(2), path.join(folder.path, `${version}.sql`));
      await refuses(here.root, ["upgrade", ...here.asked], /version 0\.0\.2 of the queue, which is newer than this package \(0\.0\.1\)/, { cli: bin, package: packages["0.0.1"] });
      await refuses(here.root, ["upgrade", ...here.asked], new RegExp(`the database has email-queue 0\\.0\\.2 from the migration ${file}, which is not in this folder`), { cli: bin, package: packages["0.0.2"] });

      const empty = await world({ queue: false });
      fs.copyFileSync(path.join(folder.path, `${version}.sql`), path.join(empty.root, "supabase/migrations", first));
      const alone = await empty.push();
      assert.match(alone.said, /upgrades from 0\.0\.1 to 0\.0\.2, and the queue is not installed in this database\. Nothing was changed/);
    });

    test("upgraded directly: the migration is written, and counts as applied", async () => {
      const here = await world();
      await findCli(here.root, { ...process.env, PATH: `${bin}:${process.env.PATH}` }).query({ url: `${here.url}?sslmode=disable` }, asOneStatement(two.migration().text));
      await isUpgraded(here, second);
      const said = await here.run(["upgrade"]);
      assert.ok(said.includes(`mark    ${here.migrations()[2]?.slice(0, 14)} as applied`), said);
      assert.match(await here.pushes(), /up to date/);
      assert.deepEqual(await here.history(), ["theirs", "email_queue_0_0_1", "email_queue_0_0_2"]);
    });

    test("a schema that was changed by hand is upgraded, and what was changed is named", async () => {
      const here = await world({
        edit: (text) => text.replace("create index message_dead_letters on email_queue_private.message (id) include (type, reason) where reason is not null;\n", "")
          .replace(/^comment on index email_queue_private\.message_dead_letters.*\n/m, "").replace("perform nextval('email_queue_private.enqueued_here'); -- See identity.", "perform nextval('email_queue_private.enqueued_here');"),
      });
      await here.use((sql) => sql.unsafe("create index by_hand on email_queue_private.message (priority); alter table email_queue_private.call drop constraint call_cause_is_known"));
      assert.match(await here.run(["upgrade", "--offline"]), /not as this package writes them \(changed by hand, or of another build\): supabase\/migrations\/\d{14}_email_queue_0_0_1\.sql/);
      // What the step needs is gone: it is said, and nothing is changed.
      const { code, said } = await here.push();
      assert.notEqual(code, 0);
      assert.match(said, /message_dead_letters/);
      assert.equal(await here.version(), "0.0.1");
      await here.use((sql) => sql.unsafe("create index message_dead_letters on email_queue_private.message (id) include (type, reason) where reason is not null"));
      await here.pushes();
      const drift = await here.use((sql) => sql`select f ->> 'detail' as drift from email_queue_private.doctor_schema() as f where f ->> 'check' = 'schema'`);
      assert.equal(drift[0].drift, "constraint call_cause_is_known is gone, index email_queue_private.by_hand is new, index email_queue_private.message_dead_letters is new");
      await here.use((sql) => sql.unsafe("drop index email_queue_private.by_hand; alter table email_queue_private.call add constraint call_cause_is_known check (cause in ('schedule', 'wake', 'hand')); call email_queue_private.record_schema()"));
      await isUpgraded(here, second);
    });

    test("squashed migrations are upgraded", { skip: version !== 15 && "no machine has the pg_dump of 17" }, async () => {
      const here = await world();
      const squashed = await dump(here.url, "--schema-only", "--no-owner");
      for (const n of [1, 0]) fs.rmSync(here.file(n));
      write(path.join(here.root, "supabase/migrations/20260101000000_squashed.sql"), squashed);
      await here.use((sql) => sql.unsafe("delete from supabase_migrations.schema_migrations where true; insert into supabase_migrations.schema_migrations values ('20260101000000', '{}', 'squashed')"));
      await here.run(["upgrade"]);
      assert.match(here.migrations()[1] ?? "", /_email_queue_0_0_2\.sql$/);
      await here.pushes();
      await isUpgraded(here, second);

      // A database that replays them has the schema, and no row.
      const again = await world({ queue: false });
      await restore(again.url, squashed);
      await again.use((sql) => sql.unsafe(fs.readFileSync(here.file(1), "utf8")));
      await again.use((sql) => sql.unsafe(`select public.email_queue_enqueue(${MAIL})`));
      await isUpgraded(again, second);
    });

    test("who reads the queue for long keeps the upgrade waiting, and nobody else", async () => {
      const here = await world();
      await here.run(["upgrade", "--offline"]);
      let longest = 0;
      let going = true;
      const enqueues = here.use(async (sql) => {
        while (going) {
          const start = performance.now();
          await sql.unsafe(`select public.email_queue_cancel((public.email_queue_enqueue(${MAIL}) ->> 'id')::uuid)`);
          longest = Math.max(longest, performance.now() - start);
          await sleep(20);
        }
      });
      await inSession(here.url, async (reader) => {
        // The table that every enqueue writes to.
        await reader.unsafe("begin; select count(*) from email_queue_private.message");
        const { code, said } = await here.push();
        assert.notEqual(code, 0);
        assert.match(said, /the upgrade from 0\.0\.1 to 0\.0\.2 waited for a lock, and gave up so that no enqueue waits for it\. Nothing was changed\. Apply this migration again, when what uses the queue has ended: .*process \d+ \(postgres, a-report, idle in transaction, since /);
        assert.ok(said.length < 3000, `${said.length} characters`);
        assert.equal(await here.version(), "0.0.1");
        // One that ends while the upgrade waits.
        const pushing = here.push();
        await waitFor(async () => (await here.use((sql) => sql`select count(*)::int as n from pg_locks where not granted and relation = 'email_queue_private.message'::regclass and mode = 'AccessExclusiveLock'`))[0].n > 0, { what: "the upgrade waits" });
        await reader.unsafe("commit");
        assert.equal((await pushing).code, 0);
      }, { connection: { application_name: "a-report" } });
      going = false;
      await enqueues;
      assert.ok(longest < 6_000, `an enqueue took ${longest} ms`);
      await here.use((sql) => sql`delete from email_queue_private.message where status = 'cancelled'`);
      await isUpgraded(here, second);
    });
  });
}
