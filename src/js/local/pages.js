// Pages for a person at this machine: read only, and for no page of the internet that has itself resolved to this address.
import { createServer } from "node:http";
import { serve } from "./gateway.js";

/** The names under which the machine itself is reached. */
const HERE = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** @typedef {{status: number, headers: Record<string, string>, body: string}} Page */

/**
 * @param {{port: number, answer: (url: URL) => Promise<Page>}} options port: the one to have if it is free
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function servePages({ port, answer }) {
  const server = createServer(async ({ method, url, headers }, outgoing) => {
    const { status, headers: its, body } = await (async () => {
      if (!HERE.test(headers.host ?? "")) return plain(403, "This is for this machine only.");
      if (method !== "GET" && method !== "HEAD") return plain(405, "This can only be read.");
      if (!URL.canParse(url ?? "", "http://here")) return plain(400, "This is no address.");
      return await answer(new URL(url ?? "", "http://here"));
    })().catch((error) => plain(500, error instanceof Error ? error.message : String(error)));
    outgoing.writeHead(status, its).end(method === "HEAD" ? undefined : body);
  });
  const { url, stop } = await serve(server, port);
  return { url: `${url}/`, stop };
}

/** @param {number} status @param {string} body @param {string} [type] @returns {Page} */
export const plain = (status, body, type = "text/plain") => ({
  status,
  headers: { "content-type": `${type}; charset=utf-8`, "x-content-type-options": "nosniff", "cache-control": "no-store", "content-security-policy": "default-src 'none'" },
  body,
});
