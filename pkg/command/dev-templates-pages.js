// The pages of the templates. An e-mail stands in a frame that runs no script and loads nothing from elsewhere.
import { html, page } from "../sandbox/html.mjs";

/** Loads the page again once the files have changed, or once `dev` was started anew. */
export const SCRIPT = `const { revision } = document.currentScript.dataset;
setInterval(async () => {
  const answer = await fetch("/revision").catch(() => null);
  if (answer?.ok && await answer.text() !== revision) location.reload();
}, 1000);
`;

/**
 * @typedef {import("./dev-templates.js").Shown} Shown
 * @typedef {{name: string, languages: (string | null)[], files: string[]}} Entry
 * @typedef {ReturnType<typeof html>} Html
 */

const top = html`<header class="top"><div><h1><a href="/">E-mail templates</a></h1><p class="sub">With sample data, as the database renders them. The page follows the files.</p></div></header>`;

/** @param {string} title @param {Html} main @param {string} revision @param {boolean} [showsEmail] */
const live = (title, main, revision, showsEmail = false) =>
  page({ title, showsEmail, runs: true, body: html`${top}<main>${main}</main><script src="/script.js" data-revision="${revision}" defer></script>` });

/** @param {string[]} faults */
const faultList = (faults) => faults.map((fault) => html`<section><div class="card pad fault">${fault}</div></section>`);

/** It may come back with the next change. @param {{faults: string[], revision: string}} what */
export const missingPage = ({ faults, revision }) =>
  ({ ...live("Not found", html`${faultList(faults)}<section><div class="card empty"><strong>Not found</strong>There is no such template.</div></section>`, revision), status: 404 });

/** @param {string} title @param {unknown} content */
const section = (title, content) => html`<section><h3>${title}</h3>${content}</section>`;

/** @param {{entries: Entry[], faults: string[], revision: string}} what */
export const listPage = ({ entries, faults, revision }) => live("E-mail templates", html`${faultList(faults)}${[
  section("Of this project", list(entries.filter(({ files }) => files.length > 0), "No template yet: put welcome.html and welcome.txt into supabase/email-templates.")),
  section("Built in, for Supabase Auth", list(entries.filter(({ files }) => files.length === 0), "Each has a file.")),
]}`, revision);

/** @param {Entry[]} entries @param {string} otherwise */
const list = (entries, otherwise) => html`<div class="card">${entries.length === 0 ? html`<div class="empty">${otherwise}</div>` : html`<ul class="list">${entries.map(({ name, languages, files }) => html`<li><a href="${addressOf(name, languages[0] ?? null)}">
<span class="cut strong">${name}</span><span class="cut soft">${files.join(", ")}</span><span class="soft when">${languages.filter(Boolean).join(" ")}</span></a></li>`)}</ul>`}</div>`;

/**
 * @param {{entry: Entry, language: string | null, dark: boolean, phone: boolean, revision: string, fault?: string, shown?: Shown,
 *   sample?: {variables: Record<string, unknown>, file: string | null}}} what
 */
export function templatePage({ entry: { name, languages, files }, language, dark, phone, revision, fault, shown, sample }) {
  const chip = (/** @type {string} */ label, /** @type {boolean} */ now, /** @type {string | null} */ to, /** @type {boolean} */ inDark, /** @type {boolean} */ onPhone) =>
    html`<a class="chip${now ? " now" : ""}" href="${addressOf(name, to, inDark, onPhone)}">${label}</a>`;
  const switches = html`<div class="chips">${languages.length > 1 ? languages.map((one) => chip(one ?? "default", one === language, one, dark, phone)) : null}
${chip("light", !dark, language, false, phone)}${chip("dark", dark, language, true, phone)}${chip("wide", !phone, language, dark, false)}${chip("phone", phone, language, dark, true)}</div>`;
  const from = files.length === 0 ? "built in" : files.join(", ");
  const parts = shown && html`${section("Subject", html`<div class="card pad"><h2>${shown.subject}</h2></div>`)}
${shown.html === null ? null : section("HTML", html`<div class="card${phone ? " phone" : ""}"><iframe sandbox class="${dark ? "dark" : "light"}" title="The template's HTML" srcdoc="${inScheme(shown.html, dark)}"></iframe></div>
<p class="sub">Pictures and fonts of the internet are not fetched here.</p>`)}
${shown.text === null ? null : section("Text", html`<div class="card pad"><pre>${shown.text}</pre></div>`)}`;
  const data = sample && section(sample.file ?? "Sample data, made up from the names", html`<div class="card pad"><pre>${JSON.stringify(sample.variables, null, 2)}</pre></div>
${sample.file ? null : html`<p class="sub">To choose it: supabase/email-templates/${name}.json</p>`}`);
  return live(`${name} – e-mail templates`, html`<h2>${name}</h2><p class="sub">${from}${shown && shown.template.version > 0 ? `, version ${shown.template.version} in this database` : ""}</p>
<section>${switches}</section>${faultList(fault ? [fault] : [])}${parts}${data}`, revision, true);
}

/** @param {string} name @param {string | null} language @param {boolean} [dark] @param {boolean} [phone] */
function addressOf(name, language, dark = false, phone = false) {
  const query = new URLSearchParams({ ...language ? { language } : {}, ...dark ? { dark: "" } : {}, ...phone ? { phone: "" } : {} });
  return `/template/${name}${query.size > 0 ? `?${query}` : ""}`;
}

/** The HTML as on a light or a dark screen, whatever this one is: a frame has no switch for it. @param {string} source @param {boolean} dark */
function inScheme(source, dark) {
  const holds = (/** @type {boolean} */ yes) => yes ? "min-width: 0px" : "max-width: 0px";
  const asked = source.replace(/prefers-color-scheme\s*:\s*(dark|light)/gi, (_, scheme) => holds((scheme.toLowerCase() === "dark") === dark));
  return `${asked}<style>:root { color-scheme: ${dark ? "dark" : "light"} !important; }</style>`;
}
