// An HTTP proxy that counts calls, and loses or spoils a call if a test wants it.
import { Buffer } from "node:buffer";
// Not node:http: under Deno 2.1 it cannot close a connection without an answer.
import { createHttpServer } from "../../src/js/sandbox/http1.mjs";
import { own } from "../../src/js/local/processes.js";

/** What belongs to one connection, or is worked out anew for the next. */
const NOT_PASSED_ON = ["connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

const MAX_BODY = 64 * 1024 * 1024;

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path with the query
 * @property {number} at milliseconds since the proxy started
 * @property {number} ms how long it took
 * @property {number | null} status null: no answer was given
 * @property {number} requestBytes
 * @property {number} responseBytes
 *
 * @typedef {"lose-request" | "lose-answer" | {status: number, headers?: Record<string, string>, body?: string} | void} Fault
 *   lose-request: the connection is closed before the target sees the call; lose-answer: after it
 *   has answered; an object: given instead of asking the target
 *
 * @typedef {object} CountingProxy
 * @property {string} url
 * @property {() => number} count calls so far
 * @property {() => Call[]} log
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a proxy on a free port.
 * @param {string} target like `http://127.0.0.1:1234`
 * @param {object} [options]
 * @param {(call: {method: string, path: string, headers: Record<string, string>, body: Buffer, index: number}) => Fault | Promise<Fault>} [options.fault] index counts from 0
 * @returns {Promise<CountingProxy>}
 */
export async function startCountingProxy(target, { fault = () => {} } = {}) {
  const began = performance.now();
  /** @type {Call[]} */
  const calls = [];
  const server = createHttpServer(async ({ method, path: pathname, query, headers, body }) => {
    const requested = query.size > 0 ? `${pathname}?${query}` : pathname;
    const start = performance.now();
    /** @type {Call} */
    const call = { method, path: requested, at: start - began, ms: 0, status: null, requestBytes: body.length, responseBytes: 0 };
    const index = calls.push(call) - 1;
    const answered = (/** @type {import("../../src/js/sandbox/http1.mjs").Reply} */ reply) => {
      if ("status" in reply) call.status = reply.status;
      call.ms = performance.now() - start;
      return { reply, sent: () => {} };
    };
    try {
      const wrong = await fault({ method, path: requested, headers, body, index });
      if (wrong === "lose-request") return answered({ drop: true });
      if (wrong && wrong !== "lose-answer") return answered(wrong);
      const answer = await fetch(new URL(requested, target), {
        method,
        headers: passedOn(Object.entries(headers)),
        body: method === "GET" || method === "HEAD" ? undefined : /** @type {BodyInit} */ (body),
        redirect: "manual",
      });
      const content = Buffer.from(await answer.arrayBuffer());
      if (wrong === "lose-answer") return answered({ drop: true });
      call.responseBytes = content.length;
      return answered({ status: answer.status, headers: Object.fromEntries(passedOn([...answer.headers])), body: content });
    } catch (error) {
      return answered({ status: 502, headers: { "content-type": "text/plain" }, body: `proxy: ${error}` });
    }
  }, { maxBody: MAX_BODY });
  const port = await server.listen(0);
  const stop = async () => {
    disown();
    await server.close();
  };
  const disown = own(stop);
  return { url: `http://127.0.0.1:${port}`, count: () => calls.length, log: () => calls, stop };
}

/** @param {[string, string][]} headers */
const passedOn = (headers) => headers.filter(([name]) => !NOT_PASSED_ON.includes(name.toLowerCase()));
