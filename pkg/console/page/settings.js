// Settings, each with what it means. A change counts at once, for all runs.
import { html } from "./vendor/preact.js";
import { call } from "./call.js";
import { useRead } from "./live.js";
import { Action, Input, Shown } from "./parts.js";

/** As docs/reference.md has them; one that is not here is shown all the same. @type {Record<string, string>} */
const MEANINGS = {
  default_sender: "written into mails without a sender, at enqueue",
  rate_limit: "requests a second at most, over all runs",
  horizon: "how long a request without an answer may be repeated at most",
  default_max_attempts: "attempts of a message that names none",
  max_payload_bytes: "the largest payload",
  retry_base_ms: "the first wait after a failed attempt, in milliseconds",
  retry_cap_ms: "the longest wait, in milliseconds",
  completed_retention: "how long completed and cancelled messages are kept",
  failed_retention: "how long dead letters are kept",
  payload_retention: "how long payloads of completed messages are kept",
  audit_retention: "how long the audit is kept",
  soft_bounces: "after so many soft bounces in a row an address is suppressed; 0: never",
  record_clients: "whether openings and clicks are kept with the reader's address, program and link",
  auth_sender: "the sender of Supabase Auth's mails",
  auth_product: "the product's name in Supabase Auth's mails",
  auth_url: "where the links of Supabase Auth's mails lead",
  auth_site_url: "the application's address, for Supabase Auth's mails",
  auth_language: "the language of Supabase Auth's mails",
  auth_link_lifetime: "how long Auth's links and codes are valid",
};

/** @param {{about: any}} of */
export function Settings({ about: { readOnly } }) {
  const read = useRead("settings", {}, { every: 10_000 });
  return html`<p class="soft">A change counts at once, for all runs, and is noted in the audit.</p><${Shown} read=${read}>${(/** @type {any} */ settings) => html`<ul class="card list">
    ${Object.entries(settings).map(([name, value]) => html`<li key=${name} class="entry"><span class="strong cut"><code>${name}</code></span><span>${shown(value)}</span><span class="soft">${MEANINGS[name] ?? ""}</span>
      <${Action} label="Change" title=${`Change ${name}`} text=${MEANINGS[name]} reason=${readOnly ? "this console can only look" : null} confirm="Save" fields=${typeof value === "boolean"
        ? html`<label class="check"><input type="checkbox" name="value" value="true" defaultChecked=${value} /> on</label>`
        : html`<label>Value (empty: not set)<${Input} name="value" value=${value ?? ""} /></label>`}
        act=${(/** @type {any} */ { value: given }) => call("configure", { settings: { [name]: typed(value, given) } }).then(() => {})} /></li>`)}</ul>`}</${Shown}>`;
}

/** @param {unknown} value */
const shown = (value) => value === null ? html`<span class="soft">not set</span>` : String(value);

/** As the setting is now; the database says what fits. @param {unknown} now @param {string | undefined} given */
function typed(now, given = "") {
  if (typeof now === "boolean") return given === "true";
  if (given.trim() === "") return null;
  return typeof now === "number" && Number.isFinite(Number(given)) ? Number(given) : given;
}
