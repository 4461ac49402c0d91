// How fast mail leaves, whether the provider answers, and how much of it comes back.
import { html } from "./vendor/preact.js";
import { Badge, counted, Pairs, Section, Time } from "./parts.js";

/** Fewer accepted e-mails say little about a share. */
const ENOUGH = 100;

/** @param {{requests: any, reputation: any, about: any}} of */
export function Requests({ requests, reputation, about: { provider, most } }) {
  const shares = (/** @type {"bounced" | "complained"} */ what) => html`<${Share} of=${reputation.day} what=${what} most=${most[what]} /> in 24 hours, <${Share} of=${reputation.week} what=${what} most=${most[what]} /> in 7 days
    <span class="soft"> · above ${percent(most[what])} ${provider} may stop the account</span>`;
  return html`<${Section} title="Requests and delivery"><div class="card pad"><${Pairs} of=${[["Requests", rate(requests)], [provider, html`<${Provider} requests=${requests} />`],
    ["Bounced", shares("bounced")], ["Marked as spam", shares("complained")]]} />
    <p class="soft">Of the e-mails that were enqueued in that time and accepted${reputation.week.all ? "" : "; of the newest 50,000 messages"}. Reports come from ${provider}'s webhook: without it nothing is counted.</p></div></${Section}>`;
}

/** @param {any} of */
function rate({ last_minute: minute, most_in_a_second: most, per_second: limit, setting, learned, answered }) {
  const rounded = (/** @type {number} */ value) => (Math.round(10 * value) / 10).toLocaleString("en");
  const why = limit >= setting ? "the setting rate_limit" : learned ? `a little less than the provider's limit of ${rounded(learned)}` : answered ? "" : "until the provider's first answer";
  return `${minute.toLocaleString("en")} in the last minute${minute > 0 ? `, at most ${most} in a second` : ""}; the limit is ${rounded(limit)} a second${why ? ` (${why})` : ""}`;
}

/** @param {{requests: any}} of */
function Provider({ requests: { breaker, answered } }) {
  if (breaker.length === 0) return answered ? html`<${Badge} word="answers" tone="good" />` : "no answer so far: nothing was sent yet";
  return html`<ul class="plain">${breaker.map((/** @type {any} */ { scope, unanswered, next_at: at, requests, size }) => html`<li><${Badge} word=${at ? "does not answer" : "answers again"} tone=${at ? "bad" : "wait"} /> ${scope.replace(/^(batch|single):$/, "all mail ($1)")}:
    ${counted(unanswered, "request")} without an answer in a row${at ? html`; the next is tried <${Time} at=${at} />` : `; ${counted(requests, "request")} at a time, of ${counted(size, "message")}`}</li>`)}</ul>`;
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toLocaleString("en", { maximumFractionDigits: share < 0.01 ? 2 : 1 })} %`;

/** @param {{of: any, what: "bounced" | "complained", most: number}} of */
function Share({ of, what, most }) {
  const { accepted, [what]: count } = of;
  if (accepted === 0) return "nothing was sent";
  const share = count / accepted;
  const tone = accepted < ENOUGH ? "" : share >= most ? "bad" : share >= most / 2 ? "wait" : "good";
  return html`<${Badge} word=${percent(share)} tone=${tone} /> <span class="soft">(${count.toLocaleString("en")} of ${accepted.toLocaleString("en")})</span>`;
}
