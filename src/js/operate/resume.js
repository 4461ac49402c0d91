// email-queue resume: ends a pause.
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { said } from "./one-by-one.js";
import { plain } from "./table.js";

export const help = `Usage: email-queue resume [options]

Ends the pause of the queue, the wait for the provider's limit, and the circuit breaker; or the pause of a sender's domain.

  --domain <domain>  only this one
  --yes              does it without asking, on a hosted project
${SHARED_HELP}

Ends with 1 if nothing was paused.
`;

/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED, domain: { type: "string" } };

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values: { domain = null }, terminal } = context;
  const desk = openDesk(context);
  if (terminal.dry) return said(terminal, "Nothing was changed", 0);
  if (!await desk.agree(domain ? `Resume mail from ${domain}` : "Resume the queue")) return said(terminal, "Nothing was changed", 1);
  const done = await desk.ask("email_queue_resume", { p_domain: domain });
  if (terminal.json) terminal.print(JSON.stringify(done));
  else terminal.draw(plain(`${done.domain ? `Mail from ${done.domain}` : "The queue"} ${done.resumed ? "goes on" : "was not paused"}.`));
  return done.resumed ? 0 : 1;
}
