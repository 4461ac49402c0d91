// email-queue deploy: brings what init wrote into the project. It checks everything first. Then it takes the steps, and stops at the first
// that fails.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { findCli } from "./cli.js";
import { connect } from "./connect.js";
import { readProject } from "./deployed.js";
import { defined, releaseOf, report } from "./doctor.js";
import { envFile, missingVariables } from "./env.js";
import { withPrivateFile } from "./files.js";
import { examineFolder } from "./function.js";
import { functionName, refuseTaken } from "./init.js";
import { openPackage } from "./package.js";
import { pendingOf } from "./pending.js";
import { findProject, linkedRef, refuseTwice, versionOf } from "./project.js";
import { readRemote } from "./remote.js";
import { SECRET, compareSecrets, keepSecret, newSecret, secretFile } from "./secrets.js";
import { CommandError } from "./terminal.js";
import { checkVariables } from "./variables.js";

export const help = `Usage: email-queue deploy [options]

Brings the queue from this folder into the project: migrations, the function's secrets, the function, the default sender, Vault, the
schedule; then asks the doctor. You can run it again at any time: it changes only what differs. It stops at the first failure and says
what to do. It reads .env; variables of the environment win. No secret is on a command line or in the output.

  --with-yours             pushes your own pending migrations too; without it, the command stops if there are any
  --use-api                has Supabase bundle the function, even where Docker is running
  --function-name <name>   which function, if the project has two copies of it
  --project-ref <ref>      the project (SUPABASE_PROJECT_ID); by default the linked one
  --db-url <url>           its database's address (SUPABASE_DB_URL), if the reference is not enough to reach it
  --yes                    replaces other values of the secrets, or another function of this name, without asking
  --workdir, --dry-run, --json
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
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
  const project = findProject(cwd, values.workdir);
  refuseTwice(project.migrations);
  const pack = openPackage();
  const name = functionName(project, pack, values["function-name"]);
  const version = versionOf(project.migrations);
  const { owner } = examineFolder(path.join(project.supabase, "functions", name), pack.functionFiles());
  if (version === undefined || owner !== "ours") throw new CommandError(version === undefined ? "no migration of this project installs the queue" : `supabase/functions/${name} is not the queue's`, "email-queue init writes it");
  if (version !== pack.version) terminal.say(`Note: the project has email-queue ${version}, and this package is ${pack.version}. To upgrade: email-queue upgrade`);

  const file = envFile(project.root, given);
  const env = variables({ file, given, values, linked: linkedRef(project.supabase) });
  const made = !env[SECRET];
  if (made) env[SECRET] = newSecret();
  const ref = env.SUPABASE_PROJECT_ID ?? "";
  /** @type {Deployment} */
  const to = { cli: findCli(project.root, env), target: env.SUPABASE_DB_URL ? { url: env.SUPABASE_DB_URL } : { ref }, ref, name, env, terminal };
  terminal.say(`Looking at the project ${ref} …`);
  const remote = await readRemote(to.cli, to.target, pack.functions());
  refuseTaken({ project, pack, remote, name, owner });
  const { ours, yours } = pendingOf(project.migrations, remote.history);
  const secrets = compareSecrets(env, await list(to, "secrets"));
  const foreign = remote.installed === null && (await list(to, "functions")).some(({ slug }) => slug === name);

  const plan = [
    ...ours.map(({ file: one }) => `push    supabase/migrations/${one}`),
    ...yours.map(({ file: one }) => `${values["with-yours"] ? "push  " : "keep  "}  supabase/migrations/${one} (yours)`),
    ...secrets.added.map((one) => `set     the secret ${one}${one === SECRET && made ? `: a new one, which is written into ${path.relative(project.root, file)}` : ""}`),
    ...secrets.replaced.map((one) => `replace the secret ${one}: the project has another value`),
    `deploy  the function ${name}${foreign ? ", replacing the one that is there" : ""}`,
    "connect default sender, Vault, schedule, wake-up",
  ];
  terminal.say(`email-queue ${version}, from ${project.root} to the project ${ref}:`);
  for (const line of plan) terminal.say(`  ${line}`);
  const tell = (/** @type {boolean} */ done) => {
    const files = (/** @type {{file: string}[]} */ migrations) => migrations.map((one) => one.file);
    if (terminal.json) terminal.print(JSON.stringify({ done, project: ref, function: name, migrations: { ours: files(ours), yours: files(yours) }, secrets }, null, 2));
  };
  if (yours.length > 0 && !values["with-yours"]) {
    tell(false);
    throw new CommandError(`some of your own migrations are not pushed yet: ${yours.map((one) => one.file).join(", ")}. Nothing was changed`, "push them together with the queue's: email-queue deploy --with-yours; or push them first: supabase db push");
  }
  if (terminal.dry) {
    terminal.say("\nNothing was changed (--dry-run).");
    return tell(false);
  }
  await agree(to, secrets.replaced, foreign);

  if (made) keepSecret(file, env[SECRET] ?? "");
  if (ours.length + yours.length > 0) await push(to);
  await setSecrets(to, [...secrets.added, ...secrets.replaced]);
  await deployFunction(to, values["use-api"]);
  step(to, "Sender, Vault and schedule");
  const deployed = readProject(env, name);
  await connect(deployed, (text) => terminal.say(text));
  step(to, "Doctor");
  if (await report(deployed, { call: true, release: { ...releaseOf(pack), version, where: "this project" }, print: (text) => terminal.say(text) }) !== 0) {
    throw new CommandError("it is deployed, but the doctor found faults", "apply the remedies above, then repeat the command");
  }
  tell(true);
}

/**
 * Those of .env and of the environment, checked; the project is the linked one unless they name another.
 * @param {{file: string, given: Record<string, string | undefined>, values: Record<string, any>, linked: string | undefined}} from
 * @returns {Record<string, string | undefined>}
 */
function variables({ file, given, values, linked }) {
  /** @type {Record<string, string | undefined>} */
  const env = { ...Object.fromEntries(missingVariables(file, given)), ...defined(given) };
  if (values["project-ref"]) env.SUPABASE_PROJECT_ID = values["project-ref"];
  if (values["db-url"]) env.SUPABASE_DB_URL = values["db-url"];
  env.SUPABASE_PROJECT_ID ??= /^https:\/\/([a-z]{20})\.supabase\.co\/?$/.exec(env.SUPABASE_URL ?? "")?.[1] ?? linked;
  if (env.SUPABASE_PROJECT_ID) env.SUPABASE_URL ??= `https://${env.SUPABASE_PROJECT_ID}.supabase.co`;
  checkVariables(env);
  return env;
}

/** @param {Deployment} to @param {"secrets" | "functions"} what @returns {Promise<any[]>} */
async function list({ cli, ref }, what) {
  const { status, stdout, stderr } = await cli.run([what, "list", "--output", "json", ...cli.project(ref)]);
  const permission = what === "secrets" ? "edge_functions_secrets_read" : "edge_functions_read";
  if (status !== 0) throw new CommandError(`the project's ${what} cannot be listed: ${stderr.trim().split("\n").at(-1)}. Nothing was changed`, `log in (supabase login), or set SUPABASE_ACCESS_TOKEN to a token with the permission ${permission} for this project`);
  const rows = JSON.parse(stdout || "[]");
  return Array.isArray(rows) ? rows : [];
}

/** What is another's is not overwritten without a question. @param {Deployment} to @param {string[]} replaced @param {boolean} foreign */
async function agree({ terminal, name }, replaced, foreign) {
  const refused = (/** @type {string} */ remedy) => new CommandError("Nothing was changed", remedy);
  if (replaced.length > 0 && !await terminal.confirm(`The project's ${replaced.join(", ")} ${replaced.length > 1 ? "have other values" : "has another value"} than .env. Replace?`)) {
    throw refused("put the project's own values into .env; PROCESS_EMAIL_QUEUE_SECRET is in the .env of the first deployment, and in Vault as email_queue_secret");
  }
  if (foreign && !await terminal.confirm(`The project has a function ${name}, but no queue in its database. Replace the function?`)) {
    throw refused("rename supabase/functions/<name> and its section of supabase/config.toml");
  }
}

/** @param {Deployment} to @param {string} name */
const step = ({ terminal }, name) => terminal.say(`== ${name}`);

/** @param {Deployment} to */
async function push(to) {
  step(to, "Migrations");
  const { flags, env } = to.cli.database(to.target);
  const { status, stderr, stdout } = await to.cli.run(["db", "push", ...flags], { env, show: true });
  if (status === 0) return;
  throw new CommandError("the migrations were not applied (the reason is above)", /--include-all/.test(stdout + stderr)
    ? "the database has newer migrations already. If these may be applied after them: supabase db push --include-all; then repeat the command"
    : "if the token may not make a temporary login, set SUPABASE_DB_PASSWORD. If the database is not reached, or the CLI asks for the connection pooler's URL, set SUPABASE_DB_URL to that URL (dashboard, Connect, Session pooler). Then repeat the command");
}

/** @param {Deployment} to @param {string[]} names */
async function setSecrets(to, names) {
  if (names.length === 0) return;
  step(to, `Secrets of the function: ${names.join(" ")}`);
  const { status } = await withPrivateFile("secrets", secretFile(names, to.env), (file) => to.cli.run(["secrets", "set", "--env-file", file, ...to.cli.project(to.ref)], { show: true }));
  if (status !== 0) throw new CommandError("the secrets were not set", "the token needs the permission edge_functions_secrets_write for this project; then repeat the command");
}

/** @param {Deployment} to @param {boolean} useApi */
async function deployFunction(to, useApi) {
  step(to, `Function ${to.name}`);
  const bundled = useApi || spawnSync("docker", ["info"], { stdio: "ignore" }).status !== 0;
  // pg_net's calls carry no JWT, and a publishable key would pass Supabase's check: the function checks its callers itself.
  const { status } = await to.cli.run(["functions", "deploy", to.name, "--no-verify-jwt", ...bundled ? ["--use-api"] : [], ...to.cli.project(to.ref)], { show: true });
  if (status !== 0) throw new CommandError("the function was not deployed (the reason is above)", "the token needs the permission edge_functions_write for this project; then repeat the command");
}
