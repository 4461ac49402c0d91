// email-queue stats: how deep the queue is, and what holds mail up. For people, for programs, and for Prometheus.
import { openDesk, SHARED, SHARED_HELP } from "./desk.js";
import { pauseText } from "./fate.js";
import { counted, paint, plain, table } from "./table.js";
import { ago, span } from "./times.js";

export const help = `Usage: email-queue stats [options]

How many messages of each type wait, are on their way or have failed (each counted up to 100,000), how old the oldest is, and what holds mail
up.

  --prometheus     prints the numbers as Prometheus reads them (text format 0.0.4)
${SHARED_HELP}
`;

/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...SHARED, prometheus: { type: "boolean" } };

/** The states of a message that are counted. */
const STATES = ["pending", "scheduled", "retrying", "processing", "frozen", "failed", "cancelled"];

/** @param {import("../command/main.js").Context} context */
export async function run(context) {
  const { ask, show, terminal } = openDesk(context);
  const [depth, [run]] = await Promise.all([ask("email_queue_stats"), ask("email_queue_runs", { p_limit: 1 })]);
  const last = run && { started_at: run.started_at, ended_at: run.ended_at, stopped: run.stopped };
  const stats = show({ ...depth, last_run: last ?? null });
  if (context.values.prometheus) terminal.print(prometheus(stats));
  else if (terminal.json) terminal.print(JSON.stringify(stats));
  else terminal.draw(forPeople(stats));
}

/** @param {any} stats */
function forPeople(stats) {
  const types = Object.entries(stats.types).sort(([a], [b]) => a < b ? -1 : 1);
  const number = (/** @type {number} */ count, /** @type {import("./table.js").Colour | undefined} */ colour = undefined) => ({ text: count.toLocaleString("en"), ...count > 0 && colour ? { colour } : {} });
  const rows = types.map(([type, of]) => [type, number(of.pending), number(of.scheduled), number(of.retrying, "wait"), number(of.processing), number(of.frozen, "wait"), number(of.failed, "bad"), number(of.cancelled),
    of.oldest_due_seconds === null ? "" : span(of.oldest_due_seconds)]);
  const lines = [rows.length > 0 ? table(["TYPE", ">PENDING", ">SCHEDULED", ">RETRYING", ">PROCESSING", ">FROZEN", ">FAILED", ">CANCELLED", ">OLDEST DUE"], rows) : "Nothing waits, and nothing has failed.", ""];
  const held = pauseText(stats);
  if (held) lines.push(paint("bad", plain(`Held up: ${held}`)));
  for (const { domain, since, until, reason } of stats.paused_domains) {
    lines.push(paint("bad", plain(`Held up: mail from ${domain} is paused since ${ago(since).replace(/ ago$/, "")}${until ? `, until ${ago(until)}` : ""}: ${reason ?? "no reason given"}`)));
  }
  if (stats.unknown_in_a_row > 0) lines.push(paint("wait", `${counted(stats.unknown_in_a_row, "request")} in a row had no answer.`));
  if (!held && stats.paused_domains.length === 0) lines.push(paint("good", "Nothing holds mail up."));
  const last = stats.last_run;
  if (last) lines.push(`The last run began ${ago(last.started_at)}${last.ended_at ? `, and ended as ${last.stopped}` : ", and has not ended"}.`);
  lines.push(`At most ${Math.round(stats.requests_per_second * 10) / 10} requests a second.`);
  return lines.join("\n");
}

/** @param {any} stats */
function prometheus(stats) {
  const label = (/** @type {string} */ text) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  const types = Object.entries(stats.types);
  /** @type {[name: string, about: string, samples: [labels: string, value: number][]][]} */
  const families = [
    ["email_queue_messages", "Messages by type and state, counted up to 100000.", types.flatMap(([type, of]) => STATES.map((state) => /** @type {[string, number]} */ ([`{type="${label(type)}",state="${state}"}`, of[state]])))],
    ["email_queue_oldest_due_seconds", "Age of the oldest message that is due.", types.map(([type, of]) => [`{type="${label(type)}"}`, of.oldest_due_seconds ?? 0])],
    ["email_queue_paused", "1 while the queue is paused.", [["", stats.paused ? 1 : 0]]],
    ["email_queue_paused_domain", "1 for each sender domain that is paused.", stats.paused_domains.map((/** @type {any} */ { domain }) => [`{domain="${label(domain)}"}`, 1])],
    ["email_queue_cooldown", "1 while requests wait for the provider's limit.", [["", stats.cooldown ? 1 : 0]]],
    ["email_queue_unanswered_requests", "Requests in a row without an answer.", [["", stats.unknown_in_a_row]]],
    ["email_queue_requests_per_second", "The limit of requests.", [["", stats.requests_per_second]]],
    ...stats.last_run ? [/** @type {[string, string, [string, number][]]} */ (["email_queue_last_run_timestamp_seconds", "When the last run began.", [["", Date.parse(stats.last_run.started_at) / 1000]]])] : [],
  ];
  return families.map(([name, about, samples]) => [`# HELP ${name} ${about}`, `# TYPE ${name} gauge`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`)].join("\n")).join("\n");
}
