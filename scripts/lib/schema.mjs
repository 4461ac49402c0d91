// Writes the migration of this version from its sources, supabase/schemas: `scripts/build --sql`. Version and time stand in
// supabase/version.json and change by hand. Folders come in the order of their numbers, and files in that of their names, so
// that a type, whose name begins with _, is there before what takes it. Bodies of functions need no order.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const VERSION = "supabase/version.json";
const LIMITS = "src/base/limits.rs";

/** @param {string} root @returns {{version: string, time: string}} */
function release(root) {
  const { version, time } = JSON.parse(fs.readFileSync(path.join(root, VERSION), "utf8"));
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${VERSION}: version: ${version} is none, like 0.1.0`);
  const iso = String(time).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3T$4:$5:$6.000Z");
  const at = new Date(iso);
  if (Number.isNaN(at.getTime()) || at.toISOString() !== iso) throw new Error(`${VERSION}: time: ${time} is none, like 20261126120000`);
  return { version, time };
}

/** The limits that Rust holds too, by name. @param {string} root @returns {Record<string, string>} */
function limits(root) {
  return Object.fromEntries(fs.readFileSync(path.join(root, LIMITS), "utf8").split("\n").filter((line) => line.startsWith("pub")).map((line) => {
    const [, name, value] = /^pub const ([A-Z_]+): (?:u\d+|usize|f64) = ([0-9_.e]+);$/.exec(line) ?? [];
    if (!name) throw new Error(`${LIMITS}: ${line}: a limit is a number, like pub const MAX_TAGS: usize = 49;`);
    return [name, value.replaceAll("_", "")];
  }));
}

/** The sources in their order, with their values written in. @param {string} [root] @returns {{name: string, text: string}[]} */
export function sources(root = ROOT) {
  const schemas = path.join(root, "supabase/schemas");
  const files = fs.readdirSync(schemas, { recursive: true }).map(String).filter((name) => fs.statSync(path.join(schemas, name)).isFile())
    .map((name) => name.split(path.sep).join("/")).sort();
  // Supabase Lite takes a schema.sql for the whole schema.
  const wrong = files.find((name) => !/^\d\d_[a-z_]+\/[a-z0-9_]+\.sql$/.test(name) || name.endsWith("/schema.sql"));
  if (wrong) throw new Error(`supabase/schemas/${wrong}: a source is NN_subject/name.sql, and none is schema.sql`);
  const shared = limits(root);
  /** @type {Record<string, string>} */
  const values = { version: release(root).version, ...shared };
  const unused = new Set(Object.keys(shared));
  const texts = files.map((name) => ({
    name,
    text: fs.readFileSync(path.join(schemas, name), "utf8").replace(/\{\{(\w+)([+-]\d+)?\}\}/g, (_, word, more) => {
      if (!(word in values)) throw new Error(`supabase/schemas/${name}: nothing says what {{${word}}} is`);
      unused.delete(word);
      return more ? String(Number(values[word]) + Number(more)) : values[word];
    }),
  }));
  if (unused.size > 0) throw new Error(`${LIMITS}: no source of supabase/schemas has {{${[...unused][0]}}}`);
  return texts;
}

/** @param {string} [root] @returns {{file: string, text: string}} */
export function migration(root = ROOT) {
  const { version, time } = release(root);
  return {
    file: `${time}_email_queue_${version}.sql`,
    text: [
      `-- email-queue ${version}. Written by scripts/build --sql from supabase/schemas: change those.\n`,
      // Bodies are read when they first run, so that their order does not matter; a test reads each of them.
      "set standard_conforming_strings = on;\nset check_function_bodies = off;\n",
      ...sources(root).map(({ name, text }) => `-- ${name}\n${text}`),
      "call email_queue_private.apply_grants();\ncall email_queue_private.record_schema();\nreset check_function_bodies;\nnotify pgrst, 'reload schema';\n",
    ].join("\n"),
  };
}

/** How the migrations differ from their sources. @param {string} [root] @returns {string[]} */
export function drift(root = ROOT) {
  const { file, text } = migration(root);
  const found = path.join(root, "supabase/migrations", file);
  if (!fs.existsSync(found)) return [`supabase/migrations/${file} is missing`];
  return fs.readFileSync(found, "utf8") === text ? [] : [`supabase/migrations/${file} is not what supabase/schemas makes`];
}

/** @param {string} [option] */
function main(option) {
  if (option === "--check") {
    const faults = drift();
    if (faults.length > 0) throw new Error(`${faults.join(", ")}: run scripts/build --sql and commit it`);
    return "ok: the migration is what supabase/schemas makes";
  }
  const { file, text } = migration();
  fs.writeFileSync(path.join(ROOT, "supabase/migrations", file), text);
  return `wrote supabase/migrations/${file}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.error(main(process.argv[2]));
  } catch (error) {
    console.error(`error: ${/** @type {Error} */ (error).message}`);
    process.exitCode = 1;
  }
}
