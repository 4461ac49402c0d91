// What init says where git would keep the team from a file, or would commit the secrets.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { tempFolder } from "../../scripts/lib/stack.mjs";
import { command, newProject } from "./support/place.mjs";

const folder = tempFolder("git");
after(() => folder.remove());
let count = 0;
const project = (/** @type {Record<string, string>} */ files) => newProject(folder, `project ${++count}`, files);
const init = (/** @type {string} */ cwd) => command(["init", "--yes"], { cwd });

test("where git ignores .env.example, the line that ends this is said until it is there", async () => {
  const cwd = project({ ".gitignore": ".env*\n" });
  execFileSync("git", ["init", "--quiet"], { cwd });
  for (const _ of [1, 2]) assert.match((await init(cwd)).stderr, /^git ignores \.env\.example \(\.gitignore:1:\.env\*\).*: !\.env\.example$/m);
  fs.appendFileSync(path.join(cwd, ".gitignore"), "!.env.example\n");
  assert.doesNotMatch((await init(cwd)).stderr, /git ignores/);
});

test(".env that git has already is named", async () => {
  const cwd = project({ ".env": "A=1\n" });
  execFileSync("git", ["init", "-q"], { cwd });
  assert.doesNotMatch((await init(cwd)).stderr, /git has \.env/);
  execFileSync("git", ["add", "-f", ".env"], { cwd });
  assert.match((await init(cwd)).stderr, /git has \.env, .*: git rm --cached \.env/);
});
