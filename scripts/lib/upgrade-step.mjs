// The SQL that makes a version's schema of the version's before: what is written by hand, then the functions, views and comments of each
// source that is new or changed. Tables, types, triggers and rows are changed by hand only.

/** Up to its semicolon, which is in no string, no body and no comment. The comments before it belong to it. */
const STATEMENT = /(?:--[^\n]*\n|'(?:[^']|'')*'|\$(\w*)\$[^]*?\$\1\$|[^;'$-]|-(?!-)|\$(?!\w*\$))+?;/g;
const COMMENTS = /^(?:\s|--[^\n]*\n)+/;
const SOURCE = /^-- (?=\d\d_[a-z_]+\/[a-z0-9_]+\.sql$)/m;
const MADE = /\bcreate or replace (?:function|procedure|view) ((?:public|email_queue_private)\.\w+)/g;
const NAMED = /\b(?:create or replace|comment on) \w+ (?:public|email_queue_private)\.(\w+)/g;
const BY_HAND = /^-- supabase\/upgrades\/.*$/m;

/**
 * @param {{from: string, to: string, head: string, changes: {name: string, text: string}, sources: {name: string, text: string}[], before: string[]}} of
 * head: checks the version and takes the locks, as supabase/upgrade.sql has it; before: the migrations so far @returns {string[]}
 */
export function upgradeStep({ from, to, head, changes, sources, before }) {
  if (/\bcascade\b/i.test(changes.text)) throw new Error(`${changes.name}: drop each object by its name: what "cascade" drops, the step would not make again`);
  const there = leftBy(before);
  forget(there, changes.text);
  const made = sources.map(({ name, text }) => ({ name, text: replacing(name, text) })).filter(({ name, text }) => text !== "" && (text !== there.get(name) || isInstaller(name)));
  const tables = [...changes.text.matchAll(/\bemail_queue_private\.(\w+)/g)].map(([, name = ""]) => name);
  return [
    `${head}select pg_temp.email_queue_begin_upgrade('${from}', '${to}', ${array(tables)}, ${array(made.flatMap(({ text }) => objects(text)))});\n`,
    `-- ${changes.name}\n${changes.text}`,
    ...made.map(({ name, text }) => `-- ${name}\n${text}`),
    "drop function pg_temp.email_queue_begin_upgrade(text, text, text[], text[]), pg_temp.email_queue_api();\n",
  ];
}

/** @param {string[]} names */
const array = (names) => `'{${[...new Set(names)].sort().join(",")}}'`;

/** @param {string} text of a step */
const objects = (text) => [...text.matchAll(MADE)].map(([, name = ""]) => name);

/** What the migrations have made of each source, as a step makes it. @param {string[]} migrations @returns {Map<string, string>} */
function leftBy(migrations) {
  /** @type {Map<string, string>} */
  const there = new Map();
  for (const migration of migrations) {
    const [head = "", ...parts] = migration.split(SOURCE);
    forget(there, head.split(BY_HAND)[1] ?? "");
    for (const part of parts) {
      const [name = "", ...lines] = part.split("\n");
      there.set(name, replacing(name, lines.join("\n")));
    }
  }
  return there;
}

/** What is named in a part that is written by hand may be gone, or another. @param {Map<string, string>} there @param {string} byHand */
function forget(there, byHand) {
  const words = new Set(byHand.toLowerCase().match(/\w+/g));
  for (const [name, text] of there) if ([...text.matchAll(NAMED)].some(([, object = ""]) => words.has(object))) there.delete(name);
}

/** The list of the functions, of which api() is made: it is needed in each step. @param {string} name */
const isInstaller = (name) => name.startsWith("00_install/");

/** What of a source can be made again where it is there already. @param {string} name @param {string} text @returns {string} */
function replacing(name, text) {
  const kept = (text.match(STATEMENT) ?? []).filter((statement) => isRepeatable(name, statement.replace(COMMENTS, "")));
  return kept.length === 0 ? "" : `${kept.join("").trim()}\n`.replace(/\bcreate (?=(?:function|procedure|view) (?:public|email_queue_private)\.)/g, "create or replace ");
}

/** @param {string} name @param {string} statement */
function isRepeatable(name, statement) {
  if (/^comment on /.test(statement) || /^create (or replace )?(function|procedure|view) (public|email_queue_private)\./.test(statement)) return true;
  return name === "00_install/1_api.sql" || (name === "00_install/3_schema.sql" && statement.startsWith("do "));
}
