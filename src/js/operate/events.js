// email-queue events: what the provider reported about a message.
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { faint, print } from "./lines.js";
import { idsFrom } from "./rows.js";
import { eventText, unknown } from "./show.js";
import { ago, exact } from "./times.js";

export const help = `Usage: email-queue events <id> [options]

What the provider reported about a message, in the order in which it happened.

${SHARED_HELP}
`;

export const positionals = 1;
/** @type {import("../command/main.js").Command["options"]} */
export const options = SHARED;

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const [id] = idsFrom(context.positionals, { most: 1 });
  const desk = openDesk(context);
  const events = await desk.ask("email_queue_events", { p_id: id });
  if (events.length === 0 && await desk.ask("email_queue_get", { p_id: id }) === null) throw unknown(id ?? "");
  print(desk, events, {
    none: "No report of this message.",
    headings: ["WHEN (UTC)", "", "RECORDED", "WHAT"],
    cells: (event) => [exact(event.occurred_at), faint(ago(event.occurred_at)), faint(exact(event.received_at)), eventText(event)],
  });
}
