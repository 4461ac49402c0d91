// `email-queue init`, `deploy` and `doctor` in a repository that has migrations of its own, against a mock of Supabase and a real
// PostgreSQL, with both Supabase CLIs.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { clis, command, migrations, newProject, program, pushTo, snapshot, write } from "../command/support/place.mjs";
import { startWorld } from "./support/world.mjs";

const folder = tempFolder("deploy by the command");
const THEIRS = "supabase/migrations/20250101000000_theirs.sql";
const root = newProject(folder, "theirs", { [THEIRS]: "create table public.orders (id integer);" });
/** @type {Awaited<ReturnType<typeof startWorld>>} */
let world;
/** @type {Record<string, string>} */
let bins;
/** @type {Record<string, string>} */
let env;

/** Another test looks for the password in the list of all processes. */
function push() {
  const url = new URL(world.variables.SUPABASE_DB_URL ?? "");
  const PGPASSWORD = decodeURIComponent(url.password);
  url.password = "";
  return program(path.join(bins[3] ?? "", "supabase"), pushTo("3", url.href), { cwd: root, cli: bins[3], env: { PGPASSWORD } });
}

before(async () => {
  world = await startWorld("command");
  bins = Object.fromEntries(await clis());
  world.envFile = path.join(root, ".env");
  env = { SUPABASE_PROFILE: path.join(world.folder, "profile.yaml"), SUPABASE_API_URL: world.platform.url };
  const { code, stderr } = await push();
  assert.equal(code, 0, stderr);
});
after(async () => {
  await world?.stop();
  folder.remove();
});

/** @param {string[]} args @param {string} [cli] */
async function run(args, cli = "3") {
  const { code, stdout, stderr } = await command(args, { cwd: root, cli: bins[cli] ?? "", env });
  for (const secret of world.secretsOfIt) assert.ok(!(stdout + stderr).includes(secret), `a secret (${secret.slice(0, 4)}…) is in the output`);
  return { code, stdout, stderr };
}
/** @param {string[]} [args] @param {string} [cli] */
const deploy = (args = [], cli) => run(["deploy", "--use-api", ...args], cli);

/** What only a change of the project or of the folder would change. */
const everything = async () => ({ files: snapshot(root), secrets: Object.fromEntries(world.platform.secrets), deployed: world.platform.deployed,
  history: await world.sql`select version from supabase_migrations.schema_migrations order by version`, queue: await installed() });
const installed = async () => (await world.sql`select to_regclass('public.email_queue') is not null as there`)[0].there;

/** @param {string[]} args @param {RegExp} message @param {string} [cli] */
async function refuses(args, message, cli) {
  const before = await everything();
  const { code, stderr } = await deploy(args, cli);
  assert.equal(code, 1, stderr);
  assert.match(stderr, message);
  assert.match(stderr, /^ {3}→ ./m, "and what to do");
  assert.deepEqual(await everything(), before);
}

test("without init there is nothing to deploy", async () => {
  world.writeEnv();
  await refuses([], /no migration of this project installs the queue/);
});

test("init says what comes next, and a dry run of that changes nothing", async () => {
  const { code, stderr } = await run(["init", "--yes", "--offline"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^ {2}node_modules\/\.bin\/email-queue deploy$/m);
  for (const cli of Object.keys(bins)) {
    const before = await everything();
    const dry = await deploy(["--dry-run"], cli);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stderr, new RegExp(`push +supabase/migrations/${migrations(root)[1]}\n`));
    assert.match(dry.stderr, /set +the secret PROCESS_EMAIL_QUEUE_SECRET: a new one, which is written into \.env/);
    assert.match(dry.stderr, /Nothing was changed/);
    assert.deepEqual(await everything(), before);
  }
});

test("a section that turns the function off is said", async () => {
  const file = path.join(root, "supabase/config.toml");
  const text = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, `${text}enabled = false\n`);
  const { code, stderr } = await deploy(["--dry-run"]);
  fs.writeFileSync(file, text);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /it has functions\.email-queue-events already, with enabled = false\. Set there: enabled = true/);
});

test("a variable that is missing or wrong is named before anything is changed", async () => {
  for (const [changes, message] of /** @type {[Record<string, string | undefined>, RegExp][]} */ ([
    [{ RESEND_API_KEY: undefined }, /RESEND_API_KEY is not set/],
    [{ SUPABASE_SECRET_KEY: undefined }, /SUPABASE_SECRET_KEY \(or SUPABASE_SERVICE_ROLE_KEY\) is not set/],
    [{ EMAIL_FROM: "Acme <mail@acme.example>" }, /EMAIL_FROM is still the example's/],
  ])) {
    world.writeEnv(changes);
    const before = await everything();
    const { code, stderr } = await deploy();
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
    assert.deepEqual(await everything(), before);
  }
  world.writeEnv();
});

test("a migration of theirs that is pending stops it, beside the queue's", async () => {
  write(path.join(root, "supabase/migrations/20250202000000_more.sql"), "create table public.more (id integer);");
  await refuses([], /some of your own migrations are not pushed yet: 20250202000000_more\.sql\. Nothing was changed/);
  fs.rmSync(path.join(root, "supabase/migrations/20250202000000_more.sql"));
});

test("a migration that only the database has stops it, and the history stays", async () => {
  fs.renameSync(path.join(root, THEIRS), path.join(folder.path, "away.sql"));
  await refuses([], /the database has migrations that are not in this folder: 20250101000000_theirs/);
  fs.renameSync(path.join(folder.path, "away.sql"), path.join(root, THEIRS));
});

test("a secret that has another value is not overwritten without a question", async () => {
  world.platform.secrets.set("RESEND_API_KEY", "re_of_something_else");
  await refuses([], /there is no terminal to answer "The project's RESEND_API_KEY has another value than \.env\. Replace\?"/, "2");
  await refuses([], /there is no terminal to answer "The project's RESEND_API_KEY has another value/);
  world.platform.secrets.delete("RESEND_API_KEY");
});

test("a function of theirs that is deployed under the name is not replaced without a question", async () => {
  world.platform.deployed = { metadata: { verify_jwt: true }, files: {} };
  await refuses([], /there is no terminal to answer "The project has a function process-email-queue that its database does not call\. Replace the function\?"/);
  world.platform.deployed = null;
});

test("it deploys everything, and a mail is accepted and sent", async () => {
  world.platform.stale = 2;
  const { code, stderr } = await deploy();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Healthy\./);
  assert.match(stderr, /! events function: RESEND_WEBHOOK_SECRET is not set/);
  assert.match(stderr, /Add webhook, with the endpoint http:\/\/127\.0\.0\.1:\d+\/functions\/v1\/email-queue-events\/resend\n/);
  for (const slug of ["process-email-queue", "email-queue-events"]) assert.equal(world.platform.functions.get(slug)?.metadata.verify_jwt, false, slug);
  assert.deepEqual([...world.platform.secrets.keys()].filter((name) => name.startsWith("SUPABASE")), []);
  const state = await world.state();
  assert.deepEqual(state.jobs.map((/** @type {any} */ { jobname }) => jobname).sort(), ["email-queue-cron-log", "email-queue-retention", "email-queue-run"]);
  assert.match(state.env, /^PROCESS_EMAIL_QUEUE_SECRET=[\w-]{40,}$/m);
  assert.deepEqual(state.migrations, migrations(root).map((name) => name.split("_")[0]));
  const id = await world.enqueue();
  await waitFor(async () => await world.status(id) === "completed", { timeout: 120_000, what: "the mail that was enqueued" });
});

test("nor is one under the name of the function of reports, once the queue is installed", async () => {
  const own = world.platform.functions.get("email-queue-events");
  const theirs = 'Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" }, () => new Response("theirs"));\n';
  await world.platform.endFunction();
  world.platform.functions.set("email-queue-events", { metadata: { verify_jwt: false, entrypoint_path: "index.ts" }, files: { "index.ts": theirs } });
  await refuses([], /there is no terminal to answer "The project has a function email-queue-events that does not answer as the queue's\. Replace the function\?"/);
  assert.equal(world.platform.functions.get("email-queue-events")?.files["index.ts"], theirs);
  await world.platform.endFunction();
  world.platform.functions.set("email-queue-events", /** @type {any} */ (own));
});

for (const cli of ["2", "3"]) {
  test(`a second run with the CLI ${cli} changes nothing`, async () => {
    const [once, files] = [await world.state(), snapshot(root)];
    world.platform.asked.length = 0;
    const { code, stderr } = await deploy([], cli);
    assert.equal(code, 0, stderr);
    assert.deepEqual([await world.state(), snapshot(root)], [once, files]);
    assert.ok(!world.platform.asked.includes("POST secrets"), "and sets no secret");
  });
}

test("with a key that has full access it sets up the webhook, and what happened to a mail is known", async () => {
  const full = "re_full_access_for_one_command";
  await world.admin("config", { apiKeys: [world.variables.RESEND_API_KEY, full], restrictedApiKeys: [world.variables.RESEND_API_KEY] });
  const withKey = async (/** @type {string[]} */ ...args) => {
    const { code, stdout, stderr } = await command(args, { cwd: root, cli: bins[3] ?? "", env: { ...env, RESEND_FULL_ACCESS_KEY: full } });
    assert.ok(!(stdout + stderr).includes(full));
    assert.doesNotMatch(stdout + stderr, /whsec_\w/);
    assert.equal(code, 0, stderr + stdout);
    return stdout + stderr;
  };
  assert.match(await withKey("deploy", "--dry-run"), /create +the webhook to http.*\/functions\/v1\/email-queue-events\/resend, at Resend\n/);
  const first = await withKey("deploy", "--use-api");
  assert.match(first, /✓ webhook: enabled/);
  assert.match(first, /✓ events function: it refuses a report without a signature, and takes one with it/);
  assert.match(world.platform.secrets.get("RESEND_WEBHOOK_SECRET") ?? "", /^whsec_/);
  for (const kept of [...Object.values(snapshot(root)), ...world.platform.secrets.values()]) assert.ok(!kept.includes(full), "the key is kept nowhere");
  const id = await world.enqueue();
  const delivery = async () => (await world.sql`select delivery ->> 'state' as state from public.email_queue where id = ${id}`)[0]?.state;
  await waitFor(async () => await delivery() === "delivered", { timeout: 120_000, what: "the report of the mail's delivery" });

  const asked = world.platform.asked.length;
  assert.doesNotMatch(await withKey("deploy", "--use-api"), /create +the webhook|change +the webhook|set +the secret/);
  assert.ok(!world.platform.asked.slice(asked).includes("POST secrets"), "a second run changes nothing");
  const [webhook] = (await (await fetch(`${world.sandbox.url}/webhooks`, { headers: { authorization: `Bearer ${full}`, "user-agent": "tests" } })).json()).data;
  await fetch(`${world.sandbox.url}/webhooks/${webhook.id}`, { method: "PATCH", headers: { authorization: `Bearer ${full}`, "user-agent": "tests", "content-type": "application/json" }, body: '{"status":"disabled"}' });
  const disabled = await command(["doctor"], { cwd: root, cli: bins[3] ?? "", env: { ...env, RESEND_FULL_ACCESS_KEY: full } });
  assert.match(disabled.stdout, /✗ webhook: it is disabled/);
  assert.match(await withKey("deploy", "--use-api"), /change +the webhook .*: enable it\n/);
  assert.doesNotMatch((await deploy()).stderr, /Add webhook/, "without the key, the project has the secret");
});

test("a migration of theirs is pushed with --with-yours, and by their own push", async () => {
  const next = `${Number(migrations(root).at(-1)?.slice(0, 14)) + 1}`;
  write(path.join(root, `supabase/migrations/${next}_later.sql`), "create table public.later (id integer);");
  await refuses([], new RegExp(`some of your own migrations are not pushed yet: ${next}_later\\.sql`));
  const { code, stderr } = await deploy(["--with-yours"], "2");
  assert.equal(code, 0, stderr);
  assert.equal((await world.sql`select to_regclass('public.later') is not null as there`)[0].there, true);
  write(path.join(root, `supabase/migrations/${Number(next) + 1}_latest.sql`), "create table public.latest (id integer);");
  const pushed = await push();
  assert.equal(pushed.code, 0, pushed.stderr);
});

test("--yes gives a secret the value of .env, and no other", async () => {
  world.platform.secrets.set("EMAIL_FROM", "Other <other@example.com>");
  world.platform.secrets.set("THEIR_SECRET", "of theirs");
  const { code, stderr } = await deploy(["--yes"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /replace the secret EMAIL_FROM/);
  assert.match(stderr, /== Secrets of the function: EMAIL_FROM\n/);
  assert.equal(world.platform.secrets.get("EMAIL_FROM"), world.variables.EMAIL_FROM);
  assert.equal(world.platform.secrets.get("THEIR_SECRET"), "of theirs");
});

test("the doctor says the same, and names the command that mends", async () => {
  const { code, stdout } = await run(["doctor", "--json"]);
  assert.equal(code, 0, stdout);
  assert.equal(JSON.parse(stdout).ok, true);
  world.platform.down = true;
  const broken = await run(["doctor"]);
  world.platform.down = false;
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /there is no function process-email-queue \(404\)\n {4}→ node_modules\/\.bin\/email-queue deploy\n/);
  world.writeEnv({ SUPABASE_URL: undefined });
  assert.deepEqual([(await run(["doctor"])).code, (await run(["doctor", "--frobnicate"])).code], [2, 2]);
  world.writeEnv();
});

test("what the platform refuses stops it, with what to do", async () => {
  for (const [what, message] of /** @type {[string, RegExp][]} */ ([
    ["GET secrets", /the project's secrets cannot be listed.*Nothing was changed/],
    ["POST functions/deploy", /the function was not deployed/],
  ])) {
    world.platform.refused.set(what, 403);
    const { code, stderr } = await deploy(["--yes"]);
    world.platform.refused.clear();
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /→ .*permission/);
  }
});

test("a second uninstall, before the first is pushed, removes nothing", async () => {
  const files = snapshot(root);
  const first = await run(["uninstall", "--yes"]);
  assert.equal(first.code, 0, first.stderr);
  const second = await run(["uninstall", "--yes"]);
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /_email_queue_uninstall\.sql removes the queue, and is not pushed yet\. Nothing was changed/);
  assert.equal(await installed(), true);
  // A branch that has no migration of the queue, and no removal either.
  for (const name of migrations(root).filter((one) => one.includes("email_queue"))) fs.rmSync(path.join(root, "supabase/migrations", name));
  const third = await run(["uninstall", "--yes"]);
  assert.match(third.stderr, /the database has the queue from a repository's migration/);
  assert.equal(await installed(), true);
  for (const [name, text] of Object.entries(files)) write(path.join(root, name), text);
  for (const name of Object.keys(snapshot(root))) if (!(name in files)) fs.rmSync(path.join(root, name));
});

test("a function of theirs with that name goes on, beside the queue's with another", async () => {
  // Of another template: the same slug, other work.
  const theirs = path.join(root, "supabase/functions/process-email-queue/index.ts");
  const own = path.join(folder.path, "the queue's");
  fs.renameSync(path.dirname(theirs), own);
  write(theirs, 'Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" }, () => new Response("theirs"));\n');
  const config = path.join(root, "supabase/config.toml");
  const before = fs.readFileSync(config, "utf8");
  world.platform.deployed = { metadata: { verify_jwt: false, entrypoint_path: "index.ts" }, files: { "index.ts": fs.readFileSync(theirs, "utf8") } };
  const answer = async () => await (await fetch(`${world.platform.url}/functions/v1/process-email-queue`)).text();

  const refused = await run(["init", "--yes", "--offline"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /supabase\/functions\/process-email-queue is your own function\. Nothing was changed/);
  const written = await run(["init", "--yes", "--offline", "--function-name", "mail-worker"]);
  assert.equal(written.code, 0, written.stderr);
  const { code, stderr } = await deploy();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /deploy +the function mail-worker\n/);
  const id = await world.enqueue();
  await waitFor(async () => await world.status(id) === "completed", { timeout: 120_000, what: "the mail that was enqueued" });
  assert.deepEqual([...world.platform.functions.keys()].sort(), ["email-queue-events", "mail-worker", "process-email-queue"]);
  assert.equal(await answer(), "theirs");
  assert.match((await run(["doctor"])).stdout, /Healthy\./);
});
