// The page of templates in `dev`: on a database of its own, read as a browser would.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { ROOT, startLite, stopAll, tempFolder } from "../../scripts/lib/stack.mjs";
import { startTemplates } from "../../src/js/command/dev-templates.js";
import { FOLDER, readTemplates } from "../../src/js/command/template-files.js";
import { BUILT_IN, sampleOf } from "../../src/js/command/template-samples.js";
import { write } from "./support/place.mjs";

const folder = tempFolder("dev-templates");
const root = folder.path;
const put = (/** @type {string} */ name, /** @type {string} */ text) => write(path.join(root, FOLDER, name), text);
/** @type {string[]} */
const lines = [];
const screen = /** @type {any} */ ({ line: (/** @type {string[]} */ ...words) => lines.push(words.join(" ")) });
/** @type {Awaited<ReturnType<typeof startLite>>} */
let lite;
/** @type {Awaited<ReturnType<typeof startTemplates>>} */
let templates;
before(async () => {
  lite = await startLite();
  put("welcome.html", '<title>Hello {{ name }}</title><style>@media (prefers-color-scheme: dark) { p { color: #fff } }</style><p>{{ name }}</p>{{ if trial }}<i>{{ trial.ends }}</i>{{ end }}<a href="{{ start_url }}">x</a><script>alert(1)</script>');
  put("welcome.txt", "Subject: Welcome, {{ name }}\n\nHello {{ name }},\nyour {{ account }}.\n");
  put("welcome.de.txt", "Subject: Willkommen, {{ name }}\n\nHallo\n");
  put("auth-recovery.html", "<title>Reset</title><p>{{ .Data.firstName }} {{ .Token }}</p>");
  templates = await startTemplates({ root, screen, port: 0 });
  await templates.use(lite);
});
after(async () => {
  await stopAll();
  folder.remove();
});

const get = async (/** @type {string} */ at) => {
  const answer = await fetch(new URL(at, templates.url));
  return { status: answer.status, text: await answer.text(), policy: answer.headers.get("content-security-policy") ?? "" };
};
const revision = async () => (await get("/revision")).text;
/** A change is taken up by the second look that sees it. */
const look = async () => {
  await templates.look();
  await templates.look();
};

test("the database has what the files have", async () => {
  const stored = await lite.rpc("email_queue_template_list");
  assert.deepEqual(stored.map((/** @type {any} */ { name, language }) => [name, language]), [["auth-recovery", null], ["welcome", null], ["welcome", "de"]]);
});

test("the list has the files' templates and those that are built in, and each of them can be seen", async () => {
  const { text, policy } = await get("/");
  const links = [...text.matchAll(/href="(\/template\/[^"]+)"/g)].map(([, at = ""]) => at);
  assert.deepEqual(links.map((at) => at.slice("/template/".length)).sort(), [...BUILT_IN, "welcome"].sort());
  assert.match(policy, /default-src 'none'.*script-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  for (const at of links) {
    const { status, text: shown } = await get(at);
    assert.equal(status, 200);
    assert.doesNotMatch(shown, /card pad fault/, `${at}\n${shown}`);
    assert.match(shown, /<iframe sandbox class="light"/);
  }
});

test("what is built in is what the schema has", () => {
  const sql = fs.readFileSync(path.join(ROOT, "supabase/schemas/23_auth/auth_texts.sql"), "utf8");
  assert.deepEqual([...sql.matchAll(/^ +\('(auth-[a-z-]+)'/gm)].map(([, name]) => name).sort(), [...BUILT_IN].sort());
  const variables = fs.readFileSync(path.join(ROOT, "supabase/schemas/23_auth/auth_variables.sql"), "utf8").matchAll(/'([A-Z]\w+)', /g);
  assert.deepEqual(Object.keys(sampleOf(root, { name: "auth-signup", language: null }, []).variables), [...variables].map(([, name]) => name));
});

test("a template is shown with subject, HTML and text, in its language; no script runs, and nothing is loaded from elsewhere", async () => {
  const { text, policy } = await get("/template/welcome");
  assert.match(text, /<h2>Welcome, Ann<\/h2>/);
  assert.match(text, /<pre>Hello Ann,\nyour account\.\n<\/pre>/);
  assert.match(text, /&lt;i&gt;24 December&lt;\/i&gt;&lt;a href=&quot;https:\/\/acme\.example\/start_url&quot;/);
  assert.match(text, /version 1 in this database/);
  // The page's own script is the only one: the frame's is text in an attribute, and the frame has no allow-scripts.
  assert.deepEqual(text.match(/<script[^>]*>/g)?.map((tag) => tag.replace(/revision="[^"]+"/, "")), ['<script src="/script.js" data- defer>']);
  assert.match(policy, /^default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'self'; connect-src 'self'; /);
  assert.match((await get("/template/welcome?language=de")).text, /<h2>Willkommen, Ann<\/h2>/);
  assert.match((await get("/template/auth-recovery")).text, /&lt;p&gt;Ann 481516&lt;\/p&gt;/);
  assert.match((await get("/template/auth-recovery")).text, /auth-recovery\.html, version 1/);
  assert.match((await get("/template/auth-signup")).text, /built in[^]*Or enter this code/);
});

test("light or dark, wide or as on a phone", async () => {
  const [light, dark] = await Promise.all(["/template/welcome", "/template/welcome?dark=&phone="].map(get));
  assert.match(light.text, /iframe sandbox class="light"[^>]*@media \(max-width: 0px\)[^>]*color-scheme: light !important/);
  assert.match(dark.text, /card phone"><iframe sandbox class="dark"[^>]*@media \(min-width: 0px\)[^>]*color-scheme: dark !important/);
  assert.match(dark.text, /href="\/template\/welcome\?language=de&amp;dark=&amp;phone="/);
});

test("the page follows the files, and names a fault with its file and line", async () => {
  const before = await revision();
  await templates.look();
  assert.equal(await revision(), before);
  put("welcome.txt", "Subject: Welcome, {{ name }}\n\nHello {{ name }},\n{{ range .Items }}\n");
  put("broken.html", "<p>No subject</p>");
  put("other.txt", "Subject: Other\n\nAll right\n");
  await look();
  assert.notEqual(await revision(), before);
  const fault = /supabase\/email-templates\/welcome\.html and supabase\/email-templates\/welcome\.txt: text: line 4: {{ range \.Items }} is not known/;
  for (const at of ["/", "/template/welcome"]) assert.match((await get(at)).text, fault);
  assert.match((await get("/")).text, /email-templates\/broken\.html: the subject is missing/);
  assert.equal((await get("/template/broken")).status, 404);
  assert.match((await get("/template/other")).text, /All right/);
  assert.match(lines.join("\n"), /ok templates stored: other\nbad templates .*broken\.html: the subject is missing[^]*bad templates .*line 4/);

  put("welcome.txt", "Subject: Welcome, {{ name }}\n\nMended\n");
  fs.rmSync(path.join(root, FOLDER, "broken.html"));
  await look();
  assert.match((await get("/template/welcome")).text, /<pre>Mended/);
  assert.doesNotMatch((await get("/")).text, /card pad fault/);
});

test("sample data of a file takes the place of what is made up; a fault of it is named", async () => {
  put("welcome.json", '{"name": "<Bob>", "trial": null}');
  put("welcome.de.json", '{"name": "Käthe"}');
  put("auth-invite.json", '{"Product": "Bäcker"}');
  const { text } = await get("/template/welcome");
  assert.match(text, /<h2>Welcome, &lt;Bob&gt;<\/h2>/);
  assert.doesNotMatch(text, /24 December/);
  assert.match(text, /<h3>supabase\/email-templates\/welcome\.json<\/h3>/);
  assert.match((await get("/template/welcome?language=de")).text, /<h2>Willkommen, Käthe<\/h2>/);
  assert.match((await get("/template/auth-invite")).text, /<h2>You have been invited to Bäcker<\/h2>/);
  put("welcome.json", "{");
  assert.match((await get("/template/welcome")).text, /supabase\/email-templates\/welcome\.json is no JSON/);
  put("welcome.json", "[]");
  assert.match((await get("/template/welcome")).text, /supabase\/email-templates\/welcome\.json is no object/);
  fs.rmSync(path.join(root, FOLDER, "welcome.json"));
  assert.equal(readTemplates(root).length, 4, "they are no templates");
});

test("variables are made up from their names", () => {
  const names = ["order", "order.number", "order.placed_at", "firstName", "account", "message", "resetLink", "customer_email", "__proto__.polluted"];
  assert.deepEqual({ ...sampleOf(root, { name: "none", language: null }, names).variables }, {
    order: { number: 3, placed_at: "24 December" }, firstName: "Ann", account: "account", message: "message", resetLink: "https://acme.example/resetLink", customer_email: "ann@example.com",
  });
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
});

test("a variable may have the name of something that every object has", () => {
  assert.deepEqual(sampleOf(root, { name: "none", language: null }, ["constructor", "toString.name", "hasOwnProperty"]).variables, {
    constructor: "constructor", toString: { name: "Ann" }, hasOwnProperty: "has own property",
  });
});

test("a file's variables take the place of those within an object, and leave the others", () => {
  put("order.json", '{"order": {"number": "A-7", "lines": [1]}, "trial": null, "name": "Bob"}');
  assert.deepEqual(sampleOf(root, { name: "order", language: null }, ["name", "order.number", "order.customer.name", "trial.ends"]).variables, {
    name: "Bob", order: { number: "A-7", customer: { name: "Ann" }, lines: [1] }, trial: null,
  });
  put("auth-magiclink.json", '{"Data": {"name": "Käthe"}, "Product": "Bäcker"}');
  const { variables } = sampleOf(root, { name: "auth-magiclink", language: null }, ["Data.name", "Data.city", "Token"]);
  assert.deepEqual([variables.Data, variables.Product, variables.Token], [{ name: "Käthe", city: "city" }, "Bäcker", "481516"]);
  for (const file of ["order.json", "auth-magiclink.json"]) fs.rmSync(path.join(root, FOLDER, file));
});

test("what Auth's mail does not have is shown as such, in the place of a value that is made up", async () => {
  put("auth-email-change.html", "<title>Change</title><p>{{ .FirstName }} {{ .Data.first_name }} {{ .Token }} {{ .Email }}</p>");
  await look();
  const { text } = await get("/template/auth-email-change");
  assert.match(text, /card pad fault">FirstName: Supabase Auth&#39;s mail has no such variable\. For a mail that needs it the built-in template is sent</);
  assert.match(text, /&lt;p&gt;\{\{ FirstName \}\} Ann 481516 ann@example\.com&lt;\/p&gt;/);
  assert.doesNotMatch((await get("/template/auth-recovery")).text, /no such variable/);
  fs.rmSync(path.join(root, FOLDER, "auth-email-change.html"));
  await look();
});

test("it is for this machine only, and can only be read", async () => {
  const { port } = new URL(templates.url);
  const status = (/** @type {string} */ host, method = "GET") => new Promise((resolve, reject) => {
    http.request({ host: "127.0.0.1", port, method, headers: { host } }, (answer) => resolve(answer.resume().statusCode)).on("error", reject).end();
  });
  assert.deepEqual(await Promise.all([status(`localhost:${port}`), status("attacker.example"), status(`127.0.0.1.attacker.example:${port}`), status(`127.0.0.1:${port}`, "POST")]), [200, 403, 403, 405]);
});
