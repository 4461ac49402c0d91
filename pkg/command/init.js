// email-queue init: the queue in the user's repository.
import path from "node:path";
import { carryOut } from "./carry.js";
import { findCli } from "./cli.js";
import { environment } from "./env.js";
import { examineFolder, FUNCTION, isFunctionName, ownFunctions } from "./function.js";
import { takenNames } from "./names.js";
import { compareVersions, openPackage } from "./package.js";
import { configuration, declaredSchema, editedMigrations, functionFolder, lines, migrationName, newMigrations } from "./parts.js";
import { unmarked } from "./pending.js";
import { findProject, linkedRef, refuseTwice, versionOf } from "./project.js";
import { markApplied, readRemote } from "./remote.js";
import { CommandError } from "./terminal.js";

export const help = `Usage: email-queue init [options]

Writes into this project: one migration, supabase/functions/${FUNCTION}/, its section of supabase/config.toml, and lines of
.env.example and .gitignore. It does not change the database, except that it marks the migration as applied if the queue was installed
there directly. A second run changes nothing.

  --function-name <name>   another name for the function, if you have a ${FUNCTION} of your own
  --project-ref <ref>      the project (SUPABASE_PROJECT_ID); by default the linked one. The new migration's number comes after its migrations
  --db-url <url>           or its database's address (SUPABASE_DB_URL)
  --offline                asks no database
  --workdir, --dry-run, --yes
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
  "function-name": { type: "string" },
  "project-ref": { type: "string" },
  "db-url": { type: "string" },
  offline: { type: "boolean" },
};

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env }) {
  const project = findProject(cwd, values.workdir);
  refuseTwice(project.migrations);
  const pack = openPackage();
  const name = functionName(project, pack, values["function-name"]);
  const { cli, target, remote } = await look({ project, pack, values, env, terminal });
  const plan = planInit({ project, pack, remote, name, now: new Date() });
  await carryOut({
    terminal, project, changes: plan.changes, notes: plan.notes,
    title: `email-queue ${pack.version}`,
    ...marking(plan.marked, cli, target),
    nothing: `email-queue ${plan.version} is in ${project.root}`,
    next: NEXT,
  });
}

/**
 * What a plan does beside its files: migrations count as applied.
 * @param {{version: string, name: string}[]} marked @param {import("./cli.js").Cli} [cli] @param {import("./cli.js").Target} [target]
 */
export const marking = (marked, cli, target) => marked.length === 0 || !cli || !target ? {} : {
  also: [`mark    ${marked.map(({ version }) => version).join(", ")} as applied: the database has it already`],
  act: () => cli.query(target, markApplied(marked)),
};

/** What a deployment takes from here. */
export const NEXT = "Commit the changes, put the variables of .env.example into .env, then:\n  node_modules/.bin/email-queue deploy";

/** @param {string} [given] of the function */
export function refuseName(given) {
  if (given !== undefined && !isFunctionName(given)) throw new CommandError(`--function-name: ${given} cannot be the name of a function`, "use letters, digits, - and _, and begin with a letter");
}

/**
 * The name that was given, or the one that the project has already.
 * @param {import("./project.js").Project} project @param {import("./parts.js").Package} pack @param {string} [given]
 */
export function functionName(project, pack, given) {
  const [own, another] = ownFunctions(project.supabase);
  refuseName(given);
  if (another !== undefined && given === undefined) throw new CommandError(`the project has the function twice: supabase/functions/${own} and ${another}`, `delete one of the folders, or say which: --function-name ${own}`);
  if (own !== undefined && given !== undefined && own !== given && another === undefined) {
    throw new CommandError(`the project has the function already, as supabase/functions/${own}`, `leave out --function-name; or, for another name, rename the folder and its section of supabase/config.toml, then deploy`);
  }
  return given ?? own ?? FUNCTION;
}

/**
 * What the database has, where it is known and can be reached.
 * @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, values: Record<string, any>, env: Record<string, string | undefined>, terminal: import("./terminal.js").Terminal}} where
 * @returns {Promise<{cli?: import("./cli.js").Cli, target?: import("./cli.js").Target, remote?: import("./remote.js").Remote}>}
 */
export async function look({ project, pack, values, env: given, terminal }) {
  if (values.offline) return {};
  const env = environment(project.root, given);
  const url = values["db-url"] ?? (values["project-ref"] ? undefined : env.SUPABASE_DB_URL);
  const ref = values["project-ref"] ?? env.SUPABASE_PROJECT_ID ?? linkedRef(project.supabase);
  if (ref !== undefined && !/^[a-z]{20}$/.test(ref)) throw new CommandError(`--project-ref (SUPABASE_PROJECT_ID): ${ref} is not a project's reference`, "it is the 20 letters of the project's address");
  const target = url ? { url } : ref ? { ref } : undefined;
  if (!target) return {};
  const asked = values["db-url"] !== undefined || values["project-ref"] !== undefined;
  try {
    const cli = findCli(project.root, env);
    terminal.say("Asking the project's database …");
    return { cli, target, remote: await readRemote(cli, target, pack.functions()) };
  } catch (error) {
    if (!(error instanceof CommandError) || asked) throw error;
    terminal.say(`Note: the database was not asked (${error.message}). Only the migrations of this folder are taken into account.`);
    return {};
  }
}

/**
 * @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, remote?: import("./remote.js").Remote | undefined, name: string, now: Date}} what
 * @returns {{changes: import("./files.js").Change[], notes: string[], marked: {version: string, name: string}[], version: string}}
 */
export function planInit({ project, pack, remote, name, now }) {
  const folder = path.join(project.supabase, "functions", name);
  const present = examineFolder(folder, pack.functionFiles());
  refuseTaken({ project, pack, remote, name, owner: present.owner });
  const local = versionOf(project.migrations);
  if (local !== undefined && compareVersions(local, pack.version) > 0) throw newer(local, pack.version);
  const installed = local === undefined ? remote?.installed ?? undefined : undefined;
  if (installed !== undefined && compareVersions(installed, pack.version) > 0) throw newer(installed, pack.version);
  const pushed = installed === undefined ? [] : (remote?.history ?? []).filter((one) => one.name.startsWith("email_queue_"));
  if (pushed.length > 0) {
    throw new CommandError(`the database has the queue from the migration ${pushed.map((one) => `${one.version}_${one.name}.sql`).join(", ")}, which is not in this folder`,
      "take it from the branch that added it (git pull, git merge), then repeat the command");
  }
  const files = local !== undefined ? [] : [...(installed === undefined ? [] : pack.sqlFrom(null, installed)), ...pack.sqlFrom(installed ?? null)];
  const written = newMigrations(project, files.map(({ to, text }) => ({ name: migrationName(to), text })), { now, ...(remote ? { history: remote.history } : {}) });
  const parts = [written];
  const notes = editedMigrations(project, pack);
  // An upgrade brings function, migrations and declared schema together.
  const behind = local !== undefined && local !== pack.version;
  if (behind) notes.push(`The project has email-queue ${local}, and this package is ${pack.version}. To upgrade: email-queue upgrade`);
  else {
    if (present.changed.length > 0) notes.push(`These were changed by hand and stay as they are: ${present.changed.map((file) => `supabase/functions/${name}/${file}`).join(", ")}. email-queue upgrade replaces them.`);
    else parts.push({ changes: functionFolder(project, pack, name, []), notes: [], migrations: [] });
    parts.push({ ...declaredSchema(project, pack), migrations: [] });
  }
  parts.push({ ...configuration(project, name), migrations: [] }, { ...lines(project, name), migrations: [] });
  return {
    changes: parts.flatMap((part) => part.changes),
    notes: [...notes, ...parts.flatMap((part) => part.notes)],
    marked: installed === undefined ? unmarked(project.migrations, remote) : written.migrations.slice(0, pack.sqlFrom(null, installed).length),
    version: local ?? pack.version,
  };
}

/** @param {string} there @param {string} here */
export const newer = (there, here) => new CommandError(`the project has version ${there} of the queue, which is newer than this package (${here})`, `install email-queue ${there} or newer`);

/** @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, remote?: import("./remote.js").Remote | undefined, name: string, owner: string}} what */
export function refuseTaken({ project, pack, remote, name, owner }) {
  if (owner === "theirs") {
    throw new CommandError(`supabase/functions/${name} is your own function. Nothing was changed`, `give the queue's function another name: email-queue init --function-name ${name === FUNCTION ? "email-queue-worker" : `${name}-2`}`);
  }
  const taken = [...takenNames(project.migrations, pack.functions()), ...(remote?.taken ?? [])];
  if (taken.length > 0) {
    throw new CommandError(`names that the queue needs are taken: ${taken.join(", ")}. Nothing was changed`,
      "rename or drop your objects in a migration of your own (alter function … rename to …), push it, then repeat the command");
  }
}
