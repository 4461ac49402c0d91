// From a version to the next with mail under way, by migrations and directly, on PostgreSQL 15 and 17: the previous function goes on with
// the new schema, until the new one is deployed, and each mail is accepted once. The versions are made as releases are.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { sleep, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { clis, command, migrations, newProject, packageWith } from "../command/support/place.mjs";
import { Database } from "../faults/support/database.mjs";
import { testVersions } from "./support/versions.mjs";
import { startWorld } from "./support/world.mjs";

const folder = tempFolder("versions under way");
const { one, two } = testVersions(folder.path);
const packages = Object.fromEntries([one, two].map((version) => {
  const to = packageWith(folder, {});
  version.addTo(to);
  return [version.version, to];
}));
const bins = Object.fromEntries(await clis());
after(() => folder.remove());

const MIGRATION = /^\d{14}_email_queue_(\d+_\d+_\d+)\.sql$/;

for (const [version, cli, direct] of /** @type {const} */ ([[15, "3", true], [15, "2", false], [17, "3", false], [17, "2", true]])) {
  describe(`PostgreSQL ${version}, the Supabase CLI ${cli}, ${direct ? "directly" : "by migrations"}`, () => {
    /** @type {Awaited<ReturnType<typeof startWorld>>} */
    let world;
    const root = newProject(folder, `${version} ${cli}`);
    if (direct) fs.rmSync(path.join(root, "supabase"), { recursive: true });
    before(async () => {
      world = await startWorld(`versions_${version}_${cli}`);
      world.envFile = path.join(root, ".env");
      await world.admin("config", { keepEmails: 10_000 });
      world.writeEnv(direct ? { SUPABASE_DB_URL: undefined } : {});
    });
    after(() => world?.stop());

    /** @param {string[]} args @param {string} from the package's version */
    const run = (args, from) => command([...args, "--yes"], {
      cwd: root, cli: bins[cli] ?? "", package: packages[from] ?? "", env: { SUPABASE_PROFILE: path.join(world.folder, "profile.yaml"), SUPABASE_API_URL: world.platform.url },
    });
    /** @param {string[]} args @param {string} from */
    async function runs(args, from) {
      const { code, stderr } = await run(args, from);
      assert.equal(code, 0, stderr);
      return stderr;
    }
    const deploy = (/** @type {string} */ from) => run(["deploy", "--use-api", ...direct ? ["--direct"] : []], from);

    let enqueued = 0;
    /** @param {number} count @param {object} [options] */
    const enqueue = async (count, options = {}) => await new Database(world.sql).enqueue(Array.from({ length: count }, () =>
      ({ ...options, payload: { to: `user-${++enqueued}@b.example`, subject: "Under way", text: "Hi" } })));
    /** That each was accepted once, and that nothing else has become of any. */
    async function areAccepted() {
      const open = () => world.sql`select count(*)::int as n from public.email_queue where status not in ('completed', 'failed', 'cancelled') and run_at < now() + interval '1 minute'`;
      await waitFor(async () => (await open())[0].n === 0, { timeout: 180_000, what: "all that is due" });
      const { emails } = await (await fetch(`${world.sandbox.url}/_sandbox/emails?limit=100000`)).json();
      const to = emails.filter((/** @type {any} */ { subject }) => subject === "Under way").map((/** @type {any} */ email) => email.to[0]);
      assert.deepEqual([to.length, new Set(to).size], [enqueued - scheduled, enqueued - scheduled]);
      assert.deepEqual(await new Database(world.sql).lost(), []);
    }
    let scheduled = 0;
    const installed = async () => (await world.sql`select public.email_queue_version() as version`)[0].version;
    const deployed = () => /^\/\/ email-queue (\S+) /m.exec(Object.entries(world.platform.deployed?.files ?? {}).find(([name]) => name.endsWith("index.ts"))?.[1] ?? "")?.[1];

    test("the first version sends", async () => {
      if (!direct) await runs(["init", "--offline"], "0.0.1");
      const { code, stderr } = await deploy("0.0.1");
      assert.equal(code, 0, stderr);
      assert.deepEqual([await installed(), deployed()], ["0.0.1", "0.0.1"]);
      await enqueue(3);
      await areAccepted();
    });

    test("the schema changes while a run is under way, and the previous function goes on", async () => {
      await world.admin("config", { latencyMs: 500 });
      [scheduled] = [(await enqueue(1, { delay_ms: 3_600_000 })).length];
      await enqueue(300);
      await waitFor(async () => (await world.sql`select count(*)::int as n from email_queue_private.dispatch where begun`)[0].n > 0, { interval: 5, timeout: 120_000, what: "a request under way" });
      if (!direct) {
        await runs(["upgrade", "--offline"], "0.0.2");
        assert.deepEqual(migrations(root).map((file) => MIGRATION.exec(file)?.[1]), ["0_0_1", "0_0_2"]);
      }
      // More comes in meanwhile.
      world.platform.refused.set("POST functions/deploy", 403);
      const deploying = deploy("0.0.2");
      while (await installed() === "0.0.1") await enqueue(1).then(() => sleep(20));
      const { code, stderr } = await deploying;
      world.platform.refused.clear();
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the function was not deployed/);
      assert.deepEqual([await installed(), deployed()], ["0.0.2", "0.0.1"]);
      await enqueue(30);
      await areAccepted();
      const [row] = await world.sql`select (select count(*)::int from public.email_queue where origin is not null) as before, public.email_queue_stats() -> 'origins' as origins`;
      assert.ok(row.before > 0 && row.origins === 0, "the columns and the function are there");
    });

    test("the new function is deployed, and takes what waits", async () => {
      await world.admin("config", { latencyMs: 0 });
      world.platform.down = true;
      await enqueue(30);
      const { code, stderr } = await deploy("0.0.2");
      assert.equal(code, 0, stderr);
      assert.match(stderr, /Healthy\./);
      assert.deepEqual([await installed(), deployed()], ["0.0.2", "0.0.2"]);
      await enqueue(3);
      await areAccepted();
      const [{ waits }] = await world.sql`select count(*)::int as waits from public.email_queue where status = 'pending'`;
      assert.equal(waits, scheduled);
    });

    test("an older package is refused", async () => {
      const { code, stderr } = await deploy("0.0.1");
      assert.equal(code, 1, stderr);
      assert.match(stderr, /version 0\.0\.2 of the queue, which is newer than this package \(0\.0\.1\)/);
    });
  });
}
