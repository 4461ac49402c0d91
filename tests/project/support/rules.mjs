// What every statement and function of the queue keeps to.
import { constant, options, parts, read, walk } from "./statements.mjs";

const DEFINES = /^(Create|Alter|Drop|Rename|Index|Define|View|Rule|CompositeType|Truncate|Comment|Grant|SecLabel)\w*Stmt$/;
/** Functions of PostgreSQL whose first argument is the text of a name. */
const TAKES_A_NAME = ["to_regclass", "to_regprocedure", "to_regproc", "to_regtype", "nextval", "setval", "currval", "pg_sequence_last_value"];

/**
 * @typedef {object} Exceptions functions by name, each of which must need its exception
 * @property {string[]} [definer] with the owner's rights
 * @property {string[]} [defines] that create, alter, drop or grant
 * @property {string[]} [advisory] that take an advisory lock
 * @property {string[]} [unreadable] that execute what is no constant
 */

/**
 * What breaks a rule, one line each.
 * @param {{name: string, text: string}[]} files @param {Exceptions} [exceptions] @returns {Promise<string[]>}
 */
export async function violations(files, { definer = [], defines = [], advisory = [], unreadable = [] } = {}) {
  const found = await read(files);
  const own = ownNames(found);
  /** @type {Set<string>} */
  const faults = new Set();
  const unused = new Set([...definer.map((name) => `${name}: needs no owner's rights`), ...defines.map((name) => `${name}: defines nothing`),
    ...advisory.map((name) => `${name}: takes no advisory lock`), ...unreadable.map((name) => `${name}: executes constants only`)]);
  const unless = (/** @type {boolean} */ excepted, /** @type {string} */ where, /** @type {string} */ fault, /** @type {string} */ unneeded) =>
    void (excepted ? unused.delete(`${where}: ${unneeded}`) : faults.add(`${where}: ${fault}`));

  for (const { name, tree } of found.functions) {
    const path = options(tree, "set").map(({ VariableSetStmt: set }) => set).find((set) => set.name === "search_path");
    const pinned = path?.args?.map(constant).join(", ");
    if (pinned !== "pg_catalog, pg_temp") faults.add(`${name}: search_path is not pg_catalog, pg_temp`);
    if (options(tree, "security")[0]?.Boolean?.boolval) unless(definer.includes(name), name, "runs with its owner's rights", "needs no owner's rights");
    if (!name.includes(".")) faults.add(`${name}: is created without a schema`);
  }
  for (const { where, inFunction, kind, tree, text } of found.statements) {
    const line = text.trim().replace(/\s+/g, " ").slice(0, 80);
    if (inFunction && DEFINES.test(kind)) unless(defines.includes(where), where, `defines: ${line}`, "defines nothing");
    const names = new Set(namesOfCtes(tree));
    walk({ [kind]: tree }, (node, value) => {
      if ((node === "UpdateStmt" || node === "DeleteStmt") && !value.whereClause) faults.add(`${where}: without WHERE: ${line}`);
      if (node === "FuncCall" && ["lower", "upper", "initcap"].includes(parts(value.funcname).at(-1) ?? "") && !value.args[0].CollateClause) {
        faults.add(`${where}: the database's collation decides: ${line}`);
      }
      if (node === "FuncCall" && /advisory/.test(parts(value.funcname).at(-1) ?? "")) {
        unless(advisory.includes(where), where, `takes an advisory lock: ${line}`, "takes no advisory lock");
      }
      for (const name of unqualified(node, value, own, names)) faults.add(`${where}: ${name} without its schema: ${line}`);
    });
  }
  for (const { where, type } of found.types) if (own.relations.has(type.replace(/%.*/, ""))) faults.add(`${where}: ${type} without its schema`);
  for (const { where, text } of found.literals) if (text.includes("\\")) faults.add(`${where}: a backslash in ${text.slice(0, 60)}`);
  for (const { where, text } of found.unreadable) unless(unreadable.includes(where), where, `executes what is no constant: ${text}`, "executes constants only");
  return [...faults, ...unused].sort();
}

/** @param {import("./statements.mjs").Read} found */
function ownNames({ statements, functions }) {
  const relations = new Set();
  for (const { kind, tree } of statements) {
    const made = { CreateStmt: tree.relation, ViewStmt: tree.view, CreateSeqStmt: tree.sequence, CompositeTypeStmt: tree.typevar }[kind];
    if (made?.schemaname) relations.add(made.relname);
  }
  return { relations, routines: new Set(functions.map(({ name }) => name.split(".").at(-1))) };
}

/** @param {any} tree */
function namesOfCtes(tree) {
  /** @type {string[]} */
  const names = [];
  walk(tree, (kind, node) => void (kind === "CommonTableExpr" && names.push(node.ctename)));
  return names;
}

/**
 * The names of ours that a node uses without a schema.
 * @param {string} kind @param {any} node @param {ReturnType<typeof ownNames>} own @param {Set<string>} ctes @returns {string[]}
 */
function unqualified(kind, node, own, ctes) {
  const alone = (/** @type {string[]} */ names, /** @type {Set<any>} */ ours) => names.length === 1 && ours.has(names[0]) ? names : [];
  const named = (/** @type {string | undefined} */ text) =>
    text !== undefined && !text.includes(".") && [own.relations, own.routines].some((ours) => ours.has(text.split("(")[0])) ? [text] : [];
  // A node that holds a RangeVar may hold it bare, as `relation`.
  if (node.relname && !node.schemaname && own.relations.has(node.relname) && !ctes.has(node.relname)) return [node.relname];
  if (kind === "FuncCall" || kind === "funccall") {
    const names = parts(node.funcname);
    return [...alone(names, own.routines), ...(TAKES_A_NAME.includes(names.at(-1) ?? "") ? named(constant(node.args?.[0])) : [])];
  }
  if (kind === "TypeCast" && /^reg/.test(parts(node.typeName?.names).at(-1) ?? "")) return named(constant(node.arg));
  if (kind === "TypeName" || /Type$|typeName/.test(kind)) return alone(parts(node.names), own.relations);
  if (kind === "ObjectWithArgs") return alone(parts(node.objname), own.routines);
  if (kind === "CreateTrigStmt") return alone(parts(node.funcname), own.routines);
  return [];
}
