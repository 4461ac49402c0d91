// Projects in folders of their own, and the command as it is installed: from a copy of the package, or of one with other versions.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ensureTool, ROOT, tempFolder } from "../../../scripts/lib/stack.mjs";

export const FUNCTION = "supabase/functions/process-email-queue";
export const EVENTS = "supabase/functions/email-queue-events";
const PKG = path.join(ROOT, "pkg");

/** @param {{path: string}} folder @param {string} name @param {Record<string, string>} [files] of it @returns {string} */
export function newProject(folder, name, files = {}) {
  const root = path.join(folder.path, name);
  for (const [file, text] of Object.entries({ "supabase/config.toml": 'project_id = "theirs"\n', ...files })) write(path.join(root, file), text);
  fs.mkdirSync(path.join(root, "supabase/migrations"), { recursive: true });
  return root;
}

/** @param {string} file @param {string} text */
export function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

/** Every file of a folder, but git's own. @param {string} root @returns {Record<string, string>} */
export function snapshot(root) {
  const names = fs.readdirSync(root, { recursive: true }).map(String).filter((name) => !/^(\.git|supabase\/\.temp)\//.test(name.split(path.sep).join("/")) && fs.statSync(path.join(root, name), { throwIfNoEntry: false })?.isFile());
  return Object.fromEntries(names.sort().map((name) => [name, fs.readFileSync(path.join(root, name), "utf8")]));
}

/** The files of migrations. @param {string} root */
export const migrations = (root) => fs.readdirSync(path.join(root, "supabase/migrations")).sort();

/** A package with the SQL of other versions. @param {{path: string}} folder @param {Record<string, string>} sql by file @returns {string} its folder */
export function packageWith(folder, sql) {
  const to = fs.mkdtempSync(path.join(folder.path, "package-"));
  for (const part of ["command", "functions", "package.json", "provider.js", "sql/uninstall.sql"]) fs.cpSync(path.join(PKG, part), path.join(to, part), { recursive: true });
  for (const [file, text] of Object.entries(sql)) write(path.join(to, "sql", file), text);
  return to;
}

/** The schema as another version: what only its name tells. @param {string} version */
export const schemaOf = (version) => real().replaceAll(`return '${realVersion()}'`, `return '${version}'`);
export const real = () => fs.readFileSync(path.join(PKG, "sql", `${realVersion()}.sql`), "utf8");
export const realVersion = () => JSON.parse(fs.readFileSync(path.join(ROOT, "supabase/version.json"), "utf8")).version;
/** A migration to another version, as small as one may be. @param {string} version */
export const upgradeTo = (version) => `create or replace function public.email_queue_version() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  perform email_queue_private.check_caller();
  return '${version}';
end
$$;
alter table email_queue_private.setting add column if not exists of_the_test integer;
call email_queue_private.apply_grants();
call email_queue_private.record_schema();
`;

/**
 * Runs the command as somebody would.
 * @param {string[]} args
 * @param {{cwd: string, env?: Record<string, string | undefined>, package?: string, cli?: string, uid?: number | undefined}} where cli: the folder of a Supabase CLI's program
 * @returns {Promise<{code: number | null, stdout: string, stderr: string}>}
 */
export function command(args, { cwd, env = {}, package: from = PKG, cli, uid }) {
  return program(process.execPath, [path.join(from, "command/main.js"), ...args], { cwd, env, cli, uid });
}

/** @param {string} file @param {string[]} args @param {{cwd: string, env?: Record<string, string | undefined>, cli?: string | undefined, uid?: number | undefined}} where */
export async function program(file, args, { cwd, env = {}, cli, uid }) {
  const own = path.dirname(process.execPath);
  const child = spawn(file, args, {
    cwd,
    ...uid === undefined ? {} : { uid },
    // Of the caller's environment only what programs need: a SUPABASE_ variable of a developer's would change what is tested.
    env: { PATH: [cli, own, "/usr/bin", "/bin"].filter(Boolean).join(path.delimiter), HOME: path.join(cwd, "../home of nobody"), DO_NOT_TRACK: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, stdout, stderr };
}

/** The Supabase CLIs that the command works with, by their major versions: folders of their programs. */
export const clis = async () => /** @type {const} */ ([
  ["2", path.join(await ensureTool("supabase-2"), "node_modules/.bin")],
  ["3", path.join(await ensureTool("test"), "node_modules/.bin")],
]);

/** What a Supabase CLI is told to push to a database. @param {string} version @param {string} url */
export const pushTo = (version, url) => ["db", "push", "--yes", ...version === "2" ? ["--db-url", url] : [`--remote=${url}`]];

/** That a command is refused, and leaves every file as it is. @param {string} cwd @param {string[]} args @param {RegExp} message @param {{code?: number, [how: string]: any}} [how] */
export async function refuses(cwd, args, message, { code: expected = 1, ...how } = {}) {
  const before = snapshot(cwd);
  const { code, stderr } = await command(args, { cwd, ...how });
  assert.equal(code, expected, stderr);
  assert.match(stderr, message);
  assert.match(stderr, /^ {3}→ ./m, "and what to do");
  assert.deepEqual(snapshot(cwd), before);
}
