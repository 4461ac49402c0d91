// What only a key with full access may ask the provider: lists, page by page, within the rate that the account has.
import { setTimeout as sleep } from "node:timers/promises";
import { PROVIDER } from "../provider.js";
import { ProjectError, request } from "./deployed.js";
import { CommandError } from "./terminal.js";

/** Of a page. */
const MOST = 100;
/** The worker sends with the same account: it keeps the larger share of the rate. */
const SHARE = 0.4;

/** The requests that were allowed are used up. */
export class LimitReached extends Error {}

export class Reading {
  #url;
  #headers;
  #most;
  #free = 0;
  /** How many requests there were. */
  asked = 0;
  /** Called now and then, with their number. @type {(asked: number) => void} */
  onProgress = () => {};

  /** @param {string} url @param {string} key @param {{command: string, most?: number}} how most: how many requests */
  constructor(url, key, { command, most = Infinity }) {
    this.#url = url;
    this.#most = most;
    this.#headers = { authorization: `Bearer ${key}`, "user-agent": `email-queue-${command}`, "content-type": "application/json" };
  }

  /** A list from its beginning, newest first. @param {string} path @param {number[]} [none] statuses that say that there is no such list @returns {AsyncGenerator<any[]>} */
  async *pages(path, none = []) {
    for (let after = ""; ;) {
      const { data, has_more: more } = await this.ask(`${path}?limit=${MOST}${after}`, {}, none) ?? { data: [] };
      if (!Array.isArray(data) || !data.every(hasId)) throw unreadable();
      yield data;
      if (!more || data.length === 0) return;
      after = `&after=${encodeURIComponent(data.at(-1).id)}`;
    }
  }

  /** What has an address of its own; null: it is gone. @param {string} path @returns {Promise<any>} */
  find = (path) => this.ask(path, {}, [404]);

  /** @param {string} path @param {RequestInit} [options] @param {number[]} [none] statuses that say that there is nothing @returns {Promise<any>} */
  async ask(path, options = {}, none = []) {
    for (let tries = 1; ; tries++) {
      if (this.asked >= this.#most) throw new LimitReached();
      const { status, headers, body } = await this.#send(path, options);
      if (status >= 200 && status < 300) {
        if (typeof body !== "object" || body === null) throw unreadable();
        return body;
      }
      if (none.includes(status)) return null;
      if ((status === 429 || status >= 500) && tries < 6) {
        await sleep(1000 * Math.min(60, Number(headers.get("retry-after")) || 2 ** (tries - 1)));
        continue;
      }
      const said = `${status} ${/^\w{1,60}$/.test(body?.name) ? body.name : ""}`.trim();
      if (status === 401 || status === 403) throw new CommandError(`${PROVIDER.name} refuses the key (${said})`, `Make a key with full access at ${PROVIDER.keys}, and set ${PROVIDER.variables.fullKey} for this command alone`);
      throw new CommandError(`${PROVIDER.name} answered ${said}`, `look at ${PROVIDER.status}, then repeat the command`);
    }
  }

  /** @param {string} path @param {RequestInit} options */
  async #send(path, options) {
    await sleep(Math.max(0, this.#free - Date.now()));
    this.asked += 1;
    this.onProgress(this.asked);
    const answer = await request(`${this.#url}${path}`, { ...options, headers: this.#headers }).catch((error) => {
      throw error instanceof ProjectError ? new CommandError(`${PROVIDER.name}: ${error.message}`, `look at ${PROVIDER.status} and at this machine's network, then repeat the command`) : error;
    });
    // Requests a second; other programs of the account may have used up this one.
    const [limit, left, reset] = ["limit", "remaining", "reset"].map((name) => Number(answer.headers.get(`ratelimit-${name}`) ?? NaN));
    if (limit && limit > 0) this.#free = Date.now() + (left === 0 ? 1000 * Math.min(60, reset || 1) : 1000 / (SHARE * limit));
    return answer;
  }
}

/** As a header takes it: the id of an event becomes one. @param {any} one of a list */
const hasId = (one) => typeof one?.id === "string" && /^[!-~]{1,256}$/.test(one.id);

const unreadable = () => new CommandError(`${PROVIDER.name} answered with something else than its API does`, `look at ${PROVIDER.status} and at what is between this machine and ${PROVIDER.name}, then repeat the command`);

/** RFC 3339: some of the provider's times have a space, an offset without minutes, or none: that is UTC. @param {unknown} text @throws {CommandError} */
export function timeOf(text) {
  const [, day, time, offset = "Z"] = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(String(text)) ?? [];
  const date = new Date(`${day}T${time}${offset.replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes = "00") => `${hours}:${minutes}`)}`);
  if (Number.isNaN(date.getTime())) throw unreadable();
  return date.toISOString();
}
