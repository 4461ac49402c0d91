// What redrive and discard have in common: ids, or a filter, which changes nothing until --yes, and then goes on call by call.
import { CommandError } from "../command/terminal.js";
import { openDesk, SHARED } from "./desk.js";
import { fateOf } from "./fate.js";
import { said } from "./one-by-one.js";
import { FILTERS, filterFrom, idsFrom, limitFrom, messageTable } from "./rows.js";
import { counted, plain } from "./table.js";

/** @type {NonNullable<import("../command/main.js").Command["options"]>} */
export const options = { ...SHARED, ...FILTERS, text: { type: "string" }, all: { type: "boolean" }, limit: { type: "string" } };
export const positionals = 1000;

export const FILTER_HELP = `  --reason <reason>  rejected, exhausted, unknown_outcome, not_accepted, expired or suppressed
  --type <type>
  --text <text>      in its last error
  --metadata <json>  in its metadata
  --since <time>, --until <time>
                     failed then: 2026-01-31T12:00:00Z, or how long ago: 30m, 2h, 7d
  --all              all that have failed
  --limit <n>        at most so many; by default all, in calls of 1,000 each
  --yes              does it. Without it a filter shows how many fit, with examples, and changes nothing`;

const NAMES = ["type", "reason", "since", "until", "metadata", "text"];
/** Of one call. */
const PAGE = 1000;
const EXAMPLES = 3;
/** A preview looks for what it can be done to among so many pages. */
const LOOKS = 20;
/** A thousand messages take longer than a read may. */
export const ACTION_MS = 60_000;

/**
 * @param {import("../command/main.js").Context} context
 * @param {{name: string, past: string, rpc: string, args?: object}} action past: the word, and the name in the answer
 */
export async function deadLetters(context, { name, past, rpc, args = {} }) {
  const { values, terminal } = context;
  let filter = filterFrom(values, NAMES) ?? (values.all ? {} : null);
  const ids = idsFrom(context.positionals, { some: filter === null, most: PAGE });
  if (filter !== null && ids.length > 0) throw new CommandError("ids, or a filter?", `email-queue ${name} --help`, 2);
  const most = limitFrom(values.limit, 1_000_000_000, 1_000_000_000);
  const desk = openDesk(context);
  const what = () => ({ ...filter === null ? { p_ids: ids } : { p_filter: filter }, ...args });

  if (terminal.dry || filter !== null && values.yes !== true) {
    const { [past]: would, refused, full } = await rehearse(desk.ask, rpc, { ...what(), p_limit: Math.min(PAGE, most) }, past);
    return await preview(desk, { name, past, would, refused, isFilter: filter !== null, full });
  }
  if (!await desk.agree(`${name[0]?.toUpperCase()}${name.slice(1)} ${filter === null ? counted(ids.length, "message") : "what fits"}`)) return said(terminal, "Nothing was changed", 1);

  if (filter !== null) filter = await failedBy(desk.ask, filter);
  /** @type {string[]} */
  const done = [];
  /** @type {Map<string, string>} */
  const refused = new Map();
  for (;;) {
    const limit = Math.min(PAGE, most - done.length);
    const page = await desk.ask(rpc, { ...what(), p_limit: limit }, ACTION_MS);
    const { [past]: changed, refused: left = filter === null ? ids.filter((id) => !page[past].includes(id)).map((id) => ({ id, reason: "it is no message that has failed" })) : [] } = page;
    done.push(...changed);
    for (const { id, reason } of left) refused.set(id, reason);
    if (filter === null || changed.length + left.length < limit || done.length >= most) break;
    filter = { ...filter, after: lastOf(changed, left) };
    if (changed.length > 0) terminal.say(`${done.length.toLocaleString("en")} ${past} so far`);
  }
  if (terminal.json) terminal.print(JSON.stringify({ dry_run: false, [past]: done, refused: refusals(refused) }));
  else terminal.draw([`${counted(done.length, "message")} ${past}.`, ...reasons(desk, refused)].join("\n"));
  return refused.size > 0 || filter === null && done.length === 0 ? 1 : 0;
}

/**
 * What would become of those that come first. What is refused may stand before what is not.
 * @param {import("./desk.js").Desk["ask"]} ask @param {string} rpc @param {Record<string, any>} args of the call: ids, or a filter
 * @param {string} past the name in the answer @returns {Promise<any>} full: there may be more
 */
export async function rehearse(ask, rpc, args, past) {
  const refused = [];
  for (let those = /** @type {Record<string, any>} */ ({ p_limit: PAGE, ...args }), look = 1; ; look++) {
    const { [past]: would, refused: left = [] } = await ask(rpc, { ...those, p_dry_run: true }, ACTION_MS);
    refused.push(...left);
    const full = those.p_filter !== undefined && would.length + left.length >= those.p_limit;
    if (would.length > 0 || !full || look === LOOKS) return { [past]: would, refused, full };
    those = { ...those, p_filter: { ...those.p_filter, after: lastOf(would, left) } };
  }
}

/**
 * The filter, for what has failed by now: what fails again meanwhile would be taken again, for ever. Now is the database's.
 * @param {import("./desk.js").Desk["ask"]} ask @param {Record<string, any>} filter
 */
export async function failedBy(ask, filter) {
  const now = new Date((await ask("email_queue_worker_work", { p_request: {} })).now_ms).toISOString();
  return { ...filter, until: filter.until && Date.parse(filter.until) < Date.parse(now) ? filter.until : now };
}

/** Where the next page begins: those that are refused stay where they are. @param {string[]} changed @param {{id: string}[]} refused */
const lastOf = (changed, refused) => [...changed, ...refused.map(({ id }) => id)].sort().at(-1);

/** @param {import("./desk.js").Desk} desk @param {{name: string, past: string, would: string[], refused: {id: string, reason: string}[], isFilter: boolean, full: boolean}} found */
async function preview(desk, { name, past, would, refused, isFilter, full }) {
  const { terminal } = desk;
  if (terminal.json) terminal.print(JSON.stringify({ dry_run: true, [past]: would, refused }));
  else {
    const rows = (await Promise.all(would.slice(0, EXAMPLES).map((id) => desk.ask("email_queue_get", { p_id: id })))).filter(Boolean);
    terminal.draw([
      `${full ? "At least " : ""}${counted(would.length, "message")} would be ${past}${rows.length > 0 ? ", such as:" : "."}`,
      ...rows.length > 0 ? [messageTable(desk.show(rows.map((row) => ({ row, fate: fateOf(row) }))))] : [],
      ...reasons(desk, new Map(refused.map(({ id, reason }) => [id, reason]))),
    ].join("\n"));
  }
  if (isFilter || would.length > 0) terminal.say(`Nothing was changed: --yes ${name}s ${isFilter ? "all that fit" : "them"}`);
  return 0;
}

/** @param {Map<string, string>} refused */
const refusals = (refused) => [...refused].map(([id, reason]) => ({ id, reason }));

/** How many for each reason, with an example. @param {import("./desk.js").Desk} desk @param {Map<string, string>} refused */
function reasons(desk, refused) {
  /** @type {Map<string, string[]>} */
  const by = new Map();
  for (const [id, reason] of refused) by.set(reason, [...by.get(reason) ?? [], id]);
  return [...by].map(([reason, ids]) => plain(desk.show(`${counted(ids.length, "message")} refused: ${reason} (${ids.length === 1 ? ids[0] : `such as ${ids[0]}`})`)));
}
