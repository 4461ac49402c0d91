// Upgrades, and the way out: what `email-queue upgrade`, `uninstall` and `sql` do to a repository; and how the command is called.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { command, FUNCTION, migrations, newProject, packageWith, real, refuses, schemaOf, snapshot, upgradeTo } from "./support/place.mjs";

const folder = tempFolder("another folder with spaces");
after(() => folder.remove());
let count = 0;
/** @param {Record<string, string>} [files] */
const project = (files) => newProject(folder, `project ${++count}`, files);

/** @param {string} cwd @param {string[]} [args] @param {object} [how] */
const init = (cwd, args = [], how = {}) => command(["init", "--yes", ...args], { cwd, ...how });

test("upgrade appends each step, replaces the function and the declared schema; a newer schema is refused", async () => {
  const cwd = project({ "supabase/schemas/app.sql": "", "supabase/migrations/0007_a.sql": "select 1;" });
  const old = packageWith(folder, { "0.0.1.sql": schemaOf("0.0.1") });
  const now = packageWith(folder, { "0.0.1.sql": schemaOf("0.0.1"), "0.0.1-0.0.2.sql": upgradeTo("0.0.2"), "0.0.2-0.0.3.sql": upgradeTo("0.0.3"), "0.0.3.sql": schemaOf("0.0.3") });
  await init(cwd, [], { package: old });
  await refuses(project(), ["upgrade", "--yes"], /no migration of this project installs the queue/, { package: now });
  assert.match((await init(cwd, [], { package: now })).stderr, /has email-queue 0\.0\.1, and this package is 0\.0\.3\. To upgrade: email-queue upgrade/);
  const { code, stderr } = await command(["upgrade", "--yes"], { cwd, package: now });
  assert.equal(code, 0, stderr);
  assert.deepEqual(migrations(cwd), ["0007_a.sql", "0008_email_queue_0_0_1.sql", "0009_email_queue_0_0_2.sql", "0010_email_queue_0_0_3.sql"]);
  assert.equal(snapshot(cwd)["supabase/schemas/email_queue.sql"], schemaOf("0.0.3"));
  assert.match(snapshot(cwd)[`${FUNCTION}/index.ts`] ?? "", /email-queue 0\.0\.3 /);
  assert.match((await command(["upgrade", "--yes"], { cwd, package: now })).stderr, /Nothing to do/);
  for (const name of ["init", "upgrade"]) await refuses(cwd, [name, "--yes"], /the project has version 0\.0\.3 of the queue, which is newer than this package \(0\.0\.1\)/, { package: old });
  const gap = packageWith(folder, { "0.0.3.sql": schemaOf("0.0.3"), "0.0.5.sql": schemaOf("0.0.5") });
  await refuses(cwd, ["upgrade", "--yes"], /the package cannot upgrade from 0\.0\.3 to 0\.0\.5/, { package: gap });
});

test("uninstall takes back what init brought", async () => {
  const files = { "supabase/schemas/app.sql": "create table a ();", ".prettierrc": "{}", ".gitignore": ".env\n", ".env.example": "MINE=1\r\n", "supabase/config.toml": "[db]\r\nmajor_version = 17\r\n" };
  const cwd = project(files);
  const before = snapshot(cwd);
  await init(cwd);
  const { code, stderr } = await command(["uninstall", "--yes"], { cwd });
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /by hand|filled in/);
  assert.match(stderr, /supabase functions delete process-email-queue\n.*supabase secrets unset/);
  const made = snapshot(cwd);
  const [install, uninstall] = migrations(cwd);
  assert.ok(/** @type {string} */ (uninstall) > /** @type {string} */ (install) && uninstall?.endsWith("_email_queue_uninstall.sql"));
  delete made[`supabase/migrations/${install}`];
  delete made[`supabase/migrations/${uninstall}`];
  assert.deepEqual(made, before);
  await refuses(cwd, ["uninstall", "--yes"], /the queue is not installed here/);
  await init(cwd);
  assert.equal(migrations(cwd).length, 3, "and it can come back");
});

test("uninstall names what was filled in or changed by hand, and leaves it", async () => {
  const cwd = project({ ".env.example": "SUPABASE_SECRET_KEY=\n" });
  await init(cwd);
  const [example, config] = [path.join(cwd, ".env.example"), path.join(cwd, "supabase/config.toml")];
  const filled = fs.readFileSync(example, "utf8").replace("RESEND_API_KEY=", "RESEND_API_KEY=re_mine").replace(/EMAIL_FROM=.*/, "EMAIL_FROM=Me <me@mine.example>");
  fs.writeFileSync(example, `${filled}\nMINE=1\n`);
  fs.appendFileSync(config, "enabled = true\n");
  const before = fs.readFileSync(config, "utf8");
  const { code, stderr } = await command(["uninstall", "--yes", "--offline"], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^This was changed by hand and stays: functions\.process-email-queue in supabase\/config\.toml\./m);
  assert.match(stderr, /^These were filled in and stay: RESEND_API_KEY, EMAIL_FROM in \.env\.example\./m);
  assert.equal(fs.readFileSync(config, "utf8"), before);
  assert.equal(fs.readFileSync(example, "utf8"), "SUPABASE_SECRET_KEY=\n\nRESEND_API_KEY=re_mine\nEMAIL_FROM=Me <me@mine.example>\n\nMINE=1\n");
});

test("sql prints what another tool applies", async () => {
  const cwd = folder.path;
  assert.equal((await command(["sql"], { cwd })).stdout, real());
  const steps = packageWith(folder, { "0.0.1.sql": schemaOf("0.0.1"), "0.0.1-0.0.2.sql": upgradeTo("0.0.2") });
  assert.equal((await command(["sql", "--from", "0.0.1"], { cwd, package: steps })).stdout, upgradeTo("0.0.2"));
  assert.match((await command(["sql", "--uninstall"], { cwd })).stdout, /email_queue_uninstall\(false\);/);
  assert.match((await command(["sql", "--uninstall", "--force"], { cwd })).stdout, /email_queue_uninstall\(true\);/);
  const unknown = await command(["sql", "--from", "7.7.7"], { cwd });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /cannot upgrade from 7\.7\.7/);
});

for (const [args, code, said] of /** @type {const} */ ([
  [[], 2, /Usage: email-queue <command>/],
  [["--help"], 0, /Usage: email-queue <command>/],
  [["init", "--help"], 0, /Usage: email-queue init/],
  [["inti"], 2, /there is no command inti/],
  [["constructor"], 2, /there is no command constructor/],
  [["init", "--frce"], 2, /Unknown option '--frce'/],
  [["init", "here"], 2, /here/],
])) {
  test(`email-queue ${args.join(" ")}`, async () => {
    const { code: ended, stdout, stderr } = await command([...args], { cwd: folder.path });
    assert.equal(ended, code, stderr);
    assert.match(stdout + stderr, said);
  });
}
