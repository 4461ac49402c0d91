// What `email-queue init` does to a repository, and what it refuses to do.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { command, EVENTS, FUNCTION, migrations, newProject, real, realVersion, refuses, schemaOf, snapshot, write } from "./support/place.mjs";

const folder = tempFolder("a folder with spaces");
after(() => folder.remove());
let count = 0;
/** @param {Record<string, string>} [files] */
const project = (files) => newProject(folder, `project ${++count}`, files);

/** @param {string} cwd @param {string[]} [args] @param {object} [how] */
const init = (cwd, args = [], how = {}) => command(["init", "--yes", ...args], { cwd, ...how });

const MIGRATION = `email_queue_${realVersion().replaceAll(".", "_")}.sql`;

test("an empty project gets all of it, and a second time nothing", async () => {
  const cwd = project();
  const { code, stderr } = await init(cwd);
  assert.equal(code, 0, stderr);
  const [file, ...others] = migrations(cwd);
  assert.match(/** @type {string} */ (file), new RegExp(`^\\d{14}_${MIGRATION}$`));
  assert.deepEqual(others, []);
  const made = snapshot(cwd);
  assert.equal(made[".gitignore"], ".env\n", "git is told before there is a repository");
  assert.equal(made[`supabase/migrations/${file}`], real());
  for (const [one, module] of [[FUNCTION, "worker"], [EVENTS, "events"]]) {
    for (const name of ["index.ts", "guard.ts", "function.js", `${module}.js`, `${module}_wasm.js`, ".gitattributes", "deno.json"]) assert.ok(made[`${one}/${name}`], `${one}/${name}`);
  }
  assert.match(made["supabase/config.toml"] ?? "", /^project_id = "theirs"\n\n\[functions\.process-email-queue\]\n[^[]*verify_jwt = false[^[]*\n\n\[functions\.email-queue-events\]\n[^[]*verify_jwt = false/);
  for (const name of ["RESEND_API_KEY", "RESEND_WEBHOOK_SECRET"]) assert.match(made[".env.example"] ?? "", new RegExp(`^${name}=$`, "m"));
  const again = await init(cwd);
  assert.equal(again.code, 0);
  assert.match(again.stderr, /Nothing to do: email-queue .+ is in/);
  assert.deepEqual(snapshot(cwd), made);
});

test("each of the functions' files silences what checks code, and is what this repository's own function is", async () => {
  const cwd = project();
  await init(cwd);
  for (const [file, text] of [FUNCTION, EVENTS].flatMap((one) => Object.entries(snapshot(path.join(cwd, one))).map(([file, text]) => [`${one}/${file}`, text]))) {
    assert.equal(text, fs.readFileSync(path.join(ROOT, file), "utf8"), file);
    if (/\.[jt]s$/.test(file)) assert.match(text, /^\/\* eslint-disable \*\/\n\/\/ @ts-nocheck\n/, file);
  }
});

test("--dry-run, and nobody to ask, change nothing", async () => {
  const cwd = project();
  const before = snapshot(cwd);
  const dry = await command(["init", "--dry-run"], { cwd });
  assert.deepEqual([dry.code, snapshot(cwd)], [0, before]);
  assert.match(dry.stderr, new RegExp(`create {2}supabase/migrations/\\d{14}_${MIGRATION}`));
  await refuses(cwd, ["init"], /there is no terminal to answer "Do it\?"\. Nothing was changed/);
});

test("it is run from any folder of the project, and with --workdir from elsewhere", async () => {
  const cwd = project({ "src/deep/down.txt": "" });
  await init(path.join(cwd, "src/deep"));
  assert.equal(migrations(cwd).length, 1);
  const other = project();
  await init(folder.path, ["--workdir", path.relative(folder.path, other)]);
  assert.equal(migrations(other).length, 1);
});

for (const [name, files, expected] of /** @type {const} */ ([
  ["numbers of its own", ["0001_a.sql", "0002_b.sql"], `0003_${MIGRATION}`],
  ["a newest of the future", ["29991231000000_a.sql"], `29991231000001_${MIGRATION}`],
])) {
  test(`the migration follows ${name}`, async () => {
    const cwd = project(Object.fromEntries(files.map((file) => [`supabase/migrations/${file}`, "select 1;"])));
    const { stderr } = await init(cwd);
    assert.deepEqual(migrations(cwd), [...files, expected]);
    assert.equal(/number your own from 29991231000002 on/.test(stderr), name === "a newest of the future", stderr);
  });
}

test("Windows line ends stay, and files that are there are only added to", async () => {
  const cwd = project({ "supabase/config.toml": "# mine\r\n[db]\r\nmajor_version = 17\r\n", ".env.example": "RESEND_API_KEY=x\r\n", ".prettierrc": "{}", ".prettierignore": "dist" });
  execFileSync("git", ["init", "-q"], { cwd });
  write(path.join(cwd, ".gitignore"), "node_modules\n");
  await init(cwd);
  const made = snapshot(cwd);
  assert.match(made["supabase/config.toml"] ?? "", /^# mine\r\n\[db\]\r\nmajor_version = 17\r\n\r\n\[functions/);
  assert.doesNotMatch(made["supabase/config.toml"] ?? "", /[^\r]\n/);
  assert.match(made[".env.example"] ?? "", /^RESEND_API_KEY=x\r\n\r\n#.*\r\nSUPABASE_URL=\r\nSUPABASE_SECRET_KEY=\r\n#.*\r\nEMAIL_FROM=.*\r\n#.*\r\nRESEND_WEBHOOK_SECRET=\r\n#.*\r\nPROCESS_EMAIL_QUEUE_SECRET=\r\n#.*auth-hook.*\r\nSUPABASE_ACCESS_TOKEN=\r\n$/);
  assert.equal(made[".gitignore"], "node_modules\n.env\n");
  assert.equal(made[".prettierignore"], `dist\n${FUNCTION}/\n${EVENTS}/\n`);
});

test("a folder that git checked out with other line ends is as it was written", async () => {
  const cwd = project();
  await init(cwd);
  for (const file of fs.readdirSync(path.join(cwd, FUNCTION))) {
    const name = path.join(cwd, FUNCTION, file);
    fs.writeFileSync(name, fs.readFileSync(name, "utf8").replaceAll("\n", "\r\n"));
  }
  assert.match((await init(cwd)).stderr, /Nothing to do/);
  assert.match((await command(["upgrade", "--yes"], { cwd })).stderr, /Nothing to do/);
});

test("a file changed by hand is left by init, named, and replaced by upgrade", async () => {
  const cwd = project();
  await init(cwd);
  const file = path.join(cwd, FUNCTION, "index.ts");
  const before = fs.readFileSync(file, "utf8");
  fs.appendFileSync(file, "// mine\n");
  fs.writeFileSync(path.join(cwd, FUNCTION, "deno.json"), '{ "imports": { "mine": "npm:mine" } }');
  fs.writeFileSync(path.join(cwd, FUNCTION, "mine.ts"), "// theirs");
  assert.match((await init(cwd)).stderr, /These were changed by hand and stay as they are: supabase\/functions\/process-email-queue\/deno\.json, supabase\/functions\/process-email-queue\/index\.ts\./);
  assert.match(fs.readFileSync(file, "utf8"), /\/\/ mine/);
  const upgraded = (await command(["upgrade", "--yes"], { cwd })).stderr;
  assert.match(upgraded, /These were changed by hand and are replaced: .*deno\.json, .*index\.ts/);
  assert.ok(upgraded.startsWith(`email-queue ${realVersion()}, in `), upgraded);
  assert.equal(fs.readFileSync(file, "utf8"), before);
  assert.ok(fs.existsSync(path.join(cwd, FUNCTION, "mine.ts")), "what is the user's stays");
});

test("a file of ours that was written anew, without its head, counts as changed by hand", async () => {
  const cwd = project();
  await init(cwd);
  const file = path.join(cwd, FUNCTION, "guard.ts");
  fs.writeFileSync(file, "// mine\n");
  assert.match((await init(cwd)).stderr, /These were changed by hand and stay as they are: supabase\/functions\/process-email-queue\/guard\.ts/);
  assert.equal(fs.readFileSync(file, "utf8"), "// mine\n");
  fs.writeFileSync(path.join(cwd, FUNCTION, "mine.ts"), "// theirs");
  const removed = await command(["uninstall", "--yes", "--offline"], { cwd });
  assert.match(removed.stderr, /These were changed by hand and are removed: .*guard\.ts\./);
  assert.match(removed.stderr, /These are your own and stay: .*mine\.ts\./);
});

test("a declared schema of the user's with our file's name is refused, and not removed", async () => {
  const theirs = { "supabase/schemas/email_queue.sql": "create schema app;\n" };
  await refuses(project(theirs), ["init", "--yes"], /supabase\/schemas\/email_queue\.sql is your own file.*Nothing was changed/);
  const cwd = project();
  await init(cwd);
  for (const [file, text] of Object.entries(theirs)) write(path.join(cwd, file), text);
  await command(["uninstall", "--yes", "--offline"], { cwd });
  assert.equal(fs.readFileSync(path.join(cwd, "supabase/schemas/email_queue.sql"), "utf8"), "create schema app;\n");
});

test("a function of the user's is refused, and another name goes beside it", async () => {
  const cwd = project({ [`${FUNCTION}/index.ts`]: "Deno.serve(() => new Response('mine'))" });
  await refuses(cwd, ["init", "--yes"], /process-email-queue is your own function\. Nothing was changed\n.*--function-name email-queue-worker/);
  const { code, stderr } = await init(cwd, ["--function-name", "email-queue-worker"]);
  assert.equal(code, 0, stderr);
  const made = snapshot(cwd);
  assert.equal(made[`${FUNCTION}/index.ts`], "Deno.serve(() => new Response('mine'))");
  assert.ok(made["supabase/functions/email-queue-worker/index.ts"]);
  assert.match(made["supabase/config.toml"] ?? "", /\[functions\.email-queue-worker\]\n[^]*functions\/email-queue-worker\/index\.ts/);
  assert.match((await init(cwd)).stderr, /Nothing to do/, "the name is found again");
  await refuses(cwd, ["init", "--yes", "--function-name", "third"], /the project has the function already, as supabase\/functions\/email-queue-worker/);
  await refuses(cwd, ["init", "--yes", "--function-name", "a b"], /--function-name: a b cannot be the name of a function/);
});

test("so is one with the name of the function of reports, and another name goes beside it", async () => {
  const cwd = project({ [`${EVENTS}/index.ts`]: "Deno.serve(() => new Response('mine'))" });
  await refuses(cwd, ["init", "--yes"], /email-queue-events is your own function\. Nothing was changed\n.*--events-function-name email-queue-reports; or leave it out: --without-events/);
  await refuses(cwd, ["init", "--yes", "--function-name", "a", "--events-function-name", "a"], /two functions cannot both be named a/);
  await refuses(cwd, ["init", "--yes", "--events-function-name", "1"], /--events-function-name: 1 cannot be the name of a function/);
  const { code, stderr } = await init(cwd, ["--events-function-name", "mail-reports"]);
  assert.equal(code, 0, stderr);
  const made = snapshot(cwd);
  assert.equal(made[`${EVENTS}/index.ts`], "Deno.serve(() => new Response('mine'))");
  assert.ok(made["supabase/functions/mail-reports/events.js"]);
  assert.match(made["supabase/config.toml"] ?? "", /\[functions\.mail-reports\]\n[^[]*functions\/mail-reports\/index\.ts/);
  assert.match((await init(cwd)).stderr, /Nothing to do/, "the name is found again");
  await refuses(cwd, ["init", "--yes", "--without-events"], /the project has the function already, as supabase\/functions\/mail-reports/);
});

test("the function of reports can be left out, stays out, and can be added later", async () => {
  const cwd = project();
  await init(cwd, ["--without-events"]);
  const made = snapshot(cwd);
  assert.ok(made[`${FUNCTION}/index.ts`]);
  assert.equal(made[`${EVENTS}/index.ts`], undefined);
  assert.doesNotMatch(made["supabase/config.toml"] ?? "", /email-queue-events/);
  for (const name of ["init", "upgrade"]) assert.match((await command([name, "--yes"], { cwd })).stderr, /Nothing to do/);
  await init(cwd, ["--events-function-name", "email-queue-events"]);
  assert.ok(snapshot(cwd)[`${EVENTS}/index.ts`]);
  assert.match(snapshot(cwd)["supabase/config.toml"] ?? "", /\[functions\.email-queue-events\]/);
  await refuses(cwd, ["init", "--yes", "--without-events", "--events-function-name", "x"], /--without-events leaves out/);
});

test("files that are left in the function's folder are named, with what to do", async () => {
  const cwd = project({ [`${FUNCTION}/notes.md`]: "mine", [`${FUNCTION}/lib/mine.ts`]: "mine" });
  await refuses(cwd, ["init", "--yes"], /process-email-queue has files of your own: lib\/mine\.ts, notes\.md\. Nothing was changed\n.*move them elsewhere.*--function-name email-queue-worker/);
});

test("names that the user's migrations take are refused", async () => {
  const cwd = project({ "supabase/migrations/0001_template.sql": "create function public.email_queue_wake() returns void language sql as $$ select $$;\ncreate table public.email_queue (id int);" });
  await refuses(cwd, ["init", "--yes"], /names that the queue needs are taken: function email_queue_wake \(0001_template\.sql\), table email_queue \(0001_template\.sql\)\. Nothing was changed/);
});

for (const [name, files, note] of /** @type {const} */ ([
  ["files in supabase/schemas", { "supabase/schemas/app.sql": "create table a ();" }, undefined],
  ["paths that name all of it", { "supabase/schemas/app.sql": "", "supabase/config.toml": '[db.migrations]\nschema_paths = ["./schemas/*.sql"]\n' }, undefined],
  ["paths that do not name it", { "supabase/schemas/app.sql": "", "supabase/config.toml": '[db.migrations]\nschema_paths = ["./schemas/app.sql"]\n' }, /Add "\.\/schemas\/email_queue\.sql" to schema_paths/],
])) {
  test(`a declared schema gets its file: ${name}`, async () => {
    const cwd = project(files);
    const { stderr } = await init(cwd);
    assert.equal(snapshot(cwd)["supabase/schemas/email_queue.sql"], real());
    if (note) assert.match(stderr, note);
    else assert.doesNotMatch(stderr, /schema_paths/);
  });
}

test("a declared schema elsewhere, and none", async () => {
  const cwd = project({ "supabase/config.toml": '[experimental.pgdelta]\ndeclarative_schema_path = "./database"\n' });
  await init(cwd);
  assert.equal(snapshot(cwd)["supabase/database/email_queue.sql"], real());
  await command(["uninstall", "--yes"], { cwd });
  assert.equal(snapshot(cwd)["supabase/database/email_queue.sql"], undefined);
  const none = project();
  await init(none);
  assert.equal(fs.existsSync(path.join(none, "supabase/schemas")), false);
});

test("a migration of ours that was changed by hand is named; line ends do not count", async () => {
  const cwd = project();
  await init(cwd);
  const file = path.join(cwd, "supabase/migrations", migrations(cwd)[0] ?? "");
  fs.writeFileSync(file, real().replaceAll("\n", "\r\n"));
  assert.doesNotMatch((await init(cwd)).stderr, /changed by hand/);
  fs.appendFileSync(file, "select 1;\n");
  assert.match((await init(cwd)).stderr, /These migrations are not as this package writes them \(changed by hand, or of another build\): supabase\/migrations\/\d{14}_email_queue/);
});

test("--json says what was done, or would be", async () => {
  const cwd = project();
  // A second may have passed.
  const read = (/** @type {{stdout: string}} */ { stdout }) => JSON.parse(stdout.replace(/\d{14}_/, "<number>_"));
  const dry = read(await command(["init", "--json", "--dry-run"], { cwd }));
  assert.equal(dry.done, false);
  assert.deepEqual(dry.changes.slice(-2), [".env.example", ".gitignore"].map((file) => ({ action: "create", file })));
  assert.deepEqual(read(await init(cwd, ["--json"])), { ...dry, done: true });
  assert.deepEqual(read(await init(cwd, ["--json"])), { done: true, changes: [], also: [], notes: [] });
});

test("what names no project or database is refused, and a CLI that cannot be used is said", async () => {
  const cwd = project();
  await refuses(cwd, ["init", "--yes", "--project-ref", "ABC"], /--project-ref \(SUPABASE_PROJECT_ID\): ABC is not a project's reference/);
  const place = fs.mkdtempSync(path.join(folder.path, "bin-"));
  fs.writeFileSync(path.join(place, "supabase"), "#!/bin/sh\necho 1.226.4\n", { mode: 0o755 });
  await refuses(cwd, ["init", "--yes", "--project-ref", "abcdefghijklmnopqrst"], /the Supabase CLI has version 1\.226\.4, which is too old/, { cli: place });
  // Linked, but not asked for: the folder's migrations count alone.
  write(path.join(cwd, "supabase/.temp/project-ref"), "abcdefghijklmnopqrst");
  const { code, stderr } = await init(cwd, [], { cli: place });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Note: the database was not asked \(the Supabase CLI has version 1\.226\.4.*\)\. Only the migrations of this folder are taken into account/);
});

test("squashed migrations are read, not counted", async () => {
  const cwd = project({ "supabase/migrations/20250101000000_squashed.sql": schemaOf(realVersion()) });
  await init(cwd);
  assert.deepEqual(migrations(cwd), ["20250101000000_squashed.sql"]);
});

test("two branches that both ran init: the second file is named", async () => {
  const cwd = project({ "supabase/migrations/20260101000000_email_queue_a.sql": real(), "supabase/migrations/20260102000000_email_queue_b.sql": real() });
  for (const name of ["init", "upgrade"]) await refuses(cwd, [name, "--yes"], /two migrations install the queue: 20260101000000_email_queue_a\.sql and 20260102000000_email_queue_b\.sql\n.*delete 20260102000000_email_queue_b\.sql/);
});

test("config.toml that cannot be appended to is left alone, and its text shown", async () => {
  const cwd = project({ "supabase/config.toml": "functions = { hello = { verify_jwt = true } }\n" });
  const { code, stderr } = await init(cwd);
  assert.equal(code, 0);
  assert.match(stderr, /config\.toml has to be changed by hand: its functions are an inline table\. Put this between its braces: process-email-queue = \{ verify_jwt = false, entrypoint = /);
  assert.equal(snapshot(cwd)["supabase/config.toml"], "functions = { hello = { verify_jwt = true } }\n");
});

test("a section that turns the function off, or has Supabase check its callers, is said each time", async () => {
  const off = "[functions.process-email-queue]\nenabled = false\n";
  const cwd = project({ "supabase/config.toml": off });
  for (let time = 0; time < 2; time++) {
    assert.match((await init(cwd)).stderr, /config\.toml has to be changed by hand: it has functions\.process-email-queue already, without verify_jwt = false and with enabled = false\. Set there: verify_jwt = false and enabled = true/);
  }
  assert.match(snapshot(cwd)["supabase/config.toml"] ?? "", /^\[functions\.process-email-queue\]\nenabled = false\n\n\[functions\.email-queue-events\]\n/);
});

test("a work tree with changes is said, and no reason to stop", async () => {
  const cwd = project();
  execFileSync("git", ["init", "-q"], { cwd });
  const { code, stderr } = await init(cwd);
  assert.equal(code, 0);
  assert.match(stderr, /git has 1 uncommitted change here/);
});
