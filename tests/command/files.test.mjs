// Files of the project that cannot be read, or must not be written: the command names the file, and nothing is half done.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { apply } from "../../src/js/command/files.js";
import { ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { command, FUNCTION, newProject, program, real, refuses, snapshot, write } from "./support/place.mjs";

const folder = tempFolder("files");
after(() => folder.remove());
// Root may read everything, so that the command is somebody else.
const uid = process.getuid?.() === 0 ? 65534 : undefined;
fs.chmodSync(folder.path, 0o755);
let count = 0;
/** @param {Record<string, string>} [files] */
const project = (files) => newProject(folder, `project ${++count}`, files);

const MIGRATION = "supabase/migrations/0001_a.sql";
/** What is in the way, and the file that is named. @type {[name: string, named: string, make: (cwd: string) => void][]} */
const FAULTS = [
  ["a link to nothing", MIGRATION, (cwd) => fs.symlinkSync("nowhere", path.join(cwd, MIGRATION))],
  ["a link to a folder", MIGRATION, (cwd) => fs.symlinkSync("..", path.join(cwd, MIGRATION))],
  ["a link to itself", MIGRATION, (cwd) => fs.symlinkSync("0001_a.sql", path.join(cwd, MIGRATION))],
  ["a file that may not be read", MIGRATION, (cwd) => fs.writeFileSync(path.join(cwd, MIGRATION), "", { mode: 0o000 })],
  ["a folder that may not be read", "supabase/migrations", (cwd) => fs.chmodSync(path.join(cwd, "supabase/migrations"), 0o000)],
  ["a file in a folder's place", "supabase/migrations", (cwd) => (fs.rmdirSync(path.join(cwd, "supabase/migrations")), write(path.join(cwd, "supabase/migrations"), ""))],
  ["a file in a folder's place", "supabase/functions", (cwd) => write(path.join(cwd, "supabase/functions"), "")],
  ["a folder that may not be read", "supabase/functions/theirs", (cwd) => (write(path.join(cwd, "supabase/functions/theirs/index.ts"), ""), fs.chmodSync(path.join(cwd, "supabase/functions/theirs"), 0o000))],
  ["a folder in a file's place", ".env.example", (cwd) => fs.mkdirSync(path.join(cwd, ".env.example"))],
  ["a link to nothing", ".env.example", (cwd) => fs.symlinkSync("nowhere", path.join(cwd, ".env.example"))],
  ["a folder in a file's place", ".prettierignore", (cwd) => (fs.mkdirSync(path.join(cwd, ".prettierignore")), write(path.join(cwd, ".prettierrc"), "{}"))],
  ["a file that may not be read", "supabase/config.toml", (cwd) => fs.chmodSync(path.join(cwd, "supabase/config.toml"), 0o000)],
  ["a folder that may not be read", "supabase/schemas", (cwd) => fs.mkdirSync(path.join(cwd, "supabase/schemas"), { mode: 0o000 })],
  ["text that is not UTF-8", ".env.example", (cwd) => fs.writeFileSync(path.join(cwd, ".env.example"), Buffer.from("# caf\xe9\n", "latin1"))],
  ["UTF-16", ".prettierignore", (cwd) => (fs.writeFileSync(path.join(cwd, ".prettierignore"), Buffer.from("dist\n", "utf16le")), write(path.join(cwd, ".prettierrc"), "{}"))],
  ["text that is not UTF-8", "supabase/config.toml", (cwd) => fs.appendFileSync(path.join(cwd, "supabase/config.toml"), Buffer.from("# caf\xe9\n", "latin1"))],
];
for (const [name, named, make] of FAULTS) {
  test(`init names ${named}: ${name}`, async () => {
    const cwd = project();
    make(cwd);
    const files = fs.readdirSync(cwd, { recursive: true });
    const { code, stderr } = await command(["init", "--yes", "--offline"], { cwd, uid });
    assert.equal(code, 1, stderr);
    assert.ok(stderr.startsWith(`error: ${path.join(cwd, named)} `), stderr);
    assert.match(stderr, /^ {3}→ ./m, "and what to do");
    assert.doesNotMatch(stderr, /^ {4}at /m, "no stack");
    assert.deepEqual(fs.readdirSync(cwd, { recursive: true }), files);
  });
}

test("deploy and doctor name a .env that cannot be read", async () => {
  const cwd = project();
  await command(["init", "--yes", "--offline"], { cwd });
  fs.mkdirSync(path.join(cwd, ".env"));
  for (const [name, code] of /** @type {const} */ ([["deploy", 1], ["doctor", 2]])) await refuses(cwd, [name], /error: .*\.env cannot be read \(EISDIR\)/, { code });
});

test("what cannot be read of other functions' code is no matter", async () => {
  const cwd = project({ "supabase/functions/theirs/index.ts": "" });
  fs.symlinkSync("nowhere", path.join(cwd, "supabase/functions/theirs/link.ts"));
  fs.symlinkSync("..", path.join(cwd, "supabase/functions/theirs/circle"));
  fs.writeFileSync(path.join(cwd, "supabase/functions/theirs/latin1.ts"), Buffer.from("// caf\xe9\n", "latin1"));
  const { code, stderr } = await command(["init", "--yes", "--offline"], { cwd });
  assert.equal(code, 0, stderr);
});

test("a migration of ours that was cut is named: it is no name of theirs, and not nothing", async () => {
  const cwd = project({ "supabase/migrations/0001_email_queue_a.sql": real().slice(0, 60_000) });
  for (const args of [["init", "--yes"], ["upgrade", "--yes"], ["uninstall", "--yes", "--offline"], ["deploy"]]) {
    await refuses(cwd, args, /0001_email_queue_a\.sql begins as a migration of the queue, and brings no version of it: it was cut.*\n.*put it back/);
  }
});

test("a migration that is not UTF-8 is read, and stays as it is", async () => {
  const cwd = project();
  const text = Buffer.from("-- caf\xe9\n", "latin1");
  fs.writeFileSync(path.join(cwd, MIGRATION), text);
  assert.equal((await command(["init", "--yes", "--offline"], { cwd })).code, 0);
  assert.deepEqual(fs.readFileSync(path.join(cwd, MIGRATION)), text);
});

test("a file that is not UTF-8 is taken out by no uninstall, and written by no upgrade", async () => {
  const cwd = project();
  await command(["init", "--yes", "--offline"], { cwd });
  const latin1 = Buffer.from("# caf\xe9\n", "latin1");
  fs.appendFileSync(path.join(cwd, ".env.example"), latin1);
  await refuses(cwd, ["uninstall", "--yes", "--offline"], /\.env\.example is not UTF-8\. Nothing was changed/);
  fs.appendFileSync(path.join(cwd, FUNCTION, "index.ts"), latin1);
  await refuses(cwd, ["upgrade", "--yes", "--offline"], /index\.ts is not UTF-8\. Nothing was changed/);
});

test("where a file cannot be written, nothing of it is", async () => {
  await refuses(project({ "supabase/config.toml": '[experimental.pgdelta]\ndeclarative_schema_path = "./a/b"\n', "supabase/a": "a file in its place" }), ["init", "--yes"], /cannot be written \(E\w+\)\. Nothing was changed/);
});

test("that something is still there is said only where it is", () => {
  const place = fs.mkdtempSync(path.join(folder.path, "apply-"));
  const [one, two] = [path.join(place, "one"), path.join(place, "two")];
  fs.writeFileSync(one, "before");
  fs.writeFileSync(two, "before");
  const fails = (/** @type {RegExp} */ pattern, instead = fs.writeFileSync) => {
    const { writeFileSync } = fs;
    fs.writeFileSync = /** @type {any} */ (instead);
    try {
      assert.throws(() => apply([{ file: one, before: "before", text: "after" }, { file: two, before: "before", text: "after" }]), pattern);
    } finally {
      fs.writeFileSync = writeFileSync;
    }
  };
  const { writeFileSync } = fs;
  const refuse = () => {
    throw Object.assign(new Error("no"), { code: "EACCES", path: two });
  };
  // The second may not be written at all: it cannot be taken back either, and need not be.
  fails(/two cannot be written \(EACCES\)\. Nothing was changed/, /** @type {any} */ ((/** @type {string} */ file, /** @type {string} */ text) => file === two ? refuse() : writeFileSync(file, text)));
  assert.deepEqual(snapshot(place), { one: "before", two: "before" });
  let writes = 0;
  fails(/two cannot be written \(EACCES\)\. Some of what was written before it is still there/, /** @type {any} */ ((/** @type {string} */ file, /** @type {string} */ text) => ++writes > 1 ? refuse() : writeFileSync(file, text)));
  assert.deepEqual(snapshot(place), { one: "after", two: "before" });
});

test("a reader that stops early, as head does, is no error", () => {
  const main = path.join(ROOT, "pkg/command/main.js");
  const { status, stdout, stderr } = spawnSync("bash", ["-c", `set -o pipefail; '${process.execPath}' '${main}' sql | head -n 1; one=$?; '${process.execPath}' '${main}' --help 2>&1 | true; exit $((one + $?))`], { encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""], stderr);
  assert.match(stdout, /^-- email-queue .*\n$/);
});
