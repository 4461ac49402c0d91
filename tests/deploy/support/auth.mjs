// A project that a folder with nothing but .env deploys to, for what the command does to Supabase Auth's settings.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { tempFolder } from "../../../scripts/lib/stack.mjs";
import { command } from "../../command/support/place.mjs";
import { startWorld } from "./world.mjs";

export const URI = "pg-functions://postgres/public/email_queue_auth_hook";
export const FOREIGN = "https://hooks.example/send?key=a-secret-of-theirs";
const FULL = "re_full_access_for_one_command";
export const withKey = { RESEND_FULL_ACCESS_KEY: FULL };

/** @param {string} name of the test file */
export async function startAuth(name) {
  const world = await startWorld(name);
  const folder = tempFolder(name);
  const here = path.join(folder.path, "nothing but env");
  fs.mkdirSync(here);
  world.envFile = path.join(here, ".env");
  world.writeEnv({ SUPABASE_DB_URL: undefined });
  await world.admin("config", { apiKeys: [world.variables.RESEND_API_KEY, FULL], restrictedApiKeys: [world.variables.RESEND_API_KEY] });
  const untouched = { ...world.platform.auth };

  const envOf = (/** @type {Record<string, string | undefined>} */ more = {}) => ({ SUPABASE_PROFILE: path.join(world.folder, "profile.yaml"), SUPABASE_API_URL: world.platform.url, ...more });

  /** @param {string[]} args @param {Record<string, string | undefined>} [more] variables @param {string} [cli] */
  async function run(args, more = {}, cli = undefined) {
    const { code, stdout, stderr } = await command(args, { cwd: here, env: envOf(more), cli });
    for (const secret of [...world.secretsOfIt, FULL, "a-secret-of-theirs", untouched.smtp_pass]) assert.ok(!(stdout + stderr).includes(secret), `a secret (${secret.slice(0, 4)}…) is in the output`);
    return { code, stdout, stderr };
  }

  /** @param {RegExp} message @param {string[]} [args] @param {Record<string, string | undefined>} [more] */
  async function refuses(message, args = ["on", "--yes"], more = withKey) {
    const before = { ...world.platform.auth };
    const { code, stderr } = await run(["auth-hook", ...args], more);
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /^ {3,4}→ ./m, "and what to do");
    assert.deepEqual(world.platform.auth, before);
    return stderr;
  }

  return {
    world, here, untouched, envOf, run, refuses,
    /** Auth's settings, after a test. */
    reset: () => {
      world.platform.auth = { ...untouched };
      world.platform.onPatch = null;
      world.platform.onAsk = null;
      world.platform.refused.clear();
    },
    stop: async () => {
      await world.stop();
      folder.remove();
    },
  };
}
