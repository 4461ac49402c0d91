// An HTTP proxy that counts, and that a test can have lose or spoil a call.
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import { own } from "./processes.mjs";

/** What belongs to one connection, or is worked out anew for the next. */
const NOT_PASSED_ON = ["connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

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
 * @param {(call: {method: string, path: string, body: Buffer, index: number}) => Fault | Promise<Fault>} [options.fault] index counts from 0
 * @returns {Promise<CountingProxy>}
 */
export async function startCountingProxy(target, { fault = () => {} } = {}) {
  const began = performance.now();
  /** @type {Call[]} */
  const calls = [];
  const server = createServer({ keepAliveTimeout: 300_000 }, async (incoming, outgoing) => {
    const { method = "GET", url: requested = "/" } = incoming;
    const start = performance.now();
    /** @type {Call} */
    const call = { method, path: requested, at: start - began, ms: 0, status: null, requestBytes: 0, responseBytes: 0 };
    const index = calls.push(call) - 1;
    try {
      const chunks = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      call.requestBytes = body.length;
      const wrong = await fault({ method, path: requested, body, index });
      if (wrong === "lose-request") return void incoming.socket.destroy();
      if (wrong && wrong !== "lose-answer") {
        call.status = wrong.status;
        return void outgoing.writeHead(wrong.status, wrong.headers).end(wrong.body);
      }
      const answer = await fetch(new URL(requested, target), {
        method,
        headers: passedOn(Object.entries(incoming.headers)),
        body: method === "GET" || method === "HEAD" ? undefined : body,
        redirect: "manual",
      });
      const content = Buffer.from(await answer.arrayBuffer());
      if (wrong === "lose-answer") return void incoming.socket.destroy();
      call.status = answer.status;
      call.responseBytes = content.length;
      outgoing.writeHead(answer.status, { ...Object.fromEntries(passedOn([...answer.headers])), "content-length": content.length });
      outgoing.end(method === "HEAD" ? undefined : content);
    } catch (error) {
      if (outgoing.headersSent) return void outgoing.destroy();
      call.status = 502;
      outgoing.writeHead(502, { "content-type": "text/plain" }).end(`proxy: ${error}`);
    } finally {
      call.ms = performance.now() - start;
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const stop = async () => {
    disown();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections?.();
    await closed;
  };
  const disown = own(stop);
  return { url: `http://127.0.0.1:${port}`, count: () => calls.length, log: () => calls, stop };
}

/** @param {[string, string | string[] | undefined][]} headers @returns {[string, string][]} */
const passedOn = (headers) =>
  headers.flatMap(([name, value]) =>
    value === undefined || NOT_PASSED_ON.includes(name.toLowerCase()) ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]]
  );
