// The lines of .env.example, which init adds and uninstall takes out again.
import { EXAMPLE } from "./variables.js";

/** Those of variables that a file does not have, with their comments. @param {string} text @returns {string} with \n */
export function missingLines(text) {
  const has = (/** @type {string} */ name) => new RegExp(`^\\s*#?\\s*(export\\s+)?${name}\\s*=`, "m").test(text);
  return EXAMPLE.map(([comment, variables]) => {
    const lines = Object.entries(variables).filter(([name]) => !has(name)).map(([name, value]) => `${name}=${value}\n`);
    return lines.length > 0 ? `${comment}\n${lines.join("")}` : "";
  }).join("");
}

/** Without those lines, up to the next empty line. What was filled in there stays, and is named. @param {string} text @returns {{text: string, filled: string[]}} */
export function withoutLines(text) {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const comments = EXAMPLE.map(([comment]) => comment);
  const known = EXAMPLE.flatMap(([, variables]) => Object.entries(variables));
  const start = lines.findIndex((line) => comments.includes(line.trimEnd()));
  if (start < 0) return { text, filled: [] };
  const empty = lines.findIndex((line, index) => index > start && line.trim() === "");
  const end = empty < 0 ? lines.length : empty;
  const ours = [...comments, ...known.map(([name, value]) => `${name}=${value}`)];
  const kept = lines.slice(start, end).filter((line) => !ours.includes(line.trimEnd()));
  // The empty line before them came with them.
  const before = kept.length === 0 && lines[start - 1]?.trim() === "" ? start - 1 : start;
  return {
    text: [...lines.slice(0, before), ...kept, ...lines.slice(end)].join(""),
    filled: known.map(([name]) => name).filter((name) => kept.some((line) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(line))),
  };
}
