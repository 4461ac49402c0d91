// A project in which the doctor can be asked, something broken, and a remedy run as it is printed: real pg_cron where there
// is one, a worker of pg_net that sends, and a function that does what the real one does, as far as a database can tell.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { connect, migrate, waitFor } from "../../../scripts/lib/stack.mjs";
import { startNetwork } from "../../../scripts/lib/network.mjs";
import { addExtensions, inSession, startProject } from "./world.mjs";

/** @typedef {{check: string, status: string, detail: string, remedy: string | null}} Finding */

const SECRET = "the-secret-of-the-tests";
export const PROJECT = "https://abcdefghijklmnopqrst.supabase.co";
const URL = `${PROJECT}/functions/v1/process-email-queue`;

/** Every minute, in words of its own, so that a remedy that takes the default shows. */
const LINE = "*/1 * * * *";

/** What stands at the end of a remedy, to be copied; null where it only says what to wait for, or where to look. @param {string | null} remedy */
export const commandOf = (remedy) => /^(?:.*: )?((?:select|call|alter|create|begin) .*;|email-queue deploy|supabase\/functions\/deploy\.sh)$/.exec(remedy ?? "")?.[1] ?? null;

/** @param {number} version of PostgreSQL @param {{called?: boolean}} [options] called: a run has been there */
export async function startPatient(version, { called = true } = {}) {
  const postgres = await startProject(version, { preload: version === 15 ? "safeupdate" : "supautils, safeupdate", grants: version === 15 ? "old" : "new" });
  // A session that a crash ends while it reads the types of arrays would be a rejection that cannot be caught.
  const sql = await connect(postgres.url, { max: 2, fetch_types: false });
  const admin = await connect(postgres.adminUrl, { max: 1, fetch_types: false });
  const api = await connect(postgres.apiUrl, { max: 2, fetch_types: false, connection: { role: "service_role" } });
  await migrate(postgres.url);
  await addExtensions(postgres.adminUrl);
  const fn = http.createServer((request, response) => {
    const cause = request.headers["x-email-queue-cause"];
    const id = crypto.randomUUID();
    response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify({ runId: id, accepted: true }));
    run(api, id, String(cause)).catch((error) => console.error("function:", error.message));
  });
  await new Promise((resolve) => void fn.listen(0, "127.0.0.1", () => resolve(undefined)));
  const network = await startNetwork(postgres.url, (url) => url === URL ? `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (fn.address()).port}` : url);
  const patient = new Patient(postgres, sql, admin, api, network);
  await patient.install();
  if (called) await patient.call();
  return Object.assign(patient, {
    stop: async () => {
      fn.closeAllConnections();
      fn.close();
      await network.stop().catch(() => {});
      for (const one of [sql, admin, api]) await one.end({ timeout: 1 });
      await postgres.stop();
    },
  });
}

/** Sends what is due and says so, as a run does. @param {any} api @param {string} id @param {string} cause @param {number} [dispatches] at most */
async function run(api, id, cause, dispatches = Infinity) {
  const work = async (/** @type {object} */ request) =>
    (await api`select public.email_queue_worker_work(${api.json({ project_url: PROJECT, run: { id, cause }, ...request })}) as w`)[0].w;
  for (; dispatches > 0; dispatches--) {
    const { claims } = await work({ claim: { tokens: [crypto.randomUUID()], lease_ms: 60_000, max_messages: 100 } });
    if (claims.length === 0) break;
    for (const { dispatch_id, token, messages } of claims) {
      const { begins: [{ state }] } = await work({ begins: [{ dispatch_id, token, endpoint: "batch", wire_version: 1, key_window_ms: 82_800_000, timeout_ms: 30_000, margin_ms: 5000, max_wait_ms: 2000 }] });
      if (state !== "begun") return;
      const members = messages.map((/** @type {any} */ message) => ({ id: message.id, outcome: "completed", provider_message_id: `p-${message.id}` }));
      await work({ settles: [{ dispatch_id, token, answer: "definite", counted: true, members, signals: { answered: true } }] });
    }
  }
  await work({ run: { id, cause, last: true, report: { stopped: "empty" } }, claim: { tokens: [crypto.randomUUID()], lease_ms: 60_000 } });
}

class Patient {
  /** Everything that the doctor has printed. @type {Map<string, Finding>} */
  seen = new Map();

  /**
   * @param {import("../../../scripts/lib/postgres.mjs").Postgres} postgres @param {any} sql of `postgres` @param {any} admin @param {any} api of service_role
   * @param {Awaited<ReturnType<typeof startNetwork>>} network
   */
  constructor(postgres, sql, admin, api, network) {
    this.postgres = postgres;
    this.sql = sql;
    this.admin = admin;
    this.api = api;
    this.network = network;
  }

  connect = () => this.sql`select public.email_queue_connect(${URL}, ${SECRET}) as r`.then((/** @type {any} */ [{ r }]) => r);

  /** With settings that are nobody's defaults. */
  async install() {
    const { sql } = this;
    await sql`select public.email_queue_configure(${sql.json({ default_sender: "Shop <shop@a.example>", rate_limit: 7, failed_retention: "45 days" })})`;
    await this.connect();
    await this.schedule();
  }

  /** Each in a session of its own: one that knew pg_cron before it was created anew looks for its old table. */
  schedule = () => this.paste(`select public.email_queue_schedule('${LINE}'), public.email_queue_wake(true, '2500 milliseconds');
    -- An operator's own time for the retention.
    select cron.schedule('email-queue-retention', '17 3 * * *', 'select email_queue_private.retain()');`);

  /** A run from its call to its end. */
  async call() {
    const [{ before }] = await this.sql`select clock_timestamp() as before`;
    await this.sql`select public.email_queue_call()`;
    await waitFor(async () => (await this.sql`select from email_queue_private.run where started_at > ${before} and ended_at is not null`).length > 0, { timeout: 60_000, what: "the run that was called" });
    await waitFor(async () => (await this.sql`select from net.http_request_queue`).length === 0, { timeout: 60_000, what: "pg_net's queue" });
  }

  /** What a run does, without a call. @param {number} [dispatches] */
  send = (dispatches) => run(this.api, crypto.randomUUID(), "http", dispatches);

  /** The start of the process that a crash ends. */
  postgresStarted = () => inSession(this.postgres.adminUrl, (sql) => sql`select max(backend_start) as t from pg_stat_activity where backend_type = 'checkpointer'`, { fetch_types: false }).then((/** @type {any} */ [{ t }]) => t);

  /** As PostgREST's sessions ask. @returns {Promise<Finding[]>} */
  async doctor() {
    const findings = (await this.api`select public.email_queue_doctor() as f`)[0].f;
    for (const finding of findings) if (!this.seen.has(finding.check) || finding.remedy) this.seen.set(finding.check, finding);
    return findings;
  }

  /** @param {string} check @param {RegExp} [detail] */
  async finding(check, detail) {
    return (await this.doctor()).find((one) => one.check === check && (!detail || detail.test(one.detail)));
  }

  /** What is not well. */
  ills = async () => (await this.doctor()).filter(({ status }) => status !== "ok" && status !== "skip");

  /** Pastes a command into psql. @param {string} command @param {string} [role] */
  async paste(command, role = "postgres") {
    const child = execFile(path.join(String(process.env.POSTGRES_15), "psql"), ["-Xq", "-v", "ON_ERROR_STOP=1", this.postgres.urlOf("postgres", role)]);
    let said = "";
    child.stderr?.on("data", (data) => said += data);
    child.stdin?.end(`${command}\n`);
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 0, `${command}: ${said}`);
  }

  /** All that operators have set, and what else a remedy must leave alone. */
  async state() {
    const [state] = await this.admin`select
      (select to_jsonb(s) from email_queue_private.setting as s) as setting,
      (select to_jsonb(w) - 'scheduled_at' from email_queue_private.wiring as w) as wiring,
      (select jsonb_agg(to_jsonb(j) - 'jobid' order by j.username, j.jobname) from cron.job as j) as jobs,
      (select jsonb_object_agg(s.name, s.decrypted_secret) from vault.decrypted_secrets as s) as vault,
      (select jsonb_agg(jsonb_build_array(r.setrole::regrole::text, r.setdatabase <> 0, r.setconfig) order by r.setrole::regrole::text, r.setdatabase) from pg_db_role_setting as r) as roles,
      (select jsonb_agg(e.extname || ' in ' || e.extnamespace::regnamespace order by e.extname) from pg_extension as e) as extensions,
      (select jsonb_agg(to_jsonb(p) order by p.domain) from email_queue_private.paused_domain as p) as domains,
      (select jsonb_build_array(b.paused_at, b.cooldown_until) from email_queue_private.budget as b) as budget`;
    return state;
  }
}
