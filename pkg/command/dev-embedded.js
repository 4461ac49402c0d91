// The user's project without Docker: Supabase Lite with their migrations, and their functions under Deno, behind one address.
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fingerprint, watcher } from "../local/changes.js";
import { serveFunctions } from "../local/functions.js";
import { startGateway } from "../local/gateway.js";
import { startLite } from "../local/lite.js";
import { counted, seconds } from "../local/screen.js";
import { parseEnv } from "./env.js";
import { isFile, read } from "./files.js";
import { findProject } from "./project.js";
import { CommandError } from "./terminal.js";

const FUNCTIONS = "/functions/v1/";

/**
 * @param {object} options
 * @param {import("./project.js").Project} options.project
 * @param {string} options.name of the queue's function
 * @param {string} [options.events] of the function that takes the provider's reports
 * @param {import("./dev-config.js").Settings} options.settings
 * @param {string} options.tool the folder with Lite's node_modules
 * @param {string} options.deno
 * @param {import("../local/local.js").Screen} options.screen
 * @param {string[]} options.without files of migrations
 * @param {(database: {url: string, secretKey: string}) => Promise<unknown>} options.prepare what a new database gets before anybody sees it
 * @returns {Promise<import("./dev.js").Database>}
 */
export async function startEmbedded({ project: { root, supabase, migrations }, name, events, settings, tool, deno, screen, without, prepare }) {
  const unknown = without.find((file) => !migrations.some((one) => one.file === path.basename(file)));
  if (unknown !== undefined) throw new CommandError(`--without: ${unknown} is not in supabase/migrations`, "it takes a file's name, as supabase/migrations has it");
  const folder = path.join(supabase, "migrations");
  const seed = path.join(supabase, "seed.sql");
  const keys = keysOf(root);
  /** @type {import("../local/lite.js").Lite | undefined} */
  let lite;
  /** @type {import("../local/local.js").Local | undefined} */
  let local;

  const gateway = await startGateway({
    port: settings.port,
    route: async (url) => {
      if (!url.startsWith(FUNCTIONS)) {
        if (!lite) throw new Error("the database is being started");
        return { origin: lite.url, path: url };
      }
      const rest = url.slice(FUNCTIONS.length - 1);
      const [, called = ""] = /^\/([^/?]*)/.exec(rest) ?? [];
      // undefined: our function is being started; null: the function is theirs.
      const ours = called === name ? local?.fn : called === events ? local?.reports : null;
      return { origin: ours === null ? await theirs.originOf(called) : ours ? new URL(ours.url).origin : null, path: rest };
    },
  });
  const theirs = serveFunctions({
    deno,
    cwd: root,
    find: (called) => find(path.join(supabase, "functions"), called, settings),
    env: () => ({
      ...Object.fromEntries(parseEnv(read(path.join(supabase, "functions/.env")) ?? "", "supabase/functions/.env")),
      SUPABASE_URL: gateway.url,
      SUPABASE_ANON_KEY: keys.publishable,
      SUPABASE_SERVICE_ROLE_KEY: keys.secret,
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret }),
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable }),
    }),
    print: (called, text) => text && screen.line("info", called, text),
  });

  const start = async () => {
    const began = performance.now();
    const left = without.map((file) => path.basename(file));
    const files = findProject(root, root).migrations.map(({ file }) => file).filter((file) => !left.includes(file));
    const seeded = settings.seed && isFile(seed);
    const next = await startLite({ tool, keys, migrations: files.map((file) => path.join(folder, file)), ...seeded ? { seed } : {} }).catch(explain);
    await prepare(next);
    const old = lite;
    lite = next;
    for (const warning of next.warnings) screen.line("bad", "seed", warning);
    screen.line("ok", "database", `Supabase Lite on an embedded Postgres, ${counted(files.length, "migration")}${seeded ? ", and the seed" : ""}`, seconds(performance.now() - began));
    await old?.stop();
  };

  const sqlChanged = watcher(() => `${fingerprint(folder)} ${isFile(seed) ? fs.statSync(seed).mtimeMs : ""}`);
  const functionsChanged = watcher(() => fingerprint(path.join(supabase, "functions")));
  return {
    what: "Supabase Lite",
    url: gateway.url,
    secretKey: keys.secret,
    publishableKey: keys.publishable,
    ready: start(),
    use: (given) => void (local = given),
    look: async () => {
      if (functionsChanged()) await theirs.stop();
      const gone = lite?.hasEnded();
      if (!sqlChanged() && !gone) return;
      screen.line("wait", "database", gone ? "it has ended, and is started again" : "a migration or the seed has changed: it is made anew");
      await start().catch((error) => screen.line("bad", "database", `${error.message}. The one before goes on`));
    },
    ends: "Everything in it is then gone.",
  };
}

/** @param {any} error @returns {never} */
function explain(error) {
  if (!error.migration) throw error;
  throw new CommandError(`supabase/migrations/${error.message}`, `Lite is no whole Supabase: use \`supabase start\`, or leave the file out here: --without ${error.migration}`);
}

/** @param {string} functions the folder @param {string} name @param {import("./dev-config.js").Settings} settings @returns {import("../local/functions.js").Source | null} */
function find(functions, name, settings) {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) return null;
  const { entry, ...more } = settings.functionOf(name);
  const found = [entry, ...["ts", "js", "tsx", "jsx"].map((ending) => path.join(functions, name, `index.${ending}`))].find((file) => file !== undefined && isFile(file));
  return found === undefined ? null : { entry: found, ...more };
}

/**
 * The same keys each time for a folder of a user's, so that an application need not be told new ones. They open nothing but what
 * listens to this machine alone.
 * @param {string} root @returns {import("../local/lite.js").Keys}
 */
function keysOf(root) {
  const place = [root, os.hostname(), os.userInfo().username];
  const made = (/** @type {string} */ what) => createHash("sha256").update(JSON.stringify(["email-queue dev", what, ...place])).digest("base64url").slice(0, 32);
  return { secret: `sb_secret_${made("secret")}`, publishable: `sb_publishable_${made("publishable")}`, jwt: made("jwt") };
}
