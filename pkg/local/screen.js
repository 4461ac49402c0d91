// Output for people: marks, colours if the terminal has them, durations.
import process from "node:process";

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
