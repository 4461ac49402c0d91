// Gaps of the event stream: what the provider has reported, and this queue has not recorded.
import { PROVIDER } from "../provider.js";
import { rpc } from "./deployed.js";
import { LimitReached, timeOf } from "./reading.js";
import { TOLERANCE } from "./reconcile-mails.js";
import { findWebhook } from "./webhook.js";

/** Payloads that are recorded together. */
const TOGETHER = 50;
/** The provider tries to deliver an event for so long: one of before the backup may have come after it. */
const DELIVERED_WITHIN = 28 * 3_600_000;
/** Of other things than e-mails and the suppression list nothing is recorded. */
const OURS = /^(email|suppression)\./;

/**
 * @typedef {{project: ReturnType<typeof import("./deployed.js").readProject>, reading: import("./reading.js").Reading, door: import("./reconcile-door.js").LocalDoor | null,
 *   since: string | null, say: (text: string) => void}} Work door: null in a dry run
 * @typedef {{missing: number, read: number, recorded: number, next: string | null, since: string | null}} Events next: of the first that was not read; since: what happened before is read
 */

/** @param {Work} work @returns {Promise<Events>} */
export async function readEvents({ project, reading, door, since, say }) {
  const done = /** @type {Events} */ ({ missing: 0, read: 0, recorded: 0, next: null, since: null });
  const webhook = await findWebhook(project, (path) => reading.ask(path));
  if (!webhook) {
    say(`events: ${PROVIDER.name} has no webhook to ${project.eventsUrl}`);
    return done;
  }
  const path = `/webhooks/${encodeURIComponent(webhook.id)}/events`;
  const { missing, newest } = await missingEvents({ project, reading, path, since });
  done.missing = missing.length;
  say(`events: ${missing.length} were not delivered`);
  if (!door) return done;
  // The oldest first: a run that is interrupted, or ends at its limit, has left none behind.
  for (let at = 0; at < missing.length && done.next === null; at += TOGETHER) {
    /** @type {{id: string, body: string}[]} */
    const found = [];
    for (const { id, created_at } of missing.slice(at, at + TOGETHER)) {
      try {
        const event = await reading.find(`${path}/${encodeURIComponent(id)}`);
        done.read += 1;
        if (event?.payload) found.push({ id, body: typeof event.payload === "string" ? event.payload : JSON.stringify(event.payload) });
      } catch (error) {
        if (!(error instanceof LimitReached)) throw error;
        done.next = created_at;
        break;
      }
    }
    done.recorded += (await door.take(found)).filter((result) => result === "recorded").length;
  }
  // By the provider's clock: this machine's may be wrong.
  done.since = done.next ?? (newest && new Date(Date.parse(newest) - TOLERANCE).toISOString());
  say(`events: ${done.recorded} are new here`);
  return done;
}

/** Oldest first. @param {Omit<Work, "door" | "say"> & {path: string}} work @returns {Promise<{missing: {id: string, created_at: string}[], newest: string | null}>} */
async function missingEvents({ project, reading, path, since }) {
  const missing = [];
  let newest = /** @type {string | null} */ (null);
  const from = since && new Date(Date.parse(since) - DELIVERED_WITHIN).toISOString();
  for await (const page of reading.pages(path)) {
    newest ??= page[0] ? timeOf(page[0].created_at) : null;
    // What was answered with 2xx is here, unless the database was restored: with a time, nothing is taken for granted.
    const open = page.map((event) => ({ ...event, created_at: timeOf(event.created_at) }))
      .filter(({ type, status, created_at }) => OURS.test(type) && (from === null ? status !== "success" : created_at >= from));
    const known = new Set(open.length > 0 ? await rpc(project, "email_queue_known_events", { p_ids: open.map(({ id }) => id) }) : []);
    missing.push(...open.filter(({ id }) => !known.has(id)));
    if (from !== null && page.length > 0 && timeOf(page.at(-1).created_at) < from) break;
  }
  return { missing: missing.reverse(), newest };
}
