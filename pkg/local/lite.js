// Supabase Lite (PostgREST's protocol and the API keys of a project) in a process of its own.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scriptCommand } from "./host.js";
import { startProcess, tempFolder } from "./processes.js";

const SERVER = path.join(path.dirname(fileURLToPath(import.meta.url)), "lite-server.js");

/**
 * @typedef {{secret: string, publishable: string, jwt: string}} Keys
 *
 * @typedef {object} Lite
 * @property {string} url what an application calls `SUPABASE_URL`
 * @property {string} secretKey the role `service_role`
 * @property {string} publishableKey the role `anon`
 * @property {string} jwtSecret signs (HS256) the tokens of the role `authenticated`
 * @property {string[]} migrations the names of the files that were applied
 * @property {string[]} warnings
 * @property {(name: string, args?: object, key?: string) => Promise<any>} rpc calls a function of the database; throws what it refuses
 * @property {() => string} output what it has printed
 * @property {() => boolean} hasEnded by itself, or by somebody else
 * @property {() => Promise<void>} stop
 */

/** @returns {Keys} */
export const randomKeys = () => ({
  secret: `sb_secret_${randomBytes(24).toString("base64url")}`,
  publishable: `sb_publishable_${randomBytes(24).toString("base64url")}`,
  jwt: randomBytes(32).toString("base64url"),
});

/**
 * Starts Supabase Lite on a free port, without the admin mode that lets calls without a key pass. On a PostgreSQL it logs
 * in as PostgREST does, as authenticator, with what Supabase loads into its sessions.
 * @param {object} options
 * @param {string} options.tool the folder that has its node_modules
 * @param {string} [options.databaseUrl] of a PostgreSQL with its schema, for the role authenticator: an embedded one in memory by default
 * @param {string[]} [options.migrations] files for the embedded one, in their order
 * @param {string} [options.seed] a file of SQL to run after them; if it fails, that is a warning
 * @param {Keys} [options.keys]
 * @returns {Promise<Lite>}
 */
export async function startLite({ tool, databaseUrl, migrations = [], seed, keys = randomKeys() }) {
  const folder = tempFolder("lite");
  try {
    const at = path.join(folder.path, "supabase/migrations");
    fs.mkdirSync(at, { recursive: true });
    fs.writeFileSync(path.join(folder.path, "supabase/config.toml"), configuration(databaseUrl));
    // Lite takes names of 14 digits without another dot only, and orders them by these.
    const names = migrations.map((file, index) => {
      const name = `${String(index + 1).padStart(14, "0")}_migration.sql`;
      fs.copyFileSync(file, path.join(at, name));
      return name;
    });
    if (seed) fs.copyFileSync(seed, path.join(folder.path, "seed.sql"));
    const [program, args] = scriptCommand(SERVER, [tool]);
    const running = await startProcess({
      name: "Supabase Lite",
      program,
      args,
      cwd: folder.path,
      env: { ...process.env, JWT_SECRET: keys.jwt, SUPABASE_SECRET_KEY: keys.secret, SUPABASE_PUBLISHABLE_KEY: keys.publishable, DO_NOT_TRACK: "1" },
      ready: /^(?:ready|refused) (\{.*\})$/m,
      timeout: 180_000,
    });
    const { url, warnings = [], failed, reason } = JSON.parse(running.ready?.[1] ?? "{}");
    if (failed) {
      const file = migrations[names.indexOf(failed)] ?? failed;
      throw Object.assign(new Error(`${path.basename(file)} cannot be applied to Supabase Lite: ${reason}`), { migration: path.basename(file) });
    }
    let ended = false;
    running.exited.then(() => ended = true);
    return {
      url,
      secretKey: keys.secret,
      publishableKey: keys.publishable,
      jwtSecret: keys.jwt,
      migrations: migrations.map((file) => path.basename(file)),
      warnings,
      rpc: (name, args = {}, key = keys.secret) => rpc(url, key, name, args),
      output: running.output,
      hasEnded: () => ended,
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

/** @param {string | undefined} databaseUrl */
const configuration = (databaseUrl) => `project_id = "email-queue"

[api]
schemas = ["public"]
max_rows = 1000

[db]
driver = ${JSON.stringify(databaseUrl === undefined ? "pglite" : "postgres")}
url = ${JSON.stringify(databaseUrl ?? "memory://")}

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
export async function rpc(url, key, name, args) {
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
