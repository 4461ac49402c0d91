// What waits, what holds it up with the way out, what was sent lately, and what the doctor finds.
import { html } from "./vendor/preact.js";
import { call } from "./call.js";
import { Bars } from "./chart.js";
import { useRead } from "./live.js";
import { Action, Badge, counted, Empty, Section, Shown, span, Time } from "./parts.js";
import { to } from "./route.js";
import { RunTable } from "./runs.js";

const BARS = 36;
const MOST_MS = 6 * 3_600_000;

/** @param {{about: any}} of */
export function Overview({ about: { readOnly } }) {
  const stats = useRead("stats", {});
  const runs = useRead("runs", { limit: 1000 }, { every: 10_000 });
  const settings = useRead("settings", {}, { every: 60_000 });
  const doctor = useRead("doctor", {}, { every: 60_000 });
  return html`
    <${Shown} read=${stats}>${(/** @type {any} */ now) => html`<${Obstacles} stats=${now} readOnly=${readOnly} /><${Depth} stats=${now} rate=${settings.data?.rate_limit} />`}</${Shown}>
    <${Section} title="Sent lately"><${Shown} read=${runs}>${(/** @type {any[]} */ list) => html`<${Lately} runs=${list} />`}</${Shown}></${Section}>
    <${Section} title="Last runs" aside=${html`<a href=${to("runs")}>All runs</a>`}><${Shown} read=${runs}>${(/** @type {any[]} */ list) => html`<${RunTable} runs=${list.slice(0, 5)} />`}</${Shown}></${Section}>
    <${Section} title="The doctor's findings"><${Shown} read=${doctor}>${findings}</${Shown}></${Section}>`;
}

/** @param {any} of */
function Obstacles({ stats: { paused, paused_domains: domains, cooldown, unknown_in_a_row: unknown }, readOnly }) {
  const why = readOnly ? "this console can only look" : null;
  const resume = (/** @type {string | undefined} */ domain) => html`<${Action} label="Resume" title=${domain ? `Resume ${domain}?` : "Resume the queue?"} reason=${why}
    text="What waits is sent with the next run." act=${() => call("resume", domain ? { domain } : {}).then(() => {})} />`;
  const until = (/** @type {any} */ { until: end }) => end ? html` It ends <${Time} at=${end} />.` : html` It lasts until somebody resumes it.`;
  return html`
    ${paused && html`<div class="note bad" role="status"><strong>The queue is paused: ${paused.reason}</strong><p>Since <${Time} at=${paused.since} />.${until(paused)}</p>${resume(undefined)}</div>`}
    ${domains.map((/** @type {any} */ one) => html`<div class="note bad" role="status"><strong>${one.domain} is paused: ${one.reason}</strong><p>Since <${Time} at=${one.since} />.${until(one)}</p>${resume(one.domain)}</div>`)}
    ${cooldown && html`<div class="note wait" role="status"><strong>Requests wait: ${cooldown.reason}</strong><p>${until(cooldown)}</p>${resume(undefined)}</div>`}
    ${unknown > 0 && html`<div class="note wait" role="status"><strong>${counted(unknown, "request")} in a row got no answer</strong><p>After three, requests stop but for one probe at a time. This ends with the provider's next answer.</p></div>`}
    ${!paused && html`<p class="row end"><${Action} label="Pause the queue" title="Pause the queue?" reason=${why}
      text="Nothing more is sent until it is resumed. Applications can still enqueue."
      fields=${html`<label>Why<input name="reason" required maxlength="200" /></label><label>For how many minutes (empty: until resumed)<input name="minutes" inputmode="numeric" pattern="[0-9]*" /></label>
        <label>Only this sender domain (empty: all mail)<input name="domain" placeholder="example.com" /></label>`}
      act=${(/** @type {any} */ { reason, minutes, domain }) => call("pause", { reason, ...Number(minutes) > 0 ? { seconds: Number(minutes) * 60 } : {}, ...domain ? { domain } : {} }).then(() => {})} /></p>`}`;
}

/** @type {[key: string, status: string, help: string][]} */
const TILES = [
  ["pending", "pending", "due now"], ["scheduled", "pending", "for later"], ["retrying", "retrying", "after a failed attempt"], ["processing", "processing", "in a request"],
  ["frozen", "processing", "may have been sent: repeated as they are"], ["failed", "failed", "dead letters"], ["cancelled", "cancelled", ""],
];

/** @param {any} of */
function Depth({ stats: { types, requests_per_second: now }, rate }) {
  const names = Object.keys(types).sort((a, b) => Number(b === "email") - Number(a === "email") || a.localeCompare(b));
  if (names.length === 0) return html`<${Section} title="Waiting"><${Empty} title="Nothing waits, and nothing has failed">An enqueued message appears here. <a href=${to("messages")}>All messages</a></${Empty}></${Section}>`;
  return html`${names.map((type) => {
    const of = types[type];
    const rateText = `at most ${Math.round(10 * now) / 10} requests a second${rate > now ? `, as the provider wants; the setting is ${rate}` : ""}`;
    const aside = html`<span class="soft">${of.oldest_due_seconds !== null && of.oldest_due_seconds !== undefined ? `the oldest waits for ${span(of.oldest_due_seconds)}` : "nothing is due"}${type === "email" ? ` · ${rateText}` : ""}</span>`;
    return html`<${Section} title=${type === "email" ? "E-mails" : `Type ${type}`} aside=${aside}><ul class="tiles">${TILES.map(([key, status, help]) => html`<li><a class=${of[key] > 0 ? `tile ${key}` : "tile none"} href=${key === "failed" ? to("dead-letters", { type }) : to("messages", { status, type })}>
      <strong>${of[key].toLocaleString("en")}</strong><span>${key}</span><small>${help}</small></a></li>`)}</ul></${Section}>`;
  })}`;
}

/** From what the runs say that they did. @param {{runs: any[]}} of */
function Lately({ runs }) {
  if (runs.length === 0) return html`<${Empty} title="There was no run yet">The schedule or a wake-up starts one. The doctor says what is missing.</${Empty}>`;
  const now = Date.now();
  const from = Math.max(now - MOST_MS, Date.parse(runs.at(-1).started_at));
  const width = Math.max(60_000, (now - from) / BARS);
  const bars = Array.from({ length: Math.ceil((now - from) / width) || 1 }, (_, index) => ({ at: from + index * width, parts: { sent: 0, retried: 0, failed: 0 } }));
  for (const { ended_at: at, counts } of runs) {
    const bar = at && counts ? bars[Math.floor((Date.parse(at) - from) / width)] : undefined;
    if (bar) for (const [part, name] of /** @type {const} */ ([["sent", "accepted"], ["retried", "retried"], ["failed", "failed"]])) bar.parts[part] += counts[name] ?? 0;
  }
  return html`<${Bars} title=${`Sent, to be tried again and failed, in the last ${span((now - from) / 1000)}`} bars=${bars} />`;
}

/** @param {any[]} found */
function findings(found) {
  const ill = found.filter(({ status }) => status !== "ok");
  const well = html`<details><summary>${counted(found.length - ill.length, "check")} found nothing</summary><ul class="plain">${found.filter(({ status }) => status === "ok").map(({ check, detail }) => html`<li><strong>${check}</strong> ${detail}</li>`)}</ul></details>`;
  return html`${ill.map(({ check, status, detail, remedy }) => html`<div class=${`note ${status === "fail" ? "bad" : "wait"}`}><strong><${Badge} word=${status} /> ${check}: ${detail}</strong>${remedy && html`<p>${remedy}</p>`}</div>`)}${well}`;
}
