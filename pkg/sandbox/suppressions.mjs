// The team's suppression list and its API.
import { randomUUID } from "node:crypto";
import { json } from "./answers.mjs";
import { list, objectOf, present } from "./lists.mjs";
import { parseAddress, Refusal } from "./validate.mjs";

const MAX_BATCH = 100;
const ORIGINS = ["bounce", "complaint", "manual"];

const invalid = (message) => new Refusal("validation_error", message);

/** @typedef {{id: string, email: string, origin: "bounce" | "complaint" | "manual", source_id: string | null, created_at: string}} Suppression */

export class Suppressions {
  #sandbox;
  /** By address, oldest first. @type {Map<string, Suppression>} */ #all = new Map();

  /** @param {import("./server.mjs").Sandbox} sandbox */
  constructor(sandbox) {
    this.#sandbox = sandbox;
  }

  /**
   * An address that is there already keeps its entry.
   * @param {string} email in lower case @param {Suppression["origin"]} origin @param {string | null} source the e-mail that caused it
   */
  add(email, origin, source = null) {
    const known = this.#all.get(email);
    if (known) return known;
    const entry = { id: randomUUID(), email, origin, source_id: source, created_at: new Date(this.#sandbox.now()).toISOString() };
    this.#all.set(email, entry);
    this.#tell("suppression.added", entry);
    return entry;
  }

  /** @param {string} idOrEmail */
  find(idOrEmail) {
    const email = idOrEmail.trim().toLowerCase();
    return this.#all.get(email) ?? (email.includes("@") ? undefined : [...this.#all.values()].find(({ id }) => id === email));
  }

  /** @param {Suppression} entry */
  remove(entry) {
    this.#all.delete(entry.email);
    this.#tell("suppression.removed", entry);
  }

  /** Newest first. */
  list = () => [...this.#all.values()].reverse();

  #tell(type, entry) {
    this.#sandbox.events.publish({ type, created_at: new Date(this.#sandbox.now()).toISOString(), data: { ...entry } });
  }
}

function addressOf(value) {
  // A bare address: a display name is refused.
  const parsed = typeof value === "string" && !value.includes("<") ? parseAddress(value) : null;
  if (!parsed) throw invalid("The `email` field must be a valid email address.");
  return parsed.address;
}

/** @param {any} value @param {string} name @returns {any[]} */
function batchOf(value, name) {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_BATCH) throw invalid(`The \`${name}\` field must be an array of 1 to ${MAX_BATCH} items.`);
  return value;
}

const answer = ({ id }) => ({ object: "suppression", id });

/** @type {Record<string, Record<string, import("./webhooks.mjs").Handler>>} */
export const suppressionRoutes = {
  "/suppressions": {
    GET: ({ suppressions }, { query }) => {
      const origin = query.get("origin");
      if (origin !== null && !ORIGINS.includes(origin)) throw invalid(`The \`origin\` must be one of ${ORIGINS.join(", ")}.`);
      return list(suppressions.list().filter((entry) => origin === null || entry.origin === origin), query, (entry) => entry);
    },
    POST: ({ suppressions }, request) => json(201, answer(suppressions.add(addressOf(objectOf(request).email), "manual"))),
  },
  "/suppressions/batch/add": {
    POST: ({ suppressions }, request) => {
      const emails = batchOf(objectOf(request).emails, "emails").map(addressOf);
      return json(200, { data: emails.map((email) => answer(suppressions.add(email, "manual"))) });
    },
  },
  "/suppressions/batch/remove": {
    POST: ({ suppressions }, request) => {
      const { emails, ids } = objectOf(request);
      if ((emails === undefined) === (ids === undefined)) throw invalid("Provide either `emails` or `ids`.");
      const found = batchOf(emails ?? ids, emails ? "emails" : "ids").map((one) => suppressions.find(String(one))).filter((entry) => entry !== undefined);
      for (const entry of new Set(found)) suppressions.remove(entry);
      return json(200, { data: found.map((entry) => ({ ...answer(entry), deleted: true })) });
    },
  },
  "/suppressions/:id": {
    GET: ({ suppressions }, _, id) => json(200, { object: "suppression", ...present(suppressions.find(id), "Suppression") }),
    DELETE: ({ suppressions }, _, id) => {
      const entry = present(suppressions.find(id), "Suppression");
      suppressions.remove(entry);
      return json(200, { ...answer(entry), deleted: true });
    },
  },
};
