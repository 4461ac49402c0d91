// Supabase Lite (PostgREST's protocol and the API keys of a project) in a process of its own.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ROOT, scriptCommand } from "./host.mjs";
import { migrate as applyMigrations, urlAs } from "./postgres.mjs";
import { startProcess, tempFolder } from "./processes.mjs";
import { ensureTool } from "./tools.mjs";

const SERVER = path.join(path.dirname(fileURLToPath(import.meta.url)), "lite-server.mjs");

/**
 * @typedef {object} Lite
 * @property {string} url what an application calls `SUPABASE_URL`
 * @property {string} secretKey the role `service_role`
 * @property {string} publishableKey the role `anon`
 * @property {string} jwtSecret signs (HS256) the tokens of the role `authenticated`
 * @property {string[]} migrations the files that were applied
 * @property {(name: string, args?: object, key?: string) => Promise<any>} rpc calls a function of the database; throws what it refuses
 * @property {() => string} output what it has printed
 * @property {() => Promise<void>} stop
 */

/**
 * Starts Supabase Lite on a free port, without the admin mode that lets calls without a key pass. On a PostgreSQL it logs
 * in as PostgREST does, as authenticator, with what Supabase loads into its sessions.
 * @param {object} [options]
 * @param {"pglite" | "postgres"} [options.driver] pglite: an embedded PostgreSQL in memory, gone with the process
 * @param {string} [options.databaseUrl] for the driver postgres: a database of a cluster like a Supabase project's, of any login
 * @param {string} [options.migrationsDir]
 * @param {boolean} [options.migrate] false: the database has its schema already
 * @returns {Promise<Lite>}
 */
export async function startLite({
  driver = "pglite",
  databaseUrl = "memory://",
  migrationsDir = path.join(ROOT, "supabase/migrations"),
  migrate = true,
} = {}) {
  const tools = await ensureTool("lite");
  const folder = tempFolder("lite");
  try {
    const keys = {
      JWT_SECRET: randomBytes(32).toString("base64url"),
      SUPABASE_SECRET_KEY: `sb_secret_${randomBytes(24).toString("base64url")}`,
      SUPABASE_PUBLISHABLE_KEY: `sb_publishable_${randomBytes(24).toString("base64url")}`,
    };
    const embedded = driver === "pglite";
    fs.mkdirSync(path.join(folder.path, "supabase"));
    fs.writeFileSync(path.join(folder.path, "supabase/config.toml"), configuration(driver, embedded ? databaseUrl : urlAs(databaseUrl, "authenticator")));
    if (fs.existsSync(migrationsDir)) fs.symlinkSync(path.resolve(migrationsDir), path.join(folder.path, "supabase/migrations"));
    const applied = migrate && !embedded ? await applyMigrations(urlAs(databaseUrl, "postgres"), migrationsDir) : [];
    const [program, args] = scriptCommand(SERVER, [tools, ...(migrate && embedded ? ["--migrate"] : [])]);
    const running = await startProcess({
      name: "Supabase Lite",
      program,
      args,
      cwd: folder.path,
      env: { ...process.env, ...keys, DO_NOT_TRACK: "1" },
      ready: /^ready (\{.*\})$/m,
      timeout: 120_000,
    });
    const { url, migrations } = JSON.parse(running.ready?.[1] ?? "{}");
    const secretKey = keys.SUPABASE_SECRET_KEY;
    return {
      url,
      secretKey,
      publishableKey: keys.SUPABASE_PUBLISHABLE_KEY,
      jwtSecret: keys.JWT_SECRET,
      migrations: embedded ? migrations : applied,
      rpc: (name, args = {}, key = secretKey) => rpc(url, key, name, args),
      output: running.output,
      stop: async () => {
        await running.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/** @param {string} driver @param {string} databaseUrl */
const configuration = (driver, databaseUrl) => `project_id = "email-queue"

[api]
schemas = ["public"]
max_rows = 1000

[db]
driver = ${JSON.stringify(driver)}
url = ${JSON.stringify(databaseUrl)}

[auth]
enabled = true
jwt_secret = "env(JWT_SECRET)"
publishable_key = "env(SUPABASE_PUBLISHABLE_KEY)"
secret_key = "env(SUPABASE_SECRET_KEY)"
`;

/**
 * Calls a function of the database as PostgREST takes it.
 * @param {string} url @param {string} key @param {string} name @param {object} args
 */
async function rpc(url, key, name, args) {
  const response = await fetch(`${url}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: { apikey: key, "content-profile": "public", "content-type": "application/json" },
    redirect: "manual",
    body: JSON.stringify(args),
  });
  const body = await response.text();
  if (!response.ok) throw Object.assign(new Error(`${name} answered ${response.status}: ${body}`), { status: response.status });
  return body === "" ? null : JSON.parse(body);
}
