// Faults that a test injects: what, into which requests, how often.
//
// Mind the client's runtime with `drop`: the `fetch` of Deno from 2.7 on sends a request
// again, once and unasked, if a reused connection closes before an answer begins
// (denoland/deno pull request 32566). There, a single drop is never seen by the caller:
// let it apply twice, or use `hang`, or garbage that is `cut`, which is never resent.
import { MESSAGES, json, problem, sleep, text } from "./answers.mjs";

/**
 * @typedef {object} Fault
 * @property {"answer" | "delay" | "drop" | "hang" | "garbage"} action
 * @property {"before" | "after"} when  before or after the e-mails are accepted. Default: before; garbage: after
 * @property {{endpoint?: string, key?: string, recipient?: string, subject?: string, nth?: number | number[]}} match
 *   all must hold. `recipient` and `subject` are parts of the text of any e-mail of the request;
 *   `nth` counts, from 1, the requests for which the rest holds
 * @property {number | "always"} times  how often it applies. Default: 1; with a probability: always
 * @property {number} [probability]  0 to 1, drawn once for every request that matches
 * @property {number} [delayMs]  for `delay`; any other action waits as long first
 * @property {number} [status]  for `answer`
 * @property {string} [name]  for `answer`
 * @property {string} [message]  for `answer`
 * @property {unknown} [body]  for `answer`: a string goes out as HTML, anything else as JSON
 * @property {Record<string, string>} [headers]  for `answer`
 * @property {"html" | "truncated" | "cut" | "empty" | "short"} [garbage]  see `spoil`
 */

const ACTIONS = ["answer", "delay", "drop", "hang", "garbage"];
const GARBAGE = ["html", "truncated", "cut", "empty", "short"];
const isText = (value) => typeof value === "string" && value !== "";
const isPositive = (value) => Number.isInteger(value) && value > 0;

const FIELDS = {
  action: (value) => ACTIONS.includes(value),
  when: (value) => value === "before" || value === "after",
  match: (value) =>
    typeof value === "object" && value !== null &&
    Object.entries(value).every(([name, part]) => Object.hasOwn(MATCHES, name) && MATCHES[name](part)),
  times: (value) => value === "always" || isPositive(value),
  probability: (value) => typeof value === "number" && value >= 0 && value <= 1,
  delayMs: (value) => Number.isInteger(value) && value >= 0,
  status: (value) => Number.isInteger(value) && value >= 200 && value <= 599,
  name: isText,
  message: isText,
  body: () => true,
  headers: (value) =>
    typeof value === "object" && value !== null &&
    Object.entries(value).every((entry) => entry.every((part) => isText(part) && !/[\r\n]/.test(part))),
  garbage: (value) => GARBAGE.includes(value),
};

const MATCHES = {
  endpoint: (value) => value === "/emails" || value === "/emails/batch",
  key: isText,
  recipient: isText,
  subject: isText,
  nth: (value) => isPositive(value) || (Array.isArray(value) && value.length > 0 && value.every(isPositive)),
};

/** @param {any} input @returns {Fault} */
function parseFault(input) {
  if (typeof input !== "object" || input === null) throw new TypeError("a fault is not an object");
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(FIELDS, name)) throw new TypeError(`unknown field of a fault: ${name}`);
    if (!FIELDS[name](value)) throw new TypeError(`field ${name} of a fault has a wrong value: ${JSON.stringify(value)}`);
  }
  const { action } = input;
  if (!action) throw new TypeError("a fault needs an action");
  if (action === "answer" && input.status === undefined) throw new TypeError("a fault that answers needs a status");
  if (action === "delay" && !input.delayMs) throw new TypeError("a fault that delays needs delayMs");
  return {
    when: action === "garbage" ? "after" : "before",
    times: input.probability === undefined ? 1 : "always",
    match: {},
    ...(action === "garbage" ? { garbage: "html" } : {}),
    ...input,
  };
}

/** Mulberry32: small, and the same on every runtime, so that a seed replays a run. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export class Faults {
  /** @type {{fault: Fault, draw: () => number, seen: number, applied: number}[]} */ #rules = [];
  #added = 0;

  /** @param {unknown} input one fault or a list @param {number} seed @returns {number} how many were added */
  add(input, seed) {
    const faults = (Array.isArray(input) ? input : [input]).map(parseFault);
    for (const fault of faults) {
      // A generator for each rule: another rule more must not change what this one draws.
      this.#rules.push({ fault, draw: random(seed * 1000003 + this.#added), seen: 0, applied: 0 });
      this.#added += 1;
    }
    return faults.length;
  }

  clear() {
    this.#rules = [];
    this.#added = 0;
  }

  list() {
    return this.#rules.map(({ fault, seen, applied }) => ({ ...fault, seen, applied }));
  }

  /**
   * The first rule that applies to this request; it is used up by one.
   * @param {{endpoint: string, key: string | undefined, emails: any[]}} request
   * @returns {Fault | null}
   */
  pick(request) {
    for (const rule of this.#rules) {
      const { fault } = rule;
      if (fault.times !== "always" && rule.applied >= fault.times) continue;
      if (!matches(fault.match, request)) continue;
      rule.seen += 1;
      if (fault.match.nth !== undefined && ![fault.match.nth].flat().includes(rule.seen)) continue;
      if (fault.probability !== undefined && rule.draw() >= fault.probability) continue;
      rule.applied += 1;
      return fault;
    }
    return null;
  }
}

/** @param {Fault["match"]} match */
function matches({ endpoint, key, recipient, subject }, request) {
  if (endpoint !== undefined && endpoint !== request.endpoint) return false;
  if (key !== undefined && key !== request.key) return false;
  if (recipient !== undefined && !request.emails.some((email) => recipients(email).some((to) => to.includes(recipient)))) return false;
  if (subject !== undefined && !request.emails.some((email) => String(email?.subject ?? "").includes(subject))) return false;
  return true;
}

// The request is not checked yet, so anything may be in these fields.
const recipients = (email) => [email?.to, email?.cc, email?.bcc].flat().filter((to) => typeof to === "string");

/**
 * What goes out instead of `reply`, after the fault's delay.
 * @param {Fault} fault @param {any} reply @returns {Promise<any>}
 */
export async function distort(fault, reply) {
  if (fault.delayMs) await sleep(fault.delayMs);
  switch (fault.action) {
    case "delay": return reply;
    case "drop": return { drop: true };
    case "hang": return { hang: true };
    case "garbage": return spoil(fault.garbage, reply);
    case "answer": return answer(fault);
  }
}

/** @param {Fault} fault */
function answer({ status = 500, name, message, body, headers }) {
  if (typeof body === "string") return text(status, body, "text/html; charset=utf-8", headers);
  if (body !== undefined) return json(status, body, headers);
  const fallback = status === 429 ? "rate_limit_exceeded" : "application_error";
  return problem(status, name ?? fallback, message ?? MESSAGES[name ?? fallback], headers);
}

/**
 * A success that cannot be read:
 * - `html`: a page of some proxy, with status 200
 * - `truncated`: half of the JSON, as a complete HTTP answer
 * - `cut`: half of the JSON, then the connection is cut
 * - `empty`: no body
 * - `short`: readable JSON in which the last id is missing
 */
function spoil(kind, reply) {
  const whole = String(reply?.body ?? json(200, { id: "00000000-0000-4000-8000-000000000000" }).body);
  const headers = reply?.headers ?? { "content-type": "application/json; charset=utf-8" };
  const half = Math.floor(whole.length / 2);
  switch (kind) {
    case "truncated": return { status: 200, headers, body: whole.slice(0, half) };
    case "cut": return { status: 200, headers, body: whole, cutAt: half };
    case "empty": return { status: 200, headers, body: "" };
    case "short": return { status: 200, headers, body: JSON.stringify(withoutLast(JSON.parse(whole))) };
    default: return text(200, "<!doctype html><title>Welcome</title><h1>It works!</h1>", "text/html");
  }
}

const withoutLast = (answer) => (Array.isArray(answer.data) ? { ...answer, data: answer.data.slice(0, -1) } : {});
