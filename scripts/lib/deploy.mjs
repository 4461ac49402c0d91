// supabase/functions/deploy.sh: migrations, secrets, the function, the default sender, Vault, the schedule; then the doctor.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { connect } from "../../src/js/command/connect.js";
import { readProject } from "../../src/js/command/deployed.js";
import { report } from "../../src/js/command/doctor.js";
import { envFile, missingVariables } from "../../src/js/command/env.js";
import { FUNCTION } from "../../src/js/command/function.js";
import { SECRET, keepSecret, newSecret, secretFile, secretNames } from "../../src/js/command/secrets.js";
import { CommandError } from "../../src/js/command/terminal.js";
import { FUNCTION_VARIABLES, TOKENS, checkVariables } from "../../src/js/command/variables.js";
import { ROOT, findOnPath, outputOf } from "./host.mjs";
import { missingImports } from "./imports.mjs";
import { isStopping, startProcess, stopAll, tempFolder } from "./processes.mjs";
import { release } from "./release.mjs";

const HELP = `supabase/functions/deploy.sh [options]

Deploys all of it: migrations, secrets, the function, the default sender, Vault, the schedule; then asks the doctor. You can run
it again at any time: it changes only what differs. It stops at the first failure and says what to do. It reads .env (see
.env.example); variables of the environment win.

  --dry-run            checks tools and variables, shows which migrations would be applied
  --skip-migrations    if they were applied by other means
  --use-api            has Supabase bundle the function, even where Docker is running

Needs the Supabase CLI 3 (or npx) and Node 20 (or Deno 2). Secrets go to children by their environment and by a file that only
you can read: never on a command line, never into the output.
`;

/** The version that is tested; npx brings it where the machine has none. */
const CLI_VERSION = "3.1.0";
const ENV_FILE = envFile(ROOT);

/** @typedef {{"dry-run": boolean, "skip-migrations": boolean, "use-api": boolean, help: boolean}} Options */

const say = (/** @type {string} */ text) => void process.stderr.write(`${text}\n`);
const step = (/** @type {string} */ name) => say(`== ${name}`);

try {
  const options = readOptions();
  if (options.help) process.stdout.write(HELP);
  else await deploy(options);
} catch (error) {
  if (isStopping()) await new Promise(() => {});
  say(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await stopAll();
}

/** @returns {Options} */
function readOptions() {
  const flag = { type: /** @type {const} */ ("boolean"), default: false };
  try {
    return parseArgs({ options: { "dry-run": flag, "skip-migrations": flag, "use-api": flag, help: { ...flag, short: "h" } } }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error} (see --help)`);
  }
}

/** @param {Options} options */
async function deploy(options) {
  for (const [name, value] of missingVariables(ENV_FILE)) process.env[name] = value;
  const dryRun = options["dry-run"];

  step("Variables and tools");
  const database = checkVariables();
  say(`project ${process.env.SUPABASE_PROJECT_ID}`);
  const cli = findCli();
  checkFunction();
  if (!process.env.SUPABASE_ACCESS_TOKEN && outputOf(cli[0] ?? "", [...cli.slice(1), "projects", "list", "--workdir", ROOT]) === null) {
    throw new Error(`SUPABASE_ACCESS_TOKEN is not set, and the Supabase CLI is not logged in: make a token at ${TOKENS}, or run: supabase login`);
  }
  makeSecret(dryRun);

  step(dryRun ? "Migrations that would be applied" : "Migrations");
  if (options["skip-migrations"]) say("skipped");
  else await pushMigrations(cli, database, dryRun ? ["--dry-run"] : []);
  if (dryRun) return say(`Nothing was changed. Next: secrets (${secretNames(process.env).join(" ")}), the function ${FUNCTION}, sender, Vault, schedule, doctor.`);

  step(`Secrets of the function: ${secretNames(process.env).join(" ")}`);
  await setSecrets(cli);
  step("Function");
  await deployFunction(cli, options["use-api"]);
  step("Sender, Vault and schedule");
  await connect(readProject(), say).catch((error) => {
    if (!(error instanceof CommandError)) throw error;
    say(`error: ${error.message}${error.remedy ? `\n   → ${error.remedy}` : ""}`);
    throw new Error("No step after this one was done. Correct the error, then run deploy.sh again.");
  });
  step("Doctor");
  if (await report(readProject(), { call: true, release: release(), print: say }) !== 0) throw new Error("It is deployed, but the doctor found faults: the remedies are above.");
}

/** @returns {string[]} the program and its first arguments */
function findCli() {
  const version = findOnPath("supabase") && outputOf("supabase", ["--version"]);
  if (version && Number.parseInt(version) >= 3) {
    say(`Supabase CLI ${version}`);
    return ["supabase"];
  }
  if (!findOnPath("npx")) throw new Error(`the Supabase CLI 3 is missing: npm install --global supabase@${CLI_VERSION} (or see https://supabase.com/docs/guides/cli)`);
  say(`Supabase CLI ${CLI_VERSION} through npx`);
  return ["npx", "--yes", `supabase@${CLI_VERSION}`];
}

/** The CLI only warns of a file that is not there, and uploads the others. */
function checkFunction() {
  const missing = missingImports(path.join(ROOT, "supabase/functions", FUNCTION, "index.ts"));
  const named = (/** @type {string} */ file) => path.relative(ROOT, file);
  for (const { file, importer } of missing) {
    const by = importer === null ? "the deployment" : named(importer);
    say(`error: ${named(file)} is missing, and ${by} needs it: git checkout ${named(file)} (a file of pkg/: scripts/build)`);
  }
  if (missing.length > 0) throw new Error("files of the function are missing. Nothing was changed.");
}

/** Makes a missing secret, and keeps it in .env. @param {boolean} dryRun */
function makeSecret(dryRun) {
  if (process.env[SECRET]) return;
  const file = path.relative(ROOT, ENV_FILE);
  if (dryRun) return say(`${SECRET} is not set: a new one will be written into ${file}`);
  process.env[SECRET] = newSecret();
  keepSecret(ENV_FILE, process.env[SECRET]);
  say(`${SECRET} is new, and was written into ${file}`);
}

/** @param {string[]} cli @param {ReturnType<typeof checkVariables>} database @param {string[]} options */
async function pushMigrations(cli, database, options) {
  const target = database?.target ?? process.env.SUPABASE_PROJECT_ID;
  /** @type {Record<string, string>} */
  const env = database?.password ? { PGPASSWORD: database.password } : {};
  const { code, output } = await supabase(cli, ["db", "push", "--yes", `--remote=${target}`, ...options], env);
  if (code === 0) return;
  if (output.includes("Remote migration versions not found")) refuseForeignHistory();
  throw new Error("the migrations were not applied (the reason is above). If the token may not make a temporary login, set SUPABASE_DB_PASSWORD. If the database is not reached, or the CLI asks for the connection pooler's URL, set SUPABASE_DB_URL to that URL (see .env.example)");
}

/** The CLI compares the project's history with one folder, and its own advice would take the user's rows out of it. @returns {never} */
function refuseForeignHistory() {
  say(`
The project has migrations of its own, which are not in this repository. So the CLI does not apply the queue's. Nothing was changed.
Do NOT run 'supabase migration repair --status reverted', as the CLI advises: it removes your own migrations from the
project's history, and the next 'supabase db push' from your repository would run them again.
Instead, apply the SQL as the role postgres, each file as a whole, in the order of the names. The database's address is in the
dashboard (Connect); psql asks for the password:
  cat supabase/migrations/*_*.sql | psql --single-transaction -v ON_ERROR_STOP=1 'postgresql://postgres@<host>:5432/postgres'
then deploy the rest with: supabase/functions/deploy.sh --skip-migrations`);
  throw new Error("the migrations were not applied: the project's history has migrations that are not here");
}

/** @param {string[]} cli */
async function setSecrets(cli) {
  const folder = tempFolder("secrets");
  const file = path.join(folder.path, "secrets");
  fs.writeFileSync(file, secretFile(FUNCTION_VARIABLES, process.env), { mode: 0o600 });
  const { code } = await supabase(cli, ["secrets", "set", "--env-file", file, "--yes", `--remote=${process.env.SUPABASE_PROJECT_ID}`]);
  folder.remove();
  if (code !== 0) throw new Error("the secrets were not set: the token needs the permission edge_functions_secrets_write for this project");
}

/** @param {string[]} cli @param {boolean} useApi */
async function deployFunction(cli, useApi) {
  // pg_net's calls carry no JWT, and a publishable key would pass Supabase's check: the function checks its callers itself.
  const options = ["--yes", "--no-verify-jwt"];
  if (useApi || outputOf("docker", ["info"]) === null) {
    options.push("--use-api");
    say("bundled by Supabase (no Docker)");
  }
  const { code } = await supabase(cli, ["functions", "deploy", FUNCTION, ...options, `--remote=${process.env.SUPABASE_PROJECT_ID}`]);
  if (code !== 0) throw new Error("the function was not deployed: the token needs the permission edge_functions_write for this project");
}

/** @param {string[]} cli @param {string[]} args @param {Record<string, string>} [env] */
async function supabase([program = "", ...first], args, env = {}) {
  const { exited, output } = await startProcess({
    name: "the Supabase CLI",
    program,
    args: [...first, ...args, "--workdir", ROOT],
    env: { ...process.env, DO_NOT_TRACK: "1", ...env },
    onOutput: (text) => void process.stderr.write(text),
  });
  return { code: (await exited).code, output: output() };
}
