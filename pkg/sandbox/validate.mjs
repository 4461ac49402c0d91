// Checks of a request's fields, with Resend's error names.
import { Buffer } from "node:buffer";

const MAX_RECIPIENTS = 50;
const MAX_TAG = 256;
const MAX_CONTENT_ID = 127;
const MAX_EMAIL_BYTES = 40 * 1024 * 1024;
const MAX_SCHEDULE_MS = 30 * 24 * 60 * 60 * 1000;
const TAG = /^[A-Za-z0-9_-]+$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const LOCAL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/;
const HEADER_NAME = /^[\x21-\x39\x3b-\x7e]+$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Why an e-mail cannot be accepted. */
export class Refusal extends Error {
  /** @param {string} name @param {string} message @param {number} [status] */
  constructor(name, message, status = 422) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

const invalid = (message) => new Refusal("validation_error", message);
const missing = (message) => new Refusal("missing_required_field", message);
const badAddress = (field) =>
  `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` or \`Name <email@example.com>\` format.`;

/**
 * The address inside `email@example.com` or `Name <email@example.com>`, in lower case.
 * @param {unknown} value @returns {{local: string, domain: string, address: string} | null}
 */
export function parseAddress(value) {
  if (typeof value !== "string" || CONTROL.test(value)) return null;
  const named = /^\s*(?:"(?:[^"\\]|\\.)*"|[^<>"]*?)\s*<([^<>]+)>\s*$/.exec(value);
  const address = (named ? named[1] : value).trim();
  const [local, domain, ...rest] = address.split("@");
  if (rest.length > 0 || domain === undefined || address.length > 254 || !LOCAL.test(local)) return null;
  const labels = domain.split(".");
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label))) return null;
  return { local: local.toLowerCase(), domain: domain.toLowerCase(), address: address.toLowerCase() };
}

/**
 * Throws a Refusal for the first thing that is wrong.
 * Fields that Resend does not know are ignored, as it does.
 * @param {any} email
 * @param {{batch: boolean, refusedRecipients: string[], templates: string[] | null, now: number}} rules
 * @returns {{email: any, fromDomain: string, recipients: number}} the e-mail with its lists as lists
 */
export function validateEmail(email, { batch, refusedRecipients, templates, now }) {
  if (typeof email !== "object" || email === null || Array.isArray(email)) throw invalid("The email needs to be an object.");
  for (const field of ["from", "to"]) if (absent(email[field])) throw missing(`Missing \`${field}\` field.`);
  const from = parseAddress(email.from);
  if (!from) throw new Refusal("invalid_from_address", badAddress("from"));
  const lists = {};
  for (const field of ["to", "cc", "bcc", "reply_to"]) {
    lists[field] = addressList(field, email[field], field === "reply_to" ? [] : refusedRecipients);
  }
  if (lists.to.length === 0) throw missing("Missing `to` field.");
  checkContent(email, templates);
  checkHeaders(email.headers);
  checkTags(email.tags);
  checkSchedule(email.scheduled_at, now);
  if (!absent(email.attachments)) checkAttachments(email, batch);
  return {
    email: { ...email, ...lists },
    fromDomain: from.domain,
    recipients: lists.to.length + lists.cc.length + lists.bcc.length,
  };
}

/**
 * @param {any} body @returns {any[]}
 */
export function validateBatch(body) {
  if (!Array.isArray(body)) throw invalid("The request body needs to be an array of emails.");
  if (body.length < 1 || body.length > 100) throw invalid("The batch needs to have between 1 and 100 emails.");
  return body;
}

const absent = (value) => value === undefined || value === null;

function addressList(field, value, refused) {
  if (absent(value)) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MAX_RECIPIENTS) throw invalid(`Invalid \`${field}\` field. The number of addresses must be at most ${MAX_RECIPIENTS}.`);
  for (const item of list) {
    const parsed = parseAddress(item);
    // A well-formed address on the list of refused ones is answered like a malformed
    // one: that is how a test provokes a refusal that no check of a client can foresee.
    if (!parsed || isRefused(parsed, refused)) throw invalid(badAddress(field));
  }
  return list;
}

function isRefused({ local, domain }, rules) {
  const bare = local.split("+")[0];
  return rules.some((rule) => {
    const [ruleLocal, ruleDomain] = rule.toLowerCase().split("@");
    return (ruleLocal === "" || ruleLocal === bare) && (!ruleDomain || ruleDomain === domain);
  });
}

function checkContent(email, templates) {
  for (const field of ["subject", "html", "text", "topic_id"]) {
    if (!absent(email[field]) && typeof email[field] !== "string") throw invalid(`The \`${field}\` field must be a \`string\`.`);
  }
  const template = absent(email.template) ? null : email.template;
  const hasHtml = !absent(email.html);
  const hasText = !absent(email.text);
  if (template) {
    if (typeof template !== "object" || typeof template.id !== "string" || template.id === "") throw missing("Missing `template.id` field.");
    if (hasHtml || hasText) throw invalid("The `template` field cannot be used together with `html` or `text`.");
    if (!absent(template.variables) && typeof template.variables !== "object") throw invalid("The `template.variables` field must be an `object`.");
    if (templates && !templates.includes(template.id)) throw new Refusal("not_found", "Template not found", 404);
  }
  // A template brings a subject of its own.
  if (absent(email.subject) && !template) throw missing("Missing `subject` field.");
  if (!template && !email.html && !email.text) throw missing("Missing `html` or `text` field.");
  if (CONTROL.test(email.subject ?? "")) throw invalid("The `\\n` is not allowed in the `subject` field.");
}

function checkHeaders(headers) {
  if (absent(headers)) return;
  if (typeof headers !== "object" || Array.isArray(headers)) throw invalid("The `headers` field must be an `object`.");
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) throw invalid(`The header name \`${name}\` is not valid.`);
    if (typeof value !== "string" || CONTROL.test(value)) throw invalid(`The value of the header \`${name}\` is not valid.`);
  }
}

function checkTags(tags) {
  if (absent(tags)) return;
  if (!Array.isArray(tags)) throw invalid("The `tags` field must be an `array`.");
  for (const tag of tags) {
    for (const part of ["name", "value"]) {
      const text = tag?.[part];
      if (absent(text)) throw missing(`Missing \`tags.${part}\` field.`);
      if (typeof text !== "string" || !TAG.test(text)) throw invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.");
      if (text.length > MAX_TAG) throw invalid(`Tags should be at most ${MAX_TAG} characters long.`);
    }
  }
}

/** Natural language ("in 1 hour") is let through: only dates can be checked. */
function checkSchedule(value, now) {
  if (absent(value)) return;
  if (typeof value !== "string" || value === "") throw invalid("The `scheduled_at` field must be a `string`.");
  const at = /^\d{4}-/.test(value) ? Date.parse(value) : now;
  if (Number.isNaN(at)) throw invalid("The `scheduled_at` field must be a date in ISO 8601 format.");
  if (at - now > MAX_SCHEDULE_MS) throw invalid("The `scheduled_at` field must be at most 30 days in the future.");
}

function checkAttachments({ attachments, html, text }, batch) {
  const refuse = (message) => new Refusal("invalid_attachment", message);
  if (!Array.isArray(attachments)) throw refuse("The `attachments` field must be an `array`.");
  if (batch && attachments.length > 0) throw invalid("The `attachments` field is not supported in a batch.");
  let bytes = Buffer.byteLength(html ?? "") + Buffer.byteLength(text ?? "");
  for (const attachment of attachments) {
    const { content, path, filename, content_id: contentId } = attachment ?? {};
    if (absent(content) && absent(path)) throw refuse("Attachment must have either a `content` or `path`.");
    if (!absent(content) && !absent(path)) throw refuse("Attachment cannot have both a `content` and a `path`.");
    if (!absent(filename) && (typeof filename !== "string" || CONTROL.test(filename))) throw refuse("The attachment's `filename` is not valid.");
    // With a path the file's name can be taken from the URL.
    if (!filename && absent(path)) throw refuse("Attachment must have a `filename`.");
    if (!absent(path) && !/^https?:\/\/\S+$/.test(path)) throw refuse("The attachment's `path` must be a URL.");
    if (!absent(content) && (typeof content !== "string" || !isBase64(content))) throw refuse("The attachment's `content` must be base64.");
    if (!absent(contentId) && (typeof contentId !== "string" || contentId.length > MAX_CONTENT_ID)) {
      throw refuse(`The attachment's \`content_id\` must have at most ${MAX_CONTENT_ID} characters.`);
    }
    bytes += typeof content === "string" ? content.length : 0;
  }
  if (bytes > MAX_EMAIL_BYTES) throw refuse("The email must be at most 40 MB, attachments included, after base64 encoding.");
}

/** Line breaks are allowed inside: MIME encoders put them there. */
function isBase64(text) {
  const bare = /\s/.test(text) ? text.replace(/\s+/g, "") : text;
  return bare.length % 4 === 0 && BASE64.test(bare);
}
