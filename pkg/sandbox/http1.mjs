// A small HTTP/1.1 server on plain sockets.
//
// Why not node:http: the sandbox must be able to cut a connection before, in the
// middle of, or instead of an answer, and to notice a client that went away. Under
// Deno 2.1 `socket.destroy()` on a node:http request does nothing at all, so every
// dropped connection would look like a time-out. Sockets behave the same everywhere.
import { Buffer } from "node:buffer";
import { createServer } from "node:net";

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path     without the query
 * @property {URLSearchParams} query
 * @property {Record<string, string>} headers  names in lower case
 * @property {Buffer} body
 * @property {AbortSignal} gone  aborted when the client closes the connection
 */

/**
 * What the handler wants to happen on the wire. `cutAt`: announce the whole body,
 * send only so many bytes of it, then cut the connection.
 * @typedef {{status: number, headers?: Record<string, string>, body?: string | Buffer, cutAt?: number}
 *   | {drop: true} | {hang: true}} Reply
 */

/** @typedef {(request: Request) => Promise<{reply: Reply, sent: (delivered: boolean) => void}>} Handle */

const MAX_HEAD = 64 * 1024;
const MAX_CHUNK_LINE = 1024;
const CLOSE_MS = 100;
const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
/** @type {Record<number, string>} */
const REASONS = {
  200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
  409: "Conflict", 413: "Content Too Large", 422: "Unprocessable Content", 429: "Too Many Requests",
  451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
  504: "Gateway Timeout",
};

/**
 * @param {Handle} handle
 * @param {{maxBody: number}} options
 */
export function createHttpServer(handle, { maxBody }) {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const connection = new Connection(socket, handle, maxBody);
    socket.on("data", (chunk) => connection.feed(chunk));
    socket.on("end", () => connection.end());
    // A reset by the peer is an ordinary event for a sandbox whose clients time out.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      connection.end();
    });
  });
  return {
    /** @param {number} port @returns {Promise<number>} the port it got */
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve(/** @type {any} */ (server.address()).port));
      }),
    /** Cuts what is open (a hanging answer included), so that a test never waits for it. */
    close: () =>
      new Promise((resolve) => {
        // Deno 2.1 never calls back once it has seen a socket that this side destroyed.
        const giveUp = setTimeout(resolve, CLOSE_MS);
        server.close(() => {
          clearTimeout(giveUp);
          resolve(undefined);
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

class BadRequest extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {string} target @returns {URL} */
function parseTarget(target) {
  try {
    return new URL(target, "http://sandbox");
  } catch {
    throw new BadRequest(400, "The request target is not a URL.");
  }
}

/** One connection: requests are read and answered strictly one after another. */
class Connection {
  #socket; #handle; #maxBody;
  /** @type {Buffer[]} */ #pending = [];
  #size = 0;
  #busy = false;
  #refused = false;
  #gone = new AbortController();
  /** The request whose body is still arriving. @type {any} */ #open = null;

  /** @param {import("node:net").Socket} socket @param {Handle} handle @param {number} maxBody */
  constructor(socket, handle, maxBody) {
    this.#socket = socket;
    this.#handle = handle;
    this.#maxBody = maxBody;
  }

  /** @param {Buffer} chunk */
  feed(chunk) {
    // After a refusal: the rest would not be read.
    if (this.#refused) return;
    this.#pending.push(chunk);
    this.#size += chunk.length;
    this.#advance();
  }

  end() {
    this.#gone.abort();
    this.#socket.end();
  }

  #advance() {
    if (this.#busy || this.#gone.signal.aborted) return;
    let request;
    try {
      request = this.#next();
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      this.#busy = this.#refused = true; // what follows on this connection cannot be understood any more
      this.#keep(Buffer.alloc(0));
      this.#write("GET", true, {
        status: error.status,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ statusCode: error.status, message: error.message, name: "validation_error" }),
      });
      return;
    }
    if (!request) return;
    this.#busy = true;
    this.#serve(request);
  }

  /** @param {any} request */
  async #serve({ close, ...request }) {
    const { reply, sent } = await this.#handle({ ...request, gone: this.#gone.signal });
    if ("hang" in reply) return sent(false); // stays busy until the client gives up
    if ("drop" in reply || this.#gone.signal.aborted) {
      this.#socket.destroy();
      return sent(false);
    }
    this.#write(request.method, close, reply);
    sent(reply.cutAt === undefined);
    this.#busy = false;
    // Not recursion: a client that pipelines thousands of requests must not deepen the stack.
    if (this.#size > 0) queueMicrotask(() => this.#advance());
  }

  /** @param {string} method @param {boolean} close @param {{status: number, headers?: Record<string, string>, body?: string | Buffer, cutAt?: number}} reply */
  #write(method, close, { status, headers = {}, body = "", cutAt }) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const lines = [`HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}`];
    const all = { date: new Date().toUTCString(), ...headers, "content-length": String(bytes.length) };
    for (const [name, value] of Object.entries(all)) lines.push(`${name}: ${value}`);
    lines.push(`connection: ${close ? "close" : "keep-alive"}`, "", "");
    const head = Buffer.from(lines.join("\r\n"), "latin1");
    const shown = method === "HEAD" ? Buffer.alloc(0) : bytes;
    if (cutAt !== undefined) {
      // `destroy` may discard what is still buffered, so wait for the flush first.
      this.#socket.write(Buffer.concat([head, shown.subarray(0, cutAt)]), () => this.#socket.destroy());
      return;
    }
    this.#socket.write(Buffer.concat([head, shown]));
    if (close) this.#socket.end();
  }

  /** The next whole request, or null while bytes are missing. */
  #next() {
    if (!this.#open) this.#open = this.#readHead();
    const open = this.#open;
    if (!open) return null;
    const done = open.chunked ? this.#readChunks(open) : this.#readLength(open);
    if (!done) return null;
    this.#open = null;
    const { method, path, query, headers, close } = open;
    return { method, path, query, headers, close, body: Buffer.concat(open.parts) };
  }

  #readHead() {
    if (this.#size === 0) return null;
    const bytes = this.#join();
    const at = bytes.indexOf(HEAD_END);
    if (at < 0) {
      if (bytes.length > MAX_HEAD) throw new BadRequest(400, "The request head is too large.");
      return null;
    }
    const [line, ...rest] = bytes.subarray(0, at).toString("latin1").split("\r\n");
    this.#keep(bytes.subarray(at + HEAD_END.length));
    const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(line) ?? [];
    if (!method) throw new BadRequest(400, "The request line is not HTTP/1.1.");
    /** @type {Record<string, string>} */
    const headers = Object.create(null);
    for (const header of rest) {
      const colon = header.indexOf(":");
      if (colon < 1) throw new BadRequest(400, "A header has no name.");
      const name = header.slice(0, colon).toLowerCase();
      const value = header.slice(colon + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const url = parseTarget(target);
    const length = Number(headers["content-length"] ?? 0);
    if (!Number.isInteger(length) || length < 0) throw new BadRequest(400, "The content-length is not a number.");
    if (length > this.#maxBody) throw new BadRequest(413, "The request body is too large.");
    if (/100-continue/i.test(headers.expect ?? "")) this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    return {
      method, headers, length,
      path: url.pathname,
      query: url.searchParams,
      chunked: /chunked/i.test(headers["transfer-encoding"] ?? ""),
      close: /close/i.test(headers.connection ?? "") || line.endsWith("1.0"),
      parts: /** @type {Buffer[]} */ ([]),
      received: 0,
    };
  }

  /** @param {any} open */
  #readLength(open) {
    if (this.#size < open.length) return false;
    const bytes = this.#join();
    open.parts.push(bytes.subarray(0, open.length));
    this.#keep(bytes.subarray(open.length));
    return true;
  }

  /** Moves whole chunks over as they arrive, so a long body is not joined again and again. @param {any} open */
  #readChunks(open) {
    let bytes = this.#join();
    try {
      for (;;) {
        const at = bytes.indexOf(LINE_END);
        if (at < 0 && bytes.length > MAX_CHUNK_LINE) throw new BadRequest(400, "A chunk has no size.");
        if (at < 0) return false;
        const size = /^[0-9a-f]+/i.exec(bytes.subarray(0, at).toString("latin1"));
        if (!size) throw new BadRequest(400, "A chunk has no size.");
        const length = parseInt(size[0], 16);
        const start = at + LINE_END.length;
        if (length === 0) {
          // Trailers end with an empty line; without trailers that line follows at once.
          const end = bytes.subarray(start, start + 2).equals(LINE_END) ? start - 2 : bytes.indexOf(HEAD_END, start);
          if (end < 0) return false;
          bytes = bytes.subarray(end + HEAD_END.length);
          return true;
        }
        open.received += length;
        if (open.received > this.#maxBody) throw new BadRequest(413, "The request body is too large.");
        if (bytes.length < start + length + 2) {
          open.received -= length;
          return false;
        }
        open.parts.push(bytes.subarray(start, start + length));
        bytes = bytes.subarray(start + length + 2);
      }
    } finally {
      this.#keep(bytes);
    }
  }

  #join() {
    if (this.#pending.length > 1) this.#pending = [Buffer.concat(this.#pending)];
    return this.#pending[0] ?? Buffer.alloc(0);
  }

  /** @param {Buffer} rest */
  #keep(rest) {
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
  }
}
