// The package's files for the command: the SQL of its versions (sql/) and the files of its functions (functions/).
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { completed, restored } from "./step.js";
import { CommandError } from "./terminal.js";

const PACKAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** One file of sql/: <version>.sql installs, <from>-<to>.sql upgrades. @typedef {{from: string | null, to: string, file: string}} Step */

/** @param {string} [folder] of the package */
export function openPackage(folder = PACKAGE) {
  const sql = path.join(folder, "sql");
  const steps = fs.readdirSync(sql).flatMap((file) => {
    const [, from, to] = /^(?:(\d+\.\d+\.\d+)-)?(\d+\.\d+\.\d+)\.sql$/.exec(file) ?? [];
    return to === undefined ? [] : [{ from: from ?? null, to, file }];
  });
  const version = steps.map(({ to }) => to).sort(compareVersions).at(-1);
  if (version === undefined) throw new CommandError("the package has no SQL", "install it again");
  const read = (/** @type {string} */ file) => fs.readFileSync(path.join(sql, file), "utf8");
  const textOf = (/** @type {Step} */ { from, to, file }) => (from === null ? restored(read(file), () => read(`${version}.sql`)) : completed(read(file), () => read(`${to}.sql`)));
  return {
    folder,
    version,
    /** The SQL files from a version (null: from nothing) to another, in their order. @param {string | null} from @param {string} [to] */
    sqlFrom(from, to = version) {
      if (from === to) return [];
      const found = shortest(steps, from, to);
      if (!found) {
        throw new CommandError(
          from === null ? `the package has no SQL of version ${to}` : `the package cannot upgrade from ${from} to ${to}`,
          from !== null && compareVersions(from, to) > 0 ? `the schema is newer than this package: install email-queue ${from} or newer` : "install the package's newest version",
        );
      }
      return found.map((step) => ({ ...step, text: textOf(step) }));
    },
    /** Whether a migration to a version is as the command wrote it, of this package or an earlier one; undefined: this cannot be told. @param {string} to @param {string} text */
    wrote(to, text) {
      const digests = fs.existsSync(path.join(sql, "digests.json")) ? [JSON.parse(read("digests.json"))[to] ?? []].flat() : [];
      const all = [...steps.filter((step) => step.to === to).map((step) => digest(textOf(step))), ...digests];
      return all.length === 0 ? undefined : all.includes(digest(text));
    },
    /** @param {boolean} [force] whatever is lost */
    uninstall: (force = false) => read("uninstall.sql").replace("email_queue_uninstall(false)", `email_queue_uninstall(${force})`),
    /** The names of the functions in public. */
    functions: () => [...new Set([...read(/** @type {Step} */ (shortest(steps, null, version)?.at(-1)).file).matchAll(/create (?:or replace )?function public\.(\w+)/g)].map(([, name]) => /** @type {string} */ (name)))],
    /** The files of a kind of function as they are here, without their heads. @param {string} name @returns {{name: string, text: string}[]} */
    functionFiles: (name) => {
      const from = path.join(folder, "functions", name);
      return fs.readdirSync(from).filter((name) => !name.endsWith(".d.ts")).sort().map((name) => ({ name, text: fs.readFileSync(path.join(from, name), "utf8") }));
    },
  };
}

/** Line ends do not count. @param {string} text */
const digest = (text) => createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");

/** @param {string} one @param {string} other */
export function compareVersions(one, other) {
  const [left, right] = [one, other].map((version) => version.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @param {Step[]} steps @param {string | null} from @param {string} to @returns {Step[] | undefined} */
function shortest(steps, from, to) {
  /** @type {Step[][]} */
  let paths = steps.filter((step) => step.from === from).map((step) => [step]);
  for (; paths.length > 0; paths = paths.flatMap((way) => steps.filter((step) => step.from !== null && step.from === way.at(-1)?.to).map((step) => [...way, step]))) {
    const found = paths.find((way) => way.at(-1)?.to === to);
    if (found) return found;
  }
  return undefined;
}
