// A script's processes must be gone when the script is, however it ends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { IS_DENO, ROOT, scriptCommand, sleep, waitFor } from "./host.mjs";
import { startProcess, stopAll, tempFolder } from "../../src/js/local/processes.js";

const PROCESSES = JSON.stringify(pathToFileURL(path.join(ROOT, "src/js/local/processes.js")).href);

/** Starts a child with a child of its own, and a folder; says which; waits, or does as told. */
const OWNER = `
  import { startProcess, tempFolder } from ${PROCESSES};
  const folder = tempFolder("test");
  const child = await startProcess({
    name: "shell", program: "sh", args: ["-c", "trap '' INT; sleep 300 & echo ready $!; wait; wait"], cwd: folder.path, ready: /ready (\\d+)/,
  });
  console.log(JSON.stringify({ folder: folder.path, pids: [child.pid, Number(child.ready[1])] }));
  if (process.argv[2] === "crash") throw new Error("crash");
  await child.exited;
`;

/** @type {ReturnType<typeof tempFolder>} */
let scripts;
before(() => {
  scripts = tempFolder("owner");
  fs.writeFileSync(path.join(scripts.path, "owner.mjs"), `import process from "node:process";${OWNER}`);
});
after(stopAll);

const isAlive = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

/** @param {string[]} args @param {NodeJS.Signals | null} signal */
async function endedBy(args, signal) {
  const [program, list] = scriptCommand(path.join(scripts.path, "owner.mjs"), args);
  const owner = spawn(program, list, { stdio: ["ignore", "pipe", "ignore"] });
  // Deno says null of whatever it has sent a signal to, even if that ended by itself.
  const exited = new Promise((resolve) => owner.once("exit", (code) => resolve(IS_DENO && code === null ? undefined : code)));
  let output = "";
  owner.stdout.on("data", (text) => output += text);
  await waitFor(() => output.includes("\n"), { what: "the owner" });
  const { folder, pids } = JSON.parse(output);
  if (args.length === 0) {
    assert.ok(fs.existsSync(folder));
    for (const pid of pids) assert.ok(isAlive(pid));
  }
  if (signal) owner.kill(signal);
  const code = await exited;
  await waitFor(() => !pids.some(isAlive) && !fs.existsSync(folder), { timeout: 60_000, what: "the end of the children and of the folder" });
  return code;
}

test("an interrupt ends the children and removes the folders before the process ends", async () => {
  assert.equal(await endedBy([], "SIGINT") ?? 130, 130);
});

test("so does a request to end", async () => {
  assert.equal(await endedBy([], "SIGTERM") ?? 143, 143);
});

test("a kill leaves nothing either", () => endedBy([], "SIGKILL"));

test("nor does a crash", () => endedBy(["crash"], null));

test("a program that ends while it starts is reported with what it printed, keys blacked out", async () => {
  await assert.rejects(
    startProcess({ name: "the program", program: "sh", args: ["-c", "echo no sb_secret_abc; exit 3"], ready: /ready/ }),
    /the program ended while starting \(exit code 3\)\nno sb_secret_…/,
  );
});

test("a program that does not become ready is stopped", async () => {
  await assert.rejects(
    startProcess({ name: "the program", program: "sleep", args: ["60"], ready: /ready/, timeout: 200 }),
    /was not ready within 0\.2 s/,
  );
});

test("a program that is not there is reported", async () => {
  await assert.rejects(startProcess({ name: "the program", program: "/nowhere/x", args: [] }), /the program could not be started/);
});

test("stopping kills what does not end by itself", async () => {
  const child = await startProcess({ name: "stubborn", program: "sh", args: ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], ready: /ready/ });
  await child.stop();
  await sleep(50);
  assert.ok(!isAlive(child.pid));
});
