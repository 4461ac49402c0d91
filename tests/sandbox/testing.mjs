// What the sandbox's own tests share.
import { after } from "node:test";
import { startSandbox } from "./server.mjs";

/**
 * A sandbox for one test file, without a rate limit unless asked for.
 * @param {Parameters<typeof startSandbox>[0]} [config]
 */
export async function open(config = {}) {
  const sandbox = await startSandbox({ rateLimit: 0, ...config });
  after(() => sandbox.close());

  /** @param {string} path @param {{method?: string, body?: unknown, headers?: Record<string, string | undefined>, signal?: AbortSignal}} [options] */
  const call = async (path, { method = "POST", body, headers = {}, signal } = {}) => {
    const all = { authorization: "Bearer re_test", "user-agent": "test", ...headers };
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    const response = await fetch(sandbox.url + path, {
      method,
      signal,
      headers: /** @type {[string, string][]} */ (given),
      body: typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    let json = null;
    try {
      json = JSON.parse(text);
    } catch {
      // Some answers are not JSON on purpose.
    }
    return { status: response.status, headers: response.headers, text, json, name: json?.name };
  };

  return {
    ...sandbox,
    call,
    /** @param {unknown} body @param {string} [key] @param {Record<string, string>} [headers] */
    single: (body, key, headers) => call("/emails", { body, headers: { "idempotency-key": key, ...headers } }),
    batch: (body, key, headers) => call("/emails/batch", { body, headers: { "idempotency-key": key, ...headers } }),
    set: (config) => call("/_sandbox/config", { body: config }),
    fault: (fault) => call("/_sandbox/faults", { body: fault }),
    reset: () => call("/_sandbox/reset"),
    /** A client that gives up. */
    hasty: (body, key, ms = 150) =>
      call("/emails", { body, headers: { "idempotency-key": key }, signal: AbortSignal.timeout(ms) }).then(() => "answered", () => "gave up"),
  };
}

let made = 0;

/** A valid e-mail, each with another recipient. */
export const email = (change = {}) => {
  made += 1;
  return { from: "Acme <hello@example.com>", to: [`person.${made}@example.com`], subject: "Hello", html: "<p>Hi</p>", ...change };
};

export const tagged = (messageId, change = {}) => email({ tags: [{ name: "message_id", value: messageId }], ...change });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for what the sandbox does after its client has gone. */
export async function until(condition, ms = 3000) {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await sleep(5);
  }
}
