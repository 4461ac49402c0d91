// Who may ask the console's server, and what it answers. The database is a stand-in; tests/project/console.test.mjs has a real one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { after, beforeEach, test } from "node:test";
import { ROOT, packageFolder, stopAll, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { gzipSync } from "node:zlib";
import { createApi } from "../../src/js/console/api.js";
import { run, targetOf } from "../../src/js/console/console.js";
import { HEADER, serveConsole } from "../../src/js/console/server.js";
import { ProjectError, readProject } from "../../src/js/command/deployed.js";
import { CommandError } from "../../src/js/command/terminal.js";

const ID = "01900000-0000-7000-8000-000000000001";
const KEY = "sb_secret_of_the_project";
const folder = tempFolder("console");
/** @type {[string, any][]} */
let asked = [];
/** @type {Record<string, any>} */
let answers = {};
beforeEach(() => {
  asked = [];
  answers = {};
});
after(async () => {
  await stopAll();
  folder.remove();
});

const ask = async (/** @type {string} */ name, /** @type {any} */ args) => {
  asked.push([name, args]);
  if (answers[name] instanceof Error) throw answers[name];
  return structuredClone(answers[name] ?? null);
};
const start = (/** @type {boolean} */ readOnly) => serveConsole({ port: 0, answer: createApi({ ask, readOnly, about: { target: "x.example", local: false, version: "0" }, examine: async (called) => (asked.push(["examine", called]), []) }) });
const [one, other, looking] = await Promise.all([start(false), start(false), start(true)]);
const tokenOf = (/** @type {{url: string}} */ { url }) => String(new URLSearchParams(new URL(url).hash.slice(1)).get("token"));

/** As any program can ask. @param {{url: string}} server @param {{path?: string, method?: string, headers?: Record<string, string>, body?: string}} what */
async function request({ url }, { path: at = "/", method = "GET", headers = {}, body = "" }) {
  const { port } = new URL(url);
  return await new Promise((/** @type {(answer: {status: number, headers: http.IncomingHttpHeaders, text: string}) => void} */ resolve, reject) => {
    const outgoing = http.request({ host: "127.0.0.1", port, path: at, method, headers }, async (answer) => {
      let text = "";
      for await (const part of answer) text += part;
      resolve({ status: Number(answer.statusCode), headers: answer.headers, text });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** As the page asks. @param {{url: string}} server @param {string} name @param {object} [args] @param {Record<string, string>} [headers] */
async function call(server, name, args = {}, headers = {}) {
  const { status, text } = await request(server, { path: `/api/${name}`, method: "POST", headers: { "content-type": "application/json", [HEADER]: tokenOf(server), ...headers }, body: JSON.stringify(args) });
  return { status, body: JSON.parse(text), text };
}

test("the page is there without a token, with a policy that lets it run its own files only", async () => {
  for (const at of ["/", "/main.js", "/style.css", "/vendor/preact.js", "/operate/times.js"]) {
    const { status, headers } = await request(one, { path: at });
    assert.equal(status, 200, at);
    assert.match(String(headers["content-security-policy"]), /^default-src 'self'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'$/);
    assert.doesNotMatch(String(headers["content-security-policy"]), /unsafe/);
    assert.deepEqual([headers["set-cookie"], headers["access-control-allow-origin"]], [undefined, undefined]);
  }
  for (const at of ["/server.js", "/../server.js", "/%2e%2e/server.js", "/vendor/LICENSE", "/operate/desk.js", "/api/stats"]) assert.equal((await request(one, { path: at })).status, 404, at);
  const page = (await request(one, {})).text;
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)|<style|\son\w+=|style=/i);
});

test("another name of this address is refused, and so is another site", async () => {
  const { port } = new URL(one.url);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.2:${port}`, `127.0.0.1.evil.example:${port}`, `127.0.0.1:${Number(port) + 1}`, " "]) {
    assert.equal((await request(one, { headers: { host } })).status, 403, host);
    assert.equal((await call(one, "about", {}, { host })).status, 403, host);
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    assert.equal((await call(one, "about", {}, { host, origin: `http://${host}` })).status, 200, host);
    for (const origin of ["https://evil.example", "null", `https://${host}`, `http://${host}.evil.example`, `http://127.0.0.1:${Number(port) + 1}`]) {
      assert.equal((await call(one, "about", {}, { host, origin })).status, 403, origin);
      assert.equal((await request(one, { headers: { host, origin } })).status, 403, origin);
    }
  }
  for (const site of ["cross-site", "same-site"]) assert.equal((await request(one, { path: "/main.js", headers: { "sec-fetch-site": site } })).status, 403, site);
});

test("without the token of this console nothing is answered", async () => {
  for (const token of ["", "x", tokenOf(other), `${tokenOf(one)}x`]) {
    const { status, body } = await call(one, "stats", {}, { [HEADER]: token });
    assert.equal(status, 401);
    assert.match(body.remedy, /address that the command has printed/);
  }
  assert.notEqual(tokenOf(one), tokenOf(other));
  assert.equal((await call(one, "about")).status, 200);
  assert.deepEqual(asked, []);
});

test("what the opener gets counts once", async () => {
  const fresh = await start(false);
  const code = String(new URLSearchParams(new URL(fresh.opener).hash.slice(1)).get("code"));
  assert.doesNotMatch(fresh.opener, new RegExp(tokenOf(fresh)));
  assert.equal((await call(fresh, "open", { code: "x" })).status, 401);
  assert.deepEqual((await call(fresh, "open", { code }, { [HEADER]: "" })).body, { token: tokenOf(fresh) });
  assert.equal((await call(fresh, "open", { code })).status, 401);
});

test("a request that a form of another site can send is none of ours", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) assert.equal((await call(one, "resume", {}, { "content-type": type })).status, 415, type);
  for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH"]) assert.equal((await request(one, { path: "/api/resume", method })).status, 405, method);
  assert.equal((await request(one, { path: "/api/stats", method: "POST", headers: { "content-type": "application/json", [HEADER]: tokenOf(one) }, body: "[]" })).status, 400);
  assert.equal((await request(one, { path: "/api/stats", method: "POST", headers: { "content-type": "application/json", [HEADER]: tokenOf(one) }, body: `{"a":"${"x".repeat(1 << 20)}"}` })).status, 413);
  assert.deepEqual(asked, []);
});

test("a read gives its arguments on, and no other", async () => {
  answers.email_queue_runs = [];
  assert.deepEqual((await call(one, "runs", { limit: 5, before: ID, name: "x", p_limit: 9 })).body, []);
  assert.deepEqual(asked, [["email_queue_runs", { p_limit: 5, p_before: ID }]]);
  for (const name of ["enqueue", "email_queue_stats", "constructor", "to_string"]) assert.equal((await call(one, name)).status, 404, name);
});

test("read-only refuses what changes something", async () => {
  answers.email_queue_stats = { types: {} };
  assert.equal((await call(looking, "about")).body.readOnly, true);
  assert.equal((await call(looking, "stats")).status, 200);
  asked = [];
  const actions = ["cancel", "erase", "redrive", "discard", "pause", "resume", "suppress", "unsuppress", "configure"];
  for (const name of actions) {
    const { status, body } = await call(looking, name, { id: ID, ids: [ID], settings: { rate_limit: 1 } });
    assert.deepEqual([status, body.message], [403, "this console can only look"], name);
  }
  // A setting is read by the function that also writes it.
  assert.equal((await call(looking, "settings", { settings: { rate_limit: 1 } })).status, 200);
  assert.deepEqual(asked, [["email_queue_configure", {}]]);
  asked = [];
  for (const name of actions) assert.equal((await call(one, name)).status, 200, name);
  assert.equal(asked.length, actions.length);
});

test("the doctor's checks from outside are made when they are asked for, and a run is started by those who may act", async () => {
  assert.equal((await call(looking, "examine")).status, 200);
  assert.equal((await call(looking, "examine", { call: true })).status, 403);
  assert.equal((await call(one, "examine", { call: true })).status, 200);
  assert.deepEqual(asked, [["examine", false], ["examine", true]]);
});

test("a fault of the project comes with its remedy", async () => {
  answers.email_queue_stats = new CommandError("the key is refused (401)", "give another");
  const { status, body } = await call(one, "stats");
  assert.deepEqual([status, body], [422, { message: "the key is refused (401)", remedy: "give another" }]);
});

const mail = (/** @type {object} */ more) => ({ id: ID, type: "email", status: "completed", completed_at: new Date().toISOString(), error: null, delivery: null, recipients: null, payload: { to: "ann@a.example", subject: "Hi", content: "<p>secret text</p>", ...more } });

test("a list has no bodies, and each mail has its conclusion", async () => {
  answers.email_queue_search = { messages: [mail({ attachments: [{ filename: "a.txt", content: "QUJD" }] })], next: null, looked: 1, similar: [] };
  answers.email_queue_suppressions = [{ id: ID, address: "ann@a.example", reason: "manual" }];
  const { body, text } = await call(one, "search", { filter: { recipient: "Ann <ann@a.example>" } });
  assert.match(body.messages[0].conclusion.text, /^accepted by the provider/);
  assert.deepEqual([body.messages[0].subject, body.messages[0].to, body.suppressed[0].reason], ["Hi", "ann@a.example", "manual"]);
  assert.doesNotMatch(text, /secret text|QUJD/);
});

test("a file is sent when it is asked for, and a message has its size", async () => {
  answers.email_queue_show = { ...mail({ attachments: [{ filename: "a.txt", content: "QUJD\n" }, { path: "https://x.example/b.pdf" }] }), suppressed: [], timeline: [] };
  answers.email_queue_get = answers.email_queue_show;
  const { body, text } = await call(one, "show", { id: ID });
  assert.deepEqual(body.payload.attachments, [{ filename: "a.txt", bytes: 3 }, { path: "https://x.example/b.pdf" }]);
  assert.doesNotMatch(text, /QUJD/);
  assert.deepEqual((await call(one, "attachment", { id: ID, index: 0 })).body, { filename: "a.txt", base64: "QUJD" });
  for (const index of [1, 2, -1, "0", "__proto__"]) assert.equal((await call(one, "attachment", { id: ID, index })).status, 404, String(index));
});

test("a mail's frame has an address that counts once, and a policy of its own", async () => {
  answers.email_queue_get = mail({ content: '<img src="cid:logo"><script>alert(1)</script>', attachments: [{ filename: "logo.png", contentId: "logo", content: "QUJD" }] });
  const { address } = (await call(one, "mail", { id: ID })).body;
  const { status, headers, text } = await request(one, { path: address });
  assert.equal(status, 200);
  assert.match(text, /src="data:image\/png;base64,QUJD"/);
  assert.match(String(headers["content-security-policy"]), /^sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; /);
  assert.equal((await request(one, { path: address })).status, 404);
  const { address: remote } = (await call(one, "mail", { id: ID, remote: true })).body;
  assert.notEqual(remote, address);
  assert.match(String((await request(one, { path: remote })).headers["content-security-policy"]), /^sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; /);
  assert.equal((await request(other, { path: remote })).status, 404);
});

test("the command prints the address first, opens another one, and the key is in neither", async () => {
  /** @type {string[][]} */
  const [printed = [], said = [], opened = []] = [[], [], []];
  const terminal = /** @type {any} */ ({ json: true, say: (/** @type {string} */ text) => said.push(text), print: (/** @type {string} */ text) => printed.push(text) });
  const context = (/** @type {object} */ values) => ({ values, positionals: [], terminal, cwd: folder.path, env: { SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_SECRET_KEY: KEY } });
  await new Promise((resolve, reject) => void run(context({}), (address) => resolve(opened.push(address))).catch(reject));
  const { url } = JSON.parse(printed[0] ?? "");
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/#token=/);
  assert.match(opened[0] ?? "", /^http:\/\/127\.0\.0\.1:\d+\/#code=/);
  const { status, text } = await call({ url }, "stats");
  assert.equal(status, 422);
  const everything = [...printed, ...said, ...opened, text, (await call({ url }, "about")).text, (await request({ url }, {})).text].join("\n");
  assert.doesNotMatch(everything, new RegExp(KEY));
  await assert.rejects(run(context({ port: "http" })), /--port must be a number/);
  await assert.rejects(run(context({ port: new URL(url).port })), /cannot be used \(EADDRINUSE\)/);
});

test("the program serves until it is interrupted", async () => {
  const env = { PATH: process.env.PATH, SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_SECRET_KEY: KEY };
  const child = spawn(process.execPath, [path.join(ROOT, "pkg/command/main.js"), "console", "--no-open", "--json", "--read-only"], { cwd: folder.path, env, stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const [line] = await once(child.stdout, "data");
  const { url } = JSON.parse(String(line));
  assert.equal((await call({ url }, "about")).body.readOnly, true);
  assert.match((await request({ url }, {})).text, /<div id="page">/);
  child.kill("SIGINT");
  assert.equal(await ended, 0);
});

test("the program opens a browser with a code that counts once", { skip: process.platform !== "linux" && "another opener" }, async () => {
  const [bin, note] = [path.join(folder.path, "bin"), path.join(folder.path, "opened")];
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "xdg-open"), `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > "${note}.part" && mv "${note}.part" "${note}"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}${path.delimiter}${process.env.PATH}`, SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_SECRET_KEY: KEY };
  const child = spawn(process.execPath, [path.join(ROOT, "pkg/command/main.js"), "console", "--json"], { cwd: folder.path, env, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const [line] = await once(child.stdout, "data");
  const { url } = JSON.parse(String(line));
  await waitFor(async () => fs.existsSync(note));
  const [count, opened = ""] = fs.readFileSync(note, "utf8").trim().split("\n");
  assert.equal(count, "1");
  assert.equal(new URL(opened).origin, new URL(url).origin);
  const code = new URLSearchParams(new URL(opened).hash.slice(1)).get("code");
  assert.deepEqual((await call({ url }, "open", { code }, { [HEADER]: "" })).body, { token: tokenOf({ url }) });
  assert.equal((await call({ url }, "open", { code }, { [HEADER]: "" })).status, 401);
  child.kill("SIGINT");
  await ended;
});

test("a key that would be shown by an error is refused first", () => {
  assert.throws(() => readProject({ SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_SECRET_KEY: "sb_secret_a\nb" }), (/** @type {any} */ error) => error instanceof ProjectError && !error.message.includes("sb_secret"));
});

test("the target is local only where it is this machine", () => {
  assert.deepEqual(targetOf("http://127.0.0.1:54321"), { target: "127.0.0.1:54321", local: true });
  for (const url of ["https://abcdefghijklmnopqrst.supabase.co", "https://localhost.evil.example", "https://127.0.0.1.evil.example"]) assert.equal(targetOf(url).local, false, url);
});

const PAGE = path.join(ROOT, "src/js/console/page");

test("what the page brings along is what npm has, with its licence", async () => {
  const htm = await packageFolder("console", "htm");
  assert.deepEqual(fs.readFileSync(path.join(PAGE, "vendor/preact.js")), fs.readFileSync(path.join(htm, "preact/standalone.module.js")));
  const licence = fs.readFileSync(path.join(PAGE, "vendor/LICENSE"), "utf8");
  assert(licence.includes(`htm ${JSON.parse(fs.readFileSync(path.join(htm, "package.json"), "utf8")).version},`));
  assert(licence.includes(fs.readFileSync(path.join(htm, "LICENSE"), "utf8")));
});

test("the page has less than 60 kB, gzipped, and no file that it does not use", () => {
  const files = fs.readdirSync(PAGE, { recursive: true }).map(String).filter((name) => /\.(js|css|html|svg)$/.test(name));
  const text = files.map((name) => fs.readFileSync(path.join(PAGE, name), "utf8")).join("\n");
  // With what it has from the commands.
  const size = [...files, "../../operate/times.js"].reduce((sum, name) => sum + gzipSync(fs.readFileSync(path.join(PAGE, name)), { level: 9 }).length, 0);
  assert(size < 60_000, `${size} bytes`);
  for (const name of files) assert(name === "index.html" || text.includes(name), name);
  // Nothing of what comes from elsewhere is read as HTML, and no address is made of it.
  assert.doesNotMatch(text.replaceAll(fs.readFileSync(path.join(PAGE, "vendor/preact.js"), "utf8"), ""), /innerHTML|insertAdjacent|document\.write|\beval\b|new Function|style=\$/);
});
