// The project's database: the queue in it, and names that are taken.

import { CommandError } from "./terminal.js";

/**
 * @typedef {object} Remote
 * @property {{version: string, name: string}[]} history the migrations that were applied
 * @property {string | null} installed the version of the queue
 * @property {string[]} taken
 * @property {string | null} functionName of the function that the database calls, where that can be read
 */

/** The catalogues only: a statement that is read must not fail for what is not there. @param {string[]} functions */
const catalogue = (functions) => `select pg_catalog.to_regclass('supabase_migrations.schema_migrations') is not null as history,
  (select pg_catalog.substring(p.prosrc, 'return ''([^'']+)''') from pg_catalog.pg_proc as p
   where p.oid = pg_catalog.to_regprocedure('public.email_queue_version()') and pg_catalog.to_regnamespace('email_queue_private') is not null) as installed,
  pg_catalog.to_regclass('vault.decrypted_secrets') is not null as vault,
  pg_catalog.array_to_json(array(
    select 'function ' || p.oid::pg_catalog.regprocedure from pg_catalog.pg_proc as p
    where p.pronamespace = 'public'::pg_catalog.regnamespace and p.proname in (${functions.map((name) => `'${name}'`).join(", ")})
    union all select 'relation public.email_queue' where pg_catalog.to_regclass('public.email_queue') is not null
    union all select 'schema email_queue_private' where pg_catalog.to_regnamespace('email_queue_private') is not null
    order by 1)) as taken`;

const CALLED = "select decrypted_secret as url from vault.decrypted_secrets where name = 'email_queue_url'";

/**
 * @param {import("./cli.js").Cli} cli @param {import("./cli.js").Target} target @param {string[]} functions of ours in public
 * @returns {Promise<Remote>}
 */
export async function readRemote(cli, target, functions) {
  const [row] = await cli.query(target, catalogue(functions));
  if (!row) throw new CommandError("the Supabase CLI printed no answer to a query of the database", "install another version of the CLI (supabase --version shows the present one)");
  const { history, installed, taken, vault } = row;
  const rows = history ? await cli.query(target, "select version, coalesce(name, '') as name from supabase_migrations.schema_migrations order by version") : [];
  const [called] = installed && vault ? await cli.query(target, CALLED).catch(() => []) : [];
  return { history: rows, installed, taken: installed ? [] : taken, functionName: /\/functions\/v1\/([\w-]+)\/?$/.exec(called?.url ?? "")?.[1] ?? null };
}

/** The statement that has the Supabase CLI take migrations for applied: as `migration repair`, without its connection. @param {{version: string, name: string}[]} migrations */
export const markApplied = (migrations) => `do $mark$
begin
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text not null primary key, statements text[], name text);
  insert into supabase_migrations.schema_migrations (version, name, statements)
  values ${migrations.map(({ version, name }) => `('${version}', '${name}', '{}')`).join(", ")}
  on conflict (version) do nothing;
end
$mark$`;

/** SQL of many statements as one, which is what the Management API and the CLI's query take. It stands or falls as a whole. @param {string} sql */
export function asOneStatement(sql) {
  let tag = "email_queue";
  while (sql.includes(`$${tag}`)) tag += "_";
  return `do $${tag}_$\nbegin\n  execute $${tag}$\n${sql}\n$${tag}$;\nend\n$${tag}_$`;
}
