// A project on Supabase, as far as one can be had on this machine: PostgreSQL with pg_cron (which the suite has started)
// and stand-ins of pg_net and Vault, the platform's APIs, Resend's sandbox, and a folder with .env to deploy from.
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT, connect, ensureDeno, ensureTool, tempFolder } from "../../../scripts/lib/stack.mjs";
import { startSandbox } from "../../../src/js/sandbox/server.mjs";
import { startNetwork } from "../../../scripts/lib/network.mjs";
import { startPlatform } from "./platform.mjs";

export const PROJECT = "abcdefghijklmnopqrst";
export const TOKEN = `sbp_${"0123456789".repeat(4)}`;
const PASSWORD = "the password of the database";

/** The database that the suite has started for a test file. @param {string} name */
export function databaseUrlOf(name) {
  const url = process.env[`DATABASE_URL_${name}`];
  if (!url) throw new Error(`DATABASE_URL_${name} is not set: scripts/test deploy sets it`);
  return url;
}

/** pg_net and Vault, as far as their signatures and grants go. @param {any} sql */
export const standIn = (sql) => sql.unsafe("create extension if not exists pg_net; create extension if not exists supabase_vault");

/** @param {string} name of the test file */
export async function startWorld(name) {
  // Before the folder, whose keeper would hold the test's process.
  const databaseUrl = databaseUrlOf(name);
  const folder = tempFolder("deploy");
  const sql = await connect(databaseUrl, { max: 3 });
  await standIn(sql);
  // As the first push of anybody makes it.
  await sql.unsafe("create schema supabase_migrations; create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text)");
  const sandbox = await startSandbox({ rateLimit: 0 });
  const platform = await startPlatform({ databaseUrl, sql, deno: await ensureDeno("2.1.4"), project: PROJECT, token: TOKEN });
  const network = await startNetwork(databaseUrl);
  const world = new World(folder.path, sql, sandbox, platform, databaseUrl);
  await world.prepare();
  return Object.assign(world, {
    stop: async () => {
      await network.stop();
      await platform.stop();
      await sandbox.close();
      await sql.end({ timeout: 1 });
      folder.remove();
    },
  });
}

class World {
  /** @type {Record<string, string>} */
  variables = {};

  /**
   * @param {string} folder @param {any} sql @param {Awaited<ReturnType<typeof startSandbox>>} sandbox
   * @param {Awaited<ReturnType<typeof startPlatform>>} platform @param {string} databaseUrl
   */
  constructor(folder, sql, sandbox, platform, databaseUrl) {
    this.folder = folder;
    this.sql = sql;
    this.sandbox = sandbox;
    this.platform = platform;
    this.databaseUrl = databaseUrl;
    this.envFile = path.join(folder, ".env");
  }

  async prepare() {
    const database = new URL(this.databaseUrl);
    database.password = PASSWORD;
    database.searchParams.set("sslmode", "disable");
    this.variables = {
      SUPABASE_PROJECT_ID: PROJECT,
      SUPABASE_URL: this.platform.url,
      SUPABASE_SECRET_KEY: (await this.platform.rest()).secretKey,
      SUPABASE_ACCESS_TOKEN: TOKEN,
      SUPABASE_DB_URL: database.href,
      RESEND_API_KEY: "re_the_key_of_the_tests",
      RESEND_BASE_URL: this.sandbox.url,
      EMAIL_FROM: "Shop <shop@example.com>",
      // Debian's pg_cron knows no seconds.
      EMAIL_QUEUE_EVERY: "1 minute",
    };
    fs.writeFileSync(
      path.join(this.folder, "profile.yaml"),
      `name: mock\napi_url: ${this.platform.url}\ndashboard_url: ${this.platform.url}\nproject_host: supabase.invalid\n`,
    );
    this.writeEnv();
  }

  /** @param {Record<string, string | undefined>} [changes] */
  writeEnv(changes = {}) {
    const all = { ...this.variables, ...changes };
    fs.writeFileSync(this.envFile, Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}\n`).join(""));
  }

  /** What must be seen nowhere. */
  get secretsOfIt() {
    const made = /^PROCESS_EMAIL_QUEUE_SECRET=(.+)$/m.exec(fs.readFileSync(this.envFile, "utf8"))?.[1];
    return [this.variables.SUPABASE_SECRET_KEY, TOKEN, PASSWORD, encodeURIComponent(PASSWORD), this.variables.RESEND_API_KEY, ...(made ? [made] : [])];
  }

  /**
   * Runs a script of the project's as somebody would, in an environment without our own settings.
   * @param {string} script @param {string[]} [args] @param {{watch?: (commandLines: string) => void, env?: Record<string, string>}} [options]
   * @returns {Promise<{code: number | null, output: string, stdout: string}>}
   */
  async run(script, args = [], { watch, env = {} } = {}) {
    const tools = await ensureTool("test");
    const child = spawn(path.join(ROOT, script), args, {
      cwd: ROOT,
      env: {
        PATH: `${path.join(tools, "node_modules/.bin")}:${process.env.PATH}`,
        HOME: this.folder,
        DO_NOT_TRACK: "1",
        EMAIL_QUEUE_ENV_FILE: this.envFile,
        SUPABASE_PROFILE: path.join(this.folder, "profile.yaml"),
        SUPABASE_API_URL: this.platform.url,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let stdout = "";
    child.stdout.on("data", (data) => (output += data, stdout += data));
    child.stderr.on("data", (data) => output += data);
    const watching = watch && setInterval(() => watch(commandLines()), 5);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watching);
    return { code, output, stdout };
  }

  deploy = (/** @type {string[]} */ args = [], options = {}) => this.run("supabase/functions/deploy.sh", ["--use-api", ...args], options);

  /** @param {string[]} args @returns {Promise<{code: number | null, ok: boolean, findings: any[], finding: (check: string) => any}>} */
  async doctor(...args) {
    const { code, output, stdout } = await this.run("scripts/doctor", ["--json", ...args]);
    if (!stdout.startsWith("{")) throw new Error(`the doctor said no JSON: ${output}`);
    const { ok, findings } = JSON.parse(stdout);
    return { code, ok, findings, finding: (check) => findings.find((/** @type {any} */ one) => one.check === check) };
  }

  /** @param {string} path @param {object} body */
  async admin(path, body) {
    const response = await fetch(`${this.sandbox.url}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the sandbox refused ${path}: ${await response.text()}`);
  }

  /** @param {object} [payload] @returns {Promise<string>} the id */
  async enqueue(payload = {}) {
    const mail = this.sql.json({ to: "user@b.example", subject: "Hello", text: "Hi", ...payload });
    return (await this.sql`select public.email_queue_enqueue(${mail}) as answer`)[0].answer.id;
  }

  status = async (/** @type {string} */ id) => (await this.sql`select status from public.email_queue where id = ${id}`)[0]?.status;

  /** All that a deployment leaves behind, as one value. */
  async state() {
    const [database] = await this.sql`select
      (select jsonb_agg(to_jsonb(s) order by s.name) from vault.secrets as s) as vault,
      (select jsonb_agg(to_jsonb(j) order by j.jobid) from cron.job as j) as jobs,
      (select to_jsonb(w) from email_queue_private.wiring as w) as wiring,
      (select to_jsonb(s) from email_queue_private.setting as s) as setting,
      email_queue_private.wakes() as wakes,
      (select jsonb_agg(version order by version) from supabase_migrations.schema_migrations) as migrations`;
    return { ...database, secrets: Object.fromEntries(this.platform.secrets), deployed: this.platform.deployed, env: fs.readFileSync(this.envFile, "utf8") };
  }
}

/** The command lines of all processes that this user may see, as `ps` shows them. */
function commandLines() {
  return fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      return "";
    }
  }).join("\n");
}
