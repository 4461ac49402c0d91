// Writes the migration of this version from its sources, supabase/schemas: `scripts/build --sql`. Version and time stand in
// supabase/version.json and change by hand. Folders come in the order of their numbers, and files in that of their names, so
// that a type, whose name begins with _, is there before what takes it. Bodies of functions need no order.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "./host.mjs";

/** @typedef {{file: string, text: string}} Migration */

/** The sources in their order, by their paths in schemas/. @param {string} schemas @returns {{name: string, text: string}[]} */
export function sources(schemas) {
  const files = fs.readdirSync(schemas, { recursive: true }).map(String).filter((name) => fs.statSync(path.join(schemas, name)).isFile())
    .map((name) => name.split(path.sep).join("/")).sort();
  // Supabase Lite takes a schema.sql for the whole schema.
  const wrong = files.filter((name) => !/^\d\d_[a-z_]+\/[a-z0-9_]+\.sql$/.test(name) || name.endsWith("/schema.sql"));
  if (wrong.length > 0) throw new Error(`supabase/schemas/${wrong[0]}: a source is NN_subject/name.sql, and none is schema.sql`);
  return files.map((name) => ({ name, text: fs.readFileSync(path.join(schemas, name), "utf8") }));
}

/** @param {string} [root] @returns {Migration} */
export function migration(root = ROOT) {
  const { version, time } = JSON.parse(fs.readFileSync(path.join(root, "supabase/version.json"), "utf8"));
  const [, ...numbers] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(time) ?? [];
  const iso = numbers.length > 0 ? `${numbers.slice(0, 3).join("-")}T${numbers.slice(3).join(":")}` : "";
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`supabase/version.json: version: ${version} is none, like 0.1.0`);
  if (Number.isNaN(Date.parse(`${iso}Z`)) || new Date(`${iso}Z`).toISOString().slice(0, 19) !== iso) {
    throw new Error(`supabase/version.json: time: ${time} is none: YYYYMMDDhhmmss`);
  }
  return {
    file: `${time}_email_queue_${version.replaceAll(".", "_")}.sql`,
    text: [
      `-- email-queue ${version}. Written by scripts/build --sql from supabase/schemas: change those.\n`,
      // Bodies are read when they first run, so that their order does not matter; a test reads each of them.
      "set standard_conforming_strings = on;\nset check_function_bodies = off;\n",
      ...sources(path.join(root, "supabase/schemas")).map(({ name, text }) => `-- ${name}\n${text}`),
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
