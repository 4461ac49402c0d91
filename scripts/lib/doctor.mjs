// The doctor: what the database says of itself (email_queue_doctor), and what only a caller from outside can see.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { SUPABASE, examineFunction, examineHosting, examineProvider } from "./doctor-outside.mjs";
import { missingVariables } from "./env.mjs";
import { ROOT, sleep } from "./host.mjs";
import { ProjectError, readProject, rpc } from "./project.mjs";

/**
 * @typedef {{check: string, status: "ok" | "warn" | "fail" | "skip", detail: string, remedy?: string | null, data?: any}} Finding
 */

/** How long an answer to a call through pg_net is waited for. A run that has much to do takes longer, which is no fault. */
const ANSWER_MS = 15_000;

const DEPLOY = "supabase/functions/deploy.sh";

const MARKS = { ok: "✓", warn: "!", fail: "✗", skip: "·" };

const HELP = `scripts/doctor [options]

Says what is broken, and what mends it: the installation, the schedule, the function, Resend, the queue. It reads .env (see
.env.example); variables of the environment win.

  --json      {"ok": …, "findings": [{check, status, detail, remedy}]}
  --no-call   starts no run of the function, so that less is known

Ends with 0 if nothing has failed, with 1 if something has, with 2 if it could not be asked.
`;

const options = readOptions();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

let project;
try {
  for (const [name, value] of missingVariables()) process.env[name] = value;
  project = readProject();
} catch (error) {
  end(2, `error: ${error instanceof Error ? error.message : error}`);
}

const findings = await examine(project, { call: !options["no-call"] });
const ok = findings.every(({ status }) => status !== "fail");
if (options.json) {
  console.log(JSON.stringify({ ok, findings: findings.map(({ data: _, ...finding }) => finding) }, null, 2));
} else {
  for (const { check, status, detail, remedy } of findings) {
    console.log(`${MARKS[status]} ${check}: ${detail}`);
    if (remedy) console.log(`    → ${remedy}`);
  }
  const failed = findings.filter(({ status }) => status === "fail").length;
  console.log(ok ? "\nHealthy." : `\n${failed} ${failed === 1 ? "check has" : "checks have"} failed.`);
}
process.exitCode = ok ? 0 : 1;

/** @param {ReturnType<typeof readProject>} project @param {{call: boolean}} how @returns {Promise<Finding[]>} */
async function examine(project, { call }) {
  /** @type {Finding[]} */
  const found = [];
  /** @type {Finding[]} */
  let inside = [];
  try {
    found.push(await clock(project));
    if (call) found.push(...await examineFunction(project));
    // Through pg_net, as the schedule does: its answer is what the next check is about.
    inside = call ? await callAndAsk(project) : await rpc(project, "email_queue_doctor");
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    found.push({ check: "database", status: "fail", detail: error.message, remedy: error.remedy ?? SUPABASE });
    if (call && found.length === 1) found.push(...await examineFunction(project));
  }
  const sender = project.sender ?? inside.find(({ check }) => check === "default sender")?.detail;
  return [...found, ...inside.map(withVersion).map((finding) => withProject(finding, project)), ...await examineProvider(project, sender), ...await examineHosting(project)];
}

/** @param {ReturnType<typeof readProject>} project @returns {Promise<Finding>} */
async function clock(project) {
  const before = Date.now();
  const { now_ms: now } = await rpc(project, "email_queue_worker_work", { p_request: {} });
  const after = Date.now();
  const seconds = Math.round(Math.max(0, before - now, now - after) / 1000);
  return {
    check: "clock",
    status: seconds > 30 ? "warn" : "ok",
    detail: `the database's clock and this machine's are ${seconds} s apart; the queue goes by the database's`,
    remedy: seconds > 30 ? "Set this machine's clock (NTP): a runAt or sendBefore that it works out would be wrong" : null,
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

/** Which version the schema should be of, this repository says. @param {Finding} finding @returns {Finding} */
function withVersion(finding) {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, "supabase/version.json"), "utf8"));
  if (finding.check !== "version" || finding.detail === version) return finding;
  return { ...finding, status: "fail", detail: `the schema is of version ${finding.detail}, this repository of ${version}`, remedy: DEPLOY };
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
    detail: `this database calls the function of ${finding.data.host}, which is another project's and works on its own database`,
    remedy: `If it is to call nothing: select email_queue_unschedule(), email_queue_wake(false); To have it call its own: ${DEPLOY}`,
  };
}

/** The reference in the address of a hosted project. @param {string | undefined} host */
function projectOf(host) {
  return /^([a-z0-9]{20})\.(?:functions\.)?supabase\.(?:co|in)$/.exec(host ?? "")?.[1];
}

/** @param {number} code @param {string} text @returns {never} */
function end(code, text) {
  console.error(text);
  process.exit(code);
}

function readOptions() {
  const flag = { type: /** @type {const} */ ("boolean"), default: false };
  try {
    return parseArgs({ options: { json: flag, "no-call": flag, help: { ...flag, short: "h" } } }).values;
  } catch (error) {
    return end(2, `error: ${error instanceof Error ? error.message : error} (see scripts/doctor --help)`);
  }
}
