// The ways in which one call can fail. Each is a behaviour of a wire for that one call.
import { Buffer } from "node:buffer";

/**
 * @typedef {import("./support/wire.mjs").Call} Call
 * @typedef {import("./support/wire.mjs").Answer} Answer
 *
 * @typedef {object} Failure
 * @property {string} name
 * @property {(call: Call, worker: {kill: () => Promise<void>}) => Promise<Answer | "close">} behave
 * @property {boolean} [hangs] the caller waits until its own time-out
 * @property {boolean} [kills] the process is gone afterwards
 */

const HTML = { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html><title>Welcome</title><h1>It works!</h1>" };
const never = () => new Promise(() => {});

/** @param {number} status @param {unknown} body @returns {Answer} */
const said = (status, body) =>
  typeof body === "string"
    ? { status, headers: { "content-type": "text/html" }, body }
    : { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };

/** What may happen to any call: nothing of it happens, or all of it and nobody hears. @type {Failure[]} */
const ANYWHERE = [
  { name: "lost on its way", behave: async () => "close" },
  { name: "done, the answer lost", behave: after(() => "close") },
  { name: "502 of a gateway", behave: async () => said(502, "<h1>502 Bad Gateway</h1>") },
  { name: "done, 504 of a gateway", behave: after(() => said(504, "<h1>504 Gateway Time-out</h1>")) },
  { name: "a page instead of it", behave: async () => HTML },
  { name: "done, the answer a page", behave: after(() => HTML) },
  { name: "done, the answer empty", behave: after((answer) => ({ ...answer, body: "" })) },
  { name: "done, half of the answer", behave: after((answer) => ({ ...answer, body: half(answer) })) },
  { name: "done, the answer cut off", behave: after((answer) => ({ ...answer, cut: true })) },
  { name: "hangs, nothing happens", behave: never, hangs: true },
  { name: "done, the answer hangs", behave: after(never), hangs: true },
  { name: "killed before it", behave: async (_, worker) => (await worker.kill(), "close"), kills: true },
  { name: "killed when it was done", behave: async ({ forward }, worker) => (await forward(), await worker.kill(), "close"), kills: true },
];

/** @type {Failure[]} */
export const DATABASE = [
  ...ANYWHERE,
  { name: "PostgREST has no connection", behave: async () => said(503, { code: "PGRST001", message: "no connection" }) },
  { name: "statement time-out", behave: async () => said(500, { code: "57014", message: "canceling statement due to statement timeout" }) },
  { name: "lock time-out", behave: async () => said(500, { code: "55P03", message: "canceling statement due to lock timeout" }) },
  { name: "the key is refused", behave: async () => said(401, { message: "Invalid API key" }) },
  { name: "no such function", behave: async () => said(404, { code: "PGRST202", message: "Could not find the function" }) },
  { name: "an error nobody knows", behave: async () => said(400, { code: "XX000", message: "internal error" }) },
];

/** @type {Failure[]} */
export const PROVIDER = [
  ...ANYWHERE,
  { name: "500", behave: async () => said(500, { statusCode: 500, name: "internal_server_error", message: "An unexpected error occurred" }) },
  { name: "503", behave: async () => said(503, { statusCode: 503, name: "service_unavailable", message: "Try later" }) },
  { name: "done, one id missing", behave: after((answer) => ({ ...answer, body: withoutLast(answer) })) },
  { name: "done, 500", behave: after(() => said(500, { statusCode: 500, name: "application_error", message: "An unexpected error occurred" })) },
];

/**
 * All of it happens, then the answer is spoiled.
 * @param {(answer: Answer) => Answer | "close" | Promise<any>} spoil @returns {Failure["behave"]}
 */
function after(spoil) {
  return async ({ forward }) => await spoil(await forward());
}

/** @param {Answer} answer */
function half({ body = "" }) {
  const whole = Buffer.from(body);
  return whole.subarray(0, Math.floor(whole.length / 2));
}

/** @param {Answer} answer */
function withoutLast({ body = "" }) {
  const value = JSON.parse(body.toString());
  return JSON.stringify(Array.isArray(value.data) ? { ...value, data: value.data.slice(0, -1) } : {});
}
