// `email-queue-events`, which a sandbox reports to: a process that can be killed, and started again where it was.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { ROOT, startFunction, waitFor } from "../../../scripts/lib/stack.mjs";
import { newSecret } from "../../../src/js/sandbox/signature.mjs";

const ENTRY = path.join(ROOT, "supabase/functions/email-queue-events/index.ts");

/** Another installation: a copy of the database, which had the same messages before it got a mark of its own. */
const OTHER_MARK = "0123456789ab";

const NOBODY = { type: "Permanent", subType: "General", message: "no such user" };

/** @typedef {Awaited<ReturnType<typeof import("../../../src/js/sandbox/server.mjs").startSandbox>>} Sandbox */

export class Reports {
  /** @type {Promise<Awaited<ReturnType<typeof startFunction>>>} */
  fn = /** @type {any} */ (null);

  /** @param {Omit<Parameters<typeof startFunction>[0], "entry">} options @param {Sandbox} sandbox */
  constructor(options, sandbox) {
    this.options = options;
    this.sandbox = sandbox;
  }

  /** @param {{deno: string, database: {url: string}, secretKey: string, sandbox: Sandbox}} options */
  static async start({ deno, database, secretKey, sandbox }) {
    const secret = newSecret();
    const reports = new Reports({ deno, env: { SUPABASE_URL: database.url, SUPABASE_SECRET_KEY: secretKey, RESEND_WEBHOOK_SECRET: secret } }, sandbox);
    const { url } = await reports.run();
    reports.options.env.PORT = new URL(url).port;
    sandbox.connect({ endpoint: new URL("/email-queue-events/resend", url).href, signing_secret: secret });
    return reports;
  }

  run = () => this.fn = startFunction({ ...this.options, entry: ENTRY });

  /** It dies at once, and another takes its place. */
  async restart() {
    await this.kill();
    await this.run();
  }

  kill = async () => void await (await this.fn).kill();

  /** Held events go out, and arrive. @param {object} [which] as the sandbox takes it */
  release = async (which = {}) => await this.#arrived((await ask(this.sandbox, "events/release", which)).released);

  /** All come once more. */
  repeat = async () => await this.#arrived((await ask(this.sandbox, "events/repeat", {})).repeated);

  /** Held events never come. @param {object} which */
  drop = async (which) => assert((await ask(this.sandbox, "events/drop", which)).dropped > 0, "there was something to lose");

  /** How many are on their way. */
  underway() {
    const { waiting, open } = this.sandbox.state({ brief: true }).events;
    return waiting + open;
  }

  async #arrived(/** @type {number} */ count) {
    assert(count > 0, "there was something to report");
    await waitFor(() => this.underway() === 0, { interval: 5, what: "the reports to arrive" });
  }
}

/**
 * Another installation's e-mail of the same message is delivered, and bounces.
 * @param {{url: string}} sandbox @param {string} id of the message @param {string} to its recipient
 * @returns {Promise<number>} how many events
 */
export async function reportForeign(sandbox, id, to) {
  const data = { email_id: randomUUID(), from: "Copy <post@copy.example>", to: [to], subject: "Letter", tags: { message_id: `${id}_${OTHER_MARK}` } };
  await ask(sandbox, "events", { type: "email.delivered", data });
  await ask(sandbox, "events", { type: "email.bounced", data: { ...data, bounce: NOBODY } });
  return 2;
}

/** The sandbox's admin API. @param {{url: string}} sandbox @param {string} path @param {object} body @returns {Promise<any>} */
export async function ask(sandbox, path, body) {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the sandbox refused ${path}: ${await response.text()}`);
  return await response.json();
}
