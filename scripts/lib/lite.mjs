// Supabase Lite for the scripts and the tests: with the queue's migrations, on an embedded database or on a PostgreSQL.
import fs from "node:fs";
import path from "node:path";
import { startLite as start } from "../../src/js/local/lite.js";
import { ROOT } from "./host.mjs";
import { migrate as applyMigrations, urlAs } from "./postgres.mjs";
import { ensureTool } from "./tools.mjs";

/** @typedef {import("../../src/js/local/lite.js").Lite} Lite */

/**
 * @param {object} [options]
 * @param {"pglite" | "postgres"} [options.driver] pglite: an embedded PostgreSQL in memory, gone with the process
 * @param {string} [options.databaseUrl] for the driver postgres: a database of a cluster like a Supabase project's, of any login
 * @param {string} [options.migrationsDir]
 * @param {string[]} [options.first] files to apply to the embedded one before the migrations
 * @param {boolean} [options.migrate] false: the database has its schema already
 * @returns {Promise<Lite>}
 */
export async function startLite({ driver = "pglite", databaseUrl = "", migrationsDir = path.join(ROOT, "supabase/migrations"), first = [], migrate = true } = {}) {
  const tool = await ensureTool("lite");
  if (driver === "pglite") return await start({ tool, migrations: [...first, ...migrate ? files(migrationsDir) : []] });
  const migrations = migrate ? await applyMigrations(urlAs(databaseUrl, "postgres"), migrationsDir) : [];
  return { ...await start({ tool, databaseUrl: urlAs(databaseUrl, "authenticator") }), migrations };
}

/** @param {string} folder */
const files = (folder) => fs.readdirSync(folder).filter((name) => /^\d+_.*\.sql$/.test(name)).sort().map((name) => path.join(folder, name));
