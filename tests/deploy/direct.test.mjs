// `email-queue deploy --direct`: into a project that is kept in the dashboard, by its reference and an access token alone; into a repository
// later; and out again. On PostgreSQL 15 and 17.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { clis, command, migrations, newProject, packageWith, program, pushTo, real, realVersion, snapshot, upgradeTo, write } from "../command/support/place.mjs";
import { PROJECT, startWorld } from "./support/world.mjs";

const NEXT = "9.0.0";
const folder = tempFolder("deploy directly");
after(() => folder.remove());

for (const [version, cli] of /** @type {const} */ ([[15, "2"], [17, "3"]])) {
  describe(`PostgreSQL ${version}, the Supabase CLI ${cli}`, () => {
    /** @type {Awaited<ReturnType<typeof startWorld>>} */
    let world;
    /** @type {string} */
    let bin;
    const here = path.join(folder.path, `nothing but env ${version}`);

    before(async () => {
      world = await startWorld(`direct_${version}`);
      bin = Object.fromEntries(await clis())[cli] ?? "";
      fs.mkdirSync(here);
      world.envFile = path.join(here, ".env");
      // By reference: no address of the database, and no password of it.
      world.writeEnv({ SUPABASE_DB_URL: undefined });
      await world.sql`insert into supabase_migrations.schema_migrations values ('20250101000000', '{}', 'mine')`;
    });
    after(() => world?.stop());

    /** @param {string[]} args @param {{cwd?: string, package?: string}} [how] */
    async function run(args, how = {}) {
      const env = { SUPABASE_PROFILE: path.join(world.folder, "profile.yaml"), SUPABASE_API_URL: world.platform.url };
      const { code, stdout, stderr } = await command(args, { cwd: here, cli: bin, env, ...how });
      for (const secret of world.secretsOfIt) assert.ok(!(stdout + stderr).includes(secret), `a secret (${secret.slice(0, 4)}…) is in the output`);
      return { code, stdout, stderr };
    }
    /** @param {string[]} args @param {{cwd?: string, package?: string}} [how] */
    async function runs(args, how) {
      const { code, stderr } = await run(args, how);
      assert.equal(code, 0, stderr);
      return stderr;
    }
    const everything = async () => ({ files: snapshot(here), secrets: Object.fromEntries(world.platform.secrets), deployed: world.platform.deployed, history: await history(), objects: await objects() });
    const history = async () => (await world.sql`select version from supabase_migrations.schema_migrations order by version`).map((/** @type {any} */ row) => row.version);
    const objects = async () => (await world.sql`select p.proname as name from pg_proc as p where p.pronamespace = 'public'::regnamespace
      union all select n.nspname from pg_namespace as n where n.nspname = 'email_queue_private' order by 1`).map((/** @type {any} */ { name }) => name);
    /** @param {string[]} args @param {RegExp} message @param {object} [how] */
    async function refuses(args, message, how) {
      const before = await everything();
      const { code, stderr } = await run(args, how);
      assert.equal(code, 1, stderr);
      assert.match(stderr, message);
      assert.match(stderr, /^ {3}→ ./m, "and what to do");
      assert.deepEqual(await everything(), before);
    }
    const sends = async () => {
      const id = await world.enqueue();
      await waitFor(async () => await world.status(id) === "completed", { timeout: 120_000, what: "the mail that was enqueued" });
    };

    test("a dry run says what would be done, and changes nothing", async () => {
      const before = await everything();
      assert.match(await runs(["deploy", "--direct", "--use-api", "--dry-run"]), new RegExp(`install the schema of ${realVersion()}, at once`));
      assert.deepEqual(await everything(), before);
    });

    test("names that are taken are refused before anything is changed", async () => {
      await world.sql`create function public.email_queue_wake() returns text language sql as $$ select 'theirs'::text $$`;
      await refuses(["deploy", "--direct", "--use-api"], /names that the queue needs are taken: function .*email_queue_wake\(\)\. Nothing was changed/);
      await world.sql`drop function public.email_queue_wake()`;
    });

    test("a schema that fails in its middle leaves nothing", async () => {
      const broken = packageWith(folder, { [`${realVersion()}.sql`]: `${real()}\ncreate table email_queue_private.setting ();\n` });
      const before = await objects();
      const { code, stderr } = await run(["deploy", "--direct", "--use-api"], { package: broken });
      assert.equal(code, 1, stderr);
      assert.match(stderr, /42P07: relation "setting" already exists/);
      assert.deepEqual([await objects(), await history(), world.platform.deployed], [before, ["20250101000000"], null]);
    });

    test("it brings everything, writes no migration, and a mail is sent", async () => {
      const said = await runs(["deploy", "--direct", "--use-api"]);
      assert.match(said, /Healthy\./);
      assert.deepEqual(await history(), ["20250101000000"]);
      assert.deepEqual(fs.readdirSync(here), [".env"]);
      assert.ok(!world.platform.asked.some((what) => /cli\/login-role|pooler/.test(what)), "no connection to the database was asked for");
      await sends();
      const once = await world.state();
      await runs(["deploy", "--direct", "--use-api"]);
      assert.deepEqual(await world.state(), once);
      assert.match((await run(["doctor"])).stdout, /Healthy\./);
    });

    test("another name of the function is remembered by the database, and theirs of the usual name stays", async () => {
      const theirs = { metadata: { verify_jwt: false, entrypoint_path: "index.ts" }, files: { "index.ts": "// theirs" } };
      await runs(["deploy", "--direct", "--use-api", "--function-name", "mail-worker"]);
      world.platform.deployed = theirs;
      assert.match(await runs(["deploy", "--direct", "--use-api"]), /deploy +the function mail-worker\n/);
      assert.equal(world.platform.deployed, theirs);
      await sends();
      await refuses(["deploy", "--direct", "--use-api", "--function-name", "process-email-queue"], /there is no terminal to answer "The project has a function process-email-queue that its database does not call/);
      assert.match(await runs(["uninstall", "--direct", "--dry-run"]), /mail-worker|at once/);
      world.platform.functions.delete("mail-worker");
      world.platform.deployed = null;
      await runs(["deploy", "--direct", "--use-api", "--function-name", "process-email-queue"]);
    });

    test("that the function of reports is left out is remembered", async () => {
      const env = fs.readFileSync(world.envFile);
      world.platform.functions.delete("email-queue-events");
      assert.match(await runs(["deploy", "--direct", "--use-api", "--without-events"]), /EMAIL_QUEUE_EVENTS=off in \.env/);
      assert.match(fs.readFileSync(world.envFile, "utf8"), /^EMAIL_QUEUE_EVENTS=off$/m);
      await runs(["deploy", "--direct", "--use-api"]);
      assert.equal(world.platform.functions.has("email-queue-events"), false);
      await refuses(["deploy", "--direct", "--use-api", "--events-function-name", "x"], /EMAIL_QUEUE_EVENTS=off, leaves out/);
      fs.writeFileSync(world.envFile, env);
      await runs(["deploy", "--direct", "--use-api"]);
      assert.equal(world.platform.functions.has("email-queue-events"), true);
    });

    test("a newer package upgrades it, by either name of the command, and an older one is refused", async () => {
      const newer = packageWith(folder, { [`${realVersion()}.sql`]: real(), [`${realVersion()}-${NEXT}.sql`]: upgradeTo(NEXT) });
      assert.match(await runs(["deploy", "--direct", "--dry-run"], { package: newer }), new RegExp(`upgrade the schema from ${realVersion()} to ${NEXT}, at once`));
      await runs(["upgrade", "--direct", "--use-api"], { package: newer });
      assert.equal((await world.sql`select public.email_queue_version() as version`)[0].version, NEXT);
      await sends();
      await refuses(["deploy", "--direct", "--use-api"], new RegExp(`the project has version ${NEXT} of the queue, which is newer than this package`));
      await world.sql.unsafe(upgradeTo(realVersion()));
    });

    test("a repository that comes later takes it over, and pushes its own", async () => {
      const root = newProject(folder, `later ${version}`, { "supabase/migrations/20250101000000_mine.sql": "select 1;" });
      fs.copyFileSync(world.envFile, path.join(root, ".env"));
      // Of a branch that did not know: the migration is there, without a mark.
      await runs(["init", "--yes", "--offline"], { cwd: root });
      await refuses(["deploy", "--use-api"], /the database has the queue already, and \d+_email_queue_\w+\.sql is not in its history\. Nothing was changed/, { cwd: root });
      const said = await runs(["init", "--yes", "--project-ref", PROJECT], { cwd: root });
      assert.match(said, /mark +\d{14} as applied: the database has it already/);
      const [, own] = migrations(root);
      assert.deepEqual(await history(), ["20250101000000", own?.split("_")[0]]);
      await runs(["deploy", "--use-api"], { cwd: root });
      await sends();
      const next = `${BigInt(own?.split("_")[0] ?? 0) + 1n}`;
      write(path.join(root, `supabase/migrations/${next}_more.sql`), "create table public.more (id integer);");
      const url = new URL(world.variables.SUPABASE_DB_URL ?? "");
      const PGPASSWORD = decodeURIComponent(url.password);
      url.password = "";
      const pushed = await program(path.join(bin, "supabase"), pushTo(cli, url.href), { cwd: root, cli: bin, env: { PGPASSWORD } });
      assert.equal(pushed.code, 0, pushed.stderr);
      // From now on the repository has the say.
      const newer = packageWith(folder, { [`${realVersion()}.sql`]: real(), [`${realVersion()}-${NEXT}.sql`]: upgradeTo(NEXT) });
      await refuses(["deploy", "--direct", "--use-api"], /the database has the queue from a repository's migration: \d+_email_queue_/, { package: newer });
      await refuses(["uninstall", "--direct", "--yes"], /the database has the queue from a repository's migration/);
      await world.sql`delete from supabase_migrations.schema_migrations where version <> '20250101000000'`;
    });

    test("and out again, once no mail is open", async () => {
      const id = (await world.sql`select public.email_queue_enqueue(${world.sql.json({ to: "user@b.example", subject: "Hello", text: "Hi" })}, p_run_at => now() + interval '1 day') as answer`)[0].answer.id;
      await refuses(["uninstall", "--direct", "--yes"], /the queue is in use: 1 message is open/);
      await world.sql`select public.email_queue_cancel(${id})`;
      const said = await runs(["uninstall", "--direct", "--yes"]);
      for (const name of ["process-email-queue", "email-queue-events"]) assert.match(said, new RegExp(`supabase functions delete ${name}`));
      assert.deepEqual((await objects()).filter((/** @type {string} */ name) => name.startsWith("email_queue")), []);
      assert.deepEqual(fs.readdirSync(here), [".env"]);
    });

    test("and in by migrations: init, deploy, a mail", async (t) => {
      const root = newProject(folder, `migrations ${version}`, { "supabase/migrations/20250101000000_mine.sql": "select 1;" });
      fs.writeFileSync(path.join(root, ".env"), `${fs.readFileSync(world.envFile, "utf8")}SUPABASE_DB_URL=${world.variables.SUPABASE_DB_URL}\n`, { mode: 0o600 });
      // As the uninstall has said.
      world.platform.functions.clear();
      const begin = performance.now();
      await runs(["init", "--yes"], { cwd: root });
      assert.match(await runs(["deploy", "--use-api"], { cwd: root }), /push +supabase\/migrations\/\d{14}_email_queue_/);
      await sends();
      t.diagnostic(`init, deploy and a mail sent: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
      assert.deepEqual(await history(), migrations(root).map((name) => name.split("_")[0]));
    });
  });
}
