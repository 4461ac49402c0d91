// Where a deployment comes from: the files of a project (init wrote them), or, with --direct, the package itself.
import path from "node:path";
import { configure } from "./config.js";
import { push, step } from "./deploy-steps.js";
import { isFolder, withFolder } from "./files.js";
import { EVENTS_FUNCTION, examineFolder, FUNCTION, withHead } from "./function.js";
import { missingImports } from "./imports.js";
import { functionNames, newer, refuseNames, refuseTaken } from "./init.js";
import { compareVersions } from "./package.js";
import { configuration } from "./parts.js";
import { pendingOf, refusePushed, unmarked } from "./pending.js";
import { findProject, linkedRef, refuseMigrations, versionOf } from "./project.js";
import { asOneStatement } from "./remote.js";
import { CommandError } from "./terminal.js";
import { EVENTS } from "./variables.js";

/**
 * @typedef {object} Source
 * @property {string} root the folder of .env
 * @property {string} label
 * @property {(remote: import("./remote.js").Remote, env: Record<string, string | undefined>) => import("./function.js").Named[]} functions the one that sends is the first
 * @property {string} version of what is deployed
 * @property {string | undefined} linked the project that the folder is linked to
 * @property {string[]} notes
 * @property {(remote: import("./remote.js").Remote) => Schema} schema
 * @property {(functions: import("./function.js").Named[], use: (workdir: string) => Promise<void>) => Promise<void>} withFunctions
 *
 * @typedef {object} Schema what a database needs that is as `remote` says
 * @property {string[]} lines of the plan
 * @property {string[]} ours the files of migrations
 * @property {string[]} yours
 * @property {CommandError | undefined} [refusal]
 * @property {(to: import("./deploy.js").Deployment) => Promise<void>} apply
 */

/** @param {{pack: import("./parts.js").Package, cwd: string, values: Record<string, any>}} from @returns {Source} */
export function projectSource({ pack, cwd, values }) {
  const project = findProject(cwd, values.workdir);
  refuseMigrations(project.migrations);
  const functions = functionNames(project, values);
  const names = functions.map(({ name }) => name);
  const version = versionOf(project.migrations);
  const direct = "email-queue init writes it; for a project without a repository: --direct";
  if (version === undefined) throw new CommandError("no migration of this project installs the queue", direct);
  if (compareVersions(version, pack.version) > 0) throw newer(version, pack.version);
  for (const { kind, name } of functions) {
    const folder = path.join(project.supabase, "functions", name);
    const { owner } = examineFolder(folder, pack.functionFiles(kind));
    if (owner !== "ours") throw new CommandError(`supabase/functions/${name} is not the queue's`, direct);
    refuseGaps(folder, project.root, "email-queue upgrade writes it again");
  }
  return {
    root: project.root, label: project.root, functions: () => functions, version, linked: linkedRef(project.supabase), notes: configuration(project, names).notes,
    schema: (remote) => {
      refuseTaken({ project, pack, remote, functions });
      const { ours, yours } = pendingOf(project.migrations, remote.history);
      const files = { ours: ours.map(({ file }) => file), yours: yours.map(({ file }) => file) };
      const withYours = values["with-yours"] === true;
      refuseUnmarked(unmarked(ours, remote));
      return {
        ...files,
        lines: [
          ...files.ours.map((file) => `push    supabase/migrations/${file}`),
          ...files.yours.map((file) => `${withYours ? "push" : "keep"}    supabase/migrations/${file} (yours)`),
        ],
        refusal: yours.length === 0 || withYours ? undefined : new CommandError(`some of your own migrations are not pushed yet: ${files.yours.join(", ")}. Nothing was changed`,
          "push them together with the queue's: email-queue deploy --with-yours; or push them first: supabase db push (Supabase CLI 3: supabase db push --remote)"),
        apply: async (to) => ours.length + yours.length > 0 ? await push(to) : undefined,
      };
    },
    withFunctions: (_, use) => use(project.root),
  };
}

/** @param {{pack: import("./parts.js").Package, cwd: string, values: Record<string, any>}} from @returns {Source} */
export function directSource({ pack, cwd, values }) {
  const root = directRoot(cwd, values.workdir);
  refuseNames(values);
  if (values["with-yours"]) throw new CommandError("--with-yours concerns a project's migrations, and --direct reads none", "use only one of the two");
  for (const kind of [FUNCTION, EVENTS_FUNCTION]) refuseGaps(path.join(pack.folder, "functions", kind), path.dirname(pack.folder), "install the package again; in a clone of its repository: git checkout pkg");
  return {
    root, label: "this package", version: pack.version, linked: linkedRef(path.join(root, "supabase")), notes: [],
    functions: ({ functionName }, env) => {
      const without = values["without-events"] || env[EVENTS] === "off";
      if (without && values["events-function-name"] !== undefined) throw new CommandError(`--without-events, or ${EVENTS}=off, leaves out the function that --events-function-name names`, "use only one of the two");
      const kinds = without ? [FUNCTION] : [FUNCTION, EVENTS_FUNCTION];
      /** @type {Record<string, string>} */
      const names = { [FUNCTION]: values["function-name"] ?? functionName ?? FUNCTION, [EVENTS_FUNCTION]: values["events-function-name"] ?? EVENTS_FUNCTION };
      return kinds.map((kind) => ({ kind, name: names[kind] ?? kind }));
    },
    schema: (remote) => {
      const { installed } = remote;
      if (installed !== null && compareVersions(installed, pack.version) > 0) throw newer(installed, pack.version);
      if (remote.taken.length > 0) throw new CommandError(`names that the queue needs are taken: ${remote.taken.join(", ")}. Nothing was changed`, "rename or drop them (alter function … rename to …), then repeat the command");
      const steps = pack.sqlFrom(installed);
      if (steps.length > 0) refusePushed(remote);
      return {
        ours: [], yours: [],
        lines: steps.map(({ from, to }) => from === null ? `install the schema of ${to}, at once` : `upgrade the schema from ${from} to ${to}, at once`),
        apply: async (to) => {
          if (steps.length === 0) return;
          step(to, "Schema");
          // The steps of several versions are applied all, or none.
          await to.cli.query(to.target, asOneStatement(steps.map(({ text }) => text).join("\n")));
        },
      };
    },
    withFunctions: (functions, use) => withFolder({
      "supabase/config.toml": functions.reduce((text, { name }) => configured(text, name), ""),
      ...Object.fromEntries(functions.flatMap(({ kind, name }) => pack.functionFiles(kind).map((file) => [`supabase/functions/${name}/${file.name}`, withHead(file, pack.version).text]))),
    }, use),
  };
}

/** @param {{file: string}[]} migrations that the database has without their rows */
function refuseUnmarked([first]) {
  if (first) throw new CommandError(`the database has the queue already, and ${first.file} is not in its history. Nothing was changed`, "email-queue init marks it as applied; then repeat the command");
}

/** The folder whose .env counts. @param {string} cwd @param {string} [workdir] */
export function directRoot(cwd, workdir) {
  const root = path.resolve(cwd, workdir ?? ".");
  if (!isFolder(root)) throw new CommandError(`--workdir: ${root} is not a folder`, "with --direct it is the folder that has .env");
  return root;
}

/** @param {string} text @param {string} name */
function configured(text, name) {
  const answer = configure(text, name);
  return answer.kind === "append" ? answer.text : text;
}

/** The CLI only warns of a file that is not there, and uploads the others. @param {string} folder @param {string} root @param {string} remedy */
function refuseGaps(folder, root, remedy) {
  const named = (/** @type {string} */ file) => path.relative(root, file).split(path.sep).join("/");
  const missing = missingImports(path.join(folder, "index.ts"));
  if (missing.length === 0) return;
  const each = missing.map(({ file, importer }) => `${named(file)} is missing${importer === null ? "" : `, and ${named(importer)} needs it`}`);
  throw new CommandError(`${each.join("; ")}. Nothing was changed`, remedy);
}
