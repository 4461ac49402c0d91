// Installing, against a copy of the scripts with a tool that has nothing in it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ROOT, scriptCommand } from "./host.mjs";
import { startProcess, stopAll, tempFolder } from "../../src/js/local/processes.js";

/** @type {ReturnType<typeof tempFolder>} */
let project;
let manifest = "";

/** @param {string} version */
const write = (version) => {
  const about = { name: "nothing", version };
  fs.writeFileSync(path.join(manifest, "package.json"), JSON.stringify(about));
  fs.writeFileSync(path.join(manifest, "package-lock.json"), JSON.stringify({ ...about, lockfileVersion: 3, packages: { "": about } }));
};

before(() => {
  project = tempFolder("project");
  for (const folder of ["scripts/lib", "src/js/local"]) fs.cpSync(path.join(ROOT, folder), path.join(project.path, folder), { recursive: true });
  manifest = path.join(project.path, "scripts/tools/nothing");
  fs.mkdirSync(manifest, { recursive: true });
  write("1.0.0");
  fs.writeFileSync(
    path.join(project.path, "install.mjs"),
    'import { ensureTool } from "./scripts/lib/tools.mjs";\nconsole.log(await ensureTool("nothing"));\n',
  );
});
after(stopAll);

const install = async () => {
  const [program, args] = scriptCommand(path.join(project.path, "install.mjs"), []);
  const run = await startProcess({ name: "install", program, args });
  const { code } = await run.exited;
  return { code, output: run.output() };
};

const tools = () => path.join(project.path, ".tools");
const stamp = () => fs.statSync(path.join(tools(), "nothing/.installed")).mtimeMs;

test("three at once install it once, and leave nothing beside it", async () => {
  for (const { code, output } of await Promise.all([1, 2, 3].map(install))) {
    assert.equal(code, 0, output);
    // On a slow machine it says before that it installs.
    assert.equal(output.trim().split("\n").at(-1), path.join(tools(), "nothing"));
  }
  assert.deepEqual(fs.readdirSync(tools()), ["nothing"]);
});

test("it is installed again only when its manifest changes", async () => {
  const first = stamp();
  await install();
  assert.equal(stamp(), first);
  write("1.0.1");
  await install();
  assert.notEqual(stamp(), first);
  assert.equal(JSON.parse(fs.readFileSync(path.join(tools(), "nothing/package.json"), "utf8")).version, "1.0.1");
});

test("what a killed installation left is cleared away", async () => {
  fs.writeFileSync(path.join(tools(), ".nothing.lock"), "999999999");
  fs.mkdirSync(path.join(tools(), ".nothing.new-x"));
  write("1.0.2");
  assert.equal((await install()).code, 0);
  assert.deepEqual(fs.readdirSync(tools()), ["nothing"]);
});

test("a failed installation says why, and the old one stays", async () => {
  fs.writeFileSync(path.join(manifest, "package.json"), JSON.stringify({ name: "nothing", dependencies: { "left-out-of-the-lock": "1.0.0" } }));
  const { code, output } = await install();
  assert.notEqual(code, 0);
  assert.match(output, /could not install nothing/);
  assert.deepEqual(fs.readdirSync(tools()), ["nothing"]);
});
