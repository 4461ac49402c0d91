// Versions that were never released, made as releases are: the sources of this one with another number and with changes, in a folder of
// their own.
import fs from "node:fs";
import path from "node:path";
import { addSql } from "../../../scripts/lib/package-parts.mjs";
import { installation, migration, recordRelease } from "../../../scripts/lib/schema.mjs";
import { ROOT } from "../../../scripts/lib/stack.mjs";

const DISPATCH = "  turn boolean not null default false,\n";
const SOURCES = ["supabase/schemas", "supabase/upgrade.sql", "src/base/limits.rs"];

export class TestVersion {
  /** @param {string} folder where it may be made @param {string} version @param {string | null} [before] the root of the version before */
  constructor(folder, version, before = null) {
    this.folder = folder;
    this.version = version;
    this.before = before;
    this.root = path.join(folder, `sources of ${version}`);
    for (const part of SOURCES) fs.cpSync(path.join(before ?? ROOT, part), path.join(this.root, part), { recursive: true });
    if (before) for (const part of ["supabase/migrations", "supabase/releases.json"]) if (fs.existsSync(path.join(before, part))) fs.cpSync(path.join(before, part), path.join(this.root, part), { recursive: true });
    const time = `20260101${version.split(".").map((number) => number.padStart(2, "0")).join("")}`;
    this.write("supabase/version.json", JSON.stringify({ version, time }));
  }

  /** @param {string} file @param {string} text */
  write(file, text) {
    fs.mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true });
    fs.writeFileSync(path.join(this.root, file), text);
  }

  /** Changes a source. @param {string} file @param {string} from @param {string} to */
  replace(file, from, to) {
    const text = fs.readFileSync(path.join(this.root, file), "utf8");
    if (text.split(from).length !== 2) throw new Error(`${file} does not have it once: ${from}`);
    this.write(file, text.replace(from, () => to));
  }

  installation = () => installation(this.root);
  migration = () => migration(this.root);

  /** Adds its SQL to a package. @param {string} folder */
  addTo = (folder) => addSql(folder, this.root);

  /** Releases it, and begins the version after it, which upgrades with that. @param {string} version @param {string} [changes] what is written by hand */
  next(version, changes = "") {
    const { file, text } = this.migration();
    this.write(`supabase/migrations/${file}`, text);
    recordRelease(this.root);
    const next = new TestVersion(this.folder, version, this.root);
    next.write(`supabase/upgrades/${this.version}-${version}.sql`, changes);
    return next;
  }
}

/**
 * 0.0.1, and 0.0.2 with one of each kind of change: a column in the tables that enqueues and runs write to, and in the view; a table;
 * a function with another body, one with other arguments, one more in public.
 * @param {string} folder
 */
export function testVersions(folder) {
  const one = new TestVersion(folder, "0.0.1");
  const two = one.next("0.0.2", `alter table email_queue_private.message add column origin text default 'before {{MAX_TAGS}}';
alter table email_queue_private.dispatch add column origin text;
{{10_tables/origin.sql}}
drop function email_queue_private.spread(bigint, double precision, bigint);
`);
  const schemas = "supabase/schemas";
  two.replace(`${schemas}/10_tables/message.sql`, "  template jsonb,\n", "  template jsonb,\n  origin text default 'before {{MAX_TAGS}}',\n");
  two.replace(`${schemas}/10_tables/message.sql`, "comment on index email_queue_private.message_dedup_key", "comment on column email_queue_private.message.origin is 'Of the test; it''s new.';\ncomment on index email_queue_private.message_dedup_key");
  two.replace(`${schemas}/10_tables/dispatch.sql`, DISPATCH, `${DISPATCH}  origin text,\n`);
  two.replace(`${schemas}/10_tables/dispatch.sql`, "comment on table", "comment on column email_queue_private.dispatch.origin is 'Of the test.';\ncomment on table");
  two.write(`${schemas}/10_tables/origin.sql`, `create table email_queue_private.origin (
  name text collate "C" constraint origin_pkey primary key
);
comment on table email_queue_private.origin is 'Of the test.';
comment on column email_queue_private.origin.name is 'Its name.';
`);
  two.replace(`${schemas}/05_grants/rights.sql`, "    ('email_queue_private.run',", "    ('email_queue_private.origin', 'select'),\n    ('email_queue_private.run',");
  two.replace(`${schemas}/36_breaker/spread.sql`, "p_count bigint) returns", "p_count bigint, p_more bigint default 0) returns");
  two.replace(`${schemas}/36_breaker/spread.sql`, "double precision, bigint) is", "double precision, bigint, bigint) is");
  two.replace(`${schemas}/70_read/email_queue.sql`, " m.template\n", " m.template, m.origin\n");
  two.replace(`${schemas}/70_read/email_queue_stats.sql`, "  select jsonb_build_object(\n    'types'", "  select jsonb_build_object(\n    'origins', (select count(*) from email_queue_private.origin),\n    'types'");
  two.write(`${schemas}/75_operate/email_queue_origins.sql`, `create function public.email_queue_origins() returns setof text
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select o.name from email_queue_private.origin as o
$$;
comment on function public.email_queue_origins() is 'Of the test.';
`);
  return { one, two };
}
