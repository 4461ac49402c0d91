// The e-mails of scripts/demo, and the story of each.
import { Buffer } from "node:buffer";
import { PROVIDER } from "../../src/js/provider.js";

/** As many as three full provider requests hold, half of one left over. */
const BURST = 250;
const REAL_BURST = 3;

/** Who waits for it: the sandbox answers the first request with it with a 500. */
const FLAKY = "customer+flaky@demo.example";

/** How far ahead the scheduled one is. */
const AHEAD_SECONDS = 2;

/**
 * @typedef {object} Mail
 * @property {string} id once it is enqueued
 * @property {string} name
 * @property {string} about
 * @property {() => object} message what to enqueue
 * @property {"completed" | "failed"} expected
 * @property {number} [attempts] as many, if it goes as expected
 * @property {string} [remark] on an end as expected
 */

/** What the sandbox does wrong on purpose. */
export const faults = [
  { action: "answer", status: 500, name: "application_error", message: "An unexpected error occurred.", match: { recipient: FLAKY }, times: 1 },
];

/**
 * @param {string} url of the sandbox @param {object[]} list
 */
export async function addFaults(url, list) {
  const response = await fetch(`${url}/_sandbox/faults`, { method: "POST", body: JSON.stringify(list) });
  if (!response.ok) throw new Error(`the sandbox refused a fault: ${await response.text()}`);
}

/** @returns {Mail[]} */
export const handful = () => [
  mail("plain", "an ordinary one", {}, { to: "customer@demo.example" }),
  mail("attachment", "with a file, so that it needs a request of its own", {}, { to: "customer@demo.example", attachments: [report()] }),
  mail("scheduled", `not to be sent for ${AHEAD_SECONDS} seconds`, { delaySeconds: AHEAD_SECONDS }, { to: "customer@demo.example" }),
  // The sandbox refuses every `invalid@`; no check of ours can know.
  mail("refused", "to a recipient that the provider will refuse", { expected: "failed", remark: "the plain one was in the same request and went out" }, {
    to: "invalid@demo.example",
  }),
  // A sender domain of its own: what shares a request shares its outcome.
  mail("flaky", "the provider will answer the first try with a 500", { attempts: 2, remark: "the same request again, under the same key, so it cannot be sent twice" }, {
    to: FLAKY,
    from: "Demo Alerts <alerts@alerts.demo.example>",
  }),
];

/** @param {string | null} to @returns {Mail[]} */
export const realHandful = (to) => [
  mail("plain", "an ordinary one", {}, { to: to ?? testAddress("plain") }),
  mail("attachment", "with a file, so that it needs a request of its own", {}, { to: to ?? testAddress("attachment"), attachments: [report()] }),
  mail("scheduled", `not to be sent for ${AHEAD_SECONDS} seconds`, { delaySeconds: AHEAD_SECONDS }, { to: to ?? testAddress("scheduled") }),
];

export const burst = () =>
  numbered(BURST).map((number) => email(`customer+${number}@demo.example`, `Newsletter ${number} of ${BURST}`, `Hello, customer ${number}!`));

/** @param {string | null} to */
export const realBurst = (to) =>
  numbered(REAL_BURST).map((number) => email(to ?? testAddress(`burst-${number}`), `email-queue demo: ${number} of ${REAL_BURST}`, "Sent in one batch."));

/**
 * What has become of an e-mail.
 * @param {Mail} mail @param {any} message as the queue gives it @param {Record<string, string>} status
 * @returns {[import("../../src/js/local/screen.js").Mark, string]}
 */
export function tell(mail, message, { COMPLETED, FAILED }) {
  const mark = message.status === mail.expected ? "ok" : "bad";
  const remark = mark === "ok" && mail.remark ? ` (${mail.remark})` : "";
  switch (message.status) {
    case COMPLETED:
      return [mark, `accepted${remark}`];
    case FAILED:
      return [mark, `${message.error?.reason ?? "failed"}: ${answer(message.error)}${remark}`];
    default:
      if (message.error) return ["wait", `will be tried again: ${answer(message.error)}`];
      return ["wait", message.attempts > 0 ? "is being sent" : "waits for its time"];
  }
}

/** What the provider said; inside a 200 it says it about one e-mail of a batch. @param {any} error */
const answer = (error) =>
  [error?.status === 200 ? "" : error?.status, error?.name, error?.message].filter(Boolean).join(" ") || "no reason given";

/**
 * @param {string} name @param {string} about
 * @param {{expected?: Mail["expected"], attempts?: number, remark?: string, delaySeconds?: number}} options
 * @param {{to: string, from?: string, attachments?: object[]}} payload
 * @returns {Mail}
 */
export function mail(name, about, { expected = "completed", attempts = 1, remark, delaySeconds }, { to, ...payload }) {
  const message = email(to, `email-queue demo: ${name}`, `This is the e-mail “${name}”: ${about}.`, payload);
  return { id: "", name, about, expected, attempts, remark, message: () => (delaySeconds ? { ...message, delaySeconds } : message) };
}

/** @param {string} to @param {string} subject @param {string} sentence @param {object} [more] of the payload */
const email = (to, subject, sentence, more = {}) => ({
  type: "email",
  payload: { to, subject, content: `<h1>${subject}</h1><p>${sentence}</p>`, text: sentence, ...more },
  maxAttempts: 5,
});

const report = () => ({
  filename: "report.csv",
  contentType: "text/csv",
  content: Buffer.from("month,orders\nOctober,1204\nNovember,987\n").toString("base64"),
});

/** An address of the provider's that accepts everything. @param {string} label */
const testAddress = (label) => `delivered+${label}@${PROVIDER.testDomain}`;

/** @param {number} count */
const numbered = (count) => Array.from({ length: count }, (_, index) => index + 1);
