// Every statement of some files of SQL, as PostgreSQL's own parser reads it: those at the top, in bodies of functions and
// of DO, and those that a constant text executes.
import { createRequire } from "node:module";
import path from "node:path";
import { packageFolder } from "../../../scripts/lib/stack.mjs";

const { parse, parsePlPgSQL, scan } = createRequire(import.meta.url)(path.join(await packageFolder("parser", "libpg-query"), "wasm/index.cjs"));

/**
 * @typedef {object} Statement
 * @property {string} where the function, or the file
 * @property {boolean} inFunction false: it runs while the migration is applied
 * @property {string} kind like UpdateStmt
 * @property {any} tree
 * @property {string} text
 */
/**
 * @typedef {object} Read
 * @property {Statement[]} statements
 * @property {{name: string, tree: any}[]} functions
 * @property {{where: string, type: string}[]} types of variables
 * @property {{where: string, text: string}[]} unreadable dynamic SQL that is no constant
 * @property {{where: string, text: string}[]} literals the plain ones, as they are written
 */

/** @param {{name: string, text: string}[]} files @returns {Promise<Read>} */
export async function read(files) {
  const reader = new Reader();
  for (const { name, text } of files) await reader.text(text, name, false);
  return reader;
}

/** Calls `visit` with each object of a tree that has a kind. @param {any} tree @param {(kind: string, node: any) => void} visit */
export function walk(tree, visit) {
  if (tree === null || typeof tree !== "object") return;
  for (const [key, value] of Object.entries(tree)) {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) visit(key, value);
    walk(value, visit);
  }
}

/** The parts of a name in a tree. @param {any[]} names @returns {string[]} */
export const parts = (names = []) => names.map(({ String: one }) => one?.sval ?? "");

/** The text of a constant. @param {any} node @returns {string | undefined} */
export const constant = (node) => node?.A_Const?.sval ? node.A_Const.sval.sval ?? "" : node?.TypeCast ? constant(node.TypeCast.arg) : undefined;

/** The option of a CREATE FUNCTION, once or more. @param {any} tree @param {string} name @returns {any[]} */
export const options = (tree, name) => tree.options.map((/** @type {any} */ { DefElem }) => DefElem).filter((/** @type {any} */ { defname }) => defname === name).map((/** @type {any} */ { arg }) => arg);

class Reader {
  /** @type {Statement[]} */
  statements = [];
  /** @type {{name: string, tree: any}[]} */
  functions = [];
  /** @type {{where: string, type: string}[]} */
  types = [];
  /** @type {{where: string, text: string}[]} */
  unreadable = [];
  /** @type {{where: string, text: string}[]} */
  literals = [];

  /** @param {string} text @param {string} where @param {boolean} inFunction */
  async text(text, where, inFunction) {
    const bytes = new TextEncoder().encode(text);
    const slice = (/** @type {number} */ from, /** @type {number | undefined} */ to) => new TextDecoder().decode(bytes.slice(from, to));
    for (const { start, end, tokenName } of (await scan(text)).tokens) {
      if (tokenName === "SCONST" && bytes[start] === 39) this.literals.push({ where, text: slice(start, end) });
    }
    for (const { stmt, stmt_location: from = 0, stmt_len: length } of (await parse(text)).stmts ?? []) {
      const [[kind, tree]] = Object.entries(/** @type {any} */ (stmt));
      const source = slice(from, length ? from + length : undefined);
      this.statements.push({ where, inFunction, kind, tree, text: source });
      if (kind === "CreateFunctionStmt") await this.#function(tree, source);
      if (kind === "DoStmt") await this.#plpgsql(source, `${where}, do`, inFunction);
    }
  }

  /** @param {any} tree @param {string} source */
  async #function(tree, source) {
    const name = parts(tree.funcname).join(".");
    this.functions.push({ name, tree });
    const language = options(tree, "language")[0]?.String.sval;
    const body = options(tree, "as")[0]?.List.items[0].String.sval;
    if (language === "plpgsql") await this.#plpgsql(source, name, true);
    else if (body !== undefined) await this.text(body, name, true);
  }

  /** @param {string} source @param {string} where @param {boolean} inFunction */
  async #plpgsql(source, where, inFunction) {
    /** @type {{query: string, parseMode: number}[]} */
    const expressions = [];
    /** @type {string[]} */
    const executed = [];
    walk(await parsePlPgSQL(source), (kind, node) => {
      if (kind === "PLpgSQL_expr") expressions.push(node);
      if (kind === "PLpgSQL_type") this.types.push({ where, type: node.typname });
      if (kind === "PLpgSQL_stmt_dynexecute" || kind === "PLpgSQL_stmt_dynfors") executed.push(node.query.PLpgSQL_expr.query);
      const dynamic = node.dynquery?.PLpgSQL_expr?.query;
      if (dynamic) executed.push(dynamic);
    });
    // Mode 0 is a statement, 2 an expression, and from 3 an assignment.
    for (const { query, parseMode } of expressions) {
      const text = parseMode === 0 ? query : `select ${parseMode === 2 ? query : query.replace(/^[^:=]*:?=/, "")}`;
      await this.text(text, where, inFunction);
    }
    for (const query of executed) await this.#executed(query, where, inFunction);
  }

  /** @param {string} query an expression whose value is executed @param {string} where @param {boolean} inFunction */
  async #executed(query, where, inFunction) {
    const { stmts: [{ stmt }] } = await parse(`select ${query}`);
    const found = template(/** @type {any} */ (stmt).SelectStmt.targetList[0].ResTarget.val);
    if (found === undefined) return void this.unreadable.push({ where, text: query });
    for (const word of ["some_name", ""]) {
      const text = found.replace(/%(?:\d+\$)?([IsL%])/g, (_, /** @type {string} */ kind) => ({ I: "some_name", s: word, L: "'some text'", "%": "%" })[kind] ?? "");
      const parses = await parse(text).then(() => true, () => false);
      if (parses) return await this.text(text, where, inFunction);
    }
    this.unreadable.push({ where, text: found });
  }
}

/** The constant of an expression, or the first argument where a function takes a text: format, external. @param {any} node @returns {string | undefined} */
function template(node) {
  const name = parts(node?.FuncCall?.funcname).at(-1);
  return name === "format" || name === "external" ? template(node.FuncCall.args[0]) : constant(node);
}
