// A proxy before the database or the provider, in which a test says call by call what goes wrong.
import { Buffer } from "node:buffer";
import http from "node:http";
import { own } from "../../../scripts/lib/stack.mjs";

/** Belongs to one connection, or is worked out anew for the next. */
const NOT_PASSED_ON = ["connection", "content-length", "expect", "host", "keep-alive", "transfer-encoding"];

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string | string[] | undefined>} [headers]
 * @property {Buffer | string} [body]
 * @property {boolean} [cut] half of the body, then the connection is closed
 *
 * @typedef {object} Call
 * @property {number} index counts from 0 since the last `record`
 * @property {string} path
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} text the request's body
 * @property {() => Promise<Answer>} forward asks the target, once
 *
 * @typedef {"close"} Nothing no answer: the connection is closed
 * @typedef {(call: Call) => Promise<Answer | Nothing>} Behaviour
 */

/** @type {Behaviour} */
const faithful = ({ forward }) => forward();

export class Wire {
  /** What came since the last `record`, and since the last `forget`. @type {{label: string, call: Call}[]} */
  seen = [];
  /** @type {{label: string, call: Call}[]} */
  all = [];
  /** @type {Behaviour} */
  #behaviour = faithful;
  /** @type {() => void} */
  disown;

  /** @param {string} target @param {(call: Call) => string} label what a call is called */
  constructor(target, label) {
    this.target = new URL(target);
    this.label = label;
    this.agent = new http.Agent({ keepAlive: true });
    this.server = http.createServer({ keepAliveTimeout: 300_000 }, (incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch(() => incoming.socket.destroy());
    });
  }

  /** @param {string} target @param {(call: Call) => string} label */
  static async start(target, label) {
    const wire = new Wire(target, label);
    await new Promise((resolve, reject) => {
      wire.server.once("error", reject);
      wire.server.listen(0, "127.0.0.1", () => resolve(undefined));
    });
    wire.disown = own(wire.stop);
    return wire;
  }

  get url() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.server.address()).port}`;
  }

  forget() {
    this.all = [];
    this.record();
  }

  /** Counts from now on, and behaves as told, or faithfully. @param {Behaviour} [behaviour] */
  record(behaviour = faithful) {
    this.seen = [];
    this.#behaviour = behaviour;
  }

  /** Puts something around the present behaviour. @param {(call: Call, behaviour: Behaviour, label: string) => ReturnType<Behaviour>} around */
  wrap(around) {
    const behaviour = this.#behaviour;
    this.#behaviour = (call) => around(call, behaviour, this.label(call));
  }

  /** From now on every call is passed on; nothing is forgotten. */
  mend() {
    this.#behaviour = faithful;
  }

  stop = async () => {
    this.disown?.();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.agent.destroy();
  };

  /** @param {http.IncomingMessage} incoming @param {http.ServerResponse} outgoing */
  async #serve(incoming, outgoing) {
    const body = await whole(incoming);
    const { method, url: path = "/", headers } = incoming;
    /** @type {Promise<Answer> | undefined} */
    let asked;
    const call = {
      index: this.seen.length,
      path,
      headers,
      text: body.toString(),
      forward: () => asked ??= this.#ask({ method, path, headers, body }),
    };
    const entry = { label: this.label(call), call };
    this.seen.push(entry);
    this.all.push(entry);
    const answer = await this.#behaviour(call);
    if (answer === "close") return void incoming.socket.destroy();
    const content = Buffer.from(answer.body ?? "");
    outgoing.writeHead(answer.status, { ...passedOn(answer.headers ?? {}), "content-length": content.length });
    if (!answer.cut) return void outgoing.end(content);
    outgoing.write(content.subarray(0, content.length / 2), () => setTimeout(() => incoming.socket.destroy(), 5));
  }

  /** @param {{method?: string, path: string, headers: http.IncomingHttpHeaders, body: Buffer}} request @returns {Promise<Answer>} */
  #ask({ method, path, headers, body }) {
    return new Promise((resolve, reject) => {
      const request = http.request({
        agent: this.agent,
        host: this.target.hostname,
        port: this.target.port,
        method,
        path,
        headers: { ...passedOn(headers), "content-length": body.length },
      }, (response) => {
        whole(response).then((content) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }), reject);
      });
      request.once("error", reject);
      request.end(body);
    });
  }
}

/** @param {AsyncIterable<Buffer>} stream */
async function whole(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @param {Record<string, string | string[] | undefined>} headers */
const passedOn = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.includes(name.toLowerCase())));

/** What a call of the function to the database says, like "settle+claim". @param {Call} call */
export function databaseStep({ text }) {
  const { settles = [], begins = [], claim } = JSON.parse(text).p_request;
  const parts = [settles.length > 0 && "settle", begins.length > 0 && "begin", claim && "claim"].filter(Boolean);
  return parts.join("+") || "nothing";
}

/** What a request to the provider is. @param {Call} call */
export const providerStep = ({ path }) => (path === "/emails/batch" ? "batch request" : "single request");
