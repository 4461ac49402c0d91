// `email-queue auth-hook on` that does not come to its end, because of the platform or of a signal: Auth is as it was.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { after, afterEach, before, test } from "node:test";
import { ROOT } from "../../scripts/lib/stack.mjs";
import { FOREIGN, startAuth, URI, withKey } from "./support/auth.mjs";

const { world, here, envOf, run, refuses, reset, stop } = await startAuth("auth_hook_faults");
before(async () => {
  const deployed = await run(["deploy", "--direct", "--use-api"]);
  assert.equal(deployed.code, 0, deployed.stderr);
});
afterEach(reset);
after(stop);

test("what the platform refuses leaves Auth as it was", async () => {
  world.platform.refused.set("GET config/auth", 403);
  await refuses(/the token needs the permission auth_config_read/);
  world.platform.refused.clear();
  world.platform.refused.set("PATCH config/auth", 403);
  await refuses(/may not change the Auth settings.*Auth is as it was/);
  world.platform.refused.clear();
  // It was carried out, and says otherwise.
  world.platform.onPatch = () => {
    world.platform.onPatch = null;
    throw new Error("the connection is lost");
  };
  await refuses(/Supabase's Management API answered 500\. Auth is as it was/);
  world.platform.onPatch = () => {
    world.platform.onPatch = null;
    world.platform.auth.hook_send_email_uri = "pg-functions://postgres/public/another";
  };
  await refuses(/Auth does not show the hook that it was given\. Auth is as it was/);
});

/** `auth-hook on`, which gets a signal at one of its calls of the Management API. @param {NodeJS.Signals} signal @param {number} at which call @param {"before" | "after"} when it is carried out */
async function interrupt(signal, at, when) {
  const child = spawn(process.execPath, [path.join(ROOT, "pkg/command/main.js"), "auth-hook", "on", "--yes"],
    { cwd: here, env: { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`, HOME: path.dirname(here), ...envOf(withKey) }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => void child.on("close", resolve));
  // The signal is there before the answer is.
  const stop = async () => {
    child.kill(signal);
    await new Promise((resolve) => void setTimeout(resolve, 200));
  };
  let calls = 0;
  world.platform.onAsk = when === "before" ? async () => void (calls++ === at && await stop()) : null;
  world.platform.onPatch = when === "after" ? async () => {
    world.platform.onPatch = null;
    await stop();
  } : null;
  const code = await ended;
  world.platform.onAsk = null;
  return { code, said };
}

test("interrupted at any of its calls it leaves Auth as it was", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: FOREIGN, hook_send_email_secrets: "v1,whsec_theirs" });
  const theirs = { ...world.platform.auth };
  const first = world.platform.asked.length;
  assert.equal((await run(["auth-hook", "on", "--yes"], withKey)).code, 0);
  const calls = world.platform.asked.slice(first);
  assert.deepEqual(calls, ["GET config/auth", "POST database/query", "POST database/query", "PATCH config/auth", "GET config/auth"]);
  assert.equal((await run(["auth-hook", "off", "--yes"])).code, 0);
  assert.deepEqual(world.platform.auth, theirs);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    for (const at of calls.keys()) {
      const { code, said } = await interrupt(signal, at, "before");
      assert.notEqual(code, 0, `${signal} at call ${at}`);
      assert.deepEqual(world.platform.auth, theirs, `${signal} at call ${at}: ${said}`);
      if (at >= calls.indexOf("PATCH config/auth")) assert.match(said, /interrupted\. Auth is as it was/);
    }
    const { code, said } = await interrupt(signal, 0, "after");
    assert.equal(code, 130, said);
    assert.match(said, /interrupted\. Auth is as it was/);
    assert.deepEqual(world.platform.auth, theirs);
  }
});

test("killed at any of its calls it leaves either hook whole, and off goes back", async () => {
  Object.assign(world.platform.auth, { hook_send_email_enabled: true, hook_send_email_uri: FOREIGN, hook_send_email_secrets: "v1,whsec_theirs" });
  const theirs = { ...world.platform.auth };
  for (const [at, when] of /** @type {const} */ ([[2, "before"], [3, "after"], [4, "before"]])) {
    await interrupt("SIGKILL", at, when);
    assert.deepEqual(world.platform.auth, at < 3 ? theirs : { ...theirs, hook_send_email_uri: URI }, `call ${at}`);
    assert.equal((await run(["auth-hook", "off", "--yes"])).code, 0);
    assert.deepEqual(world.platform.auth, theirs, `call ${at}`);
  }
});
