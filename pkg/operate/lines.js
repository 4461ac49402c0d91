// What lists of records have in common: JSON, or a table and the command for the next page.
import { SHARED } from "./desk.js";
import { nextPage } from "./rows.js";
import { table } from "./table.js";

const TEXT = /** @type {const} */ ({ type: "string" });
/** @type {NonNullable<import("../command/main.js").Command["options"]>} */
export const PAGED = { ...SHARED, limit: TEXT, before: TEXT };

export const PAGED_HELP = `  --limit <n>      at most so many; by default 20
  --before <id>    goes on from there: the end of a page shows the command`;

/** @param {string} text @returns {import("./table.js").Cell} */
export const faint = (text) => ({ text, colour: "faint" });

/** @param {import("./desk.js").Desk} desk @param {any[]} rows @param {{none: string, headings: string[], cells: (row: any) => any[], named?: (row: any) => any}} how */
export function print({ terminal, show }, rows, { none, headings, cells, named = (row) => row }) {
  const shown = show(rows).map(named);
  if (terminal.json) terminal.print(JSON.stringify(shown));
  else terminal.draw(shown.length > 0 ? table(headings, shown.map(cells)) : none);
}

/** The command for the next page, if this one was full. @param {import("./desk.js").Desk} desk @param {string} command @param {Record<string, any>} values @param {string[]} names of options @param {any[]} rows @param {number} limit */
export function more({ terminal }, command, values, names, rows, limit) {
  if (rows.length === limit) terminal.say(`More: ${nextPage(command, values, names, rows.at(-1).id)}`);
}
