// email-queue auth-hook: has Supabase Auth's mail go through the queue, or no longer. Everything is looked at before Auth is changed: with a
// hook that fails, nobody can sign up.
import path from "node:path";
import { queryApi, tokenOf } from "./api.js";
import { isOurs, placeOf, readAuth, shown, switchHook, URI } from "./auth-config.js";
import { hookBefore, keepHookBefore } from "./auth-hook-before.js";
import { examineInside, examineMail, examineQueue, examineSender, settingsOf, usersOfSiteUrl } from "./auth-hook-checks.js";
import { findCli } from "./cli.js";
import { ProjectError, readProject, rpc } from "./deployed.js";
import { skip } from "./doctor-outside.js";
import { MARKS, place } from "./doctor.js";
import { examineAuth, examineLimits } from "./doctor-auth.js";
import { envFile, environment } from "./env.js";
import { linkedRef } from "./project.js";
import { CommandError } from "./terminal.js";
import { isAddress } from "./variables.js";
import { PROVIDER } from "../provider.js";

export const help = `Usage: email-queue auth-hook on|off|status [options]

on       has Supabase Auth's mail (sign-up, magic link, reset, invite) go through the queue. It looks at everything first: the queue, the hook's
         function and its rights, the templates, the sender. Then it sets Auth's Send Email hook, and reads it back
off      goes back to what Auth had before, which is kept in .env. Mail that is queued is still sent
status   says which hook Auth has, and what is wrong with ours

It reads .env, as deploy does, and needs SUPABASE_ACCESS_TOKEN, or supabase login with its token in a file. Without the token, Auth is neither
looked at nor changed: "on" and "off" say what to click, and what to write into supabase/config.toml.

  --test-to <address>    with "on": sends a mail there first, and goes on once ${PROVIDER.name} has taken it. Without it, the sender's domain has to be
                         on ${PROVIDER.name}'s list of domains, which needs a key with full access: ${PROVIDER.variables.fullKey}, for this command alone
  --project-ref <ref>, --db-url <url>    as deploy has them
  --yes                  does it without asking
  --workdir, --dry-run, --json

Auth asks no hook for a mail above its own limit of mails an hour; the command tells the limit.
`;

export const positionals = 1;
/** @type {import("./main.js").Command["options"]} */
export const options = { "test-to": { type: "string" }, "project-ref": { type: "string" }, "db-url": { type: "string" } };

/**
 * @typedef {import("./doctor.js").Finding} Finding
 * @typedef {{project: () => ReturnType<typeof readProject>, auth: import("./api.js").Place | null, env: Record<string, string | undefined>, root: string, file: string, ref: string | undefined}} Here
 *   project: throws where a variable is missing; auth: null without a token
 */

/** @param {import("./main.js").Context} context */
export async function run({ values, positionals: [what, ...more], terminal, cwd, env: given }) {
  const way = { on, off, status }[what ?? ""];
  if (!way || more.length > 0) throw new CommandError("on, off or status?", "email-queue auth-hook --help", 2);
  try {
    return await way(find({ values, cwd, given }), values, terminal);
  } catch (error) {
    throw error instanceof ProjectError ? new CommandError(`${error.message}. Nothing was changed`, error.remedy) : error;
  }
}

/** @param {{values: Record<string, any>, cwd: string, given: Record<string, string | undefined>}} from @returns {Here} */
function find({ values, cwd, given }) {
  const { root } = place(cwd, values);
  const env = environment(root, given);
  const ref = values["project-ref"] ?? env.SUPABASE_PROJECT_ID ?? linkedRef(path.join(root, "supabase"));
  if (ref && !/^[a-z]{20}$/.test(ref)) throw new CommandError("SUPABASE_PROJECT_ID must be the 20 lower-case letters of the project's reference");
  const of = /^https:\/\/([a-z]{20})\.supabase\.co\/?$/.exec(env.SUPABASE_URL ?? "")?.[1];
  if (of && ref && of !== ref) throw new CommandError("SUPABASE_URL is of another project than the reference. Nothing was changed", "give both of the same project");
  if (values["db-url"]) env.SUPABASE_DB_URL = values["db-url"];
  const project = () => readProject({ ...env, ...ref ? { SUPABASE_PROJECT_ID: ref, SUPABASE_URL: env.SUPABASE_URL ?? `https://${ref}.supabase.co` } : {} });
  return { project, env, root, ref, file: envFile(root, given), auth: placeOf(env, ref) };
}

/** @param {Here} here @param {Record<string, any>} values @param {import("./terminal.js").Terminal} terminal @returns {Promise<number>} */
async function on(here, values, terminal) {
  const { auth, env, file } = here;
  const testTo = values["test-to"];
  if (testTo !== undefined && !isAddress(testTo)) throw new CommandError("--test-to must be an e-mail address, as in you@example.com. Nothing was changed", "correct --test-to", 2);
  const project = here.project();
  const now = auth && await readAuth(auth);
  const settings = await settingsOf(project);
  const findings = [...await examine(here, project, settings), ...now ? await examineLimits(project, now) : []];
  const users = settings.auth_site_url ? [] : await usersOfSiteUrl(project);
  const site = users.length > 0 ? now?.siteUrl : undefined;
  if (users.length > 0 && !site) {
    findings.push({ check: "auth site", status: "warn", detail: `${users.join(", ")}: the template has {{ .SiteURL }}, and auth_site_url is not set`, remedy: `select email_queue_configure('{"auth_site_url": "https://<your application>"}');` });
  }
  // Only what has passed so far is worth a mail.
  if (testTo && !terminal.dry && !findings.some(isFault)) findings.push(await examineMail(project, settings, testTo));
  const known = findings.some(({ check, status }) => status === "ok" && (check === "sender domain" || check === "test mail"));
  if (!known && !testTo && !findings.some(({ check, status }) => check === "sender domain" && status === "fail")) {
    findings.push({ check: "sender", status: "fail", detail: "nothing tells whether its domain is verified", remedy: `give --test-to <your address>, or set ${PROVIDER.variables.fullKey} for this command` });
  }
  for (const one of findings) tell(terminal, one);
  const answer = (/** @type {boolean} */ done) => print(terminal, { done, hook: done ? { enabled: true, uri: URI } : now?.hook, limit: now?.limit, findings });
  const faults = findings.filter(isFault).length;
  if (faults > 0) {
    answer(false);
    throw new CommandError(`${faults === 1 ? "a check has" : `${faults} checks have`} failed. Auth was not changed`, "apply the remedies above, then repeat the command");
  }
  if (!auth || !now) {
    terminal.say(`\nAuth was not changed: ${noToken(here)}. ${byHand(here.ref)}`);
    answer(false);
    return 1;
  }
  const isOn = now.hook.enabled && isOurs(now.hook);
  if (isOn && !site) {
    terminal.say(`\nIt is on already. ${limitOf(now.limit)}`);
    answer(true);
    return 0;
  }
  terminal.say(`\nSupabase Auth of the project ${auth.ref}:`);
  if (!isOn) terminal.say(`  set     its Send Email hook to ${URI}${now.hook.enabled ? `, in the place of ${shown(now.hook)}, which is kept in .env for "auth-hook off"` : ""}`);
  if (site) terminal.say(`  set     the queue's auth_site_url to ${site}, Auth's Site URL: ${users.join(", ")} ${users.length === 1 ? "has" : "have"} {{ .SiteURL }}`);
  if (terminal.dry) {
    terminal.say("\nNothing was changed (--dry-run).");
    answer(false);
    return 0;
  }
  if (!await terminal.confirm(isOn ? "Set it?" : `Have ${now.hook.enabled ? "the queue take that hook's place" : "Auth's mail go through the queue"}?`)) throw new CommandError("Nothing was changed");
  if (site) await rpc(project, "email_queue_configure", { p_settings: { auth_site_url: site } });
  if (isOn) {
    terminal.say("It is set.");
    answer(true);
    return 0;
  }
  // Of ours that was switched off by hand it is known what was before it.
  if (!isOurs(now.hook) || !hookBefore(env, auth.ref)) keepHookBefore(file, auth.ref, now.hook);
  const then = await switchHook(auth, now.hook, { enabled: true, uri: URI });
  terminal.say(`It is on. ${limitOf(then.limit)}`);
  answer(true);
  return 0;
}

/** @param {Here} here @param {Record<string, any>} _ @param {import("./terminal.js").Terminal} terminal @returns {Promise<number>} */
async function off({ auth, env, file, ref, root }, _, terminal) {
  if (!auth) {
    terminal.say(`Auth was not changed: ${noToken({ ref, env })}. To go back, in the dashboard (${dashboard(ref)}): disable the Send Email hook, or put back the one that you had. In supabase/config.toml: [auth.hook.send_email] enabled = false`);
    print(terminal, { done: false });
    return 1;
  }
  const { hook } = await readAuth(auth);
  const kept = hookBefore(env, auth.ref);
  if (!isOurs(hook) || !hook.enabled && !kept?.enabled) {
    terminal.say(hook.enabled ? `Nothing to do: Auth's hook is another one, ${shown(hook)}.` : "Nothing to do: Auth has no Send Email hook that is on.");
    print(terminal, { done: true, hook });
    return 0;
  }
  const before = kept ?? { enabled: false, uri: hook.uri };
  terminal.say(`Supabase Auth of the project ${auth.ref}:`);
  terminal.say(before.enabled ? `  set     its Send Email hook to ${shown(before)}, which it had before` : "  disable its Send Email hook: it sends by its own SMTP settings again, or by Supabase's mailer, which sends 2 mails an hour");
  if (!kept) terminal.say(`\nWhat Auth had before is not in ${path.relative(root, file) || file}: if it was another hook, switch that one on in the dashboard (${dashboard(ref)}).`);
  if (terminal.dry) {
    terminal.say("\nNothing was changed (--dry-run).");
    print(terminal, { done: false, hook });
    return 0;
  }
  if (!await terminal.confirm("Go back?")) throw new CommandError("Nothing was changed");
  const then = await switchHook(auth, hook, before);
  terminal.say("It is off. What is queued is still sent.");
  keepHookBefore(file, auth.ref, null);
  print(terminal, { done: true, hook: then.hook });
  return 0;
}

/** @param {Here} here @param {Record<string, any>} _ @param {import("./terminal.js").Terminal} terminal @returns {Promise<number>} */
async function status({ project, auth, ref, env }, _, terminal) {
  if (!auth) throw new CommandError(noToken({ ref, env }), "set SUPABASE_ACCESS_TOKEN: https://supabase.com/dashboard/account/tokens", 2);
  const findings = await examineAuth({ ...project(), ref: auth.ref, accessToken: auth.token, apiUrl: auth.api });
  for (const one of findings) tell(terminal, one);
  // Which hook Auth has is what was asked: where it cannot be read, that is no answer.
  const ok = !findings.some((one) => isFault(one) || (one.check === "auth hook" && one.status === "warn"));
  print(terminal, { ok, findings });
  return ok ? 0 : 1;
}

/** @param {Here} here @param {ReturnType<typeof readProject>} project @param {any} settings @returns {Promise<Finding[]>} */
async function examine({ auth, env, root, ref }, project, settings) {
  const url = env.SUPABASE_DB_URL;
  const cli = !auth && url ? findCli(root, env) : null;
  const query = auth ? (/** @type {string} */ sql) => queryApi({ ...auth, sql }) : cli && url ? (/** @type {string} */ sql) => cli.query({ url }, sql) : null;
  return [
    ...auth ? [] : [{ check: "auth hook", ...skip(`${query ? "" : "its function, its rights, the templates and "}Auth's own settings were not looked at: ${noToken({ ref, env })}`) }],
    ...query ? await examineInside(query) : [],
    ...await examineQueue(project),
    ...await examineSender(project, settings),
  ];
}

const isFault = (/** @type {Finding} */ { status }) => status === "fail";

/** @param {import("./terminal.js").Terminal} terminal @param {Finding} finding */
const tell = (terminal, { check, status, detail, remedy }) => terminal.say(`${MARKS[status]} ${check}: ${detail}${remedy ? `\n    → ${remedy}` : ""}`);

/** An address may hold a secret. @param {import("./terminal.js").Terminal} terminal @param {Record<string, any>} answer */
function print(terminal, { hook, findings, ...answer }) {
  if (!terminal.json) return;
  const told = findings?.map((/** @type {Finding} */ { data: _, remedy, ...one }) => ({ ...one, remedy: remedy ?? null }));
  terminal.print(JSON.stringify({ ...answer, ...hook ? { hook: { enabled: hook.enabled, uri: hook.uri && shown(hook) } } : {}, ...told ? { findings: told } : {} }, null, 2));
}

/** @param {number | undefined} limit */
const limitOf = (limit) => limit === undefined ? "" : `Auth asks for at most ${limit} mails an hour, from the hook, too (rate_limit_email_sent); you change that in the dashboard: Authentication, Rate Limits.`;

/** @param {{ref: string | undefined, env: Record<string, string | undefined>}} here */
const noToken = ({ ref, env }) => [...tokenOf(env) ? [] : ["no access token is set here (SUPABASE_ACCESS_TOKEN)"], ...ref ? [] : ["nothing names a hosted project (SUPABASE_PROJECT_ID)"]].join(", and ");

/** @param {string | undefined} ref */
const dashboard = (ref) => `https://supabase.com/dashboard/project/${ref ?? "_"}/auth/hooks`;

/** @param {string | undefined} ref */
const byHand = (ref) => `Switch it on yourself:
  Dashboard, ${dashboard(ref)}: Add a new hook, Send Email hook. Type: Postgres. Schema: public. Function: email_queue_auth_hook. Create.
  On this machine, in supabase/config.toml:
    [auth.hook.send_email]
    enabled = true
    uri = "${URI}"
  Self-hosted: GOTRUE_HOOK_SEND_EMAIL_ENABLED=true GOTRUE_HOOK_SEND_EMAIL_URI=${URI}`;
