// Supabase Auth's settings, as far as its Send Email hook goes. Only the hook's two fields are ever written, both in one request.
import process from "node:process";
import { apiOf, manage, tokenOf } from "./api.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {import("./api.js").Place} Place
 * @typedef {{enabled: boolean, uri: string | null}} Hook
 * @typedef {{hook: Hook, limit: number | undefined, linkSeconds: number | undefined, siteUrl: string | undefined}} Auth
 *   limit: mails an hour; linkSeconds: how long a link is valid; siteUrl: the application's address
 */

export const URI = "pg-functions://postgres/public/email_queue_auth_hook";

/** Null where no token can be read, or nothing names the project. @param {Record<string, string | undefined>} env @param {string | undefined} ref @returns {Place | null} */
export function placeOf(env, ref) {
  const token = tokenOf(env);
  return ref && token ? { ref, token, api: env.SUPABASE_API_URL?.replace(/\/+$/, "") ?? apiOf(env) } : null;
}

/** Auth passes over the host. @param {Hook} hook */
export const isOurs = ({ uri }) => /^pg-functions:\/\/[^/]*\/public\/email_queue_auth_hook$/.test(uri ?? "");

/** A hook for people: what an address has beside host and path may be a secret. @param {Hook} hook */
export function shown({ uri }) {
  if (!uri) return "without an address";
  const [, address] = /^([a-z-]+:\/\/(?:[^/?#]*@)?[^?#]*)/.exec(uri) ?? [];
  return (address ?? "an address that cannot be read").replace(/\/\/[^/]*@/, "//");
}

/** @param {Place} place @returns {Promise<Auth>} @throws {CommandError} */
export async function readAuth(place) {
  const found = await manage(place, { method: "GET", path: "config/auth", permission: "auth_config_read", does: "read the Auth settings of" });
  if (typeof found?.hook_send_email_enabled !== "boolean") throw new CommandError("Supabase's Management API tells nothing of a Send Email hook", "switch it in the dashboard: Authentication, Auth Hooks");
  const number = (/** @type {any} */ value) => typeof value === "number" ? value : undefined;
  return { hook: { enabled: found.hook_send_email_enabled, uri: found.hook_send_email_uri || null }, limit: number(found.rate_limit_email_sent), linkSeconds: number(found.mailer_otp_exp), siteUrl: /^https?:\/\/[^\s#]+$/.test(found.site_url) ? found.site_url : undefined };
}

/** @param {Place} place @param {Hook} hook @returns {Promise<void>} */
const write = (place, { enabled, uri }) => manage(place, { method: "PATCH", path: "config/auth", body: { hook_send_email_enabled: enabled, hook_send_email_uri: uri }, permission: "auth_config_write", does: "change the Auth settings of" });

/** @param {Hook} one @param {Hook} other */
const same = (one, other) => one.enabled === other.enabled && one.uri === other.uri;

/**
 * Changes the hook, and reads it back. If that fails, or somebody interrupts it, Auth is as it was.
 * @param {Place} place @param {Hook} before @param {Hook} after @returns {Promise<Auth>} @throws {CommandError}
 */
export async function switchHook(place, before, after) {
  let stopped = false;
  const stop = () => void (stopped = true);
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM"]);
  for (const signal of signals) process.on(signal, stop);
  try {
    let fault = new CommandError("interrupted", "repeat the command", 130);
    try {
      await write(place, after);
      const now = await readAuth(place);
      if (!stopped && same(now.hook, after)) return now;
      if (!stopped) fault = new CommandError("Auth does not show the hook that it was given", "switch it in the dashboard: Authentication, Auth Hooks");
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (!stopped) fault = error;
    }
    const isBack = await goBack(place, before);
    throw new CommandError(`${fault.message}. ${isBack ? "Auth is as it was" : "Whether Auth has the change is not known"}`, isBack ? fault.remedy : "email-queue auth-hook status says what it has now; email-queue auth-hook off goes back", fault.code);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/** A request without an answer may have been carried out. @param {Place} place @param {Hook} before @returns {Promise<boolean>} */
async function goBack(place, before) {
  try {
    if (same((await readAuth(place)).hook, before)) return true;
  } catch {
    // It is written all the same.
  }
  try {
    await write(place, before);
    return same((await readAuth(place)).hook, before);
  } catch {
    return false;
  }
}
