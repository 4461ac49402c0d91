// The doctor: the database's own checks (email_queue_doctor), and those that need a caller from outside.
import { setTimeout as sleep } from "node:timers/promises";
import { ProjectError, readProject, rpc } from "./deployed.js";
import { examineAuth } from "./doctor-auth.js";
import { examineEvents, examineOutcomes } from "./doctor-events.js";
import { examineTemplates } from "./doctor-templates.js";
import { DEPLOY, SUPABASE, examineFunction, examineHosting, examineProvider } from "./doctor-outside.js";
import { environment } from "./env.js";
import { EVENTS_FUNCTION, FUNCTION, ownFunctions } from "./function.js";
import { compareVersions, openPackage } from "./package.js";
import { findProject } from "./project.js";
import { CommandError } from "./terminal.js";
import { PROVIDER } from "../provider.js";

/**
 * @typedef {{check: string, status: "ok" | "warn" | "fail" | "skip", detail: string, remedy?: string | null, data?: any}} Finding
 * @typedef {{version: string, where: string, deploy: string}} Release which version the schema should be of, and what deploys that
 */

export const help = `Usage: email-queue doctor [options]

Says what is broken, and how to fix it: the installation, the schedule, the function, ${PROVIDER.name}, the queue. It reads .env (see
.env.example); variables of the environment win. SUPABASE_URL and SUPABASE_SECRET_KEY are enough.

  --json                   {"ok": …, "findings": [{check, status, detail, remedy}]}
  --check                  for monitors: only the database's own checks, as one line within 2 s: {"status": "ok|warn|fail", "failed": […],
                           "warned": […], "ms": …}. Ends with 0 (ok), 1 (warn) or 2 (fail, or the database was not reached)
  --url <address>          the project, in place of SUPABASE_URL
  --no-call                starts no run of the function, and leaves out the checks that need one
  --reconcile              asks ${PROVIDER.name} about messages that failed as unknown_outcome, too, as a dry run of reconcile does;
                           it needs ${PROVIDER.variables.fullKey}
  --function-name <name>, --events-function-name <name>
                           the functions' names, if they are others than in this project
  --workdir

Ends with 0 if nothing has failed, with 1 if something has (also if the project cannot be reached),
and with 2 if a variable is missing or wrong, so that nothing was looked at.
`;

/** @type {import("./main.js").Command["options"]} */
export const options = { check: { type: "boolean" }, url: { type: "string" }, "no-call": { type: "boolean" }, reconcile: { type: "boolean" }, "function-name": { type: "string" }, "events-function-name": { type: "string" } };

/** @param {import("./main.js").Context} context */
export async function run(context) {
  const { values, terminal } = context;
  if (values.check) return await (await import("../operate/check.js")).check(context);
  return await patient(context, ({ project, ...where }) => report(project, { ...where, json: terminal.json, call: !values["no-call"], outcomes: values.reconcile === true, print: (text) => terminal.print(text) }));
}

/** All that the command finds, for the console. @param {import("./main.js").Context} context @param {boolean} call starts a run of the function, too */
export const findingsOf = (context, call) => patient(context, ({ project, ...where }) => examine(project, { ...where, call, outcomes: false }));

/** What is examined. @template T @param {import("./main.js").Context} context @param {(patient: {project: ReturnType<typeof readProject>, release: Release, root: string}) => Promise<T>} look @returns {Promise<T>} */
async function patient({ values, cwd, env: given }, look) {
  const release = releaseOf(openPackage(), given);
  const { root, name, events } = place(cwd, values);
  try {
    const env = environment(root, values.url === undefined ? given : { ...given, SUPABASE_URL: values.url });
    return await look({ project: readProject(env, values["function-name"] ?? name, values["events-function-name"] ?? events), release, root });
  } catch (error) {
    if (!(error instanceof ProjectError || error instanceof CommandError)) throw error;
    throw new CommandError(error.message, error.remedy, 2);
  }
}

/**
 * EMAIL_QUEUE_COMMAND: the user's command, if it is not the package's.
 * @param {{version: string}} pack @param {Record<string, string | undefined>} env @param {string} [direct] the function's name, without a repository @returns {Release}
 */
export const releaseOf = ({ version }, env, direct) =>
  ({ version, where: "this package", deploy: env.EMAIL_QUEUE_COMMAND ?? `node_modules/.bin/email-queue deploy${direct ? " --direct" : ""}${direct && direct !== FUNCTION ? ` --function-name ${direct}` : ""}` });

/** From anywhere: without a project, .env of this folder counts. @param {string} cwd @param {Record<string, any>} values */
export function place(cwd, values) {
  try {
    const { root, supabase } = findProject(cwd, values.workdir);
    return { root, name: ownFunctions(supabase, FUNCTION)[0] ?? FUNCTION, events: ownFunctions(supabase, EVENTS_FUNCTION)[0] };
  } catch (error) {
    if (!(error instanceof CommandError) || values.workdir !== undefined) throw error;
    return { root: cwd, name: FUNCTION, events: undefined };
  }
}

/** How long an answer to a call through pg_net is waited for. A run that has much to do takes longer, which is no fault. */
const ANSWER_MS = 15_000;

export const MARKS = { ok: "✓", warn: "!", fail: "✗", skip: "·" };

/**
 * Examines, and prints what was found.
 * @param {ReturnType<typeof readProject>} project
 * @param {{json?: boolean, call: boolean, outcomes?: boolean, release: Release, root: string, print: (text: string) => void}} how @returns {Promise<number>} the exit code
 */
export async function report(project, { json = false, call, outcomes = false, release, root, print }) {
  const findings = await examine(project, { call, outcomes, release, root });
  const failed = findings.filter(({ status }) => status === "fail").length;
  if (json) print(JSON.stringify({ ok: failed === 0, findings: findings.map(({ data: _, ...finding }) => finding) }, null, 2));
  else {
    for (const { check, status, detail, remedy } of findings) print(`${MARKS[status]} ${check}: ${detail}${remedy ? `\n    → ${remedy}` : ""}`);
    print(failed === 0 ? "\nHealthy." : `\n${failed} ${failed === 1 ? "check has" : "checks have"} failed.`);
  }
  return failed === 0 ? 0 : 1;
}

/** @param {ReturnType<typeof readProject>} project @param {{call: boolean, outcomes: boolean, release: Release, root: string}} how root: the folder that has supabase/ @returns {Promise<Finding[]>} */
async function examine(project, how) {
  return (await look(project, how)).map(({ remedy, ...finding }) => ({ ...finding, remedy: remedy?.replaceAll(DEPLOY, how.release.deploy) ?? null }));
}

/** @param {ReturnType<typeof readProject>} project @param {{call: boolean, outcomes: boolean, release: Release, root: string}} how @returns {Promise<Finding[]>} */
async function look(project, { call, outcomes, release, root }) {
  /** @type {Finding[]} */
  const found = [];
  /** @type {Finding[]} */
  let inside = [];
  try {
    found.push(await clock(project));
    // Before the runs of this command, which are calls, too.
    const connection = call ? (await rpc(project, "email_queue_doctor")).find(isConnection) : undefined;
    if (call) found.push(...await examineFunction(project));
    // Through pg_net, as the schedule does: its answer is what the next check is about.
    inside = call ? (await callAndAsk(project)).map((one) => isConnection(one) && connection || one) : await rpc(project, "email_queue_doctor");
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    found.push({ check: "database", status: "fail", detail: error.message, remedy: error.remedy ?? SUPABASE });
    if (call && found.length === 1) found.push(...await examineFunction(project));
  }
  const sender = project.sender ?? inside.find(({ check }) => check === "default sender")?.detail;
  return [...found, ...inside.map((finding) => withVersion(finding, release)).map((finding) => withProject(finding, project)), ...await examineEvents(project), ...outcomes ? [await examineOutcomes(project)] : [], ...await examineProvider(project, sender), ...await examineHosting(project), ...await examineAuth(project), ...await examineTemplates(project, root)];
}

const isConnection = (/** @type {Finding} */ { check }) => check === "connection";

/** @param {ReturnType<typeof readProject>} project @returns {Promise<Finding>} */
async function clock(project) {
  const before = Date.now();
  const { now_ms: now } = await rpc(project, "email_queue_worker_work", { p_request: {} });
  const after = Date.now();
  const seconds = Math.round(Math.max(0, before - now, now - after) / 1000);
  return {
    check: "clock",
    status: seconds > 30 ? "warn" : "ok",
    detail: `the database's clock and this machine's are ${seconds} s apart; the queue uses the database's`,
    remedy: seconds > 30 ? "Set this machine's clock (NTP): a runAt or sendBefore that is computed here would be wrong" : null,
  };
}

/** @param {ReturnType<typeof readProject>} project @returns {Promise<Finding[]>} */
async function callAndAsk(project) {
  const called = await rpc(project, "email_queue_call").then(({ request_id: id }) => id, () => null);
  const end = performance.now() + ANSWER_MS;
  for (;;) {
    const findings = await rpc(project, "email_queue_doctor");
    const answers = findings.find((/** @type {Finding} */ { check }) => check === "answers");
    // Without pg_net or a secret nothing was called, and the doctor names what is missing.
    if (called === null || !answers || answers.data?.request_id >= called || answers.status === "fail" && !answers.data || performance.now() >= end) return findings;
    await sleep(300);
  }
}

/** @param {Finding} finding @param {Release} release @returns {Finding} */
function withVersion(finding, { version, where }) {
  if (finding.check !== "version" || finding.detail === version) return finding;
  const newer = /^\d+\.\d+\.\d+$/.test(finding.detail) && compareVersions(finding.detail, version) > 0;
  return { ...finding, status: "fail", detail: `the schema has version ${finding.detail}, ${where} has ${version}`, remedy: newer ? `Install email-queue ${finding.detail} or newer here` : DEPLOY };
}

/**
 * A database that was restored into this project calls the original's function, until its own has been deployed and connected.
 * @param {Finding} finding @param {ReturnType<typeof readProject>} project @returns {Finding}
 */
function withProject(finding, project) {
  if (finding.check !== "function address" || finding.status !== "ok" || !finding.data?.calls) return finding;
  const called = projectOf(finding.data?.host);
  const own = project.ref ?? projectOf(new URL(project.url).host);
  if (!called || !own || called === own) return finding;
  return {
    ...finding,
    status: "fail",
    detail: `this database calls the function of ${finding.data.host}, which belongs to another project and works on that project's database`,
    remedy: `To stop the calls: select email_queue_unschedule(), email_queue_wake(false); To have this database call its own function: ${DEPLOY}`,
  };
}

/** The reference in the address of a hosted project. @param {string | undefined} host */
function projectOf(host) {
  return /^([a-z0-9]{20})\.(?:functions\.)?supabase\.(?:co|in)$/.exec(host ?? "")?.[1];
}
