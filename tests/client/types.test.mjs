// The package's types under each compiler that people have: what they accept, what they refuse, and in which words.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureTool, ROOT } from "../../scripts/lib/stack.mjs";
import { newProject, run } from "./project.mjs";

const FILES = ["accepted.ts", "exact.ts", "mistakes.ts", "refused.ts"];
const COMPILER = { strict: true, noEmit: true, target: "es2022", skipLibCheck: false, types: ["node"], lib: ["es2023"] };
const RESOLUTIONS = {
  nodenext: { module: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" },
  node10: { module: "esnext", moduleResolution: "node10" },
};

const [project, compilers, tools] = await Promise.all([newProject(), ensureTool("compat"), ensureTool("client")]);
after(() => project.remove());
for (const file of FILES) copyFileSync(path.join(ROOT, "tests/client/types", file), path.join(project.path, file));

async function compiled(version, name, files, options) {
  const typeRoots = [path.join(tools, "node_modules/@types")];
  writeFileSync(path.join(project.path, name), JSON.stringify({ compilerOptions: { ...COMPILER, typeRoots, ...options }, files }));
  const compiler = path.join(compilers, `node_modules/typescript-${version}/bin/tsc`);
  return await run(process.execPath, [compiler, "--pretty", "false", "--project", name], { cwd: project.path });
}

for (const version of [5, 6, 7]) {
  for (const [resolution, found] of Object.entries(RESOLUTIONS)) {
    // TypeScript 7 has no node10 any more, and 6 wants to be told that it is meant.
    if (resolution === "node10" && version === 7) continue;
    const options = resolution === "node10" && version === 6 ? { ...found, ignoreDeprecations: "6.0" } : found;
    test(`TypeScript ${version} accepts what is right and refuses what is wrong, with ${resolution}`, async () => {
      // Without this option more is accepted: `package.test.mjs` compiles so.
      const exact = { ...options, exactOptionalPropertyTypes: true };
      await compiled(version, `${version}-${resolution}.json`, ["accepted.ts", "refused.ts", "exact.ts"], exact);
    });
  }

  test(`TypeScript ${version} says what a mistake is`, async () => {
    const said = await compiled(version, `${version}-mistakes.json`, ["mistakes.ts"], RESOLUTIONS.nodenext).then(() => "", (error) => error.message);
    const blocks = said.split(/^(?=mistakes\.ts\(\d+,)/m).slice(1);
    const lines = readFileSync(path.join(ROOT, "tests/client/types/mistakes.ts"), "utf8").split("\n");
    const table = lines.flatMap((line, at) => (line.startsWith("// says: ") ? [[at + 2, line.slice("// says: ".length)]] : []));
    assert(table.length > 10);
    for (const [line, words] of table) {
      const block = blocks.filter((block) => block.startsWith(`mistakes.ts(${line},`)).join("");
      assert(block.includes(words), `line ${line} says nothing of ${words}:\n${block}`);
    }
    assert.equal(new Set(blocks.map((block) => /\d+/.exec(block)[0])).size, table.length, "nothing else is wrong");
    assert.doesNotMatch(said, /'never'/);
  });
}
