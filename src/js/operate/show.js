// email-queue show: one message, from its enqueue to what the provider reported, and what can be done with it.
import { CommandError } from "../command/terminal.js";
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { COLOUR_OF, errorText, fateOf, holdText, sentence, suppressionText } from "./fate.js";
import { nextTry } from "./list.js";
import { idsFrom, recipientsOf, subjectOf } from "./rows.js";
import { paint, plain, table } from "./table.js";
import { ago, exact } from "./times.js";

export const help = `Usage: email-queue show <id> [options]

One message: what happened to it, when (UTC), and what can be done with it, or why not.

${SHARED_HELP}
`;

export const positionals = 1;
/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED };

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const [id] = idsFrom(context.positionals, { most: 1 });
  const { ask, show, terminal } = openDesk(context);
  const row = await ask("email_queue_show", { p_id: id });
  if (row === null) throw unknown(id ?? "");
  const stats = row.completed_at === null && row.type === "email" ? await ask("email_queue_stats") : null;
  const conclusion = fateOf(row, { until: nextTry(row), suppressed: row.suppressed, paused: stats ? holdText(stats, row) : null });
  if (terminal.json) terminal.print(JSON.stringify(show({ ...row, conclusion })));
  else terminal.draw(forPeople(show(row), show(conclusion)));
}

/** @param {string} id */
export const unknown = (id) => new CommandError(`there is no message ${id}`, "email-queue list shows ids. Messages that have ended are deleted after their retention", 1);

/** @param {any} row @param {import("./fate.js").Fate} fate */
function forPeople(row, fate) {
  const name = (/** @type {string} */ text) => paint("faint", text.padEnd(10));
  /** @type {[string, any][]} */
  const facts = [
    ["To", recipientsOf(row).join(", ")],
    ["Cc", recipientsOf(row, "cc").join(", ")],
    ["Bcc", recipientsOf(row, "bcc").join(", ")],
    ["Subject", row.type === "email" ? subjectOf(row) : ""],
    ["Type", row.type === "email" ? "" : row.type],
    ["Template", row.template ? `${row.template.name}${row.template.language ? ` (${row.template.language})` : ""}, version ${row.template.version}` : ""],
    ["Topic", row.topic],
    ["Metadata", row.metadata && Object.keys(row.metadata).length > 0 ? JSON.stringify(row.metadata) : ""],
    ["Priority", row.priority === 2 ? "" : row.priority],
    ["Attempts", `${row.attempts} of ${row.max_attempts}`],
    ["Provider", row.provider_message_id],
  ];
  const { can } = row;
  return [
    `${name("Message")}${row.id}`,
    ...facts.filter(([, value]) => value !== "" && value !== null && value !== undefined).map(([fact, value]) => name(fact) + plain(value)),
    paint(COLOUR_OF[fate.state], plain(sentence(fate))),
    "",
    table(["WHEN (UTC)", "", "WHAT"], row.timeline.map((/** @type {any} */ entry) => [entry.at ? exact(entry.at) : "", { text: entry.at ? ago(entry.at) : "to come", colour: "faint" }, describe(entry)])),
    ...row.suppressed.length > 0 ? ["", ...row.suppressed.map((/** @type {any} */ entry) => plain(`${entry.address ?? "A recipient"} is ${suppressionText(entry)}`))] : [],
    "",
    ...Object.entries({ cancel: null, redrive: null, discard: null, erase: null, ...can }).map(([action, why]) => name(action) + (why === null ? paint("good", "can be done") : plain(`no: ${why}`))),
    ...row.notice ? ["", paint("bad", plain(row.notice))] : [],
  ].join("\n");
}

/** Why a message waits. @type {Record<string, string>} */
const REASONS = {
  scheduled: "until the time that it was enqueued for", backoff: "for its next attempt", replay: "for its replay: it may have been sent", paused: "while the queue is paused",
  domain_paused: "while its sender's domain is paused", cooldown: "for the provider's limit", breaker: "while the provider does not answer",
};

/** @param {any} entry of a timeline @returns {import("./table.js").Cell} */
function describe(entry) {
  switch (entry.what) {
    case "enqueued": return { text: `enqueued${entry.run_at ? `, to be sent ${exact(entry.run_at)}` : ""}` };
    case "redriven": return { text: "put back by a redrive, to be sent again" };
    case "claimed": return { text: `claimed by a run${entry.lease_expires_at ? `, which has it until ${exact(entry.lease_expires_at)}` : ""}` };
    case "attempt": return { text: `${entry.attempt === 0 ? "refused before a request was made" : `attempt ${entry.attempt}`}${entry.error ? `: ${errorText(entry.error) || entry.error.class}` : ""}`, ...entry.error ? { colour: /** @type {const} */ ("wait") } : {} };
    case "waits": return { text: `waits ${REASONS[entry.reason] ?? entry.reason}${entry.until ? `, until ${exact(entry.until)}` : ""}`, colour: "wait" };
    case "accepted": return { text: `accepted by the provider${entry.provider_message_id ? ` as ${entry.provider_message_id}` : ""}`, colour: "good" };
    case "event": return { text: eventText(entry) };
    case "ended": return { text: `ended: ${entry.status}${entry.reason && entry.reason !== entry.status ? ` (${entry.reason})` : ""}`, colour: entry.status === "completed" ? "good" : entry.status === "failed" ? "bad" : "faint" };
    default: return { text: String(entry.what) };
  }
}

/** @param {{type: string, recipient?: string, detail?: any}} event */
export function eventText({ type, recipient, detail }) {
  const more = detail ? [detail.type, detail.subtype, detail.reason, detail.text].filter((one) => typeof one === "string").join(", ") : "";
  return `${type.replace(/^email\./, "").replaceAll("_", " ")}${recipient?.includes("@") ? `: ${recipient}` : ""}${more ? ` (${more})` : ""}`;
}
