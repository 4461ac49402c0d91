// What the sandbox's own tests share.
//
// The tests need Node (Deno 2.1 lacks half of node:test); the sandbox must run on both. With
// EMAIL_QUEUE_DENO set to a deno executable (not npm's wrapper of it, which swallows signals),
// the same tests drive a sandbox that runs there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { startSandbox } from "../../src/js/sandbox/server.mjs";

const deno = process.env.EMAIL_QUEUE_DENO;

/** Starts main.mjs. @param {string[]} args */
export function startProgram(args) {
  const runtime = deno ? [deno, "run", "--allow-net", "--allow-read", "--allow-env"] : [process.execPath];
  const [command, ...rest] = [...runtime, fileURLToPath(new URL("../../src/js/sandbox/main.mjs", import.meta.url)), ...args];
  return spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
}

/** A sandbox in a process of its own. */
async function startElsewhere({ port = 0, ...config }) {
  const child = startProgram(["--port", String(port), "--config", JSON.stringify(config)]);
  const [line] = await once(child.stdout, "data");
  const { url } = JSON.parse(String(line));
  return {
    url,
    port: Number(new URL(url).port),
    state: async ({ brief = false, ids = false } = {}) => (await fetch(`${url}/_sandbox/state?brief=${brief}&ids=${ids}`)).json(),
    close: async () => {
      if (child.exitCode !== null || child.killed) return;
      child.kill();
      await once(child, "exit");
    },
  };
}

/**
 * A sandbox for one test file, without a rate limit unless asked for.
 * @param {Parameters<typeof startSandbox>[0]} [config]
 */
export async function open(config = {}) {
  const start = deno ? startElsewhere : startSandbox;
  const sandbox = await start({ rateLimit: 0, ...config });
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
    hasty: (body, key, ms = 250) =>
      call("/emails", { body, headers: { "idempotency-key": key }, signal: AbortSignal.timeout(ms) }).then(() => "answered", () => "gave up"),
  };
}

/**
 * An endpoint for webhooks. It answers with 200, or as a test says: a status, or "hang".
 * @returns {Promise<{url: string, got: {id: string, timestamp: string, signature: string, body: string, event: any, headers: any, ended: boolean}[], answer: (how: number | "hang", text?: string) => void}>}
 */
export async function receiver() {
  const got = [];
  /** @type {[number | "hang", string]} */
  let how = [200, "ok"];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { "svix-id": id, "svix-timestamp": timestamp, "svix-signature": signature } = request.headers;
    const one = { id, timestamp, signature, body, event: JSON.parse(body), headers: request.headers, ended: false };
    got.push(one);
    response.once("close", () => one.ended = true);
    if (how[0] !== "hang") response.writeHead(how[0], how[0] === 302 ? { location: "/elsewhere" } : {}).end(how[1]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/hook`, got, answer: (status, text = "") => void (how = [status, text]) };
}

let made = 0;

/** A valid e-mail, each with another recipient. */
export const email = (change = {}) => {
  made += 1;
  return { from: "Acme <hello@example.com>", to: [`person.${made}@example.com`], subject: "Hello", html: "<p>Hi</p>", ...change };
};

export const tagged = (messageId, change = {}) => email({ tags: [{ name: "message_id", value: messageId }], ...change });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for what the sandbox does by itself. */
export async function until(condition, ms = 30_000) {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await sleep(5);
  }
}
