// What supabase/config.toml says that matters on this machine.
import path from "node:path";
import { entriesOf, scan } from "./config.js";
import { read } from "./files.js";

const DEFAULT_PORT = 54321;

/**
 * @typedef {object} Settings
 * @property {number} port of the API
 * @property {boolean} seed whether supabase/seed.sql is run
 * @property {(name: string) => {entry?: string, importMap?: string}} functionOf where its files are, if it says so
 *
 * @param {string} config the file @returns {Settings}
 */
export function readSettings(config) {
  const entries = scan(read(config) ?? "") ?? [];
  const value = (/** @type {string} */ name) => entries.find(({ table, key }) => [...table, ...key].join(".") === name)?.value;
  return {
    port: Number(value("api.port")) || DEFAULT_PORT,
    seed: value("db.seed.enabled") !== "false",
    functionOf: (name) => {
      const file = (/** @type {string} */ field) => {
        const [, text] = /^["'](.+)["']$/.exec(entriesOf(entries, name).find(({ key }) => key.at(-1) === field)?.value ?? "") ?? [];
        return text === undefined ? undefined : path.resolve(path.dirname(config), text);
      };
      const [entry, importMap] = [file("entrypoint"), file("import_map")];
      return { ...entry ? { entry } : {}, ...importMap ? { importMap } : {} };
    },
  };
}
