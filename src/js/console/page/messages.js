// Messages, searched. The address holds the filter. "Did Ann get her mail?": her address, and each line has the answer.
import { html, useMemo, useState } from "./vendor/preact.js";
import { timeOf, TIMES } from "../../operate/times.js";
import { useRead } from "./live.js";
import { addresses, Empty, Failed, Input, Shown, State, Time } from "./parts.js";
import { go, to } from "./route.js";
import { Pages } from "./runs.js";

const PAGE = 50;

/** @type {Record<string, string[]>} */
const CHOICES = {
  status: ["pending", "processing", "retrying", "completed", "failed", "cancelled"],
  reason: ["rejected", "exhausted", "unknown_outcome", "not_accepted", "expired", "suppressed"],
  delivery: ["sent", "delayed", "delivered", "suppressed", "failed", "bounced", "complained"],
};
/** @type {[name: string, label: string, hint: string][]} */
const TEXTS = [
  ["recipient", "Recipient", "ann@example.com"], ["subject", "Subject begins with", ""], ["type", "Type", "email"], ["template", "Template", ""],
  ["since", "Since", "2h, 7d or 2026-01-31"], ["until", "Until", ""], ["metadata", "Metadata", '{"order": 42}'],
];
const NAMES = [...TEXTS.map(([name]) => name), ...Object.keys(CHOICES)];

/** @param {Record<string, string>} query @returns {{filter: any, fault?: string}} */
export function filterOf(query, names = NAMES) {
  /** @type {any} */
  const filter = Object.fromEntries(names.filter((name) => query[name]).map((name) => [name, query[name]]));
  // Who changes something by the filter looks at fault first.
  for (const name of ["since", "until"]) {
    if (!filter[name]) continue;
    filter[name] = timeOf(filter[name].trim());
    if (!filter[name]) return { filter: {}, fault: `${name === "since" ? "Since" : "Until"} is not ${TIMES}` };
  }
  try {
    if (filter.metadata) filter.metadata = JSON.parse(filter.metadata);
  } catch {
    return { filter: {}, fault: 'Metadata is not JSON: it takes an object like {"order": 42}' };
  }
  return { filter };
}

/** @param {{query: Record<string, string>, names: string[], page: string}} of */
export function Filters({ query, names, page }) {
  const [all, setAll] = useState(names.some((name) => query[name] && !["recipient", "subject", "status"].includes(name)));
  const find = (/** @type {any} */ event) => {
    event.preventDefault();
    const given = [...new FormData(event.target)].map(([name, value]) => [name, String(value).trim()]);
    go(to(page, { ...Object.fromEntries(names.filter((name) => query[name]).map((name) => [name, query[name]])), ...Object.fromEntries(given) }));
  };
  const shown = (/** @type {string} */ name) => names.includes(name) && (all || ["recipient", "subject", "status", "reason"].includes(name));
  const now = JSON.stringify(query);
  return html`<form class="filters" key=${now} onSubmit=${find} role="search" aria-label="Filters">
    ${TEXTS.filter(([name]) => shown(name)).map(([name, label, hint]) => html`<label>${label}<${Input} name=${name} value=${query[name] ?? ""} placeholder=${hint} /></label>`)}
    ${Object.entries(CHOICES).filter(([name]) => shown(name)).map(([name, choices]) => html`<label>${name[0]?.toUpperCase()}${name.slice(1)}<select name=${name}><option value="">any</option>
      ${choices.map((one) => html`<option value=${one} selected=${query[name] === one}>${one.replaceAll("_", " ")}</option>`)}</select></label>`)}
    <span class="buttons"><button>Find</button>${!all && html`<button type="button" class="quiet" onClick=${() => setAll(true)}>More filters</button>`}
    ${names.some((name) => query[name]) && html`<a href=${to(page)}>Clear</a>`}</span></form>`;
}

/** @param {{route: import("./route.js").Route}} of */
export function Messages({ route: { query } }) {
  // A time like 2h would be another one with each look.
  const { filter, fault } = useMemo(() => filterOf(query), [JSON.stringify(query)]);
  return html`<${Filters} query=${query} names=${NAMES} page="messages" />
    ${fault ? html`<${Failed} fault=${{ message: fault }} />` : html`<${Found} query=${query} filter=${filter} />`}`;
}

/** @param {{query: Record<string, string>, filter: any}} of */
function Found({ query, filter }) {
  const read = useRead("search", { filter, limit: PAGE, ...query.before ? { before: query.before } : {} }, { every: query.before ? 0 : 5000 });
  return html`<${Shown} read=${read}>${(/** @type {any} */ { messages, next, looked, similar, suppressed }) => html`
    ${suppressed.map((/** @type {any} */ one) => html`<${Suppressed} entry=${one} />`)}
    ${messages.length > 0 ? html`<${MessageList} messages=${messages} />` : html`<div class="card"><${Nothing} filter=${filter} isLater=${Boolean(query.before)} next=${next} looked=${looked} similar=${similar ?? []} suppressed=${suppressed} /></div>`}
    <${Pages} page="messages" query=${query} next=${next} />`}</${Shown}>`;
}

/** @param {{entry: any}} of */
export const Suppressed = ({ entry }) => html`<div class="note wait"><strong>${entry.address} is on the suppression list: ${entry.reason}${entry.topic ? ` of ${entry.topic}` : ""}</strong>
  <p>Since <${Time} at=${entry.since} />${entry.note ? `: ${entry.note}` : ""}. <a href=${to("suppression", { address: entry.address })}>The suppression list</a></p></div>`;

/** @param {{filter: any, isLater: boolean, next: string | null, looked: number, similar: any[], suppressed: any[]}} of */
function Nothing({ filter, isLater, next, looked, similar, suppressed }) {
  if (next) return html`<${Empty} title="Nothing found so far">${looked.toLocaleString("en")} messages were looked at. There are older ones: go on with “Older”.</${Empty}>`;
  if (isLater) return html`<${Empty} title="No older message fits"><a href=${to("messages", filter.recipient ? { recipient: filter.recipient } : {})}>From the newest on</a></${Empty}>`;
  if (!filter.recipient) return html`<${Empty} title=${Object.keys(filter).length > 0 ? "No message fits the filter" : "There is no message yet"}>${Object.keys(filter).length > 0 ? html`<a href=${to("messages")}>All messages</a>` : "What an application enqueues appears here."}</${Empty}>`;
  return html`<${Empty} title=${`Nothing was enqueued to ${filter.recipient}`}>${Object.keys(filter).length > 1 ? html`<p><a href=${to("messages", { recipient: filter.recipient })}>Look without the other filters</a></p>` : ""}
    <p>What has ended is forgotten after its retention, or when it is erased.</p>
    ${suppressed.length === 0 && html`<p>The address is not on the suppression list.</p>`}
    ${similar.length > 0 && html`<p>Addresses like it:</p><ul class="plain">${similar.map(({ address, messages, last }) => html`<li><a href=${to("messages", { recipient: address })}>${address}</a> <span class="soft">${messages} messages, the last <${Time} at=${last} /></span></li>`)}</ul>`}</${Empty}>`;
}

/** @param {{messages: any[], select?: {chosen: Set<string>, toggle: (id: string) => void}}} of */
export const MessageList = ({ messages, select }) => html`<ul class="card list">${messages.map((message) => html`<li key=${message.id} class=${select ? "chosen" : ""}>
  ${select && html`<input type="checkbox" aria-label=${`Select ${message.subject ?? message.id}`} checked=${select.chosen.has(message.id)} onChange=${() => select.toggle(message.id)} />`}
  <a href=${to("message", {}, message.id)}><span class="strong cut">${addresses(message.to) || message.type}</span>
    <span class="cut">${message.subject ?? (message.secret ? "(secret)" : message.type === "email" ? "(no subject)" : "")}</span>
    <span class="states"><${State} message=${message} /></span>
    <span class="soft cut why" title=${message.conclusion?.text}>${message.conclusion?.text}</span><span class="soft when"><${Time} at=${message.created_at} /></span></a></li>`)}</ul>`;
