// email-queue pause: no mail leaves, or none of a sender's domain.
import { CommandError } from "../command/terminal.js";
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { said } from "./one-by-one.js";
import { plain } from "./table.js";
import { secondsFrom } from "./time-options.js";
import { ago } from "./times.js";

export const help = `Usage: email-queue pause --reason <text> [options]

Stops the sending of e-mail. Enqueues go on. What is on its way arrives.

  --reason <text>    why: stats, list and the doctor show it
  --domain <domain>  only mail from senders of this domain
  --for <time>       ends by itself: 90s, 10m, 2h. Without it email-queue resume ends it
  --yes              does it without asking, on a hosted project
${SHARED_HELP}
`;

/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED, reason: { type: "string" }, domain: { type: "string" }, for: { type: "string" } };

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values: { reason, domain = null, for: length }, terminal } = context;
  if (!reason?.trim()) throw new CommandError("--reason is missing", "it is shown to those who wonder why no mail leaves", 2);
  if (reason.length > 500) throw new CommandError("--reason must have at most 500 characters", undefined, 2);
  const seconds = secondsFrom("for", length) ?? null;
  const desk = openDesk(context);
  if (terminal.dry) return said(terminal, "Nothing was changed", 0);
  if (!await desk.agree(domain ? `Pause mail from ${domain}` : "Pause the queue")) return said(terminal, "Nothing was changed", 1);
  const done = await desk.ask("email_queue_pause", { p_reason: reason, p_domain: domain, p_seconds: seconds });
  if (terminal.json) terminal.print(JSON.stringify(done));
  else terminal.draw(plain(`${done.domain ? `Mail from ${done.domain}` : "The queue"} is paused${done.paused_until ? `, and goes on ${ago(done.paused_until)}` : ` until email-queue resume${done.domain ? ` --domain ${done.domain}` : ""}`}.`));
  return 0;
}
