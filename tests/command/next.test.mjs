// A new Next.js app, as its own generator makes it, with the checks that its templates and many teams have: all are as green after
// `email-queue init` as before. What `next build` checks of types is what the compiler checks here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureTool, tempFolder } from "../../scripts/lib/stack.mjs";
import { command, FUNCTION, program, snapshot, write } from "./support/place.mjs";

const folder = tempFolder("next");
after(() => folder.remove());
const modules = path.join(await ensureTool("next"), "node_modules");

/** An app with a Supabase project in it. @param {string} name @param {string} linter the generator's option */
async function newApp(name, linter) {
  const made = await run(folder.path, "create-next-app", [name, "--ts", linter, "--app", "--empty", "--no-tailwind", "--skip-install", "--disable-git", "--yes"]);
  assert.equal(made.code, 0, made.said);
  const cwd = path.join(folder.path, name);
  fs.symlinkSync(modules, path.join(cwd, "node_modules"));
  execFileSync("git", ["init", "-q"], { cwd });
  write(path.join(cwd, "supabase/config.toml"), 'project_id = "app"\n');
  return cwd;
}

/** @param {string} cwd @param {string} name of an npm package @param {string[]} args */
async function run(cwd, name, args) {
  const { bin } = JSON.parse(fs.readFileSync(path.join(modules, name, "package.json"), "utf8"));
  const file = path.join(modules, name, typeof bin === "string" ? bin : bin[name === "typescript" ? "tsc" : path.basename(name)]);
  const { code, stdout, stderr } = await program(process.execPath, [file, ...args], { cwd, env: { NEXT_TELEMETRY_DISABLED: "1" } });
  return { code, said: stdout + stderr };
}

/** @typedef {[name: string, args: string[]]} Check */
/** @type {Record<string, Check>} */
const CHECKS = {
  types: ["typescript", ["--noEmit", "--incremental", "false"]],
  lint: ["eslint", [".", "--max-warnings", "0"]],
  format: ["prettier", ["--check", "."]],
};

/** @param {string} cwd @param {Check} check */
async function passes(cwd, [name, args]) {
  const { code, said } = await run(cwd, name, args);
  assert.equal(code, 0, `${name}: ${said.slice(0, 3000)}`);
}

/** @param {string} cwd */
async function init(cwd) {
  const { code, stderr } = await command(["init", "--yes", "--offline"], { cwd });
  assert.equal(code, 0, stderr);
  return stderr;
}

test("types, ESLint and Prettier of a new app are as green after init as before", async () => {
  const cwd = await newApp("app", "--eslint");
  const manifest = path.join(cwd, "package.json");
  fs.writeFileSync(manifest, JSON.stringify({ ...JSON.parse(fs.readFileSync(manifest, "utf8")), prettier: {} }));
  await passes(cwd, ["prettier", ["--write", "--log-level", "warn", "."]]);
  await passes(cwd, ["next", ["typegen"]]);
  for (const check of Object.values(CHECKS)) await passes(cwd, check);
  const theirs = snapshot(path.join(cwd, "app"));
  await init(cwd);
  for (const check of Object.values(CHECKS)) await passes(cwd, check);
  assert.deepEqual(snapshot(path.join(cwd, "app")), theirs);

  // Each line at a file's head is needed.
  const file = path.join(cwd, FUNCTION, "index.ts");
  const text = fs.readFileSync(file, "utf8");
  for (const [line, check] of /** @type {[string, Check][]} */ ([["// @ts-nocheck\n", CHECKS.types], ["/* eslint-disable */\n", CHECKS.lint]])) {
    assert.ok(text.includes(line));
    fs.writeFileSync(file, text.replace(line, ""));
    assert.notEqual((await run(cwd, ...check)).code, 0, `without ${line}`);
  }
  fs.rmSync(path.join(cwd, ".prettierignore"));
  assert.notEqual((await run(cwd, ...CHECKS.format)).code, 0, "without .prettierignore");
});

test("Biome of a new app is as green after init, and the one line that it shows, as before", async () => {
  const cwd = await newApp("biome", "--biome");
  /** @type {Check} */
  const check = ["@biomejs/biome", ["check", "--error-on-warnings"]];
  await passes(cwd, check);
  const [, line] = /Biome: add ("[^"]+", "[^"]+") to files\.includes/.exec(await init(cwd)) ?? [];
  assert.ok(line);
  assert.notEqual((await run(cwd, ...check)).code, 0, "without the line");
  const file = path.join(cwd, "biome.json");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('"!build"', `"!build", ${line}`));
  await passes(cwd, ["@biomejs/biome", ["format", "--write", "biome.json"]]);
  await passes(cwd, check);
});
