// `email-queue auth-hook`: on, off, and what it refuses, against a mock of Supabase and a real PostgreSQL.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, afterEach, test } from "node:test";
import { clis } from "../command/support/place.mjs";
import { authEvent } from "../project/support/auth_events.mjs";
import { snippets } from "../docs/documents.mjs";
import { FOREIGN, startAuth, URI, withKey } from "./support/auth.mjs";
import { PROJECT } from "./support/world.mjs";

const { world, untouched, run, refuses, reset, stop } = await startAuth("auth_hook");
afterEach(reset);
after(stop);

const writes = () => world.platform.asked.filter((what) => what === "PATCH config/auth").length;

test("without the queue it is refused", async () => {
  await refuses(/the database has no email_queue_configure\. Nothing was changed/);
});

test("without a key that lists the domains it wants an address for a test", async () => {
  const deployed = await run(["deploy", "--direct", "--use-api"]);
  assert.equal(deployed.code, 0, deployed.stderr);
  await refuses(/✗ sender: nothing tells whether its domain is verified\n {4}→ give --test-to/, ["on", "--yes"], {});
});

test("a dry run looks at everything and changes nothing", async () => {
  const { code, stdout, stderr } = await run(["auth-hook", "on", "--dry-run", "--json"], withKey);
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`set +its Send Email hook to ${URI}`));
  const { done, hook, findings } = JSON.parse(stdout);
  assert.deepEqual([done, hook, findings.filter((/** @type {any} */ { status }) => status !== "ok")], [false, { enabled: false, uri: null }, []]);
  assert.deepEqual(findings.map((/** @type {any} */ { check }) => check), ["auth grants", "auth function", "auth templates", "queue", "Resend key", "sender domain", "auth limit", "auth links"]);
  assert.equal(writes(), 0);
  const [{ n }] = await world.sql`select count(*)::integer as n from email_queue_private.message where priority = 0`;
  assert.equal(n, 0, "the calls of the hook were taken back");
});

test("it asks before it changes a hosted project", async () => {
  await refuses(/there is no terminal to answer "Have Auth's mail go through the queue\?"/, ["on"]);
});

test("on, status, off: Auth is as it was, and nothing else of its settings was touched", async () => {
  const { code, stderr } = await run(["auth-hook", "on", "--yes"], withKey);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /It is on\. Auth asks for at most 30 mails an hour/);
  assert.deepEqual(world.platform.auth, { ...untouched, hook_send_email_enabled: true, hook_send_email_uri: URI });
  const patched = writes();
  assert.match((await run(["auth-hook", "on", "--yes"], withKey)).stderr, /It is on already\./);
  assert.equal(writes(), patched);
  const status = await run(["auth-hook", "status", "--json"]);
  assert.equal(status.code, 0, status.stderr);
  assert.match(status.stdout, /on, and the queue's function answers/);
  assert.match((await run(["doctor"])).stdout, /✓ auth hook: on, and the queue's function answers\n✓ auth limit: .* 30 mails an hour/);
  const env = fs.readFileSync(world.envFile, "utf8");
  fs.writeFileSync(world.envFile, env.replace(/^SUPABASE_ACCESS_TOKEN=.*\n/m, ""));
  assert.match((await run(["doctor"])).stdout, /· auth hook: SUPABASE_ACCESS_TOKEN \(or supabase login\)/);
  const login = path.join(world.folder, ".supabase");
  fs.mkdirSync(login, { recursive: true });
  fs.writeFileSync(path.join(login, "access-token"), `${world.variables.SUPABASE_ACCESS_TOKEN}\n`);
  assert.match((await run(["doctor"], { HOME: world.folder })).stdout, /✓ auth hook: on/, "the token of supabase login is taken");
  fs.rmSync(login, { recursive: true });
  fs.writeFileSync(world.envFile, env);
  const off = await run(["auth-hook", "off", "--yes"]);
  assert.equal(off.code, 0, off.stderr);
  assert.deepEqual(world.platform.auth, untouched);
  assert.doesNotMatch(fs.readFileSync(world.envFile, "utf8"), /AUTH_HOOK_BEFORE/);
  assert.match((await run(["auth-hook", "off", "--yes"])).stderr, /Nothing to do/);
});

test("while it is on, the queue is not removed", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: URI });
  const { code, stderr } = await run(["uninstall", "--direct", "--yes"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /Supabase Auth's mail goes through the queue: without it, nobody can sign up\. Nothing was changed\n {3}→ email-queue auth-hook off/);
  assert.equal((await world.sql`select to_regproc('public.email_queue_auth_hook') is not null as there`)[0].there, true);
});

test("a hook of theirs comes back, with the secret in its address", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: FOREIGN, hook_send_email_secrets: "v1,whsec_theirs" });
  const theirs = { ...world.platform.auth };
  assert.match((await run(["auth-hook", "status"])).stderr, /✓ auth hook: another one: https:\/\/hooks\.example\/send\n/);
  assert.match((await run(["auth-hook", "on", "--yes"], withKey)).stderr, /in the place of https:\/\/hooks\.example\/send, which is kept in \.env/);
  assert.deepEqual(world.platform.auth, { ...theirs, hook_send_email_uri: URI });
  assert.match(fs.readFileSync(world.envFile, "utf8"), new RegExp(`^EMAIL_QUEUE_AUTH_HOOK_BEFORE_${PROJECT.toUpperCase()}=on `, "m"));
  Object.assign(world.platform.auth, { hook_send_email_enabled: false });
  assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0, "it was switched off by hand meanwhile");
  assert.match((await run(["auth-hook", "off", "--yes"])).stderr, /set +its Send Email hook to https:\/\/hooks\.example\/send, which it had before/);
  assert.deepEqual(world.platform.auth, theirs);
  assert.match((await run(["auth-hook", "off", "--yes"])).stderr, /Nothing to do: Auth's hook is another one/);
  assert.deepEqual(world.platform.auth, theirs);
});

test("a hook that is off comes back off, each time, and .env byte by byte", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: false, hook_send_email_uri: FOREIGN });
  const theirs = { ...world.platform.auth };
  const text = `\ufeff# theirs\r\nTHEIR_NAME="J\u00f6rg"\r\n\r\n${fs.readFileSync(world.envFile, "utf8")}# the end\n`;
  fs.writeFileSync(world.envFile, text);
  for (let i = 0; i < 2; i++) {
    assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0);
    assert.equal(fs.readFileSync(world.envFile, "utf8"), `${text}EMAIL_QUEUE_AUTH_HOOK_BEFORE_${PROJECT.toUpperCase()}=off ${FOREIGN}\n`);
    assert.equal((await run(["auth-hook", "off", "--yes"])).code, 0);
    assert.deepEqual(world.platform.auth, theirs);
    assert.equal(fs.readFileSync(world.envFile, "utf8"), text);
  }
});

test("before Auth had any hook its address is null, and null again", async () => {
  assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0);
  /** @type {any} */
  let sent;
  world.platform.onPatch = () => void (sent = { ...world.platform.auth });
  assert.equal((await run(["auth-hook", "off", "--yes"])).code, 0);
  assert.deepEqual([sent.hook_send_email_enabled, sent.hook_send_email_uri], [false, null]);
});

test("the doctor knows Auth's mail: that it waits, that it has gone", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: URI, mailer_otp_exp: 900 });
  await world.sql`select public.email_queue_wake(false)`;
  await world.sql`select public.email_queue_auth_hook(${world.sql.json(authEvent("signup"))})`;
  const find = async (/** @type {string[]} */ ...args) => JSON.parse((await run(["doctor", "--json", ...args])).stdout).findings;
  const of = (/** @type {any[]} */ findings, /** @type {string} */ check) => findings.find((one) => one.check === check);
  assert.match(of(await find("--no-call"), "auth mail").detail, /^the oldest mail of Supabase Auth has waited \d+ seconds/);
  const findings = await find();
  assert.match(of(findings, "auth mail").detail, /^none waits; the last one was enqueued at /);
  assert.equal(of(findings, "expired auth mail").status, "ok");
  // The remedy is a command.
  const { status, remedy } = of(findings, "auth links");
  assert.equal(status, "warn");
  await world.sql.unsafe(remedy);
  assert.equal(of(await find("--no-call"), "auth links").status, "ok");
  await world.sql`select public.email_queue_configure('{"auth_link_lifetime": "1 hour"}'), public.email_queue_wake(true)`;
});

test("from another machine it is disabled, and that something may be missing is said", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: URI });
  const { code, stderr } = await run(["auth-hook", "off", "--yes"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /What Auth had before is not in \.env: if it was another hook, switch that one on in the dashboard/);
  assert.equal(world.platform.auth.hook_send_email_enabled, false);
});

test("a sender that is not verified is refused, by the list and by a mail", async () => {
  await world.sql`select public.email_queue_configure('{"auth_sender": "Shop <auth@not-verified.example>"}')`;
  await world.admin("config", { unverifiedDomains: ["not-verified.example"] });
  await refuses(/✗ sender domain: not-verified\.example is not_started/);
  await refuses(/✗ test mail: Resend has not taken it: .*not-verified\.example domain is not verified/, ["on", "--yes", "--test-to", "me@b.example"], {});
  const [{ n }] = await world.sql`select count(*)::integer as n from public.email_queue where status not in ('completed', 'cancelled')`;
  assert.equal(n, 0, "the test mail is not sent later");
  await refuses(/✗ queue: paused domain: not-verified\.example is paused/, ["on", "--yes", "--test-to", "me@b.example"], {});
  await world.sql`select public.email_queue_resume('not-verified.example')`;
  await world.sql`select public.email_queue_configure('{"auth_sender": null}')`;
});

test("a mail to the address that is given comes first, in place of the list", async () => {
  const { code, stderr } = await run(["auth-hook", "on", "--yes", "--test-to", "me@b.example"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /✓ test mail: Resend has taken it/);
  const [{ n }] = await world.sql`select count(*)::integer as n from public.email_queue where payload ->> 'to' = 'me@b.example' and status = 'completed'`;
  assert.equal(n, 1);
  await run(["auth-hook", "off", "--yes"]);
});

test("once it is on, the doctor says that Auth may not call it or that it fails, and Auth's limit with a token that may not query", async () => {
  assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0);
  const says = async (/** @type {RegExp} */ pattern, code = 1) => {
    const status = await run(["auth-hook", "status"]);
    assert.match(status.stderr, pattern);
    assert.equal(status.code, code);
    assert.match((await run(["doctor"])).stdout, pattern);
  };
  await world.sql`revoke execute on function public.email_queue_auth_hook(jsonb) from supabase_auth_admin`;
  await says(/✗ auth hook: supabase_auth_admin may not execute email_queue_auth_hook\n[^]*auth-hook off[^]*apply_grants/);
  await world.sql`call email_queue_private.apply_grants()`;
  const [{ source }] = await world.sql`select pg_get_functiondef('public.email_queue_auth_hook(jsonb)'::regprocedure) as source`;
  await world.sql`create or replace function public.email_queue_auth_hook(p_event jsonb) returns jsonb language plpgsql as $$ begin raise 'broken'; end $$`;
  await says(/✗ auth hook: the queue's function fails: .*broken/);
  await world.sql.unsafe(source);
  world.platform.refused.set("POST database/query", 403);
  world.platform.auth = { ...world.platform.auth, rate_limit_email_sent: 0 };
  await says(/! auth hook: it cannot be read: the access token may not query[^]*✗ auth limit: it is 0/);
  world.platform.refused.clear();
  world.platform.auth = { ...world.platform.auth, rate_limit_email_sent: untouched.rate_limit_email_sent };
  world.platform.refused.set("GET config/auth", 403);
  await says(/! auth hook: it cannot be read: the access token may not read the Auth settings[^\n]*\n[^\n]*auth_config_read/);
  world.platform.refused.clear();
  await says(/✓ auth hook: on, and the queue's function answers/, 0);
  await run(["auth-hook", "off", "--yes"]);
});

test("lost rights, a missing sender, and a template that cannot be used are named", async () => {
  await world.sql`revoke execute on function public.email_queue_auth_hook(jsonb) from supabase_auth_admin`;
  assert.match(await refuses(/✗ auth grants: supabase_auth_admin may not execute/), /call email_queue_private\.apply_grants\(\)/);
  await world.sql`call email_queue_private.apply_grants()`;
  await world.sql`update email_queue_private.setting set default_sender = null`;
  await refuses(/✗ auth function: email_change, invite, magiclink, reauthentication, recovery, signup: from: is missing, and no default sender is stored/);
  await world.sql`select public.email_queue_configure(${world.sql.json({ default_sender: world.variables.EMAIL_FROM })})`;
  await world.sql`select public.email_queue_template_put('auth-signup', 'Hello', null, 'Hi {{ firstName }}')`;
  await refuses(/✗ auth templates: auth-signup: .*firstName/);
  await world.sql`select public.email_queue_template_delete('auth-signup')`;
});

test("a template with {{ .SiteURL }} gets the one that Auth has, or it is said what to set", async () => {
  const setting = async () => (await world.sql`select public.email_queue_configure('{}') ->> 'auth_site_url' as url`)[0].url;
  await world.sql`select public.email_queue_template_put('auth-invite', 'Hello', null, '{{ .SiteURL }}'), public.email_queue_template_put('auth-invite', 'Hallo', null, '{{ .Token }}', 'de'), public.email_queue_template_put('mine', 'Hello', null, '{{ .SiteURL }}')`;
  const dry = await run(["auth-hook", "on", "--dry-run"], withKey);
  assert.match(dry.stderr, /set +the queue's auth_site_url to https:\/\/app\.example, Auth's Site URL: auth-invite has {{ \.SiteURL }}/);
  assert.equal(await setting(), null);
  world.platform.auth.site_url = "";
  const none = await run(["auth-hook", "on", "--yes"], withKey);
  assert.equal(none.code, 0, none.stderr);
  assert.match(none.stderr, /auth site: auth-invite: the template has {{ \.SiteURL }}, and auth_site_url is not set\n {4}→ select email_queue_configure\('{"auth_site_url"/);
  world.platform.auth.site_url = "https://app.example";
  const patched = writes();
  const { code, stderr } = await run(["auth-hook", "on", "--yes"], withKey);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /It is set\./, "the hook was on already");
  assert.deepEqual([await setting(), writes()], ["https://app.example", patched]);
  assert.match((await run(["auth-hook", "on", "--yes"], withKey)).stderr, /It is on already\./);
  await run(["auth-hook", "off", "--yes"]);
  await world.sql`select public.email_queue_configure('{"auth_site_url": null}')`;
  assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0);
  assert.deepEqual([await setting(), world.platform.auth.hook_send_email_enabled], ["https://app.example", true], "both at once");
  await world.sql`select public.email_queue_configure('{"auth_site_url": null}'), public.email_queue_template_delete('auth-invite'), public.email_queue_template_delete('auth-invite', 'de'), public.email_queue_template_delete('mine')`;
});

test("what is no address is refused by the name of its option, before anything is asked", async () => {
  const asked = world.platform.asked.length;
  const { code, stderr } = await run(["auth-hook", "on", "--yes", "--test-to", "me at b.example"]);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /--test-to must be an e-mail address, as in you@example\.com\. Nothing was changed/);
  assert.equal(world.platform.asked.length, asked);
});

test("off needs the token alone", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: URI });
  world.writeEnv({ SUPABASE_SECRET_KEY: undefined, SUPABASE_SERVICE_ROLE_KEY: undefined, SUPABASE_DB_URL: undefined });
  const { code, stderr } = await run(["auth-hook", "off", "--yes"]);
  assert.equal(code, 0, stderr);
  assert.equal(world.platform.auth.hook_send_email_enabled, false);
  assert.match((await run(["auth-hook", "on", "--yes"])).stderr, /SUPABASE_SECRET_KEY .* is not set/);
  world.writeEnv({ SUPABASE_DB_URL: undefined });
});

test("Auth's own limit of 0 is refused", async () => {
  world.platform.auth.rate_limit_email_sent = 0;
  await refuses(/✗ auth limit: it is 0: Auth refuses every mail/);
});

test("without a token it says what to click and to write, and changes nothing", async () => {
  world.writeEnv({ SUPABASE_ACCESS_TOKEN: undefined, SUPABASE_DB_URL: undefined });
  const { code, stderr } = await run(["auth-hook", "on", "--yes"], withKey);
  assert.equal(code, 1, stderr);
  const [lines] = snippets("docs/auth.md", "toml");
  assert.ok(lines?.text.includes(URI) && stderr.includes(lines.text.trim().replaceAll(/^/gm, "    ")), "the lines that docs/auth.md shows");
  assert.match(stderr, new RegExp(`dashboard/project/${PROJECT}/auth/hooks`));
  assert.doesNotMatch(stderr, /auth function/, "nothing names a way to the database");
  assert.match(stderr, /auth hook: its function, its rights, the templates and Auth's own settings were not looked at: no access token is set here/);
  assert.match((await run(["auth-hook", "off", "--yes"])).stderr, /Auth was not changed: no access token is set here/);
  world.writeEnv({ SUPABASE_ACCESS_TOKEN: undefined, SUPABASE_DB_URL: world.variables.SUPABASE_DB_URL });
  for (const [version, cli] of await clis()) {
    const asked = await run(["auth-hook", "on", "--yes"], withKey, cli);
    assert.match(asked.stderr, /auth hook: Auth's own settings were not looked at: no access token[^]*✓ auth function: it takes signup/, `by the database's address, with the CLI ${version}`);
  }
  assert.deepEqual(world.platform.auth, untouched);
  world.writeEnv();
});

test("uninstall --force says that nobody can sign up, and what to do first; that works without the queue", async () => {
  world.writeEnv({ SUPABASE_DB_URL: undefined });
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: FOREIGN, hook_send_email_secrets: "v1,whsec_theirs" });
  const theirs = { ...world.platform.auth };
  assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0);
  const on = { ...world.platform.auth };
  const { code, stderr } = await run(["uninstall", "--direct", "--force", "--yes"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Supabase Auth's mail goes through the queue: nobody can sign up until that is switched off[^]*What is left to do, in this order:\n +email-queue auth-hook off .*\n +supabase functions delete/);
  assert.deepEqual([world.platform.auth, (await world.sql`select to_regproc('public.email_queue_auth_hook') is not null as there`)[0].there], [on, false]);
  const status = await run(["auth-hook", "status"]);
  assert.equal(status.code, 1);
  assert.match(status.stderr, /✗ auth hook: the database has no function public.email_queue_auth_hook/);
  assert.equal((await run(["auth-hook", "off", "--yes"])).code, 0);
  assert.deepEqual(world.platform.auth, theirs);
});
