// email-queue uninstall: removes the queue from a project, once nothing of the user's uses it.
import path from "node:path";
import { PROVIDER } from "../provider.js";
import { carryOut } from "./carry.js";
import { hasSection, withoutSection } from "./config.js";
import { withoutLines } from "./example.js";
import { change, read } from "./files.js";
import { examineFolder } from "./function.js";
import { functionName, look } from "./init.js";
import { openPackage } from "./package.js";
import { declaredFile, isOurs, newMigrations } from "./parts.js";
import { directRoot, refusePushed } from "./deploy-source.js";
import { findProject, refuseTwice, versionOf } from "./project.js";
import { asOneStatement } from "./remote.js";
import { CommandError } from "./terminal.js";

export const help = `Usage: email-queue uninstall [options]

Appends a migration that removes the queue: its jobs, its Vault secrets, its tables and functions, and pg_cron and pg_net if its
installation created them and nothing else uses them. Removes the function's folder and its section of supabase/config.toml. If the queue
was installed without a repository (deploy --direct), the command removes it from the database at once.

It refuses while mail is open, or while something of yours uses the queue.

  --direct   without a repository: removes the queue from the project's database alone. It reads .env, as deploy --direct does
  --force    removes it all the same: open mail is lost, and so are your views, columns and triggers that need the queue
  --function-name <name>, --project-ref <ref>, --db-url <url>, --offline    as init has them
  --workdir, --dry-run, --yes
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
  direct: { type: "boolean" },
  force: { type: "boolean" },
  "function-name": { type: "string" },
  "project-ref": { type: "string" },
  "db-url": { type: "string" },
  offline: { type: "boolean" },
};

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env }) {
  const pack = openPackage();
  const project = values.direct ? noProject(directRoot(cwd, values.workdir)) : findProject(cwd, values.workdir);
  refuseTwice(project.migrations);
  const { cli, target, remote } = await look({ project, pack, values, env, terminal });
  const name = functionName(project, pack, values["function-name"] ?? (values.direct && remote?.functionName || undefined));
  const local = versionOf(project.migrations);
  if (local === undefined && !remote?.installed) throw new CommandError("the queue is not installed here", remote ? "check whether this is the project's database" : "if it was installed directly, name its database: --project-ref <ref> or --db-url <url>");
  if (local === undefined && remote) refusePending(project, remote);
  const inUse = cli && target && remote?.installed ? await usesOf(cli, target) : undefined;
  if (inUse && !values.force) refuse(inUse);
  const direct = local === undefined && cli && target;
  const sql = pack.uninstall(values.force);
  const written = direct ? { changes: [], notes: [] } : newMigrations(project, [{ name: "email_queue_uninstall", text: sql }], { now: new Date(), ...(remote ? { history: remote.history } : {}) });
  await carryOut({
    terminal, project,
    title: "email-queue is removed",
    changes: values.direct ? [] : [...written.changes, ...files(project, pack, name)],
    also: direct ? ["remove  the queue from the database, at once"] : [],
    act: direct ? () => cli.query(target, asOneStatement(sql)) : undefined,
    notes: [...written.notes, ...(values.direct ? [] : handwork(project, pack, name)), ...(inUse ? describeUses(inUse) : []), ...(inUse || direct ? [] : ["The database was not asked: the migration itself refuses while mail is open or something of yours uses the queue."])],
    nothing: "it is gone",
    next: left({ name, direct: Boolean(direct), flags: cli && target && "ref" in target ? cli.project(target.ref) : [] }),
  });
}

/** What a repository's migrations brought goes by a migration, or the history would say that it is there. @param {import("./project.js").Project} project @param {import("./remote.js").Remote} remote */
function refusePending({ migrations }, remote) {
  const pending = migrations.find(({ name, version }) => name === "email_queue_uninstall" && !remote.history.some((one) => one.version === version));
  if (pending) throw new CommandError(`supabase/migrations/${pending.file} removes the queue, and is not pushed yet. Nothing was changed`, "push it: supabase db push (Supabase CLI 3: supabase db push --remote)");
  refusePushed(remote);
}

/** A folder that has .env alone. @param {string} root @returns {import("./project.js").Project} */
const noProject = (root) => ({ root, supabase: path.join(root, "supabase"), config: path.join(root, "supabase/config.toml"), migrations: [] });

/** @typedef {{open: number, dependants: string[]}} Uses */

/** @param {import("./cli.js").Cli} cli @param {import("./cli.js").Target} target @returns {Promise<Uses>} */
async function usesOf(cli, target) {
  const [row] = await cli.query(target, `select (select count(*) from email_queue_private.message as m where m.status is null)::integer as open,
    array_to_json(array(select d from email_queue_private.dependants() as d order by d)) as dependants`);
  return row;
}

/** @param {Uses} uses @returns {string[]} */
const describeUses = ({ open, dependants }) => [
  ...(open > 0 ? [`Lost: ${open} open ${open === 1 ? "message" : "messages"}.`] : []),
  ...(dependants.length > 0 ? [`These use the queue, and are removed or broken with it: ${dependants.join(", ")}.`] : []),
];

/** @param {Uses} uses */
function refuse({ open, dependants }) {
  const why = [...(open > 0 ? [`${open} ${open === 1 ? "message is" : "messages are"} open`] : []), ...(dependants.length > 0 ? [`these use it: ${dependants.join(", ")}`] : [])];
  if (why.length > 0) throw new CommandError(`the queue is in use: ${why.join("; ")}. Nothing was changed`, "send or cancel the mail, drop what uses the queue in a migration of your own, and push it; or lose both with --force");
}

/** What is not as we wrote it, in the function's folder, config.toml and .env.example. @param {import("./project.js").Project} project @param {import("./parts.js").Package} pack @param {string} name @returns {string[]} */
function handwork(project, pack, name) {
  const config = read(project.config) ?? "";
  const { filled } = withoutLines(read(path.join(project.root, ".env.example")) ?? "");
  const notes = [
    ...(withoutSection(config, name) === undefined && hasSection(config, name) ? [`This was changed by hand and stays: functions.${name} in supabase/config.toml. Remove it yourself.`] : []),
    ...(filled.length > 0 ? [`These were filled in and stay: ${filled.join(", ")} in .env.example. Remove those that nothing else of yours reads.`] : []),
  ];
  const { owner, changed, foreign } = examineFolder(path.join(project.supabase, "functions", name), pack.functionFiles());
  if (owner !== "ours") return notes;
  const listed = (/** @type {string[]} */ files) => files.map((file) => `supabase/functions/${name}/${file}`).join(", ");
  return [...notes, ...(changed.length > 0 ? [`These were changed by hand and are removed: ${listed(changed)}.`] : []), ...(foreign.length > 0 ? [`These are your own and stay: ${listed(foreign)}.`] : [])];
}

/** @param {import("./project.js").Project} project @param {import("./parts.js").Package} pack @param {string} name */
function files(project, pack, name) {
  const folder = path.join(project.supabase, "functions", name);
  const { owner, present, foreign } = examineFolder(folder, pack.functionFiles());
  const config = withoutSection(read(project.config) ?? "", name);
  const declared = declaredFile(project);
  const example = path.join(project.root, ".env.example");
  const examples = read(example);
  const prettier = path.join(project.root, ".prettierignore");
  const ignored = read(prettier);
  const line = new RegExp(`^supabase/functions/${name}/\\r?\\n`, "m");
  return [
    ...(owner === "ours" ? present.filter((file) => !foreign.includes(file)).flatMap((file) => change(path.join(folder, file), null)) : []),
    ...(config === undefined ? [] : change(project.config, config)),
    ...(isOurs(read(declared) ?? "") ? change(declared, null) : []),
    ...(examples === null ? [] : change(example, withoutLines(examples).text || null)),
    ...(ignored && line.test(ignored) ? change(prettier, ignored.replace(line, "") || null) : []),
  ];
}

/** What only the user can do, a command each. @param {{name: string, direct: boolean, flags: string[]}} what */
function left({ name, direct, flags }) {
  const project = flags.length > 0 ? ` ${flags.join(" ")}` : "";
  return [
    "What is left to do, in this order:",
    ...(direct ? [] : [`  supabase db push                                   # Supabase CLI 3: --remote`]),
    `  supabase functions delete ${name}${project}`,
    `  supabase secrets unset PROCESS_EMAIL_QUEUE_SECRET EMAIL_FROM ${PROVIDER.variables.key}${project}    # those that nothing else of yours reads`,
    `  and if ${PROVIDER.name} calls a webhook of yours for the queue: delete it in its dashboard`,
  ].join("\n");
}
