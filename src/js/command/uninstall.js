// email-queue uninstall: removes the queue from a project, once nothing of the user's uses it.
import path from "node:path";
import { PROVIDER } from "../provider.js";
import { isOurs as isOurHook, placeOf, readAuth } from "./auth-config.js";
import { carryOut } from "./carry.js";
import { hasSection, withoutSection } from "./config.js";
import { list } from "./deploy-steps.js";
import { environment } from "./env.js";
import { withoutLines } from "./example.js";
import { change, read } from "./files.js";
import { EVENTS_FUNCTION, examineFolder } from "./function.js";
import { functionNames, look } from "./init.js";
import { openPackage } from "./package.js";
import { declaredFile, isOurs, newMigrations } from "./parts.js";
import { UNINSTALL, refusePushed } from "./pending.js";
import { directRoot } from "./deploy-source.js";
import { findProject, linkedRef, refuseMigrations, versionOf } from "./project.js";
import { asOneStatement } from "./remote.js";
import { SECRET } from "./secrets.js";
import { CommandError } from "./terminal.js";
import { FUNCTION_VARIABLES } from "./variables.js";

export const help = `Usage: email-queue uninstall [options]

Appends a migration that removes the queue: its jobs, its Vault secrets, its tables and functions, and pg_cron and pg_net if its
installation created them and nothing else uses them. Removes the functions' folders and their sections of supabase/config.toml. If the queue
was installed without a repository (deploy --direct), the command removes it from the database at once.

It refuses while mail is open, or while something of yours uses the queue, or Supabase Auth does.

  --direct   without a repository: removes the queue from the project's database alone. It reads .env, as deploy --direct does
  --force    removes it all the same: open mail is lost, and so are your views, columns and triggers that need the queue. Nobody can
             sign up if Supabase Auth's mail goes through it: then "email-queue auth-hook off" is the first thing that is left to do
  --function-name <name>, --events-function-name <name>, --project-ref <ref>, --db-url <url>, --offline    as init has them
  --workdir, --dry-run, --yes
`;

/** @type {import("./main.js").Command["options"]} */
export const options = {
  direct: { type: "boolean" },
  force: { type: "boolean" },
  "function-name": { type: "string" },
  "events-function-name": { type: "string" },
  "project-ref": { type: "string" },
  "db-url": { type: "string" },
  offline: { type: "boolean" },
};

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env }) {
  const pack = openPackage();
  const project = values.direct ? noProject(directRoot(cwd, values.workdir)) : findProject(cwd, values.workdir);
  refuseMigrations(project.migrations);
  const { cli, target, remote } = await look({ project, pack, values, env, terminal });
  const called = (values.direct && remote?.functionName) || undefined;
  const found = functionNames(project, { ...values, "function-name": values["function-name"] ?? called });
  // Nothing tells what was deployed directly.
  const functions = values.direct && found.length === 1 ? [...found, { kind: EVENTS_FUNCTION, name: EVENTS_FUNCTION }] : found;
  const local = versionOf(project.migrations);
  if (local === undefined && !remote?.installed) throw new CommandError("the queue is not installed here", remote ? "check whether this is the project's database" : "if it was installed directly, name its database: --project-ref <ref> or --db-url <url>");
  if (local === undefined && remote) refusePending(project, remote);
  const inUse = cli && target && remote?.installed ? await usesOf(cli, target) : undefined;
  if (inUse && !values.force) refuse(inUse);
  const hooked = await isHooked(project, values, env);
  if (hooked && !values.force) throw new CommandError("Supabase Auth's mail goes through the queue: without it, nobody can sign up. Nothing was changed", "email-queue auth-hook off, then repeat the command");
  const direct = local === undefined && cli && target;
  const sql = pack.uninstall(values.force);
  const written = direct ? { changes: [], notes: [] } : newMigrations(project, [{ name: UNINSTALL, text: sql }], { now: new Date(), ...(remote ? { history: remote.history } : {}) });
  await carryOut({
    terminal, project,
    title: "email-queue is removed",
    changes: values.direct ? [] : [...written.changes, ...files(project, pack, functions)],
    also: direct ? ["remove  the queue from the database, at once"] : [],
    act: direct ? () => cli.query(target, asOneStatement(sql)) : undefined,
    notes: [...written.notes, ...(values.direct ? [] : handwork(project, pack, functions)), ...(inUse ? describeUses(inUse) : []), ...authNotes(hooked), ...(inUse || direct ? [] : ["The database was not asked: the migration itself refuses while mail is open or something of yours uses the queue."])],
    nothing: "it is gone",
    next: left({ hooked, names: functions.map(({ name }) => name), direct: Boolean(direct), secrets: await secretsOf(environment(project.root, env), cli, target), flags: cli && target && "ref" in target ? cli.project(target.ref) : [] }),
  });
}

/** What a repository's migrations brought goes by a migration, or the history would say that it is there. @param {import("./project.js").Project} project @param {import("./remote.js").Remote} remote */
function refusePending({ migrations }, remote) {
  const pending = migrations.find(({ name, version }) => name === UNINSTALL && !remote.history.some((one) => one.version === version));
  if (pending) throw new CommandError(`supabase/migrations/${pending.file} removes the queue, and is not pushed yet. Nothing was changed`, "push it: supabase db push (Supabase CLI 3: supabase db push --remote)");
  refusePushed(remote);
}

/** Auth would go on to call what is gone. @param {import("./project.js").Project} project @param {Record<string, any>} values @param {Record<string, string | undefined>} given @returns {Promise<boolean | undefined>} undefined: it was not asked */
async function isHooked(project, values, given) {
  const env = environment(project.root, given);
  const place = values.offline ? null : placeOf(env, values["project-ref"] ?? env.SUPABASE_PROJECT_ID ?? linkedRef(project.supabase));
  const found = place && await readAuth(place).catch((error) => {
    if (error instanceof CommandError) return null;
    throw error;
  });
  return found ? found.hook.enabled && isOurHook(found.hook) : undefined;
}

/** @param {boolean | undefined} hooked @returns {string[]} */
const authNotes = (hooked) => hooked === undefined ? ["Supabase Auth was not asked: if its mail goes through the queue, switch that off first (email-queue auth-hook off). Nobody could sign up."]
  : hooked ? ["Supabase Auth's mail goes through the queue: nobody can sign up until that is switched off (email-queue auth-hook off)."] : [];

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

/** What is not as we wrote it, in the functions' folders, config.toml and .env.example. @param {import("./project.js").Project} project @param {import("./parts.js").Package} pack @param {import("./function.js").Named[]} functions @returns {string[]} */
function handwork(project, pack, functions) {
  const config = read(project.config) ?? "";
  const { filled } = withoutLines(read(path.join(project.root, ".env.example")) ?? "");
  return [
    ...functions.filter(({ name }) => withoutSection(config, name) === undefined && hasSection(config, name)).map(({ name }) => `This was changed by hand and stays: functions.${name} in supabase/config.toml. Remove it yourself.`),
    ...(filled.length > 0 ? [`These were filled in and stay: ${filled.join(", ")} in .env.example. Remove those that nothing else of yours reads.`] : []),
    ...functions.flatMap(({ kind, name }) => {
      const { owner, changed, foreign } = examineFolder(path.join(project.supabase, "functions", name), pack.functionFiles(kind));
      if (owner !== "ours") return [];
      const listed = (/** @type {string[]} */ files) => files.map((file) => `supabase/functions/${name}/${file}`).join(", ");
      return [...(changed.length > 0 ? [`These were changed by hand and are removed: ${listed(changed)}.`] : []), ...(foreign.length > 0 ? [`These are your own and stay: ${listed(foreign)}.`] : [])];
    }),
  ];
}

/** @param {import("./project.js").Project} project @param {import("./parts.js").Package} pack @param {import("./function.js").Named[]} functions */
function files(project, pack, functions) {
  const names = functions.map(({ name }) => name);
  const before = read(project.config) ?? "";
  // The last one was written at the end.
  const config = names.reduceRight((text, name) => withoutSection(text, name) ?? text, before);
  const declared = declaredFile(project);
  const example = path.join(project.root, ".env.example");
  const examples = read(example);
  const prettier = path.join(project.root, ".prettierignore");
  const ignored = read(prettier);
  const others = names.reduce((text, name) => text?.replace(new RegExp(`^supabase/functions/${name}/\\r?\\n`, "m"), "") ?? null, ignored);
  return [
    ...functions.flatMap(({ kind, name }) => {
      const folder = path.join(project.supabase, "functions", name);
      const { owner, present, foreign } = examineFolder(folder, pack.functionFiles(kind));
      return owner === "ours" ? present.filter((file) => !foreign.includes(file)).flatMap((file) => change(path.join(folder, file), null)) : [];
    }),
    ...(config === before ? [] : change(project.config, config)),
    ...(isOurs(read(declared) ?? "") ? change(declared, null) : []),
    ...(examples === null ? [] : change(example, withoutLines(examples).text || null)),
    ...(others === ignored ? [] : change(prettier, others || null)),
  ];
}

/**
 * The secrets that the project has for the function; where it cannot be asked, those that a deployment from here gives it.
 * @param {Record<string, string | undefined>} env @param {import("./cli.js").Cli} [cli] @param {import("./cli.js").Target} [target]
 */
async function secretsOf(env, cli, target) {
  const given = [SECRET, PROVIDER.variables.key, "EMAIL_FROM"];
  const ref = target && "ref" in target ? target.ref : undefined;
  const present = cli && ref ? await list({ cli, ref }, "secrets").catch(() => undefined) : undefined;
  return FUNCTION_VARIABLES.filter((name) => present ? present.some((one) => one.name === name) : given.includes(name) || env[name]);
}

/** What only the user can do, a command each. @param {{hooked: boolean | undefined, names: string[], direct: boolean, secrets: string[], flags: string[]}} what */
function left({ hooked, names, direct, secrets, flags }) {
  const project = flags.length > 0 ? ` ${flags.join(" ")}` : "";
  return [
    "What is left to do, in this order:",
    ...(hooked ? ["  email-queue auth-hook off                          # at once: nobody can sign up without the queue"] : []),
    ...(direct ? [] : [`  supabase db push                                   # Supabase CLI 3: --remote`]),
    ...names.map((name) => `  supabase functions delete ${name}${project}`),
    ...(secrets.length > 0 ? [`  supabase secrets unset ${secrets.join(" ")}${project}    # those that nothing else of yours reads`] : []),
    `  and if ${PROVIDER.name} calls a webhook of yours for the queue: delete it in its dashboard`,
  ].join("\n");
}
