// The provider's webhook, which tells the function of events what happened to each mail. Only a key that may do everything can read or
// change it: that key is given for one command, and kept nowhere.
import { PROVIDER } from "../provider.js";
import { ProjectError, request } from "./deployed.js";
import { CommandError } from "./terminal.js";

/** @typedef {ReturnType<typeof import("./deployed.js").readProject>} Project */
/** @typedef {{id: string, endpoint: string, status: string, events: string[] | null, signing_secret?: string}} Webhook */

/** What the queue takes, or shows. The others of the account go on to the other endpoints. */
export const EVENTS = [
  ...["sent", "scheduled", "delivered", "delivery_delayed", "bounced", "complained", "opened", "clicked", "failed", "suppressed"].map((name) => `email.${name}`),
  "suppression.added", "suppression.removed", "domain.updated",
];

const KEY = PROVIDER.variables.fullKey;

/** The webhook of the project's function; null: it has no webhook. @param {Project} project @param {(path: string) => Promise<any>} [get] @returns {Promise<Webhook | null>} @throws {CommandError} */
export async function findWebhook(project, get = (path) => call(project, "GET", path)) {
  for (let after = "";;) {
    const { data = [], has_more: more } = await get(`/webhooks?limit=100${after && `&after=${encodeURIComponent(after)}`}`);
    const found = data.find((/** @type {Webhook} */ { endpoint }) => same(endpoint, project.eventsUrl));
    if (found) return await get(`/webhooks/${encodeURIComponent(found.id)}`);
    const last = data.at(-1)?.id;
    if (!more || !last || last === after) return null;
    after = last;
  }
}

/** What of a webhook has to be changed. What it reports beside is not taken away. @param {Webhook} webhook @returns {{events?: string[], status?: "enabled"}} */
export function changesOf({ events, status }) {
  const missing = EVENTS.filter((type) => !(events ?? []).includes(type));
  return { ...missing.length > 0 ? { events: [...events ?? [], ...missing] } : {}, ...status === "enabled" ? {} : { status: "enabled" } };
}

/**
 * Creates it, or changes what differs.
 * @param {Project} project @param {Webhook | null} webhook as it is @returns {Promise<string | undefined>} its secret @throws {CommandError}
 */
export async function setWebhook(project, webhook) {
  if (!webhook) return (await call(project, "POST", "/webhooks", { endpoint: project.eventsUrl, events: EVENTS })).signing_secret;
  const changes = changesOf(webhook);
  if (Object.keys(changes).length > 0) await call(project, "PATCH", `/webhooks/${encodeURIComponent(webhook.id)}`, changes);
  return webhook.signing_secret;
}

/** What only the user can do, without that key. @param {Project} project */
export const byHand = (project) => `What happens to accepted mail is not known yet: ${PROVIDER.name} has to be told where to report it.
  1. ${PROVIDER.webhooks}: Add webhook, with the endpoint ${project.eventsUrl}
  2. Choose these events: ${EVENTS.join(" ")}
  3. Put its signing secret into .env as ${PROVIDER.variables.webhookSecret}, and repeat this command.
Or let this command do it: run it with ${KEY} set to a key with full access, for this once. The key is kept nowhere.`;

/** @param {string} one @param {string} other */
const same = (one, other) => one?.replace(/\/+$/, "") === other.replace(/\/+$/, "");

/** @param {Project} project @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
async function call(project, method, path, body) {
  const asked = request(`${project.providerUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${project.fullKey}`, "user-agent": "email-queue", ...body ? { "content-type": "application/json" } : {} },
    ...body ? { body: JSON.stringify(body) } : {},
  });
  const { status, body: answer } = await asked.catch((error) => {
    throw error instanceof ProjectError ? new CommandError(`${PROVIDER.name}: ${error.message}`, `look at ${PROVIDER.status} and at this machine's network, then repeat the command`) : error;
  });
  if (status >= 200 && status < 300) return answer ?? {};
  const { name, message } = typeof answer === "object" && answer ? answer : {};
  if (status === 401 || status === 403) throw new CommandError(`${PROVIDER.name} refuses ${KEY} for webhooks: ${status} ${name ?? ""}`.trim(), `make a key with full access at ${PROVIDER.keys}, for this command only; or leave it out, and set the webhook up by hand`);
  if (status === 429 || status >= 500) throw new CommandError(`${PROVIDER.name} answered ${status}`, "repeat the command in a minute");
  throw new CommandError(`${PROVIDER.name} does not take the webhook: ${status} ${message ?? name ?? ""}`.trim(), `its address must be one of https (${project.eventsUrl}), and the account must have room for a webhook`);
}
