// supabase-js with the package's types of the database: under each compiler, and against Supabase Lite.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureTool, ROOT, startLite } from "../../scripts/lib/stack.mjs";
import { addProgram, newProject, run } from "./project.mjs";

const [project, lite, compat, tools] = await Promise.all([newProject(), startLite(), ensureTool("compat"), ensureTool("client")]);
after(async () => {
  await lite.stop();
  project.remove();
});
const PROGRAM = path.join(ROOT, "tests/client/types/database.ts");
mkdirSync(path.join(project.path, "node_modules/@supabase"), { recursive: true });
symlinkSync(path.join(await ensureTool("lite"), "node_modules/@supabase/supabase-js"), path.join(project.path, "node_modules/@supabase/supabase-js"));
copyFileSync(PROGRAM, path.join(project.path, "database.ts"));

for (const version of [5, 6, 7]) {
  test(`TypeScript ${version} types its calls, and the view`, async () => {
    const compilerOptions = { strict: true, noEmit: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, target: "es2022", module: "nodenext", skipLibCheck: true, lib: ["es2023", "dom"], types: [] };
    writeFileSync(path.join(project.path, `${version}.json`), JSON.stringify({ compilerOptions, files: ["database.ts"] }));
    await run(process.execPath, [path.join(compat, `node_modules/typescript-${version}/bin/tsc`), "--pretty", "false", "--project", `${version}.json`], { cwd: project.path });
  });
}

test("what they say is what is answered", async () => {
  await addProgram(project, PROGRAM);
  writeFileSync(path.join(project.path, "run.mjs"), `
    import { alone } from "./database.mjs";
    console.log(JSON.stringify(await alone(process.env.SUPABASE_URL, process.env.SUPABASE_SECRET_KEY)));
    process.exit();`);
  // supabase-js wants a newer Node than the oldest that the package runs on.
  const node = path.join(tools, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  const [status, keys] = JSON.parse(await run(node, ["run.mjs"], { cwd: project.path, env: { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey } }));
  assert.equal(status, "pending");
  const [, columns = ""] = /type EmailQueueRow = \{([^}]*)\}/.exec(readFileSync(path.join(ROOT, "src/js/database.d.ts"), "utf8")) ?? [];
  // Nothing calls the function for this database.
  assert.deepEqual(keys, [...[...columns.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name), "notice"].sort());
});
