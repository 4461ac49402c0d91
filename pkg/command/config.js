// supabase/config.toml, and the function's section at its end. This is not a TOML parser: it only finds out whether a section may be
// appended. If it cannot tell, the user gets the text to paste.

/** @typedef {{table: string[], key: string[], value: string}} Entry */

/** @param {string} name @returns {string} with \n */
export const section = (name) => `[functions.${name}]
# The function checks its callers itself: publishable keys pass Supabase's check.
verify_jwt = false
entrypoint = "./functions/${name}/index.ts"
`;

/**
 * What has to be done to the configuration for a function.
 * @param {string} text @param {string} name
 * @returns {{kind: "present"} | {kind: "append", text: string} | {kind: "paste", why: string, text: string}} text: what to paste, and where
 */
export function configure(text, name) {
  const entries = scan(text);
  const whole = `Put this into it:\n\n${section(name)}`;
  if (!entries) return { kind: "paste", why: "it cannot be read as TOML", text: whole };
  const own = entriesOf(entries, name);
  if (own.length > 0) {
    const value = (/** @type {string} */ called) => own.find(({ key }) => key.at(-1) === called)?.value;
    const [checks, enabled] = [value("verify_jwt"), value("enabled") ?? "true"];
    const wrong = [
      ...checks === "false" ? [] : [{ is: checks ? `with verify_jwt = ${checks}` : "without verify_jwt = false", be: "verify_jwt = false" }],
      // The Supabase CLI does not deploy it.
      ...enabled === "true" ? [] : [{ is: `with enabled = ${enabled}`, be: "enabled = true" }],
    ];
    if (wrong.length === 0) return { kind: "present" };
    return { kind: "paste", why: `it has functions.${name} already, ${wrong.map(({ is }) => is).join(" and ")}`, text: `Set there: ${wrong.map(({ be }) => be).join(" and ")}` };
  }
  const inline = entries.find(({ table, key, value }) => value.startsWith("{") && [...table, ...key].join(".") === "functions");
  if (inline) return { kind: "paste", why: "its functions are an inline table", text: `Put this between its braces: ${name} = { verify_jwt = false, entrypoint = "./functions/${name}/index.ts" }` };
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const glue = text === "" || /\n\s*\n$/.test(text) ? "" : text.endsWith("\n") ? end : end + end;
  const appended = text + glue + section(name).replaceAll("\n", end);
  // Read back: an open string or bracket would swallow it.
  const found = scan(appended);
  if (!found || entriesOf(found, name).length !== 2 || found.length !== entries.length + 2) return { kind: "paste", why: "the text at its end would swallow a section", text: whole };
  return { kind: "append", text: appended };
}

/** Whether it says something of a function. @param {string} text @param {string} name */
export const hasSection = (text, name) => entriesOf(scan(text) ?? [], name).length > 0;

/** Without the section, where it stands as it was written. @param {string} text @param {string} name @returns {string | undefined} */
export function withoutSection(text, name) {
  // What was added to it would belong to the section before.
  if (entriesOf(scan(text) ?? [], name).length !== 2) return undefined;
  const written = section(name).replaceAll("\n", text.includes("\r\n") ? "\r\n" : "\n");
  const at = text.indexOf(written);
  if (at < 0) return undefined;
  const [before, after] = [text.slice(0, at), text.slice(at + written.length)];
  return after === "" ? before.replace(/\r?\n(\r?\n)$/, "$1") : before + after.replace(/^\r?\n/, "");
}

/**
 * The folder or the files of a declared schema, as the configuration names them.
 * @param {string} text @returns {{folder?: string, globs?: string[]}}
 */
export function declared(text) {
  const entries = scan(text) ?? [];
  const value = (/** @type {string} */ name) => entries.find(({ table, key }) => [...table, ...key].join(".") === name || key.at(-1) === name)?.value;
  const folder = /^["'](.*)["']$/.exec(value("declarative_schema_path") ?? "")?.[1];
  const list = value("db.migrations.schema_paths");
  const globs = list?.startsWith("[") ? [...list.matchAll(/"([^"]*)"|'([^']*)'/g)].map(([, one, other]) => one ?? other ?? "") : undefined;
  return { ...(folder ? { folder } : {}), ...(globs && globs.length > 0 ? { globs } : {}) };
}

/** The entries of a function, in a table or an inline one. @param {Entry[]} entries @param {string} name @returns {Entry[]} */
export function entriesOf(entries, name) {
  return entries.flatMap(({ table, key, value }) => {
    const [first, second, ...rest] = [...table, ...key];
    if (first !== "functions" || second !== name) return [];
    if (rest.length > 0) return [{ table, key, value }];
    const inner = [...value.matchAll(/([\w-]+)\s*=\s*("[^"]*"|'[^']*'|[^,}]+)/g)];
    return inner.map(([, inside = "", text = ""]) => ({ table, key: [...key, inside], value: text.trim() }));
  });
}

/** Every `key = value` with its table; undefined where the text is no TOML. @param {string} text @returns {Entry[] | undefined} */
export function scan(text) {
  /** @type {Entry[]} */
  const entries = [];
  /** @type {string[]} */
  let table = [];
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = strip(lines[i] ?? "").trim();
    if (line === "") continue;
    const header = /^\[\[?\s*(.+?)\s*\]\]?$/.exec(line);
    if (header && !line.includes("=")) {
      const names = parts(header[1] ?? "");
      if (!names) return undefined;
      table = names;
      continue;
    }
    const at = equals(line);
    const key = at < 0 ? undefined : parts(line.slice(0, at).trim());
    if (!key) return undefined;
    let value = line.slice(at + 1).trim();
    const quotes = /^("""|''')/.exec(value)?.[1];
    if (quotes) {
      let raw = (lines[i] ?? "").slice((lines[i] ?? "").indexOf(quotes));
      while (raw.indexOf(quotes, 3) < 0) {
        if (++i >= lines.length) return undefined;
        raw += `\n${lines[i]}`;
      }
      value = raw;
    } else {
      while (open(value) > 0) {
        if (++i >= lines.length) return undefined;
        value += ` ${strip(lines[i] ?? "").trim()}`;
      }
      if (value === "" || open(value) < 0) return undefined;
    }
    entries.push({ table, key, value });
  }
  return entries;
}

/** Dotted, quoted or bare. @param {string} text @returns {string[] | undefined} */
function parts(text) {
  const names = [...text.matchAll(/\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|$)/gy)];
  if (names.map(([all]) => all).join("") !== text || names.length === 0) return undefined;
  return names.map(([, one, other, bare]) => one ?? other ?? bare ?? "");
}

/** Where the key ends. @param {string} line */
const equals = (line) => (/^(?:"[^"]*"|'[^']*'|[^"'=])*=/.exec(line)?.[0].length ?? 0) - 1;

/** Without its comment. @param {string} line */
const strip = (line) => line.replace(/^((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^#"'])*)#.*$/, "$1");

/** Brackets that are open. @param {string} value */
function open(value) {
  const bare = value.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, "");
  return (bare.match(/[[{]/g)?.length ?? 0) - (bare.match(/[\]}]/g)?.length ?? 0);
}
