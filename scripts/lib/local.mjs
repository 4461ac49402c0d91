// The whole stack of scripts/demo and scripts/dev: database, provider, function, and the
// JavaScript package to enqueue with.
import { randomUUID } from "node:crypto";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { PROVIDER } from "../../src/js/provider.js";
import { counted, seconds } from "./screen.mjs";
import { ROOT, denoVersion, ensureDeno, ensureTool, isStopping, own, sleep, startCountingProxy, startFunction, startLite } from "./stack.mjs";

/** How often the function is called where pg_cron would. */
const EVERY_MS = 2_000;

/**
 * @typedef {object} Local
 * @property {import("./lite.mjs").Lite} lite
 * @property {import("./function.mjs").RunningFunction} fn
 * @property {() => Promise<void>} restart starts the function again where it was, once it has ended
 * @property {any} queue a SupabaseQueueProvider
 * @property {any} QueueMessageStatus
 * @property {import("./proxy.mjs").CountingProxy} database the function's calls to it
 * @property {import("./proxy.mjs").CountingProxy} provider the function's calls to it
 * @property {{url: string, state: () => any} | null} sandbox null: the real API
 */

/**
 * Starts everything; progress goes to the screen.
 * @param {object} options
 * @param {ReturnType<import("./screen.mjs").createScreen>} options.screen
 * @param {{apiKey: string, baseUrl?: string} | null} [options.real] send through the real API
 * @param {Record<string, unknown>} options.settings of the queue
 * @returns {Promise<Local>}
 */
export async function startLocal({ screen, real = null, settings }) {
  // Before any clock starts: the first time, this downloads.
  const [deno] = await Promise.all([ensureDeno(), ensureTool("lite")]);
  const began = performance.now();
  const { SupabaseQueueProvider, QueueMessageStatus } = await fromProject("pkg/index.js");
  const [lite, sandbox] = await Promise.all([
    startLite().then(async (started) => {
      await started.rpc("email_queue_configure", { p_settings: settings });
      screen.line("ok", "database", `Supabase Lite on an embedded Postgres, ${counted(started.migrations.length, "migration")}`, seconds(performance.now() - began));
      return started;
    }),
    real ? null : startSandbox(),
  ]);
  const [database, provider] = await Promise.all([
    startCountingProxy(lite.url),
    startCountingProxy(sandbox?.url ?? real?.baseUrl ?? PROVIDER.api),
  ]);
  screen.line("ok", "provider", sandbox ? `a sandbox with ${PROVIDER.name}'s API; its mailbox is ${sandbox.url}/` : `${PROVIDER.name}, for real`);
  const functionBegan = performance.now();
  const env = {
    SUPABASE_URL: database.url,
    SUPABASE_SECRET_KEY: lite.secretKey,
    [PROVIDER.variables.key]: real?.apiKey ?? `re_${randomUUID()}`,
    [PROVIDER.variables.url]: provider.url,
  };
  const fn = await startFunction({ deno, env });
  screen.line("ok", "function", `process-email-queue on Deno ${denoVersion(deno)}`, seconds(performance.now() - functionBegan));
  /** @type {Local} */
  const local = {
    lite,
    fn,
    restart: async () => {
      local.fn = await startFunction({ deno, env: { ...env, PORT: new URL(fn.url).port, PROCESS_EMAIL_QUEUE_SECRET: fn.secret } });
    },
    queue: new SupabaseQueueProvider(lite.url, lite.secretKey),
    QueueMessageStatus,
    database,
    provider,
    sandbox,
  };
  return local;
}

/**
 * What a person needs who wants to use it by hand.
 * @param {Local} local @param {ReturnType<import("./screen.mjs").createScreen>} screen
 */
export function printAddresses({ lite, fn, sandbox }, { print, title, strong }) {
  title("It is running. Interrupt it (Ctrl-C) to stop; everything in it is then gone.");
  print();
  if (sandbox) print(`  mailbox    ${strong(`${sandbox.url}/`)}`);
  print(`  function   ${strong(fn.url)}   (called every ${EVERY_MS / 1000} s, as pg_cron would)`);
  print(`  database   ${strong(lite.url)}`);
  title("Enqueue an e-mail");
  print(`
  curl '${lite.url}/rest/v1/rpc/email_queue_enqueue' \\
    -H 'apikey: ${lite.secretKey}' -H 'Content-Type: application/json' \\
    -d '{"p_payload": {"to": "you@example.com", "subject": "Hello", "content": "<p>Hello World</p>"}}'`);
  title("Run the queue now");
  print(`
  curl -X POST '${fn.url}' -H 'Authorization: Bearer ${fn.secret}'`);
  title("Or from JavaScript, with the package in pkg/");
  print(`
  export SUPABASE_URL='${lite.url}'
  export SUPABASE_SECRET_KEY='${lite.secretKey}'
`);
}

/**
 * Calls the function every few seconds, for ever, and prints what it did.
 * @param {Local} local @param {ReturnType<import("./screen.mjs").createScreen>} screen
 * @returns {Promise<never>}
 */
export async function keepInvoking(local, { line }) {
  let problem = "";
  for (;;) {
    await sleep(EVERY_MS);
    const time = new Date().toLocaleTimeString("en-GB");
    try {
      const run = await local.fn.invoke();
      if (run.claimed > 0) line(run.failed > 0 ? "bad" : run.retried > 0 ? "wait" : "ok", time, didWhat(run));
      const stopped = run.claimed > 0 || run.stopped === "empty" ? "" : `stopped: ${run.stopped}${run.reason ? ` (${run.reason})` : ""}`;
      if (stopped !== "" && stopped !== problem) line("wait", time, stopped);
      problem = stopped;
    } catch (error) {
      if (isStopping()) continue;
      if (local.fn.hasEnded()) {
        line("bad", time, "the function has ended, and is started again");
        await local.restart();
        continue;
      }
      const text = error instanceof Error ? error.message : String(error);
      if (text !== problem) line("bad", time, text);
      problem = text;
    }
  }
}

/** @param {Record<string, number>} run what the function answered */
export const didWhat = (run) =>
  ["claimed", "accepted", "retried", "failed", "released", "lost"]
    .filter((name) => run[name] > 0)
    .map((name) => `${run[name]} ${name}`)
    .join(", ") || "nothing to do";

async function startSandbox() {
  const { startSandbox: start } = await fromProject("src/js/sandbox/server.mjs");
  const sandbox = await start({ port: 0 });
  own(() => sandbox.close());
  return sandbox;
}

/** @param {string} file */
const fromProject = (file) => import(pathToFileURL(path.join(ROOT, file)).href);
