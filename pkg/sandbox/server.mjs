// A fake of Resend's API, for tests and demos. It listens on 127.0.0.1 only.
import { performance } from "node:perf_hooks";
import { admin } from "./admin.mjs";
import { Agenda } from "./agenda.mjs";
import { problem, text } from "./answers.mjs";
import { configure, defaults } from "./config.mjs";
import { isHere } from "./deliveries.mjs";
import { Events } from "./events.mjs";
import { Faults } from "./faults.mjs";
import { createHttpServer } from "./http1.mjs";
import { IdempotencyStore, sha256 } from "./idempotency.mjs";
import { Ledger } from "./ledger.mjs";
import { Quotas, RateWindow } from "./limits.mjs";
import { Logs } from "./logs.mjs";
import { mailbox } from "./mailbox.mjs";
import { answer, routeOf, SENDING } from "./routes.mjs";
import { Suppressions } from "./suppressions.mjs";
import { Refusal } from "./validate.mjs";
import { Webhooks } from "./webhooks.mjs";

/** Room for an e-mail of 40 MB and for a batch of large ones. */
const MAX_BODY = 64 * 1024 * 1024;

/**
 * The names under which the machine itself is reached. Anything else in `Host` is a page in a
 * browser that had its own name resolved to 127.0.0.1 in order to read the mailbox.
 */
const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\]|host\.docker\.internal)(:\d+)?$/;

/** @typedef {{endpoint: string, events?: string[], signing_secret?: string}} Endpoint events: all where none are named; signing_secret: made up */

/** Everything a sandbox remembers. */
export class Sandbox {
  /** @param {Partial<import("./config.mjs").Config>} initial @param {Endpoint[]} [endpoints] */
  constructor(initial, endpoints = []) {
    this.initial = configure(defaults(), initial);
    this.endpoints = endpoints;
    this.reset();
  }

  /** As it was started: settings, counters, keys, faults and endpoints. */
  reset() {
    this.close();
    this.config = this.initial;
    this.ledger = new Ledger();
    this.store = new IdempotencyStore();
    this.rate = new RateWindow();
    this.quotas = new Quotas();
    this.faults = new Faults();
    /** Sender domains seen, for the list of domains. @type {Set<string>} */
    this.domains = new Set();
    this.agenda = new Agenda(this.now);
    this.events = new Events(this);
    this.suppressions = new Suppressions(this);
    this.logs = new Logs();
    this.webhooks = new Webhooks(this);
    for (const endpoint of this.endpoints) this.webhooks.create(endpoint);
  }

  /** Some other settings. @param {Partial<import("./config.mjs").Config>} change */
  configure(change) {
    this.config = configure(this.config, change);
    if (this.config.eventsHeld === false) this.events.deliveries.release();
    this.agenda.wake();
    return this.config;
  }

  /** An endpoint that survives a reset. @param {Endpoint} endpoint */
  connect(endpoint) {
    if (URL.canParse(endpoint.endpoint) && !isHere(endpoint.endpoint)) {
      throw new Refusal("validation_error", `The sandbox sends events to this machine only, not to ${endpoint.endpoint}.`);
    }
    const { id, secret } = this.webhooks.create(endpoint);
    this.endpoints = [...this.endpoints, { ...endpoint, signing_secret: secret }];
    return { id, signing_secret: secret };
  }

  /** Ends what happens by itself. */
  close() {
    this.agenda?.close();
    this.events?.deliveries.close();
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
    events: this.events.state(),
    now: new Date(this.now()).toISOString(),
  });
}

/**
 * Starts a sandbox in this process.
 * @param {{port?: number, webhooks?: Endpoint[]} & Partial<import("./config.mjs").Config>} [options]
 *   port 0 = any free one; webhooks: endpoints that get events from the start
 * @returns {Promise<{url: string, port: number, state: Sandbox["state"], connect: Sandbox["connect"], close: () => Promise<void>}>}
 */
export async function startSandbox({ port = 0, webhooks, ...config } = {}) {
  const sandbox = new Sandbox(config, webhooks);
  const server = createHttpServer((request) => serve(sandbox, request), { maxBody: MAX_BODY });
  const bound = await server.listen(port);
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    state: sandbox.state,
    connect: (endpoint) => sandbox.connect(endpoint),
    close: async () => {
      sandbox.close();
      await server.close();
    },
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
  const found = routeOf(path);
  ledger.arrived(`${request.method} ${found?.pattern ?? path}`);
  if (key !== undefined) ledger.keySeen(key, sha256(request.body));
  const { meant, ...reply } = await api(sandbox, request, found);
  if (reply.name) ledger.refused(reply.name);
  return { reply, sent: (delivered) => ledger.left(reply, delivered, { key, ids: reply.ids, meant }) };
}

/** A page of another origin may not change anything, even if it need not see the answer. */
const isOwnOrigin = ({ headers }) => headers.origin === undefined || headers.origin === `http://${headers.host}`;

/** What a request may do that calls this machine by another name, as a container does: lists and logs have every mail. */
const FROM_ELSEWHERE = ["POST /emails", "POST /emails/batch", "GET /emails/:id", "GET /domains"];

async function api(sandbox, request, found) {
  const { headers, method } = request;
  // Resend's edge refuses this before the API sees it: plain text, no JSON, no rate headers.
  if (!headers["user-agent"]) return text(403, "error code: 1010");
  if (found && !FROM_ELSEWHERE.includes(`${method} ${found.pattern}`) && !LOCAL_HOST.test(headers.host ?? "")) return text(403, "This is for this machine only.");
  const refused = authorize(sandbox.config, request);
  if (refused) return refused;
  const { allowed, headers: rate } = sandbox.rate.take(performance.now(), sandbox.config.rateLimit);
  const { intended, ...reply } = allowed ? await answer(sandbox, request, found) : problem(429, "rate_limit_exceeded");
  sandbox.logs.add(request, intended ?? reply, sandbox.now(), sandbox.config.keepLogs);
  const meant = (intended ?? reply).ids;
  return reply.status === undefined ? { ...reply, meant } : { ...reply, meant, headers: { ...rate, ...reply.headers } };
}

/** A key that is not in `restrictedApiKeys` has full access. */
function authorize({ apiKeys, restrictedApiKeys }, { headers, method, path }) {
  const header = headers.authorization ?? "";
  if (header.trim() === "" || /^bearer\s*$/i.test(header)) return problem(401, "missing_api_key");
  const key = /^bearer\s+(\S+)$/i.exec(header)?.[1] ?? "";
  if (restrictedApiKeys.includes(key)) return method === "POST" && SENDING.includes(path) ? null : problem(401, "restricted_api_key");
  return (apiKeys ? apiKeys.includes(key) : key.startsWith("re_")) ? null : problem(403, "invalid_api_key");
}
