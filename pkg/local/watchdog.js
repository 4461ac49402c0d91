// Ends processes and removes folders whose owner is gone (see processes.js).
// It reads lines, `+` to watch and `-` to forget: `+process <pid> <signal>`, `+folder <path>`.
// When its input ends, its owner has ended, and it clears up whatever is still on the list.
import fs from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const GRACE_MS = 5_000;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

/** @type {Set<string>} */
const entries = new Set();
for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith("+")) entries.add(line.slice(1));
  else entries.delete(line.slice(1));
}

const named = (/** @type {string} */ kind) => [...entries].flatMap((entry) => (entry.startsWith(`${kind} `) ? [entry.slice(kind.length + 1)] : []));

const send = (/** @type {number} */ pid, /** @type {string | number} */ signal) => {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return true;
    } catch {
      // No such group, or it is gone.
    }
  }
  return false;
};

const processes = named("process").map((entry) => entry.split(" "));
const pids = processes.map(([pid]) => Number(pid));
for (const [pid, signal] of processes) send(Number(pid), signal);
const end = Date.now() + GRACE_MS;
while (pids.some((pid) => send(pid, 0)) && Date.now() < end) await sleep(50);
for (const pid of pids) send(pid, "SIGKILL");
for (const folder of named("folder")) {
  try {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  } catch {
    // A file that somebody else put there: nothing of ours.
  }
}
process.exit(0);
