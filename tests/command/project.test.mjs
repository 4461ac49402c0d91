// What the text of the migrations says: which version they install, and which names they take.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { takenNames } from "../../src/js/command/names.js";
import { findProject, refuseTwice, versionOf } from "../../src/js/command/project.js";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";

const installs = (/** @type {string} */ version) => `create function public.email_queue_version() returns text\nlanguage plpgsql as $$\nbegin\n  perform x();\n  return '${version}';\nend\n$$;\n`;
const dumped = (/** @type {string} */ version) => `CREATE OR REPLACE FUNCTION "public"."email_queue_version"() RETURNS "text"\n    LANGUAGE "plpgsql" STABLE\n    AS $$\nbegin\n  return '${version}';\nend\n$$;\n`;
const UNINSTALL = "select pg_temp.email_queue_uninstall(false);";

for (const [name, texts, version] of /** @type {const} */ ([
  ["nothing", ["create table a ();"], undefined],
  ["one", [installs("0.1.0")], "0.1.0"],
  ["an upgrade after it", [installs("0.1.0"), installs("0.2.0").replace("create", "create or replace")], "0.2.0"],
  ["both in one file", [installs("0.1.0") + installs("0.2.0")], "0.2.0"],
  ["squashed, as pg_dump writes it", [dumped("0.1.0")], "0.1.0"],
  ["squashed, then an upgrade", [dumped("0.1.0"), installs("0.1.1")], "0.1.1"],
  ["removed", [installs("0.1.0"), UNINSTALL], undefined],
  ["removed and installed anew", [installs("0.1.0"), UNINSTALL, installs("0.2.0")], "0.2.0"],
  ["a comment on it is no definition", [`comment on function public.email_queue_version() is 'x'; select '9.9.9';`], undefined],
  ["one in a comment", [`/* /* once */ ${installs("0.1.0")} */ -- ${installs("0.1.0").replaceAll("\n", " ")}`], undefined],
  ["one in a text", [`select '${installs("0.1.0").replaceAll("'", "''")}', $a$${installs("0.1.0")}$a$;`], undefined],
  ["what another function says", [installs("0.1.0").replace("email_queue_version", "mine") + "create function public.email_queue_version() returns text as $$ select 1 $$;"], undefined],
  ["another one that its comment names", [installs("0.2.0").replace("begin", "begin -- return '0.1.0'\n")], "0.2.0"],
  ["one whose body is a plain text", ["create function public.email_queue_version() returns text as 'begin return ''0.1.0''; end' language plpgsql"], "0.1.0"],
  ["removed in a comment", [installs("0.1.0"), `-- ${UNINSTALL}`], "0.1.0"],
  ["another function of that name", [`create function app.email_queue_version() returns text language sql as $$ select '9.9.9' $$;`], undefined],
])) test(`the version of ${name}`, () => assert.equal(versionOf(texts.map((text) => ({ text }))), version));

test("this repository's migration is of the version that it says", () => {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, "supabase/version.json"), "utf8"));
  assert.equal(versionOf(findProject(path.join(ROOT, "tests/command")).migrations), version);
});

test("of two that install it, one that is commented out does not count", () => {
  const migration = (/** @type {string} */ version, /** @type {string} */ text) => ({ version, name: "a", file: `${version}_a.sql`, text });
  const install = "select pg_temp.email_queue_check_names();";
  refuseTwice([migration("1", install), migration("2", `/* ${install} */`)]);
  assert.throws(() => refuseTwice([migration("1", install), migration("2", install)]), /two migrations install the queue: 1_a\.sql and 2_a\.sql/);
  refuseTwice([migration("1", install), migration("2", UNINSTALL), migration("3", install)]);
});

const OURS = ["email_queue_wake", "email_queue_enqueue"];
for (const [text, taken] of /** @type {const} */ ([
  ["create function public.email_queue_wake() returns void", "function email_queue_wake (1_a.sql)"],
  ['CREATE OR REPLACE FUNCTION "public"."email_queue_wake"(a int)', "function email_queue_wake (1_a.sql)"],
  ["create function email_queue_enqueue (to_ text)", "function email_queue_enqueue (1_a.sql)"],
  ["create table if not exists public.email_queue (id int)", "table email_queue (1_a.sql)"],
  ["create materialized view email_queue as select 1", "view email_queue (1_a.sql)"],
  ["create type email_queue as enum ()", "type email_queue (1_a.sql)"],
  ["create schema email_queue_private", "schema email_queue_private (1_a.sql)"],
  ["create function email_queue_dispatch() returns void", undefined],
  ["create table email_queue_log (id int)", undefined],
  ["create function app.email_queue_wake() returns void", undefined],
  ["-- create function email_queue_wake()", undefined],
  ["create function email_queue_wake() returns void as $$ $$; alter function email_queue_wake() rename to my_wake;", undefined],
  ["create function email_queue_wake() returns void as $$ $$; drop function if exists public.email_queue_wake;", undefined],
  ["create function email_queue_wake() returns void as $$ $$; alter function email_queue_wake() owner to me;", "function email_queue_wake (1_a.sql)"],
  ["/* /* a */ create table email_queue () */", undefined],
  ["select 'create table email_queue ()', E'\\'; create table email_queue ()'", undefined],
  ["create function mine() returns void as $a$ create table email_queue () $a$", undefined],
  ["select 'it''s --'; create table email_queue ()", "table email_queue (1_a.sql)"],
  ["create /* mine */ table -- of mine\n public . email_queue ()", "table email_queue (1_a.sql)"],
  ["do $do$ begin create type email_queue as enum ('a;b'); exception when others then null; end $do$;", "type email_queue (1_a.sql)"],
  ["create table \"Email_Queue\" ()", undefined],
  ["create table app.email_queue ()", undefined],
  ["create temp table email_queue ()", undefined],
  ["create schema email_queue", undefined],
  ["create function email_queue() returns void", undefined],
  ["create sequence email_queue", "sequence email_queue (1_a.sql)"],
  ["create table a (); create table email_queue (); drop table if exists a, public.email_queue cascade;", undefined],
  ["create function email_queue_wake(a numeric(10,2)) returns void as ''; drop function mine(text, numeric(10,2)), email_queue_wake(numeric(10,2));", undefined],
  ["create function email_queue_wake() returns void as ''; drop table email_queue_wake;", "function email_queue_wake (1_a.sql)"],
  ["create materialized view email_queue as select 1; drop materialized view email_queue;", undefined],
  ["create table mails (); alter table mails rename to email_queue;", "table email_queue (1_a.sql)"],
  ["create table app.email_queue (); alter table app.email_queue set schema public;", "table email_queue (1_a.sql)"],
  ["create table email_queue (); alter table email_queue rename column a to b;", "table email_queue (1_a.sql)"],
  ["create table email_queue (id int); alter table email_queue set schema old; create table email_queue ()", "table email_queue (1_a.sql)"],
])) {
  test(`taken: ${text.slice(0, 90)}`, () => {
    assert.deepEqual(takenNames([{ version: "1", name: "a", file: "1_a.sql", text }], OURS), taken === undefined ? [] : [taken]);
  });
}

test("a name that a later migration gives up is free", () => {
  const migration = (/** @type {string} */ version, /** @type {string} */ text) => ({ version, name: "a", file: `${version}_a.sql`, text });
  const made = migration("1", "create table email_queue (id int);");
  assert.deepEqual(takenNames([made, migration("2", "alter table public.email_queue rename to my_mails;")], OURS), []);
  assert.deepEqual(takenNames([migration("0", "drop table email_queue;"), made], OURS), ["table email_queue (1_a.sql)"]);
});

test("the project is the nearest one, and others are named", () => {
  const folder = tempFolder("projects");
  try {
    const put = (/** @type {string} */ name) => {
      fs.mkdirSync(path.join(folder.path, name, "supabase/migrations"), { recursive: true });
      fs.writeFileSync(path.join(folder.path, name, "supabase/config.toml"), "");
    };
    const says = (/** @type {string} */ cwd, /** @type {RegExp} */ pattern, workdir = undefined) =>
      assert.throws(() => findProject(path.join(folder.path, cwd), workdir), (/** @type {any} */ error) => pattern.test(`${error.message} → ${error.remedy}`));
    says(".", /there is no supabase\/config\.toml here or above/);
    put("apps of one's/one");
    if (process.platform !== "win32") says(".", /repeat it with --workdir 'apps of one'\\''s\/one'$/);
    fs.rmSync(path.join(folder.path, "apps of one's"), { recursive: true });
    put("apps/one");
    says(".", /the Supabase project is in apps[\\/]one/);
    put("apps/two with a space");
    says(".", /more than one Supabase project here: apps[\\/]one, apps[\\/]two with a space → choose one: --workdir apps[\\/]one$/);
    const deep = path.join(folder.path, "apps/two with a space/src/a/b");
    fs.mkdirSync(deep, { recursive: true });
    assert.equal(findProject(deep).root, path.join(folder.path, "apps/two with a space"));
    assert.equal(findProject(path.join(folder.path, "apps/one/supabase")).root, path.join(folder.path, "apps/one"));
    assert.equal(findProject(folder.path, "apps/one").root, path.join(folder.path, "apps/one"));
    says("apps/one", /config\.toml was not found/, /** @type {any} */ ("../none"));
  } finally {
    folder.remove();
  }
});

test("what the CLI takes for migrations, in its order", () => {
  const folder = tempFolder("migrations");
  try {
    fs.mkdirSync(path.join(folder.path, "supabase/migrations/20250101000000_folder.sql"), { recursive: true });
    fs.writeFileSync(path.join(folder.path, "supabase/config.toml"), "");
    for (const file of ["20250102000000_b.sql", "0001_a.sql", "2_c.sql", "seed.sql", "20250101000000.sql", "20250103000000_d.txt"]) {
      fs.writeFileSync(path.join(folder.path, "supabase/migrations", file), "");
    }
    assert.deepEqual(findProject(folder.path).migrations.map(({ file }) => file), ["0001_a.sql", "2_c.sql", "20250102000000_b.sql"]);
  } finally {
    folder.remove();
  }
});
