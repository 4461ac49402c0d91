// Settings, their defaults, and the check that refuses a misspelled one: a test that
// sets `ratelimit` instead of `rateLimit` would otherwise pass for the wrong reason.

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * @typedef {object} Config
 * @property {number} rateLimit  requests a one-second window; 0 = off. Resend: 10 a team today
 * @property {{daily: number, monthly: number}} quotas  recipients; 0 = off. Resend's free plan: 100 and 3,000
 * @property {string[] | null} apiKeys  null = every key that begins with `re_`
 * @property {string[]} restrictedApiKeys  keys that may only send (Resend's "sending access")
 * @property {string[]} unverifiedDomains  sender domains refused with 403
 * @property {string | null} ownAddress  the account's own address: from resend.dev, mail to others is refused with 403; null = off
 * @property {string[] | null} verifiedDomains  null = every domain that is not unverified
 * @property {string[]} refusedRecipients  `local@`, `@domain` or `local@domain`; a `+label` is ignored
 * @property {string[] | null} templates  ids of published templates; null = every id
 * @property {number} latencyMs  how long a sending request takes; its key is in progress meanwhile
 * @property {boolean} strictOnly  answer a permissive batch as a strict one (an older API)
 * @property {number} clockOffsetMs  added to the clock that ages keys, quotas and timestamps
 * @property {number} seed  of the faults that have a probability
 * @property {number} keyTtlMs  how long an idempotency key is kept. Resend: 24 h
 * @property {number} keepEmails  how many e-mails are kept whole; the counters know all
 * @property {number} keepBytes  and how many bytes of them at most
 */

/** @returns {Config} */
export const defaults = () => ({
  rateLimit: 10,
  quotas: { daily: 0, monthly: 0 },
  apiKeys: null,
  restrictedApiKeys: [],
  unverifiedDomains: [],
  ownAddress: null,
  verifiedDomains: null,
  refusedRecipients: ["invalid@"],
  templates: null,
  latencyMs: 0,
  strictOnly: false,
  clockOffsetMs: 0,
  seed: 1,
  keyTtlMs: DAY_MS,
  keepEmails: 1000,
  keepBytes: 256 * 1024 * 1024,
});

const count = (value) => Number.isInteger(value) && value >= 0;
const strings = (value) => Array.isArray(value) && value.every((item) => typeof item === "string");
const stringsOrNull = (value) => value === null || strings(value);

const CHECKS = {
  rateLimit: count,
  quotas: (value) =>
    typeof value === "object" && value !== null &&
    Object.entries(value).every(([name, limit]) => (name === "daily" || name === "monthly") && count(limit)),
  apiKeys: stringsOrNull,
  restrictedApiKeys: strings,
  unverifiedDomains: strings,
  ownAddress: (value) => value === null || typeof value === "string",
  verifiedDomains: stringsOrNull,
  refusedRecipients: strings,
  templates: stringsOrNull,
  latencyMs: count,
  strictOnly: (value) => typeof value === "boolean",
  clockOffsetMs: Number.isInteger,
  seed: Number.isInteger,
  keyTtlMs: count,
  keepEmails: count,
  keepBytes: count,
};

/**
 * The configuration with some settings changed; nothing changes if one of them is wrong.
 * @param {Config} config @param {Partial<Config>} change @returns {Config}
 */
export function configure(config, change) {
  if (typeof change !== "object" || change === null || Array.isArray(change)) throw new TypeError("the configuration is not an object");
  /** @type {Partial<Config>} */
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(CHECKS, name)) throw new TypeError(`unknown setting: ${name}`);
    if (!CHECKS[name](value)) throw new TypeError(`setting ${name} has a wrong value: ${JSON.stringify(value)}`);
  }
  return { ...config, ...given, quotas: { ...config.quotas, ...given.quotas } };
}
