// What happened to a message, in one line: did the person get it, and why not?
import { ago } from "./times.js";

/**
 * @typedef {"delivered" | "sent" | "delayed" | "bounced" | "complained" | "undelivered" | "waits" | "sending" | "replay" | "failed" | "suppressed" | "expired" | "unknown" | "cancelled" | "done"} State
 * @typedef {{state: State, text: string}} Fate
 */

/** Of the states, which is good news. @type {Record<State, import("./table.js").Colour | undefined>} */
export const COLOUR_OF = {
  delivered: "good", sent: "good", done: "good", delayed: "wait", waits: "wait", sending: "wait", replay: "wait", cancelled: "faint",
  bounced: "bad", complained: "bad", undelivered: "bad", failed: "bad", suppressed: "bad", expired: "bad", unknown: "bad",
};

/** As a line of its own. The provider's words may end with a stop. @param {Fate} fate */
export const sentence = ({ text }) => `${text[0]?.toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;

/**
 * @param {any} row of the view
 * @param {{address?: string | undefined, until?: string | null | undefined, suppressed?: any[], paused?: string | null, now?: number}} [more]
 *   address: the recipient whom it is about; until: when it is tried next; suppressed: entries of the list; paused: why mail waits
 * @returns {Fate}
 */
export function fateOf(row, { address, until, suppressed = [], paused, now = Date.now() } = {}) {
  const when = (/** @type {string | null | undefined} */ time) => ago(time, now);
  const last = row.error?.message || row.error?.name ? errorText(row.error) : "";
  if (row.status === "completed") return row.type === "email" ? delivery(row, address, when) : { state: "done", text: `completed ${when(row.completed_at)}` };
  if (row.status === "cancelled") return { state: "cancelled", text: `cancelled ${when(row.completed_at)}` };
  if (row.status === "failed") return failure(row, { last, suppressed, when });
  const held = paused ? `; ${paused}` : "";
  if (row.status === "processing") {
    if (Date.parse(row.lease_expires_at) > now) return { state: "sending", text: "is being sent" };
    return { state: "replay", text: `waits for its replay${until ? `, next ${when(until)}` : ""}; it may have been sent${last ? `: ${last}` : ""}${held}` };
  }
  const next = Date.parse(row.run_at) > now ? when(row.run_at) : "";
  if (row.status === "retrying") return { state: "waits", text: `is tried again${next ? ` ${next}` : ""} after ${row.attempts} of ${row.max_attempts} attempts: ${last || "no answer"}${held}` };
  return { state: "waits", text: next ? `is to be sent ${next}` : `waits since ${when(row.run_at).replace(/ ago$/, "")}${held}` };
}

/** @param {any} row @param {string | undefined} address @param {(time: any) => string} when @returns {Fate} */
function delivery(row, address, when) {
  const all = row.delivery?.recipients ?? [];
  const none = /** @type {const} */ ({ state: "sent", text: `accepted by the provider ${when(row.completed_at)}; no report since` });
  if (all.length === 0) return none;
  const most = Math.max(all.length, addressesOf(row).length);
  const one = most === 1 ? all[0] : all.find((/** @type {any} */ { address: of }) => address && of?.toLowerCase() === address.toLowerCase());
  if (one) return recipient(one, when);
  // Of an erased message the addresses are not known any more: its reports are about somebody.
  if (address && all.every((/** @type {any} */ { address: of }) => of)) return { ...none, text: `${none.text} about this address` };
  /** @type {Record<string, number>} */
  const counts = {};
  const spam = all.filter((/** @type {any} */ { complained_at: complained }) => complained).length;
  for (const { state } of all) counts[state] = (counts[state] ?? 0) + 1;
  if (spam > 0) counts["marked as spam"] = spam;
  const { state } = spam > 0 ? { state: /** @type {const} */ ("complained") } : recipient(row.delivery, when);
  return { state, text: `${Object.entries(counts).map(([name, count]) => `${name}: ${count}`).join(", ")} of ${most} recipients, ${when(row.delivery.at)}` };
}

/** @param {any} one @param {(time: any) => string} when @returns {Fate} */
function recipient({ state, at, bounce, reason, complained_at: complained, opened_at: opened }, when) {
  if (complained) return { state: "complained", text: `delivered, and marked as spam ${when(complained)}` };
  switch (state) {
    case "delivered": return { state: "delivered", text: `delivered ${when(at)}${opened ? `, opened ${when(opened)}` : ""}` };
    case "delayed": return { state: "delayed", text: `delayed by the receiving server ${when(at)}; the provider tries on` };
    case "bounced": return { state: "bounced", text: `bounced ${when(at)}${bounceText(bounce)}` };
    case "suppressed": return { state: "suppressed", text: `suppressed by the provider ${when(at)}${reason ? `: ${reason}` : ""}` };
    case "failed": return { state: "undelivered", text: `the provider could not send it ${when(at)}${reason ? `: ${reason}` : ""}` };
    default: return { state: "sent", text: `sent ${when(at)}; no report of its delivery yet` };
  }
}

/** @param {{type?: string, subtype?: string, text?: string} | undefined} bounce */
function bounceText(bounce) {
  if (!bounce) return "";
  const kind = [bounce.type, bounce.subtype].filter(Boolean).join(", ");
  return `${kind ? ` (${kind})` : ""}${bounce.text ? `: ${bounce.text}` : ""}`;
}

/** Everybody whom it goes to; none where the payload is not shown. @param {any} row @returns {any[]} */
const addressesOf = ({ payload, recipients }) => [payload?.to ?? recipients, payload?.cc, payload?.bcc].flat().filter((one) => one !== undefined && one !== null);

/** What stopped a message, of the entries that are in force now. @param {any} row @param {any[]} entries */
const stoppedBy = (row, entries) => entries.filter(({ reason, topic, since }) =>
  Date.parse(since) <= Date.parse(row.completed_at) && (topic === null || topic === row.topic) && (reason !== "unsubscribe" || row.topic));

/** @param {any} row @param {{last: string, suppressed: any[], when: (time: any) => string}} more @returns {Fate} */
function failure(row, { last, suppressed, when }) {
  const at = when(row.completed_at);
  const why = last ? `: ${last}` : "";
  switch (row.error?.reason) {
    case "rejected": return { state: "failed", text: `rejected ${at}${why}` };
    case "exhausted": return { state: "failed", text: `given up ${at} after ${row.attempts} attempts${why}` };
    case "expired": return { state: "expired", text: `expired: its time was over ${when(row.send_before)}, before it could be sent` };
    case "suppressed": return { state: "suppressed", text: `not sent ${at}: ${stoppedBy(row, suppressed).map((entry) => suppressionText(entry, when)).join("; ") || "each recipient was on the suppression list"}` };
    case "unknown_outcome": return { state: "unknown", text: `may have been sent ${at}${why || ": no answer came"}` };
    case "not_accepted": return { state: "failed", text: `not sent ${at}: the provider does not have it` };
    default: return { state: "failed", text: `failed ${at}${why}` };
  }
}

/** An entry of the list. @param {any} entry @param {(time: any) => string} [when] */
export const suppressionText = ({ reason, topic, since }, when = ago) => `on the suppression list (${reason}${topic ? ` of ${topic}` : ""}) since ${when(since).replace(/ ago$/, "")}`;

/** The provider's words. @param {any} error */
export function errorText({ status, name, message }) {
  const code = [status, name].filter(Boolean).join(" ");
  return message && code ? `${message} (${code})` : message || code;
}

/** Why a message of this sender does not leave, or null. @param {any} stats @param {any} row @param {number} [now] */
export function holdText(stats, row, now = Date.now()) {
  const held = pauseText(stats, now);
  if (held) return held;
  const domain = /@([^@>\s]+)>?\s*$/.exec(String(row.payload?.from ?? ""))?.[1]?.toLowerCase();
  const paused = stats.paused_domains?.find((/** @type {any} */ one) => one.domain === domain);
  if (paused) return `mail from ${domain} is paused since ${ago(paused.since, now).replace(/ ago$/, "")}: ${paused.reason ?? "no reason given"}`;
  return stats.unknown_in_a_row >= 3 ? `the provider did not answer the last ${stats.unknown_in_a_row} requests` : null;
}

/** Why no mail leaves, or null. @param {any} stats @param {number} [now] */
export function pauseText({ paused, cooldown }, now = Date.now()) {
  if (paused) return `the queue is paused since ${ago(paused.since, now).replace(/ ago$/, "")}${paused.until ? `, until ${ago(paused.until, now)}` : ""}: ${paused.reason ?? "no reason given"}`;
  if (cooldown) return `requests wait, and go on ${ago(cooldown.until, now)}: ${cooldown.reason ?? "the provider's limit"}`;
  return null;
}
