// What has to hold before Supabase Auth's mail goes through the queue: the user who signs up waits for it.
import { PROVIDER } from "../provider.js";
import { setTimeout as sleep } from "node:timers/promises";
import { ProjectError, rpc } from "./deployed.js";
import { attempt, DEPLOY, examineProvider, fail, ok, skip, SUPABASE } from "./doctor-outside.js";
import { labelOf } from "./template-files.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {import("./doctor.js").Finding} Finding
 * @typedef {ReturnType<typeof import("./deployed.js").readProject>} Project
 */

const ADDRESS = "email-queue-check@example.com";
const TYPES = ["signup", "invite", "magiclink", "recovery", "email_change", "reauthentication"];
const MARK = "email_queue_check:";

const event = (/** @type {string} */ type, /** @type {string} */ key) => ({
  metadata: { name: "send-email", uuid: key },
  user: { id: "00000000-0000-4000-8000-000000000000", email: ADDRESS, new_email: `new-${ADDRESS}`, user_metadata: {} },
  email_data: { email_action_type: type, token: "000000", token_hash: key, token_new: "000000", token_hash_new: key, redirect_to: "https://example.com/", site_url: "https://example.com/auth/v1" },
});

/**
 * Nobody but Auth becomes supabase_auth_admin: its rights are read.
 * @param {(sql: string) => Promise<any[]>} query @returns {Promise<{there: boolean, grants: Omit<Finding, "check">}>} there: the function
 */
export async function examineRights(query) {
  const [row] = await query(`select to_regprocedure('public.email_queue_auth_hook(jsonb)') is not null as there, to_regrole('supabase_auth_admin') is not null as role,
    (select has_function_privilege(r.oid, to_regprocedure('public.email_queue_auth_hook(jsonb)'), 'execute') and has_schema_privilege(r.oid, 'public', 'usage')
     from pg_catalog.pg_roles as r where r.rolname = 'supabase_auth_admin') as may`);
  if (!row?.there) return { there: false, grants: fail("the database has no function public.email_queue_auth_hook", `email-queue upgrade; then: ${DEPLOY}`) };
  return {
    there: true,
    grants: !row.role ? fail("the database has no role supabase_auth_admin", "it must be a Supabase project's database")
      : row.may ? ok("supabase_auth_admin may execute email_queue_auth_hook")
      : fail("supabase_auth_admin may not execute email_queue_auth_hook", "In the SQL editor: call email_queue_private.apply_grants(); grant usage on schema public to supabase_auth_admin;"),
  };
}

/**
 * The function runs as its owner. The error at the end takes all of it back.
 * @param {(sql: string) => Promise<any[]>} query @returns {Promise<Finding[]>}
 */
export async function examineInside(query) {
  const { there, grants } = await examineRights(query);
  if (!there) return [{ check: "auth function", ...grants }];
  const key = `check-${crypto.randomUUID()}`;
  const said = await query(probe(key)).then(() => "", (error) => {
    if (error instanceof CommandError) return error.message;
    throw error;
  });
  const [, hex] = new RegExp(`${MARK}([0-9a-f]+)`).exec(said) ?? [];
  if (hex === undefined) return [{ check: "auth grants", ...grants }, { check: "auth function", ...fail(`it could not be called: ${said || "the database took the call without an answer"}`, DEPLOY) }];
  const { mails, templates } = JSON.parse(Buffer.from(hex, "hex").toString("utf8"));
  // Most faults are those of all mails.
  const named = (/** @type {Record<string, string>} */ faults) => [...new Set(Object.values(faults))].map((fault) => `${Object.keys(faults).filter((name) => faults[name] === fault).sort().join(", ")}: ${fault.replace(/^The e-mail could not be queued\. /, "").replace(/^email_queue: /, "")}`).join("; ");
  return [
    { check: "auth grants", ...grants },
    { check: "auth function", ...Object.keys(mails).length === 0 ? ok(`it takes ${TYPES.join(", ")}; the calls were taken back`) : fail(named(mails), "Correct what the message names; the default sender is set by a deployment") },
    { check: "auth templates", ...Object.keys(templates).length === 0 ? ok("each can be used") : fail(named(templates), "Store a template without the fault: until then the built-in one is used") },
  ];
}

/** @param {string} key */
const probe = (key) => `do $probe$
declare
  v_event jsonb;
  v_answer jsonb;
  v_template record;
  v_mails jsonb := '{}';
  v_templates jsonb := '{}';
begin
  for v_event in select value from jsonb_array_elements($events$${JSON.stringify(TYPES.map((type) => event(type, key)))}$events$) loop
    v_answer := public.email_queue_auth_hook(v_event);
    if v_answer ? 'error' then
      v_mails := v_mails || jsonb_build_object(v_event #>> '{email_data,email_action_type}', v_answer #> '{error,message}');
    end if;
  end loop;
  for v_template in
    select t.n as name, t.row from (select distinct on (o.name, o.language) concat_ws('.', o.name, nullif(o.language, '')) as n, o.deleted_at, o as row
      from email_queue_private.template as o where starts_with(o.name, 'auth-') order by o.name, o.language, o.version desc) as t where t.deleted_at is null
  loop
    begin
      perform email_queue_private.render_row(v_template.row, email_queue_private.auth_variables(v_event, 'signup', '${ADDRESS}', '000000', '${key}', email_queue_private.settings()), 'Data');
    exception when others then
      v_templates := v_templates || jsonb_build_object(v_template.name, sqlerrm);
    end;
  end loop;
  raise exception using message = '${MARK}' || encode(convert_to(jsonb_build_object('mails', v_mails, 'templates', v_templates)::text, 'UTF8'), 'hex');
end
$probe$`;

/** The queue itself: what stops it stops sign-ups, too. @param {Project} project @returns {Promise<Finding[]>} */
export async function examineQueue(project) {
  const found = await attempt("queue", SUPABASE, async () => {
    const findings = await rpc(project, "email_queue_doctor");
    const [first, ...others] = findings.filter((/** @type {Finding} */ { status }) => status === "fail");
    if (!first) return ok(`the database's ${findings.length} checks have passed`);
    return fail([first, ...others].map(({ check, detail }) => `${check}: ${detail}`).join("; "), first.remedy ?? DEPLOY);
  });
  return [found];
}

/**
 * The sender of Auth's mails is verified, by the provider's word.
 * @param {Project} project @param {any} settings @returns {Promise<Finding[]>}
 */
export async function examineSender(project, settings) {
  const sender = settings.auth_sender ?? settings.default_sender ?? undefined;
  if (!sender) return [{ check: "sender domain", ...fail("there is no default sender", `Set EMAIL_FROM, then: ${DEPLOY}`) }];
  if (!project.providerKey && !project.fullKey) return [{ check: "sender domain", ...skip(`${PROVIDER.variables.key} is not set here`) }];
  return await examineProvider({ ...project, providerKey: project.fullKey ?? project.providerKey }, sender);
}

const TAKEN_MS = 60_000;
const REPORTED_MS = 20_000;

/**
 * A mail as Auth's are sent. Where the provider's reports come in, its arrival is waited for.
 * @param {Project} project @param {any} settings @param {string} to @returns {Promise<Finding>}
 */
export const examineMail = (project, settings, to) => attempt("test mail", SUPABASE, async () => {
  const { id } = await rpc(project, "email_queue_enqueue", {
    p_payload: { to, ...settings.auth_sender ? { from: settings.auth_sender } : {}, subject: "A test of your sign-up mail", text: "Supabase Auth's mail will come to you like this one.\n" },
    p_priority: 0, p_send_before: new Date(Date.now() + 5 * TAKEN_MS).toISOString(),
  });
  await rpc(project, "email_queue_call").catch(() => null);
  const end = performance.now() + TAKEN_MS;
  /** @type {any} */
  let message;
  /** The queue was well before this mail. @type {Finding | undefined} */
  let fault;
  for (;;) {
    message = await rpc(project, "email_queue_get", { p_id: id });
    if (["completed", "failed", "cancelled"].includes(message.status) || fault || performance.now() > end) break;
    await sleep(500);
    fault = (await rpc(project, "email_queue_doctor")).find((/** @type {Finding} */ { status }) => status === "fail");
  }
  if (message.status !== "completed") {
    await rpc(project, "email_queue_cancel", { p_id: id }).catch(() => null);
    const why = fault?.detail ?? message.error?.message ?? message.error?.reason;
    return fail(`${PROVIDER.name} has not taken it: ${why ?? `the message is ${message.status}`}`, fault?.remedy ?? `Verify the sender's domain at ${PROVIDER.domains}; email-queue doctor says what else may be wrong`);
  }
  const reported = performance.now() + (project.webhookSecret ? REPORTED_MS : 0);
  const state = () => message.delivery?.state;
  while (!["delivered", "bounced", "failed", "suppressed"].includes(state()) && performance.now() < reported) {
    await sleep(300);
    message = await rpc(project, "email_queue_get", { p_id: id });
  }
  if (["bounced", "failed", "suppressed"].includes(state())) return fail(`${PROVIDER.name} reports it as ${state()}`, "Repeat the command with an address that you can read");
  return ok(state() === "delivered" ? "it was delivered" : `${PROVIDER.name} has taken it. Look whether it is there`);
});

/** The stored templates of Auth's mail that have {{ .SiteURL }}, which Auth's event has not. @param {Project} project @returns {Promise<string[]>} */
export async function usersOfSiteUrl(project) {
  /** @type {{name: string, language: string | null, variables: string[]}[]} */
  const stored = await rpc(project, "email_queue_template_list");
  return stored.filter(({ name, variables }) => name.startsWith("auth-") && variables.includes("SiteURL")).map(labelOf);
}

/** @param {Project} project @returns {Promise<any>} the queue's settings @throws {CommandError} */
export async function settingsOf(project) {
  try {
    return await rpc(project, "email_queue_configure", { p_settings: {} });
  } catch (error) {
    throw error instanceof ProjectError ? new CommandError(`${error.message}. Nothing was changed`, error.remedy ?? SUPABASE) : error;
  }
}
