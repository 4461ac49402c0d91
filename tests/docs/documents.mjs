// The code that the documents show, as their readers would copy it.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/lib/stack.mjs";

/** The pages for users, in the order in which somebody reads them. */
export const PAGES = ["README.md", "docs/install.md", "docs/use.md", "docs/templates.md", "docs/auth.md", "docs/operate.md", "docs/commands.md", "docs/console.md", "docs/reference.md", "docs/how-it-works.md"];

/** @param {string} page @returns {string} */
export const textOf = (page) => fs.readFileSync(path.join(ROOT, page), "utf8");

/**
 * The fenced blocks of a page in one language; a block in a list is moved to the margin.
 * @param {string} page @param {string} language @returns {{place: string, text: string}[]}
 */
export function snippets(page, language) {
  const blocks = textOf(page).matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm);
  return [...blocks].filter(([, , name]) => name === language).map(({ 1: indent = "", 3: body = "", index }) => ({
    place: `${page}:${textOf(page).slice(0, index).split("\n").length}`,
    text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** The commands of a block: one ends with its line, unless a quote is open. @param {string} text @returns {string[]} */
export function commandsOf(text) {
  /** @type {string[]} */
  const commands = [];
  for (const line of text.trim().split("\n")) {
    const last = commands.at(-1);
    if (last !== undefined && (last.match(/'/g)?.length ?? 0) % 2 === 1) commands[commands.length - 1] = `${last}\n${line}`;
    else commands.push(line);
  }
  return commands;
}

/** The README's way from an empty folder to an e-mail, which tests/deploy/readme.test.mjs goes. @returns {string[]} */
export function firstMail() {
  const text = textOf("README.md");
  const lines = (/** @type {number} */ at) => text.slice(0, at).split("\n").length;
  const start = text.indexOf("\n## Put it into your project\n") + 1;
  const [from, to] = [lines(start), lines(text.indexOf("\n## ", start))];
  return snippets("README.md", "sh").filter(({ place }) => Number(place.split(":")[1]) > from && Number(place.split(":")[1]) < to).flatMap((block) => commandsOf(block.text));
}
