// The templates of a folder: a deployment stores them, and the doctor compares them, against a mock of Supabase and a real PostgreSQL.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { command, write } from "../command/support/place.mjs";
import { startWorld } from "./support/world.mjs";

const folder = tempFolder("templates of a folder");
const here = path.join(folder.path, "nothing but env");
/** @type {Awaited<ReturnType<typeof startWorld>>} */
let world;

before(async () => {
  world = await startWorld("templates");
  fs.mkdirSync(here);
  world.envFile = path.join(here, ".env");
  world.writeEnv({ SUPABASE_DB_URL: undefined });
  await deploys();
});
after(async () => {
  await world?.stop();
  folder.remove();
});

/** @param {string[]} args */
async function run(args) {
  const { code, stdout, stderr } = await command(args, { cwd: here, env: { SUPABASE_PROFILE: path.join(world.folder, "profile.yaml"), SUPABASE_API_URL: world.platform.url } });
  for (const secret of world.secretsOfIt) assert.ok(!(stdout + stderr).includes(secret), `a secret (${secret.slice(0, 4)}…) is in the output`);
  return { code, stdout, stderr };
}

const TEMPLATES = path.join(here, "supabase/email-templates");
/** @param {Record<string, string>} files */
function writeTemplates(files) {
  fs.rmSync(path.join(here, "supabase"), { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) write(path.join(TEMPLATES, name), text);
}
const stored = async () => (await world.sql`select public.email_queue_template_list() as all`)[0].all.map((/** @type {any} */ one) => `${one.name}.${one.language ?? ""} ${one.version}`);
const deploys = async (/** @type {string[]} */ ...args) => {
  const { code, stderr } = await run(["deploy", "--direct", "--use-api", ...args]);
  assert.equal(code, 0, stderr);
  return stderr;
};

test("a deployment stores the templates of the folder, those that differ, and the doctor compares them", async () => {
  writeTemplates({ "welcome.html": "<title>Welcome</title><p>Hi {{ name }}</p>", "welcome.de.txt": "Subject: Willkommen\n\nHallo {{ name }}\n" });
  assert.match(await deploys("--dry-run"), /store +the template welcome \(de\)\n {2}store +the template welcome\n/);
  assert.deepEqual(await stored(), []);
  assert.match((await run(["doctor", "--no-call"])).stdout, /! templates: welcome \(de\) is not stored, welcome is not stored\n {4}→ .*deploy/);
  assert.match(await deploys(), /== Templates\n {3}welcome \(de\): version 1\n {3}welcome: version 1\n/);
  assert.deepEqual(await stored(), ["welcome. 1", "welcome.de 1"]);
  const [{ shown }] = await world.sql`select public.email_queue_template_preview('welcome', '{"name": "Ann"}', 'de-AT') as shown`;
  assert.deepEqual([shown.subject, shown.text], ["Willkommen", "Hallo Ann\n"]);
  await world.sql`select public.email_queue_template_put('of-the-app', 'Hi', null, 'Hi')`;
  assert.match((await run(["doctor", "--no-call"])).stdout, /✓ templates: 2 as in supabase\/email-templates; these have no file: of-the-app\n/);
  assert.doesNotMatch(await deploys(), /the template|== Templates/);
  writeTemplates({ "welcome.html": "<title>Welcome!</title><p>Hi {{ name }}</p>", "welcome.de.txt": "Subject: Willkommen\n\nHallo {{ name }}\n" });
  assert.match(await deploys("--dry-run"), /\n {2}change +the template welcome\n/);
  await deploys();
  assert.deepEqual(await stored(), ["of-the-app. 1", "welcome. 2", "welcome.de 1"]);
});

test("a template that cannot be read is named with its file and line, and the others are stored", async () => {
  writeTemplates({ "a.txt": "Subject: A\n\nHi\n{{ if x }\n", "b.html": "<title>B</title><a href={{ url }}>here</a>", "c.txt": "Subject: C\n\nHi" });
  const { code, stderr } = await run(["deploy", "--direct", "--use-api"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /error: supabase\/email-templates\/a\.txt: text: line 4: \{\{ if x \}.*\n +supabase\/email-templates\/b\.html: html: line 1: .*quotes/);
  assert.ok((await stored()).includes("c. 1"));
  writeTemplates({ "a.html": "<p>no subject</p>" });
  const before = await stored();
  assert.match((await run(["deploy", "--direct", "--use-api"])).stderr, /a\.html: the subject is missing.*Nothing was changed/);
  assert.deepEqual(await stored(), before);
  assert.match((await run(["doctor", "--no-call"])).stdout, /✗ templates: .*a\.html: the subject is missing/);
});
