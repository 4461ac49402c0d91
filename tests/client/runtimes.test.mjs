// The package where applications run: a fresh project of each kind has it installed from its tarball, enqueues an e-mail, and the function
// sends it. The table of docs/install.md says with which versions.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { denoVersion, ensureDeno, ensureTool, freePort, own, ROOT, startFunction, startLite, startProcess } from "../../scripts/lib/stack.mjs";
import { startSandbox } from "../../src/js/sandbox/server.mjs";
import { newProject, run, tool } from "./project.mjs";

const [project, lite, sandbox, tools, compat, next] = await Promise.all([newProject(), startLite(), startSandbox({ rateLimit: 0 }), ensureTool("client"), ensureTool("compat"), ensureTool("next")]);
const fn = await startFunction({ env: { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey, RESEND_API_KEY: "re_of_the_tests", RESEND_BASE_URL: sandbox.url } });
after(async () => {
  await fn.stop();
  await sandbox.close();
  await lite.stop();
  project.remove();
});

const env = { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey };
const node22 = path.join(tools, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
const NODE = "22";
const version = (/** @type {string} */ folder, /** @type {string} */ name) => JSON.parse(readFileSync(path.join(folder, "node_modules", name, "package.json"), "utf8")).version;
const write = (/** @type {string} */ name, /** @type {string} */ text) => {
  mkdirSync(path.dirname(path.join(project.path, name)), { recursive: true });
  writeFileSync(path.join(project.path, name), text);
};

/** What an application has: an enqueue whose subject says who did it. @param {string} name @param {string} [variables] */
const enqueue = (name, variables = "process.env") => `
  const queue = new SupabaseQueueProvider(${variables}.SUPABASE_URL, ${variables}.SUPABASE_SECRET_KEY);
  await queue.enqueue({ payload: { to: "user@example.com", from: "shop@example.com", subject: ${JSON.stringify(name)}, text: "Hello" } });`;
const IMPORT = 'import { SupabaseQueueProvider } from "email-queue/providers/supabase-queue";';
const at = { cwd: project.path, env };

/** Runtime → its version, and what enqueues there. @type {Record<string, {version: string, enqueue: (name: string) => Promise<unknown>}>} */
const RUNTIMES = {
  "Node, ES modules": { version: `${NODE}, and the one that runs the tests`, enqueue: async (name) => {
    write("esm.mjs", IMPORT + enqueue(name));
    for (const node of [process.execPath, node22]) await run(node, ["esm.mjs"], at);
  } },
  "Node, CommonJS": { version: NODE, enqueue: async (name) => {
    write("common.cjs", `const { SupabaseQueueProvider } = require("email-queue"); (async () => {${enqueue(name)}})();`);
    await run(node22, ["common.cjs"], at);
  } },
  Deno: { version: `2.1.4, ${await denoVersion(await ensureDeno("newest"))}`, enqueue: async (name) => {
    write("main.ts", `${IMPORT} const variables = { SUPABASE_URL: Deno.env.get("SUPABASE_URL")!, SUPABASE_SECRET_KEY: Deno.env.get("SUPABASE_SECRET_KEY")! };${enqueue(name, "variables")}`);
    for (const deno of ["2.1.4", "newest"]) await run(await ensureDeno(/** @type {any} */ (deno)), ["run", "--check", "--no-lock", "--allow-env", "--allow-net", "--allow-read=node_modules", "--node-modules-dir=manual", "main.ts"], at);
  } },
  "Supabase Edge Functions, with an import map": { version: "edge runtime's Deno 2.1.4", enqueue: async (name) => {
    // As a function of the user's own has it: deno.json beside it, and the package in a folder that is uploaded with it.
    cpSync(path.join(project.path, "node_modules/email-queue"), path.join(project.path, "supabase/functions/_shared/email-queue"), { recursive: true });
    write("supabase/functions/order/deno.json", JSON.stringify({ imports: { "email-queue": "../_shared/email-queue/index.js" } }));
    write("supabase/functions/order/index.ts", `import { SupabaseQueueProvider } from "email-queue";
      const variables = { SUPABASE_URL: Deno.env.get("SUPABASE_URL")!, SUPABASE_SECRET_KEY: Deno.env.get("SUPABASE_SECRET_KEY")! };
      Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" }, async () => {${enqueue(name, "variables")} return new Response("ok"); });`);
    const port = await freePort();
    const server = await startProcess({ name: "an Edge Function", program: await ensureDeno("2.1.4"), args: ["run", "--check", "--no-lock", "--allow-env", "--allow-net", "supabase/functions/order/index.ts"], cwd: project.path, env: { ...process.env, ...env, PORT: String(port) }, ready: /Listening/ });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "ok");
    await server.stop();
  } },
  Vite: { version: version(tools, "vite"), enqueue: async (name) => {
    write("src/server.ts", IMPORT + enqueue(name));
    const { build } = await import(path.join(tools, "node_modules/vite/dist/node/index.js"));
    await build({ root: project.path, configFile: false, logLevel: "error", ssr: { noExternal: true }, build: { ssr: "src/server.ts", outDir: "dist" } });
    await run(process.execPath, ["dist/server.js"], at);
  } },
  Jest: { version: version(compat, "jest"), enqueue: async (name) => {
    write("jest.config.cjs", 'module.exports = { testMatch: ["**/jest.test.mjs"], testEnvironment: "node" };');
    write("jest.test.mjs", `${IMPORT} test("enqueue", async () => {${enqueue(name)}});`);
    await run(process.execPath, ["--experimental-vm-modules", path.join(compat, "node_modules/jest/bin/jest.js"), "--ci", "--runInBand"], at);
  } },
  Vitest: { version: version(compat, "vitest"), enqueue: async (name) => {
    write("vitest.config.mjs", 'export default { test: { include: ["vitest.spec.mjs"], globals: true } };');
    write("vitest.spec.mjs", `${IMPORT} test("enqueue", async () => {${enqueue(name)}});`);
    await run(process.execPath, [path.join(compat, "node_modules/vitest/vitest.mjs"), "run"], at);
  } },
  "Cloudflare Workers (workerd)": { version: `miniflare ${version(compat, "miniflare")}`, enqueue: async (name) => {
    const { build } = await tool("esbuild/lib/main.js");
    const contents = `${IMPORT} export default { async fetch(request, env) {${enqueue(name, "env")} return new Response("ok"); } };`;
    await build({ stdin: { contents, resolveDir: project.path }, outdir: path.join(project.path, "worker"), bundle: true, format: "esm", platform: "neutral", conditions: ["workerd"], loader: { ".wasm": "copy" }, assetNames: "[name]", logLevel: "silent" });
    write("worker.mjs", `const { Miniflare } = await import(${JSON.stringify(path.join(compat, "node_modules/miniflare/dist/src/index.js"))});
      const modules = [{ type: "ESModule", path: "worker/stdin.js" }, { type: "CompiledWasm", path: "worker/client.wasm" }];
      const miniflare = new Miniflare({ modulesRoot: "worker", modules, compatibilityDate: "2026-06-01", bindings: { SUPABASE_URL: process.env.SUPABASE_URL, SUPABASE_SECRET_KEY: process.env.SUPABASE_SECRET_KEY } });
      console.log(await (await miniflare.dispatchFetch("http://localhost/")).text());
      await miniflare.dispose();`);
    assert.equal(await run(node22, ["worker.mjs"], at), "ok");
  } },
  "Next.js, a route": { version: version(next, "next"), enqueue: async (name) => {
    // Below the folder that has Next.js and its lock file: that is where it looks for the workspace's root.
    const app = mkdtempSync(path.join(next, "app-"));
    own(() => rmSync(app, { recursive: true, force: true }));
    cpSync(path.join(project.path, "node_modules/email-queue"), path.join(app, "node_modules/email-queue"), { recursive: true });
    mkdirSync(path.join(app, "app/order"), { recursive: true });
    writeFileSync(path.join(app, "package.json"), JSON.stringify({ name: "app", private: true }));
    writeFileSync(path.join(app, "app/layout.tsx"), 'export default function Layout({ children }: { children: React.ReactNode }) { return <html lang="en"><body>{children}</body></html>; }\n');
    writeFileSync(path.join(app, "app/order/route.ts"), `${IMPORT}\nexport async function POST() {${enqueue(name).replaceAll(/process\.env\.\w+/g, (text) => `${text}!`)} return new Response("ok"); }\n`);
    const program = path.join(next, "node_modules/next/dist/bin/next");
    const settings = { ...process.env, ...env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: undefined };
    // With the types checked, as every build of Next.js does.
    const built = await startProcess({ name: "next build", program: process.execPath, args: [program, "build"], cwd: app, env: settings });
    assert.equal((await built.exited).code, 0, built.output());
    const port = await freePort();
    const server = await startProcess({ name: "next start", program: process.execPath, args: [program, "start", "--port", String(port), "--hostname", "127.0.0.1"], cwd: app, env: { ...settings, NODE_ENV: "production" }, ready: /Ready in/ });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/order`, { method: "POST" })).text(), "ok");
    await server.stop();
    rmSync(app, { recursive: true, force: true });
  } },
};

for (const [name, { enqueue: enqueues }] of Object.entries(RUNTIMES)) {
  test(`${name}: enqueued, and accepted`, async () => {
    await enqueues(name);
    await fn.invoke();
    const { emails } = await (await fetch(`${sandbox.url}/_sandbox/emails`)).json();
    assert.ok(emails.some((/** @type {any} */ { subject }) => subject === name), JSON.stringify(emails));
  });
}

test("the table of the documents says with which versions", () => {
  const text = readFileSync(path.join(ROOT, "docs/install.md"), "utf8");
  const table = `| tried with | version |\n|---|---|\n${Object.entries(RUNTIMES).map(([name, { version: said }]) => `| ${name} | ${said} |\n`).join("")}`;
  assert.ok(text.includes(table), `docs/install.md must have:\n${table}`);
});
