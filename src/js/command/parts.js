// The parts of the queue in a repository, each with the changes that bring it there: migrations, the functions' folders, the declared
// schema, configuration, and lines in files of the user's.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { configure, declared } from "./config.js";
import { missingLines } from "./example.js";
import { append, appendLines, change, filesOf, isFolder, list, manifest, read } from "./files.js";
import { withHead } from "./function.js";
import { nextVersions } from "./stamp.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {import("./files.js").Change} Change
 * @typedef {import("./project.js").Project} Project
 * @typedef {ReturnType<typeof import("./package.js").openPackage>} Package
 * @typedef {{changes: Change[], notes: string[]}} Part
 */

/** Without dots: Supabase Lite passes over a migration that has one in its name. @param {string} version */
export const migrationName = (version) => `email_queue_${version.replaceAll(".", "_")}`;

/** The version that a migration of that name brings; undefined: another migration. @param {string} name */
export const migrationVersion = (name) => /^email_queue_(\d+_\d+_\d+)$/.exec(name)?.[1]?.replaceAll("_", ".");

/**
 * New migrations, numbered after all that are there.
 * @param {Project} project @param {{name: string, text: string}[]} files name: without its number
 * @param {{now: Date, history?: {version: string}[]}} when @returns {Part & {migrations: {version: string, name: string}[]}}
 */
export function newMigrations(project, files, { now, history = [] }) {
  if (files.length === 0) return { changes: [], notes: [], migrations: [] };
  const present = [...project.migrations, ...history].map(({ version }) => version);
  const stamps = nextVersions({ present, now, count: files.length });
  if ("problem" in stamps) throw new CommandError(stamps.problem, "give your newest migrations numbers of 14 digits (supabase migration new does), or keep the SQL elsewhere: email-queue sql");
  const migrations = files.map(({ name, text }, index) => ({ version: /** @type {string} */ (stamps.versions[index]), name, text }));
  return {
    changes: migrations.flatMap(({ version, name, text }) => change(path.join(project.supabase, "migrations", `${version}_${name}.sql`), text)),
    notes: stamps.notes,
    migrations,
  };
}

/** What a folder of supabase/functions has to be. @param {Project} project @param {Package} pack @param {import("./function.js").Named} named @param {string[]} present its files now @returns {Change[]} */
export function functionFolder(project, pack, { kind, name }, present) {
  const folder = path.join(project.supabase, "functions", name);
  const files = pack.functionFiles(kind).map((file) => withHead(file, pack.version));
  // Line ends do not count: git may have changed them.
  const same = (/** @type {string | null} */ before, /** @type {string} */ text) => before?.replaceAll("\r\n", "\n") === text;
  return files.flatMap(({ name: file, text }) => same(read(path.join(folder, file)), text) ? [] : change(path.join(folder, file), text))
    .concat(present.filter((file) => !files.some((one) => one.name === file)).flatMap((file) => change(path.join(folder, file), null)));
}

/** @param {Project} project */
export const declaredFile = (project) => path.resolve(project.supabase, declared(read(project.config) ?? "").folder ?? "schemas", "email_queue.sql");

/**
 * Migrations of ours that are not as they were written. Line ends do not count.
 * @param {Project} project @param {Package} pack @returns {string[]} a note
 */
export function editedMigrations(project, pack) {
  const edited = project.migrations.filter(({ name, text }) => {
    const version = migrationVersion(name);
    return pack.wrote(version ?? "", text) === false;
  });
  return edited.length > 0 ? [`These migrations are not as this package writes them (changed by hand, or of another build): ${edited.map(({ file }) => `supabase/migrations/${file}`).join(", ")}. To change something, add a migration of your own after them.`] : [];
}

/** Whether a declared schema was written by this command. @param {string} text */
export const isOurs = (text) => text.startsWith("-- email-queue ");

/**
 * A declared schema is complete, or the CLI would drop what is in the migrations only.
 * @param {Project} project @param {Package} pack @returns {Part}
 */
export function declaredSchema(project, pack) {
  const { folder: named, globs } = declared(read(project.config) ?? "");
  const file = declaredFile(project);
  const uses = named !== undefined || globs !== undefined || hasSql(path.dirname(file));
  if (!uses) return { changes: [], notes: [] };
  const text = pack.sqlFrom(null).map((step) => step.text).join("\n");
  const relative = path.relative(project.supabase, file).split(path.sep).join("/");
  const present = read(file);
  if (present !== null && !isOurs(present)) throw new CommandError(`supabase/${relative} is your own file, but the queue's schema needs that name. Nothing was changed`, "rename your file, then repeat the command");
  const covered = globs === undefined || globs.some((glob) => matches(glob, relative));
  return {
    changes: change(file, text),
    notes: covered ? [] : [`Add "./${relative}" to schema_paths in supabase/config.toml, or the next diff of your declared schema drops the queue.`],
  };
}

/** @param {Project} project @param {string[]} names of the functions @returns {Part} */
export function configuration(project, names) {
  let text = read(project.config) ?? "";
  const notes = names.flatMap((name) => {
    const answer = configure(text, name);
    if (answer.kind === "append") text = answer.text;
    return answer.kind === "paste" ? [`supabase/config.toml has to be changed by hand: ${answer.why}. ${answer.text}`] : [];
  });
  return { changes: text === "" ? [] : change(project.config, text), notes };
}

/** Lines of .env.example, .gitignore and .prettierignore. @param {Project} project @param {string[]} names of the functions @returns {Part} */
export function lines(project, names) {
  const example = path.join(project.root, ".env.example");
  const before = read(example) ?? "";
  const missing = missingLines(before);
  const variables = missing === "" ? [] : change(example, append(before, missing, true));
  const git = spawnSync("git", ["check-ignore", "--quiet", "--no-index", ".env"], { cwd: project.root });
  // Where there is no repository yet, too: the first commit would have the secrets.
  const ignored = git.status === 0 ? [] : appendLines(path.join(project.root, ".gitignore"), [".env"]);
  // As Next does by .env*: a team would not get it. What git has already is not ignored.
  // An ignored file that git has already is committed all the same.
  const tracked = spawnSync("git", ["ls-files", "--error-unmatch", ".env"], { cwd: project.root }).status === 0;
  const [, by] = /^([^\t]+)\t/.exec(spawnSync("git", ["check-ignore", "--verbose", ".env.example"], { cwd: project.root, encoding: "utf8" }).stdout ?? "") ?? [];
  const folders = names.map((name) => `supabase/functions/${name}/`);
  const formatter = formatterOf(project.root);
  return {
    changes: [...variables, ...ignored, ...(formatter === "prettier" ? appendLines(path.join(project.root, ".prettierignore"), folders) : [])],
    notes: [
      ...(tracked ? ["git has .env, so a commit would have the secrets in it. Take it out: git rm --cached .env"] : []),
      ...(by === undefined || /:!/.test(by) ? [] : [`git ignores .env.example (${by}), so your team would not get it. Add this line to .gitignore, below that one: !.env.example`]),
      ...(formatter === "biome" ? [`Biome: add ${folders.map((folder) => `"!${folder.slice(0, -1)}"`).join(", ")} to files.includes of your configuration, so that it leaves the generated ${folders.length > 1 ? "folders" : "folder"} alone.`] : []),
    ],
  };
}

/** @param {string} root */
function formatterOf(root) {
  const names = list(root).map(({ name }) => name);
  const { dependencies, devDependencies, prettier } = manifest(root);
  if (prettier !== undefined || dependencies?.prettier || devDependencies?.prettier || names.some((name) => /^(\.prettierrc|prettier\.config\.)/.test(name))) return "prettier";
  return names.some((name) => /^\.?biome\.jsonc?$/.test(name)) ? "biome" : undefined;
}

/** @param {string} folder */
const hasSql = (folder) => isFolder(folder) && filesOf(folder).some((name) => name.endsWith(".sql"));

/** Of * and **, as schema_paths has them. @param {string} glob @param {string} file */
function matches(glob, file) {
  const pattern = glob.replace(/^\.\//, "").replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*\*\/?|\*|\?/g, (star) => star.startsWith("**") ? ".*" : star === "*" ? "[^/]*" : "[^/]");
  return new RegExp(`^${pattern}$`).test(file);
}
