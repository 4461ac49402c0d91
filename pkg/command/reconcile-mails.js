// The e-mails that the provider has of messages whose outcome is unknown: by the tag that each e-mail carries, from the log of the requests
// and from the list of e-mails. Recipient and time choose only what is looked at.
import { timeOf } from "./reading.js";

/** The tag that every e-mail of the queue carries. */
const TAG = "message_id";
/** Clocks differ by so much. */
export const TOLERANCE = 5 * 60_000;
/** The provider's list is in order, to so much. */
const DISORDER = 60_000;
/** So many requests of one e-mail are compared with the list. */
const SINGLES = 500;
/** A log that cannot be read at all: the list of e-mails is enough. */
const UNREADABLE = [401, 403, 404];

/**
 * @typedef {{id: string, from: number, until: number, addresses: string[], accepted: boolean, doubt: boolean}} Lost until: when its last request
 *   can have been accepted; doubt: something of that time could not be read
 * @typedef {{id: string, tag: unknown, to: unknown, at: number}} Mail of the provider
 * @typedef {{id: string, at: number, batch: boolean}} Entry of the log
 */

/** Of any form of a recipient or a list of them. @param {unknown} value @returns {string[]} */
export const addressesOf = (value) => [...new Set((JSON.stringify(value) ?? "").toLowerCase().match(/[^\s<>,;:"'()[\]\\]+@[^\s<>,;:"'()[\]\\]+/g) ?? [])];

export class Search {
  #reading;
  #door;
  #lost;
  /** @type {Map<string, Lost>} */ #byId;
  /** @type {Map<string, Lost[]>} */ #byAddress = new Map();
  /** E-mails that were looked at. @type {Set<string>} */ #seen = new Set();
  /** @type {Entry[]} */ #log = [];
  /** So far back the list of e-mails was read. */ #reached = Infinity;
  #ordered = true;

  /** @param {Lost[]} lost @param {import("./reading.js").Reading} reading @param {import("./reconcile-door.js").LocalDoor | null} door null: nothing is recorded */
  constructor(lost, reading, door) {
    this.#reading = reading;
    this.#door = door;
    this.#lost = lost;
    this.#byId = new Map(lost.map((message) => [message.id, message]));
    for (const message of lost) for (const address of message.addresses) this.#byAddress.set(address, [...this.#byAddress.get(address) ?? [], message]);
  }

  /** A batch has up to a hundred of them in one entry of the log. */
  async readBatches() {
    for await (const page of this.#reading.pages("/logs", UNREADABLE)) {
      for (const { id, created_at, endpoint, method, response_status: status, user_agent: agent } of page) {
        const [, batch] = /\/emails(\/batch)?\/?$/.exec(endpoint) ?? [null];
        if (method === "POST" && status >= 200 && status < 300 && batch !== null && /^email-queue\//.test(agent ?? "")) this.#log.push({ id, at: time(created_at), batch: batch !== undefined });
      }
      if (page.length > 0 && time(page.at(-1).created_at) < this.#earliest()) break;
    }
    for (const entry of this.#log.filter(({ batch }) => batch)) await this.#readEntry(entry);
  }

  /** The other requests must not have them either. Where they are many, the list of e-mails has to be enough: one is read for each. */
  async readSingles() {
    const singles = this.#log.filter(({ at, batch }) => !batch && this.#wanted(at).length > 0);
    if (singles.length <= SINGLES) for (const entry of singles) await this.#readEntry(entry);
  }

  /** The list of e-mails, from now to before the first of them. */
  async readList() {
    for await (const page of this.#reading.pages("/emails")) {
      for (const { id, created_at, to } of page) {
        const at = time(created_at);
        this.#ordered &&= at <= this.#reached + DISORDER;
        this.#reached = Math.min(this.#reached, at);
        const wanted = this.#wanted(at, addressesOf(to));
        if (wanted.length > 0 && !this.#seen.has(id)) await this.#take(await this.#look(id, wanted));
      }
      if (!this.#ordered || this.#reached < this.#earliest()) break;
    }
  }

  /** Whether the provider's list says of a message that it was not accepted. @param {Lost} message */
  isMissing = ({ accepted, doubt, addresses, from }) => !accepted && !doubt && addresses.length > 0 && this.#ordered && this.#reached < from;

  #earliest = () => Math.min(...this.#lost.filter(({ accepted }) => !accepted).map(({ from }) => from));

  /** Those that an e-mail may be of; one without a recipient may be of any. @param {number} at @param {string[]} [addresses] */
  #wanted(at, addresses = []) {
    const some = addresses.length > 0 ? addresses.flatMap((address) => this.#byAddress.get(address) ?? []) : this.#lost;
    return some.filter(({ accepted, from, until }) => !accepted && !(at < from) && !(at > until));
  }

  /** An e-mail with its tag; one that is gone or cannot be read leaves a doubt. @param {string} id @param {Lost[]} wanted @returns {Promise<Mail[]>} */
  async #look(id, wanted) {
    const mail = await this.#reading.find(`/emails/${encodeURIComponent(id)}`);
    if (mail?.id === id) return [{ id, tag: tagOf(mail.tags), to: mail.to, at: time(mail.created_at) }];
    for (const message of wanted) message.doubt = true;
    return [];
  }

  /** @param {Entry} entry */
  async #readEntry({ id, at }) {
    const wanted = this.#wanted(at);
    if (wanted.length === 0) return;
    const log = await this.#reading.find(`/logs/${encodeURIComponent(id)}`);
    const { mails, ids } = log ? membersOf(log, at) : { mails: null, ids: [] };
    // Without a tag there, the e-mails are asked themselves.
    if (mails) return await this.#take(mails);
    if (ids.length === 0) for (const message of wanted) message.doubt = true;
    for (const mail of ids.filter((one) => !this.#seen.has(one))) await this.#take(await this.#look(mail, wanted));
  }

  /** What carries the tag of one of them is an event, as the provider would have reported it: that it was sent is all that is known. @param {Mail[]} mails */
  async #take(mails) {
    const found = mails.flatMap(({ id, tag, to, at }) => {
      this.#seen.add(id);
      const message = this.#byId.get(idOf(tag) ?? "");
      if (!message || message.accepted) return [];
      const created_at = new Date(at).toISOString();
      return [{ message, id: `reconcile-${id}`, body: JSON.stringify({ type: "email.sent", created_at, data: { email_id: id, created_at, to, tags: { [TAG]: tag } } }) }];
    });
    if (found.length === 0) return;
    const results = this.#door ? await this.#door.take(found) : found.map(() => "recorded");
    // One with the mark of another installation is foreign: not this message's, but none that was not sent either.
    found.forEach(({ message }, n) => {
      if (results[n] === "recorded" || results[n] === "known") message.accepted = true;
      else message.doubt = true;
    });
  }
}

/** NaN if it is no time. @param {unknown} text */
function time(text) {
  try {
    return Date.parse(timeOf(String(text)));
  } catch {
    return NaN;
  }
}

/** Tags come as a list and as an object. @param {any} tags */
export const tagOf = (tags) => Array.isArray(tags) ? tags.find((tag) => tag?.name === TAG)?.value : tags?.[TAG];

/** The message that a tag names. @param {unknown} tag */
export const idOf = (tag) => /^([0-9a-f-]{36})(_[0-9a-f]+)?$/.exec(String(tag))?.[1];

/** The e-mails of a request. Of a permissive batch with refused ones the ids alone are taken. @param {any} log @param {number} at @returns {{mails: Mail[] | null, ids: string[]}} */
function membersOf({ request_body, response_body }, at) {
  const [request, answer] = [request_body, response_body].map(parsed);
  const ids = [answer?.data ?? answer].flat().map((/** @type {any} */ one) => one?.id).filter((/** @type {unknown} */ id) => typeof id === "string");
  const sent = [request ?? []].flat();
  if (sent.length !== ids.length || !sent.every((/** @type {any} */ mail) => tagOf(mail?.tags))) return { mails: null, ids };
  return { mails: sent.map((/** @type {any} */ mail, /** @type {number} */ n) => ({ id: ids[n], tag: tagOf(mail.tags), to: mail.to, at })), ids };
}

/** @param {any} body */
function parsed(body) {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
