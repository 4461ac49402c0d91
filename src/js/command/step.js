// An upgrade's migration makes each function, view and comment of the new version again, whatever was changed by hand. They are in the SQL that
// installs that version, too: so the package has them once, and the file of the step has a mark in their place. So has the SQL that installs
// the first version, where a source has not changed since.

/** Up to its semicolon, which is in no string, no body and no comment. The comments before it belong to it. */
const STATEMENT = /(?:--[^\n]*\n|'(?:[^']|'')*'|\$(\w*)\$[^]*?\$\1\$|[^;'$-]|-(?!-)|\$(?!\w*\$))+?;/g;
const COMMENTS = /^(?:\s|--[^\n]*\n)+/;
const SOURCE = /^-- (?=\d\d_[a-z_]+\/[a-z0-9_]+\.sql$)/m;
const MARK = "-- Each function, view and comment of the version.\n";
const SAME = "-- As in the newest version.\n";

/** What of a source can be made again where it is there already; empty: nothing. @param {string} name @param {string} text @returns {string} */
export function replacing(name, text) {
  const kept = (text.match(STATEMENT) ?? []).filter((statement) => isRepeatable(name, statement.replace(COMMENTS, "")));
  return kept.length === 0 ? "" : `-- ${name}\n${kept.join("").trim()}\n`.replace(/\bcreate (?=(?:function|procedure|view) (?:public|email_queue_private)\.)/g, "create or replace ");
}

/** @param {string} name @param {string} statement */
function isRepeatable(name, statement) {
  if (/^comment on /.test(statement) || /^create (or replace )?(function|procedure|view) (public|email_queue_private)\./.test(statement)) return true;
  // The list of the functions, of which api() is made.
  return name === "00_install/1_api.sql" || (name === "00_install/3_schema.sql" && statement.startsWith("do "));
}

/** What a migration makes of each source, as a step makes it. @param {string} migration @returns {[string, string][]} */
export const madeBy = (migration) => migration.split(SOURCE).slice(1).map((part) => {
  const [name = "", ...lines] = part.split("\n");
  return [name, replacing(name, lines.join("\n"))];
});

/** @param {string} installation */
const all = (installation) => madeBy(installation).map(([, text]) => text).filter((text) => text !== "").join("\n");

/** A step without what the SQL that installs its version has. @param {string} step @param {string} installation */
export function shortened(step, installation) {
  const [before, after, more] = step.split(all(installation));
  if (after === undefined || more !== undefined) throw new Error("the step does not make each function of the installation in its order");
  return `${before}${MARK}${after}`;
}

/** The whole of it. @param {string} step @param {() => string} installation */
export const completed = (step, installation) => step.replace(MARK, () => all(installation()));

/** @param {string} part of a migration, after its "-- " */
const nameOf = (part) => part.slice(0, part.indexOf("\n") + 1);

/** The SQL that installs an earlier version without the sources that are the same in the newest. @param {string} earlier @param {string} newest */
export function abridged(earlier, newest) {
  const there = new Set(newest.split(SOURCE));
  return earlier.split(SOURCE).map((part) => (there.has(part) ? `${nameOf(part)}${SAME}` : part)).join("-- ");
}

/** The whole of it. @param {string} earlier @param {() => string} newest */
export function restored(earlier, newest) {
  if (!earlier.includes(SAME)) return earlier;
  const there = new Map(newest().split(SOURCE).map((part) => [nameOf(part), part]));
  return earlier.split(SOURCE).map((part) => (part === `${nameOf(part)}${SAME}` ? there.get(nameOf(part)) : part)).join("-- ");
}
