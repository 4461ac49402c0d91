// The function needs the network and its environment, and nothing else.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { freePort, ROOT } from "../../scripts/lib/stack.mjs";
import { mails } from "./support/database.ts";
import { waitFor } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("permissions");

const ENTRY = "supabase/functions/process-email-queue/index.ts";

test("it serves with --allow-net and --allow-env, from the project's folder, as the README says", async (stack) => {
  const ids = await stack.db.enqueue(mails(3));
  const port = await freePort();
  const child = spawn(Deno.execPath(), ["run", "--no-prompt", "--allow-net", "--allow-env", ENTRY], {
    cwd: ROOT,
    env: {
      PATH: Deno.env.get("PATH"),
      HOME: Deno.env.get("HOME"),
      DENO_DIR: Deno.env.get("DENO_DIR"),
      PORT: String(port),
      SUPABASE_URL: stack.lite.url,
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.lite.secretKey }),
      RESEND_API_KEY: "re_the_key_of_the_tests",
      RESEND_BASE_URL: stack.provider.url,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => output += text);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await waitFor(() => output.includes(`http://127.0.0.1:${port}`) || child.exitCode !== null, { timeout: 60_000, what: "its address" });
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: { apikey: stack.lite.secretKey } });
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).accepted, 3);
    await assertEachOnce(stack, ids);
    assert.doesNotMatch(output, /error|denied|NotCapable/i);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
});

test("where it cannot listen it ends with 1, and names the variables", async (stack) => {
  const port = new URL(stack.lite.url).port;
  const env = { PORT: port, SUPABASE_URL: stack.lite.url, SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.lite.secretKey }), RESEND_API_KEY: "re_one" };
  const ended = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-prompt", "--allow-net", "--allow-env", ENTRY], cwd: ROOT, env }).output();
  assert.equal(ended.code, 1);
  assert.match(new TextDecoder().decode(ended.stderr), new RegExp(`cannot listen on port ${port} of 127\\.0\\.0\\.1 \\(AddrInUse\\): set PORT`));
});

test("the module loads with no permission at all, within what a cold start may take", async () => {
  const script = path.join(ROOT, "tests/e2e/support/load_time.mjs");
  const output = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-prompt", "--no-lock", "--quiet", script] }).output();
  assert(output.success, new TextDecoder().decode(output.stderr));
  const loadMs = Number(/in ([\d.]+) ms/.exec(new TextDecoder().decode(output.stdout))?.[1]);
  // Of the 2 s of CPU time that the platform gives an isolate.
  assert(loadMs < 500, `${loadMs} ms`);
});

end();
