// Tables for people: aligned, cut to the terminal's width, in colour if it shows them. Elsewhere whole, as others read them on.
import process from "node:process";
import { shown } from "../command/terminal.js";

const COLOURS = { good: "32", bad: "31", wait: "33", faint: "2", strong: "1" };
/** @typedef {keyof typeof COLOURS} Colour @typedef {{text: string, colour?: Colour}} Cell */

const isTerminal = () => process.stdout.isTTY === true;
const hasColours = () => isTerminal() && !process.env.NO_COLOR && process.env.TERM !== "dumb";

/** @param {Colour | undefined} colour @param {string} text */
export const paint = (colour, text) => colour && hasColours() ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;

/** One line, and nothing that steers a terminal or turns the direction of what follows. @param {unknown} text */
export const plain = (text) => shown(String(text ?? "")).replaceAll(/\s+/g, " ").replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "").trim();

/** East Asian letters and pictures take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** @param {string} letter */
const widthOf = (letter) => /[\p{M}\u200b-\u200d\ufe0f]/u.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1;
/** @param {string} text */
const width = (text) => [...text].reduce((sum, letter) => sum + widthOf(letter), 0);

/** @param {string} text @param {number} most columns */
function cut(text, most) {
  if (width(text) <= most) return text;
  let kept = "";
  for (const letter of text) {
    if (width(kept + letter) > most - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}

/**
 * The last column gets what is left of the width; those whose heading begins with ">" are flush right.
 * @param {string[]} headings @param {(string | number | null | undefined | Cell)[][]} rows
 */
export function table(headings, rows) {
  const right = headings.map((heading) => heading.startsWith(">"));
  const all = [headings.map((heading) => ({ text: heading.replace(/^>/, ""), colour: /** @type {Colour} */ ("faint") })), ...rows.map((row) => row.map(cellOf))];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => width(row[column]?.text ?? ""))));
  const last = headings.length - 1;
  if (isTerminal()) {
    const columns = process.stdout.columns || 80;
    const left = columns - widths.slice(0, last).reduce((sum, one) => sum + one + 2, 0);
    // The last column is the answer: where it would be cut to a few words, it gets a line of its own.
    if (left < Math.min(widths[last] ?? 0, 30)) return all.slice(1).map((row) => stacked(row, all[0] ?? [], right, columns)).join("\n");
    widths[last] = Math.min(widths[last] ?? 0, left);
  }
  return all.map((row) => row.map((cell, column) => {
    const text = cut(cell.text, widths[column] ?? 0);
    const space = " ".repeat((widths[column] ?? 0) - width(text));
    return right[column] ? space + paint(cell.colour, text) : paint(cell.colour, text) + (column === last ? "" : space);
  }).join("  ").trimEnd()).join("\n");
}

/** Without the headings above them, numbers are named. @param {Cell[]} row @param {Cell[]} headings @param {boolean[]} right @param {number} columns */
function stacked(row, headings, right, columns) {
  const last = headings.length - 1;
  const cells = row.slice(0, last).map(({ text }, column) => right[column] && text ? `${headings[column]?.text.toLowerCase()} ${text}` : text).filter(Boolean);
  const { text = "", colour } = row[last] ?? {};
  const end = text ? [paint(colour, right[last] ? `${headings[last]?.text.toLowerCase()} ${text}` : text)] : [];
  if (!right.includes(true)) return [cut(cells.join("  "), columns), ...end].join("\n  ");
  /** @type {string[]} */
  const lines = [];
  for (const cell of cells) {
    const longer = `${lines.at(-1) ?? ""}  ${cell}`;
    if (lines.length > 0 && width(longer) <= columns - 2) lines.splice(-1, 1, longer);
    else lines.push(cut(cell, columns - 2));
  }
  return [...lines, ...end].join("\n  ");
}

/** @param {string | number | null | undefined | Cell} value @returns {Cell} */
const cellOf = (value) => typeof value === "object" && value !== null ? { ...value, text: plain(value.text) } : { text: plain(value) };

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
