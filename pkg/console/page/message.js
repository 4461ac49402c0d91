// One message: what happened, the mail as its recipient sees it, and what can be done.
import { html } from "./vendor/preact.js";
import { call } from "./call.js";
import { useRead } from "./live.js";
import { Mail } from "./mail.js";
import { Suppressed } from "./messages.js";
import { Action, addresses, Badge, Copy, Empty, Json, Pairs, Section, Shown, State, Time } from "./parts.js";
import { to } from "./route.js";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @param {{route: import("./route.js").Route, about: any}} of */
export const Message = ({ route: { id }, about }) => ID.test(id)
  ? html`<${Found} id=${id} about=${about} />`
  : html`<${Empty} title="This is not the id of a message">A recipient or a subject finds it, too: <a href=${to("messages")}>all messages</a></${Empty}>`;

/** @param {{id: string, about: any}} of */
function Found({ id, about }) {
  const read = useRead("show", { id });
  return html`<${Shown} read=${read}>${(/** @type {any} */ message) => message
    ? html`<${One} message=${message} readOnly=${about.readOnly} />`
    : html`<${Empty} title="There is no such message">It may be past its retention, or was discarded. <a href=${to("messages")}>All messages</a></${Empty}>`}</${Shown}>`;
}

/** @param {{message: any, readOnly: boolean}} of */
function One({ message, readOnly }) {
  const { id, type, payload, suppressed = [], timeline = [] } = message;
  const mail = type === "email" && payload;
  return html`
    <div class="row"><h2 class="subject">${mail ? payload.subject ?? "(no subject)" : message.secret ? "(a secret message)" : type}</h2><${State} message=${message} /></div>
    <p class="conclusion">${message.conclusion.text[0].toUpperCase()}${message.conclusion.text.slice(1)}.</p>
    ${message.notice && html`<div class="note wait">${message.notice}</div>`}
    ${suppressed.map((/** @type {any} */ one) => html`<${Suppressed} entry=${one} />`)}
    <${Actions} message=${message} readOnly=${readOnly} />
    <${Section} title="What happened"><${Timeline} timeline=${timeline} /></${Section}>
    ${mail && html`<${Mail} id=${id} payload=${payload} />`}
    <${Section} title="Details"><div class="card pad"><${Pairs} of=${[
      ["Id", html`<code>${id}</code> <${Copy} text=${id} label="Copy the id" />`],
      ["To", !mail && addresses(message.recipients)], ["Type", type], ["Priority", String(message.priority)], ["Enqueued", html`<${Time} at=${message.created_at} />`],
      ["Attempts", `${message.attempts} of ${message.max_attempts}`], ["Not worth sending after", message.send_before && html`<${Time} at=${message.send_before} />`],
      ["Topic", message.topic], ["Template", message.template && `${message.template.name}${message.template.language ? ` (${message.template.language})` : ""}, version ${message.template.version}`],
      ["Dedup key", message.dedup_key], ["Idempotency key", message.dispatch_id && html`<code>email-queue/${message.dispatch_id}</code>`], ["Provider's id", message.provider_message_id && html`<code>${message.provider_message_id}</code>`],
      ["Secret", message.secret && "yes: its payload is shown to nobody"], ["Goes to suppressed addresses", message.ignore_suppression && "yes"]]} /></div></${Section}>
    ${message.metadata && html`<${Section} title="Metadata" aside=${html`<a href=${to("messages", { metadata: JSON.stringify(message.metadata) })}>Messages with the same</a>`}><${Json} value=${message.metadata} /></${Section}>`}
    ${payload && html`<${Section} title="Payload" aside=${html`<${Copy} text=${JSON.stringify(payload, null, 2)} label="Copy the payload" />`}><details><summary>Show as JSON</summary><${Json} value=${payload} /></details></${Section}>`}`;
}

/** @param {{message: any, readOnly: boolean}} of */
function Actions({ message: { id, can = {}, error }, readOnly }) {
  const why = (/** @type {string | null | undefined} */ reason) => readOnly ? "this console can only look" : reason ?? null;
  const refused = (/** @type {any} */ { result, reason, refused: list }, /** @type {string} */ wanted) => {
    const words = list?.[0]?.reason ?? (result !== wanted ? reason ?? result : undefined);
    return words ? `It was refused: ${words}` : undefined;
  };
  const risky = error?.reason === "unknown_outcome";
  const reasons = Object.entries(can).filter(([, reason]) => reason);
  return html`<p class="row" role="group" aria-label="Actions">
    <${Action} label="Cancel" title="Cancel this message?" text="It is not sent." reason=${why(can.cancel)} confirm="Cancel the message" act=${() => call("cancel", { id }).then((done) => refused(done, "cancelled"))} />
    <${Action} label="Redrive" title="Send this dead letter again?" text=${risky ? "It may have been sent already: the recipient may get it twice." : "Its attempts start again, with a new key."} danger=${risky} reason=${why(risky ? null : can.redrive)}
      act=${() => call("redrive", { ids: [id], allow_duplicates: risky }).then((done) => refused(done, ""))} />
    <${Action} label="Discard" title="Delete this dead letter for good?" text="The message, its payload and its events are gone." danger reason=${why(can.discard)} act=${() => call("discard", { ids: [id] }).then(() => {})} />
    <${Action} label="Erase" title="Erase what this message says?" text="Payload, metadata and addresses are gone for good. That it was sent stays." danger reason=${why(can.erase)} act=${() => call("erase", { id }).then((done) => refused(done, "erased"))} /></p>
    ${!readOnly && reasons.length > 0 && html`<ul class="plain soft reasons">${reasons.map(([name, reason]) => html`<li>${name}: ${reason}</li>`)}</ul>`}`;
}

/** What each entry of the timeline says, beside its name. @type {Record<string, (entry: any) => any>} */
const WORDS = {
  enqueued: ({ run_at: at }) => at ? html`not to be sent before <${Time} at=${at} />` : "",
  claimed: ({ lease_expires_at: at }) => html`by a run${at && html`, which has it until <${Time} at=${at} />`}`,
  attempt: ({ attempt, error }) => html`number ${attempt}${error ? html`: ${[error.class?.replaceAll("_", " "), error.status, error.name, error.message].filter(Boolean).join(" ")}` : ""}`,
  waits: ({ until, reason }) => html`${reason?.replaceAll("_", " ")}${until ? html`, until <${Time} at=${until} />` : ""}`,
  accepted: ({ provider_message_id: id, attempts }) => html`by the provider, as <code>${id}</code>${attempts > 1 ? `, attempt ${attempts}` : ""}`,
  event: ({ type, recipient, detail }) => html`${String(type).replace(/^email\./, "").replaceAll("_", " ")}${recipient ? `, ${recipient}` : ""}${detail ? html` <span class="soft">${detail.text ?? detail.reason ?? detail.subtype ?? ""}</span>` : ""}`,
  ended: ({ status, reason }) => html`<${Badge} word=${status} /> ${reason && reason !== status ? reason.replaceAll("_", " ") : ""}`,
};

/** @param {{timeline: any[]}} of */
const Timeline = ({ timeline }) => html`<ol class="card timeline">${timeline.map((entry) => html`<li><span class="soft when">${entry.at ? html`<${Time} at=${entry.at} />` : "to come"}</span>
  <span class="strong">${entry.what === "event" ? "reported" : entry.what}</span><span>${WORDS[entry.what]?.(entry) ?? ""}</span></li>`)}</ol>`;
