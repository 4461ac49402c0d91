// The README's way from an empty folder to an e-mail: its commands, in its order, as they stand there, on a mock of Supabase.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { ROOT, ensureTool, tempFolder, waitFor } from "../../scripts/lib/stack.mjs";
import { program } from "../command/support/place.mjs";
import { firstMail } from "../docs/documents.mjs";
import { startWorld } from "./support/world.mjs";

const folder = tempFolder("from nothing");
const cwd = path.join(folder.path, "an app of theirs");
/** @type {Awaited<ReturnType<typeof startWorld>>} */
let world;

before(async () => {
  for (const name of [cwd, path.join(folder.path, "bin")]) fs.mkdirSync(name);
  execFileSync("git", ["init", "-q"], { cwd });
  // As on a machine whose Docker is not running: Supabase bundles the function.
  fs.writeFileSync(path.join(folder.path, "bin/docker"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  world = await startWorld("readme");
});
after(async () => {
  await world?.stop();
  folder.remove();
});

/** What somebody fills in, and below it what only the mock needs. */
function fillIn() {
  const file = path.join(cwd, ".env");
  const { SUPABASE_URL, SUPABASE_SECRET_KEY, RESEND_API_KEY, EMAIL_FROM, ...ofTheMock } = world.variables;
  let text = fs.readFileSync(file, "utf8");
  for (const [name, value] of Object.entries({ SUPABASE_URL, SUPABASE_SECRET_KEY, RESEND_API_KEY, EMAIL_FROM })) {
    assert.match(text, new RegExp(`^${name}=`, "m"), `${name} is in .env.example`);
    text = text.replace(new RegExp(`^${name}=.*$`, "m"), () => `${name}=${value}`);
  }
  fs.writeFileSync(file, text + Object.entries(ofTheMock).map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
}

test("from an empty folder to an e-mail by the README's commands, in their order", async (t) => {
  const commands = firstMail();
  const words = commands.map((command) => command.replace("node_modules/.bin/", "").split(" ").slice(0, 2).join(" "));
  assert.deepEqual(words, ["npm pack", "npm install", "test -e", "email-queue init", "email-queue init", "test -e", "email-queue deploy", "email-queue deploy", "node --env-file=.env"]);
  const env = {
    PATH: [path.join(folder.path, "bin"), path.join(await ensureTool("test"), "node_modules/.bin"), process.env.PATH].join(path.delimiter),
    SUPABASE_PROFILE: path.join(world.folder, "profile.yaml"), SUPABASE_API_URL: world.platform.url, npm_config_offline: "true", npm_config_cache: path.join(folder.path, "npm"),
  };
  let total = 0;
  let said = "";
  for (const [index, command] of commands.entries()) {
    if (words[index] === "email-queue deploy" && words[index - 1] === "test -e") fillIn();
    const began = performance.now();
    const { code, stdout, stderr } = await program("bash", ["-euc", command.replace("/path/to/email-queue", ROOT)], { cwd, env });
    const seconds = (performance.now() - began) / 1000;
    assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
    t.diagnostic(`${seconds.toFixed(1)} s  ${command.split("\n")[0]}`);
    total += seconds;
    said = stdout;
  }
  const [, id = ""] = /id: '([^']+)'/.exec(said) ?? [];
  const began = performance.now();
  await waitFor(async () => await world.status(id) === "completed", { timeout: 120_000, what: `the e-mail of ${said}` });
  const waited = (performance.now() - began) / 1000;
  t.diagnostic(`${waited.toFixed(1)} s  until Resend has accepted it`);
  t.diagnostic(`${(total + waited).toFixed(1)} s  in all`);
  execFileSync("git", ["check-ignore", "--quiet", ".env"], { cwd });
});
