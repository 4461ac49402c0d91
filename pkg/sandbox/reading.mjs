// What can be read back: `GET /domains` and `GET /emails/:id`.
import { createHash } from "node:crypto";
import { json, problem } from "./answers.mjs";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CREATED_AT = "2026-01-01T00:00:00.000Z";

/** @param {import("./server.mjs").Sandbox} sandbox */
export function getDomains({ config, domains }) {
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

/** @param {import("./server.mjs").Sandbox} sandbox @param {string} id */
export function getEmail({ ledger, now }, id) {
  if (!UUID.test(id)) return problem(422, "invalid_parameter", "The `id` must be a valid UUID.");
  const email = ledger.email(id.toLowerCase());
  if (!email) return problem(404, "not_found", "Email not found");
  const scheduledAt = email.scheduled_at ?? null;
  return json(200, {
    object: "email",
    id: email.id,
    to: email.to,
    from: email.from,
    created_at: email.created_at,
    subject: email.subject ?? null,
    html: email.html ?? null,
    text: email.text ?? null,
    bcc: email.bcc,
    cc: email.cc,
    reply_to: email.reply_to,
    last_event: scheduledAt && Date.parse(scheduledAt) > now() ? "scheduled" : "sent",
    scheduled_at: scheduledAt,
    tags: email.tags,
  });
}
