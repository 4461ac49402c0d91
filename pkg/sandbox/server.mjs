// A fake of Resend's sending API, for tests and demos. It listens on 127.0.0.1 only.
import { performance } from "node:perf_hooks";
import { admin } from "./admin.mjs";
import { problem, text } from "./answers.mjs";
import { configure, defaults } from "./config.mjs";
import { Faults } from "./faults.mjs";
import { createHttpServer } from "./http1.mjs";
import { IdempotencyStore, sha256 } from "./idempotency.mjs";
import { Ledger } from "./ledger.mjs";
import { Quotas, RateWindow } from "./limits.mjs";
import { mailbox } from "./mailbox.mjs";
import { getDomains, getEmail } from "./reading.mjs";
import { send } from "./sending.mjs";

/** Room for an e-mail of 40 MB and for a batch of large ones. */
const MAX_BODY = 64 * 1024 * 1024;

/**
 * The names under which the machine itself is reached. Anything else in `Host` is a page in a
 * browser that had its own name resolved to 127.0.0.1 in order to read the mailbox.
 */
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\]|host\.docker\.internal)(:\d+)?$/;

/** Everything a sandbox remembers. */
export class Sandbox {
  /** @param {Partial<import("./config.mjs").Config>} initial */
  constructor(initial) {
    this.initial = configure(defaults(), initial);
    this.reset();
  }

  /** As it was started: settings, counters, keys and faults. */
  reset() {
    this.config = this.initial;
    this.ledger = new Ledger();
    this.store = new IdempotencyStore();
    this.rate = new RateWindow();
    this.quotas = new Quotas();
    this.faults = new Faults();
    /** Sender domains seen, for the list of domains. @type {Set<string>} */
    this.domains = new Set();
  }

  now = () => Date.now() + this.config.clockOffsetMs;

  /** @param {{brief?: boolean, ids?: boolean}} [options] */
  state = (options) => ({
    ...this.ledger.state(options),
    maxRequestsPerSecond: this.rate.maxPerSecond,
    maxRequestsPerWindow: this.rate.maxPerWindow,
    quotas: { daily: this.quotas.daily, monthly: this.quotas.monthly },
    storedKeys: this.store.size,
    faults: this.faults.list(),
    now: new Date(this.now()).toISOString(),
  });
}

/**
 * Starts a sandbox in this process.
 * @param {{port?: number} & Partial<import("./config.mjs").Config>} [options] port 0 = any free one
 * @returns {Promise<{url: string, port: number, state: Sandbox["state"], close: () => Promise<void>}>}
 */
export async function startSandbox({ port = 0, ...config } = {}) {
  const sandbox = new Sandbox(config);
  const server = createHttpServer((request) => serve(sandbox, request), { maxBody: MAX_BODY });
  const bound = await server.listen(port);
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    state: sandbox.state,
    close: async () => void (await server.close()),
  };
}

async function serve(sandbox, request) {
  try {
    return await route(sandbox, request);
  } catch (error) {
    // A mistake of the sandbox must look like one, not like an outage of the provider.
    console.error("sandbox:", error);
    return { reply: problem(500, "sandbox_bug", String(error)), sent: () => {} };
  }
}

async function route(sandbox, request) {
  const { path } = request;
  const own = path.startsWith("/_sandbox/") ? admin : path === "/" || path.startsWith("/mailbox/") ? mailbox : null;
  if (own) {
    const reply = LOCAL_HOST.test(request.headers.host ?? "") && isOwnOrigin(request)
      ? await own(sandbox, request)
      : text(403, "This page is for this machine only.");
    return { reply, sent: () => {} };
  }
  // A reset in the middle of a request must not have it counted in the new ledger.
  const { ledger } = sandbox;
  const key = request.headers["idempotency-key"];
  ledger.arrived(`${request.method} ${endpointOf(path)}`);
  if (key !== undefined) ledger.keySeen(key, sha256(request.body));
  const reply = await api(sandbox, request);
  if (reply.name) ledger.refused(reply.name);
  return { reply, sent: (delivered) => ledger.left(reply, delivered, { key, ids: reply.ids }) };
}

/** A page of another origin may not change anything, even if it need not see the answer. */
const isOwnOrigin = ({ headers }) => headers.origin === undefined || headers.origin === `http://${headers.host}`;

const EMAIL_PATH = /^\/emails\/([^/]+)$/;

/** The name to count a path under: ids would make a counter of their own each. */
const endpointOf = (path) => (path !== "/emails/batch" && EMAIL_PATH.test(path) ? "/emails/:id" : path);

async function api(sandbox, request) {
  const { headers } = request;
  // Resend's edge refuses this before the API sees it: plain text, no JSON, no rate headers.
  if (!headers["user-agent"]) return text(403, "error code: 1010");
  const refused = authorize(sandbox.config, request);
  if (refused) return refused;
  const { allowed, headers: rate } = sandbox.rate.take(performance.now(), sandbox.config.rateLimit);
  const reply = allowed ? await dispatch(sandbox, request) : problem(429, "rate_limit_exceeded");
  return reply.status === undefined ? reply : { ...reply, headers: { ...rate, ...reply.headers } };
}

function authorize({ apiKeys, restrictedApiKeys }, { headers, method }) {
  const header = headers.authorization ?? "";
  if (header.trim() === "" || /^bearer\s*$/i.test(header)) return problem(401, "missing_api_key");
  const key = /^bearer\s+(\S+)$/i.exec(header)?.[1] ?? "";
  if (restrictedApiKeys.includes(key)) return method === "POST" ? null : problem(401, "restricted_api_key");
  return (apiKeys ? apiKeys.includes(key) : key.startsWith("re_")) ? null : problem(403, "invalid_api_key");
}

async function dispatch(sandbox, request) {
  const { method, path } = request;
  const only = (allowed, answer) => (method === allowed ? answer() : problem(405, "method_not_allowed"));
  if (path === "/emails" || path === "/emails/batch") return await only("POST", () => send(sandbox, request, path));
  if (path === "/domains") return await only("GET", () => getDomains(sandbox));
  const id = EMAIL_PATH.exec(path)?.[1];
  if (id !== undefined) return await only("GET", () => getEmail(sandbox, id));
  return problem(404, "not_found");
}
