// Every piece of TypeScript in the documents: the pieces of a page are one module, run, and checked by the compiler.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureTool, ROOT, startLite } from "../../scripts/lib/stack.mjs";
import { addProgram, newProject, run, runtimes } from "../client/project.mjs";
import { PAGES, snippets } from "./documents.mjs";

const [project, lite, compilers, tools] = await Promise.all([newProject(), startLite(), ensureTool("compat"), ensureTool("client")]);
after(async () => {
  await lite.stop();
  project.remove();
});
await lite.rpc("email_queue_configure", { p_settings: { default_sender: "shop@example.com" } });
fs.mkdirSync(path.join(project.path, "node_modules/@supabase"), { recursive: true });
fs.symlinkSync(path.join(await ensureTool("lite"), "node_modules/@supabase/supabase-js"), path.join(project.path, "node_modules/@supabase/supabase-js"));

const IMPORT = 'import { createClient } from "@supabase/supabase-js";\n';
const SUPABASE = `const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SECRET_KEY!);
`;

// Supabase Lite has no Vault: the call that stores a secret gets as far as that.
const REFUSED = { "docs/install.md": /vault/i };
const env = { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, SUPABASE_SERVICE_ROLE_KEY: lite.secretKey, PROCESS_EMAIL_QUEUE_SECRET: "the-secret-of-the-tests" };

/** @type {string[]} */
const programs = [];

for (const page of [...PAGES, "src/js/README.md"]) {
  const pieces = snippets(page, "ts").map(({ text }) => text);
  if (pieces.length === 0) continue;
  const name = page.replaceAll(/\W/g, "_");
  const code = pieces.join("\n");
  const called = code.replace("await supabase.rpc", "const { error } = await supabase.rpc");
  const file = path.join(project.path, "pages", `${name}.ts`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, called === code ? code : `${code.includes(IMPORT) ? "" : IMPORT}${SUPABASE}${called}console.log(error?.message ?? "");\n`);
  await addProgram(project, file);

  programs.push(`${name}.ts`);
  test(`the TypeScript of ${page} runs`, async () => {
    const [, node22] = (await runtimes(project)).find(([runtime]) => runtime === "Node 22");
    assert.match(await node22(name, env), REFUSED[page] ?? /^$/);
  });
}

test("all of it is right for the compiler", async () => {
  const typeRoots = [path.join(tools, "node_modules/@types")];
  const compilerOptions = { strict: true, noEmit: true, target: "es2022", module: "nodenext", types: ["node"], lib: ["es2023", "dom"], typeRoots };
  fs.writeFileSync(path.join(project.path, "documents.json"), JSON.stringify({ compilerOptions, files: programs }));
  await run(process.execPath, [path.join(compilers, "node_modules/typescript-5/bin/tsc"), "--project", "documents.json"], { cwd: project.path });
});

test("what the documents enqueue is in the queue", async () => {
  const keys = (await lite.rpc("email_queue_list", { p_status: "pending" })).map(({ payload }) => payload.subject);
  for (const subject of ["Hello", "Your invoice", "Welcome"]) assert(keys.includes(subject), `${subject} is not among ${keys}`);
});
