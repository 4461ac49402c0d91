// Makes a new cluster like a Supabase project's. scripts/lib/postgres has the settings, the roles, the contents of each database,
// and in C stand-ins of the libraries that Supabase loads into sessions.
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { ensureUnpacked } from "./debs.mjs";
import { ROOT, findOnPath, outputOf } from "./host.mjs";

const SOURCES = path.join(ROOT, "scripts/lib/postgres");
const HEADERS = path.join(ROOT, "scripts/tools/postgres/Cargo.toml");
const MODULES = ["safeupdate", "supautils"];

/** The superuser who makes the cluster; `postgres` owns the databases, without being a superuser. */
export const ADMIN = "supabase_admin";

/**
 * @typedef {object} Project
 * @property {"safeupdate" | "supautils, safeupdate"} [preload] what PostgREST's sessions load: there are projects of both kinds
 * @property {"old" | "new"} [grants] old: what is new in public is open to the API's roles
 */

/**
 * The lines for postgresql.conf.
 * @param {string} modules a folder with the compiled modules
 */
export const configuration = (modules) =>
  `${fs.readFileSync(path.join(SOURCES, "project.conf"), "utf8")}dynamic_library_path = '$libdir:${modules}'\n`;

/**
 * Makes the roles, and fills template1 and postgres.
 * @param {(database: string, file: string, settings: string) => Promise<unknown>} run runs a file as the superuser; settings: for its session
 * @param {Project} [project]
 */
export async function makeProject(run, { preload = "supautils, safeupdate", grants = "old" } = {}) {
  const settings = `set project.preload = '${preload}'; set project.grants = '${grants}';`;
  await run("postgres", path.join(SOURCES, "roles.sql"), settings);
  for (const database of ["template1", "postgres"]) await run(database, path.join(SOURCES, "database.sql"), settings);
}

/**
 * The folder with the modules in C, compiled for a major version of PostgreSQL.
 * @param {number} version @returns {string}
 */
export function ensureModules(version) {
  const sources = MODULES.map((name) => path.join(SOURCES, `${name}.c`));
  const hash = createHash("sha256");
  for (const file of [...sources, HEADERS]) hash.update(fs.readFileSync(file));
  const folder = path.join(ROOT, ".tools/postgres", `${version}-${hash.digest("hex").slice(0, 16)}`);
  if (fs.existsSync(folder)) return folder;
  const compiler = findOnPath("cc") ?? findOnPath("gcc");
  if (compiler === null) throw new Error("a C compiler (cc) is missing: it compiles stand-ins of the libraries that Supabase loads into sessions");
  const headers = findHeaders(version);
  const made = `${folder}.${randomUUID()}`;
  fs.mkdirSync(made, { recursive: true });
  for (const source of sources) {
    const to = path.join(made, `${path.basename(source, ".c")}.so`);
    const run = spawnSync(compiler, ["-std=gnu11", "-O1", "-Wall", "-fPIC", "-shared", `-I${headers}`, "-o", to, source], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(`${path.basename(source)} does not compile for PostgreSQL ${version}:\n${run.stderr}`);
  }
  try {
    fs.renameSync(made, folder);
  } catch {
    // Somebody else was quicker.
    fs.rmSync(made, { recursive: true });
  }
  return folder;
}

/** The machine's, or Debian's package of 15, or those that a crate carries of 17. @param {number} version @returns {string} */
function findHeaders(version) {
  if (version === 17) {
    const run = outputOf("cargo", ["metadata", "--locked", "--format-version=1", `--manifest-path=${HEADERS}`], { maxBuffer: 64 * 1024 * 1024 });
    if (run === null) throw new Error("cargo could not download the crate with PostgreSQL 17's headers");
    const crate = JSON.parse(run).packages.find((/** @type {{name: string}} */ { name }) => name === "pg_query");
    return path.join(path.dirname(crate.manifest_path), "libpg_query/src/postgres/include");
  }
  const installed = `/usr/include/postgresql/${version}/server`;
  if (fs.existsSync(path.join(installed, "postgres.h"))) return installed;
  const folder = ensureUnpacked(`postgresql-server-dev-${version}`, path.join(installed, "postgres.h"));
  return path.join(folder, installed);
}
