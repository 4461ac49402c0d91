// email-queue tail: messages as they come, and what happens to them.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError } from "../command/terminal.js";
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { COLOUR_OF, fateOf } from "./fate.js";
import { recipientsOf, subjectOf, withoutBody } from "./rows.js";
import { paint, plain } from "./table.js";
import { secondsFrom } from "./time-options.js";

export const help = `Usage: email-queue tail [options]

Shows each new message, and each change of one, until Ctrl-C. It looks at what is new, up to 1,000 messages at a time, and at up to 20 older
ones that it has seen open.

  --type <type>      only these
  --interval <time>  how often it looks; 2s by default
${SHARED_HELP}
`;

/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED, type: { type: "string" }, interval: { type: "string" } };

const PAGE = 100;
/** Of what came since the last look. */
const PAGES = 10;
const OLDER = 20;
/** So many are known by their state: those that came last. */
const KNOWN = 2000;

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values, terminal } = context;
  const interval = 1000 * (secondsFrom("interval", values.interval, 3600) ?? 2);
  const desk = openDesk(context);
  const filter = values.type === undefined ? {} : { type: values.type };
  const end = new AbortController();
  let looks = false;
  const stop = () => {
    end.abort();
    // An answer may take seconds.
    if (looks) process.exit(0);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  // Who reads no further, as head, wants no more.
  process.stdout.once("error", stop);
  /** Its state by id, in the order of arrival. @type {Map<string, {state: string, open: boolean}>} */
  const known = new Map();
  let fault = "";
  // What is older than the first page was there before, also if younger messages are deleted.
  let oldest = "";
  for (let first = true; !end.signal.aborted;) {
    try {
      looks = true;
      const { rows, isGap } = await look(desk, filter, first ? null : known);
      looks = false;
      if (isGap) terminal.say(`More than ${PAGES * PAGE} messages came since the last look: the first of them are not shown. email-queue list shows them`);
      for (const row of rows) {
        const state = `${row.status} ${row.attempts} ${row.delivery?.state} ${row.delivery?.at}`;
        const before = known.get(row.id);
        known.set(row.id, { state, open: row.completed_at === null });
        // What was there before is not news.
        if (!first && before?.state !== state && (before || row.id > oldest)) terminal.draw(line(desk, row));
      }
      for (const id of known.keys()) {
        if (known.size <= KNOWN) break;
        known.delete(id);
      }
      if (first && rows.length === PAGE) oldest = rows[0].id;
      if (first) terminal.say(`Waiting for news, every ${interval / 1000} s. Ctrl-C ends it.`);
      first = false;
      fault = "";
    } catch (error) {
      looks = false;
      // What has answered once may answer again.
      if (first || !(error instanceof CommandError)) throw error;
      if (error.message !== fault) terminal.say(`${error.message}. It looks again every ${interval / 1000} s`);
      fault = error.message;
    }
    await sleep(interval, undefined, { signal: end.signal }).catch(() => {});
  }
  process.off("SIGINT", stop).off("SIGTERM", stop);
  process.stdout.off("error", stop);
}

/**
 * The newest messages, back to one that is known, and older ones that were open, in the order of their ids.
 * @param {import("./desk.js").Desk} desk @param {object} filter @param {Map<string, {open: boolean}> | null} known null: the first look, a page
 */
async function look({ ask }, filter, known) {
  /** @type {any[]} */
  const rows = [];
  let before = null;
  let isGap = false;
  do {
    const { messages, next } = await ask("email_queue_search", { p_filter: filter, p_limit: PAGE, p_before: before });
    rows.push(...messages);
    isGap = known !== null && next !== null && messages.length > 0 && !messages.some((/** @type {any} */ { id }) => known.has(id));
    before = next;
  } while (isGap && rows.length < PAGES * PAGE);
  const seen = new Set(rows.map(({ id }) => id));
  const older = [...known ?? []].filter(([id, { open }]) => open && !seen.has(id)).slice(-OLDER);
  rows.push(...(await Promise.all(older.map(([id]) => ask("email_queue_get", { p_id: id })))).filter(Boolean));
  return { rows: rows.sort((a, b) => a.id < b.id ? -1 : 1), isGap };
}

/** @param {import("./desk.js").Desk} desk @param {any} row */
function line({ show, terminal }, row) {
  const fate = fateOf(row);
  if (terminal.json) return JSON.stringify(show({ at: new Date().toISOString(), ...withoutBody(row), conclusion: fate }));
  const shown = show({ to: recipientsOf(row).join(", "), subject: subjectOf(row), text: fate.text });
  return [paint("faint", new Date().toISOString().slice(11, 19)), row.id, plain(shown.to), plain(shown.subject), paint(COLOUR_OF[fate.state], plain(shown.text))].join("  ");
}
