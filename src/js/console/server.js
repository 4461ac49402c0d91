// The console's server, on this machine alone. Each request is checked: its Host (a page of the internet may have itself resolved to this
// address), its Origin, and, for everything that says something about the project, the token. There is no cookie, which other ports of
// this machine would get, too. The project's key stays in this process.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { listen } from "../local/gateway.js";
import { own } from "../local/processes.js";
import { Frames } from "./frames.js";

/** The header with the token: no other site can make a browser send it without asking this server. */
export const HEADER = "x-email-queue-console";
const PAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), "page");
/** The page has its times from the commands. */
const SHARED = ["operate/times.js"];
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const MAX_BODY = 1 << 20;
/** How long the opener's code is valid. */
const CODE_MS = 120_000;

const POLICY = [
  "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "frame-src 'self'", "object-src 'none'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join("; ");
const HEADERS = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-dns-prefetch-control": "off",
  "cache-control": "no-store",
};

/** What is answered in place of what was asked for. */
export class Refusal extends Error {
  /** @param {number} status @param {string} message @param {string} [remedy] */
  constructor(status, message, remedy) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}

/**
 * @typedef {(name: string, args: Record<string, any>, frames: Frames) => Promise<unknown>} Answer throws a Refusal
 *
 * @param {{port: number, answer: Answer}} options port: 0 is a free one
 * @returns {Promise<{url: string, opener: string, stop: () => Promise<void>}>} url has the token; opener has a code that counts once, since
 *   others on this machine can read the arguments of the program that opens it
 */
export async function serveConsole({ port, answer }) {
  const token = secret();
  let code = secret();
  const until = Date.now() + CODE_MS;
  const frames = new Frames();
  const files = pageFiles();
  let hosts = /** @type {string[]} */ ([]);

  /** @param {import("node:http").IncomingMessage} incoming @returns {Promise<Reply>} */
  const reply = async (incoming) => {
    checkPlace(incoming, hosts);
    const { pathname } = new URL(incoming.url ?? "/", "http://here");
    if (incoming.method === "GET" || incoming.method === "HEAD") {
      return files.get(pathname) ?? frames.take(pathname) ?? json(404, { message: "This is not here." });
    }
    const [, name] = /^\/api\/([a-z_]+)$/.exec(pathname) ?? [];
    if (incoming.method !== "POST" || !name) throw new Refusal(405, "This can only be read.");
    if (name === "open") {
      const { code: given } = await readJson(incoming);
      if (!isSame(given, code) || Date.now() > until) throw new Refusal(401, "this address was opened already, or too late", "open the address that the command has printed");
      code = secret();
      return json(200, { token });
    }
    if (!isSame(incoming.headers[HEADER], token)) throw new Refusal(401, "this page does not belong to the console that runs here", "open the address that the command has printed");
    return json(200, await answer(name, await readJson(incoming), frames));
  };

  const server = createServer(async (incoming, outgoing) => {
    const { status, headers, body } = await reply(incoming).catch((error) =>
      error instanceof Refusal ? json(error.status, { message: error.message, remedy: error.remedy }) : json(500, { message: String(error?.message ?? error) }));
    outgoing.writeHead(status, { ...HEADERS, ...headers }).end(incoming.method === "HEAD" ? undefined : body);
  });
  const bound = await listen(server, port);
  hosts = [`127.0.0.1:${bound}`, `localhost:${bound}`];
  const stop = async () => {
    disown();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const disown = own(stop);
  const at = `http://127.0.0.1:${bound}/`;
  return { url: `${at}#token=${token}`, opener: `${at}#code=${code}`, stop };
}

/** @typedef {{status: number, headers: Record<string, string>, body: string | Buffer}} Reply */

/** @param {number} status @param {unknown} body @returns {Reply} */
const json = (status, body) => ({ status, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(body ?? null) });

const secret = () => randomBytes(32).toString("base64url");

const digest = (/** @type {string} */ text) => createHash("sha256").update(text).digest();

/** Takes as long for a near miss. @param {unknown} given @param {string} wanted */
const isSame = (given, wanted) => typeof given === "string" && timingSafeEqual(digest(given), digest(wanted));

/** @param {import("node:http").IncomingMessage} incoming @param {string[]} hosts @throws {Refusal} */
function checkPlace({ headers, url }, hosts) {
  const { host = "", origin } = headers;
  if (!hosts.includes(host)) throw new Refusal(403, "This is for this machine only.");
  if (origin !== undefined && origin !== `http://${host}`) throw new Refusal(403, "This is for the console's own page only.");
  // The frame of an e-mail has no origin, so that it counts as another site; it asks for nothing.
  if (!["same-origin", "none", undefined].includes(/** @type {string | undefined} */ (headers["sec-fetch-site"]))) throw new Refusal(403, "This is for the console's own page only.");
  if (!URL.canParse(url ?? "/", "http://here")) throw new Refusal(400, "This is no address.");
}

/** @param {import("node:http").IncomingMessage} incoming @returns {Promise<Record<string, any>>} */
async function readJson(incoming) {
  if (!/^application\/json\b/.test(incoming.headers["content-type"] ?? "")) throw new Refusal(415, "This takes JSON.");
  let text = "";
  incoming.setEncoding("utf8");
  for await (const part of incoming) {
    text += part;
    if (text.length > MAX_BODY) throw new Refusal(413, "This is too long.");
  }
  try {
    const value = JSON.parse(text);
    if (value && typeof value === "object" && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new Refusal(400, "This is not an object of JSON.");
}

/** @param {string} name @param {string} type @returns {Reply} */
const file = (name, type) => ({ status: 200, headers: { "content-type": `${type}; charset=utf-8` }, body: fs.readFileSync(name) });

/** The page's files: no other can be asked for. @returns {Map<string, Reply>} */
function pageFiles() {
  const found = /** @type {Map<string, Reply>} */ (new Map());
  for (const name of fs.readdirSync(PAGE, { recursive: true }).map(String)) {
    const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(name))];
    if (!type) continue;
    const address = name === "index.html" ? "/" : `/${name.split(path.sep).join("/")}`;
    found.set(address, file(path.join(PAGE, name), type));
  }
  for (const name of SHARED) found.set(`/${name}`, file(path.join(PAGE, "../..", name), TYPES[".js"]));
  return found;
}
