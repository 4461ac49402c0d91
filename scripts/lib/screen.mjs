// Output for people: marks, colours if the terminal has them, durations.
import process from "node:process";
import { parseArgs } from "node:util";

/** @typedef {"ok" | "bad" | "wait" | "info"} Mark */

const MARKS = { ok: ["✓", "32"], bad: ["✗", "31"], wait: ["…", "33"], info: ["·", "2"] };

/**
 * @param {NodeJS.WriteStream} stream
 */
export function createScreen(stream) {
  const colours = Boolean(stream.isTTY) && !process.env.NO_COLOR;
  const paint = (/** @type {string} */ code, /** @type {string} */ text) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const print = (text = "") => void stream.write(`${text}\n`);
  return {
    print,
    /** @param {string} text */
    title: (text) => print(`\n${paint("1", text)}`),
    /** @param {Mark} mark @param {string} name @param {string} text @param {string} [note] */
    line: (mark, name, text, note = "") => {
      const [sign, code] = MARKS[mark];
      print(`  ${paint(code, sign)} ${paint("1", name.padEnd(11))} ${text}${note && paint("2", `  ${note}`)}`);
    },
    /** @param {string} text */
    faint: (text) => print(paint("2", text)),
    /** @param {string} text */
    strong: (text) => paint("1", text),
  };
}

/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/**
 * The options of a program that has no --help: ends where they are wrong. Those that are named in `numbers` are whole numbers.
 * @template {import("node:util").ParseArgsConfig} const T
 * @param {T} config @param {string[]} [numbers] @returns {ReturnType<typeof parseArgs<T>>["values"]}
 */
export function readOptions(config, numbers = []) {
  try {
    const { values } = parseArgs(config);
    const wrong = numbers.find((name) => name in values && !/^\d+$/.test(String(Object(values)[name])));
    if (wrong) throw new Error(`--${wrong} must be a whole number`);
    return values;
  } catch (error) {
    return argumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Ends with an error about the arguments. @param {string} problem @returns {never} */
export function argumentError(problem) {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}

/**
 * Ends with an error about the options.
 * @param {string} name of the script @param {string} problem @returns {never}
 */
export function usageError(name, problem) {
  process.stderr.write(`${name}: ${problem}\nSee ${name} --help.\n`);
  process.exit(2);
}
