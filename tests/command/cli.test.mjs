// The flags of the Supabase CLIs, which one is taken, and what comes of one that fails.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { findCli } from "../../src/js/command/cli.js";
import { tempFolder } from "../../scripts/lib/stack.mjs";

const folder = tempFolder("cli");
after(() => folder.remove());

/** A CLI that writes down what it is told. @param {string} version @param {string} [rest] of its program */
function standIn(version, rest = 'echo "[{\\"a\\": 1}]"') {
  const place = fs.mkdtempSync(path.join(folder.path, "bin-"));
  fs.writeFileSync(path.join(place, "supabase"),
    `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; exit; fi\nprintf '%s\\n' "$@" >"${place}/told"\nprintf '%s' "$PGPASSWORD" >"${place}/password"\nwhile [ "$1" != --file ]; do shift; done; cat "$2" >"${place}/sql"\n${rest}\n`, { mode: 0o755 });
  return {
    cli: () => findCli(folder.path, { PATH: `${place}${path.delimiter}${process.env.PATH}`, HOME: place }),
    told: () => fs.readFileSync(path.join(place, "told"), "utf8").trim().split("\n"),
    password: () => fs.readFileSync(path.join(place, "password"), "utf8"),
    sql: () => fs.readFileSync(path.join(place, "sql"), "utf8"),
  };
}

const REF = "abcdefghijklmnopqrst";
for (const [version, target, flags] of /** @type {const} */ ([
  ["2.117.0", { ref: REF }, ["--linked", "--project-ref", REF]],
  ["2.200.3", { url: "postgresql://me@host:5432/postgres" }, ["--db-url", "postgresql://me@host:5432/postgres"]],
  ["3.0.0", { ref: REF }, [`--remote=${REF}`]],
  ["4.1.0", { url: "postgresql://me@host:5432/postgres" }, ["--remote=postgresql://me@host:5432/postgres"]],
])) {
  test(`the flags of ${version} for ${Object.keys(target)[0]}`, async () => {
    const one = standIn(version);
    assert.deepEqual(await one.cli().query(target, "select 1 as a"), [{ a: 1 }]);
    const told = one.told();
    assert.deepEqual(told.filter((word) => flags.includes(/** @type {never} */ (word))), [...flags]);
    assert.deepEqual(told.slice(0, 4), ["db", "query", "--output", "json"]);
    assert.deepEqual([one.sql(), told[told.indexOf("--workdir") + 1]], ["select 1 as a", folder.path]);
  });
}

test("a password is on no command line", async () => {
  const one = standIn("3.1.0");
  await one.cli().query({ url: "postgresql://me:a%20secret%40@host:5432/postgres" }, "select 1");
  assert.deepEqual(one.told().filter((word) => word.includes("secret")), []);
  assert.equal(one.password(), "a secret@");
});

test("by a project's reference and with a token, the Management API is asked, whatever the CLI", async () => {
  /** @type {any[]} */
  const asked = [];
  let answer = { status: 201, body: '[{"a": 2}]' };
  const server = http.createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    asked.push([incoming.method, incoming.url, incoming.headers.authorization, body]);
    outgoing.writeHead(answer.status, { location: "/elsewhere" }).end(answer.body);
  });
  await new Promise((resolve) => void server.listen(0, "127.0.0.1", () => resolve(undefined)));
  try {
    const profile = path.join(folder.path, "profile.yaml");
    fs.writeFileSync(profile, `name: mock\napi_url: http://127.0.0.1:${/** @type {any} */ (server.address()).port}\n`);
    const home = path.join(folder.path, "home");
    fs.mkdirSync(path.join(home, ".supabase"), { recursive: true });
    const one = standIn("2.117.0");
    const query = (/** @type {Record<string, string>} */ env) => {
      const cli = one.cli();
      cli.env = { PATH: process.env.PATH, SUPABASE_PROFILE: profile, HOME: home, ...env };
      return cli.query({ ref: REF }, "select 2 as a");
    };
    assert.deepEqual(await query({ SUPABASE_ACCESS_TOKEN: "sbp_one" }), [{ a: 2 }]);
    fs.writeFileSync(path.join(home, ".supabase/access-token"), "sbp_two\n");
    assert.deepEqual(await query({}), [{ a: 2 }]);
    assert.deepEqual(asked.map(([method, url, token, body]) => [method, url, token, JSON.parse(body).query]),
      ["sbp_one", "sbp_two"].map((token) => ["POST", `/v1/projects/${REF}/database/query`, `Bearer ${token}`, "select 2 as a"]));
    for (const env of [{ SUPABASE_ACCESS_TOKEN: "sbp_three\nfour" }, { SUPABASE_ACCESS_TOKEN: "sbp_thrée" }]) {
      await assert.rejects(async () => await query(env), ({ message }) => /the access token has a character that no token has/.test(message) && !message.includes("sbp_"));
    }
    for (const [status, body, said] of /** @type {const} */ ([
      [401, "{}", /refuses the access token/], [403, "{}", /may not query the project/], [404, "{}", /no such project/],
      [400, '{"message": "Failed to run sql query: ERROR:  42710: email_queue: these names are taken"}', /^42710: email_queue: these names are taken$/],
      [302, "", /answered 302/], [502, "<html>", /answered 502/],
    ])) {
      answer = { status, body };
      await assert.rejects(query({}), (/** @type {any} */ error) => said.test(error.message) && Boolean(error.remedy), `${status}`);
    }
    assert.equal(asked.length, 8, "no redirect is followed");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("what the CLI says before the rows is passed over, and an answer that cannot be read is an error", async () => {
  const url = { url: "postgresql://me@host:5432/postgres" };
  const chatty = standIn("3.1.0", 'echo "▲ Connected to the database without TLS"; echo "[{\\"a\\": 1}]"');
  assert.deepEqual(await chatty.cli().query(url, "select 1 as a"), [{ a: 1 }]);
  assert.deepEqual(await standIn("3.1.0", "echo done").cli().query(url, "do $$ begin end $$"), []);
  await assert.rejects(standIn("3.1.0", "echo '[{'").cli().query(url, "select 1 as a"), { message: /answer to a query cannot be read/ });
});

test("functions and secrets have their own flags", () => {
  assert.deepEqual(standIn("2.117.0").cli().project(REF), ["--project-ref", REF]);
  assert.deepEqual(standIn("3.1.0").cli().project(REF), [`--remote=${REF}`]);
});

for (const version of ["1.226.4", "2.116.9", "0.9.0"]) {
  test(`${version} is too old`, () => assert.throws(standIn(version).cli, (/** @type {any} */ error) => error.message.includes(`${version}, which is too old: 2.117`) && /npm install/.test(error.remedy)));
}

test("what the CLI says of a failure is said, without what stands around it", async () => {
  const said = ["Target: custom Postgres (h:1)", "Confirmed by --yes: Run a SQL statement", "failed to execute query: error: division by zero", "Try rerunning the command with --debug to troubleshoot the error."];
  const one = standIn("3.1.0", `${said.map((line) => `echo "${line}" >&2`).join("; ")}; exit 1`);
  await assert.rejects(one.cli().query({ ref: REF }, "select 1/0"), (/** @type {any} */ error) => error.message === "division by zero");
});

test("a malformed address is refused, and the error has no part of it", async () => {
  await assert.rejects(standIn("3.1.0").cli().query({ url: "postgres//me:secret@host" }, "select 1"), (/** @type {any} */ error) => /SUPABASE_DB_URL must be postgresql:/.test(error.message) && !/secret/.test(error.message + error.remedy));
});

test("the project's own CLI goes before the machine's", () => {
  const root = path.join(folder.path, "with its own");
  const place = path.join(root, "node_modules/supabase");
  fs.mkdirSync(path.join(root, "packages/app"), { recursive: true });
  fs.mkdirSync(path.join(place, "dist"), { recursive: true });
  fs.writeFileSync(path.join(place, "package.json"), JSON.stringify({ name: "supabase", version: "2.120.0", bin: { supabase: "dist/supabase.js" } }));
  fs.writeFileSync(path.join(place, "dist/supabase.js"), "");
  const { version, command } = findCli(path.join(root, "packages/app"), { PATH: process.env.PATH });
  assert.deepEqual([version, command], ["2.120.0", [process.execPath, path.join(place, "dist/supabase.js")]]);
  // One that npm has not installed whole is passed over.
  const broken = path.join(root, "packages/app/node_modules/supabase");
  fs.mkdirSync(broken, { recursive: true });
  fs.writeFileSync(path.join(broken, "package.json"), "{");
  assert.equal(findCli(path.join(root, "packages/app"), { PATH: process.env.PATH }).version, "2.120.0");
});
