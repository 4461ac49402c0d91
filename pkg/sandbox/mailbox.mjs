// The mailbox, for people: `/`, `/mailbox/<id>` and `/mailbox/<id>/attachments/<n>`.
import { Buffer } from "node:buffer";
import { text } from "./answers.mjs";
import { html, page } from "./html.mjs";
import { badge, eventList } from "./mailbox-events.mjs";
import { lastEvent } from "./reading.mjs";

const PAGE_SIZE = 50;
const REFRESH_S = 5;
/** Larger pictures are not put into the page. */
const MAX_INLINE = 2 * 1024 * 1024;
const INLINE_TYPES = /^image\/(png|jpeg|gif|webp|svg\+xml)$/;
const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]+$/i;
const TYPES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml" };

/**
 * @param {import("./server.mjs").Sandbox} sandbox @param {import("./http1.mjs").Request} request
 */
export function mailbox({ ledger, config }, { method, path, query }) {
  if (method !== "GET" && method !== "HEAD") return text(405, "The mailbox can only be read.");
  if (path === "/") return list(ledger, config, query);
  const [, id, part, index] = /^\/mailbox\/([0-9a-f-]+)(?:\/(attachments)\/(\d+))?$/.exec(path) ?? [];
  const email = id && ledger.email(id);
  if (!email) return notFound("This e-mail is not here. Only the last ones are kept.");
  return part ? download(email, Number(index)) : detail(email, ledger.events(id));
}

const notFound = (message) =>
  page({ title: "Not found", status: 404, body: html`${top()}<main><div class="card empty"><strong>Not found</strong>${message}</div></main>` });

const top = (extra = null, sub = "A fake of Resend. Nothing leaves this machine.") =>
  html`<header class="top"><div><h1><a href="/">Resend sandbox</a></h1><p class="sub">${sub}</p></div>${extra}</header>`;

const time = (iso) => html`<time datetime="${iso}"><span class="date">${iso.slice(0, 10)} </span>${iso.slice(11, 19)} UTC</time>`;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function list(ledger, { keepEmails }, query) {
  const q = query.get("q") ?? "";
  const offset = Math.max(0, Math.trunc(Number(query.get("offset"))) || 0);
  const { total, stored, found, emails } = ledger.emails({ limit: PAGE_SIZE, offset, text: q });
  const search = html`<form action="/" method="get" role="search"><input type="search" name="q" value="${q}" placeholder="Address or subject" aria-label="Search"><button>Search</button></form>`;
  const kept = total > stored ? `, the last ${stored.toLocaleString("en")} are shown` : "";
  const sub = `${plural(total, "e-mail")} accepted${kept}. Nothing leaves this machine.`;
  const link = (to) => `/?${new URLSearchParams({ ...(q ? { q } : {}), ...(to > 0 ? { offset: String(to) } : {}) })}`;
  const pages = html`<nav class="pages" aria-label="Pages"><span>${offset > 0 ? html`<a href="${link(Math.max(0, offset - PAGE_SIZE))}">← Newer</a>` : null}</span>
<span>${offset + PAGE_SIZE < found ? html`<a href="${link(offset + PAGE_SIZE)}">Older →</a>` : null}</span></nav>`;
  const nothing = q
    ? html`<div class="empty"><strong>Nothing found</strong>No kept e-mail has “${q}” in an address or its subject.</div>`
    : html`<div class="empty"><strong>No e-mail yet</strong>What is sent to this sandbox appears here by itself.${keepEmails === 0 ? " (It is set to keep none.)" : ""}</div>`;
  return page({
    title: "Mailbox – Resend sandbox",
    refresh: q === "" && offset === 0 ? REFRESH_S : undefined,
    body: html`${top(search, sub)}<main><div class="card">${emails.length > 0 ? html`<ul class="list">${emails.map((email) => row(email, lastEvent(ledger, email.id)))}</ul>` : nothing}</div>${found > PAGE_SIZE ? pages : null}</main>`,
  });
}

const row = (email, last) => html`<li><a href="/mailbox/${email.id}">
<span class="cut strong">${email.to.join(", ")}</span>
<span class="cut subject">${subjectOf(email)}${email.attachments?.length ? html` <span class="soft">· ${plural(email.attachments.length, "attachment")}</span>` : null}${badge(last)}</span>
<span class="soft when">${time(email.created_at)}</span>
<span class="cut soft from">from ${email.from}</span><span class="cut soft mono">${email.id}</span>
</a></li>`;

const subjectOf = ({ subject, template }) => subject || (template ? `(template ${template.id})` : "(no subject)");

function detail(email, events) {
  const fields = [
    ["From", email.from],
    ["To", email.to.join(", ")],
    ["Cc", email.cc.join(", ")],
    ["Bcc", email.bcc.join(", ")],
    ["Reply to", email.reply_to.join(", ")],
    ["Accepted", `${email.created_at.slice(0, 10)} ${email.created_at.slice(11, 19)} UTC`],
    ["Scheduled for", email.scheduled_at],
    ["E-mail id", html`<span class="mono">${email.id}</span>`],
    ["Idempotency key", email.key && html`<span class="mono">${email.key}</span>`],
    ["Request", html`<span class="mono">POST ${email.endpoint}</span>${email.batch_index === null ? "" : `, number ${email.batch_index + 1} of the batch`}`],
  ];
  const headers = Object.entries(email.headers ?? {});
  return page({
    title: `${subjectOf(email)} – Resend sandbox`,
    showsEmail: true,
    body: html`${top()}<main><article>
<div class="card pad"><h2>${subjectOf(email)}</h2><dl>${fields.filter(([, value]) => value).map(pair)}</dl></div>
${section("Events", eventList(events))}
${email.html ? section("HTML", html`<div class="card"><iframe sandbox title="The e-mail's HTML" srcdoc="${withPictures(email)}"></iframe><div class="pad"><details><summary>Source</summary><pre>${email.html}</pre></details></div></div>`) : null}
${email.template ? section("Template", html`<div class="card pad"><pre>${JSON.stringify(email.template, null, 2)}</pre></div>`) : null}
${email.text ? section("Text", html`<div class="card pad"><pre>${email.text}</pre></div>`) : null}
${email.attachments?.length ? section("Attachments", html`<div class="chips">${email.attachments.map((one, index) => attachment(email, one, index))}</div>`) : null}
${email.tags.length ? section("Tags", html`<div class="chips">${email.tags.map((tag) => html`<span class="chip mono">${tag.name}: ${tag.value}</span>`)}</div>`) : null}
${headers.length ? section("Headers", html`<div class="card pad"><dl class="mono bare">${headers.map(pair)}</dl></div>`) : null}
</article></main>`,
  });
}

const pair = ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`;
const section = (title, content) => html`<section><h3>${title}</h3>${content}</section>`;

function attachment({ id }, { filename, path, content }, index) {
  if (path) return html`<span class="chip">${filename ?? "file"} <span class="soft">fetched from ${path}</span></span>`;
  const kilobytes = Math.max(1, Math.round((content.length * 3) / 4 / 1024));
  return html`<a class="chip" href="/mailbox/${id}/attachments/${index}" download>${filename} <span class="soft">${kilobytes.toLocaleString("en")} KB</span></a>`;
}

function download({ attachments }, index) {
  const found = attachments?.[index];
  if (typeof found?.content !== "string") return notFound("This attachment is not here.");
  // Always as a file: an HTML attachment shown by the browser would run on this origin.
  const name = encodeURIComponent(found.filename).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return {
    status: 200,
    headers: {
      "content-type": typeOf(found),
      "content-disposition": `attachment; filename*=UTF-8''${name}`,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    },
    body: Buffer.from(found.content, "base64"),
  };
}

/** What is not a plain media type must not get into a header. */
function typeOf({ content_type: given, filename }) {
  if (typeof given === "string" && MEDIA_TYPE.test(given)) return given;
  return TYPES[String(filename).split(".").pop().toLowerCase()] ?? "application/octet-stream";
}

/** Pictures that the HTML names by `cid:` are put in, since a frame without an origin can fetch none. */
function withPictures(email) {
  let source = email.html;
  for (const { content, content_id: contentId, ...rest } of email.attachments ?? []) {
    const type = typeOf(rest);
    if (!contentId || typeof content !== "string" || content.length > MAX_INLINE || !INLINE_TYPES.test(type)) continue;
    source = source.replaceAll(`cid:${contentId}`, `data:${type};base64,${content.replace(/\s+/g, "")}`);
  }
  return source;
}
