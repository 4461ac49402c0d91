// email-queue init: the queue in the user's repository.
import path from "node:path";
import { carryOut } from "./carry.js";
import { findCli } from "./cli.js";
import { environment } from "./env.js";
import { EVENTS_FUNCTION, examineFolder, FUNCTION, isFunctionName, NAME_OPTIONS, ownFunctions } from "./function.js";
import { takenNames } from "./names.js";
import { compareVersions, openPackage } from "./package.js";
import { configuration, declaredSchema, editedMigrations, functionFolder, lines, migrationName, newMigrations } from "./parts.js";
import { broughtBy, unmarked } from "./pending.js";
import { findProject, linkedRef, refuseMigrations, versionOf } from "./project.js";
import { markApplied, readRemote } from "./remote.js";
import { CommandError } from "./terminal.js";
import { refuseTwoProjects } from "./variables.js";

export const help = `Usage: email-queue init [options]

Writes into this project: one migration, supabase/functions/${FUNCTION}/ and ${EVENTS_FUNCTION}/, their sections of
supabase/config.toml, and lines of .env.example and .gitignore. It does not change the database, except that it marks the migration as
applied if the queue was installed there directly. A second run changes nothing.

  --function-name <name>   another name for the function that sends, if you have a ${FUNCTION} of your own
  --events-function-name <name>   another name for the function that takes the provider's reports; adds it, if it was left out
  --without-events         leaves that function out: what happened to accepted mail is then not known
  --project-ref <ref>      the project (SUPABASE_PROJECT_ID); by default the linked one. The new migration's number comes after its migrations
  --db-url <url>           or its database's address (SUPABASE_DB_URL)
  --offline                asks no database
  --workdir, --dry-run, --yes
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
  "function-name": { type: "string" },
  "events-function-name": { type: "string" },
  "without-events": { type: "boolean" },
  "project-ref": { type: "string" },
  "db-url": { type: "string" },
  offline: { type: "boolean" },
};

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env }) {
  const project = findProject(cwd, values.workdir);
  refuseMigrations(project.migrations);
  const pack = openPackage();
  const functions = functionNames(project, values, true);
  const { cli, target, remote } = await look({ project, pack, values, env, terminal });
  const plan = planInit({ project, pack, remote, functions, now: new Date() });
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

/** The names that options give. @param {Record<string, any>} values */
export function refuseNames(values) {
  for (const option of Object.values(NAME_OPTIONS)) {
    const given = values[option];
    if (given !== undefined && !isFunctionName(given)) throw new CommandError(`--${option}: ${given} cannot be the name of a function`, "use letters, digits, - and _, and begin with a letter");
  }
  const [one, other] = Object.values(NAME_OPTIONS).map((option) => values[option]);
  if (one !== undefined && one === other) throw new CommandError(`two functions cannot both be named ${one}`, "give each a name of its own");
  if (values["without-events"] && other !== undefined) throw new CommandError("--without-events leaves out the function that --events-function-name names", "use only one of the two");
}

/**
 * The name of a function that was given, or the one that the project has already.
 * @param {import("./project.js").Project} project @param {string} kind @param {Record<string, any>} values @returns {string | undefined}
 */
function ownName(project, kind, values) {
  const option = /** @type {string} */ (NAME_OPTIONS[kind]);
  const given = values[option];
  const [own, another] = ownFunctions(project.supabase, kind);
  if (another !== undefined && given === undefined) throw new CommandError(`the project has the function twice: supabase/functions/${own} and ${another}`, `delete one of the folders, or say which: --${option} ${own}`);
  if (own !== undefined && given !== undefined && own !== given && another === undefined) {
    throw new CommandError(`the project has the function already, as supabase/functions/${own}`, `leave out --${option}; or, for another name, rename the folder and its section of supabase/config.toml, then deploy`);
  }
  return given ?? own;
}

/**
 * The functions of a project. One that was left out at first stays out: its folder is missing beside the other's.
 * @param {import("./project.js").Project} project @param {Record<string, any>} values @param {boolean} [complete] a project that has none gets all of them
 * @returns {import("./function.js").Named[]}
 */
export function functionNames(project, values, complete = false) {
  refuseNames(values);
  const sends = ownName(project, FUNCTION, values);
  const events = ownName(project, EVENTS_FUNCTION, values);
  if (values["without-events"] && events !== undefined) throw new CommandError(`the project has the function already, as supabase/functions/${events}`, "delete that folder and its section of supabase/config.toml");
  const fresh = complete && ownFunctions(project.supabase, FUNCTION).length === 0 && !values["without-events"];
  return [
    { kind: FUNCTION, name: sends ?? FUNCTION },
    ...events ?? fresh ? [{ kind: EVENTS_FUNCTION, name: events ?? EVENTS_FUNCTION }] : [],
  ];
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
  if (values["db-url"] === undefined && values["project-ref"] === undefined) refuseTwoProjects(env);
  const asked = values.direct || values["db-url"] !== undefined || values["project-ref"] !== undefined;
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
 * @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, remote?: import("./remote.js").Remote | undefined, functions: import("./function.js").Named[], now: Date}} what
 * @returns {{changes: import("./files.js").Change[], notes: string[], marked: {version: string, name: string}[], version: string}}
 */
export function planInit({ project, pack, remote, functions, now }) {
  const names = functions.map(({ name }) => name);
  refuseTaken({ project, pack, remote, functions });
  const local = versionOf(project.migrations);
  if (local !== undefined && compareVersions(local, pack.version) > 0) throw newer(local, pack.version);
  const installed = local === undefined ? remote?.installed ?? undefined : undefined;
  if (installed !== undefined && compareVersions(installed, pack.version) > 0) throw newer(installed, pack.version);
  const pushed = installed === undefined ? [] : broughtBy(remote?.history ?? []);
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
    for (const named of functions) {
      const { changed } = examineFolder(path.join(project.supabase, "functions", named.name), pack.functionFiles(named.kind));
      if (changed.length > 0) notes.push(`These were changed by hand and stay as they are: ${changed.map((file) => `supabase/functions/${named.name}/${file}`).join(", ")}. email-queue upgrade replaces them.`);
      else parts.push({ changes: functionFolder(project, pack, named, []), notes: [], migrations: [] });
    }
    parts.push({ ...declaredSchema(project, pack), migrations: [] });
  }
  parts.push({ ...configuration(project, names), migrations: [] }, { ...lines(project, names), migrations: [] });
  return {
    changes: parts.flatMap((part) => part.changes),
    notes: [...notes, ...parts.flatMap((part) => part.notes)],
    marked: installed === undefined ? unmarked(project.migrations, remote) : written.migrations.slice(0, pack.sqlFrom(null, installed).length),
    version: local ?? pack.version,
  };
}

/** @param {string} there @param {string} here */
export const newer = (there, here) => new CommandError(`the project has version ${there} of the queue, which is newer than this package (${here})`, `install email-queue ${there} or newer`);

/** @param {import("./project.js").Project} project @param {import("./parts.js").Package} pack @param {import("./function.js").Named[]} functions */
export function refuseTheirs(project, pack, functions) {
  for (const { kind, name } of functions) {
    const { owner, present } = examineFolder(path.join(project.supabase, "functions", name), pack.functionFiles(kind));
    if (owner !== "theirs") continue;
    const free = name !== kind ? `${name}-2` : kind === FUNCTION ? "email-queue-worker" : "email-queue-reports";
    const another = `give the queue's function another name: email-queue init --${NAME_OPTIONS[kind]} ${free}${kind === EVENTS_FUNCTION ? "; or leave it out: --without-events" : ""}`;
    if (present.some((file) => /^index\.[jt]sx?$/.test(file))) throw new CommandError(`supabase/functions/${name} is your own function. Nothing was changed`, another);
    // As after an uninstall, which leaves what is the user's.
    throw new CommandError(`supabase/functions/${name} has files of your own: ${present.join(", ")}. Nothing was changed`, `move them elsewhere, then repeat the command; or ${another}`);
  }
}

/** @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, remote?: import("./remote.js").Remote | undefined, functions: import("./function.js").Named[]}} what */
export function refuseTaken({ project, pack, remote, functions }) {
  refuseTheirs(project, pack, functions);
  const taken = [...takenNames(project.migrations, pack.functions()), ...(remote?.taken ?? [])];
  if (taken.length > 0) {
    throw new CommandError(`names that the queue needs are taken: ${taken.join(", ")}. Nothing was changed`,
      "rename or drop your objects in a migration of your own (alter function … rename to …), push it, then repeat the command");
  }
}
