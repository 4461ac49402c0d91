// `/webhooks`: the endpoints, and what was sent to them.
import { randomUUID } from "node:crypto";
import { json } from "./answers.mjs";
import { isHere } from "./deliveries.mjs";
import { EVENT_TYPES } from "./fate.mjs";
import { list, objectOf, present } from "./lists.mjs";
import { isSecret, newSecret } from "./signature.mjs";
import { Refusal } from "./validate.mjs";

const invalid = (message) => new Refusal("validation_error", message);
const iso = (at) => new Date(at).toISOString();

/** @typedef {import("./deliveries.mjs").Delivery} Delivery */

export class Webhook {
  id = randomUUID();
  /** @type {"enabled" | "disabled" | "deleted"} */ status = "enabled";
  /** Events in a row that were given up. */ failures = 0;
  /** By their id, oldest first. @type {Map<string, Delivery>} */ deliveries = new Map();
  /** @type {{secret: string, until: number} | null} */ #before = null;

  /** @param {{endpoint: string, events: string[], secret: string, at: number}} given */
  constructor({ endpoint, events, secret, at }) {
    this.endpoint = endpoint;
    this.events = events;
    this.secret = secret;
    this.created_at = iso(at);
  }

  /** @param {Delivery} delivery @param {number} most */
  keep(delivery, most) {
    this.deliveries.set(delivery.id, delivery);
    for (const id of this.deliveries.keys()) {
      if (this.deliveries.size <= most) break;
      this.deliveries.delete(id);
    }
  }

  /** @param {number} until the old secret signs, too */
  rotate(until) {
    this.#before = { secret: this.secret, until };
    this.secret = newSecret();
  }

  /** Those that sign. @param {number} now */
  secrets(now) {
    return this.#before && now < this.#before.until ? [this.secret, this.#before.secret] : [this.secret];
  }
}

export class Webhooks {
  #sandbox;
  /** @type {Map<string, Webhook>} */ #all = new Map();

  /** @param {import("./server.mjs").Sandbox} sandbox */
  constructor(sandbox) {
    this.#sandbox = sandbox;
  }

  /** @param {{endpoint: string, events?: string[], signing_secret?: string}} given */
  create({ endpoint, events = EVENT_TYPES, signing_secret: secret = newSecret() }) {
    if (!isSecret(secret)) throw invalid("The `signing_secret` must be `whsec_` and base64.");
    const webhook = new Webhook({ ...checked({ endpoint, events }), secret, at: this.#sandbox.now() });
    this.#all.set(webhook.id, webhook);
    return webhook;
  }

  /** @param {string} id */
  get(id) {
    return present(this.#all.get(id), "Webhook");
  }

  /** Newest first. */
  list = () => [...this.#all.values()].reverse();

  /** @param {string} type of an event */
  wanting = (type) => [...this.#all.values()].filter(({ status, events }) => status === "enabled" && events.includes(type));

  /** @param {Webhook} webhook */
  disable(webhook) {
    webhook.status = "disabled";
    this.#sandbox.events.deliveries.giveUp(webhook);
  }

  /** @param {Webhook} webhook */
  remove(webhook) {
    this.#all.delete(webhook.id);
    webhook.status = "deleted";
    this.#sandbox.events.deliveries.giveUp(webhook);
  }
}

/** @param {{endpoint?: any, events?: any}} given @returns {any} */
function checked(given) {
  const { endpoint, events } = given;
  if (endpoint !== undefined) {
    if (typeof endpoint !== "string" || !URL.canParse(endpoint)) throw invalid("The `endpoint` must be a valid URL.");
    const { protocol } = new URL(endpoint);
    // Resend wants https; what runs on this machine has none.
    if (protocol !== "https:" && !(protocol === "http:" && isHere(endpoint))) throw invalid("The `endpoint` must be an https URL, or an http URL of this machine.");
  }
  if (events !== undefined && (!Array.isArray(events) || events.length === 0)) throw invalid("The `events` field must be an array with at least one event.");
  const unknown = events?.find((type) => !EVENT_TYPES.includes(type));
  if (unknown !== undefined) throw invalid(`The event \`${unknown}\` is not supported.`);
  return given;
}

const summary = ({ id, created_at, status, endpoint, events }) => ({ id, created_at, status, endpoint, events });
const eventOf = ({ id, event, status }) => ({ id, type: event.type, created_at: iso(event.at), status });

/** @param {Webhook} webhook @param {string} id */
const deliveryOf = (webhook, id) => present(webhook.deliveries.get(id), "Webhook event");

/** @typedef {(sandbox: import("./server.mjs").Sandbox, request: import("./http1.mjs").Request, ...ids: string[]) => any} Handler */

/** @type {Record<string, Record<string, Handler>>} */
export const webhookRoutes = {
  "/webhooks": {
    GET: ({ webhooks }, { query }) => list(webhooks.list(), query, summary),
    POST: ({ webhooks }, request) => {
      const { endpoint, events } = objectOf(request);
      for (const [name, value] of Object.entries({ endpoint, events })) {
        if (value === undefined) throw new Refusal("missing_required_field", `Missing \`${name}\` field.`);
      }
      const { id, secret } = webhooks.create({ endpoint, events });
      return json(201, { object: "webhook", id, signing_secret: secret });
    },
  },
  "/webhooks/:id": {
    GET: ({ webhooks }, _, id) => json(200, { object: "webhook", ...summary(webhooks.get(id)), signing_secret: webhooks.get(id).secret }),
    PATCH: ({ webhooks }, request, id) => {
      const webhook = webhooks.get(id);
      const { endpoint, events, status } = objectOf(request);
      if (![undefined, "enabled", "disabled"].includes(status)) throw invalid("The `status` must be `enabled` or `disabled`.");
      checked({ endpoint, events });
      webhook.endpoint = endpoint ?? webhook.endpoint;
      webhook.events = events ?? webhook.events;
      if (status === "disabled") webhooks.disable(webhook);
      if (status === "enabled") Object.assign(webhook, { status, failures: 0 });
      return json(200, { object: "webhook", id });
    },
    DELETE: ({ webhooks }, _, id) => {
      webhooks.remove(webhooks.get(id));
      return json(200, { object: "webhook", id, deleted: true });
    },
  },
  "/webhooks/:id/signing-secret/rotate": {
    POST: ({ webhooks, config, now }, _, id) => {
      const webhook = webhooks.get(id);
      webhook.rotate(now() + config.secretOverlapMs);
      return json(200, { object: "webhook", id, signing_secret: webhook.secret });
    },
  },
  // What happened while an endpoint was disabled is not in its list. (Resend does not say; it is the reading that helps a reader least.)
  "/webhooks/:id/events": {
    GET: ({ webhooks }, { query }, id) => list([...webhooks.get(id).deliveries.values()].reverse(), query, eventOf, { forward: true }),
  },
  "/webhooks/:id/events/:event": {
    GET: ({ webhooks }, _, id, event) => {
      const delivery = deliveryOf(webhooks.get(id), event);
      const { nextAt } = delivery;
      return json(200, { object: "webhook_event", ...eventOf(delivery), next_attempt_at: nextAt === null ? null : iso(nextAt), payload: delivery.event.payload });
    },
  },
  "/webhooks/:id/events/:event/attempts": {
    GET: ({ webhooks }, { query }, id, event) =>
      list([...deliveryOf(webhooks.get(id), event).attempts].reverse(), query, (attempt) => attempt, { forward: true }),
  },
  "/webhooks/:id/events/:event/replay": {
    POST: ({ webhooks, events }, _, id, event) => {
      const webhook = webhooks.get(id);
      const delivery = deliveryOf(webhook, event);
      if (webhook.status !== "enabled") throw invalid("The webhook is disabled. Enable it before replaying an event.");
      events.deliveries.repeat(delivery);
      return json(200, { object: "webhook_event", id: event });
    },
  },
};
