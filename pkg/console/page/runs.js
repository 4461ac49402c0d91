// The runs of the function, for as long as the database keeps them.
import { html } from "./vendor/preact.js";
import { useRead } from "./live.js";
import { Badge, Empty, exact, Shown, span, Time } from "./parts.js";
import { to } from "./route.js";

const PAGE = 100;

/** @param {{route: import("./route.js").Route}} of */
export function Runs({ route: { query } }) {
  const read = useRead("runs", { limit: PAGE, ...query.before ? { before: query.before } : {} });
  return html`<${Shown} read=${read}>${(/** @type {any[]} */ runs) => html`<${RunTable} runs=${runs} />
    <${Pages} page="runs" query=${query} next=${runs.length === PAGE ? runs.at(-1).id : null} />`}</${Shown}>`;
}

/** The way on, by key: nothing is counted. @param {{page: string, query: Record<string, string>, next: string | null, name?: string}} of */
export const Pages = ({ page, query, next, name = "before" }) => html`<nav class="pages" aria-label="Pages of the list">
  ${query[name] ? html`<a href=${to(page, { ...query, [name]: undefined })}>The newest</a>` : html`<span></span>`}${next && html`<a href=${to(page, { ...query, [name]: next })}>Older</a>`}</nav>`;

/** What a run did, in its own words. @param {any} counts */
const did = (counts) => counts
  ? ["claimed", "accepted", "retried", "failed", "released", "lost", "remaining"].filter((name) => counts[name] > 0).map((name) => `${counts[name].toLocaleString("en")} ${name}`).join(", ") || "nothing"
  : "nothing";

/** @param {{runs: any[]}} of */
export function RunTable({ runs }) {
  if (runs.length === 0) return html`<${Empty} title="There was no run yet">The schedule or a wake-up starts one. The overview has the doctor's findings.</${Empty}>`;
  return html`<div class="card scroll" tabindex="0" role="region" aria-label="Runs"><table><thead><tr><th scope="col">Started</th><th scope="col">By</th><th scope="col">Took</th><th scope="col">Did</th><th scope="col">Ended</th></tr></thead>
    <tbody>${runs.map((run) => html`<tr key=${run.id}><td><${Time} at=${run.started_at} /></td><td>${run.cause}</td>
      <td>${run.ended_at ? `${((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000).toFixed(1)} s` : html`<span class="soft" title=${`last seen ${exact(run.last_seen_at)}`}>${span((Date.now() - Date.parse(run.started_at)) / 1000)}</span>`}</td>
      <td>${did(run.counts)}</td><td>${run.ended_at ? run.stopped?.replaceAll("_", " ") : html`<${Badge} word="processing" />`}${run.reason && html`<div class="soft">${run.reason}</div>`}</td></tr>`)}</tbody></table></div>`;
}
