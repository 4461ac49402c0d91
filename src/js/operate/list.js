// email-queue list: which messages there are, and what happened to each. With --to: did this person get their mail, and why not?
import { CommandError } from "../command/terminal.js";
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { fateOf, holdText, suppressionText } from "./fate.js";
import { FILTERS, filterFrom, idsFrom, limitFrom, messageTable, nextPage, withoutBody } from "./rows.js";
import { counted, paint, plain } from "./table.js";
import { ago } from "./times.js";

export const help = `Usage: email-queue list [options]

Messages, newest first, each with what happened to it.

  --to <address>       to this recipient; says also whether the address is suppressed, and which similar addresses got mail
  --subject <text>     whose subject begins with this
  --status <status>    pending, processing, retrying, completed, failed or cancelled
  --reason <reason>    why it failed: rejected, exhausted, unknown_outcome, not_accepted, expired or suppressed
  --delivery <state>   sent, delayed, delivered, bounced, failed, suppressed or complained
  --type <type>, --template <name>
  --metadata <json>    whose metadata contains this
  --since <time>, --until <time>
                       enqueued then: 2026-01-31T12:00:00Z, or how long ago: 30m, 2h, 7d
  --limit <n>          at most so many; by default 20
  --before <id>        goes on from there: the end of a page shows the command
${SHARED_HELP}
`;

const TEXT = /** @type {const} */ ({ type: "string" });
/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED, ...FILTERS, to: TEXT, subject: TEXT, status: TEXT, delivery: TEXT, template: TEXT, limit: TEXT, before: TEXT };
const NAMES = ["subject", "status", "reason", "delivery", "type", "template", "since", "until", "metadata"];
/** So many calls a command makes at most while a page is not full, and none after so many ms: each looks at a bounded number of messages. */
const CALLS = 20;
const SEARCH_MS = 10_000;
/** So many messages are looked at one by one for when they are tried again. */
const LOOKED_INTO = 10;

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values, terminal } = context;
  const limit = limitFrom(values.limit, 20);
  const filter = { ...filterFrom(values, NAMES), ...values.to === undefined ? {} : { recipient: values.to } };
  const [before = null] = idsFrom(values.before === undefined ? [] : [values.before], { some: false });
  const address = oneAddress(values.to);
  const desk = openDesk(context);
  const page = await search(desk, filter, limit, before);
  const entries = values.to === undefined ? [] : await suppressionsOf(desk.ask, values.to);
  const messages = await fates(desk, page.messages, { address, entries });

  if (terminal.json) {
    return void terminal.print(JSON.stringify(desk.show({ messages: messages.map(({ row, fate }) => ({ ...withoutBody(row), conclusion: fate })), next: page.next, suppressed: entries, similar: page.similar })));
  }
  if (messages.length > 0) terminal.draw(messageTable(desk.show(messages), { to: address === undefined }));
  else if (before) terminal.draw(`No ${page.next ? "message so far" : "older message"} fits.`);
  else if (address === undefined) terminal.draw("No message fits.");
  else {
    terminal.draw(plain(`${page.next ? "So far nothing" : "Nothing"} was enqueued to ${address}${NAMES.some((name) => values[name] !== undefined) ? " that fits" : ""}.`));
    if (page.next === null) terminal.draw("What has ended is forgotten after its retention, or when it is erased.");
  }
  // The address is shown as it was typed.
  for (const entry of entries) terminal.draw(paint("bad", plain(`${address} is ${suppressionText(entry)}${entry.note ? `: ${desk.show(entry.note)}` : ""}`)));
  if (values.to !== undefined && entries.length === 0) terminal.draw(plain(`${address} is not on the suppression list.`));
  for (const { address, messages: count, last } of page.similar) terminal.draw(plain(desk.show(`A similar address: ${address}, with ${counted(count, "message")}, the last ${ago(last)}${desk.reveal ? "" : " (--reveal shows it)"}.`)));
  if (page.next !== null) terminal.say(`More: ${nextPage("list", values, [...NAMES, "to"], page.next)}`);
}

/** An address that the worker rejects is on no list. @param {import("./desk.js").Desk["ask"]} ask @param {string} address @returns {Promise<any[]>} */
export const suppressionsOf = (ask, address) => ask("email_queue_suppressions", { p_filter: { address } }).catch((error) => {
  if (error instanceof CommandError && error.message.startsWith("address: ")) return [];
  throw error;
});

/** Until the page is full. @param {import("./desk.js").Desk} desk @param {object} filter @param {number} limit @param {string | null} before */
export async function search({ ask }, filter, limit, before) {
  /** @type {{messages: any[], next: string | null, similar: any[]}} */
  const found = { messages: [], next: before, similar: [] };
  const end = performance.now() + SEARCH_MS;
  for (let calls = 0; calls < CALLS && (calls === 0 || performance.now() < end); calls++) {
    const page = await ask("email_queue_search", { p_filter: filter, p_limit: limit - found.messages.length, p_before: found.next });
    if (!Array.isArray(page?.messages)) throw new CommandError("email_queue_search answered something else than this command reads", "install the package of the schema's version", 2);
    found.messages.push(...page.messages);
    found.next = page.next;
    if (calls === 0) found.similar = page.similar ?? [];
    if (page.next === null || found.messages.length >= limit) break;
  }
  return found;
}

/**
 * What happened to each. A request that waits for its replay says when only if it is looked into; so does the suppression of a recipient.
 * @param {Pick<import("./desk.js").Desk, "ask">} desk @param {any[]} rows @param {{address?: string | undefined, entries?: any[]}} [more]
 */
export async function fates({ ask }, rows, { address, entries = [] } = {}) {
  const now = Date.now();
  const isOpen = (/** @type {any} */ row) => row.completed_at === null;
  const waits = rows.filter((row) => row.status === "processing" && !(Date.parse(row.lease_expires_at) > now)).slice(0, LOOKED_INTO);
  const [stats, ...shown] = await Promise.all([rows.some((row) => row.type === "email" && isOpen(row)) ? ask("email_queue_stats") : null, ...waits.map(({ id }) => ask("email_queue_show", { p_id: id }))]);
  const until = new Map(shown.filter(Boolean).map((row) => [row.id, nextTry(row)]));
  return rows.map((row) => ({ row, fate: fateOf(row, { address, until: until.get(row.id), suppressed: entries, paused: stats && row.type === "email" ? holdText(stats, row, now) : null, now }) }));
}

/** When it is tried next, as its timeline has it. @param {any} row of email_queue_show */
export const nextTry = (row) => row.timeline?.findLast((/** @type {any} */ { what, until }) => what === "waits" && until)?.until ?? null;

/** @param {string | undefined} address */
function oneAddress(address) {
  const outside = address?.replaceAll(/"[^"]*"/g, "") ?? "";
  if (outside.includes(",") && outside.split("@").length > 2) throw new CommandError("--to takes one address", undefined, 2);
  return bare(address);
}

/** Ann <ann@example.com> becomes ann@example.com. @param {string | undefined} address */
export const bare = (address) => address === undefined ? undefined : (/<([^<>]+)>\s*$/.exec(address)?.[1] ?? address).trim();
