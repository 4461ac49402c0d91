// The page: its head, with the target's name, and below it what the address says.
import { html, render, useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { Audit } from "./audit.js";
import { call, enter } from "./call.js";
import { DeadLetters } from "./dead-letters.js";
import { usePause } from "./live.js";
import { Message } from "./message.js";
import { Messages } from "./messages.js";
import { Overview } from "./overview.js";
import { Empty, Failed } from "./parts.js";
import { go, to, useRoute } from "./route.js";
import { Runs } from "./runs.js";
import { Settings } from "./settings.js";
import { Suppression } from "./suppression.js";

/** @type {[page: string, title: string, view: any][]} */
const PAGES = [
  ["", "Overview", Overview],
  ["messages", "Messages", Messages],
  ["dead-letters", "Dead letters", DeadLetters],
  ["runs", "Runs", Runs],
  ["suppression", "Suppression", Suppression],
  ["settings", "Settings", Settings],
  ["audit", "Audit", Audit],
];

/** @param {{about: any}} of */
function Page({ about }) {
  const route = useRoute();
  const [paused, pause] = usePause();
  const search = useRef(/** @type {any} */ (null));
  const main = useRef(/** @type {any} */ (null));
  const [, title, View] = route.page === "message" ? ["", "Message", Message] : PAGES.find(([page]) => page === route.page) ?? ["", "Not found", null];
  const place = `${route.page}/${route.id}`;
  const first = useRef(place);
  useEffect(() => {
    // A reader without a mouse goes on from the new page's beginning.
    if (first.current !== place) main.current.focus({ preventScroll: true });
    first.current = "";
  }, [place]);
  useEffect(() => {
    document.title = `${title} – ${about.target}`;
  }, [title]);
  useLayoutEffect(() => {
    const key = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /** @type {HTMLElement} */ (event.target).closest("input, select, textarea, dialog")) return;
      event.preventDefault();
      search.current.focus();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const find = (/** @type {any} */ event) => {
    event.preventDefault();
    const text = search.current.value.trim();
    if (text) go(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) ? to("message", {}, text.toLowerCase()) : to("messages", text.includes("@") ? { recipient: text } : { subject: text }));
  };
  const skip = (/** @type {any} */ event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`<a class="skip" href="#main" onClick=${skip}>To the content</a>
    <header><div class="row">
      <p class="name">E-mail queue <span class=${about.local ? "target" : "target remote"} title=${about.local ? "on this machine" : "not on this machine"}>${about.target}</span>${about.readOnly && html` <span class="badge">read only</span>`}</p>
      <form role="search" onSubmit=${find}><input ref=${search} type="search" placeholder="Recipient, subject or id  ( / )" aria-label="Recipient, subject or id" /><button class="quiet">Find</button></form>
      <button class="quiet" aria-pressed=${paused} onClick=${pause}>${paused ? "Paused: follow again" : "Live: hold"}</button></div>
    <nav aria-label="Pages"><ul>${PAGES.map(([page, name]) => html`<li><a href=${to(page)} aria-current=${page === route.page ? "page" : undefined}>${name}</a></li>`)}</ul></nav></header>
    <main ref=${main} id="main" tabindex="-1"><h1>${title}</h1>
      ${View ? html`<${Guarded} key=${place}><${View} route=${route} about=${about} /></${Guarded}>` : html`<${Empty} title="There is no such page"><a href=${to("")}>Overview</a></${Empty}>`}</main>
    <footer>email-queue ${about.version}</footer>`;
}

/** A view that fails leaves the others alone. @param {{children?: any}} of */
function Guarded({ children }) {
  const [error, reset] = useErrorBoundary();
  return error ? html`<${Failed} fault=${{ message: `This page failed: ${error.message}`, remedy: "This is a bug of the console. The commands show the same: email-queue --help" }} retry=${reset} />` : children;
}

/** Without the server's word nothing can be shown. */
function Start() {
  const [state, setState] = useState(/** @type {{about?: any, fault?: any}} */ ({}));
  // Before the page counts as loaded: the address may change from then on, and has the token until now.
  useLayoutEffect(() => {
    enter().then(() => call("about")).then((about) => setState({ about }), (fault) => setState({ fault }));
  }, []);
  if (state.about) return html`<${Page} about=${state.about} />`;
  return html`<main class="lone">${state.fault ? html`<h1>E-mail queue</h1><${Failed} fault=${state.fault} />` : html`<p role="status">Loading …</p>`}</main>`;
}

const root = /** @type {Element} */ (document.getElementById("page"));
root.replaceChildren();
render(html`<${Start} />`, root);
