// Clusters like a Supabase project's, of both kinds, on both versions. scripts/test project says where PostgreSQL is, with
// the stand-ins of extensions in it.
import { execFile } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ROOT, connect, runFile, startPostgres } from "../../../scripts/lib/stack.mjs";

const execute = promisify(execFile);

/** @param {number} version the folder of its programs */
const programs = (version) => {
  const folder = process.env[`POSTGRES_${version}`];
  if (!folder) throw new Error(`POSTGRES_${version} is not set: scripts/test project sets it`);
  return folder;
};

/**
 * @param {number} [version] @param {import("../../../scripts/lib/postgres-project.mjs").Project} [project]
 * @param {Record<string, string>} [settings]
 */
export async function startProject(version = 15, project = {}, settings = {}) {
  const cron = version === 15
    ? { shared_preload_libraries: "pg_stat_statements,auto_explain,pg_cron", "cron.database_name": "postgres", "cron.host": "127.0.0.1" }
    : {};
  return await startPostgres({ version, project, programs: programs(version), settings: { ...cron, ...settings } });
}

/** What the SQL editor's session does on a project: the extensions that the queue can use. @param {string} url */
export async function addExtensions(url) {
  await inSession(url, async (sql) => {
    for (const name of ["supabase_vault", "pg_net", "pg_cron"]) await sql.unsafe(`create extension if not exists ${name}`);
  });
}

/** @template T @param {string} url @param {(sql: any) => Promise<T>} use @param {object} [options] of the connection @returns {Promise<T>} */
export async function inSession(url, use, options = {}) {
  const sql = await connect(url, { max: 1, ...options });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** In a session as PostgREST has one, with a role. @template T @param {string} url of authenticator @param {string} role @param {(sql: any) => Promise<T>} use */
export const asRole = (url, role, use) => inSession(url, use, { connection: { role } });

/** The database's part of a project, for a database that is not made from template1. @param {string} url of the superuser */
export const furnish = (url) => runFile(url, path.join(ROOT, "scripts/lib/postgres/database.sql"), "set project.grants = 'old';");

/** @param {string} url @param {string[]} options @returns {Promise<string>} */
export async function dump(url, ...options) {
  const args = ["--schema=public", "--schema=email_queue_private", ...options, url];
  return (await execute(path.join(programs(15), "pg_dump"), args, { maxBuffer: 1 << 28 })).stdout;
}

/** Runs what a dump holds; fails with the errors that are not expected. @param {string} url @param {string} text */
export async function restore(url, text) {
  const child = execute(path.join(programs(15), "psql"), ["-Xq", url], { maxBuffer: 1 << 28 });
  child.child.stdin?.end(text);
  const errors = (await child).stderr.split("\n").filter((line) => /ERROR|FATAL/.test(line) && !line.includes('schema "public" already exists'));
  if (errors.length > 0) throw new Error(`the dump was not restored:\n${errors.join("\n")}`);
}

/** The queue's functions in public, as signatures. @param {any} sql @returns {Promise<string[]>} */
export const api = async (sql) => (await sql`select unnest(email_queue_private.api()) as name`).map((/** @type {any} */ { name }) => name);
