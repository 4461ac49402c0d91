// What the mailbox shows of an e-mail's events: what happened to whom, and which endpoint was told.
import { html } from "./html.mjs";

const clock = (at) => new Date(at).toISOString().slice(11, 23);

/** A mark for the list: the last thing that happened, if it is worth a look. @param {string} last */
export const badge = (last) => (["sent", "delivered", "queued"].includes(last) ? null : html` <span class="chip soft">${last.replace("_", " ")}</span>`);

/** @param {import("./events.mjs").Happened[]} events oldest first */
export const eventList = (events) => html`<div class="card pad"><dl class="bare">${events.map(row)}</dl></div>`;

/** @param {import("./events.mjs").Happened} event */
function row({ type, at, payload: { data }, deliveries }) {
  const why = data.bounce ? `${data.bounce.type}, ${data.bounce.subType}` : data.failed?.reason ?? data.suppressed?.reason ?? data.click?.link;
  return html`<dt class="mono">${clock(at)}</dt><dd><span class="strong">${type}</span> ${data.to.join(", ")}${why ? html` <span class="soft">${why}</span>` : null}
${deliveries.map((delivery) => html`<div class="soft">${told(delivery)}</div>`)}</dd>`;
}

/** @param {import("./deliveries.mjs").Delivery} delivery */
function told({ id, webhook, status, attempts, nextAt }) {
  const last = attempts.at(-1);
  const answer = last ? `, ${last.http_status_code || last.response}` : "";
  const next = nextAt === null ? "" : `, again at ${clock(nextAt)}`;
  return html`${webhook.endpoint}: ${status} (${attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`}${answer}${next}) <span class="mono">${id}</span>`;
}
