// Cloudflare Workers and Vercel's edge runtime compile no WebAssembly from bytes: there the package's exports for `workerd` and
// `edge-light` import it as a module.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { ensureTool, ROOT, startLite } from "../../scripts/lib/stack.mjs";
import { newProject, run, tool } from "./project.mjs";

const [project, lite, tools, node] = await Promise.all([newProject(), startLite(), ensureTool("compat"), ensureTool("client")]);
after(async () => {
  await lite.stop();
  project.remove();
});

const WORKER = `
  import { InMemoryQueueProvider, SupabaseQueueProvider } from "email-queue";
  export default {
    async fetch(request, env) {
      try {
        const queue = new SupabaseQueueProvider(env.SUPABASE_URL, env.SUPABASE_SECRET_KEY);
        const { id } = await queue.enqueue({ payload: { to: "a@b.example", from: "c@d.example", subject: "S", text: "T" } });
        const message = await queue.getMessage(id);
        await queue.enqueueMany([{ type: "report", payload: 1 }]);
        const [leased] = await queue.dequeue({ types: ["report"] });
        const memory = new InMemoryQueueProvider();
        await memory.enqueue({ type: "report", payload: 1 });
        const refused = await queue.enqueue({ payload: {} }).catch(({ code, field }) => ({ code, field }));
        return Response.json({ id, status: message.status, date: message.createdAt instanceof Date, settled: await queue.complete(leased), refused });
      } catch ({ name, code, message }) {
        return Response.json({ name, code, message });
      }
    },
  };`;

/** Next.js takes `?module` off. @type {any} */
const ASK = { name: "?module", setup: ({ onResolve }) => void onResolve({ filter: /\?module$/ }, ({ path: asked, resolveDir }) => ({ path: path.join(resolveDir, asked.replace(/\?module$/, "")) })) };

/** What the worker answers, bundled with these conditions, at a compatibility date before and after Workers knew `cache`. */
async function answers(conditions) {
  const { build } = await tool("esbuild/lib/main.js");
  const copied = { ".wasm": "copy" };
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: project.path }, outdir: path.join(project.path, "out"), bundle: true, format: "esm", platform: "neutral", conditions,
    loader: copied, assetNames: "[name]", write: false, logLevel: "silent", plugins: [ASK],
  });
  const modules = outputFiles.map(({ path: file, contents }) => {
    const name = path.basename(file);
    writeFileSync(path.join(project.path, name), contents);
    return { type: name.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path: path.join(project.path, name) };
  });
  modules.sort((a, b) => Number(b.type === "ESModule") - Number(a.type === "ESModule"));
  const bindings = { SUPABASE_URL: lite.url, SUPABASE_SECRET_KEY: lite.secretKey };
  const options = ["2024-09-01", "2026-06-01"].map((compatibilityDate) => ({ modulesRoot: project.path, modules, compatibilityDate, bindings }));
  writeFileSync(path.join(project.path, "options.json"), JSON.stringify(options));
  writeFileSync(path.join(project.path, "miniflare.mjs"), `
    import { readFileSync } from "node:fs";
    const { Miniflare } = await import(process.argv[2]);
    for (const options of JSON.parse(readFileSync("options.json"))) {
      const miniflare = new Miniflare(options);
      console.log(await (await miniflare.dispatchFetch("http://localhost/")).text());
      await miniflare.dispose();
    }`);
  // Miniflare wants a newer Node than the oldest that the package runs on.
  const program = path.join(node, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  const said = await run(program, ["miniflare.mjs", path.join(tools, "node_modules/miniflare/dist/src/index.js")], { cwd: project.path });
  return said.split("\n").map((line) => JSON.parse(line));
}

for (const condition of ["workerd", "edge-light"]) test(`the package enqueues, reads and consumes with the condition ${condition}`, async () => {
  for (const answer of await answers([condition])) {
    const { id, ...rest } = answer;
    assert.deepEqual(rest, { status: "pending", date: true, settled: "applied", refused: { code: "invalid_input", field: "payload.to" } }, JSON.stringify(answer));
    assert.equal((await lite.rpc("email_queue_get", { p_id: id })).status, "pending");
  }
});

test("without the condition a worker is told what is wrong, and that nothing was sent", async () => {
  for (const { name, code, message } of await answers([])) {
    assert.deepEqual([name, code], ["QueueError", "unexpected"]);
    assert.match(message, /nothing was sent and nothing was stored.*condition workerd/);
  }
});

test("the module is the same in both forms", () => {
  const text = readFileSync(path.join(ROOT, "pkg/client_wasm.js"), "utf8");
  assert(text.includes(readFileSync(path.join(ROOT, "pkg/client.wasm")).toString("base64")));
});
