// The programs of PostgreSQL 15 and 17 with the extensions that the tests need, copied into a temporary folder, so that
// nothing on the machine is touched: 15 is the machine's own, with Debian's extensions laid over the copy; 17 is npm's. Both
// have stand-ins of pg_net and supabase_vault, 17 of pg_cron too (scripts/lib/postgres).
import fs from "node:fs";
import path from "node:path";
import { ensureDebs, unpackDeb } from "./debs.mjs";
import { ROOT, outputOf } from "./host.mjs";
import { findPostgres } from "./postgres.mjs";

const EXTENSIONS = ["postgresql-15-cron", "postgresql-15-pgtap", "postgresql-15-plpgsql-check"];
const STAND_INS = path.join(ROOT, "scripts/lib/postgres");

/**
 * @typedef {object} Programs
 * @property {string} bin the folder with postgres, initdb …
 * @property {string} psql
 * @property {Record<string, string>} env for psql
 * @property {string} pgtap one SQL file
 */

/** @param {15 | 17} version @param {string} folder temporary, open to PostgreSQL's user @returns {Promise<Programs>} */
export async function preparePrograms(version, folder) {
  ensureDebs(EXTENSIONS);
  const to15 = path.join(folder, "postgres-15");
  if (!fs.existsSync(to15)) {
    for (const part of ["lib", "share"]) copy(`/usr/${part}/postgresql/15`, path.join(to15, `usr/${part}/postgresql/15`));
    for (const name of EXTENSIONS) unpackDeb(name, to15);
    addStandIns(path.join(to15, "usr/share/postgresql/15/extension"), ["extension"]);
  }
  const { psql, env } = findPsql(to15);
  const extensions = path.join(to15, "usr/share/postgresql/15/extension");
  const pgtap = path.join(extensions, fs.readdirSync(extensions).find((file) => /^pgtap--\d+\.\d+\.\d+\.sql$/.test(file)) ?? "");
  if (version === 15) {
    const bin = path.join(to15, "usr/lib/postgresql/15/bin");
    if (!fs.existsSync(path.join(bin, "postgres"))) throw new Error("PostgreSQL 15 is not on this machine (Debian: postgresql-15)");
    return { bin, psql, env, pgtap };
  }
  const to17 = path.join(folder, "postgres-17");
  if (!fs.existsSync(to17)) {
    const found = await findPostgres(17);
    if (found === null) throw new Error("npm has no PostgreSQL 17 for this machine");
    copy(path.dirname(found), to17);
    addStandIns(path.join(to17, "share/postgresql/extension"), ["extension", "extension-17"]);
  }
  return { bin: path.join(to17, "bin"), psql, env, pgtap };
}

/** The machine's psql, or Debian's with the library that it needs. @param {string} to15 */
function findPsql(to15) {
  const psql = path.join(to15, "usr/lib/postgresql/15/bin/psql");
  if (!fs.existsSync(psql)) {
    const client = ["postgresql-client-15", "libpq5"];
    ensureDebs(client);
    for (const name of client) unpackDeb(name, to15);
  }
  const libraries = path.join(to15, "usr/lib");
  const libpq = fs.readdirSync(libraries).map((name) => path.join(libraries, name)).find((name) => fs.existsSync(path.join(name, "libpq.so.5")));
  return { psql, env: libpq ? { LD_LIBRARY_PATH: libpq } : /** @type {Record<string, string>} */ ({}) };
}

/** @param {string} from @param {string} to */
function copy(from, to) {
  if (!fs.existsSync(from)) return;
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  // The server runs as somebody else, who may not read a clone below /root.
  if (outputOf("chmod", ["-R", "a+rX", to]) === null) throw new Error(`${to} could not be made readable for PostgreSQL's user`);
}

/** @param {string} extensions @param {string[]} folders */
function addStandIns(extensions, folders) {
  for (const folder of folders) {
    for (const file of fs.readdirSync(path.join(STAND_INS, folder))) {
      fs.copyFileSync(path.join(STAND_INS, folder, file), path.join(extensions, file));
      fs.chmodSync(path.join(extensions, file), 0o644);
    }
  }
}
