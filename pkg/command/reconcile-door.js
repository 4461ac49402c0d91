// What was read back goes the way of the provider's own reports: this command has the function email-queue-events in its own process, and
// signs each of them for it, with a secret of this run. So one code decides what an event says, whose it is and what it does.
import { createHmac, randomBytes } from "node:crypto";
import { PROVIDER } from "../provider.js";
import { CommandError } from "./terminal.js";

/** Those that come together go to the database in one call. */
const MOST = 100;

export class LocalDoor {
  #door;
  #key;

  /** @param {any} door @param {Buffer} key */
  constructor(door, key) {
    this.#door = door;
    this.#key = key;
  }

  /** @param {Record<string, string | undefined>} env of the project */
  static async open(env) {
    const from = "../functions/email-queue-events/function.js";
    const { EmailQueueEvents, load } = await import(from);
    load((/** @type {unknown} */ error) => {
      throw error;
    });
    const key = randomBytes(24);
    const { SUPABASE_URL, SUPABASE_SECRET_KEY, SUPABASE_SERVICE_ROLE_KEY } = env;
    const variables = Object.fromEntries(Object.entries({ SUPABASE_URL, SUPABASE_SECRET_KEY, SUPABASE_SERVICE_ROLE_KEY }).filter(([, value]) => value));
    const host = { limited: false, messages: 0, bytes: 0, work: () => {} };
    return new LocalDoor(new EmailQueueEvents({ ...variables, [PROVIDER.variables.webhookSecret]: `whsec_${key.toString("base64")}` }, host), key);
  }

  /**
   * @param {{id: string, body: string}[]} events with the ids that the provider gave them
   * @returns {Promise<string[]>} the result of each: recorded, known, foreign …
   */
  async take(events) {
    const results = [];
    for (let at = 0; at < events.length; at += MOST) results.push(...await Promise.all(events.slice(at, at + MOST).map((event) => this.#take(event))));
    return results;
  }

  /** @param {{id: string, body: string}} event @returns {Promise<string>} */
  async #take({ id, body }) {
    const at = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", this.#key).update(`${id}.${at}.${body}`).digest("base64");
    const headers = new Headers({ "svix-id": id, "svix-timestamp": at, "svix-signature": `v1,${signature}` });
    const bytes = new TextEncoder().encode(body);
    const response = await this.#door.handle({ method: "POST", url: `/${PROVIDER.segment}`, headers, read: async (/** @type {number} */ most) => bytes.length > most ? null : bytes });
    const { results, error } = await response.json();
    if (response.status === 200) return results[0].result;
    // It would be too large tomorrow, too: the others go on.
    if (response.status === 413) return "invalid";
    throw new CommandError(`the event ${id} was not recorded (${response.status}): ${error}`, "email-queue doctor says what is wrong with the database; then repeat the command, which goes on from here");
  }
}
