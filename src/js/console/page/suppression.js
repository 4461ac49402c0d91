// The suppression list: addresses that get no mail.
import { html } from "./vendor/preact.js";
import { call } from "./call.js";
import { useRead } from "./live.js";
import { Action, Empty, Input, Shown, Time } from "./parts.js";
import { go, to } from "./route.js";
import { Pages } from "./runs.js";

const PAGE = 100;
const REASONS = ["bounce", "complaint", "unsubscribe", "manual"];

/** @param {{route: import("./route.js").Route, about: any}} of */
export function Suppression({ route: { query }, about: { readOnly } }) {
  const filter = Object.fromEntries(["address", "reason", "topic"].filter((name) => query[name]).map((name) => [name, query[name]]));
  const read = useRead("suppressions", { filter, limit: PAGE, ...query.after ? { after: query.after } : {} }, { every: 10_000 });
  const why = readOnly ? "this console can only look" : null;
  const find = (/** @type {any} */ event) => {
    event.preventDefault();
    go(to("suppression", Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, String(value).trim()]))));
  };
  return html`<form class="filters" key=${JSON.stringify(query)} onSubmit=${find} role="search" aria-label="Filters">
      <label>Address<${Input} name="address" value=${query.address ?? ""} placeholder="ann@example.com" /></label>
      <label>Reason<select name="reason"><option value="">any</option>${REASONS.map((one) => html`<option selected=${query.reason === one}>${one}</option>`)}</select></label>
      <label>Topic<${Input} name="topic" value=${query.topic ?? ""} /></label>
      <span class="buttons"><button>Find</button>${Object.keys(filter).length > 0 && html`<a href=${to("suppression")}>Clear</a>`}</span></form>
    <p class="row"><${Action} label="Suppress an address" title="Suppress an address" reason=${why} confirm="Suppress" fields=${html`
      <label>Address<${Input} name="address" type="email" required value=${query.address ?? ""} /></label>
      <label>Topic (empty: all mail)<input name="topic" maxlength="100" /></label><label>Note<input name="note" maxlength="500" /></label>`}
      text="It gets no mail of this queue any more, until it is taken off the list."
      act=${(/** @type {any} */ { address, topic, note }) => call("suppress", { address, ...topic ? { topic } : {}, ...note ? { note } : {} }).then(() => {})} /></p>
    <${Shown} read=${read}>${(/** @type {any[]} */ entries) => entries.length === 0
      ? html`<div class="card"><${Empty} title=${query.address ? `${query.address} is not suppressed` : "No address is suppressed"}>Bounces, complaints and unsubscribes appear here.</${Empty}></div>`
      : html`<ul class="card list">${entries.map((one) => html`<li key=${one.id} class="entry"><span class="strong cut">${one.address ?? html`<span class="soft">(its hash only)</span>`}</span>
        <span>${one.reason}${one.topic ? ` of ${one.topic}` : ", all mail"}</span><span class="soft cut">${one.note}</span><span class="soft when"><${Time} at=${one.since} /></span>
        ${one.address && html`<${Action} label="Take off" title=${`Take ${one.address} off the list?`} reason=${why} text=${one.reason === "unsubscribe" ? "The person has unsubscribed: take it off only if they ask for it." : "It gets mail again."}
          danger=${one.reason === "unsubscribe"} act=${() => call("unsuppress", { address: one.address, reason: one.reason, ...one.topic ? { topic: one.topic } : {} }).then(() => {})} />`}</li>`)}</ul>`}
      </${Shown}><${Pages} page="suppression" query=${query} name="after" next=${read.data?.length === PAGE ? read.data.at(-1).id : null} />`;
}
