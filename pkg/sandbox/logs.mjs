// `/logs`: the requests to the API, with what was answered, also where the answer was lost on its way.
import { randomUUID } from "node:crypto";
import { json } from "./answers.mjs";
import { lastOf, list, present } from "./lists.mjs";

/** Of the bodies so much is kept; older ones are forgotten with their request. */
const KEPT_BYTES = 64 * 1024 * 1024;

/**
 * @typedef {object} Entry
 * @property {string} id @property {string} created_at @property {string} endpoint @property {string} method
 * @property {number} response_status @property {string | null} user_agent
 * @property {import("node:buffer").Buffer} request @property {string} response
 */

export class Logs {
  /** Oldest first. @type {Entry[]} */ #all = [];
  #bytes = 0;

  /** @param {import("./http1.mjs").Request} request @param {any} reply @param {number} now @param {number} most */
  add({ method, path, headers, body }, reply, now, most) {
    // What never reached the API, or was never answered by it.
    if (reply.status === undefined || most === 0) return;
    const response = String(reply.body ?? "");
    this.#bytes += body.length + response.length;
    this.#all.push({
      id: randomUUID(),
      created_at: new Date(now).toISOString(),
      endpoint: path,
      method,
      response_status: reply.status,
      user_agent: headers["user-agent"] ?? null,
      request: body,
      response,
    });
    let old = Math.max(0, this.#all.length - most);
    // In steps: to shift an array each time is slow.
    if (old < most && this.#bytes <= KEPT_BYTES) return;
    let freed = 0;
    const weight = ({ request, response: text }) => request.length + text.length;
    for (const entry of this.#all.slice(0, old)) freed += weight(entry);
    while (old < this.#all.length - 1 && this.#bytes - freed > KEPT_BYTES / 2) freed += weight(this.#all[old++]);
    this.#all = this.#all.slice(old);
    this.#bytes -= freed;
  }

  /** Newest first. @param {number} most */
  list = (most) => lastOf(this.#all, most).reverse();
}

const summary = ({ id, created_at, endpoint, method, response_status, user_agent }) => ({ id, created_at, endpoint, method, response_status, user_agent });

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text === "" ? null : text;
  }
}

/** @type {Record<string, Record<string, import("./webhooks.mjs").Handler>>} */
export const logRoutes = {
  "/logs": { GET: ({ logs, config }, { query }) => list(logs.list(config.keepLogs), query, summary) },
  "/logs/:id": {
    GET: ({ logs, config }, _, id) => {
      const entry = present(logs.list(config.keepLogs).find((one) => one.id === id), "Log");
      return json(200, { object: "log", ...summary(entry), request_body: parsed(entry.request.toString("utf8")), response_body: parsed(entry.response) });
    },
  },
};
