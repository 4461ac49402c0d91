// email-queue upgrade: from the version that the project's migrations install to this package's.
import path from "node:path";
import { carryOut } from "./carry.js";
import { examineFolder } from "./function.js";
import * as deploy from "./deploy.js";
import * as init from "./init.js";
import { NEXT, functionNames, look, marking, newer, refuseTheirs } from "./init.js";
import { compareVersions, openPackage } from "./package.js";
import { declaredSchema, editedMigrations, functionFolder, migrationName, newMigrations } from "./parts.js";
import { broughtBy, unmarked } from "./pending.js";
import { findProject, refuseMigrations, versionOf } from "./project.js";
import { CommandError } from "./terminal.js";

export const help = `Usage: email-queue upgrade [options]

Appends one migration for each version from the project's to this package's, and replaces the functions' files.
The previous function works on the new schema until the new one is deployed. If the database was upgraded by other means, the migration
is marked as applied.

  --direct    if the queue was installed without a repository: does what email-queue deploy --direct does, with its options
  --function-name <name>, --events-function-name <name>, --project-ref <ref>, --db-url <url>, --offline    as init has them
  --workdir, --dry-run, --yes
`;

/** @type {import("./main.js").Command["options"]} */
export const options = { ...init.options, ...deploy.options };

/** @param {import("./main.js").Context} context */
export async function run(context) {
  const { values, terminal, cwd, env } = context;
  if (values.direct) return await deploy.run(context);
  const project = findProject(cwd, values.workdir);
  refuseMigrations(project.migrations);
  const pack = openPackage();
  const functions = functionNames(project, values);
  const { cli, target, remote } = await look({ project, pack, values, env, terminal });
  const plan = planUpgrade({ project, pack, remote, functions, now: new Date() });
  await carryOut({ terminal, project, ...plan, ...marking(plan.marked, cli, target), title: `email-queue ${plan.from === pack.version ? "" : `${plan.from} → `}${pack.version}`, nothing: `email-queue ${pack.version} is in ${project.root}`, next: NEXT });
}

/** @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, remote?: import("./remote.js").Remote | undefined, functions: import("./function.js").Named[], now: Date}} what */
export function planUpgrade({ project, pack, remote, functions, now }) {
  const from = versionOf(project.migrations);
  if (from === undefined) throw new CommandError("no migration of this project installs the queue", "email-queue init writes it; if the queue was installed without a repository: email-queue upgrade --direct");
  for (const there of [from, remote?.installed]) if (there && compareVersions(there, pack.version) > 0) throw newer(there, pack.version);
  const ahead = remote?.installed && compareVersions(remote.installed, from) > 0 ? pack.sqlFrom(from, remote.installed) : [];
  const elsewhere = ahead.length === 0 ? [] : broughtBy(remote?.history ?? []).filter((one) => ahead.some(({ to }) => migrationName(to) === one.name));
  if (elsewhere.length > 0) {
    throw new CommandError(`the database has email-queue ${remote?.installed} from the migration ${elsewhere.map((one) => `${one.version}_${one.name}.sql`).join(", ")}, which is not in this folder`,
      "take it from the branch that added it (git pull, git merge), then repeat the command");
  }
  const files = pack.sqlFrom(from).map(({ to, text }) => ({ name: migrationName(to), text }));
  const written = newMigrations(project, files, { now, ...(remote ? { history: remote.history } : {}) });
  refuseTheirs(project, pack, functions);
  const schema = declaredSchema(project, pack);
  const folders = functions.map((named) => {
    const { present, foreign, changed } = examineFolder(path.join(project.supabase, "functions", named.name), pack.functionFiles(named.kind));
    const changes = functionFolder(project, pack, named, present.filter((file) => !foreign.includes(file)));
    const place = (/** @type {string} */ file) => path.join(project.supabase, "functions", named.name, file);
    return { changes, lost: changed.filter((file) => changes.some((one) => one.file === place(file))).map((file) => `supabase/functions/${named.name}/${file}`) };
  });
  const lost = folders.flatMap((one) => one.lost);
  return {
    from,
    marked: [...unmarked(project.migrations, remote), ...written.migrations.slice(0, ahead.length)],
    changes: [...written.changes, ...folders.flatMap(({ changes }) => changes), ...schema.changes],
    notes: [...editedMigrations(project, pack), ...(lost.length > 0 ? [`These were changed by hand and are replaced: ${lost.join(", ")}.`] : []), ...written.notes, ...schema.notes],
  };
}
