// email-queue dev: the user's project on this machine, with a mailbox in place of the provider.
import path from "node:path";
import process from "node:process";
import { fingerprint, watcher } from "../local/changes.js";
import { keepInvoking, printAddresses, startLocal } from "../local/local.js";
import { exitCodeWhenInterrupted, isStopping, stopAll } from "../local/processes.js";
import { findDeno, findLite } from "../local/project-tools.js";
import { rpc } from "../local/lite.js";
import { createScreen } from "../local/screen.js";
import { PROVIDER } from "../provider.js";
import { findRunning } from "./dev-beside.js";
import { readSettings } from "./dev-config.js";
import { startEmbedded } from "./dev-embedded.js";
import { startTemplates } from "./dev-templates.js";
import { environment } from "./env.js";
import { EVENTS_FUNCTION, FUNCTION, ownFunctions } from "./function.js";
import { findProject, versionOf } from "./project.js";
import { FOLDER } from "./template-files.js";
import { CommandError } from "./terminal.js";
import { EXAMPLE_SENDER } from "./variables.js";

export const help = `Usage: email-queue dev [options]

Runs this project on this machine, until it is interrupted (Ctrl-C): a sandbox with ${PROVIDER.name}'s API and a mailbox page, and the
queue's function, called every two seconds. No mail leaves the machine.

Beside a running \`supabase start\` it uses that database. Otherwise it needs no Docker: Supabase Lite, on an embedded Postgres,
gets this project's migrations and supabase/seed.sql, and this project's functions run under Deno. Lite (150 MB) and Deno
(90 MB) are taken from node_modules or the PATH, or npm brings them into node_modules/.cache/email-queue.
It starts the database anew when a migration changes, and the functions when their files change.
A page shows the templates of ${FOLDER} and of Supabase Auth's mail with sample data, and follows the files. The
database gets these templates, as \`deploy\` brings them into a project.

  --lite             Supabase Lite, although \`supabase start\` is running
  --without <file>   leaves out a migration that Lite cannot apply; may be repeated
  --webhook <url>    sends the sandbox's events (sent, delivered, bounced …) to an address of this machine, signed as ${PROVIDER.name} does
                     it, with ${PROVIDER.variables.webhookSecret} of the environment, or with a secret that it prints; may be repeated
  --json             the addresses and keys as one line of JSON on standard output, when everything is ready
  --dry-run          says which database it would take
  --workdir
`;

/** @type {import("./main.js").Command["options"]} */
export const options = { lite: { type: "boolean" }, without: { type: "string", multiple: true }, webhook: { type: "string", multiple: true } };

/** The sender of mails that name none, where neither the database nor EMAIL_FROM has one. */
const SENDER = "Dev <dev@dev.example>";

/**
 * @typedef {{lite: (log: (text: string) => void) => Promise<string>, deno: (log: (text: string) => void) => Promise<string>}} Tools
 *
 * @typedef {object} Database
 * @property {string} what for the user
 * @property {string} url @property {string} secretKey @property {string} publishableKey
 * @property {Promise<void>} ready
 * @property {(local: import("../local/local.js").Local) => void} use the function that is part of the project
 * @property {() => Promise<void>} look for changes
 * @property {string} ends a sentence about its end
 */

/** @param {import("./main.js").Context} context @param {Tools} [tools] @returns {Promise<number>} */
export async function run({ values, terminal, cwd, env: given }, tools) {
  const project = findProject(cwd, values.workdir);
  const { root, supabase } = project;
  const [name] = ownFunctions(supabase, FUNCTION);
  const [events] = ownFunctions(supabase, EVENTS_FUNCTION);
  if (name === undefined || versionOf(project.migrations) === undefined) throw new CommandError(`the queue is not in ${root}`, "email-queue init writes it there");
  const env = environment(root, given);
  const settings = readSettings(project.config);
  const running = values.lite ? undefined : await findRunning({ root, settings, env, say: (text) => terminal.say(text) });
  if (terminal.dry) {
    terminal.say(running ? `It would use the database of \`supabase start\` at ${running.url}.` : "It would start Supabase Lite with this project's migrations.");
    return 0;
  }
  const webhooks = endpoints(values.webhook ?? [], env[PROVIDER.variables.webhookSecret]);
  const screen = createScreen(terminal.json ? process.stderr : process.stdout);
  const log = (/** @type {string} */ text) => void process.stderr.write(text);
  const { lite, deno: findOwnDeno } = tools ?? { lite: () => findLite(root, log), deno: () => findDeno(root, log) };
  try {
    screen.title("Starting");
    exitCodeWhenInterrupted(0);
    const deno = await findOwnDeno(log);
    const sender = env.EMAIL_FROM && env.EMAIL_FROM !== EXAMPLE_SENDER ? env.EMAIL_FROM : SENDER;
    const templates = await startTemplates({ root, screen, port: settings.port + 11 });
    // A database without a sender is a new one.
    const prepare = async (/** @type {{url: string, secretKey: string}} */ one) => await haveSender(one, sender) && await templates.use(one);
    const database = running ?? await startEmbedded({ project, name, events, settings, tool: await lite(log), deno, screen, without: values.without ?? [], prepare });
    const [local] = await Promise.all([
      startLocal({
        screen, deno, database, webhooks, mailbox: settings.port + 10,
        entry: path.join(supabase, "functions", name, "index.ts"),
        events: events && path.join(supabase, "functions", events, "index.ts"),
      }),
      database.ready,
    ]);
    database.use(local);
    // The running one may be without the queue yet: what then fails is said later, and tried again.
    await prepare(database).catch(() => {});
    await templates.use(database);
    printAddresses(screen, local, database, templates);
    if (terminal.json) terminal.print(JSON.stringify({ ...addresses(local, database), templates: templates.url }));
    const watched = [{ name, restart: local.restart }, ...(events && local.reports ? [{ name: events, restart: local.reports.restart }] : [])]
      .map((one) => ({ ...one, changed: watcher(() => fingerprint(path.join(supabase, "functions", one.name))) }));
    const look = async () => {
      for (const one of watched) {
        if (!one.changed()) continue;
        await one.restart();
        screen.line("ok", "function", `the files of ${one.name} have changed: it was started anew`);
      }
      await Promise.all([database.look(), templates.look()]);
    };
    return await keepInvoking(local, screen, { look, prepare: () => prepare(database) });
  } catch (error) {
    if (isStopping()) await new Promise(() => {});
    await stopAll();
    throw error instanceof CommandError ? error : new CommandError(error instanceof Error ? error.message : String(error));
  }
}

/** A database that was made anew has no default sender. @param {{url: string, secretKey: string}} database @param {string} sender @returns {Promise<boolean>} whether it had none */
async function haveSender({ url, secretKey }, sender) {
  try {
    const { default_sender: stored } = await rpc(url, secretKey, "email_queue_configure", {});
    if (stored === null) await rpc(url, secretKey, "email_queue_configure", { p_settings: { default_sender: sender } });
    return stored === null;
  } catch (error) {
    if (/** @type {{status?: number}} */ (error).status !== 404) throw error;
    throw new Error("the database does not have the queue: supabase migration up, or supabase db reset, applies its migration");
  }
}

/** @param {import("../local/local.js").Local} local @param {Database} database */
const addresses = ({ fn, sandbox, webhooks }, { url, secretKey, publishableKey }) => ({
  url, secretKey, publishableKey, mailbox: sandbox?.url, function: fn.url, functionSecret: fn.secret, webhooks,
});

/** @param {string[]} urls @param {string | undefined} secret @returns {import("../local/local.js").Endpoint[]} */
function endpoints(urls, secret) {
  for (const url of urls) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new CommandError(`--webhook: ${url} is no address`, "it takes one like http://127.0.0.1:3000/api/webhooks");
  }
  return urls.map((endpoint) => ({ endpoint, ...secret ? { signing_secret: secret } : {} }));
}
