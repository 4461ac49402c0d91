// What can be read back: e-mails, domains, usage.
import { createHash } from "node:crypto";
import { json, problem } from "./answers.mjs";
import { rfcMessageId } from "./fate.mjs";
import { list, present } from "./lists.mjs";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Where no limit is set and Resend has a number. */
const UNLIMITED = 1_000_000;
const CREATED_AT = "2026-01-01T00:00:00.000Z";

/** @param {import("./server.mjs").Sandbox} sandbox */
function getDomains({ config, domains }) {
  // Without a list of verified domains every sender is let through, so those which
  // have sent count as verified; example.com is there for a check before the first e-mail.
  const verified = config.verifiedDomains ?? ["example.com", ...domains];
  const names = new Set([...verified, ...config.unverifiedDomains]);
  const data = [...names].sort().map((name) => ({
    id: idOf(name),
    name,
    status: config.unverifiedDomains.includes(name) ? "not_started" : "verified",
    created_at: CREATED_AT,
    region: "us-east-1",
    capabilities: { sending: "enabled", receiving: "disabled" },
  }));
  return json(200, { object: "list", has_more: false, data });
}

/** The same id for the same domain, whenever it is asked for. */
function idOf(name) {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * The last thing that happened to an e-mail, as Resend names it.
 * @param {import("./ledger.mjs").Ledger} ledger @param {string} id
 */
export const lastEvent = (ledger, id) => ledger.events(id)?.at(-1)?.type.replace(/^email\./, "") ?? "queued";

/** What a list shows: no body, no tags. */
const summary = (ledger, { id, to, from, created_at, subject, bcc, cc, reply_to, scheduled_at }) => ({
  id,
  message_id: rfcMessageId(id),
  to,
  from,
  created_at,
  subject: subject ?? null,
  bcc,
  cc,
  reply_to,
  last_event: lastEvent(ledger, id),
  scheduled_at: scheduled_at ?? null,
});

function getEmail({ ledger }, id) {
  if (!UUID.test(id)) return problem(422, "invalid_parameter", "The `id` must be a valid UUID.");
  const email = present(ledger.email(id.toLowerCase()), "Email");
  return json(200, { object: "email", ...summary(ledger, email), html: email.html ?? null, text: email.text ?? null, tags: email.tags });
}

/** @param {import("./server.mjs").Sandbox} sandbox */
function getUsage({ config, domains, now, quotas }) {
  const used = quotas.used(now());
  const at = new Date(now());
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const about = (count, limit, end) => ({ used: count, limit, sent: count, received: 0, resets_at: new Date(end).toISOString() });
  return json(200, {
    object: "usage",
    emails: {
      daily: about(used.daily, config.quotas.daily || null, Date.UTC(year, month, day + 1)),
      monthly: about(used.monthly, config.quotas.monthly || UNLIMITED, Date.UTC(year, month + 1, 1)),
    },
    contacts: { used: 0, limit: 1000 },
    segments: { used: 0, limit: 3 },
    broadcasts: { used: 0, limit: null },
    ai_credits: { used: 0, limit: null, next_increase_at: null },
    automation_runs: { used: 0, limit: 10_000, resets_at: new Date(Date.UTC(year, month + 1, 1)).toISOString() },
    domains: { used: domains.size, limit: null },
    rate_limit: { limit: config.rateLimit || UNLIMITED, duration: "1s" },
  });
}

/** @type {Record<string, Record<string, import("./webhooks.mjs").Handler>>} */
export const readingRoutes = {
  "/domains": { GET: (sandbox) => getDomains(sandbox) },
  "/emails/:id": { GET: (sandbox, _, id) => getEmail(sandbox, id) },
  "/usage": { GET: (sandbox) => getUsage(sandbox) },
};

/** @type {import("./webhooks.mjs").Handler} */
export const listEmails = ({ ledger }, { query }) => list(ledger.kept(), query, (email) => summary(ledger, email));
