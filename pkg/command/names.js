// Names that the queue needs, and that the user's own migrations take.
import { isOfQueue } from "./project.js";
import { readSql } from "./sql-text.js";

/** What shares its names with what. @type {Record<string, "function" | "relation" | "schema">} */
const KINDS = { function: "function", procedure: "function", aggregate: "function", routine: "function", table: "relation", view: "relation", sequence: "relation", type: "relation", domain: "relation", schema: "schema" };
const KIND = `(?:materialized |foreign )?(${Object.keys(KINDS).join("|")}) `;
const CREATE = new RegExp(`\\bcreate (?:or replace )?(?:unlogged |recursive )?${KIND}(?:if not exists )?([\\w.]+)`);
const DROP = new RegExp(`\\bdrop ${KIND}(?:if exists )?(.+)`);
const ALTER = new RegExp(`\\balter ${KIND}(?:if exists )?(?:only )?([\\w.]+).*? (rename to|set schema) (\\w+)`);

/**
 * What in the user's own migrations has a name that the queue needs, and is not dropped, renamed or moved later.
 * @param {import("./project.js").Migration[]} migrations in their order @param {string[]} functions the names of ours @returns {string[]}
 */
export function takenNames(migrations, functions) {
  const ours = new Set([...functions.map((name) => `function ${name}`), "relation email_queue", "schema email_queue_private"]);
  /** @type {Map<string, string>} */
  const taken = new Map();
  for (const { text, file } of migrations.filter((one) => !isOfQueue(one))) {
    const take = (/** @type {string} */ word, /** @type {string} */ name) => {
      const key = keyOf(word, name);
      if (ours.has(key)) taken.set(key, `${word} ${key.split(" ")[1]} (${file})`);
    };
    for (const statement of readSql(text).statements) {
      const [, word, name = ""] = CREATE.exec(statement) ?? [];
      if (word !== undefined) take(word, name);
      const [, gone = "", list = ""] = DROP.exec(statement) ?? [];
      for (const one of withoutArguments(list).split(",")) taken.delete(keyOf(gone, one.trim().split(" ")[0] ?? ""));
      const [, changed, before = "", how, after = ""] = ALTER.exec(statement) ?? [];
      if (changed === undefined) continue;
      taken.delete(keyOf(changed, before));
      take(changed, how === "set schema" ? `${after}.${before.split(".").at(-1)}` : [...before.split(".").slice(0, -1), after].join("."));
    }
  }
  return [...taken.values()].sort();
}

/** Without a schema it is public's. @param {string} word @param {string} name */
const keyOf = (word, name) => `${KINDS[word]} ${name.replace(/^public\./, "")}`;

/** @param {string} list @returns {string} */
function withoutArguments(list) {
  const less = list.replace(/\([^()]*\)/g, " ");
  return less === list ? list : withoutArguments(less);
}
