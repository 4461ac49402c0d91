// A project's API that answers as a test wants it.
import { createServer } from "node:http";
import { after } from "node:test";

export const KEY = "sb_secret_of_the_tests";
export const ID = "00000000-0000-7000-8000-000000000001";

/**
 * @param {(response: import("node:http").ServerResponse, request: import("node:http").IncomingMessage) => unknown} answer
 * @returns {Promise<string>} its address
 */
export async function serving(answer) {
  const server = createServer((request, response) => request.resume().on("end", () => answer(response, request)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
}

/** @param {number} status @param {unknown} body */
export const answering = (status, body) => serving((response) => response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body)));
