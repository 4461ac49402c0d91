// Templates as files: supabase/email-templates/<name>[.<language>].html and .txt. The subject is the first line of the text, "Subject: …",
// or else the title of the HTML. The database has the say about what is in them. A .json beside them has variables for the preview.
import path from "node:path";
import { step } from "./connect.js";
import { ProjectError, rpc } from "./deployed.js";
import { list, read } from "./files.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {{name: string, language: string | null, files: string[], subject: string, html: string | null, text: string | null, cut: number}} Template
 *   cut: so many lines of the file are not in the text
 * @typedef {ReturnType<typeof import("./deployed.js").readProject>} Project
 */

export const FOLDER = "supabase/email-templates";

const FILE = /^([A-Za-z0-9][A-Za-z0-9_-]{0,99})(?:\.([A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}))?\.(html|txt|json)$/;
const SUBJECT = /^\ufeff?Subject:[ \t]*(.*)\r?\n(?:\r?\n)?/i;
const ENTITIES = /** @type {Record<string, string>} */ ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", nbsp: " " });

/** @param {string} root the folder that has supabase/ @returns {Template[]} by name and language @throws {CommandError} names all faults */
export function readTemplates(root) {
  const { templates, faults: [first, ...others] } = findTemplates(root);
  if (first) throw new CommandError(`${[first, ...others].join("\n       ")}. Nothing was changed`, "correct the files, then repeat the command");
  return templates;
}

/** The templates that can be read, and what is wrong with the others. @param {string} root @returns {{templates: Template[], faults: string[]}} */
export function findTemplates(root) {
  /** @type {string[]} */
  const faults = [];
  /** @type {Map<string, {name: string, language: string | null, parts: Record<string, string>, files: string[]}>} */
  const found = new Map();
  // A README and an editor's hidden files may be beside them.
  for (const entry of list(path.join(root, FOLDER)).filter(({ name }) => !/^\.|\.md$|~$/.test(name)).sort((one, other) => one.name < other.name ? -1 : 1)) {
    const [, name = "", spelled, kind = ""] = entry.isDirectory() ? [] : FILE.exec(entry.name) ?? [];
    if (!name) {
      faults.push(`${FOLDER}/${entry.name} is no template's file: they are <name>.html and <name>.txt, with a language <name>.<language>.html, as in welcome.de.html`);
      continue;
    }
    if (kind === "json") continue;
    const language = spelled?.toLowerCase().replaceAll("_", "-") ?? null;
    const one = found.get(keyOf({ name, language })) ?? { name, language, parts: {}, files: [] };
    if (kind in one.parts) faults.push(`${FOLDER}/${entry.name} and ${one.files.find((file) => file.endsWith(kind))} are the same template: delete one`);
    one.parts[kind] = (read(path.join(root, FOLDER, entry.name)) ?? "").replace(/^\ufeff/, "");
    one.files.push(`${FOLDER}/${entry.name}`);
    found.set(keyOf(one), one);
  }
  const templates = [...found.values()].flatMap(({ name, language, parts, files }) => {
    const { html = null, txt = null } = /** @type {Record<string, string | undefined>} */ (parts);
    const said = SUBJECT.exec(txt ?? "");
    const subject = said ? said[1]?.trim() ?? "" : titleOf(html ?? "");
    if (!subject) faults.push(`${files.join(" and ")}: the subject is missing. Write it into the first line of ${files[0]?.replace(/\.html$/, ".txt")}, as in "Subject: Welcome"${html === null ? "" : ", or into the <title> of the HTML"}`);
    const text = txt === null ? null : txt.slice(said?.[0].length ?? 0);
    if (subject && !html && !text) faults.push(`${files.join(" and ")}: the template has no text`);
    return subject ? [{ name, language, files, subject, html: html || null, text: text || null, cut: said?.[0].split("\n").length ?? 1 }] : [];
  });
  return { templates, faults };
}

/** @param {string} html */
function titleOf(html) {
  const [, title = ""] = /<title[^>]*>([^]*?)<\/title>/i.exec(html) ?? [];
  return title.replace(/&(#39|\w+);/g, (all, name) => ENTITIES[name.toLowerCase()] ?? all).replace(/\s+/g, " ").trim();
}

/** @param {{name: string, language: string | null}} one */
const keyOf = ({ name, language }) => `${name}.${language ?? ""}`;

/** For people. @param {{name: string, language: string | null}} one */
export const labelOf = ({ name, language }) => language ? `${name} (${language})` : name;

/**
 * How the database's templates differ from the files.
 * @param {Project} project @param {Template[]} templates
 * @returns {Promise<{changed: Template[], added: Template[], others: {name: string, language: string | null}[]}>} others: without a file
 * @throws {ProjectError}
 */
export async function compareTemplates(project, templates) {
  /** @type {{name: string, language: string | null}[]} */
  const stored = await rpc(project, "email_queue_template_list");
  const there = new Set(stored.map(keyOf));
  const files = new Set(templates.map(keyOf));
  const changed = [];
  for (const one of templates.filter((template) => there.has(keyOf(template)))) {
    const now = await rpc(project, "email_queue_template_get", { p_name: one.name, p_language: one.language });
    if (now?.subject !== one.subject || (now.html ?? null) !== one.html || (now.text ?? null) !== one.text) changed.push(one);
  }
  return { changed, added: templates.filter((one) => !there.has(keyOf(one))), others: stored.filter((one) => !files.has(keyOf(one))).map(({ name, language }) => ({ name, language })) };
}

/**
 * Stores them. All are tried, so that one attempt names all faults.
 * @param {Project} project @param {Template[]} templates @param {(text: string) => void} say @throws {CommandError}
 */
export async function putTemplates(project, templates, say) {
  /** @type {string[]} */
  const faults = [];
  for (const one of templates) {
    try {
      await step((text) => say(`   ${text}`), labelOf(one), async () => {
        const { version, changed } = await putTemplate(project, one);
        return `version ${version}${changed ? "" : ", unchanged"}`;
      });
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      if (error.code !== "22023") throw new CommandError(`the template ${error.message}`, error.remedy ?? "repeat the command");
      faults.push(faultOf(one, error));
    }
  }
  const [first, ...others] = faults;
  if (first) throw new CommandError([first, ...others].join("\n       "), "correct the files, then repeat the command. Until then the versions before are used");
}

/** @param {Project} project @param {Template} one @returns {Promise<{version: number, changed: boolean, variables: string[]}>} @throws {ProjectError} */
export const putTemplate = (project, { name, subject, html, text, language }) =>
  rpc(project, "email_queue_template_put", { p_name: name, p_subject: subject, p_html: html, p_text: text, p_language: language });

/** What the database says of a template, with the line as the file has it. @param {Template} template @param {Error} error */
export const faultOf = ({ files, cut }, { message }) =>
  `${files.join(" and ")}: ${message.replace(/^.*?email_queue: /, "").replace(/^text: line (\d+)/, (_, line) => `text: line ${Number(line) + cut - 1}`)}`;
