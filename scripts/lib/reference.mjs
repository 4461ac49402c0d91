// Writes the table of SQL functions into docs/reference.md, from their definitions and comments in supabase/schemas.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { sources } from "./schema.mjs";

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
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
export const reference = () => fs.readFileSync(PAGE, "utf8").replace(MARKS, (_, open, close) => `${open}${functions()}${close}`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] !== "--check") fs.writeFileSync(PAGE, reference());
  else if (fs.readFileSync(PAGE, "utf8") !== reference()) {
    console.error("error: docs/reference.md is not what supabase/schemas says: run scripts/build --sql and commit it");
    process.exitCode = 1;
  }
}
