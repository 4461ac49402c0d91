// Asks a project's Management API, by the project's reference: for settings, and for its database. This needs neither the database's
// password nor a connection to it. The CLI 2 wants a connection, which a network with IPv4 only cannot make. If the token is in the
// system's keyring, only the CLI can read it.
import os from "node:os";
import path from "node:path";
import { read } from "./files.js";
import { CommandError } from "./terminal.js";

const API = "https://api.supabase.com";

/** The access token, where it can be read. @param {Record<string, string | undefined>} env */
export function tokenOf(env) {
  const token = (env.SUPABASE_ACCESS_TOKEN || read(path.join(env.HOME ?? env.USERPROFILE ?? os.homedir(), ".supabase", "access-token")))?.trim() || undefined;
  // An error about a header would show it.
  if (token && !/^[!-~]+$/.test(token)) throw new CommandError("the access token has a character that no token has", "correct SUPABASE_ACCESS_TOKEN, or repeat supabase login", 2);
  return token;
}

/** The API's address: another one where the CLI's profile is a file. @param {Record<string, string | undefined>} env */
export function apiOf(env) {
  const profile = env.SUPABASE_PROFILE && /\.ya?ml$/.test(env.SUPABASE_PROFILE) ? read(env.SUPABASE_PROFILE) : null;
  return /^api_url:\s*["']?(\S+?)["']?\s*$/m.exec(profile ?? "")?.[1]?.replace(/\/$/, "") ?? API;
}

/** Whose settings, and who asks. @typedef {{ref: string, token: string, api: string}} Place */

/**
 * @param {Place} place @param {{method: string, path: string, body?: object, permission: string, does: string}} what permission: which
 *   the token needs; does: in the words of an error, as in "query"
 * @returns {Promise<any>} @throws {CommandError}
 */
export async function manage({ ref, token, api }, { method, path: where, body, permission, does }) {
  let response;
  let answer;
  try {
    response = await fetch(`${api}/v1/projects/${ref}/${where}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...body ? { "content-type": "application/json" } : {} },
      ...body ? { body: JSON.stringify(body) } : {},
      // The token would go along.
      redirect: "manual",
      signal: AbortSignal.timeout(120_000),
    });
    answer = parse(await response.text());
  } catch (error) {
    throw new CommandError(`Supabase's Management API did not answer (${/** @type {any} */ (error).cause?.code ?? /** @type {Error} */ (error).name})`, "check this machine's network, then repeat the command");
  }
  if (response.ok) return answer;
  const { status } = response;
  if (status === 401) throw new CommandError("Supabase refuses the access token", "supabase login, or set SUPABASE_ACCESS_TOKEN: https://supabase.com/dashboard/account/tokens");
  if (status === 403 || status === 404) throw new CommandError(`the access token may not ${does} the project ${ref}, or there is no such project`, `check the project's reference; the token needs the permission ${permission} for that project`);
  throw new CommandError(String(answer?.message ?? `Supabase's Management API answered ${status}`).replace(/^Failed to run sql query: (ERROR: +)?/, ""), "correct what the message names, then repeat the command");
}

/** @param {Place & {sql: string}} what @returns {Promise<any[]>} the rows @throws {CommandError} */
export async function queryApi({ sql, ...place }) {
  const answer = await manage(place, { method: "POST", path: "database/query", body: { query: sql }, permission: "database_write", does: "query" });
  return Array.isArray(answer) ? answer : [];
}

/** @param {string} text @returns {any} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
