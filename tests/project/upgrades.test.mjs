// The step from one version to the next, as it is generated: what is in it, what keeps it from being made, and what the package carries.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { openPackage } from "../../src/js/command/package.js";
import { drift, forProjects, installation, migration } from "../../scripts/lib/schema.mjs";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { differences } from "../deploy/support/schemas.mjs";
import { testVersions, TestVersion } from "../deploy/support/versions.mjs";
import { violations } from "./support/rules.mjs";
import { read } from "./support/statements.mjs";
import { inSession, startProject } from "./support/world.mjs";

const folder = tempFolder("upgrade steps");
after(() => folder.remove());
const { one, two } = testVersions(folder.path);

/** @param {string} name */
const place = (name) => {
  const to = path.join(folder.path, name);
  fs.mkdirSync(to);
  return to;
};
/** The functions, views and comments of a text, by name and body. @param {string} text */
async function made(text) {
  const { statements } = await read([{ name: "m", text }]);
  const kinds = /^(CreateFunction|View|Comment)Stmt$/;
  return new Set(statements.filter(({ kind, inFunction }) => !inFunction && kinds.test(kind)).map(({ text: one }) => one.replace(/^(\s|--.*\n)*/, "").replace(/^create or replace /, "create ").trim()));
}

test("a step makes every function, view and comment of the sources again, and creates nothing else that is not written by hand", async () => {
  const [installed, step] = [await made(two.installation()), await made(two.migration().text)];
  // What checks the names, and what is made of what this server offers, is of an installation only.
  const missing = [...installed].filter((text) => !step.has(text));
  assert.deepEqual(missing.map((text) => text.split("\n")[0]), ["create function pg_temp.email_queue_check_names() returns void", "create function email_queue_private.made_extensions() returns jsonb"]);
  assert.deepEqual([...step].filter((text) => !installed.has(text)).map((text) => text.split("\n")[0]), ["create function pg_temp.email_queue_begin_upgrade(p_from text, p_to text, p_tables text[]) returns void"]);
  const { statements } = await read([{ name: "m", text: two.migration().text }]);
  const others = statements.filter(({ kind, inFunction, where }) => !inFunction && where === "m" && !/^(CreateFunction|View|Comment)Stmt$/.test(kind)).map(({ kind }) => kind);
  assert.deepEqual(others, ["VariableSetStmt", "VariableSetStmt", "SelectStmt", "AlterTableStmt", "AlterTableStmt", "CreateStmt", "DropStmt", "DoStmt", "DropStmt", "CallStmt", "CallStmt", "VariableSetStmt", "NotifyStmt"]);
});

test("a step keeps the rules, with its head", async () => {
  const exceptions = { defines: ["email_queue_private.apply_grants", "email_queue_private.record_schema", "pg_temp.email_queue_begin_upgrade"], unreadable: ["pg_temp.email_queue_begin_upgrade"] };
  const faults = await violations([{ name: "m", text: one.installation() }, { name: "n", text: two.migration().text }], exceptions);
  assert.deepEqual(faults.filter((fault) => !/owner's rights|advisory/.test(fault)), []);
});

test("the tables that a step changes are locked before anything else, and no others", () => {
  const { text } = two.migration();
  const begin = "select pg_temp.email_queue_begin_upgrade('0.0.1', '0.0.2', '{dispatch,message,origin,spread}');";
  assert.ok(text.indexOf(begin) > 0 && text.indexOf(begin) < text.indexOf("alter table"), begin);
});

test("what keeps a step from being made is said", () => {
  const base = place("refused");
  const first = new TestVersion(base, "0.0.1");
  const next = first.next("0.0.2");
  fs.rmSync(path.join(next.root, "supabase/upgrades"), { recursive: true });
  assert.throws(() => next.migration(), /supabase\/upgrades\/0\.0\.1-0\.0\.2\.sql is missing: it changes tables and rows/);
  next.write("supabase/upgrades/0.0.1-0.0.2.sql", "{{10_tables/nothing.sql}}");
  assert.throws(() => next.migration(), /0\.0\.1-0\.0\.2\.sql: there is no source 10_tables\/nothing\.sql/);
  next.write("supabase/upgrades/0.0.1-0.0.2.sql", "select {{NOTHING}};");
  assert.throws(() => next.migration(), /0\.0\.1-0\.0\.2\.sql: nothing says what \{\{NOTHING\}\} is/);
  next.write("supabase/upgrades/0.0.1-0.0.2.sql", "");
  assert.match(next.migration().text, /^-- email-queue 0\.0\.2, from 0\.0\.1\. Generated/);
  next.write("supabase/version.json", JSON.stringify({ version: "0.0.2", time: "20251231000000" }));
  assert.throws(() => next.migration(), /20251231000000 is before 20260101000001_email_queue_0_0_1\.sql/);
});

test("a version that was released stays as it is: its migration, and what installs it", () => {
  const base = place("released");
  const first = new TestVersion(base, "0.0.1");
  const second = first.next("0.0.2");
  assert.deepEqual(drift(first.root), []);
  const stats = "supabase/schemas/70_read/email_queue_stats.sql";
  first.replace(stats, "Counted up to 100,000 each", "Counted up to 200,000 each");
  assert.throws(() => drift(first.root), /version\.json: 0\.0\.1 was released, and supabase\/schemas makes another schema now: give it the next version/);
  first.replace(stats, "Counted up to 200,000 each", "Counted up to 100,000 each");

  // A later one, whose step alone would not show a change of a table.
  assert.match(fs.readFileSync(path.join(second.root, "supabase/releases.json"), "utf8"), /"version": "0\.0\.1"/);
  second.next("0.0.3");
  assert.equal(second.migration().version, "0.0.2");
  second.replace("supabase/schemas/10_tables/setting.sql", "interval not null default '90 days'", "interval not null default '91 days'");
  assert.throws(() => migration(second.root), /0\.0\.2 was released/);
});

test("the package goes from any version to this one, and knows what it wrote before", () => {
  const base = place("carried");
  const first = new TestVersion(base, "0.0.1");
  const second = first.next("0.0.2");
  const third = second.next("0.0.3");
  const to = place("package");
  third.addTo(to);
  const pack = openPackage(to);
  const way = (/** @type {string | null} */ from, /** @type {string} */ version) => pack.sqlFrom(from, version).map(({ file }) => file);
  assert.deepEqual(way(null, "0.0.3"), ["0.0.3.sql"]);
  assert.deepEqual(way("0.0.1", "0.0.3"), ["0.0.1-0.0.2.sql", "0.0.2-0.0.3.sql"]);
  assert.deepEqual(way(null, "0.0.2"), ["0.0.1.sql", "0.0.1-0.0.2.sql"]);
  const texts = { installed: forProjects("0.0.2", installation(second.root)), upgraded: forProjects("0.0.2", second.migration().text, "0.0.1") };
  for (const text of Object.values(texts)) assert.deepEqual([pack.wrote("0.0.2", text), pack.wrote("0.0.2", text.replaceAll("\n", "\r\n")), pack.wrote("0.0.2", `${text} `)], [true, true, false]);
  assert.equal(pack.wrote("0.0.9", ""), undefined);
  // The last step makes each function again, and the package has them once. The steps before it make what they change.
  const [between, last] = pack.sqlFrom("0.0.1").map(({ text }) => text);
  assert.equal(last, forProjects("0.0.3", third.migration().text, "0.0.2"));
  assert.ok(fs.statSync(path.join(to, "sql/0.0.2-0.0.3.sql")).size < 20_000);
  assert.ok((between?.length ?? 0) < 20_000, "nothing has changed");
  assert.equal(pack.sqlFrom(null, "0.0.1")[0]?.text, forProjects("0.0.1", first.migration().text));
  assert.ok(fs.statSync(path.join(to, "sql/0.0.1.sql")).size < 30_000);
});

test("what the hand-written part forgets is found, object by object", async () => {
  const postgres = await startProject(17, { grants: "new" });
  try {
    const file = "supabase/upgrades/0.0.1-0.0.2.sql";
    const whole = fs.readFileSync(path.join(two.root, file), "utf8");
    const create = (/** @type {string} */ name) => inSession(postgres.url, (sql) => sql.unsafe(`create database ${name}`));
    await create("fresh");
    await inSession(postgres.urlOf("fresh"), (sql) => sql.unsafe(two.installation()));
    for (const [n, [line, expected]] of /** @type {[string, RegExp][]} */ ([
      ["drop function", /^only in the upgraded: email_queue_private\.spread\(bigint,double precision,bigint\)/],
      ["alter table email_queue_private.dispatch", /column "origin" of relation "email_queue_private\.dispatch" does not exist/],
      ["alter table email_queue_private.message", /column m\.origin does not exist|column "origin" of relation/],
      ["{{10_tables", /relation "email_queue_private\.origin" does not exist/],
    ]).entries()) {
      two.write(file, whole.split("\n").filter((one) => !one.startsWith(line)).join("\n"));
      const name = `forgets_${n}`;
      await create(name);
      await inSession(postgres.urlOf(name), (sql) => sql.unsafe(one.installation()));
      const found = await inSession(postgres.urlOf(name), (sql) => sql.unsafe(two.migration().text)).then(() => differences(postgres.urlOf(name), postgres.urlOf("fresh")), (error) => [error.message]);
      assert.match(found[0] ?? "nothing", expected);
    }
    two.write(file, whole);
  } finally {
    await postgres.stop();
  }
});

test("each version that supabase/upgrades goes to is one of the migrations", () => {
  const upgrades = path.join(ROOT, "supabase/upgrades");
  const files = fs.existsSync(upgrades) ? fs.readdirSync(upgrades) : [];
  const migrations = fs.readdirSync(path.join(ROOT, "supabase/migrations"));
  for (const name of files) assert.ok(migrations.some((one) => one.endsWith(`_email_queue_${name.replace(/^.*-|\.sql$/g, "").replaceAll(".", "_")}.sql`)), name);
});

test("a queue is upgraded over several versions at once", async () => {
  const postgres = await startProject(17, { grants: "new" });
  try {
    const three = two.next("0.0.3");
    const to = place("package of three");
    three.addTo(to);
    await inSession(postgres.url, (sql) => sql.unsafe("create database fresh"));
    await inSession(postgres.urlOf("fresh"), (sql) => sql.unsafe(three.installation()));
    const steps = [one.installation(), ...openPackage(to).sqlFrom("0.0.1").map(({ text }) => text)];
    assert.equal(steps.length, 3);
    await inSession(postgres.url, async (sql) => {
      for (const step of steps) await sql.unsafe(`begin; ${step}; commit`);
    });
    assert.deepEqual(await differences(postgres.url, postgres.urlOf("fresh")), []);
  } finally {
    await postgres.stop();
  }
});
