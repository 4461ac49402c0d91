// The life of an e-mail after it was accepted, and the events that tell it, in the shapes of Resend's SDK.
import { parseAddress } from "./validate.mjs";

export const EVENT_TYPES = [
  "email.sent", "email.scheduled", "email.delivered", "email.delivery_delayed", "email.complained", "email.bounced", "email.opened",
  "email.clicked", "email.received", "email.failed", "email.suppressed", "contact.created", "contact.updated", "contact.deleted",
  "contact.topics.updated", "domain.created", "domain.updated", "domain.deleted", "suppression.added", "suppression.removed",
  "topic.created", "topic.updated", "topic.deleted", "inbox.created", "inbox.updated", "inbox.deleted", "inbox.thread.created",
  "inbox.thread.folder.updated", "inbox.thread.assigned", "inbox.thread.unassigned", "inbox.thread.labels.updated",
  "inbox.email.received", "inbox.email.sent", "inbox.draft.created", "inbox.draft.updated", "inbox.draft.sent", "inbox.draft.deleted",
];

/** The domain of the test addresses; a `+label` makes another address of one. */
const TEST_DOMAIN = "resend.dev";

/** `failed@` is the sandbox's own: Resend has no address that fails. */
const TEST_ADDRESSES = ["bounced", "complained", "suppressed", "failed"];

const SMTP_TEXT = "smtp; 550 5.1.1 The e-mail account does not exist.";

/** What an event of a type carries besides what all have, unless a test says otherwise. */
const MORE = {
  "email.bounced": () => ({
    bounce: { type: "Permanent", subType: "General", message: "The recipient's server refused the e-mail for good.", diagnosticCode: [SMTP_TEXT] },
  }),
  "email.failed": () => ({ failed: { reason: "reached_daily_quota" } }),
  "email.suppressed": () => ({ suppressed: { type: "Suppressed", message: "The address is on a suppression list.", reason: "previous_bounce", diagnosticCode: [] } }),
  "email.clicked": (at) => ({ click: { ipAddress: "192.0.2.1", link: "https://example.com/", timestamp: iso(at), userAgent: "Sandbox/1.0" } }),
};

const iso = (at) => new Date(at).toISOString();

/** @param {string} recipient @returns {string} the bare address */
export const bare = (recipient) => parseAddress(recipient)?.address ?? recipient.trim().toLowerCase();

/** The addresses of an e-mail, each once. @returns {string[]} */
export const addressesOf = ({ to, cc, bcc }) => [...new Set([...to, ...cc, ...bcc].map(bare))];

/**
 * @typedef {object} Step
 * @property {string} type of the event
 * @property {string[]} to the recipients that it concerns
 * @property {any} [more]
 *
 * The events of an e-mail, in their order. `email.sent` has the recipients as the sender wrote them; what happened to one recipient is
 * an event of its own, with the bare address.
 * @param {any} email
 * @param {(address: string) => {origin: string} | undefined} suppressed
 * @returns {{sent: Step[], ends: Step[]}}
 */
export function fateOf(email, suppressed) {
  const recipients = addressesOf(email).map((address) => ({ address, entry: suppressed(address), test: testOf(address) }));
  if (recipients.some(({ test }) => test === "failed")) return { sent: [{ type: "email.failed", to: email.to }], ends: [] };
  const stopped = new Set(recipients.filter(({ entry, test }) => entry || test === "suppressed").map(({ address }) => address));
  const left = (list) => list.filter((recipient) => !stopped.has(bare(recipient)));
  const [to = []] = [email.to, email.cc, email.bcc].map(left).filter((list) => list.length > 0);
  return {
    sent: to.length > 0 ? [{ type: "email.sent", to }] : [],
    ends: recipients.flatMap(({ address, entry, test }) => stopped.has(address) ? [suppression(address, entry)] : ends(address, test)),
  };
}

/** @returns {Step[]} */
function ends(address, test) {
  const to = [address];
  if (test === "bounced") return [{ type: "email.bounced", to }];
  return [{ type: "email.delivered", to }, ...test === "complained" ? [{ type: "email.complained", to }] : []];
}

/** @returns {Step} */
function suppression(address, entry) {
  const { suppressed } = MORE["email.suppressed"]();
  if (!entry) return { type: "email.suppressed", to: [address], more: { suppressed } };
  // What Resend gives as the reason for an entry made by hand is not known.
  const { reason: _, ...rest } = { ...suppressed, type: "OnAccountSuppressionList" };
  const reason = { bounce: "previous_bounce", complaint: "previous_complaint" }[entry.origin];
  return { type: "email.suppressed", to: [address], more: { suppressed: reason ? { ...rest, reason } : rest } };
}

function testOf(address) {
  const [local, domain] = address.split("@");
  return domain === TEST_DOMAIN ? TEST_ADDRESSES.find((name) => name === local.split("+")[0]) : undefined;
}

/** @param {string} id of an e-mail */
export const rfcMessageId = (id) => `<${id}@sandbox.${TEST_DOMAIN}>`;

/**
 * The body of an event about an e-mail. Fields without a value are left out, as Resend does.
 * @param {any} email @param {Step} step @param {number} at
 */
export function emailEvent(email, { type, to, more }, at) {
  const tags = email.tags?.length ? Object.fromEntries(email.tags.map(({ name, value }) => [name, value])) : undefined;
  const headers = Object.entries(email.headers ?? {}).map(([name, value]) => ({ name, value }));
  return {
    type,
    created_at: iso(at),
    data: {
      created_at: email.created_at,
      email_id: email.id,
      message_id: rfcMessageId(email.id),
      from: email.from,
      to,
      subject: email.subject ?? "",
      ...email.template ? { template_id: email.template.id } : {},
      ...tags ? { tags } : {},
      ...headers.length > 0 ? { headers } : {},
      ...more ?? MORE[type]?.(at),
    },
  };
}
