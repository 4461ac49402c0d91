// Child processes and temporary folders that never outlive the process that made them:
// they go when they are stopped, when this process is interrupted (SIGINT, SIGTERM, SIGHUP),
// and when it is killed outright (then the watchdog, a process of its own, clears up).
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scriptCommand, sleep, tempRoot } from "./host.js";

/** How long a child may take to end by itself before it is killed. */
export const GRACE_MS = 5_000;

/** How much of a child's output is kept: its end. */
const MAX_OUTPUT = 8 * 1024 * 1024;

/** The signals that interrupt, with their handlers. @type {[NodeJS.Signals, () => void][]} */
const INTERRUPTIONS = [
  ["SIGINT", () => interrupted(130)],
  ["SIGTERM", () => interrupted(143)],
  ["SIGHUP", () => interrupted(129)],
];

/** What is to be stopped, oldest first. @type {Map<symbol, () => unknown>} */
const owned = new Map();

/** @type {number | null} */
let interruptedExitCode = null;
let stopping = false;

/** The exit code after an interruption, where being interrupted is the normal end. @param {number} code */
export function exitCodeWhenInterrupted(code) {
  interruptedExitCode = code;
}

/**
 * Has something stopped when this process is interrupted.
 * @param {() => unknown} stop may be called more than once
 * @returns {() => void} takes it off the list
 */
export function own(stop) {
  const key = Symbol();
  if (owned.size === 0) for (const [name, handler] of INTERRUPTIONS) process.on(name, handler);
  owned.set(key, stop);
  return () => {
    if (!owned.delete(key) || owned.size > 0 || stopping) return;
    for (const [name, handler] of INTERRUPTIONS) process.off(name, handler);
  };
}

/** True once this process has been interrupted and is stopping what it owns. */
export const isStopping = () => stopping;

/** Stops everything that is owned, newest first. */
export async function stopAll() {
  for (const stop of [...owned.values()].reverse()) {
    try {
      await stop();
    } catch {
      // The watchdog gets what is left.
    }
  }
}

/** @param {number} exitCode */
async function interrupted(exitCode) {
  if (stopping) return;
  stopping = true;
  await Promise.race([stopAll(), sleep(3 * GRACE_MS)]);
  process.exit(interruptedExitCode ?? exitCode);
}

/** The watchdog while there is something to watch. @type {{child: import("node:child_process").ChildProcess, entries: Set<string>} | null} */
let watchdog = null;

/** @param {string} entry see watchdog.js @returns {() => void} */
function watch(entry) {
  if (watchdog === null) {
    const script = path.join(path.dirname(fileURLToPath(import.meta.url)), "watchdog.js");
    const [program, args] = scriptCommand(script, []);
    // A group of its own, so that Ctrl-C in a terminal does not end it with the rest.
    const child = spawn(program, args, { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    child.stdin?.on("error", () => {});
    child.on("error", () => {});
    watchdog = { child, entries: new Set() };
  }
  const current = watchdog;
  current.entries.add(entry);
  current.child.stdin?.write(`+${entry}\n`);
  return () => {
    if (!current.entries.delete(entry)) return;
    current.child.stdin?.write(`-${entry}\n`);
    if (current.entries.size > 0) return;
    current.child.stdin?.end();
    if (watchdog === current) watchdog = null;
  };
}

/**
 * A new temporary folder.
 * @param {string} label for its name
 * @returns {{path: string, remove: () => void}}
 */
export function tempFolder(label) {
  const folder = fs.mkdtempSync(path.join(tempRoot(), `email-queue-${label}-`));
  const unwatch = watch(`folder ${folder}`);
  const remove = () => {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    disown();
    unwatch();
  };
  const disown = own(remove);
  return { path: folder, remove };
}

/**
 * @typedef {object} Running
 * @property {number} pid
 * @property {RegExpExecArray | null} ready what `ready` matched
 * @property {Promise<{code: number | null, signal: string | null}>} exited
 * @property {() => string} output what it has printed so far, both streams
 * @property {(signal?: string) => Promise<{code: number | null, signal: string | null}>} kill sends a signal (SIGKILL) and waits for the end
 * @property {() => Promise<void>} stop ends it, gently first
 */

/**
 * Starts a program, in a process group of its own.
 * @param {object} options
 * @param {string} options.name for errors
 * @param {string} options.program
 * @param {string[]} options.args
 * @param {Record<string, string | undefined>} [options.env] the whole environment; this process's by default
 * @param {string} [options.cwd]
 * @param {RegExp} [options.ready] it has started once its output matches
 * @param {number} [options.timeout] milliseconds until it must be ready
 * @param {string} [options.stopSignal]
 * @param {(text: string) => void} [options.onOutput]
 * @returns {Promise<Running>}
 */
export async function startProcess({
  name,
  program,
  args,
  env = process.env,
  cwd,
  ready,
  timeout = 60_000,
  stopSignal = "SIGTERM",
  onOutput,
}) {
  const child = spawn(program, args, { cwd, env: defined(env), detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  /** @type {() => void} */
  let changed = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text) => {
      output = (output + text).slice(-MAX_OUTPUT);
      onOutput?.(text);
      changed();
    });
  }
  let failure = "";
  const exited = new Promise((resolve) => {
    child.once("error", (error) => {
      failure = error.message;
      resolve({ code: null, signal: null });
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  if (child.pid === undefined) {
    await exited;
    throw new Error(`${name} could not be started: ${failure}`);
  }
  const { pid } = child;
  const unwatch = watch(`process ${pid} ${stopSignal}`);
  let over = false;
  const kill = async (signal = "SIGKILL") => {
    if (!over) signalGroup(pid, signal);
    return await exited;
  };
  const stop = async () => {
    if (!over) signalGroup(pid, stopSignal);
    const timer = setTimeout(() => over || signalGroup(pid, "SIGKILL"), GRACE_MS);
    await exited;
    clearTimeout(timer);
  };
  const disown = own(stop);
  exited.then(() => {
    over = true;
    changed();
    unwatch();
    disown();
  });
  const running = { pid, ready: null, exited, output: () => output, kill, stop };
  if (!ready) return running;
  return await new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ what) => reject(new Error(`${name} ${what}${failure && `: ${failure}`}${tail(output)}`));
    const timer = setTimeout(() => {
      changed = () => {};
      stop().then(() => fail(`was not ready within ${timeout / 1000} s`));
    }, timeout);
    changed = () => {
      const found = ready.exec(output);
      if (!found && !over) return;
      clearTimeout(timer);
      changed = () => {};
      if (found) resolve({ ...running, ready: found });
      else exited.then(({ code, signal }) => fail(`ended while starting (${signal ?? `exit code ${code}`})`));
    };
    changed();
  });
}

/** @param {number} pid @param {string} signal */
function signalGroup(pid, signal) {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group, or it is gone.
    }
  }
}

/** @param {Record<string, string | undefined>} env @returns {Record<string, string>} */
const defined = (env) =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** The end of a program's output, keys blacked out. @param {string} output */
function tail(output) {
  const lines = output.trimEnd().split("\n").slice(-20).join("\n");
  return lines === "" ? "" : `\n${lines.replace(/\b(sb_secret_|sb_publishable_|re_)[\w-]+/g, "$1…")}`;
}
