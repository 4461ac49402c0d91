// What the page gets of a message: files stay behind until they are asked for, since a page of a hundred mails could have a gigabyte.
import { Buffer } from "node:buffer";
import { Refusal } from "./server.js";

/** Larger pictures are not put into the mail. */
const MAX_INLINE = 2 << 20;
const PICTURE = /^image\/(png|jpeg|gif|webp)$/;
const BY_ENDING = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp" };

/** A row of a list. @param {any} message */
export function outline({ payload, ...message }) {
  const isMail = message.type === "email" && payload && typeof payload === "object";
  return { ...message, subject: isMail ? payload.subject ?? null : null, to: isMail ? payload.to : message.recipients ?? null, from: isMail ? payload.from ?? null : null };
}

/** A message without the bytes of its files. @param {any} message */
export function lean(message) {
  if (!Array.isArray(message?.payload?.attachments)) return message;
  const attachments = message.payload.attachments.map((/** @type {any} */ { content, ...file }) => typeof content === "string" ? { ...file, bytes: bytesOf(content) } : file);
  return { ...message, payload: { ...message.payload, attachments } };
}

/** Of base64. @param {string} content */
const bytesOf = (content) => Math.floor(content.replace(/[\s=]+/g, "").length * 3 / 4);

/** The mail's HTML, with the pictures that it brings along. @param {any} payload @returns {string} */
export function framed(payload) {
  if (typeof payload?.content !== "string") throw new Refusal(404, "this message has no HTML");
  let html = payload.content;
  for (const { content, contentId, ...file } of Array.isArray(payload.attachments) ? payload.attachments : []) {
    const type = typeOf(file);
    if (!contentId || typeof content !== "string" || content.length > MAX_INLINE || !PICTURE.test(type)) continue;
    html = html.replaceAll(`cid:${contentId}`, `data:${type};base64,${content.replace(/[^A-Za-z0-9+/=]/g, "")}`);
  }
  // A mail without a charset is UTF-8, and its links lead nowhere in here.
  return `<!doctype html><meta charset="utf-8"><base target="_blank">${withoutHints(html)}`;
}

/**
 * No policy keeps a browser from opening a connection because of a hint (preconnect, dns-prefetch), nor do mail programs read links. A frame in the mail
 * may have its HTML in an attribute, where "<" has many spellings: such an attribute goes. Names of elements and attributes have one spelling.
 * @param {string} html
 */
const withoutHints = (html) => html.replace(/<link(?=[\s/>])/gi, "<no-link").replace(/\bsrcdoc\b/gi, "no-srcdoc");

/** A file, for the browser to save. @param {any} payload @param {unknown} index */
export function attachmentOf(payload, index) {
  const file = Number.isInteger(index) ? payload?.attachments?.[/** @type {number} */ (index)] : undefined;
  if (typeof file?.content !== "string") throw new Refusal(404, "this file is not here");
  return { filename: String(file.filename ?? "file"), base64: Buffer.from(file.content, "base64").toString("base64") };
}

/** @param {{contentType?: unknown, filename?: unknown}} file */
function typeOf({ contentType, filename }) {
  if (typeof contentType === "string") return contentType.toLowerCase();
  return BY_ENDING[/** @type {keyof typeof BY_ENDING} */ (String(filename).split(".").pop()?.toLowerCase())] ?? "";
}
