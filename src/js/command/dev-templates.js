// The templates in `dev`: the database has those of the files, and a page shows each with sample data. The database does the reading and
// the rendering, as when an e-mail is enqueued.
import { randomUUID } from "node:crypto";
import path from "node:path";
import { fingerprint, watcher } from "../local/changes.js";
import { plain, servePages } from "../local/pages.js";
import { ProjectError, readProject, rpc } from "./deployed.js";
import { listPage, missingPage, SCRIPT, templatePage } from "./dev-templates-pages.js";
import { FOLDER, faultOf, findTemplates, labelOf, putTemplate } from "./template-files.js";
import { BUILT_IN, sampleOf } from "./template-samples.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {import("./template-files.js").Template} Template
 * @typedef {{subject: string, html: string | null, text: string | null, template: {version: number}}} Shown
 *
 * @param {{root: string, screen: import("../local/local.js").Screen, port: number}} options port: the one to have if it is free
 */
export async function startTemplates({ root, screen, port }) {
  const folder = path.join(root, FOLDER);
  const changed = watcher(() => fingerprint(folder));
  /** @type {ReturnType<typeof readProject> | undefined} */
  let project;
  // A page that was opened before this started is an old one, too.
  let revision = randomUUID();
  /** @type {string[]} */
  let known = [];

  /** Stores what the files have; says what was stored, and what is wrong. */
  const store = async () => {
    const { templates, faults } = found(root);
    const stored = [];
    for (const one of templates) {
      try {
        if ((await putTemplate(connected(), one)).changed) stored.push(labelOf(one));
      } catch (error) {
        faults.push(said(one, error));
      }
    }
    if (stored.length > 0) screen.line("ok", "templates", `stored: ${stored.join(", ")}`);
    for (const fault of faults) screen.line("bad", "templates", fault);
    known = faults;
    revision = randomUUID();
  };

  const connected = () => {
    if (!project) throw new ProjectError("the database is being started");
    return project;
  };

  /** @param {string} name @param {string | null} language */
  const show = async (name, language) => {
    const file = found(root).templates.find((one) => one.name === name && one.language === language);
    try {
      const { variables: names } = file ? await putTemplate(connected(), file) : await rpc(connected(), "email_queue_template_get", { p_name: name }) ?? { variables: [] };
      const sample = sampleOf(root, { name, language }, names);
      /** @type {Shown} */
      const shown = await rpc(connected(), "email_queue_template_preview", { p_name: name, p_variables: sample.variables, p_language: language });
      const fault = sample.unknown.length > 0 ? `${sample.unknown.join(", ")}: Supabase Auth's mail has no such variable. For a mail that needs it the built-in template is sent` : undefined;
      return { shown, sample, fault };
    } catch (error) {
      return { fault: file ? said(file, error) : wordsOf(error) };
    }
  };

  const { url, stop } = await servePages({
    port,
    answer: async ({ pathname, searchParams }) => {
      if (pathname === "/revision") return plain(200, revision);
      if (pathname === "/script.js") return plain(200, SCRIPT, "text/javascript");
      // Before the files are read: what changes meanwhile is a later one.
      const now = revision;
      const { templates } = found(root);
      const names = [...new Set([...templates.map(({ name }) => name), ...BUILT_IN])];
      const entries = names.map((name) => ({ name, languages: languagesOf(name, templates), files: templates.filter((one) => one.name === name).flatMap(({ files }) => files) }));
      if (pathname === "/") return listPage({ entries, faults: known, revision: now });
      const entry = entries.find(({ name }) => pathname === `/template/${name}`);
      if (!entry) return missingPage({ faults: known, revision: now });
      const asked = searchParams.get("language");
      const language = entry.languages.find((one) => one === (asked || null)) ?? entry.languages[0] ?? null;
      return templatePage({ entry, language, dark: searchParams.has("dark"), phone: searchParams.has("phone"), revision: now, ...await show(entry.name, language) });
    },
  });
  return {
    url,
    stop,
    /** The database that has, or is to have, the templates. @param {{url: string, secretKey: string}} database */
    use: async (database) => {
      project = readProject({ SUPABASE_URL: database.url, SUPABASE_SECRET_KEY: database.secretKey });
      await store();
    },
    look: async () => {
      if (changed()) await store();
    },
  };
}

/** A file that cannot be read hides no other fault from the page. @param {string} root */
function found(root) {
  try {
    return findTemplates(root);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { templates: [], faults: [error.message.replace(/\. Nothing was changed$/, "")] };
  }
}

/** @param {string} name @param {Template[]} templates @returns {(string | null)[]} the default first */
function languagesOf(name, templates) {
  const languages = templates.filter((one) => one.name === name).map(({ language }) => language);
  return [...BUILT_IN.includes(name) || languages.includes(null) ? [null] : [], ...languages.filter(Boolean)];
}

/** @param {Template} one @param {unknown} error */
const said = (one, error) => error instanceof ProjectError && error.code === "22023" ? faultOf(one, error) : wordsOf(error);

/** @param {unknown} error @returns {string} */
function wordsOf(error) {
  if (!(error instanceof ProjectError || error instanceof CommandError)) throw error;
  return `${error.message}${error.remedy ? `. ${error.remedy}` : ""}`;
}
