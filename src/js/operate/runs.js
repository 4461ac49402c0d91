// email-queue runs: what the function did.
import { openDesk, SHARED_HELP } from "./desk.js";
import { faint, more, PAGED, PAGED_HELP, print } from "./lines.js";
import { idsFrom, limitFrom } from "./rows.js";
import { ago, exact } from "./times.js";

export const help = `Usage: email-queue runs [options]

The runs of the function process-email-queue of the last day, newest first.

${PAGED_HELP}
${SHARED_HELP}
`;

/** @type {import("../command/main.js").Command["options"]} */
export const options = PAGED;
const COUNTS = ["claimed", "accepted", "retried", "failed"];

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values } = context;
  const limit = limitFrom(values.limit, 20);
  const [before = null] = idsFrom(values.before === undefined ? [] : [values.before], { some: false });
  const desk = openDesk(context);
  const rows = await desk.ask("email_queue_runs", { p_limit: limit, p_before: before });
  print(desk, rows, {
    none: values.before ? "No older run is recorded." : "No run is recorded. They are kept for a day.",
    headings: ["RUN", "STARTED (UTC)", "", ">TOOK", "CAUSE", ...COUNTS.map((name) => `>${name.toUpperCase()}`), "ENDED AS"],
    cells: ({ id, started_at: started, ended_at: ended, cause, stopped, reason, counts }) => [
      id, exact(started), faint(ago(started)), ended ? `${((Date.parse(ended) - Date.parse(started)) / 1000).toFixed(1)} s` : "", cause,
      ...COUNTS.map((name) => counts?.[name] ?? 0), stopped ? `${stopped}${reason ? `: ${reason}` : ""}` : { text: "not ended", colour: "wait" },
    ],
  });
  more(desk, "runs", values, [], rows, limit);
}
