// What happened: counters over everything, and the last e-mails whole.

/** A test reads at most a handful of bodies for one key; more are only counted. */
const MAX_BODIES_PER_KEY = 16;

/**
 * @typedef {object} Stored
 * @property {string} id @property {string | null} message_id @property {string} created_at
 * @property {string | null} key @property {string} endpoint @property {number | null} batch_index
 */

const bump = (map, key, by = 1) => map.set(key, (map.get(key) ?? 0) + by);
const sorted = (map) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));

export class Ledger {
  requests = 0;
  accepted = 0;
  acceptedUntagged = 0;
  duplicates = 0;
  recipients = 0;
  replays = 0;
  conflicts = 0;
  /** Answers that never reached the client: by a fault, or because it had left. */ lost = 0;
  inFlight = 0;
  maxInFlight = 0;
  #endpoints = new Map();
  #statuses = new Map();
  #refusals = new Map();
  /** @type {Map<string, number>} */ #byMessage = new Map();
  /** unanswered: answers with its id that did not arrive, or not in a form that can be read. @type {Map<string, {messageId: string | null, answered: number, unanswered: number}>} */
  #byId = new Map();
  /** @type {Map<string, {bodies: string[], distinct: number, requests: number, statuses: Record<string, number>}>} */ #keys = new Map();
  /** The last e-mails, oldest first. @type {Map<string, any>} */ #emails = new Map();
  #bytes = 0;

  arrived(endpoint) {
    this.requests += 1;
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    bump(this.#endpoints, endpoint);
  }

  /** @param {string} key @param {string} bodyHash */
  keySeen(key, bodyHash) {
    let seen = this.#keys.get(key);
    if (!seen) this.#keys.set(key, seen = { bodies: [], distinct: 0, requests: 0, statuses: {} });
    seen.requests += 1;
    if (seen.bodies.includes(bodyHash)) return;
    seen.distinct += 1;
    if (seen.bodies.length < MAX_BODIES_PER_KEY) seen.bodies.push(bodyHash);
  }

  /**
   * @param {any} reply what was put on the wire @param {boolean} delivered
   * @param {{key?: string, ids?: string[], meant?: string[]}} about ids: those that a client can read; meant: those that it is about
   */
  left(reply, delivered, { key, ids = [], meant = ids }) {
    this.inFlight -= 1;
    const told = delivered && reply.status >= 200 && reply.status < 300 && ids.length > 0;
    for (const id of meant) {
      const entry = this.#byId.get(id);
      if (entry) entry[told ? "answered" : "unanswered"] += 1;
    }
    if (!delivered) {
      this.lost += 1;
      return;
    }
    bump(this.#statuses, String(reply.status));
    const seen = key === undefined ? undefined : this.#keys.get(key);
    if (seen) seen.statuses[reply.status] = (seen.statuses[reply.status] ?? 0) + 1;
  }

  refused(name) {
    bump(this.#refusals, name);
  }

  /**
   * @param {any} stored the e-mail with its id and message_id @param {number} recipients
   * @param {number} bytes roughly what keeping it costs @param {{keepEmails: number, keepBytes: number}} limits
   */
  accept(stored, recipients, bytes, limits) {
    this.accepted += 1;
    this.recipients += recipients;
    if (stored.message_id === null) this.acceptedUntagged += 1;
    else {
      if (this.#byMessage.has(stored.message_id)) this.duplicates += 1;
      bump(this.#byMessage, stored.message_id);
    }
    this.#byId.set(stored.id, { messageId: stored.message_id, answered: 0, unanswered: 0 });
    this.#emails.set(stored.id, { email: stored, bytes, events: [] });
    this.#bytes += bytes;
    for (const [id, entry] of this.#emails) {
      if (this.#emails.size <= limits.keepEmails && this.#bytes <= limits.keepBytes) break;
      this.#emails.delete(id);
      this.#bytes -= entry.bytes;
    }
  }

  /** @param {string} id */
  email(id) {
    return this.#emails.get(id)?.email;
  }

  /** What happened to an e-mail that is kept, oldest first. @param {string} id @returns {import("./events.mjs").Happened[] | undefined} */
  events(id) {
    return this.#emails.get(id)?.events;
  }

  /** All that are kept, newest first. @returns {any[]} */
  kept() {
    return [...this.#emails.values()].map(({ email }) => email).reverse();
  }

  /**
   * Newest first.
   * @param {{limit: number, offset: number, to?: string, text?: string}} query
   *   `to`: part of a recipient; `text`: part of a recipient, the sender or the subject
   */
  emails({ limit, offset, to, text }) {
    let found = this.kept();
    const has = (value, part) => String(value ?? "").toLowerCase().includes(part.toLowerCase());
    const recipients = (email) => [...email.to, ...email.cc, ...email.bcc];
    if (to) found = found.filter((email) => recipients(email).some((address) => has(address, to)));
    if (text) found = found.filter((email) => [email.from, email.subject, ...recipients(email)].some((value) => has(value, text)));
    return { total: this.accepted, stored: this.#emails.size, found: found.length, emails: found.slice(offset, offset + limit) };
  }

  /** @param {{brief?: boolean, ids?: boolean}} [options] */
  state({ brief = false, ids = false } = {}) {
    const totals = {
      requests: this.requests,
      requestsByEndpoint: sorted(this.#endpoints),
      statuses: sorted(this.#statuses),
      refusals: sorted(this.#refusals),
      accepted: this.accepted,
      acceptedMessages: this.#byMessage.size,
      acceptedUntagged: this.acceptedUntagged,
      duplicates: this.duplicates,
      recipients: this.recipients,
      replays: this.replays,
      conflicts: this.conflicts,
      lost: this.lost,
      inFlight: this.inFlight,
      maxInFlight: this.maxInFlight,
      keysWithChangedBytes: [...this.#keys.values()].filter((key) => key.distinct > 1).length,
    };
    if (brief) return totals;
    return {
      ...totals,
      acceptedByMessage: Object.fromEntries(this.#byMessage),
      keys: Object.fromEntries([...this.#keys].map(([key, { distinct: _, ...seen }]) => [key, seen])),
      ...(ids ? { emailIds: Object.fromEntries(this.#byId) } : {}),
    };
  }
}
