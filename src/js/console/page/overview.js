// What waits, what holds it up with the way out, what was sent lately and came back, and what the doctor finds.
import { html } from "./vendor/preact.js";
import { call } from "./call.js";
import { Doctor } from "./doctor.js";
import { Lines } from "./chart.js";
import { useRead } from "./live.js";
import { Action, counted, Empty, Section, Shown, span, Time } from "./parts.js";
import { Requests } from "./requests.js";
import { to } from "./route.js";
import { RunTable } from "./runs.js";

/** @param {{about: any}} of */
export function Overview({ about }) {
  const { readOnly } = about;
  const stats = useRead("stats", {});
  const more = useRead("overview", {}, { every: 10_000 });
  const runs = useRead("runs", { limit: 5 }, { every: 10_000 });
  return html`
    <${Shown} read=${stats}>${(/** @type {any} */ now) => html`<${Obstacles} stats=${now} readOnly=${readOnly} /><${Depth} stats=${now} priorities=${more.data?.priorities ?? []} />`}</${Shown}>
    <${Shown} read=${more}>${(/** @type {any} */ { requests, reputation, hours }) => html`<${Requests} requests=${requests} reputation=${reputation} about=${about} />
      <${Section} title="The last six hours"><${Lines} title="Left waiting by the runs" names=${["waiting"]} steps=${hours} />
        <${Lines} title="In ten minutes" names=${["enqueued", "accepted", "retried", "failed"]} steps=${hours} /></${Section}>`}</${Shown}>
    <${Section} title="Last runs" aside=${html`<a href=${to("runs")}>All runs</a>`}><${Shown} read=${runs}>${(/** @type {any[]} */ list) => html`<${RunTable} runs=${list} />`}</${Shown}></${Section}>
    <${Doctor} readOnly=${readOnly} />`;
}

/** @param {any} of */
function Obstacles({ stats: { paused, paused_domains: domains, cooldown, unknown_in_a_row: unknown }, readOnly }) {
  const why = readOnly ? "this console can only look" : null;
  const resume = (/** @type {string | undefined} */ domain) => html`<${Action} label="Resume" title=${domain ? `Resume ${domain}?` : "Resume the queue?"} reason=${why}
    text="What waits is sent with the next run." act=${() => call("resume", domain ? { domain } : {}).then(() => {})} />`;
  const until = (/** @type {any} */ { until: end }) => end ? html` It ends <${Time} at=${end} />.` : html` It lasts until somebody resumes it.`;
  return html`
    ${paused && html`<div class="note bad" role="status"><strong>The queue is paused: ${paused.reason}</strong><p>Since <${Time} at=${paused.since} />.${until(paused)}</p>${resume(undefined)}</div>`}
    ${domains.map((/** @type {any} */ one) => html`<div key=${one.domain} class="note bad" role="status"><strong>${one.domain} is paused: ${one.reason}</strong><p>Since <${Time} at=${one.since} />.${until(one)}</p>${resume(one.domain)}</div>`)}
    ${cooldown && html`<div class="note wait" role="status"><strong>Requests wait: ${cooldown.reason}</strong><p>${until(cooldown)}</p>${resume(undefined)}</div>`}
    ${unknown > 0 && html`<div class="note wait" role="status"><strong>${counted(unknown, "request")} in a row got no answer</strong><p>After three, requests stop but for one probe at a time. This ends with the provider's next answer.</p></div>`}
    ${!paused && html`<p class="row end"><${Action} label="Pause the queue" title="Pause the queue?" reason=${why}
      text="Nothing more is sent until it is resumed. Applications can still enqueue."
      fields=${html`<label>Why<input name="reason" required maxlength="200" /></label><label>For how many minutes (empty: until resumed)<input name="minutes" inputmode="numeric" pattern="[1-9][0-9]*" /></label>
        <label>Only this sender domain (empty: all mail)<input name="domain" placeholder="example.com" /></label>`}
      act=${(/** @type {any} */ { reason, minutes, domain }) => call("pause", { reason, ...Number(minutes) > 0 ? { seconds: Number(minutes) * 60 } : {}, ...domain ? { domain } : {} }).then(() => {})} /></p>`}`;
}

/** @type {[key: string, status: string, help: string][]} */
const TILES = [
  ["pending", "pending", "due now"], ["scheduled", "pending", "for later"], ["retrying", "retrying", "after a failed attempt"], ["processing", "processing", "in a request"],
  ["frozen", "processing", "may have been sent: repeated as they are"], ["failed", "failed", "dead letters"], ["cancelled", "cancelled", ""],
];

/** @param {any} of */
function Depth({ stats: { types }, priorities }) {
  const names = Object.keys(types).sort((a, b) => Number(b === "email") - Number(a === "email") || a.localeCompare(b));
  if (names.length === 0) return html`<${Section} title="Waiting"><${Empty} title="Nothing waits, and nothing has failed">An enqueued message appears here. <a href=${to("messages")}>All messages</a></${Empty}></${Section}>`;
  return html`${names.map((type) => {
    const of = types[type];
    const aside = html`<span class="soft">${of.oldest_due_seconds !== null && of.oldest_due_seconds !== undefined ? `the oldest waits for ${span(of.oldest_due_seconds)}` : "nothing is due"}</span>`;
    return html`<${Section} title=${type === "email" ? "E-mails" : `Type ${type}`} aside=${aside}><ul class="tiles">${TILES.map(([key, status, help]) => html`<li><a class=${of[key] > 0 ? `tile ${key}` : "tile none"} href=${key === "failed" ? to("dead-letters", { type }) : to("messages", { status, type })}>
      <strong>${of[key].toLocaleString("en")}</strong><span>${key}</span><small>${help}</small></a></li>`)}</ul>
      <${Priorities} title=${`${type} by priority`} rows=${priorities.filter((/** @type {any} */ one) => one.type === type)} /></${Section}>`;
  })}`;
}

const STATES = ["pending", "scheduled", "retrying", "processing"];

/** @param {{title: string, rows: any[]}} of */
const Priorities = ({ title, rows }) => rows.length > 0 && html`<div class="card scroll below" tabindex="0" role="region" aria-label=${title}><table><thead><tr><th scope="col">Priority</th>${STATES.map((name) => html`<th scope="col" class="number">${name}</th>`)}<th scope="col" class="number">oldest</th></tr></thead>
  <tbody>${rows.map((row) => html`<tr key=${row.priority}><td>${row.priority}${row.priority === 0 && " (first)"}</td>${STATES.map((name) => html`<td class="number">${row[name].toLocaleString("en")}</td>`)}
    <td class="number">${row.oldest_due_seconds === null ? "–" : span(row.oldest_due_seconds)}</td></tr>`)}</tbody></table></div>`;
