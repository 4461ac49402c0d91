// email-queue suppressions list, add, remove: addresses that get no mail.
import { CommandError } from "../command/terminal.js";
import { openDesk } from "./desk.js";
import { faint, more, print } from "./lines.js";
import { said } from "./one-by-one.js";
import { limitFrom } from "./rows.js";
import { plain } from "./table.js";
import { ago } from "./times.js";

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const [way, address, ...others] = context.positionals;
  if (others.length > 0) throw new CommandError("one address at a time", undefined, 2);
  if (way === "list") return await list(context, address);
  if (address === undefined) throw new CommandError("the address is missing", `email-queue suppressions ${way} user@example.com`, 2);
  return await change(context, /** @type {"add" | "remove"} */ (way), address);
}

/** @param {import("../command/main.js").Context} context @param {string | undefined} address */
async function list(context, address) {
  const { values } = context;
  const limit = limitFrom(values.limit, 20);
  const filter = { ...address === undefined ? {} : { address }, ...values.reason === undefined ? {} : { reason: values.reason }, ...values.topic === undefined ? {} : { topic: values.topic } };
  const desk = openDesk(context);
  const rows = await desk.ask("email_queue_suppressions", { p_filter: filter, p_after: values.before ?? null, p_limit: limit });
  print(desk, rows, {
    none: "No address fits.",
    headings: ["ADDRESS", "REASON", "TOPIC", "SINCE", "NOTE"],
    // An address that was typed is shown as it was typed.
    named: (entry) => address === undefined || entry.address === null ? entry : { ...entry, address },
    cells: (entry) => [entry.address ?? faint("(forgotten)"), entry.reason, entry.topic, faint(ago(entry.since)), entry.note],
  });
  more(desk, `suppressions list${address === undefined ? "" : ` ${address}`}`, values, ["reason", "topic"], rows, limit);
}

/** @param {import("../command/main.js").Context} context @param {"add" | "remove"} way @param {string} address */
async function change(context, way, address) {
  const { values: { reason = null, topic = null, note = null, "hash-only": hashOnly = false }, terminal } = context;
  const desk = openDesk(context);
  if (terminal.dry) return said(terminal, "Nothing was changed", 0);
  if (!await desk.agree(`${way === "add" ? "Suppress" : "Allow mail to"} ${address}`)) return said(terminal, "Nothing was changed", 1);
  const done = way === "add"
    ? await desk.ask("email_queue_suppress", { p_address: address, p_reason: reason ?? "manual", p_topic: topic, p_note: note, p_hash_only: hashOnly })
    : await desk.ask("email_queue_unsuppress", { p_address: address, p_topic: topic, p_reason: reason });
  if (terminal.json) terminal.print(JSON.stringify(desk.show(done)));
  else terminal.draw(plain(way === "add" ? `${address} gets no mail${topic ? ` of ${topic}` : reason === "unsubscribe" ? " that has a topic" : ""} any more.` : removedText(address, done)));
  return way === "add" || done.removed.length > 0 ? 0 : 1;
}

/** @param {string} address @param {{removed: any[], left: any[]}} done */
function removedText(address, { removed, left }) {
  const named = (/** @type {any[]} */ entries) => entries.map(({ reason, topic }) => `${reason}${topic ? ` of ${topic}` : ""}`).join(", ");
  const still = left.length > 0 ? ` Still on the list: ${named(left)}. --reason and --topic name an entry.` : "";
  return `${removed.length > 0 ? `Taken off the list: ${address} (${named(removed)}).` : `${address} has no such entry.`}${still}`;
}
