// `POST /emails` and `POST /emails/batch`: from bytes to ids.
import { randomUUID } from "node:crypto";
import { json, problem, sleep } from "./answers.mjs";
import { distort } from "./faults.mjs";
import { sha256 } from "./idempotency.mjs";
import { parseAddress, Refusal, validateBatch, validateEmail } from "./validate.mjs";

const MAX_KEY = 256;

/** Before a domain is verified, one may send from this one: to oneself, and to Resend's own test addresses. */
const TEST_DOMAIN = "resend.dev";

/**
 * @typedef {import("./server.mjs").Sandbox} Sandbox
 * @typedef {import("./http1.mjs").Request} Request
 * @typedef {{status: number, headers: Record<string, string>, body: string, name?: string, ids?: string[]}} Answer
 */

/**
 * The order of the steps decides which fault a client sees first:
 * key's form, fault "before", idempotency, delay, fields, domain, quota, acceptance, fault "after".
 * @param {Sandbox} sandbox @param {Request} request @param {"/emails" | "/emails/batch"} endpoint
 * @returns {Promise<any>}
 */
export async function send(sandbox, request, endpoint) {
  const key = request.headers["idempotency-key"];
  if (key !== undefined && (key.length < 1 || key.length > MAX_KEY)) return problem(400, "invalid_idempotency_key");
  const body = parseJson(request.body);
  const emails = Array.isArray(body.value) ? body.value : [body.value];
  const fault = sandbox.faults.pick({ endpoint, key, emails });
  const before = fault?.when === "before";
  if (before && fault.action !== "delay") return await distort(fault, null);
  const delay = sandbox.config.latencyMs + (before ? fault.delayMs ?? 0 : 0);
  const reply = await once(sandbox, key, `${endpoint} ${sha256(request.body)}`, async () => {
    // The client may leave meanwhile; the request is finished all the same, as a real server
    // would: that is the e-mail which was sent although its sender saw a time-out.
    if (delay > 0) await sleep(delay);
    return process(sandbox, request, endpoint, body);
  });
  return fault && !before ? { ...await distort(fault, reply), intended: reply } : reply;
}

/**
 * Runs `work` at most once for a key.
 * @param {Sandbox} sandbox @param {string | undefined} key @param {string} fingerprint
 * @param {() => Promise<Answer>} work @returns {Promise<Answer>}
 */
async function once({ store, ledger, config, now }, key, fingerprint, work) {
  if (key === undefined) return await work();
  const begun = store.begin(key, fingerprint, now(), config.keyTtlMs);
  switch (begun.kind) {
    case "in-progress":
      ledger.conflicts += 1;
      return problem(409, "concurrent_idempotent_requests");
    case "mismatch":
      ledger.conflicts += 1;
      return problem(409, "invalid_idempotent_request");
    case "replay":
      ledger.replays += 1;
      return begun.answer;
  }
  const answer = await work();
  store.finish(key, answer);
  return answer;
}

/** @returns {{ok: boolean, value?: any}} */
function parseJson(bytes) {
  try {
    return { ok: true, value: JSON.parse(bytes.toString("utf8")) };
  } catch {
    return { ok: false };
  }
}

/** @param {Sandbox} sandbox @param {Request} request @param {{ok: boolean, value?: any}} body @returns {Answer} */
function process(sandbox, request, endpoint, body) {
  if (!body.ok) return problem(400, "validation_error", "The request body is not valid JSON.");
  try {
    return endpoint === "/emails"
      ? single(sandbox, request, body.value)
      : batch(sandbox, request, body.value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return problem(error.status, error.name, error.message);
  }
}

function single(sandbox, request, value) {
  const [checked] = admit(sandbox, [validateEmail(value, rules(sandbox, false))]);
  const id = accept(sandbox, request, "/emails", checked, null);
  return { ...json(200, { id }), ids: [id] };
}

function batch(sandbox, request, value) {
  const mode = request.headers["x-batch-validation"] ?? "strict";
  if (mode !== "strict" && mode !== "permissive") {
    throw new Refusal("invalid_parameter", "The `x-batch-validation` header must be `strict` or `permissive`.");
  }
  const permissive = mode === "permissive" && !sandbox.config.strictOnly;
  const valid = [];
  const errors = [];
  validateBatch(value).forEach((email, index) => {
    try {
      valid.push({ ...validateEmail(email, rules(sandbox, true)), index });
    } catch (error) {
      // Permissive mode forgives what is wrong with one e-mail's fields, nothing else.
      if (!(error instanceof Refusal) || !permissive || error.status !== 422) throw error;
      errors.push({ index, message: error.message });
    }
  });
  const ids = admit(sandbox, valid).map((checked) => accept(sandbox, request, "/emails/batch", checked, checked.index));
  const data = ids.map((id) => ({ id }));
  return { ...json(200, permissive ? { data, errors } : { data }), ids };
}

const rules = ({ config, now }, isBatch) => ({
  batch: isBatch,
  refusedRecipients: config.refusedRecipients,
  templates: config.templates,
  now: now(),
});

/**
 * What concerns the account rather than one e-mail refuses the whole request, in
 * permissive mode too. (Resend does not say; it is the reading that accepts less.)
 * @template {{email: any, fromDomain: string, recipients: number}} T
 * @param {Sandbox} sandbox @param {T[]} checked @returns {T[]}
 */
function admit({ config, quotas, now }, checked) {
  for (const { fromDomain } of checked) {
    const verified = !config.unverifiedDomains.includes(fromDomain) && (config.verifiedDomains?.includes(fromDomain) ?? true);
    if (verified) continue;
    throw new Refusal("validation_error", `The ${fromDomain} domain is not verified. Please, add and verify your domain on https://resend.com/domains`, 403);
  }
  if (config.ownAddress !== null && checked.some(({ email, fromDomain }) => fromDomain === TEST_DOMAIN && isToStranger(email, config.ownAddress))) {
    throw new Refusal("validation_error", `You can only send testing emails to your own email address (${config.ownAddress}). To send emails to other recipients, please verify a domain at resend.com/domains, and change the \`from\` address to an email using this domain.`, 403);
  }
  const recipients = checked.reduce((sum, one) => sum + one.recipients, 0);
  const exceeded = quotas.exceeded(recipients, now(), config.quotas);
  if (exceeded) throw new Refusal(exceeded, `You have reached your ${exceeded.split("_")[0]} email sending quota.`, 429);
  return checked;
}

/** @param {{to: string[], cc: string[], bcc: string[]}} email @param {string} own */
const isToStranger = ({ to, cc, bcc }, own) =>
  [...to, ...cc, ...bcc].map(parseAddress).some((recipient) => recipient?.domain !== TEST_DOMAIN && recipient?.address !== own.toLowerCase());

/** The queue's id in the tag's value, which may have the installation's mark behind it. */
const MARKED = /^([0-9a-f-]{36})_[0-9a-f]{12}$/;

/** @returns {string} the new e-mail's id */
function accept({ ledger, quotas, config, domains, now, events }, request, endpoint, { email, fromDomain, recipients }, index) {
  const id = randomUUID();
  const at = now();
  const tags = Array.isArray(email.tags) ? email.tags : [];
  const tag = tags.find(({ name }) => name === "message_id")?.value ?? null;
  const stored = {
    id,
    message_id: MARKED.exec(tag ?? "")?.[1] ?? tag,
    created_at: new Date(at).toISOString(),
    key: request.headers["idempotency-key"] ?? null,
    endpoint,
    batch_index: index,
    ...email,
    tags,
  };
  quotas.use(recipients, at);
  domains.add(fromDomain);
  ledger.accept(stored, recipients, size(email), config);
  events.accepted(stored);
  return id;
}

/** Roughly: the fields that can be long. */
function size({ html, text, attachments }) {
  const parts = [html, text, ...(attachments ?? []).map((attachment) => attachment.content)];
  return parts.reduce((sum, part) => sum + (part?.length ?? 0), 1024);
}
