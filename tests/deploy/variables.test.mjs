// What deploy.sh takes from its variables and from .env, what it refuses before anything is changed, and what it hands on.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { ROOT, ensureTool, tempFolder } from "../../scripts/lib/stack.mjs";
import { secretLine } from "../../src/js/command/variables.js";
import { VARIABLES, standInApi, standInCli } from "./support/stand_in_cli.mjs";

/** @type {ReturnType<typeof tempFolder>} */
let folder;
/** @type {ReturnType<typeof standInCli>} */
let deploy;
/** @type {Awaited<ReturnType<typeof standInApi>>} */
let api;
before(async () => {
  folder = tempFolder("variables");
  api = await standInApi();
  deploy = standInCli(folder.path, api.url);
});
after(async () => {
  await api?.stop();
  folder?.remove();
});

/** @param {Record<string, string | undefined>} changes */
const withThese = (changes) => deploy({ env: { ...VARIABLES, ...changes } });

test("the database's password is on no command line, and arrives as it is", () => {
  for (const [address, target, password] of [
    ["postgresql://postgres:DBPASS@db.example:5432/postgres", "postgresql://postgres@db.example:5432/postgres", "DBPASS"],
    ["postgresql://postgres:a@DBPASS@db.example:5432/postgres", "postgresql://postgres@db.example:5432/postgres", "a@DBPASS"],
    ["postgres://postgres.ref:DBPASS:x@[::1]:5432/postgres?sslmode=require", "postgres://postgres.ref@[::1]:5432/postgres?sslmode=require", "DBPASS:x"],
    ["postgresql://postgres:DBPASS%40%2f%C3%A9@db.example", "postgresql://postgres@db.example", "DBPASS@/é"],
    [String.raw`postgresql://postgres:DBPASS\n\x41\%5cc100%@db.example/x`, "postgresql://postgres@db.example/x", String.raw`DBPASS\n\x41\\c100%`],
    ["postgresql://postgres@db.example/x", "postgresql://postgres@db.example/x", ""],
  ]) {
    // The project is elsewhere, too: its API is not reached then, after the database was asked.
    const { output, told, password: arrived } = withThese({ SUPABASE_DB_URL: address, SUPABASE_URL: "https://project.invalid" });
    assert.match(output, /https:\/\/project\.invalid: not reached/);
    assert.ok(told.includes(`--remote=${target} `), told);
    assert.equal(arrived, password);
    assert.ok(!told.includes("DBPASS") && !output.includes("DBPASS"), told + output);
  }
});

test("a database address whose password would be on a command line is refused", () => {
  for (const address of [
    "mysql://postgres:DBPASS@db.example",
    "postgresql://postgres@db.example/postgres?password=DBPASS",
    "postgresql://postgres:x@db.example/postgres?sslmode=require&%70assword=DBPASS",
    "postgresql://postgres:x@db.example/postgres?SSLPASSWORD=DBPASS",
    "postgresql://a@DBPASS@db.example/postgres",
    "postgresql://postgres:a/DBPASS@db.example/postgres",
    "postgresql://postgres:a@b/DBPASS@db.example/postgres",
    "postgresql://postgres:a@b?DBPASS@db.example/postgres",
    "postgresql://postgres:a@b#DBPASS@db.example/postgres",
  ]) {
    const { code, output, told } = withThese({ SUPABASE_DB_URL: address });
    assert.equal(code, 1, `${address}: ${output}`);
    assert.match(output, /SUPABASE_DB_URL must/);
    assert.equal(told, "");
    assert.ok(!output.includes("DBPASS"), output);
  }
});

const ADDRESS = /EMAIL_FROM must be an address/;
const EVERY = /EMAIL_QUEUE_EVERY must be 1 to 59 seconds/;
const SPACES = /must have no spaces, and only printable characters/;

/** Values that break a deployment, which nothing after the check would have noticed in time. */
const REFUSED = {
  EMAIL_QUEUE_RUN_SECONDS: [["9", "111", "1e2", "50s", "50.5", "-50", "050", " "], /EMAIL_QUEUE_RUN_SECONDS must be a whole number from 10 to 110/],
  EMAIL_QUEUE_WALL_SECONDS: [["29", "401", "060", "1e2", " "], /EMAIL_QUEUE_WALL_SECONDS must be a whole number from 30 to 400/],
  RESEND_BASE_URL: [["localhost:1", "ftp://a.example", "https://", "https://a b.example", "https://u:p@a.example", "https://a.example?x"], /RESEND_BASE_URL must be an http\(s\) address/],
  SUPABASE_URL: [["https://<reference>.supabase.co", "project.example", "http://a b"], /SUPABASE_URL must be an address/],
  SUPABASE_PROJECT_ID: [["ABC", "a".repeat(19)], /SUPABASE_PROJECT_ID must be the 20 lower-case letters/],
  EMAIL_FROM: [
    ["a b@c", "a b@c.example", "a@c", "a@b@c.example", "Shop <a@b.example> x", "Shop a@b.example>", "Shop <a@b.example", "a@b.example, c@d.example",
      "a@b.example, C <c@d.example>", 'x "Shop" <a@b.example>', '"Shop <a@b.example>', "a.@b.example", "a@b..example", "Shop <a@b.example >", "a\tb <a@b.example>"],
    ADDRESS,
  ],
  SUPABASE_SECRET_KEY: [["sb_secret_a b", "sb_secret_é"], SPACES],
  SUPABASE_SERVICE_ROLE_KEY: [["eyJ a"], SPACES],
  RESEND_API_KEY: [["re_a b"], SPACES],
  SUPABASE_ACCESS_TOKEN: [["sbp_a b", "token"], /SUPABASE_ACCESS_TOKEN must begin with sbp_/],
  PROCESS_EMAIL_QUEUE_SECRET: [["a secret with spaces", "short"], /PROCESS_EMAIL_QUEUE_SECRET must have at least 16/],
  EMAIL_QUEUE_EVERY: [
    ["10", "0 seconds", "61 seconds", "7 minutes", "5 hours", "2 days", "soon", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
      "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "5/2 * * * *", "a b c d e", "1, * * * *", "* * * foo *"],
    EVERY,
  ],
};

test("a value that would break the deployment is refused before anything is called, and is not shown", () => {
  for (const [name, [values, message]] of /** @type {[string, [string[], RegExp]][]} */ (Object.entries(REFUSED))) {
    for (const value of values) {
      const { code, output, told } = deploy({ args: [], env: { ...VARIABLES, [name]: value } });
      assert.equal(code, 1, `${name}=${value}: ${output}`);
      assert.match(output, message);
      assert.match(output, new RegExp(`error: ${name} `));
      assert.equal(told, "");
      if (value.length > 8 && !value.includes("<reference>")) assert.ok(!output.includes(value), output);
    }
  }
  const example = /^EMAIL_FROM=(.*)$/m.exec(fs.readFileSync(new URL("../../.env.example", import.meta.url), "utf8"))?.[1];
  assert.match(withThese({ EMAIL_FROM: example }).output, /EMAIL_FROM is still the example's/);
});

test("variables of two projects are refused before anything is called", () => {
  const other = "z".repeat(20);
  for (const [changes, message] of /** @type {[Record<string, string>, RegExp][]} */ ([
    [{ SUPABASE_URL: `https://${other}.supabase.co` }, /SUPABASE_URL is of another project than SUPABASE_PROJECT_ID/],
    [{ SUPABASE_URL: `https://supabase.com/dashboard/project/${VARIABLES.SUPABASE_PROJECT_ID}` }, /SUPABASE_URL is the dashboard's address/],
    [{ SUPABASE_DB_URL: `postgresql://postgres:x@db.${VARIABLES.SUPABASE_PROJECT_ID}.supabase.co:5432/postgres` }, /SUPABASE_URL is an address of this machine, and the project .* is not here/],
    [{ SUPABASE_DB_URL: "", SUPABASE_URL: "http://localhost:54321" }, /SUPABASE_URL is an address of this machine/],
    [{ SUPABASE_DB_URL: `postgresql://postgres:x@db.${other}.supabase.co:5432/postgres`, SUPABASE_URL: "https://mail.example" }, /SUPABASE_DB_URL is of another project/],
    [{ SUPABASE_DB_URL: `postgresql://postgres.${other}:x@aws-0-eu.pooler.supabase.com:5432/postgres`, SUPABASE_URL: "https://mail.example" }, /SUPABASE_DB_URL is of another project/],
  ])) {
    const { code, output, told } = withThese(changes);
    assert.equal(code, 1, `${JSON.stringify(changes)}: ${output}`);
    assert.match(output, message);
    assert.equal(told, "");
  }
});

test("an API that does not answer stops it before anything is changed", () => {
  const { code, output, told } = deploy({ args: [], env: { ...VARIABLES, SUPABASE_URL: "http://127.0.0.1:1" } });
  assert.equal(code, 1, output);
  assert.match(output, /http:\/\/127\.0\.0\.1:1: not reached: .*Nothing was changed/);
  assert.doesNotMatch(told, /secrets set|functions deploy/);
});

test("what the database and the function take is taken", () => {
  for (const [name, values] of Object.entries({
    EMAIL_QUEUE_RUN_SECONDS: ["10", "99", "110"],
    EMAIL_QUEUE_WALL_SECONDS: ["30", "60", "99", "100", "150", "400"],
    RESEND_BASE_URL: ["http://127.0.0.1:9000", "https://api.example/resend/", "http://[::1]:80"],
    EMAIL_FROM: ["a+b@b.example", "<a@b.example>", "Änne 🦀 <a@b.example>", String.raw`"A \"B\" \\ C" <a@b.example>`, "Lee, Ann <a@b.example>", "O'Neil <a@b-c.example>", '"x <y@z.example>, w"<a@b.example>'],
    EMAIL_QUEUE_EVERY: ["1 second", "59 seconds", "60 seconds", "1 minute", "30 minutes", "2 hours", "1 day", "*/5 * * * 1-5", "0,30 8-18/2 $ jan-MAR mon,fri", " 1 2 3 4 7 "],
  })) {
    for (const value of values) {
      const { code, output } = withThese({ [name]: value });
      assert.equal(code, 0, `${name}=${value}: ${output}`);
    }
  }
});

/** Values that quotes, backslashes and comments could cut or change on their way. */
const AWKWARD = [
  "O'Brien <j@a.example>", `"O'Brien, J." <j@a.example>`, String.raw`"O'Brien \"J\"" <j@a.example>`, '"Acme, Inc." <mail@a.example>', "#1 Shop $HOME <j@a.example>",
  "O'Brien #1 <j@a.example>", String.raw`Shop\n <j@a.example>`, String.raw`O'Brien\n $(x) <j@a.example>`, "Back`tick` <j@a.example>",
];

test("every value reaches the function's secrets as it is, through the CLI itself", async () => {
  /** @type {any[]} */
  const stored = [];
  const server = http.createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    if (incoming.url?.endsWith("/secrets")) stored.push(...JSON.parse(body));
    outgoing.writeHead(201, { "content-type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => void server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const profile = path.join(folder.path, "profile.yaml");
  fs.writeFileSync(profile, `name: mock\napi_url: ${url}\ndashboard_url: ${url}\nproject_host: supabase.invalid\n`);
  // The file as deploy.sh writes it, of many values at once.
  const values = Object.fromEntries(AWKWARD.map((value, index) => [`VALUE_${index}`, value]));
  const file = path.join(folder.path, "secrets");
  fs.writeFileSync(file, Object.entries(values).map(([name, value]) => secretLine(name, value)).join(""));
  const program = path.join(await ensureTool("test"), "node_modules/.bin/supabase");
  const child = spawn(program, ["secrets", "set", "--env-file", file, "--yes", `--remote=${VARIABLES.SUPABASE_PROJECT_ID}`], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: folder.path, DO_NOT_TRACK: "1", SUPABASE_PROFILE: profile, SUPABASE_ACCESS_TOKEN: VARIABLES.SUPABASE_ACCESS_TOKEN },
    stdio: "ignore",
  });
  await new Promise((resolve) => child.on("close", resolve));
  server.close();
  assert.deepEqual(Object.fromEntries(stored.map(({ name, value }) => [name, value])), values);
  for (const changes of [{ EMAIL_FROM: `"O'Brien \`J\`" <j@a.example>` }, { PROCESS_EMAIL_QUEUE_SECRET: "ends-with-a-backslash\\" }]) {
    const { code, output, told } = deploy({ args: [], env: { ...VARIABLES, ...changes } });
    assert.equal(code, 1);
    assert.match(output, new RegExp(`error: ${Object.keys(changes)[0]} has quotes or a backslash`));
    assert.equal(told, "");
  }
});

test(".env: a value is the whole of what the line says", () => {
  const { EMAIL_FROM: _, ...others } = VARIABLES;
  const sent = (/** @type {string} */ file) => {
    const { code, output, secrets } = deploy({ args: [], env: others, file });
    return { code, output, from: /^EMAIL_FROM=(.*)$/m.exec(secrets)?.[1] };
  };
  for (const [file, from] of [
    ['EMAIL_FROM="Acme, Inc." <mail@a.example>', `'"Acme, Inc." <mail@a.example>'`],
    ['EMAIL_FROM="Acme, Inc." <mail@a.example>  # the "shop"', `'"Acme, Inc." <mail@a.example>'`],
    [`EMAIL_FROM='"Acme, Inc." <mail@a.example>' # in quotes`, `'"Acme, Inc." <mail@a.example>'`],
    [String.raw`EMAIL_FROM="\"Acme, Inc.\" <mail@a.example>"`, `'"Acme, Inc." <mail@a.example>'`],
    ["export EMAIL_FROM = Acme <mail@a.example> # why\r", "'Acme <mail@a.example>'"],
    ["EMAIL_FROM=#1 <mail@a.example>", "'#1 <mail@a.example>'"],
    ["EMAIL_FROM=mail@a.example\nRESEND_BASE_URL=  # of one's own\nEMAIL_QUEUE_EVERY=\t# often", "'mail@a.example'"],
    ["EMAIL_FROM=old@a.example\nEMAIL_FROM=mail@a.example\nEMAIL_FROM=", "'mail@a.example'"],
    ["# a comment\n\n  # another\nOTHER_KEY=\"-----BEGIN\nEMAIL_FROM is here\n-----END\"\nEMAIL_FROM=mail@a.example", "'mail@a.example'"],
  ]) {
    const { output, from: written } = sent(file);
    assert.equal(written, from, `${file}\n${output}`);
  }
  for (const [file, line] of /** @type {[string, number][]} */ ([["\nnonsense", 2], ["# x\nEMAIL_FROM: mail@a.example", 2], ["NOT-A-NAME=1", 1], ['A=1\nB="open\nC=2', 2]])) {
    const { code, output } = deploy({ args: [], env: VARIABLES, file });
    assert.equal(code, 1, output);
    assert.match(output, new RegExp(`error: line ${line} of `));
    assert.doesNotMatch(output, /nonsense|mail@a/);
  }
});

test(".env may begin with a byte order mark, and its lines may end as on Windows", () => {
  const mark = "\ufeff";
  for (const end of ["\n", "\r\n"]) {
    for (const first of ["", "# a comment", "OTHER=1", "export EMAIL_QUEUE_WAKE=on"]) {
      const lines = [first, ...Object.entries(VARIABLES).map(([name, value]) => `${name}=${value}`)];
      const { code, output, told } = deploy({ env: {}, file: `${mark}${lines.join(end)}${end}` });
      assert.equal(code, 0, `${JSON.stringify(first)} ${JSON.stringify(end)}: ${output}`);
      assert.match(told, /db query/);
    }
  }
  // The first line is the one that is read wrongly.
  const { SUPABASE_PROJECT_ID, ...others } = VARIABLES;
  const { code, output } = deploy({ env: others, file: `${mark}SUPABASE_PROJECT_ID=${SUPABASE_PROJECT_ID}\r\n` });
  assert.equal(code, 0, output);
  assert.equal(deploy({ env: others, file: `\n${mark}SUPABASE_PROJECT_ID=${SUPABASE_PROJECT_ID}\n` }).code, 1, "only at its beginning");
});

test("a secret that is made takes the place of the empty line, whatever the file begins and ends with", () => {
  const { PROCESS_EMAIL_QUEUE_SECRET: _, ...others } = VARIABLES;
  for (const [file, kept] of [
    ["\ufeffPROCESS_EMAIL_QUEUE_SECRET=\r\nOTHER=1\r\n", "OTHER=1\r\n"],
    ["OTHER=1\nLAST=2", "OTHER=1\nLAST=2\n"],
    ["\ufeffOTHER=1\n", "\ufeffOTHER=1\n"],
    ["", ""],
  ]) {
    const { output, file: written, secrets } = deploy({ args: [], env: others, file });
    const secret = /^PROCESS_EMAIL_QUEUE_SECRET='(.+)'$/m.exec(secrets)?.[1];
    assert.ok(secret, output);
    assert.equal(written, `${kept}PROCESS_EMAIL_QUEUE_SECRET=${secret}\n`);
  }
});

test("a .env that others can open is said, with the command that mends it", () => {
  for (const [mode, said] of /** @type {[number, boolean][]} */ ([[0o600, false], [0o400, false], [0o700, false], [0o640, true], [0o604, true], [0o620, true], [0o644, true], [0o660, true]])) {
    const { code, output } = deploy({ mode });
    assert.equal(code, 0, output);
    const command = /^warning: .*: (chmod 600 '.+\/\.env')$/m.exec(output)?.[1];
    assert.equal(command !== undefined, said, `${mode.toString(8)}: ${output}`);
    if (!command) continue;
    execFileSync("sh", ["-c", command]);
    assert.equal(fs.statSync(path.join(folder.path, ".env")).mode & 0o777, 0o600);
  }
});

test("a file that the function needs and that is missing stops it before anything is called", () => {
  const copy = path.join(folder.path, "a copy");
  for (const part of ["scripts", "src/js", "supabase", "pkg", ".env.example"]) fs.cpSync(path.join(ROOT, part), path.join(copy, part), { recursive: true });
  assert.match(deploy({ args: [], root: copy }).told, /functions deploy process-email-queue --no-verify-jwt/);
  const own = "pkg/functions/process-email-queue";
  const needed = fs.readdirSync(path.join(ROOT, own)).filter((name) => /(?<!\.d)\.[jt]s$/.test(name)).map((name) => `${own}/${name}`);
  assert.ok(needed.length > 5);
  for (const file of needed) {
    fs.renameSync(path.join(copy, file), path.join(folder.path, "away"));
    const { code, output, told } = deploy({ args: [], root: copy });
    fs.renameSync(path.join(folder.path, "away"), path.join(copy, file));
    assert.equal(code, 1, output);
    assert.ok(output.includes(`${file} is missing`), output);
    assert.match(output, /Nothing was changed/);
    assert.equal(told, "", file);
  }
  fs.rmSync(path.join(copy, own, "function.js"));
  assert.match(deploy({ args: [], root: copy }).output, /error: pkg\/functions\/process-email-queue\/function\.js is missing, and pkg\/functions\/process-email-queue\/index\.ts needs it/);
});
