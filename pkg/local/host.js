// Where this runs: Node or Deno, programs, free ports, temporary folders.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";

/** True under Deno; otherwise this is Node. */
export const IS_DENO = "Deno" in globalThis;

/**
 * The program and first arguments that run a script of ours with all permissions, under
 * whatever runs this one.
 * @param {string} script an absolute path @param {string[]} args
 * @returns {[string, string[]]}
 */
export function scriptCommand(script, args) {
  return IS_DENO
    ? [process.execPath, ["run", "-A", "--no-lock", "--node-modules-dir=manual", script, ...args]]
    : [process.execPath, [script, ...args]];
}

/**
 * Where a program is, or null.
 * @param {string} name @returns {string | null}
 */
export function findOnPath(name) {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    if (folder === "") continue;
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * What a program prints, or null if it fails or is not there.
 * @param {string} program @param {string[]} args @param {{maxBuffer?: number, cwd?: string}} [options] @returns {string | null}
 */
export function outputOf(program, args, options = {}) {
  const run = spawnSync(program, args, { encoding: "utf8", ...options });
  return run.status === 0 ? run.stdout.trim() : null;
}

/**
 * A TCP port of 127.0.0.1 that nothing listens on at the moment. Another program can take it
 * before it is used: listen on port 0 where that is possible, and else try again.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {number} ms @returns {Promise<void>} */
export const sleep = (ms) => new Promise((resolve) => void setTimeout(resolve, ms));

/**
 * Waits until a condition holds, and returns what it gave.
 * @template T
 * @param {() => T | Promise<T>} condition holds when it gives something truthy; what it throws passes through
 * @param {{timeout?: number, interval?: number, what?: string}} [options] milliseconds; `what` for the error
 * @returns {Promise<NonNullable<T>>}
 */
export async function waitFor(condition, { timeout = 60_000, interval = 50, what = "a condition" } = {}) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return /** @type {NonNullable<T>} */ (value);
    if (performance.now() >= end) throw new Error(`gave up after ${timeout / 1000} s waiting for ${what}`);
    await sleep(interval);
  }
}

/** The folder for temporary folders. @returns {string} */
export const tempRoot = () => fs.realpathSync(os.tmpdir());
