// Sign-ups go on while the schema goes from one version to the next: a call of Supabase Auth's hook has its mail or its answer in time.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { stopAll, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { testVersions } from "../deploy/support/versions.mjs";
import { authEvent, callHook } from "./support/auth_events.mjs";
import { over } from "./support/calls.mjs";
import { inSession, startProject } from "./support/world.mjs";

const folder = tempFolder("upgrade of the hook");
after(stopAll);
after(() => folder.remove());

const BUSY = { error: { http_code: 503, message: "The e-mail could not be queued, because the database is busy. Try again in a moment." } };

for (const version of /** @type {const} */ ([15, 17])) {
  test(`PostgreSQL ${version}: while a reader holds up the upgrade, while it runs and after it`, async () => {
    const { one, two } = testVersions(folder.path);
    const postgres = await startProject(version, { grants: "new" });
    await inSession(postgres.url, (sql) => sql.unsafe(one.installation()));
    await inSession(postgres.url, (sql) => over(sql)("email_queue_configure", { p_settings: { default_sender: "Shop <shop@a.example>" } }));
    const installed = () => inSession(postgres.url, async (sql) => (await sql`select public.email_queue_version() as v`)[0].v);

    const calls = { mail: 0, busy: 0 };
    let ended = false;
    const signUps = Array.from({ length: 2 }, () => inSession(postgres.urlOf("postgres", "supabase_auth_admin"), async (auth) => {
      while (!ended) {
        const answer = await auth.begin((/** @type {any} */ sign) => callHook(sign, authEvent("signup")));
        if (Object.keys(answer).length > 0) assert.deepEqual(answer, BUSY);
        calls[answer.error ? "busy" : "mail"]++;
      }
    }));
    /** @param {number} more */
    const mails = async (more) => {
      const until = calls.mail + more;
      await waitFor(() => calls.mail >= until, { what: `${more} more mails of Auth` });
    };
    await mails(5);

    /** @type {Promise<unknown> | undefined} */
    let upgrade;
    await inSession(postgres.url, (reading) => reading.begin(async (/** @type {any} */ reader) => {
      // The table that the hook writes to: its calls queue up behind the upgrade.
      await reader`select count(*) from email_queue_private.message`;
      upgrade = inSession(postgres.url, (sql) => sql.unsafe(two.migration().text));
      upgrade.catch(() => {});
      const waits = () => inSession(postgres.url, async (sql) => (await sql`select 1 from pg_locks where not granted and mode = 'AccessExclusiveLock'`).length > 0);
      await waitFor(waits, { what: "the upgrade to wait for the reader" });
      await mails(5);
      assert.equal(await installed(), "0.0.1");
    }));
    await upgrade;
    assert.equal(await installed(), "0.0.2");
    await mails(5);
    ended = true;
    await Promise.all(signUps);
    const stored = await inSession(postgres.url, async (sql) => Number((await sql`select count(*) as n from public.email_queue`)[0].n));
    assert.equal(stored, calls.mail, "a call that was told of no error has its mail");
  });
}
