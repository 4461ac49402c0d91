// The request rate and the quotas.

const WINDOW_MS = 1000;

/**
 * A fixed window of one second that opens with the first request after the last one
 * closed. Refused requests are counted too, as a shared counter would do.
 */
export class RateWindow {
  #opened = -Infinity;
  #used = 0;
  /** Arrivals of the last second, oldest first. @type {number[]} */ #recent = [];
  /** Index of the oldest arrival still inside: shifting an array a thousand times a second is slow. */ #head = 0;
  maxPerWindow = 0;
  /** The most requests in any second, wherever it begins: what a client must keep below the limit. */
  maxPerSecond = 0;

  /**
   * @param {number} now ms on a monotonic clock: moving the sandbox's clock opens no new window
   * @param {number} limit 0 = off
   * @returns {{allowed: boolean, headers: Record<string, string>}}
   */
  take(now, limit) {
    this.#observe(now);
    if (now - this.#opened >= WINDOW_MS) {
      this.#opened = now;
      this.#used = 0;
    }
    this.#used += 1;
    this.maxPerWindow = Math.max(this.maxPerWindow, this.#used);
    if (limit === 0) return { allowed: true, headers: {} };
    // Whole seconds, rounded up: a client that waits so long is let in.
    const reset = String(Math.max(1, Math.ceil((this.#opened + WINDOW_MS - now) / 1000)));
    const headers = {
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": String(Math.max(0, limit - this.#used)),
      "ratelimit-reset": reset,
    };
    const allowed = this.#used <= limit;
    return { allowed, headers: allowed ? headers : { ...headers, "retry-after": reset } };
  }

  #observe(now) {
    this.#recent.push(now);
    while (now - this.#recent[this.#head] >= WINDOW_MS) this.#head += 1;
    this.maxPerSecond = Math.max(this.maxPerSecond, this.#recent.length - this.#head);
    if (this.#head > 4096) {
      this.#recent = this.#recent.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** Recipients used today and this month; the day and the month turn at 00:00 UTC. */
export class Quotas {
  #day = "";
  #month = "";
  daily = 0;
  monthly = 0;

  /**
   * The quota that this many more recipients would exceed, or null.
   * @param {number} recipients @param {number} now ms @param {{daily: number, monthly: number}} limits 0 = off
   * @returns {"monthly_quota_exceeded" | "daily_quota_exceeded" | null}
   */
  exceeded(recipients, now, limits) {
    this.#turn(now);
    // The month first: it is what a client would have to wait for longest.
    if (limits.monthly > 0 && this.monthly + recipients > limits.monthly) return "monthly_quota_exceeded";
    if (limits.daily > 0 && this.daily + recipients > limits.daily) return "daily_quota_exceeded";
    return null;
  }

  /** @param {number} now ms */
  used(now) {
    this.#turn(now);
    return { daily: this.daily, monthly: this.monthly };
  }

  /** @param {number} recipients @param {number} now ms */
  use(recipients, now) {
    this.#turn(now);
    this.daily += recipients;
    this.monthly += recipients;
  }

  #turn(now) {
    const date = new Date(now).toISOString();
    const day = date.slice(0, 10);
    const month = date.slice(0, 7);
    if (day !== this.#day) this.daily = 0;
    if (month !== this.#month) this.monthly = 0;
    this.#day = day;
    this.#month = month;
  }
}
