// The SQL that makes a version's schema of the version's before: what is written by hand, then every function, view and comment of the
// sources. Tables, types, triggers and rows are changed by hand only.
import { madeBy, replacing } from "../../src/js/command/step.js";

/**
 * @param {{from: string, to: string, head: string, changes: {name: string, text: string}, sources: {name: string, text: string}[]}} of
 * head: checks the version and takes the locks, as supabase/upgrade.sql has it @returns {string[]}
 */
export function upgradeStep({ from, to, head, changes, sources }) {
  const tables = [...new Set([...changes.text.matchAll(/\bemail_queue_private\.(\w+)/g)].map(([, name]) => name))].sort();
  return [
    `${head}select pg_temp.email_queue_begin_upgrade('${from}', '${to}', '{${tables.join(",")}}');\n`,
    `-- ${changes.name}\n${changes.text}`,
    ...sources.map(({ name, text }) => replacing(name, text)).filter((text) => text !== ""),
    "drop function pg_temp.email_queue_begin_upgrade(text, text, text[]), pg_temp.email_queue_api();\n",
  ];
}

/** A step without what the migrations before it have made alike: a later step makes it all again. @param {string} step @param {string[]} before */
export function onlyChanged(step, before) {
  const there = new Map(before.flatMap(madeBy));
  // The list of the functions is needed in each step.
  const same = madeBy(step).filter(([name, text]) => text !== "" && text === there.get(name) && !name.startsWith("00_install/"));
  return same.reduce((text, [, made]) => text.replace(`${made}\n`, ""), step);
}
