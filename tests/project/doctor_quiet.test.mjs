// No alarm where nothing is wrong: right after installation, with a backlog, after a restart and a crash, without pg_net's
// answers, while a run listens.
import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { inSession } from "./support/world.mjs";
import { startPatient } from "./support/doctor.mjs";
import { waitFor } from "../../scripts/lib/stack.mjs";

for (const version of [15, 17]) {
  describe(`PostgreSQL ${version}`, () => {
    /** @type {Awaited<ReturnType<typeof startPatient>>} */
    let patient;
    before(async () => void (patient = await startPatient(version, { called: false })));
    after(() => patient?.stop());
    const quiet = async () => assert.deepEqual(await patient.ills(), []);
    const finding = async (/** @type {string} */ check) => (await patient.finding(check))?.detail ?? "";

    test("right after installation, before the first call and the first mail", quiet);

    test("the first call is a second old, and then one minute unanswered because a crash has taken it", async () => {
      await patient.network.stall();
      await patient.sql`select public.email_queue_call()`;
      await quiet();
      await patient.admin`update email_queue_private.call set called_at = called_at - interval '10 minutes'`;
      await patient.admin`truncate net.http_request_queue`;
      await crash();
      await quiet();
      patient.network.restart();
    });

    /** As a backend that dies: the postmaster goes on, and unlogged tables are empty. pg_net's worker is stalled then: it dies, too, and writes no answer of before. */
    async function crash() {
      await patient.network.stall();
      const started = await patient.postgresStarted();
      const [{ pid }] = await inSession(patient.postgres.adminUrl, (sql) => sql`select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`, { fetch_types: false });
      process.kill(pid, "SIGKILL");
      await waitFor(async () => await patient.postgresStarted().catch(() => started) > started, { timeout: 60_000, what: "the recovery" });
      await connected();
    }

    /** Each session of each pool, of which some may have tried too early. */
    async function connected() {
      for (const pool of [patient.sql, patient.sql, patient.admin, patient.api, patient.api]) {
        await waitFor(() => Promise.all([pool`select pg_sleep(0.05)`, pool`select pg_sleep(0.05)`]).then(() => true, () => false), { timeout: 60_000, what: "a connection" });
      }
    }

    // The ids are none that a call of the schedule's may get meanwhile.
    test("after a crash, whose requests are gone and whose ids begin again, and others get answers with the ids of our calls", async () => {
      await patient.call();
      await patient.sql`update email_queue_private.call set called_at = called_at - interval '20 minutes'`;
      await patient.sql`insert into email_queue_private.call (request_id, called_at, cause) select n, clock_timestamp() - interval '5 minutes', 'schedule' from generate_series(1001, 1009) as n`;
      await crash();
      assert.equal((await patient.sql`select from net._http_response`).length, 0, "the tables are unlogged");
      await patient.admin`insert into net._http_response (id, status_code, content) select n, 401, 'theirs' from generate_series(1001, 1009) as n`;
      await quiet();
      assert.equal(await finding("answers"), "pg_net has kept no answer to a call");
      await patient.admin`insert into net.http_request_queue (id, method, url, headers, timeout_milliseconds) values (1005, 'POST', 'http://127.0.0.1:1', '{}', 5000)`;
      await quiet();
      await patient.admin`truncate net.http_request_queue`;
      patient.network.restart();
    });

    test("after a crash a run that was under way is not taken for killed", async () => {
      await patient.sql`insert into email_queue_private.run (id, cause, started_at, last_seen_at) values (gen_random_uuid(), 'schedule', clock_timestamp() - interval '20 minutes', clock_timestamp() - interval '10 minutes')`;
      await quiet();
    });

    test("after a restart, and a time in which nothing ran", async () => {
      await patient.sql`update email_queue_private.wiring set scheduled_at = scheduled_at - interval '3 days'`;
      await patient.admin`update cron.job_run_details set start_time = start_time - interval '3 days'`;
      await patient.postgres.restart();
      await connected();
      await quiet();
    });

    test("answers are emptied, or kept for no longer than a moment", async () => {
      await patient.call();
      await patient.admin`truncate net._http_response`;
      await patient.sql`update email_queue_private.call set called_at = called_at - interval '10 seconds'`;
      await quiet();
    });

    test("a backlog that is worked off", async () => {
      // The schedule's call at a full minute would send all of it.
      await patient.network.stall();
      await patient.sql`select public.email_queue_wake(false)`;
      await patient.sql`select public.email_queue_enqueue(jsonb_build_object('to', 'user@b.example', 'subject', 'Hello', 'text', n::text)) from generate_series(1, 500) as n`;
      await patient.sql`update email_queue_private.ready set run_at = run_at - interval '2 hours'`;
      // One dispatch of it is sent.
      await patient.send(1);
      assert.match(await finding("oldest message"), /^the oldest due e-mail has waited 7\d\d\d seconds, while mail is being sent$/);
      await quiet();
      await patient.send();
      await patient.sql`select public.email_queue_wake(true, '2500 milliseconds')`;
      await quiet();
      patient.network.restart();
    });

    test("a run that listens makes the calls rare", async () => {
      await patient.sql`insert into email_queue_private.run (id, cause, started_at, last_seen_at) values (gen_random_uuid(), 'wake', clock_timestamp() - interval '4 minutes', clock_timestamp())`;
      await patient.sql`select setval('email_queue_private.next_wake', floor(extract(epoch from clock_timestamp()) * 1000)::bigint + 9000)`;
      const [{ answer }] = await patient.sql`select public.email_queue_call('schedule') as answer`;
      assert.deepEqual(answer, { request_id: null, listening: true });
      await patient.sql`update email_queue_private.call set called_at = called_at - interval '4 minutes'`;
      await quiet();
    });

    test("the limit that the provider names is lower than the ceiling", async () => {
      await patient.sql`update email_queue_private.budget set learned_limit = 2`;
      await quiet();
    });

    test("another's job that only enqueues, and another's of the name of no job of ours", async () => {
      await patient.paste("select cron.schedule('digest', '0 0 1 1 *', 'select public.email_queue_enqueue(null)');", "supabase_admin");
      await quiet();
    });
  });
}
