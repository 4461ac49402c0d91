// The code that the documents show, as their readers would copy it.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../scripts/lib/stack.mjs";

/** The pages for users, in the order in which somebody reads them. */
export const PAGES = ["README.md", "docs/install.md", "docs/use.md", "docs/operate.md", "docs/reference.md", "docs/how-it-works.md"];

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
