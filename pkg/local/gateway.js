// One address for an application, as a project has it: `/functions/v1/<name>` is a function, all else is the database's API. It
// stays while what is behind it is started anew.
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import { own } from "./processes.js";

/** What belongs to one connection, or is worked out anew for the next. */
const NOT_PASSED_ON = new Set(["connection", "content-encoding", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]);

/** By this header another `dev` knows that no `supabase start` is behind a port. */
export const MARK = "x-email-queue-dev";

/**
 * @typedef {{origin: string | null, path: string}} Target null: not there
 *
 * @param {object} options
 * @param {number} options.port the one to have if it is free
 * @param {(path: string) => Promise<Target> | Target} options.route may throw what to answer
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function startGateway({ port, route }) {
  // An idle connection must not be closed just when a client uses it again.
  const server = createServer({ keepAliveTimeout: 300_000 }, async (incoming, outgoing) => {
    outgoing.setHeader(MARK, "1");
    try {
      const { origin, path } = await route(incoming.url ?? "/");
      if (origin === null) return void outgoing.writeHead(404).end("not here\n");
      const answer = await fetch(origin + path, await toRequest(incoming));
      const body = Buffer.from(await answer.arrayBuffer());
      outgoing.writeHead(answer.status, [...answer.headers].filter(([name]) => !NOT_PASSED_ON.has(name)).flat());
      outgoing.end(body);
    } catch (error) {
      if (!outgoing.headersSent) outgoing.writeHead(503, { "content-type": "application/json" });
      outgoing.end(JSON.stringify({ message: error instanceof Error ? error.message : String(error) }));
    }
  });
  return await serve(server, port);
}

/**
 * On this machine alone, until it is stopped or this process ends.
 * @param {import("node:http").Server} server @param {number} port the one to have if it is free @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function serve(server, port) {
  const bound = await listen(server, port).catch(() => listen(server, 0));
  const stop = async () => {
    disown();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const disown = own(stop);
  return { url: `http://127.0.0.1:${bound}`, stop };
}

/** On this machine alone. @param {import("node:http").Server} server @param {number} port @returns {Promise<number>} the port */
export const listen = (server, port) => new Promise((resolve, reject) => {
  server.once("error", reject);
  server.listen(port, "127.0.0.1", () => {
    server.off("error", reject);
    resolve(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
  });
});

/** @param {import("node:http").IncomingMessage} incoming @returns {Promise<RequestInit>} */
async function toRequest(incoming) {
  const { method = "GET", headers } = incoming;
  const chunks = [];
  if (method !== "GET" && method !== "HEAD") for await (const chunk of incoming) chunks.push(chunk);
  return {
    method,
    headers: Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => value === undefined || NOT_PASSED_ON.has(name) ? [] : [[name, String(value)]])),
    body: chunks.length > 0 ? Buffer.concat(chunks) : null,
    redirect: "manual",
  };
}
