// Building blocks of the mailbox's pages, and of the preview of templates. Everything that comes from an e-mail is escaped;
// there is no script within a page, and nothing is loaded from elsewhere.
import { createHash } from "node:crypto";

/** A piece of HTML that is safe as it stands. */
class Html {
  /** @param {string} source */
  constructor(source) {
    this.source = source;
  }
}

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** @param {unknown} value @returns {string} */
export const escape = (value) => String(value ?? "").replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/**
 * Escapes what is put in, unless it came out of this tag: forgetting to escape is not possible.
 * @param {TemplateStringsArray} strings @param {...unknown} values
 */
export function html(strings, ...values) {
  return new Html(strings.reduce((all, part, index) => all + render(values[index - 1]) + part));
}

/** @param {unknown} value @returns {string} */
const render = (value) => {
  if (value instanceof Html) return value.source;
  if (Array.isArray(value)) return value.map(render).join("");
  return value === null || value === undefined || value === false ? "" : escape(value);
};

const CSS = `
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#16181d;--soft:#5b6270;--line:#e3e6eb;--accent:#3451d1;--chip:#eef0f4}
@media(prefers-color-scheme:dark){:root{--bg:#111318;--card:#191c23;--ink:#e9ebf0;--soft:#9aa2b1;--line:#2a2f3a;--accent:#8ea2ff;--chip:#252a34}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
header.top,main{max-width:62rem;margin:0 auto;padding:1rem 1.25rem}
header.top{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;align-items:center;padding-top:1.5rem}
h1{font-size:1.25rem;margin:0;letter-spacing:-.01em}h1 a{color:inherit}
.sub{color:var(--soft);font-size:.875rem;margin:0}
form{margin-left:auto;display:flex;gap:.5rem}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.4rem .7rem;min-width:0;width:15rem}
button{font:inherit;color:#fff;background:#3451d1;border:0;border-radius:8px;padding:.4rem .9rem;cursor:pointer}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.list{list-style:none;margin:0;padding:0}
.list li+li{border-top:1px solid var(--line)}
.list a{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,2fr) auto;gap:.1rem 1rem;padding:.75rem 1.1rem;color:inherit}
.list a:hover{background:var(--chip);text-decoration:none}
.cut{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.soft{color:var(--soft);font-size:.8125rem}.strong{font-weight:600}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;font-size:.8125rem}
.when{text-align:right;white-space:nowrap}
.empty{padding:3.5rem 1.5rem;text-align:center;color:var(--soft)}.empty strong{display:block;color:var(--ink);font-size:1.05rem}
.pages{display:flex;justify-content:space-between;padding:1rem .25rem}
section{margin-top:1.25rem}h2{font-size:1.35rem;line-height:1.3;margin:0;overflow-wrap:anywhere;letter-spacing:-.01em}
h3{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:0 0 .5rem}
.pad{padding:1.1rem 1.25rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.35rem 1.1rem;margin:1rem 0 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.chips{display:flex;flex-wrap:wrap;gap:.5rem}
.chip{background:var(--chip);border-radius:999px;padding:.2rem .75rem;overflow-wrap:anywhere;max-width:100%}
iframe{display:block;width:100%;height:32rem;border:0;background:#fff;color-scheme:light;resize:vertical}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.875rem;font-family:ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace}
iframe.dark{background:#111;color-scheme:dark}.phone{max-width:24rem;margin:0 auto}.chip.now{background:var(--accent);color:var(--card)}.fault{border-color:#c5303a}
iframe+.pad{border-top:1px solid var(--line)}dl.bare{margin:0}
details summary{cursor:pointer;color:var(--accent)}details[open] summary{margin-bottom:.75rem}
@media(max-width:40rem){
header.top,main{padding-left:.9rem;padding-right:.9rem}form{margin:0;width:100%}input{flex:1}
.list a{grid-template-columns:minmax(0,1fr) auto}.list .subject,.list .from,.list .mono{grid-column:1/-1}.list .subject{grid-row:2}.date{display:none}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}iframe{height:26rem}}
`;

const STYLE_HASH = `'sha256-${createHash("sha256").update(CSS).digest("base64")}'`;

/**
 * A whole page as an answer.
 * @param {{title: string, body: Html, refresh?: number, showsEmail?: boolean, status?: number, runs?: boolean}} page
 *   runs: scripts of this address may run, and ask it
 */
export function page({ title, body, refresh, showsEmail = false, status = 200, runs = false }) {
  // An e-mail in a `srcdoc` frame inherits this policy. E-mails are made of inline styles, so
  // the page that shows one must allow these; images only from the e-mail itself, so that
  // looking at a message tells nobody about it.
  const policy = [
    "default-src 'none'",
    `style-src ${showsEmail ? "'unsafe-inline'" : STYLE_HASH}`,
    ...(showsEmail ? ["img-src data:"] : []),
    ...(runs ? ["script-src 'self'", "connect-src 'self'"] : []),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const head = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
${refresh ? html`<meta http-equiv="refresh" content="${refresh}">` : null}<title>${title}</title><style>${new Html(CSS)}</style></head><body>
${body}</body></html>`;
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    },
    body: head.source,
  };
}
