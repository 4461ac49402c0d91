// A mail of Supabase Auth holds a credential: nothing shows it in any state, and once it has ended it is nowhere.
import assert from "node:assert/strict";
import path from "node:path";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { URI } from "../../src/js/command/auth-config.js";
import { authEvent } from "../project/support/auth_events.mjs";
import { signUp } from "./support/auth.ts";
import type { ProviderFault } from "./support/provider.ts";
import type { Fn, Run, Stack } from "./support/stack.ts";
import { suite } from "./support/suite.ts";

const { test, end } = suite("secrets of Auth's mail");

const TOKEN = "48151623";
const HASH = "pkce_5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75e";
const SECRETS = [TOKEN, HASH, "/verify", "verify%3F", "Confirm your e-mail address"];
const QUOTES = `the provider quotes ${TOKEN} and https://abcdefghijklmnopqrst.supabase.co/auth/v1/verify?token=${HASH}`;

interface State {
  faults?: ProviderFault[];
  /** What happens to it after the enqueue. */
  then?: (stack: Stack, fn: Fn, id: string) => Promise<unknown>;
  status: string;
  reason?: string;
  ended: boolean;
}

const send = (_: Stack, fn: Fn): Promise<Run> => fn.invoke();
const STATES: Record<string, State> = {
  "waiting": { status: "pending", ended: false },
  "claimed": { status: "processing", ended: false, // A worker alone is given it.
    then: async (stack) => void await stack.lite.rpc("email_queue_worker_work", { p_request: { claim: { tokens: [crypto.randomUUID()], lease_ms: 60_000 } } }),
  },
  "frozen": { faults: [{ action: "answer", when: "after", status: 500, name: "application_error", message: QUOTES, times: "always" }], then: send, status: "processing", ended: false },
  "throttled": { faults: [{ action: "answer", status: 429, name: "rate_limit_exceeded", message: QUOTES, times: "always" }], then: send, status: "pending", ended: false },
  "of a refused key": { faults: [{ action: "answer", status: 401, name: "invalid_api_key", message: QUOTES, times: "always" }], then: send, status: "pending", ended: false },
  "sent": { then: send, status: "completed", ended: true },
  "rejected": { faults: [{ action: "answer", status: 422, name: "validation_error", message: QUOTES, times: "always" }], then: send, status: "failed", reason: "rejected", ended: true },
  "frozen until its horizon": {
    faults: [{ action: "answer", status: 500, body: QUOTES, times: "always" }], status: "failed", reason: "unknown_outcome", ended: true,
    then: async (stack, fn) => (await fn.invoke(), await stack.db.passTime("24 hours"), await fn.invoke()),
  },
  "expired": { then: async (stack, fn) => (await stack.db.passTime("2 hours"), await fn.invoke()), status: "failed", reason: "expired", ended: true },
  "cancelled": { then: (stack, _, id) => stack.lite.rpc("email_queue_cancel", { p_id: id }), status: "cancelled", ended: true },
  "suppressed": { then: async (stack, fn) => (await stack.lite.rpc("email_queue_suppress", { p_address: "ann@customer.example", p_reason: "manual" }), await fn.invoke()), status: "failed", reason: "suppressed", ended: true },
};

/** All that anybody but the database's owner can be shown. */
async function shown(stack: Stack, id: string): Promise<Record<string, unknown>> {
  const list = (p_status: string) => stack.lite.rpc("email_queue_list", { p_status });
  return {
    view: await stack.db.rows(),
    get: await stack.lite.rpc("email_queue_get", { p_id: id }),
    lists: await Promise.all(["pending", "processing", "retrying", "completed", "failed", "cancelled"].map(list)),
    dead_letters: await stack.lite.rpc("email_queue_dead_letters", {}),
    stats: await stack.lite.rpc("email_queue_stats", {}),
    doctor: await stack.lite.rpc("email_queue_doctor", {}),
    // Everything that is stored but the body: dispatches, their errors, runs, the ledger.
    tables: await everything(stack, "body"),
    functions: stack.output(),
    postgres: stack.postgres.output(),
  };
}

/** The rows of all tables of the queue. */
async function everything(stack: Stack, without = ""): Promise<unknown> {
  const tables = await stack.db.sql`select tablename as name from pg_tables where schemaname = 'email_queue_private' and tablename <> ${without}`;
  return await Promise.all(tables.map(({ name }: { name: string }) => stack.db.sql.unsafe(`select t::text from email_queue_private.${name} as t`)));
}

async function dump(stack: Stack): Promise<string> {
  const command = new Deno.Command(path.join(stack.postgres.bin, "pg_dump"), { args: [stack.postgres.url.replace("postgres@", "supabase_admin@"), "--data-only", "--no-sync"] });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const REF = "abcdefghijklmnopqrst";
const COMMANDS = ["doctor --no-call", "auth-hook status", "reconcile", "suppressions import --dry-run", "suppressions export --dry-run"];
/** Supabase's Management API, as far as Auth's settings and queries go. */
const startPlatform = (stack: Stack) => Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  const asked = `${request.method} ${new URL(request.url).pathname.replace(`/v1/projects/${REF}/`, "")}`;
  if (asked === "GET config/auth") return Response.json({ hook_send_email_enabled: true, hook_send_email_uri: URI, rate_limit_email_sent: 30, mailer_otp_exp: 3600 });
  if (asked === "POST database/query") return Response.json(await stack.db.sql.unsafe((await request.json()).query), { status: 201 });
  return Response.json({ message: "not here" }, { status: 404 });
});

/** What the commands print, for people and as JSON; in one process, which starts once. */
async function commands(stack: Stack, fn: Fn): Promise<string> {
  const [platform, folder] = [startPlatform(stack), tempFolder("secrets")];
  const env = {
    SUPABASE_URL: stack.lite.url, SUPABASE_SECRET_KEY: stack.lite.secretKey, SUPABASE_PROJECT_ID: REF, SUPABASE_ACCESS_TOKEN: `sbp_${"0123456789".repeat(4)}`, EMAIL_QUEUE_FUNCTION_URL: fn.url,
    SUPABASE_API_URL: `http://127.0.0.1:${platform.addr.port}`, RESEND_API_KEY: "re_the_key_of_the_tests", RESEND_FULL_ACCESS_KEY: "re_the_key_of_the_tests", RESEND_BASE_URL: stack.provider.url,
  };
  const calls = COMMANDS.flatMap((line) => [line.split(" "), [...line.split(" "), "--json"]]);
  const code = `const { main } = await import(${JSON.stringify(path.join(ROOT, "pkg/command/main.js"))});
    for (const args of ${JSON.stringify(calls)}) console.log("\\n== " + args.join(" ") + ": " + await main(args, ${JSON.stringify({ cwd: folder.path, env })}));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  await platform.shutdown();
  folder.remove();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // Each has said something.
  assert.deepEqual([...text.matchAll(/^== (.*): [01]$/gm)].map(([, line]) => line), calls.map((args) => args.join(" ")), text);
  for (const says of [/✓ auth hook: on, and the queue's function answers/, /"check": "auth mail"/, /"dry_run":true/, /"found":/]) assert.match(text, says);
  return text;
}

const found = (text: string) => SECRETS.filter((secret) => text.includes(secret));

for (const [name, { faults = [], then, status, reason, ended }] of Object.entries(STATES)) {
  test(`a mail that is ${name} is shown to nobody${ended ? ", and gone from the database" : ""}`, async (stack) => {
    await stack.configure({ retry_base_ms: 60_000, retry_cap_ms: 60_000 });
    // One that cannot be used: what is built in is sent, and Postgres logs why.
    await stack.lite.rpc("email_queue_template_put", { p_name: "auth-signup", p_subject: "Hello", p_text: "{{ .Token }} {{ .ConfirmationURL }} {{ .Missing }}" });
    await signUp(stack, [authEvent("signup", { token: TOKEN, token_hash: HASH })]);
    await stack.provider.fault(...faults);
    const [{ id }] = await stack.db.rows();
    const fn = await stack.function();
    const answer = await then?.(stack, fn, id);
    const row = await stack.db.row(id);
    assert.deepEqual([row.status, row.error?.reason ?? undefined], [status, reason], JSON.stringify(row.error));
    for (const [where, what] of Object.entries({ ...await shown(stack, id), answer, commands: await commands(stack, fn) })) assert.deepEqual(found(typeof what === "string" ? what : JSON.stringify(what) ?? ""), [], where);
    const stored = found(await dump(stack)).filter((secret) => [TOKEN, HASH].includes(secret));
    assert.deepEqual(stored, ended ? [] : [TOKEN, HASH], ended ? "nothing needs it any more" : "its request may have to be repeated");
  });
}

end();
