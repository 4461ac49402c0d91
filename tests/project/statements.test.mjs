// Every statement of the migrations, read by PostgreSQL's own parser: pg-safeupdate refuses what has no WHERE only when it
// runs, and no linter looks at the rest.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { drift, migration, sources } from "../../scripts/lib/schema.mjs";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { violations } from "./support/rules.mjs";
import { read } from "./support/statements.mjs";

const FOLDER = path.join(ROOT, "supabase/migrations");
const migrations = fs.readdirSync(FOLDER).sort().map((name) => ({ name, text: fs.readFileSync(path.join(FOLDER, name), "utf8") }));
const files = sources();

/** What may break a rule, and must: an exception that nothing needs any more is a fault too. */
const EXCEPTIONS = {
  // What needs rights that service_role has not: Vault, pg_cron, the catalogues, the grants.
  definer: [
    ...["doctor_answers", "doctor_identity", "doctor_job", "doctor_parts", "doctor_runs", "doctor_schema", "send_wake"].map((name) => `email_queue_private.${name}`),
    ...["auth_hook", "call", "connect", "schedule", "unschedule", "wake"].map((name) => `public.email_queue_${name}`),
  ],
  // Putting grants right, noting what the last migration left, and taking an upgrade's locks, on tables that it lists.
  defines: ["email_queue_private.apply_grants", "email_queue_private.record_schema", "pg_temp.email_queue_begin_upgrade"],
  unreadable: ["pg_temp.email_queue_begin_upgrade"],
  // Of a token that only the caller knows: nobody can work out the number.
  advisory: ["email_queue_private.claim_one"],
};

test("every statement and function of the migrations keeps the rules", async () => {
  assert.deepEqual(await violations(migrations, EXCEPTIONS), []);
});

test("so does what removes it", async () => {
  const uninstall = { name: "uninstall.sql", text: fs.readFileSync(path.join(ROOT, "supabase/uninstall.sql"), "utf8") };
  const name = "pg_temp.email_queue_uninstall";
  assert.deepEqual(await violations([...migrations, uninstall], { ...EXCEPTIONS, defines: [...EXCEPTIONS.defines, name] }), []);
});

test("the migration is what the sources make, byte for byte", () => {
  assert.deepEqual(drift(), []);
  // Supabase Lite 0.10.0 passes over other names, and says nothing.
  assert.match(migration().file, /^\d{14}_[^.]+\.sql$/);
});

test("a changed source, an impossible time and a source out of place are found", () => {
  const folder = tempFolder("schemas");
  try {
    const put = (/** @type {string} */ name, /** @type {string} */ text) => {
      fs.mkdirSync(path.dirname(path.join(folder.path, name)), { recursive: true });
      fs.writeFileSync(path.join(folder.path, name), text);
    };
    const version = (/** @type {string} */ time, number = "1.2.3") => put("supabase/version.json", JSON.stringify({ version: number, time }));
    version("20260228235959");
    put("src/base/limits.rs", "//! Limits.\n\n/// One.\npub const MAX_DEPTH: usize = 1_024;\n");
    put("supabase/schemas/20_b/a.sql", "select 2, {{MAX_DEPTH}};\n");
    put("supabase/schemas/10_a/b.sql", "select 1;\n");
    assert.deepEqual(drift(folder.path), ["supabase/migrations/20260228235959_email_queue_1_2_3.sql is missing"]);
    const { file, text } = migration(folder.path);
    put(`supabase/migrations/${file}`, text);
    assert.deepEqual(drift(folder.path), []);
    assert.match(text, /select 1;\n\n-- 20_b\/a.sql\nselect 2, 1024;/);
    put("supabase/schemas/20_b/a.sql", "select {{MAX_DEPTH+1}};\n");
    assert.deepEqual(drift(folder.path), [`supabase/migrations/${file} is not what supabase/schemas makes`]);
    for (const time of ["20260229235959", "20261124000970", "2026022823595"]) {
      version(time);
      assert.throws(() => migration(folder.path), /version\.json: time: /, time);
    }
    version("20260228235959", "1.2");
    assert.throws(() => migration(folder.path), /version\.json: version: /);
    version("20260228235959");
    put("supabase/schemas/20_b/a.sql", "select '{{version}}', {{no_value}};\n");
    assert.throws(() => migration(folder.path), /20_b\/a\.sql: nothing says what \{\{no_value\}\} is/);
    put("supabase/schemas/20_b/a.sql", "select '{{version}}', 8;\n");
    assert.throws(() => migration(folder.path), /limits\.rs: no source of supabase\/schemas has \{\{MAX_DEPTH\}\}/);
    put("supabase/schemas/20_b/a.sql", "select '{{version}}', {{MAX_DEPTH-1}}, {{MAX_DEPTH}};\n");
    assert.match(migration(folder.path).text, /select '1\.2\.3', 1023, 1024;/);
    put("src/base/limits.rs", "pub const MAX_DEPTH: usize = 1 << 10;\n");
    assert.throws(() => migration(folder.path), /limits\.rs: pub const MAX_DEPTH: usize = 1 << 10;: a limit is a number/);
    put("src/base/limits.rs", "pub const MAX_DEPTH: usize = 1_024;\n");
    put("supabase/schemas/10_a/c.sql", "create or replace function public.f(a int) returns int\n");
    put("supabase/schemas/20_b/d.sql", "create function public.f(a text) returns int\n");
    assert.throws(() => migration(folder.path), /the function public\.f is in 10_a\/c\.sql and in 20_b\/d\.sql: delete one$/);
    fs.rmSync(path.join(folder.path, "supabase/schemas/20_b/d.sql"));
    version("20260301000000", "1.3.0");
    put("supabase/migrations/20260301000000_email_queue_1_3_0.sql", migration(folder.path).text);
    assert.deepEqual(drift(folder.path), [`supabase/migrations/${file} is of no release and not of supabase/version.json`]);
    put("supabase/releases.json", JSON.stringify([{ version: "1.2.3", migrations: { [file]: "digest" } }]));
    put("supabase/upgrade.sql", "-- The head.\n");
    put("supabase/upgrades/1.2.3-1.3.0.sql", "");
    put("supabase/migrations/20260301000000_email_queue_1_3_0.sql", migration(folder.path).text);
    assert.deepEqual(drift(folder.path), []);
    for (const name of ["10_a/schema.sql", "c/a.sql", "10_a.sql", "10_a/b/c.sql"]) {
      put(`supabase/schemas/${name}`, "select 1;\n");
      assert.throws(() => migration(folder.path), /a source is NN_subject\/name\.sql/, name);
      fs.rmSync(path.join(folder.path, "supabase/schemas", name));
    }
  } finally {
    folder.remove();
  }
});

test("a source holds one function, or one table", () => {
  const many = files.filter(({ text }) => (text.match(/^create (or replace )?(function|procedure|table|view|type) /gm) ?? []).length > 1);
  assert.deepEqual(many.map(({ name }) => name), []);
});

test("statements, functions and dynamic SQL are found", async () => {
  const found = await read(migrations);
  assert.ok(found.functions.length > 80, `${found.functions.length} functions`);
  const changing = found.statements.filter(({ kind, inFunction }) => inFunction && /^(Update|Delete|Insert)Stmt$/.test(kind));
  assert.ok(changing.length > 40, `${changing.length} statements that change rows`);
  assert.ok(found.statements.some(({ where, text }) => where.endsWith(".store_secret") && text.includes("vault.update_secret")), "what is executed");
});

test("an UPDATE or DELETE is found wherever its WHERE is taken out", async () => {
  let tried = 0;
  for (const { name, text } of files) {
    for (const match of text.matchAll(/((?:update|delete from) email_queue_private\.[^;$]*?)\s+where [^;$]*;/g)) {
      const broken = `${text.slice(0, match.index)}${match[1]};${text.slice(match.index + match[0].length)}`;
      // Where it ends in the middle of something, it is none.
      const faults = await violations([{ name, text: broken }]).catch(() => null);
      if (faults === null) continue;
      assert.ok(faults.some((fault) => fault.includes(": without WHERE: ")), `${name}: ${match[0].slice(0, 100)}`);
      tried += 1;
    }
  }
  assert.ok(tried > 30, `${tried} statements`);
});

const HEAD = "create function app.f() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$ begin";
/** @param {string} body */
const inFunction = (body) => `create table app.note (id int); create view app.all_notes as select * from app.note;
  create function app.g() returns int language sql set search_path = pg_catalog, pg_temp as 'select 1'; ${HEAD} ${body} end $$;`;

for (const [fault, sql] of /** @type {const} */ ([
  [null, inFunction("update app.note set id = 1 where true; perform app.g(), count(*) from app.note; insert into app.note values (1) on conflict do update set id = 2;")],
  [null, inFunction("with note as (select 1) select * from note;")],
  ["app.f: without WHERE: update app.note", inFunction("update app.note set id = 1;")],
  ["app.f: without WHERE: with x as", inFunction("with x as (delete from app.note returning 1) select * from x;")],
  ["app.f: without WHERE: delete from app.note", inFunction("execute 'delete from app.note';")],
  ["app.f: without WHERE: delete from app.some_name", inFunction("execute format('delete from app.%I', 'note');")],
  ["app.h: without WHERE: delete from app.note", `${inFunction("")} create function app.h() returns void language sql set search_path = pg_catalog, pg_temp as 'delete from app.note';`],
  ["m, do: without WHERE: delete from app.note", `${inFunction("")} do $$ begin delete from app.note; end $$;`],
  ["m: without WHERE: delete from app.note", `${inFunction("")} delete from app.note;`],
  ["app.f: search_path is not", HEAD.replace("pg_catalog, pg_temp", "''") + " end $$;"],
  ["app.f: search_path is not", HEAD.replace("set search_path = pg_catalog, pg_temp", "") + " end $$;"],
  ["app.f: search_path is not", HEAD.replace("pg_catalog, pg_temp", "pg_temp, pg_catalog") + " end $$;"],
  ["app.f: runs with its owner's rights", HEAD.replace("plpgsql", "plpgsql security definer") + " end $$;"],
  ["app.f: takes an advisory lock", inFunction("if pg_try_advisory_xact_lock(1) then null; end if;")],
  ["app.f: the database's collation decides", inFunction("perform lower('INFO');")],
  [null, inFunction("perform lower('INFO' collate \"C\");")],
  ["app.f: defines: alter table app.note", inFunction("alter table app.note disable trigger all;")],
  ["app.f: defines: drop table app.some_name", inFunction("execute format('drop table app.%I', 'x');")],
  ["app.f: defines: truncate app.note", inFunction("truncate app.note;")],
  ["app.f: a backslash in 'a\\_b'", inFunction("perform 1 where 'x' like 'a\\_b';")],
  ["app.f: note without its schema", inFunction("perform count(*) from note;")],
  ["app.f: g without its schema", inFunction("perform g();")],
  ["app.f: note without its schema", inFunction("perform 'note'::regclass;")],
  ["app.f: note without its schema", inFunction("perform nextval('note');")],
  ["app.f: note without its schema", inFunction("declare v note; begin null; end;")],
  ["app.f: executes what is no constant", inFunction("execute 'select ' || 1;")],
])) {
  test(`the rules: ${fault ?? "nothing"} in ${sql.slice(-110)}`, async () => {
    const faults = await violations([{ name: "m", text: sql }]);
    if (fault === null) assert.deepEqual(faults, []);
    else assert.ok(faults.some((text) => text.startsWith(fault)), JSON.stringify(faults));
  });
}

test("the rules: an exception that nothing needs is a fault", async () => {
  assert.deepEqual(await violations([{ name: "m", text: `${HEAD} end $$;` }], { definer: ["app.f"], defines: ["app.f"], advisory: ["app.f"], unreadable: ["app.f"] }),
    ["app.f: defines nothing", "app.f: executes constants only", "app.f: needs no owner's rights", "app.f: takes no advisory lock"]);
});
