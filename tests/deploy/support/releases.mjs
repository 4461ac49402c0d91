// What has been released: the migrations of each version with their digests, so that none is changed afterwards, and what
// an upgrade starts from. Once a version is in the changelog:
//   node tests/deploy/support/releases.mjs 0.1.0     writes it into supabase/releases.json
// The function of a release is read from the commit that recorded it.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { digest, migration, recordRelease, releases } from "../../../scripts/lib/schema.mjs";
import { argumentError } from "../../../scripts/lib/screen.mjs";
import { ROOT } from "../../../scripts/lib/stack.mjs";
import { TestVersion } from "./versions.mjs";

/** @typedef {import("../../../scripts/lib/schema.mjs").Release} Release migrations: file → sha256, in order */

const MIGRATIONS = path.join(ROOT, "supabase/migrations");

const files = () => fs.readdirSync(MIGRATIONS).filter((file) => file.endsWith(".sql")).sort().map((file) => ({ file, text: fs.readFileSync(path.join(MIGRATIONS, file), "utf8") }));

/** @returns {Record<string, string>} */
export const digests = () => Object.fromEntries(files().map(({ file, text }) => [file, digest(text)]));

/**
 * What is wrong with migrations that come after a release: one changed, one gone, one put between.
 * @param {Pick<Release, "version" | "migrations"> | undefined} release @param {Record<string, string>} now @returns {string[]}
 */
export function notAppended(release, now) {
  if (!release) return [];
  const last = Object.keys(release.migrations).at(-1) ?? "";
  return [
    ...Object.entries(release.migrations).filter(([file, digest]) => now[file] !== digest)
      .map(([file]) => `${file} of ${release.version} was ${file in now ? "changed" : "removed"}: append a migration instead`),
    ...Object.keys(now).filter((file) => !(file in release.migrations) && file < last)
      .map((file) => `${file} sorts before the last migration of ${release.version}: give it a later time`),
  ];
}

/** Whether this clone lacks the history, as one with --depth does. */
export const isShallow = () => git("rev-parse", "--is-shallow-repository").toString().trim() === "true";

/** What git answers, about this repository. */
export const git = (/** @type {string[]} */ ...args) => execFileSync("git", args, { cwd: ROOT, maxBuffer: 1 << 28 });

/**
 * The commit that recorded a release, by its digest: a clone may lack the tags. A shallow clone has its last commit only, with this version's function.
 * @param {Pick<Release, "version" | "installation">} release @returns {string}
 */
export function commitOf({ version, installation }) {
  const [commit] = git("log", "--reverse", "--format=%H", `-S${installation}`, "--", "supabase/releases.json").toString().split("\n");
  if (!commit) throw new Error(`no commit recorded ${version}: fetch the whole history of the repository`);
  return commit;
}

/**
 * What an upgrade starts from, and what it adds: the text of migrations, and the folder that has the function.
 * @param {string} folder where a release is unpacked @returns {{name: string, before: string[], added: string[], root: string}}
 */
export function previous(folder) {
  const { version } = migration();
  const release = releases().filter((one) => one.version !== version).at(-1);
  if (!release) {
    // Until the second release: this schema as another version, of which this one is made.
    const old = new TestVersion(folder, "0.0.1");
    return { name: "0.0.1", before: [old.migration().text], added: [old.next(version).migration().text], root: ROOT };
  }
  const archive = git("archive", commitOf(release), "pkg", "supabase/functions");
  execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });
  const of = (/** @type {boolean} */ released) => files().filter(({ file }) => file in release.migrations === released).map(({ text }) => text);
  return { name: release.version, before: of(true), added: of(false), root: folder };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = migration();
  if (process.argv[2] !== version) argumentError(`which version was released? supabase/version.json has ${version}`);
  const wrong = notAppended(releases().filter((release) => release.version !== version).at(-1), digests());
  if (wrong.length > 0) argumentError(wrong.join("\n"));
  recordRelease();
}
