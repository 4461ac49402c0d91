// scripts/demo: sends a handful of e-mails through the whole system and says what happened to each.
import process from "node:process";
import { parseArgs } from "node:util";
import { PROVIDER } from "../../src/js/provider.js";
import { showAuth } from "./demo-auth.mjs";
import { check } from "./demo-check.mjs";
import { addFaults, burst, faults, handful, realBurst, realHandful, tell } from "./demo-mails.mjs";
import { didWhat, keepInvoking, printAddresses } from "../../src/js/local/local.js";
import { startDemo } from "./local.mjs";
import { showReports } from "./demo-reports.mjs";
import { exitCodeWhenInterrupted, isStopping, stopAll } from "../../src/js/local/processes.js";
import { counted, createScreen, seconds, usageError } from "./screen.mjs";
import { sleep } from "./stack.mjs";

const HELP = `scripts/demo [--json] [--keep] [--real]

Starts a database (Supabase Lite on an embedded Postgres), a sandbox with ${PROVIDER.name}'s API and the
Edge Function on this machine, on free ports; enqueues e-mails, has the function send them, and
says what happened to each. Nothing leaves this machine, and nothing stays on it but the tools
in .tools/. Needs Node 20 or newer with npm, or Deno 2 or newer.

  --json   the last line is the totals as JSON; what people read goes to standard error
  --keep   leave it running afterwards, with the mailbox page, until interrupted
  --real   send through ${PROVIDER.name}'s real API, a few e-mails only. Needs the environment variables
             ${PROVIDER.variables.key}   a key of your account (${PROVIDER.keys})
             EMAIL_FROM       a sender whose domain is verified there, like "Name <me@mydomain.com>"
           and takes
             EMAIL_TO         where to send to; unset: its test address delivered@${PROVIDER.testDomain}
  --help   this

Exit code: 0 if every result was right, 1 if not, 2 for wrong options.
`;

/** How long the queue may take to settle what it was given. */
const SETTLE_MS = 60_000;

/** How long to wait between two calls of the function while something is open. */
const PAUSE_MS = 400;

const options = parseOptions();
const screen = createScreen(options.json ? process.stderr : process.stdout);
try {
  const ok = await main();
  await stopAll();
  process.exit(ok ? 0 : 1);
} catch (error) {
  if (isStopping()) await new Promise(() => {});
  screen.print(`\ndemo: ${error instanceof Error ? error.message : error}`);
  await stopAll();
  process.exit(1);
}

async function main() {
  const { real } = options;
  screen.print(screen.strong(`email-queue: e-mails wait in Postgres, an Edge Function sends them through ${PROVIDER.name}`));
  screen.title("Starting");
  const local = await startDemo({
    screen,
    real,
    // Retries within a second, so that a viewer does not wait half a minute.
    settings: { default_sender: real?.from ?? "Demo Shop <shop@demo.example>", rate_limit: 10, retry_base_ms: 500, retry_cap_ms: 2000 },
  });
  const began = performance.now();

  const mails = real ? realHandful(real.to) : handful();
  if (local.sandbox) await addFaults(local.sandbox.url, faults);
  screen.title(`${mails.length} e-mails go into the queue`);
  for (const mail of mails) {
    mail.id = (await local.queue.enqueue(mail.message())).id;
    screen.line("info", mail.name, mail.about);
  }
  screen.title("The function is called until all of them are settled");
  await drain(local, tellAbout(local, mails));

  const list = real ? realBurst(real.to) : burst();
  screen.title(`A burst: ${list.length} more at once, and one call of the function`);
  const before = { provider: local.provider.count(), database: local.database.count() };
  const enqueued = await local.queue.enqueueMany(list);
  const run = await drain(local);
  const numbers = {
    messages: list.length,
    providerRequests: local.provider.count() - before.provider,
    databaseRequests: local.database.count() - before.database,
  };
  const cost = `${counted(numbers.providerRequests, "request")} to the provider and ${counted(numbers.databaseRequests, "request")} to the database`;
  screen.line(run.accepted === list.length ? "ok" : "wait", "burst", `${didWhat(run)}, with ${cost}`, seconds(run.durationMs));

  const auth = local.sandbox ? await showAuth(local, screen, async () => await drain(local)) : null;
  mails.push(...auth?.mails ?? []);
  const reports = local.sandbox ? await showReports(local, screen, async () => await drain(local)) : null;
  mails.push(...reports?.mails ?? []);

  const ids = [...mails.map(({ id }) => id), ...enqueued.map((/** @type {{id: string}} */ { id }) => id)];
  const { accepted, failed, problems } = await check({ local, ids, mails, burst: numbers });
  const totals = {
    enqueued: ids.length,
    accepted,
    failed,
    ...(auth && { auth: auth.mails.length }),
    ...(reports && { delivered: reports.delivered, bounced: reports.bounced, suppressed: reports.suppressed, byEvidence: reports.byEvidence }),
    providerRequests: local.provider.count(),
    databaseRequests: local.database.count(),
    burst: numbers,
  };
  problems.push(...auth?.problems ?? [], ...reports?.problems ?? []);
  screen.title("Totals");
  screen.line("info", "e-mails", `${ids.length} enqueued, ${accepted} accepted, ${failed} failed`, seconds(performance.now() - began));
  if (reports) screen.line("info", "reports", `${reports.delivered} delivered, ${reports.bounced} bounced, ${reports.suppressed} not sent to a suppressed address, ${reports.byEvidence} settled by its report`);
  screen.line("info", "requests", `${totals.providerRequests} to the provider, ${totals.databaseRequests} to the database`);
  if (problems.length === 0) {
    screen.line("ok", "checked", local.sandbox ? "the provider accepted each e-mail once, and the database says the same" : "every result was right");
  }
  for (const problem of problems) screen.line("bad", "unexpected", problem);
  if (options.keep) printAddresses(screen, local, { ...local.lite, ends: "Everything in it is then gone." });
  else if (local.sandbox) screen.faint("\nTo read the e-mails in a browser: scripts/demo --keep");
  if (options.json) process.stdout.write(`${JSON.stringify(totals)}\n`);
  if (options.keep) {
    exitCodeWhenInterrupted(problems.length === 0 ? 0 : 1);
    await keepInvoking(local, screen);
  }
  return problems.length === 0;
}

/**
 * Calls the function until nothing in the queue is open.
 * @param {import("./local.mjs").Demo} local
 * @param {() => Promise<void>} [tell] called after each call
 * @returns {Promise<any>} the answer to the first call
 */
async function drain({ fn, queue, QueueMessageStatus: { PENDING, PROCESSING, RETRYING } }, tell = async () => {}) {
  const end = performance.now() + SETTLE_MS;
  for (let first;;) {
    const run = await fn.invoke();
    first ??= run;
    await tell();
    const open = await Promise.all([PENDING, PROCESSING, RETRYING].map((status) => queue.getMessagesByStatus(status)));
    if (open.every((messages) => messages.length === 0)) return first;
    if (["paused", "misconfigured"].includes(run.stopped) || performance.now() > end) {
      const log = fn.output().trim().split("\n").slice(-5).join("\n");
      throw new Error(`messages are still waiting; the function's last answer was ${JSON.stringify(run)}. Its log ends with\n${log}`);
    }
    await sleep(Math.max(PAUSE_MS, (run.retryAfterSeconds ?? 0) * 1000));
  }
}

/**
 * Says what has become of each e-mail, once for every change.
 * @param {import("./local.mjs").Demo} local @param {import("./demo-mails.mjs").Mail[]} mails
 */
function tellAbout({ queue, QueueMessageStatus }, mails) {
  /** @type {Map<string, string>} */
  const told = new Map();
  return async () => {
    for (const mail of mails) {
      const message = await queue.getMessage(mail.id);
      const [mark, text] = tell(mail, message, QueueMessageStatus);
      if (told.get(mail.id) === text) continue;
      told.set(mail.id, text);
      screen.line(mark, mail.name, text, message.attempts > 0 ? counted(message.attempts, "attempt") : "");
    }
  };
}

/** @returns {{json: boolean, keep: boolean, real: null | {apiKey: string, from: string, to: string | null, baseUrl?: string}}} */
function parseOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        json: { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        real: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    usageError("scripts/demo", error instanceof Error ? error.message : String(error));
  }
  const { json = false, keep = false, real = false, help = false } = values;
  if (help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  if (!real) return { json, keep, real: null };
  const { variables: { key, url } } = PROVIDER;
  const { [key]: apiKey, EMAIL_FROM: from, EMAIL_TO: to, [url]: baseUrl } = process.env;
  const missing = Object.entries({ [key]: apiKey, EMAIL_FROM: from }).flatMap(([name, value]) => (value ? [] : [name]));
  if (!apiKey || !from) usageError("scripts/demo", `--real needs ${missing.join(" and ")} in the environment`);
  return { json, keep, real: { apiKey, from, to: to || null, baseUrl } };
}
