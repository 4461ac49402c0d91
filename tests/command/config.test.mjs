// The function's section of supabase/config.toml: appended where nothing is lost by it, else shown to be pasted.
import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { configure, declared, hasSection, scan, section, withoutSection } from "../../src/js/command/config.js";
import { snippets } from "../docs/documents.mjs";
import { clis, newProject, program } from "./support/place.mjs";

const NAME = "process-email-queue";

for (const [name, text] of /** @type {const} */ ([
  ["an empty file", ""],
  ["a plain file", 'project_id = "x"\n\n[db]\nmajor_version = 17 # seventeen\n'],
  ["no line end at the end", '[api]\nschemas = ["public"]'],
  ["Windows line ends", '# mine\r\n[db]\r\nmajor_version = 17\r\n'],
  ["a byte order mark", '\ufeffproject_id = "x"\n'],
  ["another function", '[functions.hello]\nverify_jwt = true\n'],
  ["a function whose name begins alike", '[functions.process-email-queue-2]\nverify_jwt = true\n'],
  ["a comment that shows the section", '# [functions.process-email-queue]\n# verify_jwt = true\n'],
  ["text that looks like the section", 'note = """\n[functions.process-email-queue]\nverify_jwt = true\n"""\n'],
  ["a list over several lines", '[api]\nschemas = [\n  "public", # "[functions"\n  "graphql_public",\n]\n'],
  ["a table of functions without ours", '[functions]\n\n[functions.hello]\n'],
  ["an array of tables", '[[storage.buckets]]\nname = "x"\n'],
  ["a hash in a text", '[auth]\nsite_url = "http://localhost/#x"\n'],
  ["an inline table of something else", 'db = { major_version = 17 }\n'],
])) {
  test(`${name}: the section is appended, and nothing else is changed`, () => {
    const answer = configure(text, NAME);
    assert.equal(answer.kind, "append", JSON.stringify(answer));
    const after = /** @type {any} */ (answer).text;
    assert.ok(after.startsWith(text), "what was there stays as it was");
    assert.equal(/\r(?!\n)/.test(after) || (text.includes("\r\n") && /[^\r]\n/.test(after)), false, "the line ends of the file");
    assert.deepEqual(configure(after, NAME), { kind: "present" }, "read back");
    assert.equal(withoutSection(after, NAME)?.trimEnd(), text.trimEnd(), "and taken out again");
  });
}

for (const [name, text, why] of /** @type {const} */ ([
  ["an inline table of functions", 'functions = { hello = { verify_jwt = true } }\n', /inline table/],
  ["ours, which has Supabase check", '[functions.process-email-queue]\nverify_jwt = true\n', /verify_jwt = true/],
  ["ours, quoted, which says nothing of it", '[functions."process-email-queue"]\nenabled = true\n', /without verify_jwt/],
  ["ours as a dotted key", 'functions.process-email-queue.verify_jwt = true\n', /verify_jwt = true/],
  ["ours in a table of functions", '[functions]\nprocess-email-queue = { verify_jwt = true }\n', /verify_jwt = true/],
  ["ours, which is not deployed", '[functions.process-email-queue]\nenabled = false\nverify_jwt = false\n', /already, with enabled = false$/],
  ["ours, with both", 'functions.process-email-queue = { enabled = false, verify_jwt = true }\n', /already, with verify_jwt = true and with enabled = false$/],
  ["a text that never ends", 'note = """\n', /cannot be read/],
  ["a list that never ends", 'note = [\n1,\n', /cannot be read/],
  ["no TOML", "hello\n", /cannot be read/],
])) {
  test(`${name}: it is left alone`, () => {
    const answer = configure(text, NAME);
    assert.equal(answer.kind, "paste");
    assert.match(/** @type {any} */ (answer).why, why);
  });
}

for (const text of [
  '[functions.process-email-queue]\nverify_jwt = false\n',
  '[functions."process-email-queue"]\r\nverify_jwt = false # mine\r\n',
  'functions.process-email-queue.verify_jwt = false\n',
  '[functions]\nprocess-email-queue = { enabled = true, verify_jwt = false }\n',
]) test(`it is there: ${JSON.stringify(text)}`, () => assert.deepEqual(configure(text, NAME), { kind: "present" }));

test("another name makes another section", () => {
  assert.match(section("mail"), /^\[functions\.mail\]\n[^]*entrypoint = "\.\/functions\/mail\/index\.ts"\n$/);
  assert.equal(withoutSection("[db]\n", "mail"), undefined);
});

test("a section between others is taken out alone", () => {
  const text = `[db]\nmajor_version = 17\n\n${section(NAME)}\n[api]\nmax_rows = 1\n`;
  assert.equal(withoutSection(text, NAME), "[db]\nmajor_version = 17\n\n[api]\nmax_rows = 1\n");
});

test("a section that somebody added to is left: its other lines would belong to the table before", () => {
  const text = `[db]\nmajor_version = 17\n\n${section(NAME)}import_map = "./x.json"\n`;
  assert.equal(withoutSection(text, NAME), undefined);
  assert.deepEqual([hasSection(text, NAME), hasSection("[db]\n", NAME)], [true, false]);
});

test("declared schemas are found", () => {
  assert.deepEqual(declared('[db.migrations]\nschema_paths = ["./schemas/*.sql", \'./more.sql\']\n'), { globs: ["./schemas/*.sql", "./more.sql"] });
  assert.deepEqual(declared('[experimental.pgdelta]\ndeclarative_schema_path = "./database"\n'), { folder: "./database" });
  assert.deepEqual(declared('[db.migrations]\nschema_paths = []\n'), {});
});

test("keys and values are read with their tables", () => {
  assert.deepEqual(scan('a = 1\n["b c".d]\n"e=f" = "g#h" # i\n'), [
    { table: [], key: ["a"], value: "1" },
    { table: ["b c", "d"], key: ["e=f"], value: '"g#h"' },
  ]);
});

const folder = tempFolder("config");
after(() => folder.remove());

test("the documented lines of Auth's hook are taken by both CLIs, which read them before they ask for Docker", async () => {
  const lines = snippets("docs/auth.md", "toml")[0]?.text ?? "";
  assert.match(lines, /^\[auth\.hook\.send_email\]$/m);
  for (const [version, cli] of await clis()) {
    const said = async (/** @type {string} */ text) => {
      const { stdout, stderr } = await program(path.join(cli, "supabase"), ["status"], { cwd: newProject(folder, `cli ${version}`, { "supabase/config.toml": `project_id = "theirs"\n${text}\n` }), cli });
      return stdout + stderr;
    };
    assert.doesNotMatch(await said(lines), /hook|config\.toml/i, `CLI ${version}`);
    assert.match(await said(lines.replace("pg-functions", "ftp")), /auth\.hook\.send_email\.uri/, `CLI ${version} checks it`);
  }
});
