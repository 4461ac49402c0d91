// CommonJS, Vitest, and Jest, whose own loader knows ES modules only where it is told to.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ensureTool } from "../../scripts/lib/stack.mjs";
import { newProject, run } from "./project.mjs";

const [project, tools, compat] = await Promise.all([newProject(), ensureTool("client"), ensureTool("compat")]);
after(() => project.remove());
const NODES = [["Node", process.execPath], ["Node 22", path.join(tools, `node_modules/node-${process.platform}-${process.arch}/bin/node`)]];

const USE = `
  const queue = new InMemoryQueueProvider({ defaultSender: "a@b.example" });
  const { id } = await queue.enqueue({ payload: { to: "a@b.example", subject: "S", text: "T" }, metadata: { order: [7] } });
  const { status, metadata } = await queue.getMessage(id);`;
const FILES = {
  "jest.config.cjs": 'module.exports = { testMatch: ["**/*.test.cjs", "**/*.test.mjs"], testEnvironment: "node" };',
  "import.test.mjs": `import { InMemoryQueueProvider } from "email-queue"; test("import", async () => {${USE} expect([status, metadata]).toEqual(["pending", { order: [7] }]); });`,
  "later.test.cjs": `test("import()", async () => { const { InMemoryQueueProvider } = await import("email-queue"); ${USE} expect([status, metadata]).toEqual(["pending", { order: [7] }]); });`,
  "require.cjs": `const { InMemoryQueueProvider } = require("email-queue"); (async () => {${USE} console.log(status, metadata.order[0]); })();`,
};
const VITEST = {
  "vitest.config.mjs": 'export default { test: { include: ["*.spec.mjs"] } };',
  "import.spec.mjs": `import { expect, test } from ${JSON.stringify(pathToFileURL(path.join(compat, "node_modules/vitest/dist/index.js")))}; ${FILES["import.test.mjs"]}`,
};
for (const [name, text] of Object.entries({ ...FILES, ...VITEST })) writeFileSync(path.join(project.path, name), text);

for (const [name, program] of NODES) {
  const [major, minor] = (await run(program, ["-p", "process.versions.node"])).split(".").map(Number);
  const requires = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  test(`it can be required on ${name}`, { skip: !requires && "this Node requires no ES modules" }, async () => {
    assert.equal(await run(program, ["require.cjs"], { cwd: project.path }), "pending 7");
  });
  test(`Jest on ${name} imports it with --experimental-vm-modules, as the README says`, async () => {
    await run(program, ["--experimental-vm-modules", path.join(compat, "node_modules/jest/bin/jest.js"), "--ci", "--runInBand"], { cwd: project.path });
  });
}

test("Vitest imports it as it is", async () => {
  await run(process.execPath, [path.join(compat, "node_modules/vitest/vitest.mjs"), "run"], { cwd: project.path });
});
