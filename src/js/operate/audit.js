// email-queue audit: who changed something.
import { openDesk, SHARED_HELP } from "./desk.js";
import { faint, more, PAGED, PAGED_HELP, print } from "./lines.js";
import { filterFrom, limitFrom } from "./rows.js";
import { ago, exact } from "./times.js";

export const help = `Usage: email-queue audit [options]

Who changed something, newest first: cancel, redrive, discard, pause … It has no addresses.

  --actor <name>   what this one did: the name of --as, or the system's user
  --action <name>  such as redrive
  --since <time>, --until <time>
                   2026-01-31T12:00:00Z, or how long ago: 30m, 2h, 7d
${PAGED_HELP}
${SHARED_HELP}
`;

const NAMES = ["actor", "action", "since", "until"];
/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...PAGED, ...Object.fromEntries(NAMES.map((name) => [name, /** @type {const} */ ({ type: "string" })])) };

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values } = context;
  const limit = limitFrom(values.limit, 20);
  const filter = filterFrom(values, NAMES) ?? {};
  const desk = openDesk(context);
  const rows = await desk.ask("email_queue_audit", { p_filter: filter, p_limit: limit, p_before: values.before ?? null });
  print(desk, rows, {
    none: "Nothing was done that fits.",
    headings: ["WHEN (UTC)", "", "WHO", "ACTION", ">MESSAGES", "WITH"],
    cells: ({ at, actor, action, messages, arguments: given }) => [exact(at), faint(ago(at)), actor, action, messages, given && Object.keys(given).length > 0 ? JSON.stringify(given) : ""],
  });
  more(desk, "audit", values, NAMES, rows, limit);
}
