// email-queue upgrade: from the version that the project's migrations install to this package's.
import path from "node:path";
import { carryOut } from "./carry.js";
import { examineFolder } from "./function.js";
import * as deploy from "./deploy.js";
import * as init from "./init.js";
import { NEXT, functionName, look, marking, newer } from "./init.js";
import { compareVersions, openPackage } from "./package.js";
import { declaredSchema, editedMigrations, functionFolder, migrationName, newMigrations } from "./parts.js";
import { unmarked } from "./pending.js";
import { findProject, refuseTwice, versionOf } from "./project.js";
import { CommandError } from "./terminal.js";

export const help = `Usage: email-queue upgrade [options]

Appends one migration for each version from the project's to this package's, and replaces the function's files.
The previous function works on the new schema until the new one is deployed. If the database was upgraded by other means, the migration
is marked as applied.

  --direct    if the queue was installed without a repository: does what email-queue deploy --direct does, with its options
  --function-name <name>, --project-ref <ref>, --db-url <url>, --offline    as init has them
  --workdir, --dry-run, --yes
`;

/** @type {import("./main.js").Command["options"]} */
export const options = { ...init.options, ...deploy.options };

/** @param {import("./main.js").Context} context */
export async function run(context) {
  const { values, terminal, cwd, env } = context;
  if (values.direct) return await deploy.run(context);
  const project = findProject(cwd, values.workdir);
  refuseTwice(project.migrations);
  const pack = openPackage();
  const name = functionName(project, pack, values["function-name"]);
  const { cli, target, remote } = await look({ project, pack, values, env, terminal });
  const plan = planUpgrade({ project, pack, remote, name, now: new Date() });
  await carryOut({ terminal, project, ...plan, ...marking(plan.marked, cli, target), title: `email-queue ${plan.from === pack.version ? "" : `${plan.from} → `}${pack.version}`, nothing: `email-queue ${pack.version} is in ${project.root}`, next: NEXT });
}

/** @param {{project: import("./project.js").Project, pack: import("./parts.js").Package, remote?: import("./remote.js").Remote | undefined, name: string, now: Date}} what */
export function planUpgrade({ project, pack, remote, name, now }) {
  const from = versionOf(project.migrations);
  if (from === undefined) throw new CommandError("no migration of this project installs the queue", "email-queue init writes it; if the queue was installed without a repository: email-queue upgrade --direct");
  for (const there of [from, remote?.installed]) if (there && compareVersions(there, pack.version) > 0) throw newer(there, pack.version);
  const ahead = remote?.installed && compareVersions(remote.installed, from) > 0 ? pack.sqlFrom(from, remote.installed) : [];
  const elsewhere = ahead.length === 0 ? [] : (remote?.history ?? []).filter((one) => ahead.some(({ to }) => migrationName(to) === one.name));
  if (elsewhere.length > 0) {
    throw new CommandError(`the database has email-queue ${remote?.installed} from the migration ${elsewhere.map((one) => `${one.version}_${one.name}.sql`).join(", ")}, which is not in this folder`,
      "take it from the branch that added it (git pull, git merge), then repeat the command");
  }
  const files = pack.sqlFrom(from).map(({ to, text }) => ({ name: migrationName(to), text }));
  const written = newMigrations(project, files, { now, ...(remote ? { history: remote.history } : {}) });
  const folder = examineFolder(path.join(project.supabase, "functions", name), pack.functionFiles());
  if (folder.owner === "theirs") throw new CommandError(`supabase/functions/${name} is your own function. Nothing was changed`, "name the queue's function: --function-name <name>");
  const schema = declaredSchema(project, pack);
  const changes = functionFolder(project, pack, name, folder.present.filter((file) => !folder.foreign.includes(file)));
  const lost = folder.changed.filter((file) => changes.some((one) => one.file === path.join(project.supabase, "functions", name, file)));
  return {
    from,
    marked: [...unmarked(project.migrations, remote), ...written.migrations.slice(0, ahead.length)],
    changes: [...written.changes, ...changes, ...schema.changes],
    notes: [...editedMigrations(project, pack), ...(lost.length > 0 ? [`These were changed by hand and are replaced: ${lost.map((file) => `supabase/functions/${name}/${file}`).join(", ")}.`] : []), ...written.notes, ...schema.notes],
  };
}
