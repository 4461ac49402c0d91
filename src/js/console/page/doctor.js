// What the doctor finds: the database's own checks at once and again, those from outside once, since they ask other servers.
import { html, useLayoutEffect, useState } from "./vendor/preact.js";
import { call } from "./call.js";
import { useRead } from "./live.js";
import { Badge, counted, Failed, Section, Shown } from "./parts.js";

/** @param {{readOnly: boolean}} of */
export function Doctor({ readOnly }) {
  const inside = useRead("doctor", {}, { every: 60_000 });
  const [outside, setOutside] = useState(/** @type {{data?: any, fault?: any, busy?: boolean}} */ ({}));
  // Only when somebody asks: to call the function is to start a run.
  const examine = (/** @type {object} */ args) => {
    setOutside((now) => ({ ...now, busy: true }));
    void call("examine", args).then((data) => setOutside({ data }), (fault) => setOutside({ fault }));
  };
  useLayoutEffect(() => examine({}), []);
  const own = /** @type {any[]} */ (inside.data ?? []);
  // Where the database says the same, it is shown once.
  const more = /** @type {any[]} */ (outside.data ?? []).filter(({ check, status }) => !own.some((one) => one.check === check && one.status === status));
  const isBusy = outside.busy;
  const aside = html`<span class="buttons"><button class="quiet" disabled=${isBusy} onClick=${() => examine({})}>Check from outside again</button>
    <button class="quiet" disabled=${isBusy || readOnly} title=${readOnly ? "this console can only look" : "It starts a run, which sends what is due"} onClick=${() => examine({ call: true })}>Call the function, too</button></span>`;
  return html`<${Section} title="The doctor's findings"><${Shown} read=${inside}>${() => html`<${Findings} found=${own} />`}</${Shown}></${Section}>
    <${Section} title="Checks from outside" aside=${aside}>
      ${isBusy && html`<p class="soft" role="status">The function, the provider and Supabase are being asked …</p>`}
      ${outside.fault && html`<${Failed} fault=${outside.fault} />`}
      ${outside.data && html`<${Findings} found=${more} />`}</${Section}>`;
}

/** @type {Record<string, string>} */
const TONES = { fail: "bad", warn: "wait" };

/** @param {{found: any[]}} of */
function Findings({ found }) {
  const of = (/** @type {string[]} */ ...wanted) => found.filter(({ status }) => wanted.includes(status));
  const [ill, well, skipped] = [of("fail", "warn"), of("ok"), of("skip")];
  const list = (/** @type {any[]} */ some) => html`<ul class="plain">${some.map(({ check, detail }) => html`<li><strong>${check}</strong> ${detail}</li>`)}</ul>`;
  return html`${ill.map(({ check, status, detail, remedy }) => html`<div class=${`note ${TONES[status]}`}><strong><${Badge} word=${status} /> ${check}: ${detail}</strong>${remedy && html`<p>${remedy}</p>`}</div>`)}
    ${well.length > 0 && html`<details><summary>${counted(well.length, "check")} found nothing</summary>${list(well)}</details>`}
    ${skipped.length > 0 && html`<details><summary>${counted(skipped.length, "check")} could not be made from here</summary>${list(skipped)}</details>`}`;
}
