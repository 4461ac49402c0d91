// The package as it is installed: on every runtime, from bundles, with its types.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ensureDeno, ensureTool, ROOT, startLite, tempFolder } from "../../scripts/lib/stack.mjs";
import { addProgram, newProject, run, runtimes, tool } from "./project.mjs";

const SNIPPETS = path.join(ROOT, "tests/e2e/snippets");
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const [project, lite] = await Promise.all([newProject(), startLite()]);
await lite.rpc("email_queue_configure", { p_settings: { default_sender: "shop@example.com" } });
await addProgram(project, path.join(SNIPPETS, "usage.ts"));
await addProgram(project, path.join(SNIPPETS, "monitoring.ts"));
const env = { SUPABASE_URL: lite.url, SUPABASE_SERVICE_ROLE_KEY: lite.secretKey };
after(async () => {
  await lite.stop();
  project.remove();
});

/** The snippets of the project's first document: usage, then monitoring. */
async function works(runtime) {
  const id = await runtime("usage", env);
  assert.match(id, UUID);
  assert.equal((await lite.rpc("email_queue_get", { p_id: id })).max_attempts, 3);
  const seen = JSON.parse(await runtime("monitoring", { ...env, MESSAGE_ID: id }));
  assert.deepEqual(seen, { failed: [], status: "pending", subject: "Hello", attempts: 0, maxAttempts: 3, createdAt: true });
}

const folderOf = (/** @type {string} */ name, /** @type {string} */ module) =>
  [".gitattributes", "deno.json", "fetch.js", "function.d.ts", "function.js", "guard.ts", "index.ts", "loader.js", "module.js", "serve.ts", `${module}.js`, `${module}_wasm.js`].sort().map((file) => `functions/${name}/${file}`);

// Of which the client's module is 600: as text, and as the file that Cloudflare Workers import; the functions are 270 and 120, the SQL 100, the console 40, and
// local work 50. The second function has a module of its own, so that a flood of events loads little.
test("it has what it needs, in at most 1,450 kB, and brings no other package", async () => {
  const { size, files } = project.packed;
  assert(size <= 1_450_000, `${size} bytes`);
  assert.deepEqual(readdirSync(path.join(project.path, "node_modules")).filter((name) => !name.startsWith(".")), ["email-queue"]);
  const names = files.map(({ path }) => path).filter((name) => !/^(command|console|local|operate|sandbox|sql)\//.test(name)).sort();
  assert.deepEqual(names, ["LICENSE", "README.md", "client.js", "client.wasm", "client_wasm.js", "database.d.ts", "edge.js", "error.js", "fetch.js", ...folderOf("email-queue-events", "events"), ...folderOf("process-email-queue", "worker"), "index.d.ts", "index.js", "messages.d.ts", "module.js", "operations.d.ts", "package.json", "provider.js", "providers.js", "queue.d.ts", "queue.js", "workerd.js", "write.js"]);
});

test("npm and JSR would take it", async () => {
  const copy = tempFolder("published");
  try {
    cpSync(path.join(ROOT, "pkg"), copy.path, { recursive: true });
    const manifest = JSON.parse(readFileSync(path.join(copy.path, "package.json"), "utf8"));
    assert.deepEqual([manifest.dependencies, manifest.license], [undefined, "MIT"]);
    // A registry that is not there: nothing can be published by mistake.
    await run("npm", ["publish", "--dry-run", "--tag", "next"], { cwd: copy.path, env: { npm_config_registry: "http://127.0.0.1:1", npm_config_fetch_retries: "0" } });
    await run(await ensureDeno("newest"), ["publish", "--dry-run", "--allow-dirty"], { cwd: copy.path });
    for (const file of readdirSync(copy.path, { recursive: true }).map(String).filter((name) => /\.[jt]s$/.test(name))) {
      assert.doesNotMatch(readFileSync(path.join(copy.path, file), "utf8"), /from "(jsr|npm|https?):/, file);
    }
  } finally {
    copy.remove();
  }
});

for (const [name, runtime] of await runtimes(project)) {
  test(`the snippets run on ${name}`, () => works(runtime));
}

/** Runs bundles in an empty folder, where nothing but the bundle can be loaded. */
async function bundled(build) {
  const folder = tempFolder("bundle");
  try {
    mkdirSync(path.join(folder.path, "out"));
    for (const name of ["usage", "monitoring"]) await build(path.join(project.path, `${name}.ts`), path.join(folder.path, "out", `${name}.mjs`));
    // Deno without the permission to read: no file is read to load the module.
    const deno = await ensureDeno("newest");
    await works((name, env) => run(process.execPath, [`out/${name}.mjs`], { cwd: folder.path, env }));
    await works((name, env) => run(deno, ["run", "--no-lock", "--no-prompt", "--allow-env", `--allow-net=${new URL(lite.url).host}`, `out/${name}.mjs`], { cwd: folder.path, env }));
  } finally {
    folder.remove();
  }
}

test("the snippets run from a bundle of esbuild", async () => {
  const { build } = await tool("esbuild/lib/main.js");
  await bundled((from, to) => build({ entryPoints: [from], outfile: to, bundle: true, format: "esm", platform: "neutral", target: "es2022", logLevel: "silent" }));
});

test("the snippets run from a bundle of Vite", async () => {
  const { build } = await import(path.join(await ensureTool("client"), "node_modules/vite/dist/node/index.js"));
  await bundled((from, to) =>
    build({
      root: project.path,
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true },
      build: { ssr: from, outDir: path.dirname(to), emptyOutDir: false, rollupOptions: { output: { entryFileNames: path.basename(to) } } },
    })
  );
});

test("an import that is not used leaves nothing in a bundle", async () => {
  const { build } = await tool("esbuild/lib/main.js");
  const contents = 'import { SupabaseQueueProvider, QueueMessageStatus } from "email-queue"; console.log(1);';
  const { outputFiles } = await build({ stdin: { contents, resolveDir: project.path }, bundle: true, format: "esm", platform: "neutral", write: false });
  assert(outputFiles[0].contents.length < 1000, `${outputFiles[0].contents.length} bytes`);
});

test("an import has no side effect, and a second copy of the package works beside the first", async () => {
  writeFileSync(
    path.join(project.path, "twice.mjs"),
    `const before = Object.getOwnPropertyNames(globalThis).sort().join();
     const { Module } = WebAssembly;
     let compiled = 0;
     WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); compiled++; } };
     const first = await import("email-queue");
     if (Object.getOwnPropertyNames(globalThis).sort().join() !== before) throw new Error("a global was added");
     if (compiled !== 0) throw new Error("compiled at import");
     WebAssembly.Module = Module;
     const index = new URL(import.meta.resolve("email-queue"));
     index.search = "?copy";
     const second = await import(index);
     if (first === second) throw new Error("one module");
     if ((await import("email-queue/providers/supabase-queue")).SupabaseQueueProvider !== first.SupabaseQueueProvider) throw new Error("two classes");
     const queues = [new first.InMemoryQueueProvider(), new second.InMemoryQueueProvider()];
     for (const queue of queues) await queue.enqueue({ type: "report", payload: 1 });
     const counts = await Promise.all(queues.map((queue) => queue.stats()));
     console.log(counts.map(({ types }) => types.report.pending).join());`,
  );
  assert.equal(await run(process.execPath, ["twice.mjs"], { cwd: project.path }), "1,1");
});

const COMPILER = { strict: true, noEmit: true, target: "es2022", skipLibCheck: false, types: ["node"], lib: ["es2023"] };

for (const [name, options] of /** @type {[string, object][]} */ ([["Node's resolution", { module: "nodenext" }], ["a bundler's resolution", { module: "esnext", moduleResolution: "bundler" }]])) {
  test(`the types accept what is right and refuse what is wrong, with ${name}`, async () => {
    const tools = path.join(await ensureTool("client"), "node_modules");
    const files = ["accepted.ts", "refused.ts"].map((file) => path.join(ROOT, "tests/client/types", file));
    for (const file of files) writeFileSync(path.join(project.path, path.basename(file)), readFileSync(file));
    const config = { compilerOptions: { ...COMPILER, ...options, typeRoots: [path.join(tools, "@types")] }, files: ["accepted.ts", "refused.ts", "usage.ts", "monitoring.ts"] };
    writeFileSync(path.join(project.path, "strict.json"), JSON.stringify(config));
    await run(process.execPath, [path.join(tools, "typescript/bin/tsc"), "--project", "strict.json"], { cwd: project.path });
  });
}

test("the examples' types are right", async () => {
  const tools = path.join(await ensureTool("client"), "node_modules");
  const files = ["backend.ts", "report-consumer.ts"];
  for (const file of files) writeFileSync(path.join(project.path, file), readFileSync(path.join(ROOT, "tests/examples", file)));
  const options = { module: "nodenext", typeRoots: [path.join(tools, "@types")] };
  writeFileSync(path.join(project.path, "examples.json"), JSON.stringify({ compilerOptions: { ...COMPILER, ...options }, files }));
  await run(process.execPath, [path.join(tools, "typescript/bin/tsc"), "--project", "examples.json"], { cwd: project.path });
  const edge = "order-placed.ts";
  writeFileSync(path.join(project.path, edge), readFileSync(path.join(ROOT, "tests/examples", edge)));
  await run(await ensureDeno("newest"), ["check", "--no-lock", "--node-modules-dir=manual", edge], { cwd: project.path });
});

test("the types are found by Deno, installed and imported as a file", async () => {
  const files = ["accepted.ts", "refused.ts"];
  for (const file of files) {
    const text = readFileSync(path.join(ROOT, "tests/client/types", file), "utf8");
    writeFileSync(path.join(project.path, file), text);
    writeFileSync(path.join(project.path, `file-${file}`), text.replaceAll(/"email-queue[^"]*"/g, `"${pathToFileURL(path.join(ROOT, "pkg/index.js"))}"`));
  }
  const all = [...files, ...files.map((file) => `file-${file}`)];
  await run(await ensureDeno("newest"), ["check", "--no-lock", "--node-modules-dir=manual", ...all], { cwd: project.path });
});
