// Every public function through the whole path, PostgREST's protocol and a login as authenticator, on each kind of project.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { migrate, startLite, stopAll } from "../../scripts/lib/stack.mjs";
import { callAll } from "./support/calls.mjs";
import { addExtensions, api, asRole, inSession, startProject } from "./support/world.mjs";

after(stopAll);

const KINDS = /** @type {const} */ ([
  [15, { preload: "safeupdate", grants: "old" }],
  [15, { preload: "supautils, safeupdate", grants: "new" }],
  [17, { preload: "safeupdate", grants: "new" }],
  [17, { preload: "supautils, safeupdate", grants: "old" }],
]);

for (const [version, project] of KINDS) {
  test(`PostgreSQL ${version}, ${project.preload}, ${project.grants} grants: every function as service_role`, { timeout: 120_000 }, async () => {
    const postgres = await startProject(version, project);
    await migrate(postgres.url);
    await addExtensions(postgres.url);
    const lite = await startLite({ driver: "postgres", databaseUrl: postgres.url, migrate: false });
    const answers = await callAll((name, args) => lite.rpc(name, args));
    const names = (await inSession(postgres.url, api)).map((name) => name.split("(")[0].replace("email_queue_", ""));
    assert.deepEqual(Object.keys(answers).sort(), names.sort(), "none is left out");
    const woken = await inSession(postgres.url, async (sql) => (await sql`select count(*)::int as n from email_queue_private.call where cause = 'wake'`)[0].n);
    assert.ok(woken > 0, "service_role's enqueue woke the function");
    await lite.stop();

    await asRole(postgres.apiUrl, "service_role", async (sql) => {
      // What refuses elsewhere is really there.
      await sql.unsafe("create temp table note (id int)");
      await assert.rejects(sql.unsafe("delete from note"), { code: "21000", message: "DELETE requires a WHERE clause" });
      const made = sql.unsafe("create extension plpgsql_check").then(() => "made", (/** @type {any} */ { code }) => code);
      assert.equal(await made, version === 17 ? "0A000" : project.preload === "safeupdate" ? "42501" : "made");
    });
    await postgres.stop();
  });
}
