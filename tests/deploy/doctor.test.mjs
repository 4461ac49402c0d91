// pg_cron sends the mail; then one part after the other breaks: the doctor names it, and the remedy that it prints mends it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, urlAs, waitFor } from "../../scripts/lib/stack.mjs";
import { commandOf } from "../project/support/doctor.mjs";
import { startWorld } from "./support/world.mjs";

const DEPLOY = "supabase/functions/deploy.sh";

/** @type {Awaited<ReturnType<typeof startWorld>>} */
let world;
before(async () => {
  world = await startWorld("doctor");
  world.variables.RESEND_WEBHOOK_SECRET = `whsec_${"abcdefgh".repeat(4)}`;
  world.writeEnv({ EMAIL_QUEUE_WAKE: "off" });
  const { code, output } = await world.deploy();
  assert.equal(code, 0, output);
});
after(() => world?.stop());

/** Runs what a remedy ends with: SQL, or the deployment. tests/project/doctor.test.mjs does the same to all that only the database knows. @param {string} remedy */
async function apply(remedy) {
  const command = commandOf(remedy);
  assert.ok(command, `a remedy that can be run: ${remedy}`);
  if (command !== DEPLOY) return void await world.sql.unsafe(command);
  // Somebody would answer its questions.
  const { code, output } = await world.deploy(["--yes"]);
  assert.ok(code === 0 || /the doctor found faults/.test(output), output);
}

/** @param {string} check @param {RegExp} detail what it must name @returns {Promise<string>} the remedy */
async function ill(check, detail) {
  const { code, ok, finding, findings } = await world.doctor();
  assert.equal(code, 1, "something has failed");
  assert.equal(ok, false);
  assert.equal(finding(check)?.status, "fail", JSON.stringify(findings, null, 1));
  assert.match(finding(check).detail, detail);
  return finding(check).remedy;
}

async function healthy() {
  const { code, findings } = await world.doctor();
  assert.equal(code, 0, JSON.stringify(findings.filter(({ status }) => status === "fail"), null, 1));
}

test("pg_cron starts the function, and the mail is accepted with nobody calling it", async () => {
  const id = await world.enqueue();
  await waitFor(async () => await world.status(id) === "completed", { timeout: 150_000, interval: 250, what: "pg_cron's next minute" });
  const [{ cause }] = await world.sql`select cause from email_queue_private.call order by called_at desc limit 1`;
  assert.equal(cause, "schedule");
  const { finding } = await world.doctor();
  assert.match(finding("cron runs").detail, /the last began at/);
});

test("all is well, and the doctor says so", async () => {
  const { code, findings, finding } = await world.doctor();
  assert.equal(code, 0, JSON.stringify(findings, null, 1));
  const expected = ["clock", "function closed", "function", "version", "schema", "grants", "writable", "connection", "pg_cron", "pg_net", "supabase_vault", "vault email_queue_url",
    "vault email_queue_secret", "rows", "identity", "function address", "cron job", "cron runs", "cron job retention", "cron job cron-log", "answers", "runs", "pause", "provider", "cooldown", "oldest message", "expired leases", "rate", "consumers", "events", "refused events", "bounces", "complaints", "default sender",
    "wake-up", "suppression list", "statement timeout", "max_rows", "events function", "webhook", "Resend key", "sender domain", "verify_jwt", "max_rows of the API", "auth hook"];
  assert.deepEqual(findings.map(({ check }) => check), expected);
  assert.deepEqual(findings.filter(({ status }) => status !== "ok").map(({ check }) => check), ["webhook"], "which needs a key with full access");
  assert.match(finding("answers").detail, /\(hand\) was accepted/);
});

test("the cron job is gone", async () => {
  await world.sql`select cron.unschedule(jobid) from cron.job where jobname = 'email-queue-run'`;
  const remedy = await ill("cron job", /email-queue-run is missing/);
  await apply(remedy);
  assert.equal(remedy, "select email_queue_schedule('* * * * *');");
  await healthy();
});

test("the secret in Vault is wrong", async () => {
  await world.sql`select vault.update_secret(id, 'not the secret of the function') from vault.secrets where name = 'email_queue_secret'`;
  await apply(await ill("answers", /was refused \(401\): the secret in Vault is not the function's/));
  await healthy();
});

test("a secret in Vault is gone", async () => {
  await world.sql`delete from vault.secrets where name = 'email_queue_url'`;
  await apply(await ill("vault email_queue_url", /the Vault secret email_queue_url is missing/));
  await healthy();
});

test("the secrets in Vault cannot be decrypted, as in a restored database; deploying says what it replaces", async () => {
  const admin = await connect(urlAs(world.databaseUrl, "supabase_admin"), { max: 1 });
  await admin`update vault.root_key set key = 'of another server'`;
  await admin.end();
  const remedy = await ill("vault email_queue_secret", /cannot be decrypted \(pgsodium_crypto_aead_det_decrypt_by_id: invalid ciphertext\)/);
  assert.equal(await ill("vault email_queue_url", /cannot be decrypted/), remedy);
  await assert.rejects(world.sql`select public.email_queue_call()`, /the Vault secret email_queue_url cannot be decrypted/);
  const before = (await world.state()).jobs;
  const { output } = await world.deploy();
  assert.match(output, /email_queue_url and email_queue_secret could not be decrypted, as in a restored database, and were replaced/);
  assert.equal(commandOf(remedy), DEPLOY);
  assert.deepEqual((await world.state()).jobs, before);
  await healthy();
});

test("the rows of the settings and of the wake-up are gone", async () => {
  const { setting, wiring } = await world.state();
  await world.sql`delete from email_queue_private.setting`;
  await world.sql`delete from email_queue_private.wiring`;
  const { finding } = await world.doctor("--no-call");
  assert.equal(finding("rows").status, "warn");
  assert.match(finding("rows").detail, /^the settings \(email_queue_configure\) and the interval of wake-ups \(email_queue_wake\) are missing/);
  assert.equal(commandOf(finding("default sender").remedy), DEPLOY);
  await apply(finding("rows").remedy);
  const now = await world.state();
  assert.deepEqual({ ...now.setting }, setting);
  assert.deepEqual({ ...now.wiring, scheduled_at: null }, { ...wiring, scheduled_at: null });
  assert.deepEqual((await world.doctor("--no-call")).findings.filter(({ status }) => status === "warn"), []);
});

test("nothing calls the function, as on a preview branch or after a reset; its own calls do not count", async () => {
  await world.sql`select public.email_queue_unschedule(), public.email_queue_wake(false)`;
  await world.sql`delete from email_queue_private.run`;
  const { finding } = await world.doctor();
  assert.match(finding("connection").detail, /^not connected: /);
  const [{ notice }] = await world.sql`select email_queue_private.connection_notice() ->> 'notice' as notice`;
  assert.equal(notice, null, "but for an enqueue a run is a run");
  await apply(finding("connection").remedy);
  assert.equal((await world.doctor()).finding("connection").status, "ok");
});

test("the database was restored from another project, whose function it calls", async () => {
  const calls = (/** @type {string} */ url) => world.sql`select vault.update_secret(id, ${url}) from vault.secrets where name = 'email_queue_url'`;
  const [{ own }] = await world.sql`select decrypted_secret as own from vault.decrypted_secrets where name = 'email_queue_url'`;
  await calls("https://zyxwvutsrqponmlkjihg.supabase.co/functions/v1/process-email-queue");
  // Its own function, which would say what its address is, is not there yet.
  await world.sql`delete from email_queue_private.identity`;
  const { finding } = await world.doctor("--no-call");
  assert.equal(finding("function address").status, "fail");
  assert.match(finding("function address").detail, /calls the function of zyxwvutsrqponmlkjihg\.supabase\.co, which belongs to another project/);
  assert.equal(commandOf(finding("function address").remedy), DEPLOY);
  const { output } = await world.deploy();
  assert.match(output, /this database called the function of zyxwvutsrqponmlkjihg\.supabase\.co until now/);
  assert.equal((await world.sql`select decrypted_secret as url from vault.decrypted_secrets where name = 'email_queue_url'`)[0].url, own);
  await healthy();
});

test("a copy waits until it is adopted, and connecting it does not let it send", async () => {
  await world.sql`update email_queue_private.identity set address = 'the-original.example', seen_at = seen_at - interval '1 hour' where kind = 'recorded'`;
  const id = await world.enqueue();
  const remedy = await ill("identity", /^a copy does not send: this queue is that of the-original\.example/);
  const { code } = await world.deploy();
  assert.equal(code, 1, "deployed, but the doctor found faults");
  assert.equal(await world.status(id), "pending");
  await apply(remedy);
  await healthy();
  assert.equal(await world.status(id), "completed");
});

test("the function is down", async () => {
  world.platform.down = true;
  const remedy = await ill("function", /404/);
  assert.equal(await ill("answers", /found no function \(404\)/), remedy);
  await apply(remedy);
  await healthy();
});

test("the function lets anybody in, or Supabase nobody", async () => {
  const { deployed } = world.platform;
  assert.ok(deployed);
  deployed.metadata.verify_jwt = true;
  await ill("function closed", /verify_jwt/);
  await apply(await ill("verify_jwt", /it is on/));
  await healthy();
});

test("the function of events has another secret, or none", async () => {
  const secret = /** @type {string} */ (world.variables.RESEND_WEBHOOK_SECRET);
  world.platform.secrets.set("RESEND_WEBHOOK_SECRET", `whsec_${"hgfedcba".repeat(4)}`);
  await world.platform.endFunction();
  const remedy = await ill("events function", /it refuses RESEND_WEBHOOK_SECRET: it was deployed with another value/);
  await apply(remedy);
  assert.equal(world.platform.secrets.get("RESEND_WEBHOOK_SECRET"), secret);
  await healthy();
  world.platform.secrets.set("RESEND_WEBHOOK_SECRET", "whsec_x");
  await world.platform.endFunction();
  await apply(await ill("events function", /^RESEND_WEBHOOK_SECRET must be the webhook's signing secret/));
  await healthy();
});

test("Resend refuses the key", async () => {
  await world.admin("config", { apiKeys: ["re_a_new_key"] });
  const id = await world.enqueue();
  const remedy = await ill("Resend key", /refuses it: 40[13] .*api_key/);
  const resume = await ill("pause", /the queue is paused until .*key/i);
  world.variables.RESEND_API_KEY = "re_a_new_key";
  world.writeEnv({ EMAIL_QUEUE_WAKE: "off", PROCESS_EMAIL_QUEUE_SECRET: world.platform.secrets.get("PROCESS_EMAIL_QUEUE_SECRET") });
  await apply(remedy);
  await apply(resume);
  await healthy();
  assert.equal(await world.status(id), "completed", "the doctor's own run sends what waited");
});

test("the sender's domain is not verified", async () => {
  await world.admin("config", { unverifiedDomains: ["example.com"] });
  const remedy = await ill("sender domain", /example\.com is not_started/);
  assert.match(remedy, /resend\.com\/domains/);
  assert.equal(commandOf(remedy), null, "where its mail is not paused, there is nothing to resume");
  await world.admin("config", { unverifiedDomains: [] });
  await healthy();
});

test("the schema is of another version and was changed, a function is open", async () => {
  const [{ version, definition }] = await world.sql`select public.email_queue_version() as version, pg_get_functiondef('public.email_queue_version()'::regprocedure) as definition`;
  await world.sql.unsafe(definition.replace(`'${version}'`, "'0.0.9'"));
  await world.sql.unsafe("alter function public.email_queue_stats() rows 1").catch(() => {});
  await world.sql.unsafe("alter function public.email_queue_prune(integer) security definer");
  await world.sql.unsafe("grant execute on function public.email_queue_stats() to anon");
  const { finding } = await world.doctor("--no-call");
  assert.equal(finding("version").detail, `the schema has version 0.0.9, this repository has ${version}`);
  assert.match(finding("schema").detail, /^function .*email_queue_prune\(integer\) was changed, function .*email_queue_version\(\) was changed$/);
  assert.match(finding("grants").detail, /^anon may execute .*email_queue_stats\(\)$/);
  await world.sql.unsafe(finding("grants").remedy);
  await world.sql.unsafe("alter function public.email_queue_prune(integer) security invoker");
  await world.sql.unsafe(definition);
  assert.equal((await world.doctor("--no-call")).code, 0);
});

test("it says what it cannot do without a variable, with another exit code", async () => {
  world.writeEnv({ SUPABASE_URL: undefined });
  const { code, output } = await world.run("scripts/doctor");
  assert.equal(code, 2);
  assert.match(output, /SUPABASE_URL is not set/);
  assert.equal((await world.run("scripts/doctor", ["--frobnicate"])).code, 2);
});

test("the database cannot be reached", async () => {
  world.writeEnv({ SUPABASE_URL: "http://127.0.0.1:1" });
  const { code, finding } = await world.doctor("--no-call");
  assert.equal(code, 1);
  assert.match(finding("database").detail, /not reached: ECONNREFUSED|not reached: bad port/);
});
