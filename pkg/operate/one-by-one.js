// What cancel and erase have in common: ids, each with its result.
import { openDesk, SHARED } from "./desk.js";
import { idsFrom } from "./rows.js";
import { paint, plain } from "./table.js";

/** @type {import("../command/main.js").Command["options"]} */
export const options = SHARED;
/** More are no slip of the hand. */
export const positionals = 1000;

/** @param {import("../command/main.js").Context} context @param {{name: string, rpc: string, done: string}} action done: its result */
export async function oneByOne(context, { name, rpc, done }) {
  const ids = idsFrom(context.positionals, { most: positionals });
  const desk = openDesk(context);
  const { terminal } = desk;
  if (terminal.dry) return said(terminal, `${name}: ${ids.length} would be asked for. Nothing was changed`, 0);
  if (!await desk.agree(`${name[0]?.toUpperCase()}${name.slice(1)} ${ids.length === 1 ? ids[0] : `${ids.length} messages`}`)) return said(terminal, "Nothing was changed", 1);
  const results = [];
  for (const id of ids) {
    const result = desk.show(await desk.ask(rpc, { p_id: id }));
    results.push(result);
    // Done already is done, too.
    if (!terminal.json) terminal.draw(result.result === done && !result.reason ? paint("good", `${id} ${done}`) : plain(`${id} ${result.result === done ? "" : `not ${done}: `}${result.reason ?? result.result}`));
  }
  if (terminal.json) terminal.print(JSON.stringify(results));
  return results.every(({ result }) => result === done) ? 0 : 1;
}

/** @param {import("../command/terminal.js").Terminal} terminal @param {string} text @param {number} code */
export function said(terminal, text, code) {
  terminal.say(text);
  return code;
}
