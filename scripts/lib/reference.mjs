// The table of SQL functions in docs/reference.md, written by scripts/build --sql from their definitions and comments in supabase/schemas.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./host.mjs";
import { sources } from "./schema.mjs";

const PAGE = path.join(ROOT, "docs/reference.md");
const MARKS = /(<!-- functions -->\n)[\s\S]*?(<!-- \/functions -->)/;
const DEFINED = /create function public\.(email_queue\w*)\(([\s\S]*?)\)\s+returns/;
const COMMENT = /comment on function public\.email_queue\w*\([^)]*\) is\s+'((?:[^']|'')*)';/;

/** @returns {string} the table */
function functions() {
  const rows = sources().flatMap(({ name, text }) => {
    const [, called, parameters] = DEFINED.exec(text) ?? [];
    if (!called) return [];
    const [, comment] = COMMENT.exec(text) ?? [];
    if (!comment) throw new Error(`supabase/schemas/${name}: ${called} has no comment`);
    const names = [...(parameters ?? "").matchAll(/\b(p_\w+)/g)].map(([word]) => word);
    return [`| \`${called}(${names.join(", ")})\` | ${comment.replaceAll("''", "'").replaceAll("|", "\\|")} |`];
  });
  return ["| function | |", "|---|---|", ...rows.sort(), ""].join("\n");
}

/** The page as it should be. @returns {string} */
const reference = () => fs.readFileSync(PAGE, "utf8").replace(MARKS, (_, open, close) => `${open}${functions()}${close}`);

export const writeReference = () => fs.writeFileSync(PAGE, reference());

/** Whether the page is as it should be. @returns {boolean} */
export const isCurrent = () => fs.readFileSync(PAGE, "utf8") === reference();
