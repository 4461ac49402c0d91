// The idempotency store.
//
// Resend documents: a key is kept 24 hours; the same key and body gets the first answer
// again and nothing is sent; another body is a conflict; so is a request whose
// predecessor is still in progress. It does not say whether a refusal is stored. The
// sandbox stores 2xx answers only: a refused request accepted nothing, and replaying it
// must be able to succeed once its cause (a domain, a quota) is gone. The queue never
// relies on the other reading: after a refusal it uses a new key.
//
// A request in progress is checked before its body: a server that holds a lock on the
// key knows of the lock first. Keys belong to the team, as the rate limit does, so the
// API key is not part of them. The endpoint is part of what is compared.
import { createHash } from "node:crypto";

/** @param {Uint8Array} body @returns {string} hex */
export const sha256 = (body) => createHash("sha256").update(body).digest("hex");

export class IdempotencyStore {
  /** @type {Map<string, {fingerprint: string, expiresAt: number, inProgress: boolean, answer: any}>} */
  #entries = new Map();

  /**
   * Looks a key up and, when it is free, takes it.
   * @param {string} key @param {string} fingerprint endpoint and body @param {number} now ms @param {number} ttl ms
   * @returns {{kind: "taken"} | {kind: "in-progress"} | {kind: "mismatch"} | {kind: "replay", answer: any}}
   */
  begin(key, fingerprint, now, ttl) {
    const entry = this.#entries.get(key);
    if (entry?.inProgress) return { kind: "in-progress" };
    if (entry && now < entry.expiresAt) {
      if (entry.fingerprint !== fingerprint) return { kind: "mismatch" };
      return { kind: "replay", answer: entry.answer };
    }
    // Deleted first, so that the Map's order stays the order of expiry.
    this.#entries.delete(key);
    this.#forgetExpired(now);
    this.#entries.set(key, { fingerprint, expiresAt: now + ttl, inProgress: true, answer: null });
    return { kind: "taken" };
  }

  /** Ends what `begin` took: a 2xx answer is stored, any other frees the key. */
  finish(key, answer) {
    const entry = this.#entries.get(key);
    if (!entry) return; // a reset came in between
    if (answer.status >= 200 && answer.status < 300) {
      entry.inProgress = false;
      entry.answer = answer;
    } else {
      this.#entries.delete(key);
    }
  }

  get size() {
    return this.#entries.size;
  }

  clear() {
    this.#entries.clear();
  }

  #forgetExpired(now) {
    for (const [key, entry] of this.#entries) {
      if (entry.inProgress) continue;
      if (now < entry.expiresAt) break;
      this.#entries.delete(key);
    }
  }
}
