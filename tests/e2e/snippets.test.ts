// The snippets that the project was asked for with, word for word but for the package's name, on every runtime.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { ensureDeno, packageFolder, ROOT, tempFolder } from "../../scripts/lib/stack.mjs";
import { mails } from "./support/database.ts";
import type { Stack } from "./support/stack.ts";
import { suite } from "./support/suite.ts";

const { test, end } = suite("snippets");

const FOLDER = path.join(ROOT, "tests/e2e/snippets");
const NAME = "email-queue/providers/supabase-queue";

const importMap = (file: string): string =>
  `--import-map=data:application/json,${encodeURIComponent(JSON.stringify({ imports: { [NAME]: pathToFileURL(path.join(ROOT, "pkg", file)).href } }))}`;

const execute = promisify(execFile);
type Runtime = (file: string, env: Record<string, string>) => Promise<string>;

async function run(program: string, args: string[], env: Record<string, string> = {}, cwd = ROOT): Promise<string> {
  const { stdout } = await execute(program, args, { cwd, env: { ...Deno.env.toObject(), NO_COLOR: "1", ...env }, timeout: 60_000 });
  return stdout.trim();
}

const deno: Runtime = (file, env) =>
  run(Deno.execPath(), ["run", "--no-lock", "--no-check", "--no-prompt", "--allow-env", "--allow-net", importMap("index.js"), path.join(FOLDER, file)], env);

/** As an application has it: the package in node_modules, TypeScript compiled away. */
async function onNode(body: (node: Runtime) => Promise<void>): Promise<void> {
  const folder = tempFolder("snippets");
  try {
    const typescript = createRequire(import.meta.url)(await packageFolder("lite", "typescript"));
    mkdirSync(path.join(folder.path, "node_modules"));
    symlinkSync(path.join(ROOT, "pkg"), path.join(folder.path, "node_modules/email-queue"));
    for (const file of readdirSync(FOLDER)) {
      const { outputText } = typescript.transpileModule(Deno.readTextFileSync(path.join(FOLDER, file)), {
        compilerOptions: { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 },
      });
      writeFileSync(path.join(folder.path, file.replace(/\.ts$/, ".mjs")), outputText);
    }
    await body((file, env) => run("node", [file.replace(/\.ts$/, ".mjs")], env, folder.path));
  } finally {
    folder.remove();
  }
}

/** Usage, then the function, then monitoring. */
async function works(stack: Stack, runtime: Runtime): Promise<void> {
  const env = { SUPABASE_URL: stack.lite.url, SUPABASE_SERVICE_ROLE_KEY: stack.lite.secretKey };
  const [failed] = await stack.db.enqueue(mails(1, { to: "invalid@customer.example" }));
  const id = await runtime("usage.ts", env);
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const stored = await stack.db.row(id);
  assert.deepEqual(stored.payload, {
    to: "user@example.com",
    subject: "Hello",
    content: "<p>Hello World</p>",
    from: "Shop <shop@shop.example>",
  });

  await stack.drain(await stack.function());
  const { html, subject } = await stack.provider.email("user@example.com");
  assert.deepEqual({ html, subject }, { html: "<p>Hello World</p>", subject: "Hello" });

  assert.deepEqual(JSON.parse(await runtime("monitoring.ts", { ...env, MESSAGE_ID: id })), {
    failed: [{ id: failed, status: "failed" }],
    status: "completed",
    subject: "Hello",
    attempts: 1,
    maxAttempts: 3,
    createdAt: true,
  });
}

test("they fit the package's types", async () => {
  const files = readdirSync(FOLDER).map((file) => path.join(FOLDER, file));
  // Deno 2.1 knows no type of the global process.
  await run(await ensureDeno("newest"), ["check", "--no-lock", importMap("index.d.ts"), ...files]);
});

test("they run on this Deno", (stack) => works(stack, deno));

test("they run on Node", (stack) => onNode((node) => works(stack, node)));

test("the package works from a copy of its own, and without process", async (stack) => {
  const folder = tempFolder("package");
  try {
    cpSync(path.join(ROOT, "pkg"), path.join(folder.path, "pkg"), { recursive: true });
    writeFileSync(
      path.join(folder.path, "main.js"),
      `import { QueueError, SupabaseQueueProvider } from "./pkg/index.js";
       try {
         await new SupabaseQueueProvider(Deno.env.get("URL"), undefined).getMessage("x");
       } catch (error) {
         console.log(error instanceof QueueError, error.code, error.field);
       }`,
    );
    const said = await run(Deno.execPath(), ["run", "--no-lock", "--no-prompt", "--allow-env=URL", path.join(folder.path, "main.js")], { URL: stack.lite.url });
    assert.equal(said, "true invalid_input key");
  } finally {
    folder.remove();
  }
});

end();
