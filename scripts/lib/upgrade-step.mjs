// The SQL that makes a version's schema of the version's before: what is written by hand, then every function, view and comment of the
// sources. Tables, types, triggers and rows are changed by hand only.

/** Up to its semicolon, which is in no string, no body and no comment. The comments before it belong to it. */
const STATEMENT = /(?:--[^\n]*\n|'(?:[^']|'')*'|\$(\w*)\$[^]*?\$\1\$|[^;'$-]|-(?!-)|\$(?!\w*\$))+?;/g;
const COMMENTS = /^(?:\s|--[^\n]*\n)+/;

/**
 * @param {{from: string, to: string, head: string, changes: {name: string, text: string}, sources: {name: string, text: string}[]}} of
 * head: checks the version and takes the locks, as supabase/upgrade.sql has it @returns {string[]}
 */
export function upgradeStep({ from, to, head, changes, sources }) {
  const tables = [...new Set([...changes.text.matchAll(/\bemail_queue_private\.(\w+)/g)].map(([, name]) => name))].sort();
  return [
    `${head}select pg_temp.email_queue_begin_upgrade('${from}', '${to}', '{${tables.join(",")}}');\n`,
    `-- ${changes.name}\n${changes.text}`,
    ...sources.map(({ name, text }) => ({ name, text: replacing(name, text) })).filter(({ text }) => text !== "").map(({ name, text }) => `-- ${name}\n${text}`),
    "drop function pg_temp.email_queue_begin_upgrade(text, text, text[]), pg_temp.email_queue_api();\n",
  ];
}

/** What of a source can be made again where it is there already. @param {string} name @param {string} text @returns {string} */
function replacing(name, text) {
  const kept = (text.match(STATEMENT) ?? []).filter((statement) => isRepeatable(name, statement.replace(COMMENTS, "")));
  return kept.length === 0 ? "" : `${kept.join("").trim()}\n`.replace(/\bcreate (?=(?:function|procedure|view) (?:public|email_queue_private)\.)/g, "create or replace ");
}

/** @param {string} name @param {string} statement */
function isRepeatable(name, statement) {
  if (/^comment on /.test(statement) || /^create (or replace )?(function|procedure|view) (public|email_queue_private)\./.test(statement)) return true;
  // The list of the functions, of which api() is made.
  return name === "00_install/1_api.sql" || (name === "00_install/3_schema.sql" && statement.startsWith("do "));
}
