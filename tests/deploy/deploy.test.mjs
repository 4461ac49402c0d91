// deploy.sh against a mock of Supabase and a real PostgreSQL, in a project with a history of its own: what it leaves behind works, and it stops where it should.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { waitFor } from "../../scripts/lib/stack.mjs";
import { standInApi } from "./support/stand_in_cli.mjs";
import { startWorld } from "./support/world.mjs";

/** @type {Awaited<ReturnType<typeof startWorld>>} */
let world;
before(async () => {
  world = await startWorld("deploy");
  await world.sql`insert into supabase_migrations.schema_migrations values ('20250101000000', '{}', 'mine')`;
});
after(() => world?.stop());

/** @param {string} text */
function assertNoSecret(text, where = "the output") {
  for (const secret of world.secretsOfIt) assert.ok(!text.includes(secret), `a secret (${secret.slice(0, 4)}…) is in ${where}`);
}

test("a dry run changes nothing and shows what would be done", async () => {
  const { code, output } = await world.deploy(["--dry-run"]);
  assert.equal(code, 0, output);
  assert.match(output, /install the schema of \d+\.\d+\.\d+, at once/);
  assert.match(output, /set +the secret PROCESS_EMAIL_QUEUE_SECRET: a new one, which is written into/);
  assert.match(output, /Nothing was changed/);
  assert.equal(world.platform.deployed, null);
  assert.equal(world.platform.secrets.size, 0);
  assert.equal((await world.sql`select to_regclass('public.email_queue') as view`)[0].view, null);
  assert.doesNotMatch(fs.readFileSync(world.envFile, "utf8"), /PROCESS_EMAIL_QUEUE_SECRET/);
});

const REFUSED = {
  SUPABASE_PROJECT_ID: [/SUPABASE_URL or SUPABASE_PROJECT_ID is not set/, "ABC", /SUPABASE_PROJECT_ID must be the 20 lower-case letters/],
  SUPABASE_URL: [null, "https://zzzzzzzzzzzzzzzzzzzz.supabase.co", /SUPABASE_URL is of another project/],
  SUPABASE_SECRET_KEY: [/SUPABASE_SECRET_KEY \(or SUPABASE_SERVICE_ROLE_KEY\) is not set/, "sb_publishable_x", /is a publishable key/],
  RESEND_API_KEY: [/RESEND_API_KEY is not set/, "re_with a space", /RESEND_API_KEY must have no spaces/],
  EMAIL_FROM: [/EMAIL_FROM is not set/, "nobody", /EMAIL_FROM must be an address/],
  SUPABASE_ACCESS_TOKEN: [/the project's secrets cannot be listed: .*supabase login/, "abc", /SUPABASE_ACCESS_TOKEN must begin with sbp_/],
  PROCESS_EMAIL_QUEUE_SECRET: [null, "short", /PROCESS_EMAIL_QUEUE_SECRET must have at least 16/],
  EMAIL_QUEUE_WAKE: [null, "maybe", /EMAIL_QUEUE_WAKE must be on or off/],
  SUPABASE_DB_URL: [null, "mysql://x", /SUPABASE_DB_URL must be postgresql:/],
};

test("a variable that is missing or wrong stops it, each with its own message", async () => {
  for (const [name, [missing, wrong, message]] of Object.entries(REFUSED)) {
    for (const [value, expected] of [[undefined, missing], [wrong, message]]) {
      if (expected === null) continue;
      world.writeEnv({ [name]: /** @type {string | undefined} */ (value) });
      const { code, output } = await world.deploy(["--dry-run"]);
      assert.equal(code, 1, `${name}=${value}: ${output}`);
      assert.match(output, /** @type {RegExp} */ (expected));
    }
  }
  world.writeEnv();
  assert.equal((await world.deploy(["--frobnicate"])).code, 2);
});

test("a call that the Management API refuses stops it, each with its own message", async () => {
  for (const [what, message] of /** @type {[string, RegExp][]} */ ([
    ["GET secrets", /the project's secrets cannot be listed.*\n.*edge_functions_secrets_read/],
    ["POST secrets", /the secrets were not set\n.*edge_functions_secrets_write/],
    ["POST functions/deploy", /the function was not deployed.*\n.*edge_functions_write/],
  ])) {
    world.platform.refused.set(what, 403);
    const { code, output } = await world.deploy();
    world.platform.refused.clear();
    assert.equal(code, 1, output);
    assert.match(output, message);
    assertNoSecret(output);
    assert.equal(world.platform.deployed, null);
  }
  // Those that were set before the refusal: .env begins anew in the next test.
  world.platform.secrets.clear();
});

test("a database that is not reached stops it", async () => {
  const database = new URL(world.databaseUrl);
  database.port = "1";
  database.password = "the password of the database";
  world.writeEnv({ SUPABASE_DB_URL: database.href });
  const { code, output } = await world.deploy();
  world.writeEnv();
  assert.equal(code, 1, output);
  assert.match(output, /check the project's reference, the access token \(supabase login\) or the database's address/);
  assertNoSecret(output);
});

test("where Docker runs the function is bundled with it, and else by Supabase", async () => {
  // Both stand in: what is looked at is what the CLI is told.
  const folder = path.join(world.folder, "bin");
  const api = await standInApi();
  const program = (/** @type {string} */ name, /** @type {string} */ text) => fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  fs.mkdirSync(folder);
  program("supabase", `case "$1 $2" in "--version ") echo 3.1.0 ;; "db query") echo '[{"history": false, "installed": null, "taken": []}]' ;; *" list") echo '[]' ;; *) echo told: "$@" ;; esac`);
  for (const [docker, told] of /** @type {[string, RegExp][]} */ ([["exit 0", /told: functions deploy process-email-queue --no-verify-jwt --remote/], ["exit 1", /told: functions deploy process-email-queue --no-verify-jwt --use-api --remote/]])) {
    program("docker", docker);
    const { output } = await world.run("supabase/functions/deploy.sh", [], { env: { PATH: `${folder}:${process.env.PATH}`, SUPABASE_URL: api.url } });
    assert.match(output, told);
  }
  await api.stop();
});

test("it deploys everything, and shows no secret meanwhile", async () => {
  let seen = "";
  world.platform.stale = 2;
  const { code, output } = await world.deploy([], { watch: (lines) => seen += lines });
  assert.equal(code, 0, output);
  assert.match(output, /Healthy\./);
  assertNoSecret(output);
  assert.match(seen, /functions.deploy/, "the process list was read while the CLI ran");
  assertNoSecret(seen, "the process list");

  const { deployed, secrets } = world.platform;
  assert.equal(deployed?.metadata.verify_jwt, false);
  assert.equal(secrets.get("RESEND_API_KEY"), "re_the_key_of_the_tests");
  assert.equal(secrets.get("EMAIL_FROM"), "Shop <shop@example.com>");
  assert.deepEqual([...secrets.keys()].filter((name) => name.startsWith("SUPABASE")), [], "SUPABASE_* is the platform's");
  const state = await world.state();
  assert.deepEqual(state.vault.map((/** @type {any} */ { name }) => name), ["email_queue_secret", "email_queue_url"]);
  assert.deepEqual(state.jobs.map((/** @type {any} */ { jobname }) => jobname).sort(), ["email-queue-cron-log", "email-queue-retention", "email-queue-run"]);
  assert.equal(state.setting.default_sender, "Shop <shop@example.com>");
  assert.equal(state.wakes, true);
  assert.deepEqual(state.migrations, ["20250101000000"], "the project's history is its own");
  assert.match(state.env, /^PROCESS_EMAIL_QUEUE_SECRET=[\w-]{40,}$/m);
});

test("what was uploaded serves from an empty folder and drains the queue, with nobody calling it", async () => {
  const id = await world.enqueue();
  await waitFor(async () => await world.status(id) === "completed", { timeout: 60_000, what: "the mail that was enqueued" });
});

test("a second run changes nothing", async () => {
  const once = await world.state();
  const { code, output } = await world.deploy();
  assert.equal(code, 0, output);
  assert.deepEqual(await world.state(), once);
});

test("a key of another project stops it before anything is scheduled", async () => {
  world.writeEnv({ SUPABASE_SECRET_KEY: "sb_secret_of_another_project", PROCESS_EMAIL_QUEUE_SECRET: world.platform.secrets.get("PROCESS_EMAIL_QUEUE_SECRET") });
  const { code, output } = await world.deploy();
  assert.equal(code, 1, output);
  assert.match(output, /the key is refused.*Nothing was changed/);
  assertNoSecret(output);
});

test("a function that Supabase asks a JWT for is found by the doctor, and a deployment mends it", async () => {
  world.writeEnv({ PROCESS_EMAIL_QUEUE_SECRET: world.platform.secrets.get("PROCESS_EMAIL_QUEUE_SECRET") });
  const { deployed } = world.platform;
  assert.ok(deployed);
  deployed.metadata.verify_jwt = true;
  const { finding } = await world.doctor();
  assert.equal(finding("verify_jwt").status, "fail");
  assert.equal(finding("function closed").status, "fail");
  const { code, output } = await world.deploy();
  assert.equal(code, 0, output);
  assert.equal(world.platform.deployed?.metadata.verify_jwt, false);
});
