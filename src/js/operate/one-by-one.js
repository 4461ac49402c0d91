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
  if (terminal.dry) return await rehearse(desk, ids, name, done);
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

/** What would become of each, as show has it. @param {import("./desk.js").Desk} desk @param {string[]} ids @param {string} name @param {string} done */
async function rehearse({ ask, show, terminal }, ids, name, done) {
  const results = [];
  for (const id of ids) {
    const row = await ask("email_queue_show", { p_id: id });
    const reason = row === null ? "there is no such message" : show(row.can[name] ?? null);
    results.push({ id, dry_run: true, reason });
    if (!terminal.json) terminal.draw(plain(`${id} would ${reason === null ? `be ${done}` : `not be ${done}: ${reason}`}`));
  }
  if (terminal.json) terminal.print(JSON.stringify(results));
  terminal.say("Nothing was changed");
  return 0;
}

/** Nothing was done, which a program is told as well. @param {import("../command/terminal.js").Terminal} terminal @param {string} text @param {number} code */
export function said(terminal, text, code) {
  if (terminal.json) terminal.print(JSON.stringify({ dry_run: terminal.dry, done: false }));
  terminal.say(text);
  return code;
}
