// Upgrades, and the way out: what `email-queue upgrade`, `uninstall` and `sql` do to a repository; and how the command is called.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { command, EVENTS, FUNCTION, migrations, newProject, packageWith, real, refuses, schemaOf, snapshot, upgradeTo, write } from "./support/place.mjs";

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
  for (const one of [FUNCTION, EVENTS]) assert.match(snapshot(cwd)[`${one}/index.ts`] ?? "", /email-queue 0\.0\.3 /);
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
  fs.mkdirSync(path.join(cwd, "supabase/seeds"));
  const { code, stderr } = await command(["uninstall", "--yes"], { cwd });
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /by hand|filled in/);
  assert.match(stderr, /supabase functions delete process-email-queue\n  supabase functions delete email-queue-events\n  supabase secrets unset RESEND_API_KEY PROCESS_EMAIL_QUEUE_SECRET EMAIL_FROM    #/);
  const made = snapshot(cwd);
  const [install, uninstall] = migrations(cwd);
  assert.ok(/** @type {string} */ (uninstall) > /** @type {string} */ (install) && uninstall?.endsWith("_email_queue_uninstall.sql"));
  delete made[`supabase/migrations/${install}`];
  delete made[`supabase/migrations/${uninstall}`];
  assert.deepEqual(made, before);
  assert.deepEqual(fs.readdirSync(path.join(cwd, "supabase")), ["config.toml", "migrations", "schemas", "seeds"], "no empty folder of ours stays, and the user's do");
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
  const { code, stderr } = await command(["uninstall", "--yes", "--offline"], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^This was changed by hand and stays: functions\.email-queue-events in supabase\/config\.toml\./m);
  assert.match(stderr, /^These were filled in and stay: RESEND_API_KEY, EMAIL_FROM in \.env\.example\./m);
  const left = fs.readFileSync(config, "utf8");
  assert.match(left, /^project_id = "theirs"\n\n\[functions\.email-queue-events\]\n[^[]*enabled = true\n$/, "the other section went");
  assert.equal(fs.readFileSync(example, "utf8"), "SUPABASE_SECRET_KEY=\n\nRESEND_API_KEY=re_mine\nEMAIL_FROM=Me <me@mine.example>\n\nMINE=1\n");
});

test("uninstall names the secrets that this .env gives the function", async () => {
  const cwd = project({ ".env": "RESEND_BASE_URL=http://127.0.0.1:1\nEMAIL_QUEUE_RUN_SECONDS=60\n" });
  await init(cwd);
  const { stderr } = await command(["uninstall", "--yes", "--offline"], { cwd });
  assert.match(stderr, /supabase secrets unset RESEND_API_KEY PROCESS_EMAIL_QUEUE_SECRET EMAIL_FROM RESEND_BASE_URL EMAIL_QUEUE_RUN_SECONDS    #/);
});

test("--version prints the package's", async () => {
  const { code, stdout } = await command(["--version"], { cwd: folder.path });
  assert.deepEqual([code, stdout], [0, `${JSON.parse(fs.readFileSync(path.join(ROOT, "pkg/package.json"), "utf8")).version}\n`]);
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

test("uninstall --direct says why the database could not be asked", async () => {
  const cwd = path.join(folder.path, "direct");
  const cli = path.join(folder.path, "an old CLI");
  write(path.join(cwd, ".env"), "SUPABASE_PROJECT_ID=abcdefghijklmnopqrst\n");
  write(path.join(cli, "supabase"), "#!/bin/sh\necho 1.226.4\n");
  fs.chmodSync(path.join(cli, "supabase"), 0o755);
  await refuses(cwd, ["uninstall", "--direct", "--yes"], /^warning.*\nerror: the Supabase CLI has version 1\.226\.4, which is too old/, { cli });
});

test("from a folder without a project, what asks the project says where its variables are read from", async () => {
  const cwd = path.join(folder.path, "bare");
  fs.mkdirSync(cwd);
  for (const [args, code] of /** @type {const} */ ([[["doctor"], 2], [["auth-hook", "on"], 1]])) {
    await refuses(cwd, [...args], /SUPABASE_URL is not set.*\n {3}→ set it in the environment, or in \.env of the project's folder: cd there, or name it with --workdir/, { code });
  }
  await refuses(cwd, ["doctor"], /SUPABASE_SECRET_KEY \(or SUPABASE_SERVICE_ROLE_KEY\) is not set\n {3}→ set it/, { code: 2, env: { SUPABASE_URL: "https://abcdefghijklmnopqrst.supabase.co" } });
});

test("variables of two projects are refused: which database is meant is not guessed", async () => {
  const cwd = project();
  await init(cwd);
  const [one, other] = ["a", "b"].map((letter) => letter.repeat(20));
  for (const [text, named] of [
    [`SUPABASE_URL=https://${one}.supabase.co\nSUPABASE_PROJECT_ID=${other}\n`, "SUPABASE_URL"],
    [`SUPABASE_URL=https://${one}.supabase.co\nSUPABASE_DB_URL=postgresql://postgres@db.${other}.supabase.co:5432/postgres\n`, "SUPABASE_DB_URL"],
  ]) {
    write(path.join(cwd, ".env"), text ?? "");
    for (const args of [["init"], ["upgrade"], ["uninstall"], ["uninstall", "--direct"]]) await refuses(cwd, [...args, "--yes"], new RegExp(`${named} is of another project than SUPABASE_PROJECT_ID\\. Nothing was changed`));
  }
});
