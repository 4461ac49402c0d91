// The doctor's checks of the function that takes the provider's reports.
import { createHmac } from "node:crypto";
import { PROVIDER } from "../provider.js";
import { request } from "./deployed.js";
import { attempt, DEPLOY, fail, LOGS, ok, skip, SUPABASE } from "./doctor-outside.js";
import { Reading } from "./reading.js";
import { reconcile, REQUESTS } from "./reconcile-steps.js";
import { CommandError } from "./terminal.js";
import { changesOf, findWebhook } from "./webhook.js";

/**
 * @typedef {import("./doctor.js").Finding} Finding
 * @typedef {ReturnType<typeof import("./deployed.js").readProject>} Project
 */

const { webhookSecret: SECRET, fullKey: KEY } = PROVIDER.variables;

/** @param {Project} project @returns {Promise<Finding[]>} */
export async function examineEvents(project) {
  const found = await attempt("events function", SUPABASE, () => examine(project));
  if (found.status === "skip") return [found];
  return [found, await attempt("webhook", `Look at ${PROVIDER.status} and at this machine's network`, () => examineWebhook(project))];
}

/** What the provider says of lost answers and lost events: reads, and changes nothing. @param {Project} project @returns {Promise<Finding>} */
export const examineOutcomes = (project) => attempt("outcomes", `Look at ${PROVIDER.status} and at this machine's network`, async () => {
  if (!project.fullKey) return skip(`${KEY} is not set here: only a key with full access can read what ${PROVIDER.name} has`);
  const reading = new Reading(project.providerUrl, project.fullKey, { command: "doctor", most: REQUESTS });
  const { complete, events, unknown, accepted, not_accepted: missing } = await reconcile({ project, reading, door: null, since: null, say: () => {} });
  const limit = complete ? "" : ` (${REQUESTS} requests were not enough to read all)`;
  if (unknown === 0 && events.missing === 0 && complete) return ok(`no message failed as unknown_outcome, and no event is missing`);
  const detail = `unknown_outcome: ${unknown}, of which ${PROVIDER.name} has ${accepted} and has not accepted ${missing}; events that did not arrive: ${events.missing}${limit}`;
  return { status: "warn", detail, remedy: "email-queue reconcile --yes settles what can be settled" };
});

/** Whether the function there is the queue's, as far as a GET tells, which does nothing; false where it does not answer. @param {Project} project */
export const isOurs = async ({ eventsUrl }) => {
  const answer = await request(eventsUrl).catch(() => undefined);
  return ["method_not_allowed", "broken"].includes(answer?.body?.code);
};

/** @param {Project} project @returns {Promise<Omit<Finding, "check">>} */
async function examineWebhook(project) {
  if (!project.fullKey) return skip(`${KEY} is not set here: only a key with full access can read it`);
  const remedy = `Set ${KEY}, then: ${DEPLOY}`;
  try {
    const webhook = await findWebhook(project);
    if (!webhook) return fail(`${PROVIDER.name} has no webhook to ${project.eventsUrl}`, remedy);
    const { status, events } = changesOf(webhook);
    if (status) return fail(`it is ${webhook.status}: ${PROVIDER.name} reports nothing. It disables an endpoint that keeps failing`, remedy);
    if (events) return { status: "warn", detail: `it does not report ${events.slice(webhook.events?.length ?? 0).join(", ")}`, remedy };
    if (project.webhookSecret && !project.webhookSecret.includes(webhook.signing_secret ?? "")) return fail(`${SECRET} is not its signing secret`, remedy);
    return ok("enabled");
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return fail(error.message, error.remedy ?? remedy);
  }
}

/** It refuses a report without a signature, and takes one with it. @param {Project} project @returns {Promise<Omit<Finding, "check">>} */
async function examine(project) {
  const unsigned = await request(project.eventsUrl, { method: "POST", body: "{}" });
  const { code, error, field } = unsigned.body ?? {};
  if (unsigned.status === 404 && code !== "not_found") {
    return project.events ? fail(`there is no function ${project.events} (404)`, DEPLOY) : skip(`it is not in this project: what happened to accepted mail is not known`);
  }
  if (code === "UNAUTHORIZED_NO_AUTH_HEADER") return fail(`Supabase checks each call for a JWT before it reaches the function (verify_jwt): ${PROVIDER.name}'s reports are refused`, DEPLOY);
  if (code === "misconfigured" && field === SECRET && !project.webhookSecret) {
    return { status: "warn", detail: `${SECRET} is not set: what happened to accepted mail is not known`, remedy: `${DEPLOY} says how to set up ${PROVIDER.name}'s webhook` };
  }
  if (code === "misconfigured") return fail(error, `Correct in .env what the reason names; then: ${DEPLOY}`);
  if (unsigned.status === 200) return fail("a report without a signature was let in", DEPLOY);
  if (code !== "unsigned") return fail(`a report without a signature was answered with ${unsigned.status}, not 401`, unsigned.status >= 500 ? LOGS : DEPLOY);
  const secret = project.webhookSecret?.split(/[\s,]+/)[0];
  if (!secret) return ok(`it refuses a report without a signature (${SECRET} is not set here)`);
  const signed = await request(project.eventsUrl, { method: "POST", body: "{}", headers: signature(secret, "{}") });
  if (signed.status === 200) return ok("it refuses a report without a signature, and takes one with it");
  if (signed.status === 401 && signed.body?.code === "signature") return fail(`it refuses ${SECRET}: it was deployed with another value`, DEPLOY);
  if (signed.status === 401) return fail("it refuses the time of this machine", "Set this machine's clock (NTP)");
  return fail(`a signed report was answered with ${signed.status}: ${signed.body?.error ?? "its log has the reason"}`, LOGS);
}

/** As the provider signs. A report that says nothing is not recorded. @param {string} secret @param {string} body @returns {Record<string, string>} */
function signature(secret, body) {
  const id = "email-queue-doctor";
  const at = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return { "svix-id": id, "svix-timestamp": at, "svix-signature": `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}` };
}
