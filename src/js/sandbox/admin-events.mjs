// What a test does with events: it looks at them, makes them happen, lets held ones go, loses them, repeats them.
import { EVENT_TYPES, addressesOf } from "./fate.mjs";

/** @typedef {import("./server.mjs").Sandbox} Sandbox */

/** Refuses a misspelled field. @param {any} given @param {string[]} names */
function known(given, names) {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new TypeError("the body is not an object");
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`unknown field: ${unknown}; there are ${names.join(", ")}`);
  return given;
}

const shown = ({ id, webhook, status, nextAt, attempts }) => ({
  id,
  webhook_id: webhook.id,
  status,
  next_attempt_at: nextAt === null ? null : new Date(nextAt).toISOString(),
  attempts,
});

/** @param {Sandbox} sandbox @param {{email_id: string | null, type: string | null, limit: number}} which */
export function describe({ events }, { email_id: emailId, type, limit }) {
  const found = events.list({ emailId: emailId ?? undefined, type: type ?? undefined });
  const data = found.slice(0, limit).map((event) => ({ type: event.type, email_id: event.emailId, payload: event.payload, deliveries: event.deliveries.map(shown) }));
  return { total: found.length, events: data };
}

/**
 * An event happens, whatever has happened before: `{type, email_id, to?, more?, created_at?}` for an e-mail that is kept, with `to` its
 * recipients, `more` what the type carries (`{"bounce": {…}}`) and `created_at` its time; or `{type, data}` for any other, as it is.
 * @param {Sandbox} sandbox @param {any} given
 */
export function happen({ events, ledger, now }, given) {
  const { type, email_id: id, to, more, data, created_at: createdAt } = known(given, ["type", "email_id", "to", "more", "data", "created_at"]);
  if (data === undefined && !EVENT_TYPES.includes(type)) throw new TypeError(`unknown type of an event: ${type}`);
  const at = createdAt === undefined ? undefined : Date.parse(createdAt);
  if (Number.isNaN(at)) throw new TypeError(`created_at is not a time: ${createdAt}`);
  if (data !== undefined) {
    const time = at ?? now();
    return { deliveries: events.publish({ type, created_at: new Date(time).toISOString(), data }, { at: time }).deliveries.map(shown) };
  }
  const email = ledger.email(id);
  if (!email) throw new TypeError(`no e-mail is kept with the id ${id}; an event of another needs its data`);
  return { deliveries: events.tell(email, { type, to: to ?? addressesOf(email), more }, at).deliveries.map(shown) };
}

/** @param {any} given */
function selection(given) {
  const { email_id: emailId, type, limit = Infinity } = known(given, ["email_id", "type", "limit"]);
  /** @param {import("./deliveries.mjs").Delivery} delivery */
  const fits = ({ event }) => (emailId === undefined || event.emailId === emailId) && (type === undefined || event.type === type);
  return /** @type {const} */ ([fits, limit]);
}

/** @param {Sandbox} sandbox @param {any} given */
export const release = ({ events }, given) => ({ released: events.deliveries.release(...selection(given)) });

/** @param {Sandbox} sandbox @param {any} given */
export const drop = ({ events }, given) => ({ dropped: events.deliveries.drop(...selection(given)) });

/** @param {Sandbox} sandbox @param {any} given */
export function repeat({ events }, given) {
  const { id, email_id: emailId, type } = known(given, ["id", "email_id", "type"]);
  const deliveries = events.list({ emailId, type }).flatMap((event) => event.deliveries).filter((one) => id === undefined || one.id === id);
  for (const delivery of deliveries) events.deliveries.repeat(delivery);
  return { repeated: deliveries.length };
}
