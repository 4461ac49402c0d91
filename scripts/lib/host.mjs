// Where this repository is, beside what the package knows of the machine.
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export * from "../../src/js/local/host.js";

/** The folder that the project was cloned into. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Where cargo builds, and what the tests write goes. */
export const TARGET = path.resolve(process.env.CARGO_TARGET_DIR || path.join(ROOT, "target"));

/** True where children must give up root first, because PostgreSQL refuses to run as root. */
export const IS_ROOT = process.getuid?.() === 0;

/**
 * Does something that takes less than a time where nothing holds it up. A busy machine may hold it up: of five tries one must do.
 * @param {number} limit ms @param {() => Promise<number | void>} act answers how long it took, if it knows better
 */
export async function takesLess(limit, act) {
  const took = [];
  while (took.length < 5) {
    const began = performance.now();
    took.push(await act() ?? performance.now() - began);
    if (Number(took.at(-1)) < limit) return;
  }
  throw new Error(`it took ${took.map(Math.round).join(", ")} ms, never less than ${limit}`);
}

/**
 * Does something again where PostgreSQL has ended it because of a deadlock. The query of a page that is closed, or of a command that has ended,
 * may still run in the database.
 * @template T @param {() => Promise<T>} act @returns {Promise<T>}
 */
export async function despiteDeadlocks(act) {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code !== "40P01") throw error;
    }
  }
}
