// The piece with React Email, as somebody has it who installs both packages: run, and checked by the compiler.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureTool, startLite } from "../../scripts/lib/stack.mjs";
import { newProject, run, tool } from "../client/project.mjs";
import { PAGES, snippets } from "./documents.mjs";

const [project, lite, react, tools, compilers] = await Promise.all([newProject(), startLite(), ensureTool("react-email"), ensureTool("client"), ensureTool("compat")]);
after(async () => {
  await lite.stop();
  project.remove();
});
for (const name of ["react", "react-dom", "react-email", "@types/react"]) {
  const to = path.join(project.path, "node_modules", name);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.symlinkSync(path.join(react, "node_modules", name), to);
}
const [piece, ...more] = PAGES.flatMap((page) => snippets(page, "tsx"));
fs.writeFileSync(path.join(project.path, "welcome.tsx"), piece?.text ?? "");

test("there is one piece with components", () => assert.deepEqual([piece?.place.split(":")[0], more.length], ["docs/templates.md", 0]));

test("it runs, and its HTML and text are in the queue", async () => {
  await lite.rpc("email_queue_configure", { p_settings: { default_sender: "shop@example.com" } });
  const { transform } = await tool("esbuild/lib/main.js");
  const { code } = await transform(piece?.text, { loader: "tsx", jsx: "automatic", format: "esm", target: "es2022" });
  fs.writeFileSync(path.join(project.path, "welcome.mjs"), code);
  await run(process.execPath, ["welcome.mjs"], { cwd: project.path, env: { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey } });
  const [{ payload }] = await lite.rpc("email_queue_list", { p_status: "pending" });
  assert.equal(payload.subject, "Welcome, Ann");
  assert.match(payload.content, /<html[^>]*lang="en"[^]*href="https:\/\/app\.example\/start"/);
  assert.match(payload.text, /Good to have you, Ann\.[^]*https:\/\/app\.example\/start/);
  assert.doesNotMatch(payload.text, /</);
});

test("it is right for the compiler", async () => {
  const compilerOptions = { strict: true, noEmit: true, jsx: "react-jsx", target: "es2022", module: "nodenext", skipLibCheck: true, types: ["node"], lib: ["es2023", "dom"], typeRoots: [path.join(tools, "node_modules/@types")] };
  fs.writeFileSync(path.join(project.path, "react.json"), JSON.stringify({ compilerOptions, files: ["welcome.tsx"] }));
  await run(process.execPath, [path.join(compilers, "node_modules/typescript-5/bin/tsc"), "--project", "react.json"], { cwd: project.path });
});
