// What has been released: the migrations of each version with their digests, so that none is changed afterwards, and what
// an upgrade starts from. Once a version is in the changelog:
//   node tests/deploy/support/releases.mjs 0.1.0     writes it into tests/deploy/releases.json
// The function of a release is read from the git tag v0.1.0.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { argumentError } from "../../../scripts/lib/screen.mjs";
import { ROOT } from "../../../scripts/lib/stack.mjs";

/** @typedef {{version: string, migrations: Record<string, string>}} Release migrations: file → sha256, in order */

export const MIGRATIONS = path.join(ROOT, "supabase/migrations");
const FILE = path.join(ROOT, "tests/deploy/releases.json");

/** @returns {Release[]} */
export const releases = () => JSON.parse(fs.readFileSync(FILE, "utf8"));

/** @param {string} [folder] @returns {Record<string, string>} */
export const digests = (folder = MIGRATIONS) =>
  Object.fromEntries(
    fs.readdirSync(folder).filter((file) => file.endsWith(".sql")).sort()
      .map((file) => [file, createHash("sha256").update(fs.readFileSync(path.join(folder, file))).digest("hex")]),
  );

/**
 * What is wrong with migrations that come after a release: one changed, one gone, one put between.
 * @param {Release | undefined} release @param {Record<string, string>} now @returns {string[]}
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

/** What an upgrade starts from: migrations, and the folder that has the function. @param {string} folder where a release is unpacked */
export function previous(folder) {
  const release = releases().at(-1);
  // Until something is released there is nothing to add: what is stored, and the function, stay as they are all the same.
  if (!release) return { name: "this version", migrations: Object.keys(digests()), root: ROOT };
  const archive = execFileSync("git", ["archive", `v${release.version}`, "pkg", "supabase/functions"], { cwd: ROOT, maxBuffer: 1 << 28 });
  execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });
  return { name: release.version, migrations: Object.keys(release.migrations), root: folder };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const version = process.argv[2];
  if (!/^\d+\.\d+\.\d+$/.test(version ?? "")) argumentError("which version was released? Name it, like 0.1.0");
  const others = releases().filter((release) => release.version !== version);
  const wrong = notAppended(others.at(-1), digests());
  if (wrong.length > 0) argumentError(wrong.join("\n"));
  fs.writeFileSync(FILE, `${JSON.stringify([...others, { version, migrations: digests() }], null, 2)}\n`);
}
