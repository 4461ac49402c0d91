// Edge Functions under Deno: the queue's own, as it runs on a developer's machine and in the tests.
import { randomBytes } from "node:crypto";
import process from "node:process";
import { startProcess } from "./processes.js";

/** What of this machine's environment the function's Deno gets: nothing that could hide a missing setting. */
export const PASSED_ON = ["PATH", "HOME", "DENO_DIR", "TMPDIR", "DENO_TLS_CA_STORE", "DENO_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {any} body parsed where it is JSON, else the text
 *
 * @typedef {object} RunningFunction
 * @property {string} url of `process-email-queue`
 * @property {string} secret what a caller sends as Bearer
 * @property {number} pid
 * @property {(init?: RequestInit & {timeout?: number}) => Promise<Answer>} request any call, POST with the secret unless told otherwise
 * @property {(body?: object, options?: {timeout?: number}) => Promise<any>} invoke runs the queue and gives what it did; throws on any other answer than 200
 * @property {(signal?: string) => Promise<unknown>} kill SIGKILL by default, and waits for the end
 * @property {() => boolean} hasEnded by itself, or by somebody else
 * @property {() => Promise<void>} stop
 * @property {() => string} output what it has printed
 */

/**
 * Starts the function with the permissions it has on the platform: the network and its environment.
 * @param {object} options
 * @param {Record<string, string | undefined>} options.env its settings; one that is undefined is not set at all.
 *   PROCESS_EMAIL_QUEUE_SECRET is made up unless named here; PORT is any free one
 * @param {string} options.deno the program
 * @param {string} options.entry
 * @param {string} [options.importMap]
 * @param {string[]} [options.args] more for `deno run`
 * @returns {Promise<RunningFunction>}
 */
export async function startFunction({
  env,
  deno,
  entry,
  importMap,
  args = [],
}) {
  const secret = "PROCESS_EMAIL_QUEUE_SECRET" in env ? env.PROCESS_EMAIL_QUEUE_SECRET ?? "" : randomBytes(24).toString("base64url");
  const running = await startProcess({
    name: "the function",
    program: deno,
    args: ["run", "--no-prompt", "--allow-net", "--allow-env", ...(importMap ? [`--import-map=${importMap}`] : []), ...args, entry],
    env: {
      ...Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]])),
      NO_COLOR: "1",
      PORT: "0",
      PROCESS_EMAIL_QUEUE_SECRET: secret,
      ...env,
    },
    ready: /\bhttps?:\/\/[^\s"'/]+:(\d+)/,
  });
  const url = `http://127.0.0.1:${running.ready?.[1]}/process-email-queue`;
  let ended = false;
  running.exited.then(() => ended = true);

  /** @type {RunningFunction["request"]} */
  const request = async ({ timeout = 90_000, ...init } = {}) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${secret}` },
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
      ...init,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  };
  return {
    url,
    secret,
    pid: running.pid,
    request,
    invoke: async (body, options) => {
      const answer = await request(
        body === undefined ? options : {
          ...options,
          headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        },
      );
      if (answer.status !== 200) throw new Error(`the function answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    kill: running.kill,
    hasEnded: () => ended,
    stop: running.stop,
    output: running.output,
  };
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
