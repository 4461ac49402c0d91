// Who changed what. The record has no address, no key and no payload.
import { html, useMemo } from "./vendor/preact.js";
import { useRead } from "./live.js";
import { Empty, Failed, Input, Shown, Time } from "./parts.js";
import { go, to } from "./route.js";
import { Pages } from "./runs.js";
import { filterOf } from "./messages.js";

const PAGE = 100;

/** @param {{route: import("./route.js").Route}} of */
export function Audit({ route: { query } }) {
  // A time like 2h would be another one with each look.
  const { filter, fault } = useMemo(() => filterOf(query, ["actor", "action", "since"]), [JSON.stringify(query)]);
  const read = useRead("audit", { filter, limit: PAGE, ...query.before ? { before: query.before } : {} }, { every: query.since ? 0 : 10_000 });
  const find = (/** @type {any} */ event) => {
    event.preventDefault();
    go(to("audit", Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, String(value).trim()]))));
  };
  return html`<form class="filters" key=${JSON.stringify(query)} onSubmit=${find} role="search" aria-label="Filters">
      <label>Who<${Input} name="actor" value=${query.actor ?? ""} /></label><label>What<${Input} name="action" value=${query.action ?? ""} placeholder="redrive" /></label>
      <label>Since<${Input} name="since" value=${query.since ?? ""} placeholder="2026-01-31" /></label>
      <span class="buttons"><button>Find</button>${Object.keys(query).length > 0 && html`<a href=${to("audit")}>Clear</a>`}</span></form>
    ${fault && html`<${Failed} fault=${{ message: fault }} />`}<${Shown} read=${read}>${(/** @type {any[]} */ entries) => entries.length === 0
      ? html`<div class="card"><${Empty} title="Nothing was changed">Each change by a command, by the console or by SQL is noted here, with who made it.</${Empty}></div>`
      : html`<div class="card scroll" tabindex="0" role="region" aria-label="Audit"><table><thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Messages</th><th scope="col">With</th></tr></thead>
        <tbody>${entries.map((one) => html`<tr key=${one.id}><td><${Time} at=${one.at} /></td><td>${one.actor}</td><td>${one.action}</td><td>${one.messages ?? ""}</td><td class="wide"><${With} of=${one.arguments ?? {}} /></td></tr>`)}</tbody></table></div>
        <${Pages} page="audit" query=${query} next=${entries.length === PAGE ? entries.at(-1).id : null} />`}</${Shown}>`;
}

/** @param {{of: Record<string, any>}} arguments */
const With = ({ of }) => html`${Object.entries(of).map(([name, value]) => html`<span class="chip">${name}: ${name === "ids" && Array.isArray(value)
  ? value.map((id) => html`<a href=${to("message", {}, id)}>${id.slice(0, 8)}</a> `) : typeof value === "string" ? value : JSON.stringify(value)}</span> `)}`;
