// The mail as its recipient sees it, in a frame that runs no script and loads nothing from the internet unless asked.
import { html, useEffect, useState } from "./vendor/preact.js";
import { call } from "./call.js";
import { addresses, Failed, Pairs, Section } from "./parts.js";

/** @param {{id: string, payload: any}} of */
export function Mail({ id, payload }) {
  const { content, text, headers, tags, attachments = [], template } = payload;
  return html`<${Section} title="Mail"><div class="card pad"><${Pairs} of=${[["From", addresses(payload.from)], ["To", addresses(payload.to)], ["Cc", addresses(payload.cc)], ["Bcc", addresses(payload.bcc)],
      ["Reply to", addresses(payload.replyTo)], ["Subject", payload.subject], ["Provider's template", template?.id]]} /></div></${Section}>
    ${typeof content === "string" && html`<${Frame} id=${id} />`}
    ${text && html`<${Section} title="Text"><div class="card pad"><pre tabindex="0">${text}</pre></div></${Section}>`}
    ${attachments.length > 0 && html`<${Section} title="Attachments"><ul class="chips">${attachments.map((/** @type {any} */ file, /** @type {number} */ index) => html`<li><${File} id=${id} file=${file} index=${index} /></li>`)}</ul></${Section}>`}
    ${headers && html`<${Section} title="Headers"><div class="card pad"><${Pairs} of=${Object.entries(headers).map(([name, value]) => [name, String(value)])} /></div></${Section}>`}
    ${tags && html`<${Section} title="Tags"><ul class="chips">${(Array.isArray(tags) ? tags.map(({ name, value }) => [name, value]) : Object.entries(tags)).map(([name, value]) => html`<li class="chip">${name}: ${String(value)}</li>`)}</ul></${Section}>`}`;
}

/** The address counts once, so each look is a new one. @param {{id: string}} of */
function Frame({ id }) {
  const [remote, setRemote] = useState(false);
  const [phone, setPhone] = useState(false);
  const [state, setState] = useState(/** @type {{address?: string, fault?: any}} */ ({}));
  useEffect(() => {
    let ended = false;
    call("mail", { id, remote }).then(({ address }) => ended || setState({ address }), (fault) => ended || setState({ fault }));
    return () => {
      ended = true;
    };
  }, [id, remote]);
  const aside = html`<span class="buttons"><button class="quiet" aria-pressed=${phone} onClick=${() => setPhone(!phone)}>Phone's width</button>
    <button class="quiet" aria-pressed=${remote} onClick=${() => setRemote(!remote)} title="The sender of the mail's pictures learns that somebody looks">${remote ? "Without remote pictures" : "Load remote pictures"}</button></span>`;
  return html`<${Section} title="HTML" aside=${aside}>${state.fault ? html`<${Failed} fault=${state.fault} />` : state.address && html`<div class=${phone ? "card phone" : "card"}><iframe key=${state.address} sandbox="" title="The mail's HTML" src=${state.address}></iframe></div>`}</${Section}>`;
}

/** @param {{id: string, file: any, index: number}} of */
function File({ id, file, index }) {
  const [fault, setFault] = useState(/** @type {any} */ (null));
  if (file.path) return html`<span class="chip">${file.filename ?? "file"} <span class="soft">fetched by the provider from ${file.path}</span></span>`;
  const save = () => call("attachment", { id, index }).then(({ filename, base64 }) => {
    // Always as a file to keep: shown by the browser it would run here.
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    link.download = filename;
    link.click();
    URL.revokeObjectURL(link.href);
  }, setFault);
  return html`<button class="quiet" onClick=${save}>Save ${file.filename} <span class="soft">${Math.max(1, Math.round((file.bytes ?? 0) / 1024)).toLocaleString("en")} KB</span></button>${fault && html`<${Failed} fault=${fault} />`}`;
}
