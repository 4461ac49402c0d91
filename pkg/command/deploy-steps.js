// The steps of a deployment that are calls of the Supabase CLI.
import { spawnSync } from "node:child_process";
import { reason, rowsOf } from "./cli.js";
import { withPrivateFile } from "./files.js";
import { secretFile } from "./secrets.js";
import { CommandError } from "./terminal.js";

/** @typedef {import("./deploy.js").Deployment} Deployment */

/** @param {Deployment} to @param {string} name */
export const step = ({ terminal }, name) => terminal.say(`== ${name}`);

/** @param {Pick<Deployment, "cli" | "ref">} to @param {"secrets" | "functions"} what @returns {Promise<any[]>} */
export async function list({ cli, ref }, what) {
  const { status, stdout, stderr } = await cli.run([what, "list", "--output", "json", ...cli.project(ref)]);
  const permission = what === "secrets" ? "edge_functions_secrets_read" : "edge_functions_read";
  if (status !== 0) throw new CommandError(`the project's ${what} cannot be listed: ${reason(stderr || stdout)}. Nothing was changed`, `log in (supabase login), or set SUPABASE_ACCESS_TOKEN to a token with the permission ${permission} for this project`);
  return rowsOf(stdout);
}

/** @param {Deployment} to */
export async function push(to) {
  step(to, "Migrations");
  const { flags, env } = to.cli.database(to.target);
  const { status, stderr, stdout } = await to.cli.run(["db", "push", ...flags], { env, show: true });
  if (status === 0) return;
  const said = stdout + stderr;
  throw new CommandError("the migrations were not applied (the reason is above)", /--include-all/.test(said)
    ? `the database has newer migrations already. If these may be applied after them: supabase db push --include-all${to.cli.isNew ? " --remote" : ""}; then repeat the command`
    : /email_queue: /.test(said) ? "do what the message says, then repeat the command"
    : "if the token may not make a temporary login, set SUPABASE_DB_PASSWORD. If the database is not reached, or the CLI asks for the connection pooler's URL, set SUPABASE_DB_URL to that URL (dashboard, Connect, Session pooler). Then repeat the command");
}

/** @param {Deployment} to @param {string[]} names */
export async function setSecrets(to, names) {
  if (names.length === 0) return;
  step(to, `Secrets of the function: ${names.join(" ")}`);
  const { status } = await withPrivateFile("secrets", secretFile(names, to.env), (file) => to.cli.run(["secrets", "set", "--env-file", file, ...to.cli.project(to.ref)], { show: true }));
  if (status !== 0) throw new CommandError("the secrets were not set", "the token needs the permission edge_functions_secrets_write for this project; then repeat the command");
}

/** @param {Deployment} to @param {string} name @param {{workdir: string, useApi: boolean}} how workdir: the folder whose supabase/functions has it */
export async function deployFunction(to, name, { workdir, useApi }) {
  step(to, `Function ${name}`);
  const bundled = useApi || spawnSync("docker", ["info"], { stdio: "ignore" }).status !== 0;
  // Calls of pg_net and of the provider carry no JWT, and a publishable key would pass Supabase's check: each function checks its callers itself.
  const { status } = await to.cli.run(["functions", "deploy", name, "--no-verify-jwt", ...bundled ? ["--use-api"] : [], ...to.cli.project(to.ref)], { show: true, workdir });
  if (status !== 0) throw new CommandError("the function was not deployed (the reason is above)", "the token needs the permission edge_functions_write for this project; then repeat the command");
}
