// The output of scripts/test: lines, and on a terminal below them the running groups and their times.
import process from "node:process";

/** What takes longer than this says so. */
const QUIET_MS = 2_000;
/** Where there is no terminal, every so often. */
const STEADILY_MS = 30_000;

/** @typedef {{label: string, began: number, progress: string, told: number}} Task */

/** @param {{write: (text: string) => unknown, isTTY?: boolean, columns?: number}} [stream] */
export function createScreen(stream = process.stdout) {
  /** @type {Set<Task>} */
  const tasks = new Set();
  let shown = false;
  const clear = () => {
    if (shown) stream.write("\r\x1b[K");
    shown = false;
  };
  const print = (/** @type {string} */ text) => {
    clear();
    stream.write(`${text}\n`);
  };
  const tick = () => {
    const now = performance.now();
    const slow = [...tasks].filter(({ began }) => now - began >= QUIET_MS);
    const telling = (/** @type {Task} */ { label, began, progress }) => `   … ${label}: ${seconds(now - began)}${progress && `, ${progress}`}`;
    if (stream.isTTY) {
      clear();
      if (slow.length === 0) return;
      stream.write(slow.map(telling).join("  ").slice(0, (stream.columns ?? 80) - 1));
      shown = true;
      return;
    }
    for (const task of slow) {
      if (now - task.told < STEADILY_MS) continue;
      task.told = now;
      print(telling(task));
    }
  };
  const timer = setInterval(tick, 1000);
  timer.unref();
  return {
    print,
    /** @param {string} label @returns {{progress: (text: string) => void, end: () => void}} */
    task: (label) => {
      const now = performance.now();
      const task = { label, began: now, progress: "", told: now };
      tasks.add(task);
      return { progress: (text) => void (task.progress = text), end: () => void tasks.delete(task) };
    },
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
}

/** @typedef {ReturnType<typeof createScreen>} Screen */

/** @param {number} ms */
export const seconds = (ms) => `${Math.round(ms / 1000)} s`;
