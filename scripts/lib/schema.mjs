// Writes the migration of this version from its sources, supabase/schemas: `scripts/build --sql`. The first version's migration installs
// the schema, each later one upgrades from the release before it (upgrade-step.mjs). Version and time are in supabase/version.json and are
// changed by hand. Folders come in the order of their numbers, files in the order of their names. So a type, whose name begins with _,
// comes before the functions that take it. Bodies of functions need no order.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./host.mjs";
import { upgradeStep } from "./upgrade-step.mjs";

const VERSION = "supabase/version.json";
const LIMITS = "src/base/limits.rs";
const RELEASES = "supabase/releases.json";

/** Bodies are read when they first run, so that their order does not matter; a test reads each of them. */
const BEGIN = "set standard_conforming_strings = on;\nset check_function_bodies = off;\n";
const end = (drift = "") => `call email_queue_private.apply_grants();\ncall email_queue_private.record_schema(${drift});\nreset check_function_bodies;\nnotify pgrst, 'reload schema';\n`;

/** @param {string} root @returns {{version: string, time: string}} */
function release(root) {
  const { version, time } = JSON.parse(fs.readFileSync(path.join(root, VERSION), "utf8"));
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${VERSION}: version: ${version} is not like 0.1.0`);
  const iso = String(time).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3T$4:$5:$6.000Z");
  const at = new Date(iso);
  if (Number.isNaN(at.getTime()) || at.toISOString() !== iso) throw new Error(`${VERSION}: time: ${time} is not like 20261126120000`);
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

/** The functions of public, by the signatures in their comments. @param {string} text @returns {string} */
function api(text) {
  const signatures = [...text.matchAll(/^comment on function public\.(email_queue_\w+\([^)]*\)) is/gm)];
  return signatures.map(([, name]) => `'${name.replaceAll("timestamptz", "timestamp with time zone")}'`).sort().join(",\n    ");
}

/** One object in two sources: "create or replace" would take the later one without a word. @param {{name: string, text: string}[]} written */
function refuseTwice(written) {
  /** @type {Map<string, string>} */
  const places = new Map();
  for (const { name, text } of written) {
    for (const [, object = ""] of text.matchAll(/^create (?:or replace )?(?:unlogged )?((?:function|procedure|table|view|type|sequence) [\w.]+)/gm)) {
      const first = places.get(object);
      if (first) throw new Error(`supabase/schemas: the ${object} is in ${first} and in ${name}: delete one`);
      places.set(object, name);
    }
  }
}

/** The sources in their order, with their values written in. @param {string} [root] @returns {{name: string, text: string}[]} */
export const sources = (root = ROOT) => readSources(root).texts;

/** @param {string} root @returns {{texts: {name: string, text: string}[], fill: (file: string, text: string) => string}} fill: writes values into a text */
function readSources(root) {
  const schemas = path.join(root, "supabase/schemas");
  const files = fs.readdirSync(schemas, { recursive: true }).map(String).filter((name) => fs.statSync(path.join(schemas, name)).isFile())
    .map((name) => name.split(path.sep).join("/")).sort();
  // Supabase Lite takes a schema.sql for the whole schema.
  const wrong = files.find((name) => !/^\d\d_[a-z_]+\/[a-z0-9_]+\.sql$/.test(name) || name.endsWith("/schema.sql"));
  if (wrong) throw new Error(`supabase/schemas/${wrong}: a source is NN_subject/name.sql, and none is schema.sql`);
  const shared = limits(root);
  const written = files.map((name) => ({ name, text: fs.readFileSync(path.join(schemas, name), "utf8") }));
  /** @type {Record<string, string>} */
  const values = { version: release(root).version, api: api(written.map(({ text }) => text).join("\n")), ...shared };
  refuseTwice(written);
  const unused = new Set(Object.keys(shared));
  const fill = (/** @type {string} */ file, /** @type {string} */ text) => text.replace(/\{\{(\w+)([+-]\d+)?\}\}/g, (_, word, more) => {
    if (!(word in values)) throw new Error(`${file}: nothing says what {{${word}}} is`);
    unused.delete(word);
    return more ? String(Number(values[word]) + Number(more)) : /** @type {string} */ (values[word]);
  });
  const texts = written.map(({ name, text }) => ({ name, text: fill(`supabase/schemas/${name}`, text) }));
  if (unused.size > 0) throw new Error(`${LIMITS}: no source of supabase/schemas has {{${[...unused][0]}}}`);
  return { texts, fill };
}

/** The SQL that makes this version's schema in a database without it. @param {string} [root] @returns {string} */
export const installation = (root = ROOT) => [
  `-- email-queue ${release(root).version}. Generated by scripts/build --sql from supabase/schemas: change those.\n`,
  BEGIN,
  ...sources(root).map(({ name, text }) => `-- ${name}\n${text}`),
  end(),
].join("\n");

/** As the command writes it into a project. @param {string} version @param {string} text @param {string} [from] */
export const forProjects = (version, text, from) =>
  `-- email-queue ${version}${from ? `, from ${from}` : ""}. Written by the command email-queue: leave it as it is, as every migration that was applied.\n${text}`;

/** The migration that brings this version. @param {string} [root] @returns {{file: string, text: string, version: string}} */
export function migration(root = ROOT) {
  const { version, time } = release(root);
  // Supabase Lite takes no name with another dot.
  const file = `${time}_email_queue_${version.replaceAll(".", "_")}.sql`;
  const before = earlier(root).at(-1);
  if (before && before.file > file) throw new Error(`${VERSION}: ${time} is before ${before.file}: a version comes after those that it upgrades`);
  const text = before ? upgrade(root, before.version) : installation(root);
  const released = releases(root).find((one) => one.version === version);
  if (released && (released.migrations[file] !== digest(text) || released.installation !== digest(forProjects(version, installation(root))))) {
    throw new Error(`${VERSION}: ${version} was released, and supabase/schemas makes another schema now: give it the next version, and its time`);
  }
  return { file, version, text };
}

/** The SQL that makes this version's schema of another version's. @param {string} root @param {string} from */
function upgrade(root, from) {
  const { version } = release(root);
  const { texts, fill } = readSources(root);
  const named = `supabase/upgrades/${from}-${version}.sql`;
  const read = (/** @type {string} */ file) => fs.readFileSync(path.join(root, file), "utf8");
  if (!fs.existsSync(path.join(root, named))) throw new Error(`${named} is missing: it changes tables and rows, and drops what is gone (CONTRIBUTING.md, "A release"). If there is nothing of that, it is empty`);
  const included = read(named).replace(/\{\{(\w+\/\w+\.sql)\}\}/g, (_, name) => {
    const source = texts.find((one) => one.name === name);
    if (!source) throw new Error(`${named}: there is no source ${name}`);
    return source.text;
  });
  return [
    `-- email-queue ${version}, from ${from}. Generated by scripts/build --sql from ${named} and supabase/schemas: change those.\n`,
    BEGIN,
    ...upgradeStep({ from, to: version, head: read("supabase/upgrade.sql"), changes: { name: named, text: fill(named, included) }, sources: texts }),
    // Nothing is kept there if a client took no transaction for the whole.
    end("nullif(current_setting('email_queue.drift', true), '')::jsonb"),
  ].join("\n");
}

/**
 * What has been released: each version with the digests of all migrations up to its own, and of the SQL that installs it.
 * @typedef {{version: string, migrations: Record<string, string>, installation: string}} Release
 * @param {string} [root] @returns {Release[]}
 */
export function releases(root = ROOT) {
  const file = path.join(root, RELEASES);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : [];
}

/** The releases before this version, with their migrations. @param {string} [root] @returns {{version: string, file: string}[]} */
export const earlier = (root = ROOT) =>
  releases(root).filter(({ version }) => version !== release(root).version).map(({ version, migrations }) => ({ version, file: Object.keys(migrations).at(-1) ?? "" }));

/** Records this version as released: its migration must be there. @param {string} [root] */
export function recordRelease(root = ROOT) {
  const { version, file, text } = migration(root);
  const before = releases(root).filter((one) => one.version !== version);
  const release = { version, migrations: { ...before.at(-1)?.migrations, [file]: digest(text) }, installation: digest(forProjects(version, installation(root))) };
  fs.writeFileSync(path.join(root, RELEASES), `${JSON.stringify([...before, release], null, 2)}\n`);
}

/** @param {string} text */
export const digest = (text) => createHash("sha256").update(text).digest("hex");

/** Migrations of ours that are of no release and not the present one, as a change of the version leaves them. @param {string} [root] @returns {string[]} */
export function leftovers(root = ROOT) {
  const folder = path.join(root, "supabase/migrations");
  const known = [migration(root).file, ...releases(root).flatMap(({ migrations }) => Object.keys(migrations))];
  const found = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  return found.filter((file) => /^\d+_email_queue_.*\.sql$/.test(file) && !known.includes(file)).map((file) => `supabase/migrations/${file}`);
}

/** How the migrations differ from their sources. @param {string} [root] @returns {string[]} */
export function drift(root = ROOT) {
  const { file, text } = migration(root);
  const found = path.join(root, "supabase/migrations", file);
  const left = leftovers(root).map((name) => `${name} is of no release and not of ${VERSION}`);
  if (!fs.existsSync(found)) return [`supabase/migrations/${file} is missing`, ...left];
  return fs.readFileSync(found, "utf8") === text ? left : [`supabase/migrations/${file} is not what supabase/schemas makes`, ...left];
}
