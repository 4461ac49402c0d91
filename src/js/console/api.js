// What the page can read and do: a table of the database's functions. The page names the arguments; only those that stand here go on.
import { ProjectError } from "../command/deployed.js";
import { CommandError } from "../command/terminal.js";
import { COLOUR_OF } from "../operate/fate.js";
import { ACTION_MS, failedBy, rehearse } from "../operate/dead-letters.js";
import { bare, fates, suppressionsOf } from "../operate/list.js";
import { attachmentOf, framed, lean, outline } from "./mails.js";
import { Refusal } from "./server.js";

/**
 * @typedef {import("../operate/desk.js").Desk["ask"]} Ask
 * @typedef {{call: string, takes?: string[], past?: string, shows?: (answer: any, ask: Ask, args: Record<string, any>) => unknown}} Entry takes: without
 *   their p_; past: the name in the answer, where it can be rehearsed; shows: what the page gets of the answer
 */

/** Each with what has happened to it, in the words of `email-queue list`. @param {Ask} ask @param {any[]} rows @param {{address?: string | undefined, entries?: any[]}} [more] */
async function withFates(ask, rows, more) {
  return (await fates({ ask }, rows, more)).map(({ row, fate }) => ({ ...row, conclusion: { ...fate, tone: COLOUR_OF[fate.state] } }));
}

/** "Did Ann get her mail?" has an answer without mail, too. @param {any} found @param {Ask} ask @param {Record<string, any>} args */
async function answered(found, ask, { filter }) {
  const recipient = filter?.recipient;
  const entries = recipient ? await suppressionsOf(ask, recipient) : [];
  const messages = await withFates(ask, found.messages, { address: bare(recipient), entries });
  return { ...found, messages: messages.map(outline), suppressed: entries };
}

/** @type {Record<string, Entry>} */
const READS = {
  stats: { call: "email_queue_stats" },
  overview: { call: "email_queue_overview" },
  doctor: { call: "email_queue_doctor" },
  search: { call: "email_queue_search", takes: ["filter", "limit", "before"], shows: answered },
  show: { call: "email_queue_show", takes: ["id"], shows: async (found, ask) => found && lean((await withFates(ask, [found], { entries: found.suppressed }))[0]) },
  events: { call: "email_queue_events", takes: ["id"] },
  dead_letters: { call: "email_queue_dead_letters", takes: ["filter", "limit", "before"], shows: async (found, ask) => (await withFates(ask, found)).map(outline) },
  runs: { call: "email_queue_runs", takes: ["limit", "before"] },
  suppressions: { call: "email_queue_suppressions", takes: ["filter", "after", "limit"] },
  settings: { call: "email_queue_configure" },
  audit: { call: "email_queue_audit", takes: ["filter", "limit", "before"] },
};

/** @type {Record<string, Entry>} */
const ACTIONS = {
  cancel: { call: "email_queue_cancel", takes: ["id"] },
  erase: { call: "email_queue_erase", takes: ["id"] },
  redrive: { call: "email_queue_redrive", takes: ["ids", "filter", "dry_run", "allow_duplicates", "limit", "from"], past: "redriven" },
  discard: { call: "email_queue_discard", takes: ["ids", "filter", "dry_run", "limit"], past: "discarded" },
  pause: { call: "email_queue_pause", takes: ["reason", "domain", "seconds"] },
  resume: { call: "email_queue_resume", takes: ["domain"] },
  suppress: { call: "email_queue_suppress", takes: ["address", "reason", "topic", "note"] },
  unsuppress: { call: "email_queue_unsuppress", takes: ["address", "topic", "reason"] },
  configure: { call: "email_queue_configure", takes: ["settings"] },
};

/**
 * @param {{ask: Ask, readOnly: boolean, about: Record<string, unknown>, examine: (call: boolean) => Promise<import("../command/doctor.js").Finding[]>}} what about: what the page
 *   says of this console; examine: the doctor's checks, those from outside too; call: with a run of the function
 * @returns {import("./server.js").Answer}
 */
export function createApi({ ask, readOnly, about, examine }) {
  /** @param {Entry} entry @param {Record<string, any>} args @param {number} [timeout] */
  const call = async ({ call: name, takes = [], past, shows = (answer) => answer }, args, timeout) => {
    const given = Object.fromEntries(takes.filter((one) => args[one] !== undefined).map((one) => [`p_${one}`, args[one]]));
    if (past && args.dry_run === true) return await rehearse(ask, name, given, past);
    return await shows(await ask(name, given, timeout), ask, args);
  };
  const payload = async (/** @type {unknown} */ id) => (await ask("email_queue_get", { p_id: id }))?.payload;

  return async (name, args, frames) => {
    try {
      if (name === "about") return { ...about, readOnly };
      if (name === "mail") return { address: frames.put(framed(await payload(args.id)), args.remote === true) };
      if (name === "attachment") return attachmentOf(await payload(args.id), args.index);
      if (name === "failed_by") return await failedBy(ask, args.filter ?? {});
      const read = Object.hasOwn(READS, name) ? READS[name] : undefined;
      if (read) return await call(read, args);
      const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
      const calls = name === "examine" && args.call === true;
      if (name === "examine" && !calls) return await examine(false);
      if (!action && !calls) throw new Refusal(404, `the console has no ${name}`);
      if (readOnly) throw new Refusal(403, "this console can only look", "start it without --read-only");
      return action ? await call(action, args, ACTION_MS) : await examine(true);
    } catch (error) {
      if (error instanceof CommandError || error instanceof ProjectError) throw new Refusal(422, error.message, error.remedy);
      throw error;
    }
  };
}
