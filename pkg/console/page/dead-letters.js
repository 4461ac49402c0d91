// Dead letters by reason and error, and their redrive: one, those selected, or all that fit the filter.
import { html, useLayoutEffect, useMemo, useState } from "./vendor/preact.js";
import { call } from "./call.js";
import { useRead } from "./live.js";
import { filterOf, Filters, MessageList } from "./messages.js";
import { Action, counted, Empty, Failed, Shown } from "./parts.js";
import { Pages } from "./runs.js";

const PAGE = 50;
/** Of one call; what is left goes with the next. */
const BATCH = 1000;
const NAMES = ["reason", "type", "since", "until", "metadata"];

/** @param {{route: import("./route.js").Route, about: any}} of */
export function DeadLetters({ route: { query }, about }) {
  const [selected, choose] = useState(/** @type {Set<string>} */ (new Set()));
  const key = JSON.stringify(query);
  // A time like 2h would be another one with each look.
  const held = useMemo(() => filterOf(query, NAMES), [key]);
  // At once: what is no longer shown must not be acted on.
  useLayoutEffect(() => void choose(new Set()), [key]);
  const read = useRead("dead_letters", { filter: held.filter, limit: PAGE, ...query.before ? { before: query.before } : {} }, { every: 5000 });
  const toggle = (/** @type {string} */ id) => choose((now) => now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set([...now, id]));
  const list = /** @type {any[]} */ (read.data ?? []);
  // Another may have taken some of them meanwhile.
  const chosen = new Set(list.map(({ id }) => id).filter((id) => selected.has(id)));
  const isFiltered = Object.keys(held.filter).length > 0;
  const why = about.readOnly ? "this console can only look" : null;
  const none = why ?? (chosen.size === 0 ? "select some first" : null);
  const nothing = why ?? held.fault ?? (list.length === 0 ? "there are none" : null);
  const all = isFiltered ? "all that fit the filter" : "all dead letters";
  const ids = [...chosen];
  const done = () => choose(new Set());
  return html`<${Filters} query=${query} names=${NAMES} page="dead-letters" />
    <p key=${key} class="row" role="group" aria-label="Actions">
      <button class="quiet" disabled=${list.length === 0} onClick=${() => choose(chosen.size < list.length ? new Set(list.map(({ id }) => id)) : new Set())}>${chosen.size > 0 && chosen.size >= list.length ? "Select none" : "Select all shown"}</button>
      <${Redrive} label=${`Redrive selected (${chosen.size})`} what=${{ ids }} reason=${none} done=${done} />
      <${Redrive} label="Redrive all matching" what=${{ filter: held.filter }} all=${all} reason=${nothing} done=${done} />
      <${Discard} label=${`Discard selected (${chosen.size})`} what=${{ ids }} reason=${none} done=${done} />
      <${Discard} label="Discard all matching" what=${{ filter: held.filter }} all=${all} reason=${nothing} done=${done} /></p>
    ${held.fault ? html`<${Failed} fault=${{ message: held.fault }} />` : html`<${Shown} read=${read}>${() => list.length > 0
      ? html`<${MessageList} messages=${list} select=${{ chosen, toggle }} /><${Pages} page="dead-letters" query=${query} next=${list.length === PAGE ? list.at(-1).id : null} />`
      : html`<div class="card"><${Empty} title=${isFiltered ? "No dead letter fits the filter" : "There are no dead letters"}>A message that can never go, or whose attempts are used up, appears here.</${Empty}></div>`}</${Shown}>`}`;
}

const FOLLOW = " The others follow, a thousand at a time.";

/**
 * A thousand at a time, until none is left that it can be done to. What it was done to fits the filter no more; what fails meanwhile is left alone.
 * @param {string} name @param {string} past @param {{ids?: string[], filter?: any, allow_duplicates?: boolean}} what @param {string} words @param {import("./parts.js").Say} say
 */
async function inSteps(name, past, what, words, say) {
  let those = what.filter ? { ...what, filter: await call("failed_by", { filter: what.filter }) } : what;
  for (let count = 0, stay = 0; ;) {
    const { [past]: changed, refused = [] } = await call(name, those);
    count += changed.length;
    stay += refused.length;
    const isOver = what.ids || changed.length + refused.length < BATCH;
    if (isOver || !say(`${counted(count, "message")} ${words} so far …`)) return { count, stay };
    // Those that are refused stay where they are.
    those = { ...those, filter: { ...those.filter, after: [...changed, ...refused.map((/** @type {any} */ { id }) => id)].sort().at(-1) } };
  }
}

/** @param {number} count @param {boolean} full */
const some = (count, full) => `${count >= BATCH ? "the first " : full ? "at least " : ""}${counted(count, "message")}`;

/** Why some stay, each reason once. @param {{refused: any[]}} of */
function Refused({ refused }) {
  const reasons = /** @type {Map<string, number>} */ (new Map());
  for (const { reason } of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return refused.length > 0 && html`<p>${counted(refused.length, "message")} would stay:</p><ul class="plain">${[...reasons].map(([reason, count]) => html`<li>${count}: ${reason}</li>`)}</ul>`;
}

/** @param {{label: string, what: {ids?: string[], filter?: any}, all?: string, reason: string | null, done: () => void}} of */
function Redrive({ label, what, all, reason, done }) {
  return html`<${Action} label=${label} title=${`Send ${all ?? "those selected"} again?`} reason=${reason} confirm="Redrive"
    before=${() => call("redrive", { ...what, dry_run: true })}
    text=${(/** @type {any} */ { redriven, refused, full }) => html`<p><strong>${some(redriven.length, full)}</strong> would be sent again, with a new key.${full ? FOLLOW : ""}</p><${Refused} refused=${refused} />`}
    fields=${html`<label class="check"><input type="checkbox" name="twice" value="yes" /> Also those that may have been sent: their recipients may get them twice</label>`}
    act=${async (/** @type {any} */ { twice }, /** @type {import("./parts.js").Say} */ say) => {
      const { count, stay } = await inSteps("redrive", "redriven", { ...what, allow_duplicates: twice === "yes" }, "will be sent again", say);
      done();
      return `${counted(count, "message")} will be sent again.${stay > 0 ? ` ${counted(stay, "message")} ${stay === 1 ? "stays" : "stay"}.` : ""}`;
    }} />`;
}

/** @param {{label: string, what: {ids?: string[], filter?: any}, all?: string, reason: string | null, done: () => void}} of */
function Discard({ label, what, all, reason, done }) {
  return html`<${Action} label=${label} title=${`Delete ${all ?? "those selected"} for good?`} danger reason=${reason} confirm="Discard"
    before=${() => call("discard", { ...what, dry_run: true })}
    text=${(/** @type {any} */ { discarded, full }) => html`<p><strong>${some(discarded.length, full)}</strong> would be gone, with payloads and events.${full ? FOLLOW : ""}</p>`}
    act=${async (/** @type {any} */ _, /** @type {import("./parts.js").Say} */ say) => {
      const { count } = await inSteps("discard", "discarded", what, "are gone", say);
      done();
      return `${counted(count, "message")} ${count === 1 ? "is" : "are"} gone.`;
    }} />`;
}
