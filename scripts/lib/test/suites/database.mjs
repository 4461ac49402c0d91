// The suites on a real PostgreSQL.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT } from "../../host.mjs";
import { preparePrograms } from "../../postgres-programs.mjs";
import { connect, startPostgres } from "../../postgres.mjs";
import { ensureRust, hasNextest } from "../../rust.mjs";
import { ensureDeno, ensureTool } from "../../tools.mjs";
import { filesIn } from "../suite.mjs";

/** @typedef {import("./index.mjs").SuiteOf} SuiteOf @typedef {import("../suite.mjs").Suite} Suite */

/** What Supabase loads into the server, as far as Debian has it: npm's 17 has stand-ins. */
const PRELOADED = { shared_preload_libraries: "pg_stat_statements,auto_explain,pg_cron", "cron.database_name": "postgres" };

/** @type {SuiteOf} */
export const sql = {
  about: "the migrations as the Supabase CLI applies them, its linters, pgTAP, conformance and races, on PostgreSQL 15 and 17",
  all: true,
  needs: ["test", "lite"],
  run: async (suite) => {
    ensureRust();
    // Side by side: a group of either has one session at work, so one core.
    await Promise.all(/** @type {const} */ ([15, 17]).map((version) => sqlOn(suite, version)));
  },
};

/** @param {Suite} suite @param {15 | 17} version */
async function sqlOn(suite, version) {
  const on = `PostgreSQL ${version}`;
  const programs = await preparePrograms(version, suite.folder);
  // Projects made before 2026, and those since.
  const project = version === 15 ? /** @type {const} */ ({ preload: "safeupdate", grants: "old" }) : /** @type {const} */ ({ preload: "supautils, safeupdate", grants: "new" });
  const postgres = await startPostgres({ version, programs: programs.bin, project, settings: version === 15 ? PRELOADED : {} });
  suite.atEnd(postgres.stop);
  const env = { ...postgres.env, ...programs.env };

  const { folder, command: cli } = supabase(suite, await ensureTool("test"), version, postgres.url);
  const how = { env: { SUPABASE_ACCESS_TOKEN: undefined, HOME: path.join(folder, "home"), DO_NOT_TRACK: "1" } };
  if (!(await suite.check(`${on}: supabase db push`, cli("push", "--yes"), { ...how, setup: true }))) return;
  await suite.check(`${on}: supabase db push again has nothing to do`, cli("push", "--yes"), { ...how, says: "up to date" });
  if (version === 15) {
    await suite.check(`${on}: supabase db lint`, cli("lint", "--level", "warning", "--fail-on", "warning"), how);
    await suite.check(`${on}: supabase db advisors`, cli("advisors", "--level", "warn", "--fail-on", "warn"), how);
  }

  // The migrations have created what this server offers. The tests bring their own.
  const created = "select 'created: ' || string_agg(extname, ',' order by extname) from pg_extension where extname in ('pg_cron', 'pg_net')";
  await suite.check(`${on}: the migrations create the extensions`, [programs.psql, "-XqAt", "-c", created], { env, says: "created: pg_cron,pg_net" });
  await asAdmin(postgres, "drop extension if exists pg_cron, pg_net, supabase_vault cascade");
  await loadPgtap(suite, version, programs, env);
  await suite.pgtap(`${on}: pgTAP`, filesIn("supabase/tests", ".sql"), { psql: programs.psql, env });
  if (version === 15) {
    const costly = "supabase/tests/claim_cost_does_not_grow_with_what_is_not_due.sql";
    await suite.pgtap(`${on}: what a claim reads beside a million that are not due`, [costly], { psql: programs.psql, env, variables: { scale: "10" } });
  }

  // The same cases over the queue in memory and over this database, and sessions that meet in it.
  const database = { DATABASE_URL: postgres.url.replace("postgres://", "postgresql://") };
  const required = { env: { ...database, EMAIL_QUEUE_REQUIRE_DATABASE: "1" } };
  if (hasNextest()) await suite.nextest(`${on}: conformance`, ["--test", "conformance"], required);
  else await suite.libtest(`${on}: conformance`, ["cargo", "test", "--locked", "--test", "conformance"], required);
  if (version === 15) await suite.node(`${on}: races`, filesIn("tests/races", ".test.mjs"), { env: database });
}

/**
 * The Supabase CLI in a copy of the migrations, so that it writes its notes there and two runs side by side do not share them.
 * @param {Suite} suite @param {string} tools @param {number} version @param {string} url
 */
function supabase(suite, tools, version, url) {
  const folder = path.join(suite.folder, `sql-${version}`);
  fs.mkdirSync(path.join(folder, "home"), { recursive: true });
  for (const part of ["migrations", "config.toml"]) fs.cpSync(path.join(ROOT, "supabase", part), path.join(folder, "supabase", part), { recursive: true });
  const command = (/** @type {string[]} */ ...args) =>
    [path.join(tools, "node_modules/.bin/supabase"), "db", ...args, "--workdir", folder, `--remote=${url.replace("postgres://", "postgresql://")}?sslmode=disable`];
  return { folder, command };
}

/**
 * One plain SQL file, into the schema where Supabase keeps extensions; 17 gets it the same way.
 * @param {Suite} suite @param {number} version @param {import("../../postgres-programs.mjs").Programs} programs @param {Record<string, string>} env
 */
async function loadPgtap(suite, version, { psql, pgtap }, env) {
  const file = path.join(suite.folder, "pgtap.sql");
  const text = fs.readFileSync(pgtap, "utf8").replace(/^\\.*$/gm, "");
  fs.writeFileSync(file, `set client_min_messages = warning; set search_path = extensions;\n${text}`);
  await suite.check(`PostgreSQL ${version}: pgTAP can be loaded`, [psql, "-Xq", "-v", "ON_ERROR_STOP=1", "-f", file], { env, setup: true });
}

/** @param {import("../../postgres.mjs").Postgres} postgres @param {string} statement */
async function asAdmin(postgres, statement) {
  const admin = await connect(postgres.adminUrl, { max: 1 });
  await admin.unsafe(statement);
  await admin.end();
}

/** What a real project does: roles, what is loaded into sessions, extensions, dumps, other people's functions; and each statement, read by PostgreSQL's parser. @type {SuiteOf} */
export const project = {
  about: "what a real Supabase project does to the queue, on projects of both kinds",
  all: true,
  needs: ["test", "lite", "parser", "browser"],
  run: async (suite) => {
    ensureRust();
    /** @type {Record<string, string>} */
    const env = {};
    for (const version of /** @type {const} */ ([15, 17])) env[`POSTGRES_${version}`] = (await preparePrograms(version, suite.folder)).bin;
    await suite.node("on projects of both kinds", [...filesIn("tests/project", ".test.mjs"), "tests/docs/sql.test.mjs"], { env, concurrency: 2 });
  },
};

/** Its decisions and what it does to repositories first: they need no database. @type {SuiteOf} */
export const command = {
  about: "the command email-queue: on repositories, and on databases with a history, with both Supabase CLIs",
  all: true,
  needs: ["test", "lite", "deno", "supabase-2", "next", "browser", "console"],
  run: async (suite) => {
    ensureRust();
    /** @type {Record<string, string>} */
    const env = {};
    for (const version of /** @type {const} */ ([15, 17])) env[`POSTGRES_${version}`] = (await preparePrograms(version, suite.folder)).bin;
    await suite.node("on repositories and databases", filesIn("tests/command", ".test.mjs"), { env, concurrency: 2 });
  },
};

/** @type {SuiteOf} */
export const deploy = {
  about: "from the first command to a mail that the schedule sends, on a mock of Supabase with real pg_cron; upgrades; wake-ups",
  all: true,
  needs: ["test", "lite", "supabase-2"],
  run: async (suite) => {
    await ensureDeno("2.1.4");
    // A server each, as pg_cron works in one database of a server.
    const start = async (/** @type {string} */ name, /** @type {15 | 17} */ version = 15) => {
      const { bin } = await preparePrograms(version, suite.folder);
      const settings = { ...version === 15 ? { ...PRELOADED, "cron.host": "127.0.0.1" } : {}, max_connections: "150" };
      const postgres = await startPostgres({ version, programs: bin, settings });
      suite.atEnd(postgres.stop);
      return { [`DATABASE_URL_${name}`]: postgres.url.replace("postgres://", "postgresql://") };
    };
    /** @type {Record<string, string>} */
    const env = {};
    for (const name of ["deploy", "command", "readme", "doctor", "upgrade", "auth_hook", "auth_hook_faults", "templates", "direct_15"]) Object.assign(env, await start(name));
    Object.assign(env, await start("direct_17", 17));
    for (const version of /** @type {const} */ ([15, 17])) for (const cli of [2, 3]) Object.assign(env, await start(`versions_${version}_${cli}`, version));
    const files = ["variables", "deploy", "direct", "command", "readme", "doctor", "upgrade", "auth_hook", "auth_hook_faults", "templates", "versions"].map((name) => `tests/deploy/${name}.test.mjs`);
    // Side by side: one of them waits for pg_cron's next minute.
    await suite.node("variables, deploy, direct, the command, the README, doctor, upgrade, Auth's hook, templates, versions", files, { env, concurrency: 2 });
    // Alone, because it measures.
    await suite.node("wake-up", ["tests/deploy/wake.test.mjs"], { env: await start("wake") });
  },
};
