// Messages as lines: what they are called, whom they go to, and how they are chosen.
import { CommandError } from "../command/terminal.js";
import { COLOUR_OF } from "./fate.js";
import { table } from "./table.js";
import { timeFrom } from "./time-options.js";
import { ago } from "./times.js";

/** What chooses messages, and the option of each. @type {NonNullable<import("node:util").ParseArgsConfig["options"]>} */
export const FILTERS = { type: { type: "string" }, reason: { type: "string" }, since: { type: "string" }, until: { type: "string" }, metadata: { type: "string" } };

/** The filter that was given, null without any. @param {Record<string, any>} values @param {string[]} names of options */
export function filterFrom(values, names) {
  /** @type {Record<string, any>} */
  const filter = {};
  for (const name of names) {
    if (values[name] === undefined) continue;
    if (name === "metadata") filter.metadata = jsonFrom("metadata", values.metadata);
    else if (name === "since" || name === "until") filter[name] = timeFrom(name, values[name]);
    else filter[name] = values[name];
  }
  return Object.keys(filter).length > 0 ? filter : null;
}

/** @param {string} option @param {string} text @returns {object} */
export function jsonFrom(option, text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new CommandError(`--${option} must be an object of JSON, as in '{"order": 7}'`, undefined, 2);
}

/** @param {string[]} given @param {{some?: boolean, most?: number}} [how] some: at least one */
export function idsFrom(given, { some = true, most = Infinity } = {}) {
  const wrong = given.find((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id));
  if (wrong !== undefined) throw new CommandError(`${wrong} is not the id of a message`, "email-queue list shows ids", 2);
  if (some && given.length === 0) throw new CommandError("the id of a message is missing", "email-queue list shows ids", 2);
  if (given.length > most) throw new CommandError(`at most ${most} at a time`, undefined, 2);
  // As the database writes them: what it answers is compared with them.
  return given.map((id) => id.toLowerCase());
}

/** @param {string | undefined} text @param {number} usual @param {number} [most] */
export function limitFrom(text, usual, most = 1000) {
  const limit = Number(text ?? usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw new CommandError(`--limit must be a whole number from 1 to ${most}`, undefined, 2);
  return limit;
}

/** Whom it goes to. @param {any} row @param {"to" | "cc" | "bcc"} [field] @returns {string[]} */
export function recipientsOf({ payload, recipients }, field = "to") {
  return list(payload?.[field] ?? (field === "to" ? recipients : null)).map((one) => typeof one === "string" ? one : one?.name ? `${one.name} <${one.email}>` : String(one?.email ?? ""));
}
/** @param {any} value @returns {any[]} */
const list = (value) => value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

/** @param {any} row */
export function subjectOf({ payload, secret, template, type }) {
  if (secret) return `(secret${template ? `: ${template.name}` : ""})`;
  if (type !== "email") return `(${type})`;
  if (!payload) return "(erased)";
  return payload.subject ?? (template ? `(${template.name})` : payload.template ? `(template ${payload.template.id})` : "");
}

/** @param {{row: any, fate: import("./fate.js").Fate}[]} messages @param {{to?: boolean}} [how] to: whom they went to, too */
export function messageTable(messages, { to = true } = {}) {
  const headings = ["ID", "ENQUEUED", ...to ? ["TO"] : [], "SUBJECT", "WHAT HAPPENED"];
  return table(headings, messages.map(({ row, fate }) => {
    const [first = "", ...more] = recipientsOf(row);
    return [row.id, { text: ago(row.created_at), colour: "faint" }, ...to ? [short(more.length > 0 ? `${first} +${more.length}` : first, 32)] : [], short(subjectOf(row), 28), { text: fate.text, colour: COLOUR_OF[fate.state] }];
  }));
}

/** @param {string} text @param {number} most letters */
const short = (text, most) => [...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text;

/** What a list for programs leaves out: a body may be megabytes. @param {any} row */
export function withoutBody({ payload, ...row }) {
  if (row.type !== "email" || !payload) return { ...row, payload: row.type === "email" ? payload ?? null : undefined };
  const { content: _content, text: _text, attachments, ...kept } = payload;
  return { ...row, payload: { ...kept, ...attachments ? { attachments: attachments.length } : {} } };
}

/** The command that shows the next page. @param {string} command @param {Record<string, any>} values @param {string[]} names of options @param {string} before */
export function nextPage(command, values, names, before) {
  const quoted = (/** @type {string} */ text) => /^[\w@.:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const kept = [...names, "limit", "url", "workdir"].filter((name) => values[name] !== undefined).map((name) => `--${name} ${quoted(values[name])}`);
  const flags = ["reveal", "json"].filter((name) => values[name]).map((name) => `--${name}`);
  return ["email-queue", command, ...kept, ...flags, `--before ${before}`].join(" ");
}
