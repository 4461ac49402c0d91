// Whether two databases have the same schema of the queue.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { connect, findPostgres } from "../../../scripts/lib/stack.mjs";

/** What a dump would hold, an object a line: no machine has the pg_dump of 17. */
const CATALOGUE = `
with relation as (select c.* from email_queue_private.our_relations() as c), routine as (select p.* from email_queue_private.our_functions() as p)
select line from (
  select concat_ws(' ', 'schema', n.nspname, n.nspacl::text, d.description) as line
  from pg_namespace as n left join pg_description as d on d.objoid = n.oid where n.nspname = 'email_queue_private'
  union all
  select concat_ws(' ', p.oid::regprocedure, p.prokind, p.prosecdef, p.provolatile, p.proparallel, p.proisstrict, p.proconfig::text, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.proacl::text,
    md5(p.prosrc), d.description) from routine as p left join pg_description as d on d.objoid = p.oid
  union all
  select concat_ws(' ', c.oid::regclass, c.relkind, c.relrowsecurity, c.reloptions::text, c.relacl::text, case when c.relkind = 'v' then md5(pg_get_viewdef(c.oid)) end, d.description)
  from relation as c left join pg_description as d on d.objoid = c.oid and d.objsubid = 0
  union all
  select concat_ws(' ', c.oid::regclass, a.attname, row_number() over (partition by c.oid order by a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation, pg_get_expr(x.adbin, x.adrelid), d.description)
  from relation as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef as x on x.adrelid = c.oid and x.adnum = a.attnum left join pg_description as d on d.objoid = c.oid and d.objsubid = a.attnum
  union all
  select concat_ws(' ', 'constraint of', c.oid::regclass, k.conname, pg_get_constraintdef(k.oid)) from relation as c join pg_constraint as k on k.conrelid = c.oid
  union all
  select concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), x.reloptions::text, d.description) from relation as c join pg_index as i on i.indrelid = c.oid
  join pg_class as x on x.oid = i.indexrelid left join pg_description as d on d.objoid = i.indexrelid
  union all
  select concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) from relation as c join pg_trigger as t on t.tgrelid = c.oid where not t.tgisinternal
  union all
  select concat_ws(' ', 'policy of', c.oid::regclass, l.polname, l.polcmd, l.polroles::regrole[]::text) from relation as c join pg_policy as l on l.polrelid = c.oid
  union all
  select concat_ws(' ', 'type', t.oid::regtype, t.typtype, (select string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum) from pg_attribute as a where a.attrelid = t.typrelid and not a.attisdropped))
  from pg_type as t where t.typnamespace = 'email_queue_private'::regnamespace and t.typtype = 'c' and not exists (select from relation as c where c.reltype = t.oid)
  union all
  select concat_ws(' ', 'sequence', s.seqrelid::regclass, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle) from pg_sequence as s join relation as c on c.oid = s.seqrelid
) as all_of_it order by line collate "C"`;

/**
 * What only one of them has, a line each: in the upgraded one what the step should have dropped or changed, in the fresh one what it
 * should have made.
 * @param {string} upgraded @param {string} fresh addresses @returns {Promise<string[]>}
 */
export async function differences(upgraded, fresh) {
  const [one, other] = await Promise.all([catalogue(upgraded), catalogue(fresh)]);
  if (other.length < 300) throw new Error(`only ${other.length} objects were found`);
  const only = (/** @type {string} */ where, /** @type {string[]} */ lines, /** @type {string[]} */ others) =>
    lines.filter((line) => !others.includes(line)).map((line) => `only ${where}: ${line}`);
  const found = [...only("in the upgraded", one, other), ...only("in the fresh", other, one)];
  // Where anything differs, the record of it does.
  return found.length > 0 ? found.filter((line, _, lines) => lines.length <= 2 || !line.includes(".recorded_objects() ")) : await dumps(upgraded, fresh);
}

/** @param {string} url @returns {Promise<string[]>} */
async function catalogue(url) {
  const sql = await connect(url, { max: 1 });
  try {
    return (await sql.unsafe(CATALOGUE)).map((/** @type {{line: string}} */ { line }) => line);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Where the servers are of the version that has a pg_dump here: byte for byte. @param {string} upgraded @param {string} fresh @returns {Promise<string[]>} */
async function dumps(upgraded, fresh) {
  const sql = await connect(fresh, { max: 1 });
  const [{ version }] = await sql`select current_setting('server_version_num')::int / 10000 as version`;
  await sql.end({ timeout: 1 });
  if (version !== 15) return [];
  const program = path.join(await findPostgres(15) ?? "", "pg_dump");
  const of = async (/** @type {string} */ url) => {
    const { stdout } = await promisify(execFile)(program, ["--schema-only", "--no-owner", "--schema=email_queue_private", url], { maxBuffer: 1 << 28 });
    // \\restrict has a new word each time.
    return stdout.split("\n").filter((line) => !/^\\(un)?restrict /.test(line));
  };
  const [one, other] = await Promise.all([of(upgraded), of(fresh)]);
  return one.flatMap((line, n) => line === other[n] ? [] : [`line ${n} of the dump: ${line} | ${other[n]}`]).slice(0, 20);
}

/** Of a value what another has too: columns that were added do not count. @param {any} now @param {any} before @returns {any} */
export function kept(now, before) {
  if (Array.isArray(before)) return Array.isArray(now) ? now.map((one, n) => kept(one, before[n])) : now;
  if (before === null || typeof before !== "object" || now === null) return now;
  return Object.fromEntries(Object.keys(before).map((key) => [key, kept(now[key], before[key])]));
}
