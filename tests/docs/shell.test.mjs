// The commands that the documents show. What another suite runs is named here, and the README's way to a first e-mail is gone by
// tests/deploy/readme.test.mjs; the rest is run as it is written.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureDeno, ROOT, startLite, startProcess, tempFolder } from "../../scripts/lib/stack.mjs";
import { run } from "../client/project.mjs";
import { commandsOf, firstMail, PAGES, snippets } from "./documents.mjs";

/** A command → the file of the suite that runs it, and the words by which. */
const ELSEWHERE = {
  "./scripts/demo": ["scripts/lib/test/suites/local.mjs", "scripts/demo"],
  "./scripts/test": [".ci/run", "scripts/test"],
  "scripts/doctor": ["tests/deploy/support/world.mjs", "scripts/doctor"],
  "supabase/functions/deploy.sh": ["tests/deploy/support/world.mjs", "supabase/functions/deploy.sh"],
  "supabase/functions/deploy.sh --dry-run": ["tests/deploy/deploy.test.mjs", "--dry-run"],
  "node_modules/.bin/email-queue deploy --direct --dry-run": ["tests/deploy/direct.test.mjs", '"deploy", "--direct", "--use-api", "--dry-run"'],
  "RESEND_FULL_ACCESS_KEY=re_… node_modules/.bin/email-queue deploy": ["tests/deploy/command.test.mjs", "RESEND_FULL_ACCESS_KEY: full"],
  "RESEND_FULL_ACCESS_KEY=re_… node_modules/.bin/email-queue reconcile": ["tests/command/reconcile.test.mjs", "reconcile([])"],
  "RESEND_FULL_ACCESS_KEY=re_… node_modules/.bin/email-queue reconcile --yes": ["tests/command/reconcile.test.mjs", 'reconcile(["--yes"])'],
  "node_modules/.bin/email-queue deploy --direct": ["tests/deploy/direct.test.mjs", '"deploy", "--direct", "--use-api"'],
  "node_modules/.bin/email-queue init": ["tests/command/init.test.mjs", '"init", "--yes"'],
  "node_modules/.bin/email-queue dev": ["tests/command/dev.test.mjs", '"dev", "--json"'],
  "node_modules/.bin/email-queue console": ["tests/command/console.test.mjs", '"console", "--no-open"'],
  "node_modules/.bin/email-queue doctor": ["tests/deploy/command.test.mjs", '"doctor"'],
  "node_modules/.bin/email-queue auth-hook on --test-to you@example.com": ["tests/deploy/auth_hook.test.mjs", '"auth-hook", "on", "--yes", "--test-to"'],
  "node_modules/.bin/email-queue auth-hook status": ["tests/deploy/auth_hook.test.mjs", '"auth-hook", "status"'],
  "node_modules/.bin/email-queue auth-hook off": ["tests/deploy/auth_hook.test.mjs", '"auth-hook", "off", "--yes"'],
  "node_modules/.bin/email-queue upgrade": ["tests/command/leave.test.mjs", '"upgrade", "--yes"'],
  "node_modules/.bin/email-queue uninstall": ["tests/command/leave.test.mjs", '"uninstall", "--yes"'],
  "chmod 600 .env": ["tests/deploy/variables.test.mjs", "chmod 600"],
  "cp .env.example .env": ["tests/deploy/variables.test.mjs", ".env.example"],
};
/** Docker is needed for these, which no machine of the tests has. */
const UNTRIED = ["supabase start", "supabase functions serve --env-file supabase/functions/.env"];

const folder = tempFolder("documents");
after(() => folder.remove());

const blocks = PAGES.flatMap((page) => snippets(page, "sh"));
const commands = blocks.flatMap(({ place, text }) => commandsOf(text).map((command) => ({ place, command })));
const GONE_THROUGH = firstMail();
const block = (/** @type {RegExp} */ pattern) => {
  const found = blocks.find(({ text }) => pattern.test(text));
  assert(found, `no block has ${pattern}`);
  return commandsOf(found.text);
};
const HERE = ["npm pack", "npm install", "deno run", "curl", "printf"];

for (const { place, command } of commands) {
  if (UNTRIED.includes(command) || GONE_THROUGH.includes(command) || HERE.some((name) => command.startsWith(name))) continue;
  test(`${place}: another suite runs ${command}`, () => {
    const [file, words] = ELSEWHERE[command] ?? [];
    assert(file, "it is run by no test");
    assert(fs.readFileSync(path.join(ROOT, file), "utf8").includes(words), `${file} does not run it`);
  });
}

const sh = (/** @type {string} */ command, env = {}) => run("bash", ["-euc", command], { cwd: folder.path, env });

test("npm packs the package, and an application installs it", async () => {
  fs.writeFileSync(path.join(folder.path, "package.json"), JSON.stringify({ name: "application", private: true }));
  for (const command of block(/npm install/).filter((one) => one.startsWith("npm"))) await sh(command.replace("/path/to/email-queue", ROOT), { npm_config_offline: "true" });
  await sh(`node -e 'import("email-queue").then(({ SupabaseQueueProvider }) => SupabaseQueueProvider.name)'`);
});

test("the function runs by hand, and curl starts a run", async () => {
  const lite = await startLite();
  after(() => lite.stop());
  const [serve, call] = block(/deno run/);
  const env = { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, RESEND_API_KEY: "re_of_the_tests", PROCESS_EMAIL_QUEUE_SECRET: "the-secret-of-the-tests", PORT: "0" };
  const deno = path.dirname(await ensureDeno("newest"));
  const server = await startProcess({
    name: "the function", program: "bash", args: ["-euc", `exec ${serve}`], cwd: ROOT, ready: /127\.0\.0\.1:(\d+)/,
    env: { ...process.env, ...env, PATH: `${deno}:${process.env.PATH}` },
  });
  after(() => server.stop());
  const answer = JSON.parse(await sh(call.replace(":8000", `:${server.ready[1]}`), env));
  assert.deepEqual([answer.claimed, answer.stopped], [0, "empty"]);
});

test("the local secrets are written as functions serve reads them", async () => {
  fs.mkdirSync(path.join(folder.path, "supabase/functions"), { recursive: true });
  await sh(block(/printf/)[0]);
  assert.equal(fs.readFileSync(path.join(folder.path, "supabase/functions/.env"), "utf8"), "PROCESS_EMAIL_QUEUE_SECRET=only-for-this-machine\nRESEND_API_KEY=re_…\n");
});
