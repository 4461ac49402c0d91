// The tables of docs/reference.md, written by scripts/build --sql: SQL functions from their definitions and comments in supabase/schemas, the client's
// methods and the options of a message from the package's types.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./host.mjs";
import { sources } from "./schema.mjs";

const PAGE = path.join(ROOT, "docs/reference.md");
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
  return table("function", rows.sort());
}

const types = ["queue", "operations", "messages"].map((name) => fs.readFileSync(path.join(ROOT, `src/js/${name}.d.ts`), "utf8")).join("\n");

/** What a type declares. @param {string} name @returns {string} */
const declared = (name) => new RegExp(`^export (?:interface|type) ${name}\\b(?:<[^>]*>)?(?: extends \\w+)? (?:= )?([\\s\\S]*?)^(?:\\} & \\{[\\s\\S]*?^)?\\}?;?$`, "m").exec(types)?.[1] ?? "";

/** The members of an interface with their comments, each name once. @param {string} name @returns {{text: string, called: string, rest: string}[]} */
function members(name) {
  const found = [...declared(name).matchAll(/(?:^  \/\*\*([\s\S]*?)\*\/\n)?^  (\w+)(.*);$/gm)].map(([, text = "", called = "", rest = ""]) => (
    { text: text.replace(/\s*\n\s*\* ?/g, " ").replaceAll("|", "\\|").trim(), called, rest }));
  return found.filter(({ called }, index) => found.findIndex((other) => other.called === called) === index);
}

/** What a method takes: its arguments' names, and those of an object's fields. @param {string} rest of its declaration @returns {string} */
function takes(rest) {
  const [, inside = ""] = /\((.*)\): Promise/.exec(rest) ?? [];
  const fields = inside.includes(" & ") ? [] : [...inside.matchAll(/\{([^}]*)\}/g)].flatMap(([, fields = ""]) => [...fields.matchAll(/(\w+)\??:/g)].map(([, name]) => name));
  const names = [...inside.replace(/\{[^}]*\}/g, "").matchAll(/(\w+)(\??):/g)].map(([, name = ""]) => name);
  return names.map((name) => (/^options$/.test(name) && fields.length > 0 ? `{ ${fields.join(", ")} }` : name)).join(", ");
}

const methods = () => table("method", ["QueueProvider", "QueueOperations"].flatMap(members).map(({ text, called, rest }) => `| \`${called}(${takes(rest)})\` | ${text} |`));
const options = () => table("option", ["NewMessage", "EnqueueOptions"].flatMap(members).map(({ text, called }) => `| \`${called}\` | ${text} |`));

/** @param {string} head @param {string[]} rows */
const table = (head, rows) => [`| ${head} | |`, "|---|---|", ...rows, ""].join("\n");

/** The page as the sources make it. @returns {string} */
function reference() {
  const page = fs.readFileSync(PAGE, "utf8");
  return Object.entries({ functions, methods, options }).reduce((text, [name, rows]) => (
    text.replace(new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`), (_, open, close) => `${open}${rows()}${close}`)), page);
}

export const writeReference = () => fs.writeFileSync(PAGE, reference());

/** Whether the page is what the sources make. @returns {boolean} */
export const isCurrent = () => fs.readFileSync(PAGE, "utf8") === reference();
