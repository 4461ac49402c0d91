// The function's secrets: which are set, which are replaced, and the new one.
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { CommandError } from "./terminal.js";
import { FUNCTION_VARIABLES, secretLine } from "./variables.js";

export const SECRET = "PROCESS_EMAIL_QUEUE_SECRET";

export const newSecret = () => randomBytes(32).toString("base64url");

/** The names of those that have a value, or will be given one. @param {Record<string, string | undefined>} env */
export const secretNames = (env) => FUNCTION_VARIABLES.filter((name) => env[name] || name === SECRET);

/** The file for `supabase secrets set`. @param {string[]} names @param {Record<string, string | undefined>} env */
export const secretFile = (names, env) => names.map((name) => secretLine(name, env[name] ?? "")).join("");

/** Keeps what was made or chosen in .env; null takes it out. @param {string} file @param {string} name @param {string | null} value @throws {CommandError} */
export function keep(file, name, value) {
  try {
    // Byte by byte, since nothing else of the file is ours. An empty line of it, as in .env.example, gives way.
    const text = fs.existsSync(file) ? fs.readFileSync(file, "latin1") : "";
    const others = text.split("\n").filter((line) => !new RegExp(`^(\\xef\\xbb\\xbf)?\\s*(export\\s+)?${name}\\s*=`).test(line)).join("\n");
    if (value === null && others === text) return;
    const end = others === "" || others.endsWith("\n") ? "" : "\n";
    // In place, so that owner and mode stay.
    fs.writeFileSync(file, value === null ? others : `${others}${end}${name}=${value}\n`, { encoding: "latin1", mode: 0o600 });
  } catch {
    throw new CommandError(`${name} could not be written into ${path.resolve(file)}: make the file writable, or set the variable`);
  }
}

/**
 * What the project has of ours already, by the SHA-256 of the value, which is all that Supabase shows.
 * @param {Record<string, string | undefined>} env @param {{name: string, value: string}[]} present as `supabase secrets list` gives them
 */
export function compareSecrets(env, present) {
  const digests = new Map(present.map(({ name, value }) => [name, value]));
  const names = secretNames(env);
  const differs = (/** @type {string} */ name) => digests.get(name) !== createHash("sha256").update(env[name] ?? "").digest("hex");
  return { added: names.filter((name) => !digests.has(name)), replaced: names.filter((name) => digests.has(name) && differs(name)) };
}
