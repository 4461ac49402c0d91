// Settings, their defaults, and the check that refuses a misspelled one: a test that
// sets `ratelimit` instead of `rateLimit` would otherwise pass for the wrong reason.

import { EVENT_TYPES } from "./fate.mjs";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * @typedef {object} Config
 * @property {number} rateLimit  requests a one-second window; 0 = off. Resend: 10 a team today
 * @property {{daily: number, monthly: number}} quotas  recipients; 0 = off. Resend's free plan: 100 and 3,000
 * @property {string[] | null} apiKeys  null = every key that begins with `re_`
 * @property {string[]} restrictedApiKeys  keys that may only send (Resend's "sending access"); every other key has full access
 * @property {string[]} unverifiedDomains  sender domains refused with 403
 * @property {string | null} ownAddress  the account's own address: from resend.dev, mail to others is refused with 403; null = off
 * @property {string[] | null} verifiedDomains  null = every domain that is not unverified
 * @property {string[]} refusedRecipients  `local@`, `@domain` or `local@domain`; a `+label` is ignored
 * @property {string[] | null} templates  ids of published templates; null = every id
 * @property {number} latencyMs  how long a sending request takes; its key is in progress meanwhile
 * @property {boolean} strictOnly  answer a permissive batch as a strict one (an older API)
 * @property {number} clockOffsetMs  added to the clock that ages keys, quotas and timestamps
 * @property {number} seed  of the faults that have a probability, and of what happens to events
 * @property {number} keyTtlMs  how long an idempotency key is kept. Resend: 24 h
 * @property {number} keepEmails  how many e-mails are kept whole; the counters know all
 * @property {number} keepBytes  and how many bytes of them at most
 * @property {number} deliveryMs  from `email.sent` to the delivery or bounce; 0 = at once
 * @property {boolean | string[]} eventsHeld  true, or the types that wait until a test releases them
 * @property {number} eventShuffleMs  the first attempt of each event comes up to so much later
 * @property {number} eventDrops  0 to 1: the share of events that never come
 * @property {number} eventDuplicates  0 to 1: the share of events that come a second time
 * @property {number} eventTimeoutMs  how long an endpoint may take
 * @property {number} eventsInFlight  requests to endpoints at a time
 * @property {number} retryScale  times the waits of the retries (5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h); 0 = at once
 * @property {number} disableAfter  an endpoint is disabled after so many events in a row whose attempts are used up; 0 = never
 * @property {number} secretOverlapMs  how long the old secret signs, too, after a rotation. Resend: 24 h
 * @property {number} keepEvents  how many events are kept, and how many for each endpoint
 * @property {number} keepLogs  how many requests to the API are kept
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
  deliveryMs: 0,
  eventsHeld: false,
  eventShuffleMs: 0,
  eventDrops: 0,
  eventDuplicates: 0,
  eventTimeoutMs: 15_000,
  eventsInFlight: 16,
  retryScale: 1,
  disableAfter: 5,
  secretOverlapMs: DAY_MS,
  keepEvents: 10_000,
  keepLogs: 2000,
});

const count = (value) => Number.isInteger(value) && value >= 0;
const share = (value) => typeof value === "number" && value >= 0 && value <= 1;
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
  deliveryMs: count,
  eventsHeld: (value) => typeof value === "boolean" || (strings(value) && value.every((type) => EVENT_TYPES.includes(type))),
  eventShuffleMs: count,
  eventDrops: share,
  eventDuplicates: share,
  eventTimeoutMs: count,
  eventsInFlight: (value) => count(value) && value > 0,
  retryScale: share,
  disableAfter: count,
  secretOverlapMs: count,
  keepEvents: count,
  keepLogs: count,
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
