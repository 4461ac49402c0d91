// email-queue deploy: brings what init wrote into the project, or with --direct what the package has. It checks everything first. Then it
// takes the steps, and stops at the first that fails.
import path from "node:path";
import { apiOf } from "./api.js";
import { findCli } from "./cli.js";
import { checkApi, connect } from "./connect.js";
import { ProjectError, readProject } from "./deployed.js";
import { deployFunction, list, setSecrets, step } from "./deploy-steps.js";
import { directSource, projectSource } from "./deploy-source.js";
import { releaseOf, report } from "./doctor.js";
import { isOurs } from "./doctor-events.js";
import { envFile, environment } from "./env.js";
import { FUNCTION } from "./function.js";
import { openPackage } from "./package.js";
import { readRemote } from "./remote.js";
import { SECRET, compareSecrets, keep, newSecret } from "./secrets.js";
import { CommandError } from "./terminal.js";
import { PROVIDER } from "../provider.js";
import { compareTemplates, labelOf, putTemplates, readTemplates } from "./template-files.js";
import { checkVariables, EVENTS } from "./variables.js";
import { byHand, changesOf, findWebhook, setWebhook } from "./webhook.js";

export const help = `Usage: email-queue deploy [options]

Brings the queue from this folder into the project: migrations, the functions' secrets, the functions, the default sender, Vault, the
schedule, the templates of supabase/email-templates, ${PROVIDER.name}'s webhook; then asks the doctor. You can run it again at any time: it changes only what differs. It stops at the first failure and says
what to do. It reads .env; variables of the environment win. No secret is on a command line or in the output.

  --direct                 for a project that is kept in the dashboard, without a repository: installs the package's own schema and
                           functions, or upgrades to them, and writes no migration
  --with-yours             pushes your own pending migrations too; without it, the command stops if there are any
  --use-api                lets Supabase bundle the functions, even if Docker is running
  --function-name <name>, --events-function-name <name>
                           which functions, if the project has two copies; with --direct: other names for them
  --without-events         with --direct: leaves out the function that takes ${PROVIDER.name}'s reports;
                           .env then has EMAIL_QUEUE_EVENTS=off, which says so for the next time
  --project-ref <ref>      the project (SUPABASE_PROJECT_ID); by default the linked one
  --db-url <url>           its database's address (SUPABASE_DB_URL), if the reference is not enough to reach it
  --yes                    replaces other values of the secrets, or another function of this name, without asking
  --workdir, --dry-run, --json

With ${PROVIDER.variables.fullKey} in the environment, a key with full access that is kept nowhere, the command sets up the webhook by which
${PROVIDER.name} reports what happened to each mail. Without it, the command says what to click.
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
  direct: { type: "boolean" },
  "with-yours": { type: "boolean" },
  "use-api": { type: "boolean" },
  "function-name": { type: "string" },
  "events-function-name": { type: "string" },
  "without-events": { type: "boolean" },
  "project-ref": { type: "string" },
  "db-url": { type: "string" },
};

/**
 * @typedef {object} Deployment
 * @property {import("./cli.js").Cli} cli @property {import("./cli.js").Target} target @property {string} ref @property {string} name of the function that sends
 * @property {Record<string, string | undefined>} env @property {import("./terminal.js").Terminal} terminal
 */

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env: given }) {
  const pack = openPackage();
  const source = values.direct ? directSource({ pack, cwd, values }) : projectSource({ pack, cwd, values });
  const { root, version } = source;
  if (version !== pack.version) terminal.say(`Note: the project has email-queue ${version}, and this package is ${pack.version}. To upgrade: email-queue upgrade`);

  const templates = readTemplates(root);
  const file = envFile(root, given);
  const env = variables({ root, given, values, linked: source.linked });
  const made = !env[SECRET];
  if (made) env[SECRET] = newSecret();
  const ref = env.SUPABASE_PROJECT_ID ?? "";
  /** @type {Omit<Deployment, "name">} */
  const place = { cli: findCli(root, env), target: env.SUPABASE_DB_URL ? { url: env.SUPABASE_DB_URL } : { ref }, ref, env, terminal };
  terminal.say(`Looking at the project ${ref} …`);
  const remote = await readRemote(place.cli, place.target, pack.functions());
  const functions = source.functions(remote, env);
  const leftOut = values.direct === true && values["without-events"] === true && env[EVENTS] !== "off";
  const [name = FUNCTION, events] = functions.map((one) => one.name);
  /** @type {Deployment} */
  const to = { ...place, name };
  const project = readProject(env, name, events);
  await checkApi(project, remote.installed);
  const { added, changed } = await differing(project, remote, templates);
  const schema = source.schema(remote);
  const present = await list(to, "secrets");
  const asked = events !== undefined && project.fullKey !== undefined;
  const webhook = asked ? await findWebhook(project) : null;
  // Two are there while it is changed.
  const kept = env[WEBHOOK_SECRET];
  if (webhook?.signing_secret && !kept?.includes(webhook.signing_secret)) env[WEBHOOK_SECRET] = webhook.signing_secret;
  const secrets = compareSecrets(env, present);
  const own = remote.installed !== null && (remote.functionName === null || remote.functionName === name);
  // The database does not call the function of reports: how it answers tells whose it is.
  const ownEvents = events !== undefined && remote.installed !== null && await isOurs(project);
  const strange = functions.filter(({ kind }) => kind === FUNCTION ? !own : !ownEvents).map((one) => one.name);
  const foreign = strange.length === 0 ? [] : (await list(to, "functions")).map(({ slug }) => slug).filter((slug) => strange.includes(slug));

  terminal.say(`email-queue ${version}, from ${source.label} to the project ${ref} (${env.SUPABASE_URL}):`);
  for (const line of [
    ...schema.lines,
    ...secrets.added.map((one) => `set     the secret ${one}${one === SECRET && made ? `: a new one, which is written into ${file.startsWith(root + path.sep) ? path.relative(root, file) : file}` : ""}`),
    ...secrets.replaced.map((one) => `replace the secret ${one}: the project has another value`),
    ...functions.map((one) => `deploy  the function ${one.name}${foreign.includes(one.name) ? ", replacing the one that is there" : ""}`),
    ...(asked ? webhookLines(project, webhook) : []),
    ...(leftOut ? [`note    ${EVENTS}=off in .env: the next deployment leaves out the function of reports too`] : []),
    "connect default sender, Vault, schedule, wake-up",
    ...added.map((one) => `store   the template ${labelOf(one)}`),
    ...changed.map((one) => `change  the template ${labelOf(one)}`),
  ]) terminal.say(`  ${line}`);
  for (const note of source.notes) terminal.say(`\n${note}`);
  const tell = (/** @type {boolean} */ done) => {
    if (terminal.json) terminal.print(JSON.stringify({ done, project: ref, function: name, events: events ?? null, migrations: { ours: schema.ours, yours: schema.yours }, secrets, templates: [...added, ...changed].map(labelOf) }, null, 2));
  };
  if (schema.refusal) {
    tell(false);
    throw schema.refusal;
  }
  if (terminal.dry) {
    terminal.say("\nNothing was changed (--dry-run).");
    return tell(false);
  }
  await agree(to, secrets.replaced, foreign);

  if (made) keep(file, SECRET, env[SECRET] ?? "");
  if (leftOut) keep(file, EVENTS, "off");
  await schema.apply(to);
  if (asked) {
    step(to, "Webhook");
    const secret = await setWebhook(project, webhook);
    if (!webhook && secret) {
      env[WEBHOOK_SECRET] = secret;
      secrets.added = [...new Set([...secrets.added, WEBHOOK_SECRET])];
    }
  }
  await setSecrets(to, [...new Set([...secrets.added, ...secrets.replaced])]);
  await source.withFunctions(functions, async (workdir) => {
    for (const one of functions) await deployFunction(to, one.name, { workdir, useApi: values["use-api"] === true });
  });
  step(to, "Sender, Vault and schedule");
  const deployed = readProject(env, name, events);
  await connect(deployed, (text) => terminal.say(text));
  if (added.length + changed.length > 0) {
    step(to, "Templates");
    await putTemplates(deployed, [...added, ...changed], (text) => terminal.say(text));
  }
  step(to, "Doctor");
  const release = { ...releaseOf(pack, given, values.direct ? name : undefined), version, where: values.direct ? "this package" : "this project" };
  if (await report(deployed, { call: true, release, root, print: (text) => terminal.say(text) }) !== 0) {
    throw new CommandError("it is deployed, but the doctor found faults", "apply the remedies above, then repeat the command");
  }
  if (kept && kept !== env[WEBHOOK_SECRET]) terminal.say(`\n${WEBHOOK_SECRET} of .env is not the webhook's signing secret, which the project has now. Remove it from .env, or put that one there.`);
  if (events && !asked && !env[WEBHOOK_SECRET] && !present.some((one) => one.name === WEBHOOK_SECRET)) terminal.say(`\n${byHand(project)}`);
  tell(true);
}

const WEBHOOK_SECRET = PROVIDER.variables.webhookSecret;

/**
 * A database without the functions has no templates either.
 * @param {ReturnType<typeof readProject>} project @param {import("./remote.js").Remote} remote @param {import("./template-files.js").Template[]} templates
 */
async function differing(project, { installed }, templates) {
  if (templates.length === 0 || installed === null) return { added: templates, changed: [] };
  try {
    return await compareTemplates(project, templates);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    if (error.code === "PGRST202") return { added: templates, changed: [] };
    throw new CommandError(`${error.message}. Nothing was changed`, error.remedy);
  }
}

/** Of the plan. @param {ReturnType<typeof readProject>} project @param {import("./webhook.js").Webhook | null} webhook */
function webhookLines({ eventsUrl }, webhook) {
  if (!webhook) return [`create  the webhook to ${eventsUrl}, at ${PROVIDER.name}`];
  const { events, status } = changesOf(webhook);
  const what = [...(events ? ["its events"] : []), ...(status ? ["enable it"] : [])];
  return what.length > 0 ? [`change  the webhook to ${eventsUrl}, at ${PROVIDER.name}: ${what.join(", ")}`] : [];
}

/**
 * Those of .env and of the environment, checked; the project is the linked one unless they name another.
 * @param {{root: string, given: Record<string, string | undefined>, values: Record<string, any>, linked: string | undefined}} from
 * @returns {Record<string, string | undefined>}
 */
function variables({ root, given, values, linked }) {
  /** @type {Record<string, string | undefined>} */
  const env = environment(root, given);
  if (values["project-ref"]) env.SUPABASE_PROJECT_ID = values["project-ref"];
  if (values["db-url"]) env.SUPABASE_DB_URL = values["db-url"];
  env.SUPABASE_PROJECT_ID ??= linked;
  if (env.SUPABASE_PROJECT_ID) env.SUPABASE_URL ??= `https://${env.SUPABASE_PROJECT_ID}.supabase.co`;
  checkVariables(env, apiOf(env));
  return env;
}

/** What is another's is not overwritten without a question. @param {Deployment} to @param {string[]} replaced @param {string[]} foreign */
async function agree({ terminal, name: own }, replaced, foreign) {
  const refused = (/** @type {string} */ remedy) => new CommandError("Nothing was changed", remedy);
  if (replaced.length > 0 && !await terminal.confirm(`The project's ${replaced.join(", ")} ${replaced.length > 1 ? "have other values" : "has another value"} than .env. Replace?`)) {
    throw refused("put the project's own values into .env; PROCESS_EMAIL_QUEUE_SECRET is in the .env of the first deployment, and in Vault as email_queue_secret");
  }
  for (const name of foreign) {
    const why = name === own ? "that its database does not call" : "that does not answer as the queue's";
    if (await terminal.confirm(`The project has a function ${name} ${why}. Replace the function?`)) continue;
    throw refused("choose another name for the queue's function: --function-name or --events-function-name, at init or with --direct");
  }
}
