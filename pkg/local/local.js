// What sends, on this machine: the sandbox in the provider's place, and the queue's function, called as pg_cron would call it.
import { randomBytes, randomUUID } from "node:crypto";
import { PROVIDER } from "../provider.js";
import { startFunction } from "./function.js";
import { sleep } from "./host.js";
import { isStopping, own } from "./processes.js";
import { seconds } from "./screen.js";
import { denoVersion } from "./tools.js";

/** How often the function is called where pg_cron would. */
const EVERY_MS = 2_000;

/** How often somebody looks for changes. */
const LOOK_MS = 400;

/**
 * @typedef {ReturnType<import("./screen.js").createScreen>} Screen
 *
 * @typedef {object} Local
 * @property {import("./function.js").RunningFunction} fn
 * @property {() => Promise<void>} restart ends the function, and starts it again where it was
 * @property {Reports | null} reports the function that takes the sandbox's reports
 * @property {Sandbox | null} sandbox null: the real API
 * @property {{endpoint: string, secret: string}[]} webhooks where the sandbox's events go, and what signs them
 *
 * @typedef {{url: string, secret: string, restart: () => Promise<void>}} Reports url: where they go; secret: what signs them
 *
 * @typedef {{endpoint: string, events?: string[], signing_secret?: string}} Endpoint events: all where none are named; signing_secret: made up
 *
 * @typedef {object} Sandbox
 * @property {string} url
 * @property {() => any} state
 * @property {(endpoint: Endpoint) => {id: string, signing_secret: string}} connect events go there, too; throws if it is no address for it
 */

/**
 * Starts the sandbox and the function; progress goes to the screen.
 * @param {object} options
 * @param {Screen} options.screen
 * @param {string} options.deno
 * @param {string} options.entry the function's
 * @param {string} [options.events] that of the function of reports, which the sandbox then reports to
 * @param {{url: string, secretKey: string}} options.database need not answer yet
 * @param {number} [options.mailbox] the port for the sandbox, if it is free
 * @param {{apiKey: string, baseUrl?: string} | null} [options.real] send through the real API
 * @param {Endpoint[]} [options.webhooks] where the sandbox's events go
 * @param {(url: string, to: "database" | "provider") => Promise<string>} [options.through] by which address the function reaches it
 * @returns {Promise<Local>}
 */
export async function startLocal({ screen, deno, entry, events, database, mailbox = 0, real = null, webhooks = [], through = async (url) => url }) {
  const sandbox = real ? null : await startSandbox(mailbox);
  screen.line("ok", "provider", sandbox ? `a sandbox with ${PROVIDER.name}'s API; its mailbox is ${sandbox.url}/` : `${PROVIDER.name}, for real`);
  const connected = webhooks.map((one) => ({ endpoint: one.endpoint, secret: sandbox?.connect(one).signing_secret ?? "" }));
  const began = performance.now();
  const env = {
    SUPABASE_URL: await through(database.url, "database"),
    [database.secretKey.startsWith("sb_") ? "SUPABASE_SECRET_KEY" : "SUPABASE_SERVICE_ROLE_KEY"]: database.secretKey,
    [PROVIDER.variables.key]: real?.apiKey ?? `re_${randomUUID()}`,
    [PROVIDER.variables.url]: await through(sandbox?.url ?? real?.baseUrl ?? PROVIDER.api, "provider"),
  };
  const fn = await startFunction({ deno, entry, env });
  screen.line("ok", "function", `process-email-queue on Deno ${denoVersion(deno)}`, seconds(performance.now() - began));
  const reports = sandbox && events ? await startEvents({ screen, deno, entry: events, sandbox, env: { ...env, SUPABASE_URL: database.url } }) : null;
  const again = { ...env, PORT: new URL(fn.url).port, PROCESS_EMAIL_QUEUE_SECRET: fn.secret };
  /** @type {Local} */
  const local = {
    fn,
    restart: async () => {
      await local.fn.stop();
      local.fn = await startFunction({ deno, entry, env: again });
    },
    reports,
    sandbox,
    webhooks: connected,
  };
  return local;
}

/**
 * Starts the function that takes the provider's reports, and has the sandbox report to it.
 * @param {{screen: Screen, deno: string, entry: string, sandbox: Sandbox, env: Record<string, string>}} options @returns {Promise<Reports>}
 */
async function startEvents({ screen, deno, entry, sandbox, env }) {
  const began = performance.now();
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  const its = { ...env, [PROVIDER.variables.webhookSecret]: secret };
  let fn = await startFunction({ deno, entry, env: its });
  const url = new URL(`/email-queue-events/${PROVIDER.segment}`, fn.url).href;
  sandbox.connect({ endpoint: url, signing_secret: secret });
  screen.line("ok", "function", "email-queue-events, which the sandbox reports to", seconds(performance.now() - began));
  return {
    url,
    secret,
    restart: async () => {
      await fn.stop();
      fn = await startFunction({ deno, entry, env: { ...its, PORT: new URL(url).port } });
    },
  };
}

/** @param {number} port @returns {Promise<Sandbox>} */
async function startSandbox(port) {
  // By a name that is worked out: the sandbox is not as strictly typed as what imports it.
  const { startSandbox: start } = await import(new URL("../sandbox/server.mjs", import.meta.url).href);
  const sandbox = await start({ port }).catch(() => start({ port: 0 }));
  own(() => sandbox.close());
  return sandbox;
}

/**
 * What a person needs who wants to use it by hand.
 * @param {Screen} screen @param {Local} local
 * @param {{url: string, secretKey: string, publishableKey: string, ends: string}} database ends: a sentence about its end
 * @param {{url: string}} [templates] the page that shows them
 */
export function printAddresses({ print, title, strong }, { fn, reports, sandbox, webhooks }, { url, secretKey, publishableKey, ends }, templates) {
  title(`It is running. Interrupt it (Ctrl-C) to stop. ${ends}`);
  print();
  if (sandbox) print(`  mailbox    ${strong(`${sandbox.url}/`)}`);
  if (templates) print(`  templates  ${strong(templates.url)}   (with sample data)`);
  for (const { endpoint, secret } of webhooks) print(`  webhook    ${strong(endpoint)}   (signed with ${secret})`);
  print(`  function   ${strong(fn.url)}   (called every ${EVERY_MS / 1000} s, as pg_cron would)`);
  if (reports) print(`  reports    ${strong(reports.url)}   (signed with ${reports.secret})`);
  print(`  API        ${strong(url)}`);
  title("For your application");
  print(`
  export SUPABASE_URL='${url}'
  export SUPABASE_SECRET_KEY='${secretKey}'
  export SUPABASE_PUBLISHABLE_KEY='${publishableKey}'`);
  title("Enqueue an e-mail");
  print(`
  curl '${url}/rest/v1/rpc/email_queue_enqueue' \\
    -H 'apikey: ${secretKey}' -H 'Content-Type: application/json' \\
    -d '{"p_payload": {"to": "you@example.com", "subject": "Hello", "content": "<p>Hello World</p>"}}'`);
  if (reports) print(`
  Mail to bounced@${PROVIDER.testDomain}, complained@… or suppressed@… is reported as just that. The mailbox shows each mail's reports.`);
  title("Run the queue now");
  print(`
  curl -X POST '${fn.url}' -H 'Authorization: Bearer ${fn.secret}'
`);
}

/**
 * Calls the function every few seconds, for ever, and prints what it did.
 * @param {Local} local @param {Screen} screen
 * @param {{look?: () => Promise<void>, prepare?: () => Promise<unknown>}} [also] look: several times between two calls; prepare: before each
 * @returns {Promise<never>}
 */
export async function keepInvoking(local, { line }, { look = async () => {}, prepare = async () => {} } = {}) {
  let problem = "";
  for (;;) {
    for (let waited = 0; waited < EVERY_MS; waited += LOOK_MS) {
      await sleep(LOOK_MS);
      await look();
    }
    const time = new Date().toLocaleTimeString("en-GB");
    try {
      await prepare();
      const run = await local.fn.invoke();
      if (run.claimed > 0) line(run.failed > 0 ? "bad" : run.retried > 0 ? "wait" : "ok", time, didWhat(run));
      const stopped = run.claimed > 0 || run.stopped === "empty" ? "" : `stopped: ${run.stopped}${run.reason ? ` (${run.reason})` : ""}`;
      if (stopped !== "" && stopped !== problem) line("wait", time, stopped);
      if (stopped === "" && problem !== "") line("ok", time, "it works again");
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
