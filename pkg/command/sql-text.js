// The code of SQL, as far as its text tells: statements without comments, strings and the bodies of functions. No parser: where a
// quote is never closed, the rest counts as code.

/** A string or a body stands in a statement as $n$: its text is literals[n]. @typedef {{statements: string[], literals: string[]}} Sql */

// A comment to the line's end, the beginning of another one, strings, a quoted name, a text between dollars.
const TOKEN = /--[^\n]*|\/\*|(?<![\w$])[eE]'([^'\\]*(?:(?:\\[^]|'')[^'\\]*)*)'|'([^']*(?:''[^']*)*)'|"([^"]*(?:""[^"]*)*)"|(?<![\w$])\$((?:[A-Za-z_]\w*)?)\$([^]*?)\$\4\$/g;

/** Each migration is asked several things. @type {Map<string, Sql>} */
const known = new Map();

/** In lower case, with single blanks, and with names bare that need no quotes. @param {string} text @returns {Sql} */
export function readSql(text) {
  /** @type {string[]} */
  const literals = [];
  const sql = known.get(text) ?? { statements: code(text, literals).split(";").map((statement) => statement.trim()).filter(Boolean), literals };
  known.set(text, sql);
  return sql;
}

/** @param {string} text @param {string[]} literals gets those that it has @returns {string} */
function code(text, literals) {
  let found = "";
  let at = 0;
  for (const { all, index, escaped, plain, name, body } of tokens(text)) {
    found += text.slice(at, index).toLowerCase();
    at = index + all.length;
    const literal = body ?? (escaped ?? plain)?.replaceAll("''", "'");
    if (literal !== undefined) found += ` $${literals.push(literal) - 1}$ `;
    // None of the queue's names needs quotes.
    else found += name === undefined ? " " : ` ${/^[a-z_][a-z0-9_$]*$/.test(name) ? name : '""'} `;
  }
  const bare = (found + text.slice(at).toLowerCase()).replace(/\s+/g, " ").replace(/ ?([.(]) ?/g, "$1");
  // What a DO block has is run as what stands around it.
  return bare.replace(/(^|;) ?do (?:language \w+ )?\$(\d+)\$/g, (_, before, number) => `${before}${code(literals[number] ?? "", literals)};`);
}

/** @typedef {{all: string, index: number, escaped?: string | undefined, plain?: string | undefined, name?: string | undefined, body?: string | undefined}} Token */

/** @param {string} text @returns {Generator<Token>} */
function* tokens(text) {
  const pattern = new RegExp(TOKEN);
  for (let match; (match = pattern.exec(text));) {
    const [all, escaped, plain, name, , body] = match;
    if (all !== "/*") yield { all, index: match.index, escaped, plain, name, body };
    else {
      const end = endOfComment(text, match.index);
      yield { all: text.slice(match.index, end), index: match.index };
      pattern.lastIndex = end;
    }
  }
}

/** Comments stand in comments. @param {string} text @param {number} start */
function endOfComment(text, start) {
  const pattern = /\/\*|\*\//g;
  pattern.lastIndex = start;
  let depth = 0;
  for (let match; (match = pattern.exec(text));) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return pattern.lastIndex;
  }
  return text.length;
}
