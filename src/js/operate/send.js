// email-queue send: one mail, to see that mail arrives. It goes before all others, and its outcome is waited for.
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError } from "../command/terminal.js";
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { COLOUR_OF, fateOf, pauseText, sentence } from "./fate.js";
import { said } from "./one-by-one.js";
import { jsonFrom } from "./rows.js";
import { paint, plain } from "./table.js";
import { secondsFrom } from "./time-options.js";

export const help = `Usage: email-queue send --to <address> --subject <text> [--text <text> | --html <text>] [options]
       email-queue send --to <address> --template <name> [--language <de>] [--variables <json>] [options]

Sends a mail, as a test: with priority 0, and waits until the provider has accepted it.

  --from <sender>  by default the queue's default sender
  --wait <time>    how long it waits; 60s by default
  --yes            does it without asking, on a hosted project
${SHARED_HELP}

Ends with 0 if the mail was accepted, and with 1 if it was not, or not yet.
`;

const TEXT = /** @type {const} */ ({ type: "string" });
/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED, to: TEXT, subject: TEXT, text: TEXT, html: TEXT, from: TEXT, template: TEXT, language: TEXT, variables: TEXT, wait: TEXT };

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { values, terminal } = context;
  const [rpc, args] = mailFrom(values);
  const wait = secondsFrom("wait", values.wait) ?? 60;
  const desk = openDesk(context);
  if (terminal.dry) return said(terminal, "Nothing was sent", 0);
  if (!await desk.agree(`Send a mail to ${values.to}`)) return said(terminal, "Nothing was sent", 1);
  const { id, notice } = await desk.ask(rpc, { ...args, p_priority: 0 });
  terminal.say(`Enqueued as ${id}`);
  if (notice) terminal.say(notice);
  const row = await outcome(desk, id, wait);
  const stats = row.completed_at === null ? await desk.ask("email_queue_stats") : null;
  const conclusion = fateOf(row, { address: values.to, paused: stats ? pauseText(stats) : null });
  if (terminal.json) terminal.print(JSON.stringify(desk.show({ id, status: row.status, attempts: row.attempts, provider_message_id: row.provider_message_id, conclusion })));
  else terminal.draw(paint(COLOUR_OF[conclusion.state], plain(desk.show(sentence(conclusion)))));
  if (row.completed_at === null) terminal.say(`No outcome within ${wait} s. See later: email-queue show ${id}`);
  return row.status === "completed" ? 0 : 1;
}

/** @param {Record<string, any>} values @returns {[string, object]} */
function mailFrom({ to, subject, text, html, from, template, language, variables }) {
  if (!to) throw new CommandError("--to is missing", "email-queue send --help", 2);
  const sender = from === undefined ? {} : { from };
  if (template !== undefined) {
    const other = Object.entries({ subject, text, html }).find(([, value]) => value !== undefined);
    if (other) throw new CommandError(`--template, or --${other[0]}?`, "a template has its subject and its text", 2);
    return ["email_queue_enqueue_template", { p_template: template, p_to: to, p_payload: sender, p_language: language ?? null, p_variables: variables === undefined ? null : jsonFrom("variables", variables) }];
  }
  if (!subject) throw new CommandError("--subject or --template is missing", "email-queue send --help", 2);
  const said = text === undefined && html === undefined ? { text: "This is a test mail of email-queue." } : { ...text === undefined ? {} : { text }, ...html === undefined ? {} : { content: html } };
  return ["email_queue_enqueue", { p_payload: { to, subject, ...said, ...sender } }];
}

/** @param {import("./desk.js").Desk} desk @param {string} id @param {number} seconds */
async function outcome({ ask }, id, seconds) {
  const end = performance.now() + seconds * 1000;
  for (let pause = 250; ; pause = Math.min(2000, pause * 1.5)) {
    const row = await ask("email_queue_get", { p_id: id });
    if (row === null) throw new CommandError(`the message ${id} is there no more`, "somebody has deleted it");
    if (row.completed_at !== null || performance.now() + pause > end) return row;
    await sleep(pause);
  }
}
