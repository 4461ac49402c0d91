// How events reach an endpoint: signed, at least once, in no order, and again after a failure.
import { randomUUID } from "node:crypto";
import { random } from "./faults.mjs";
import { sign } from "./signature.mjs";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The waits after failures: eight attempts within 27.6 hours. */
const RETRIES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];

/** Of an endpoint's answer so much is kept. */
const KEPT_ANSWER = 1024;

/** The sandbox sends nothing to another machine. */
const HERE = /^(127\.0\.0\.1|localhost|\[::1\]|host\.docker\.internal|.+\.localhost)$/;

/** @param {string} endpoint */
export const isHere = (endpoint) => HERE.test(new URL(endpoint).hostname);

/** An id like Svix': a prefix and 27 characters. @param {string} prefix */
const newId = (prefix) => `${prefix}_${randomUUID().replaceAll("-", "").slice(0, 27)}`;

/**
 * @typedef {object} Delivery an event for one endpoint: each endpoint has an id of its own for it
 * @property {string} id `svix-id`, the same in every attempt
 * @property {import("./webhooks.mjs").Webhook} webhook
 * @property {import("./events.mjs").Happened} event
 * @property {string} body
 * @property {"pending" | "attempting" | "success" | "failed"} status
 * @property {number | null} nextAt
 * @property {{id: string, http_status_code: number, response: string, sent_at: string}[]} attempts http_status_code 0: no answer
 * @property {number} tries how many of the schedule
 * @property {boolean} twice a success is followed by the same again
 */

export class Deliveries {
  #sandbox;
  /** What waits for its turn. @type {{delivery: Delivery, scheduled: boolean}[]} */ #queue = [];
  /** @type {Set<AbortController>} */ #running = new Set();
  /** @type {Set<Delivery>} */ #held = new Set();
  /** For their time. @type {Set<Delivery>} */ #waiting = new Set();
  #drawn = 0;
  #closed = false;
  #counts = { attempts: 0, delivered: 0, failed: 0 };

  /** @param {import("./server.mjs").Sandbox} sandbox */
  constructor(sandbox) {
    this.#sandbox = sandbox;
  }

  /** @param {import("./webhooks.mjs").Webhook} webhook @param {import("./events.mjs").Happened} event @returns {Delivery} */
  add(webhook, event) {
    const { config } = this.#sandbox;
    // A generator for each delivery: that one is lost must not change what the next one draws.
    const draw = random(config.seed * 1000003 + this.#drawn);
    this.#drawn += 1;
    const [lost, late, twice] = [draw() < config.eventDrops, draw() * config.eventShuffleMs, draw() < config.eventDuplicates];
    /** @type {Delivery} */
    const delivery = { id: newId("msg"), webhook, event, body: JSON.stringify(event.payload), status: "pending", nextAt: null, attempts: [], tries: 0, twice };
    webhook.keep(delivery, config.keepEvents);
    if (lost) this.#fail(delivery);
    else if (config.eventsHeld === true || config.eventsHeld !== false && config.eventsHeld.includes(event.type)) this.#held.add(delivery);
    else this.#plan(delivery, late);
    return delivery;
  }

  /** Held events that fit, oldest first. @param {(delivery: Delivery) => boolean} fits @param {number} limit */
  #take(fits, limit) {
    const taken = [...this.#held].filter(fits).slice(0, limit);
    for (const delivery of taken) this.#held.delete(delivery);
    return taken;
  }

  /** @param {(delivery: Delivery) => boolean} [fits] @param {number} [limit] @returns {number} how many */
  release(fits = () => true, limit = Infinity) {
    const taken = this.#take(fits, limit);
    for (const delivery of taken) this.#plan(delivery, 0);
    return taken.length;
  }

  /** Held events that never come. @param {(delivery: Delivery) => boolean} [fits] @param {number} [limit] @returns {number} */
  drop(fits = () => true, limit = Infinity) {
    const taken = this.#take(fits, limit);
    for (const delivery of taken) this.#fail(delivery);
    return taken.length;
  }

  /** Once more, with the same id, outside of the schedule. @param {Delivery} delivery */
  repeat(delivery) {
    this.#enqueue({ delivery, scheduled: false });
  }

  /** Nothing more is tried for an endpoint that is disabled or gone. @param {import("./webhooks.mjs").Webhook} webhook */
  giveUp(webhook) {
    for (const delivery of webhook.deliveries.values()) {
      if (delivery.status !== "pending" && delivery.status !== "attempting") continue;
      this.#held.delete(delivery);
      this.#waiting.delete(delivery);
      this.#fail(delivery);
    }
  }

  state() {
    return { ...this.#counts, held: this.#held.size, waiting: this.#waiting.size, open: this.#queue.length + this.#running.size };
  }

  close() {
    this.#closed = true;
    this.#queue = [];
    for (const attempt of this.#running) attempt.abort();
  }

  /** @param {Delivery} delivery */
  #fail(delivery) {
    this.#counts.failed += 1;
    delivery.status = "failed";
    delivery.nextAt = null;
  }

  /** @param {Delivery} delivery @param {number} wait ms */
  #plan(delivery, wait) {
    const { agenda, now } = this.#sandbox;
    if (wait === 0) return this.#enqueue({ delivery, scheduled: true });
    delivery.nextAt = now() + wait;
    this.#waiting.add(delivery);
    agenda.add(delivery.nextAt, () => {
      if (this.#waiting.delete(delivery)) this.#enqueue({ delivery, scheduled: true });
    });
  }

  /** @param {{delivery: Delivery, scheduled: boolean}} attempt */
  #enqueue(attempt) {
    this.#queue.push(attempt);
    this.#next();
  }

  #next() {
    while (!this.#closed && this.#queue.length > 0 && this.#running.size < this.#sandbox.config.eventsInFlight) {
      const { delivery, scheduled } = this.#queue.shift();
      const { webhook } = delivery;
      // A replay may have succeeded meanwhile, and the endpoint may be gone.
      if (webhook.status !== "enabled" || scheduled && delivery.status !== "pending" && delivery.status !== "attempting") continue;
      const running = new AbortController();
      this.#running.add(running);
      this.#attempt(delivery, scheduled, running).finally(() => {
        this.#running.delete(running);
        this.#next();
      });
    }
  }

  /** @param {Delivery} delivery @param {boolean} scheduled @param {AbortController} running */
  async #attempt(delivery, scheduled, running) {
    const { now, config } = this.#sandbox;
    const { webhook } = delivery;
    const attempt = { id: newId("atmpt"), http_status_code: 0, response: "", sent_at: new Date(now()).toISOString() };
    const timer = setTimeout(() => running.abort(new Error("time-out")), config.eventTimeoutMs);
    const here = isHere(webhook.endpoint);
    try {
      if (!here) throw new Error("the sandbox delivers to this machine only");
      const answer = await fetch(webhook.endpoint, {
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": "Svix-Webhooks/1.0 (sandbox)", ...signed(delivery, webhook.secrets(now())) },
        body: delivery.body,
        redirect: "manual",
        signal: running.signal,
      });
      attempt.http_status_code = answer.status;
      attempt.response = await beginningOf(answer);
    } catch (error) {
      attempt.http_status_code = 0;
      attempt.response = String(error.cause?.code ?? error.cause?.message ?? error.message ?? error);
    } finally {
      clearTimeout(timer);
    }
    if (this.#closed) return;
    this.#counts.attempts += 1;
    delivery.attempts.push(attempt);
    if (attempt.http_status_code >= 200 && attempt.http_status_code < 300) this.#succeeded(delivery);
    else if (scheduled && webhook.status === "enabled") this.#failed(delivery, here);
  }

  /** @param {Delivery} delivery */
  #succeeded(delivery) {
    if (delivery.status !== "success") this.#counts.delivered += 1;
    delivery.status = "success";
    delivery.nextAt = null;
    delivery.webhook.failures = 0;
    if (!delivery.twice) return;
    delivery.twice = false;
    this.repeat(delivery);
  }

  /** @param {Delivery} delivery @param {boolean} here */
  #failed(delivery, here) {
    const { config, webhooks } = this.#sandbox;
    const wait = RETRIES_MS[delivery.tries];
    delivery.tries += 1;
    delivery.status = "attempting";
    // To try another machine again would not help.
    if (wait !== undefined && here) return this.#plan(delivery, wait * config.retryScale);
    this.#fail(delivery);
    if (here) delivery.webhook.failures += 1;
    if (config.disableAfter > 0 && delivery.webhook.failures >= config.disableAfter) webhooks.disable(delivery.webhook);
  }
}

/** The receiver compares the time with its own clock, so it is the machine's, wherever the sandbox's was moved. */
function signed({ id, body }, secrets) {
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    "svix-id": id,
    "svix-timestamp": String(timestamp),
    "svix-signature": secrets.map((secret) => sign(secret, id, timestamp, body)).join(" "),
  };
}

/** @param {Response} answer */
async function beginningOf({ body }) {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader && text.length < KEPT_ANSWER) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return text.slice(0, KEPT_ANSWER);
}
