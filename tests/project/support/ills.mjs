// What can be wrong, how it comes about, and what the doctor must print. tests/deploy/doctor.test.mjs has what a deployment mends.
import assert from "node:assert/strict";
import { authEvent } from "./auth_events.mjs";
import { PROJECT, startPatient } from "./doctor.mjs";

/** @typedef {Awaited<ReturnType<typeof startPatient>>} Patient */
/**
 * @typedef {object} Ill
 * @property {string} check
 * @property {string} name
 * @property {(patient: Patient) => Promise<unknown>} breaks
 * @property {"warn" | "fail"} [status]
 * @property {RegExp} [detail] where a check has several findings
 * @property {string | RegExp} remedy the command that it ends with; or a pattern, for a remedy that has none (or runs: true)
 * @property {boolean} [runs]
 * @property {string} [other] a command in the middle of it, which is run instead
 * @property {string} [as] the role that runs it
 * @property {boolean} [waits] it shows after a while
 * @property {(patient: Patient) => Promise<unknown>} [beside] what happens besides: the outage ends, somebody does what is said
 * @property {boolean} [keeps] false: what it mends cannot be as it was
 * @property {(patient: Patient) => Promise<unknown>} [after] puts back what the test needs
 * @property {number} [only] a version of PostgreSQL
 */

/** What cannot be broken by itself here, and what is tested where. */
export const ELSEWHERE = {
  version: "tests/deploy/doctor.test.mjs",
  connection: "tests/deploy/doctor.test.mjs",
  "vault email_queue_url": "tests/deploy/doctor.test.mjs",
  "vault email_queue_secret": "tests/deploy/doctor.test.mjs",
  rows: "tests/deploy/doctor.test.mjs",
  "default sender": "tests/deploy/doctor.test.mjs",
  "refused events": "supabase/tests/the_doctor_says_whether_events_arrive.sql",
  rate: "is never ill",
  "wake-up": "is never ill",
  max_rows: "is never ill",
};

const mail = (/** @type {any} */ { sql }) => sql`select public.email_queue_enqueue(${sql.json({ to: "user@b.example", subject: "Hello", text: "Hi" })})`;
/** Of a sign-up. */
const authMail = (/** @type {Pick<Patient, "sql">} */ { sql }) => sql`select public.email_queue_auth_hook(${sql.json(authEvent("signup"))})`;
const ask = ({ api }, /** @type {string} */ url) => api`select public.email_queue_worker_work(${api.json({ project_url: url, claim: { tokens: [crypto.randomUUID()], lease_ms: 60_000 } })})`;
const unschedule = (/** @type {string} */ name) => (/** @type {Patient} */ patient) => patient.paste(`select cron.unschedule(jobid) from cron.job where jobname = 'email-queue-${name}';`);
const jobOf = (/** @type {string} */ name, /** @type {string} */ change) => ({ admin }) => admin.unsafe(`update cron.job set ${change} where jobname = '${name}'`);
const ranBadly = (/** @type {string} */ message) => ({ admin }) => admin`
  insert into cron.job_run_details (jobid, runid, command, status, return_message, start_time)
  select jobid, 1000000 + (select count(*) from cron.job_run_details), command, 'failed', ${message}, clock_timestamp() from cron.job where jobname = 'email-queue-run'`;
const forgetRuns = ({ admin }) => admin`delete from cron.job_run_details where runid >= 1000000`;
/** A call of three minutes ago is still in pg_net's queue. */
const unanswered = async (/** @type {Pick<Patient, "sql" | "admin">} */ { sql, admin }) => {
  await sql`select public.email_queue_call()`;
  await sql`update email_queue_private.call set called_at = called_at - interval '3 minutes'`;
  await admin`delete from net._http_response`;
};
/** Mails of two hours ago, with an event of this type each. */
const accepted = async (/** @type {Patient} */ { sql }, /** @type {number} */ count, /** @type {string | null} */ type = null) => {
  await sql`with mails as (
      insert into email_queue_private.message (id, created_at, run_at, completed_at, priority, max_attempts, attempts, bytes, type, status, provider_message_id)
      select gen_random_uuid(), t, t, t, 2, 1, 1, 0, 'email', 'completed', 'of-the-test-' || n from (select clock_timestamp() - interval '2 hours' as t) as t, generate_series(1, ${count}) as n returning id, provider_message_id)
    insert into email_queue_private.event (svix_id, ordinal, type, provider_message_id, recipient, occurred_at, received_at, message_id)
    select provider_message_id, 0, ${type}, provider_message_id, '', clock_timestamp(), clock_timestamp(), id from mails where ${type}::text is not null`;
};
const forgetAccepted = async (/** @type {Patient} */ { sql }) => {
  await sql`delete from email_queue_private.event where svix_id like 'of-the-test-%'`;
  await sql`delete from email_queue_private.message where provider_message_id like 'of-the-test-%'`;
  await sql`delete from email_queue_private.event_stream`;
};
const SCHEDULE = "select email_queue_schedule('*/1 * * * *');";

/** @type {Ill[]} */
const all = [
  { check: "writable", name: "the database is read-only", breaks: ({ sql }) => sql`alter database postgres set default_transaction_read_only = on`,
    remedy: "begin read write; alter database postgres reset default_transaction_read_only; commit;" },
  { check: "writable", name: "the owner is read-only", breaks: ({ sql }) => sql`alter role postgres set default_transaction_read_only = on`,
    remedy: "begin read write; alter role postgres reset default_transaction_read_only; commit;" },
  { check: "writable", name: "the server is read-only, as with a full disk", waits: true,
    breaks: async ({ admin }) => (await admin`alter system set default_transaction_read_only = on`, await admin`select pg_reload_conf()`),
    remedy: "alter system reset default_transaction_read_only; select pg_reload_conf();", as: "supabase_admin" },
  { check: "schema", name: "a function was changed", breaks: ({ sql }) => sql`alter function public.email_queue_prune(integer) cost 7`.then(() => sql`alter function public.email_queue_prune(integer) security definer`),
    remedy: "call email_queue_private.record_schema();",
    after: ({ sql }) => sql`alter function public.email_queue_prune(integer) security invoker`.then(() => sql`call email_queue_private.record_schema()`) },
  { check: "grants", name: "a function is open", breaks: ({ sql }) => sql`grant execute on function public.email_queue_stats() to anon`, remedy: "call email_queue_private.apply_grants();" },
  { check: "grants", name: "another role may do all", remedy: "call email_queue_private.apply_grants();",
    breaks: async ({ sql, admin }) => (await admin`create role reporting`, await sql`grant usage on schema email_queue_private to reporting`,
      await sql`grant execute on all functions in schema public, email_queue_private to reporting`, await sql`grant select on public.email_queue to reporting with grant option`) },

  { check: "pg_cron", name: "it is gone, and the jobs with it", breaks: ({ admin }) => admin`drop extension pg_cron cascade`, remedy: "create extension pg_cron with schema pg_catalog;", keeps: false,
    after: async (patient) => {
      assert.match((await patient.finding("cron job"))?.remedy ?? "", /^select email_queue_schedule\('\*\/1 \* \* \* \*'\);$/);
      await patient.schedule();
    } },
  { check: "pg_net", name: "it is gone", breaks: ({ admin }) => admin`drop extension pg_net cascade`, remedy: "create extension pg_net with schema extensions;", after: (patient) => patient.call() },
  { check: "pg_net", name: "it is gone, and there is no schema extensions", keeps: false,
    breaks: async ({ admin }) => (await admin`drop extension pg_net cascade`, await admin`alter schema extensions rename to others`),
    remedy: "create schema extensions; create extension pg_net with schema extensions;",
    after: async (patient) => {
      await patient.admin`drop schema extensions cascade`;
      await patient.admin`alter schema others rename to extensions`;
      await patient.paste("create extension pg_net with schema extensions;");
      await patient.call();
    } },
  { check: "supabase_vault", name: "it is gone, and the secrets with it", breaks: ({ admin }) => admin`drop extension supabase_vault cascade`, remedy: "create extension supabase_vault cascade;", keeps: false,
    after: (patient) => patient.connect() },

  { check: "identity", name: "a copy", breaks: async (patient) => {
      await patient.sql`update email_queue_private.identity set address = 'the-original.example', seen_at = seen_at - interval '1 hour' where kind = 'recorded'`;
      await mail({ sql: patient.sql });
    }, waits: true, remedy: "select email_queue_adopt();", after: (patient) => patient.call() },
  { check: "identity", name: "another function asks", status: "warn", breaks: async (patient) => (await patient.sql`insert into email_queue_private.identity (kind, address, server, last_server)
      select 'refused', 'laptop.example', i.server, i.server from email_queue_private.identity as i where i.kind = 'recorded'`), remedy: "select email_queue_adopt();", after: (patient) => patient.call() },
  { check: "identity", name: "the server is another one", status: "warn", breaks: ({ sql }) => sql`update email_queue_private.identity set server = '7/16384' where kind = 'recorded'`,
    remedy: "select email_queue_adopt();", after: (patient) => patient.call() },
  { check: "function address", name: "another project's function is called", keeps: false,
    breaks: ({ sql }) => sql`select vault.update_secret(id, 'https://zyxwvutsrqponmlkjihg.supabase.co/functions/v1/process-email-queue') from vault.secrets where name = 'email_queue_url'`,
    remedy: /^To stop the calls: select email_queue_unschedule\(\), email_queue_wake\(false\); To have this database call its own function: email-queue deploy$/, other: "select email_queue_unschedule(), email_queue_wake(false);",
    after: async (patient) => (await patient.connect(), await patient.schedule(), await patient.call()) },

  ...[["is missing", "delete"], ["is switched off", "active = false"], ["runs something else", "command = 'select 1'"], ["runs in the database", "database = 'other'"]].map(([fault, change]) => ({
    check: "cron job", name: fault, detail: new RegExp(fault), remedy: SCHEDULE,
    breaks: change === "delete" ? unschedule("run") : jobOf("email-queue-run", change),
  })),
  { check: "cron job retention", name: "is missing", status: "warn", breaks: unschedule("retention"), remedy: SCHEDULE,
    keeps: false, after: (patient) => patient.schedule() },
  { check: "cron job retention", name: "is switched off", status: "warn", breaks: jobOf("email-queue-retention", "active = false"), remedy: SCHEDULE },
  { check: "cron job cron-log", name: "is missing", status: "warn", breaks: unschedule("cron-log"), remedy: SCHEDULE },
  { check: "other job", name: "of the same name", status: "warn", breaks: (patient) => patient.paste("select cron.schedule('email-queue-run', '0 0 1 1 *', 'select 1');", "supabase_admin"),
    remedy: /^As the role supabase_admin: select cron\.unschedule\([0-9]+\);$/, runs: true, as: "supabase_admin" },
  { check: "other job", name: "that calls the queue", status: "warn", breaks: (patient) => patient.paste("select cron.schedule('mine', '0 0 1 1 *', 'select public.email_queue_call()');", "supabase_admin"),
    remedy: /^As the role supabase_admin: select cron\.unschedule\([0-9]+\);$/, runs: true, as: "supabase_admin" },
  { check: "cron runs", name: "a run of pg_cron's finds no pg_net", only: 15, waits: true, breaks: ({ admin }) => admin`drop extension pg_net cascade`,
    remedy: "create extension pg_net with schema extensions;", after: (patient) => patient.call() },
  { check: "cron runs", name: "a run has failed", breaks: ranBadly("ERROR:  deadlock detected"), remedy: "select email_queue_call();", after: forgetRuns },
  { check: "cron runs", name: "pg_cron cannot log in", breaks: ranBadly("connection failed"), remedy: /^pg_cron could not run it, and tries again by itself/, beside: forgetRuns },

  { check: "answers", name: "pg_net's worker has stopped", breaks: async ({ network, sql, admin }) => {
      await network.stall();
      await unanswered({ sql, admin });
    }, remedy: "select net.worker_restart();" },
  { check: "answers", name: "the worker of a pg_net before 0.8 has stopped", breaks: async ({ network, sql, admin }) => {
      await admin`alter function net.worker_restart() rename to of_the_tests`;
      await network.stall();
      await unanswered({ sql, admin });
    }, remedy: /^Its worker has stopped, and this version of pg_net cannot restart it alone\. Restart the database/,
    beside: async ({ admin }) => (await admin`alter function net.of_the_tests() rename to worker_restart`, await admin`select net.worker_restart()`) },
  { check: "answers", name: "others keep pg_net busy", status: "warn", breaks: async ({ network, sql, admin }) => {
      await network.stall();
      await unanswered({ sql, admin });
      await admin`insert into net._http_response (id, status_code) values (1000000, 200)`;
    }, remedy: /^Nothing to do in this queue: pg_net has one worker/, beside: ({ admin }) => admin`select net.worker_restart()` },
  { check: "runs", name: "the provider or the database could not be reached", breaks: ({ sql }) => sql`insert into email_queue_private.run (id, cause, started_at, last_seen_at, ended_at, stopped, reason)
      values (gen_random_uuid(), 'schedule', clock_timestamp(), clock_timestamp(), clock_timestamp(), 'unavailable', 'no answer')`, remedy: "select email_queue_call();" },

  { check: "pause", name: "by hand", breaks: ({ sql }) => sql`select public.email_queue_pause('maintenance')`, remedy: "select email_queue_resume();" },
  { check: "pause", name: "the key is refused", breaks: ({ sql }) => sql`select public.email_queue_pause('401 invalid_api_key: no', null, 300)`, remedy: "select email_queue_resume();" },
  { check: "paused domain", name: "it is not verified", breaks: ({ sql }) => sql`select public.email_queue_pause('403 validation_error: not verified', 'b.example')`, remedy: "select email_queue_resume('b.example');" },
  { check: "cooldown", name: "a quota is used up", status: "warn", breaks: ({ sql }) => sql`update email_queue_private.budget set cooldown_until = clock_timestamp() + interval '1 hour', cooldown_reason = '429 daily_quota_exceeded'`,
    remedy: "select email_queue_resume();", keeps: false },
  { check: "provider", name: "it does not answer", breaks: ({ sql }) => sql`insert into email_queue_private.breaker (scope, streak, next_at) values ('batch:', 3, clock_timestamp() + interval '1 hour')`,
    remedy: /^Nothing to do: sending goes on by itself/, beside: ({ sql }) => sql`delete from email_queue_private.breaker` },
  { check: "oldest message", name: "nothing has come for it", breaks: async (patient) => {
      await patient.sql`update email_queue_private.dispatch set settled_at = settled_at - interval '1 hour'`;
      await patient.sql`select public.email_queue_wake(false)`;
      await mail(patient);
      await patient.sql`update email_queue_private.ready set run_at = run_at - interval '20 minutes'`;
      await patient.sql`select public.email_queue_wake(true, '2500 milliseconds')`;
    }, remedy: "select email_queue_call();" },
  { check: "expired leases", name: "nothing has come to take them over", breaks: async (patient) => {
      await patient.sql`select public.email_queue_wake(false)`;
      await mail(patient);
      await ask(patient, PROJECT);
      await patient.sql`update email_queue_private.dispatch set visible_at = visible_at - interval '10 minutes' where token is not null`;
      await patient.sql`select public.email_queue_wake(true, '2500 milliseconds')`;
    }, remedy: "select email_queue_call();" },
  { check: "expired leases", name: "a consumer's", detail: /of type report/, breaks: async ({ sql }) => {
      await sql`select public.email_queue_enqueue(${sql.json({ n: 1 })}, 'report')`;
      await sql`select public.email_queue_dequeue(array['report'], array[gen_random_uuid()], 60000)`;
      await sql`update email_queue_private.dispatch set visible_at = visible_at - interval '10 minutes' where token is not null`;
    }, remedy: /^Start the consumer of this type/, beside: ({ sql }) => sql`update email_queue_private.dispatch set visible_at = clock_timestamp() + interval '1 day' where token is not null` },
  { check: "auth mail", name: "it stands still", breaks: async (patient) => {
      await patient.sql`select public.email_queue_wake(false)`;
      await authMail(patient);
      await patient.sql`update email_queue_private.message set created_at = created_at - interval '20 minutes' where metadata ? 'auth'`;
      await patient.sql`select public.email_queue_wake(true, '2500 milliseconds')`;
    }, remedy: "select email_queue_call();" },
  { check: "expired auth mail", name: "a link was no longer valid", status: "warn", breaks: async (patient) => {
      await patient.sql`select public.email_queue_wake(false)`;
      await authMail(patient);
      await patient.sql`update email_queue_private.ready set send_before = clock_timestamp() where lane like '%:secret'`;
      await patient.sql`update email_queue_private.message set send_before = clock_timestamp() where metadata ? 'auth' and completed_at is null`;
      await patient.sql`select public.email_queue_wake(true, '2500 milliseconds')`;
      await patient.call();
    }, remedy: /^Each user can ask for another one/, beside: ({ sql }) => sql`update email_queue_private.message set completed_at = completed_at - interval '2 days' where reason = 'expired'` },
  { check: "failed auth mail", name: "the sender is refused", status: "warn", breaks: async (patient) => {
      await patient.sql`select public.email_queue_wake(false)`;
      await authMail(patient);
      await patient.sql`select email_queue_private.fail_ready(array(select r from email_queue_private.ready as r where r.lane like '%:secret'), 'rejected', '{"class": "rejected", "status": 422, "name": "validation_error"}')`;
      await patient.sql`delete from email_queue_private.ready where lane like '%:secret'`;
      await patient.sql`select public.email_queue_wake(true, '2500 milliseconds')`;
    }, detail: /^1 mails of Supabase Auth failed in the last day; the last one at .*: rejected, 422 validation_error$/,
    remedy: /^Correct what the error names: the sender, a template, the address/, beside: ({ sql }) => sql`update email_queue_private.message set completed_at = completed_at - interval '2 days' where reason = 'rejected'` },
  { check: "consumers", name: "a type is mistyped", status: "warn", breaks: async ({ sql }) => {
      await sql`select public.email_queue_enqueue(${sql.json({ n: 1 })}, 'emial')`;
      await sql`update email_queue_private.ready set run_at = run_at - interval '10 minutes' where type = 'emial'`;
    }, remedy: /^Start the consumer of these types/, beside: ({ sql }) => sql`select public.email_queue_cancel(id) from public.email_queue where type = 'emial' and status = 'pending'` },
  { check: "on event", name: "the function is gone", status: "warn", breaks: async ({ sql }) => {
      await sql`create function public.on_mail(jsonb) returns void language sql security definer as 'select'`;
      await sql`select public.email_queue_on_event('public.on_mail')`;
      await sql`drop function public.on_mail(jsonb)`;
    }, remedy: "select email_queue_on_event(null);" },
  { check: "suppression list", name: "the key is gone", status: "warn",
    breaks: ({ sql }) => sql`with gone as (delete from email_queue_private.suppression_key where true returning *) select set_config('test.key', (select encode(key, 'hex') from gone), false)`,
    remedy: /^Restore the row of email_queue_private\.suppression_key from a backup/,
    beside: ({ sql }) => sql`insert into email_queue_private.suppression_key (key) values (decode(current_setting('test.key'), 'hex'))` },
  { check: "events", name: "they have stopped", status: "warn", breaks: async (patient) => {
      await accepted(patient, 1);
      await patient.sql`insert into email_queue_private.event_stream (last_event_at) values (clock_timestamp() - interval '1 day')`;
    }, remedy: /^See whether the webhook is enabled/, beside: forgetAccepted },
  { check: "bounces", name: "much of the mail", status: "warn", breaks: (patient) => accepted(patient, 20, "email.bounced"), remedy: /^Look at where these addresses come from/, beside: forgetAccepted },
  { check: "complaints", name: "much of the mail", breaks: (patient) => accepted(patient, 20, "email.complained"), remedy: /^Send only to who has asked for it/, beside: forgetAccepted },
  ...[["2s", "service_role"], ["3000", "service_role"], ["4s", "authenticator"]].map(([time, role]) => ({
    check: "statement timeout", name: `${time} of ${role}`, status: /** @type {const} */ ("warn"), breaks: ({ admin }) => admin.unsafe(`alter role ${role} set statement_timeout = '${time}'`),
    remedy: "alter role service_role set statement_timeout = '8s'; notify pgrst, 'reload config';", keeps: false,
    after: async ({ admin }) => (await admin`alter role service_role reset statement_timeout`, await admin`alter role authenticator set statement_timeout = '8s'`),
  })),
];

export const ILLS = all.map((ill) => ({ ...ill, status: ill.status ?? "fail" }));
