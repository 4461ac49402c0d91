// The events of the team: what happened to which e-mail, when, and which endpoints are told.
import { Deliveries } from "./deliveries.mjs";
import { bare, emailEvent, fateOf } from "./fate.mjs";
import { lastOf } from "./lists.mjs";

/**
 * @typedef {object} Happened
 * @property {string} type @property {number} at
 * @property {string | null} emailId
 * @property {any} payload the body that endpoints get
 * @property {import("./deliveries.mjs").Delivery[]} deliveries
 */

export class Events {
  #sandbox;
  /** The last ones, oldest first. @type {Happened[]} */ #recent = [];
  happened = 0;

  /** @param {import("./server.mjs").Sandbox} sandbox */
  constructor(sandbox) {
    this.#sandbox = sandbox;
    this.deliveries = new Deliveries(sandbox);
  }

  /** Starts the life of an e-mail that was just accepted. @param {any} email */
  accepted(email) {
    const { agenda, now } = this.#sandbox;
    const scheduledAt = /^\d{4}-/.test(email.scheduled_at ?? "") ? Date.parse(email.scheduled_at) : 0;
    if (scheduledAt <= now()) return this.#send(email);
    this.tell(email, { type: "email.scheduled", to: email.to });
    agenda.add(scheduledAt, () => this.#send(email));
  }

  #send(email) {
    const { agenda, config, now, suppressions } = this.#sandbox;
    const { sent, ends } = fateOf(email, (address) => suppressions.find(address));
    const tell = (steps) => steps.forEach((step) => this.tell(email, step));
    tell(sent);
    if (config.deliveryMs === 0) tell(ends);
    else agenda.add(now() + config.deliveryMs, () => tell(ends));
  }

  /**
   * Something happens to an e-mail, now or at another time.
   * @param {any} email @param {import("./fate.mjs").Step} step @param {number} [at]
   */
  tell(email, step, at) {
    const { ledger, now, suppressions } = this.#sandbox;
    const events = ledger.events(email.id) ?? [];
    // Two events of an e-mail have two times, in their order: the real ones are never in the same millisecond.
    const time = at ?? Math.max(now(), (events.at(-1)?.at ?? 0) + 1);
    const event = this.publish(emailEvent(email, step, time), { at: time, emailId: email.id });
    events.push(event);
    const { bounce } = event.payload.data;
    const origin = step.type === "email.complained" ? "complaint" : bounce?.type === "Permanent" ? "bounce" : null;
    if (origin) for (const address of step.to) suppressions.add(bare(address), origin, email.id);
    return event;
  }

  /** @param {any} payload @param {{at?: number, emailId?: string | null}} [about] @returns {Happened} */
  publish(payload, { at = this.#sandbox.now(), emailId = null } = {}) {
    const event = { type: payload.type, at, emailId, payload, deliveries: [] };
    this.happened += 1;
    this.#recent.push(event);
    // In steps: to shift an array each time is slow.
    const { keepEvents } = this.#sandbox.config;
    if (this.#recent.length > 2 * keepEvents) this.#recent = lastOf(this.#recent, keepEvents);
    for (const webhook of this.#sandbox.webhooks.wanting(event.type)) event.deliveries.push(this.deliveries.add(webhook, event));
    return event;
  }

  /** Newest first. @param {{emailId?: string, type?: string}} [which] @returns {Happened[]} */
  list({ emailId, type } = {}) {
    const kept = lastOf(this.#recent, this.#sandbox.config.keepEvents);
    return kept.filter((event) => (!emailId || event.emailId === emailId) && (!type || event.type === type)).reverse();
  }

  state = () => ({ happened: this.happened, ...this.deliveries.state() });
}
