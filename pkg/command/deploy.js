// email-queue deploy: brings what init wrote into the project, or with --direct what the package has. It checks everything first. Then it
// takes the steps, and stops at the first that fails.
import path from "node:path";
import { apiOf } from "./api.js";
import { findCli } from "./cli.js";
import { checkApi, connect } from "./connect.js";
import { readProject } from "./deployed.js";
import { deployFunction, list, setSecrets, step } from "./deploy-steps.js";
import { directSource, projectSource } from "./deploy-source.js";
import { releaseOf, report } from "./doctor.js";
import { envFile, environment } from "./env.js";
import { FUNCTION } from "./function.js";
import { openPackage } from "./package.js";
import { readRemote } from "./remote.js";
import { SECRET, compareSecrets, keepSecret, newSecret } from "./secrets.js";
import { CommandError } from "./terminal.js";
import { checkVariables } from "./variables.js";

export const help = `Usage: email-queue deploy [options]

Brings the queue from this folder into the project: migrations, the function's secrets, the function, the default sender, Vault, the
schedule; then asks the doctor. You can run it again at any time: it changes only what differs. It stops at the first failure and says
what to do. It reads .env; variables of the environment win. No secret is on a command line or in the output.

  --direct                 for a project that is kept in the dashboard, without a repository: installs the package's own schema and
                           function, or upgrades to them, and writes no migration
  --with-yours             pushes your own pending migrations too; without it, the command stops if there are any
  --use-api                lets Supabase bundle the function, even if Docker is running
  --function-name <name>   which function, if the project has two copies of it; with --direct: another name for the function
  --project-ref <ref>      the project (SUPABASE_PROJECT_ID); by default the linked one
  --db-url <url>           its database's address (SUPABASE_DB_URL), if the reference is not enough to reach it
  --yes                    replaces other values of the secrets, or another function of this name, without asking
  --workdir, --dry-run, --json
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
  direct: { type: "boolean" },
  "with-yours": { type: "boolean" },
  "use-api": { type: "boolean" },
  "function-name": { type: "string" },
  "project-ref": { type: "string" },
  "db-url": { type: "string" },
};

/**
 * @typedef {object} Deployment
 * @property {import("./cli.js").Cli} cli @property {import("./cli.js").Target} target @property {string} ref @property {string} name of the function
 * @property {Record<string, string | undefined>} env @property {import("./terminal.js").Terminal} terminal
 */

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env: given }) {
  const pack = openPackage();
  const source = values.direct ? directSource({ pack, cwd, values }) : projectSource({ pack, cwd, values });
  const { root, version } = source;
  if (version !== pack.version) terminal.say(`Note: the project has email-queue ${version}, and this package is ${pack.version}. To upgrade: email-queue upgrade`);

  const file = envFile(root, given);
  const env = variables({ root, given, values, linked: source.linked });
  const made = !env[SECRET];
  if (made) env[SECRET] = newSecret();
  const ref = env.SUPABASE_PROJECT_ID ?? "";
  /** @type {Omit<Deployment, "name">} */
  const place = { cli: findCli(root, env), target: env.SUPABASE_DB_URL ? { url: env.SUPABASE_DB_URL } : { ref }, ref, env, terminal };
  terminal.say(`Looking at the project ${ref} …`);
  const remote = await readRemote(place.cli, place.target, pack.functions());
  const name = source.name ?? remote.functionName ?? FUNCTION;
  /** @type {Deployment} */
  const to = { ...place, name };
  await checkApi(readProject(env, name), remote.installed);
  const schema = source.schema(remote);
  const secrets = compareSecrets(env, await list(to, "secrets"));
  const own = remote.installed !== null && (remote.functionName === null || remote.functionName === name);
  const foreign = !own && (await list(to, "functions")).some(({ slug }) => slug === name);

  terminal.say(`email-queue ${version}, from ${source.label} to the project ${ref} (${env.SUPABASE_URL}):`);
  for (const line of [
    ...schema.lines,
    ...secrets.added.map((one) => `set     the secret ${one}${one === SECRET && made ? `: a new one, which is written into ${file.startsWith(root + path.sep) ? path.relative(root, file) : file}` : ""}`),
    ...secrets.replaced.map((one) => `replace the secret ${one}: the project has another value`),
    `deploy  the function ${name}${foreign ? ", replacing the one that is there" : ""}`,
    "connect default sender, Vault, schedule, wake-up",
  ]) terminal.say(`  ${line}`);
  for (const note of source.notes) terminal.say(`\n${note}`);
  const tell = (/** @type {boolean} */ done) => {
    if (terminal.json) terminal.print(JSON.stringify({ done, project: ref, function: name, migrations: { ours: schema.ours, yours: schema.yours }, secrets }, null, 2));
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

  if (made) keepSecret(file, env[SECRET] ?? "");
  await schema.apply(to);
  await setSecrets(to, [...secrets.added, ...secrets.replaced]);
  await source.withFunction(name, (workdir) => deployFunction(to, { workdir, useApi: values["use-api"] === true }));
  step(to, "Sender, Vault and schedule");
  const deployed = readProject(env, name);
  await connect(deployed, (text) => terminal.say(text));
  step(to, "Doctor");
  const release = { ...releaseOf(pack, given, values.direct ? name : undefined), version, where: values.direct ? "this package" : "this project" };
  if (await report(deployed, { call: true, release, print: (text) => terminal.say(text) }) !== 0) {
    throw new CommandError("it is deployed, but the doctor found faults", "apply the remedies above, then repeat the command");
  }
  tell(true);
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

/** What is another's is not overwritten without a question. @param {Deployment} to @param {string[]} replaced @param {boolean} foreign */
async function agree({ terminal, name }, replaced, foreign) {
  const refused = (/** @type {string} */ remedy) => new CommandError("Nothing was changed", remedy);
  if (replaced.length > 0 && !await terminal.confirm(`The project's ${replaced.join(", ")} ${replaced.length > 1 ? "have other values" : "has another value"} than .env. Replace?`)) {
    throw refused("put the project's own values into .env; PROCESS_EMAIL_QUEUE_SECRET is in the .env of the first deployment, and in Vault as email_queue_secret");
  }
  if (foreign && !await terminal.confirm(`The project has a function ${name} that its database does not call. Replace the function?`)) {
    throw refused("choose another name for the queue's function: --function-name, at init or with --direct");
  }
}
