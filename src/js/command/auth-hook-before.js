// What Auth's hook was before ours, for `auth-hook off`. It is kept in .env: another hook's address may hold a secret.
import { keep } from "./secrets.js";

/** @typedef {import("./auth-config.js").Hook} Hook */

/** @param {string} ref of the project: a file may serve several */
const nameOf = (ref) => `EMAIL_QUEUE_AUTH_HOOK_BEFORE_${ref.toUpperCase()}`;

/** @param {Record<string, string | undefined>} env @param {string} ref @returns {Hook | null} null: not known here */
export function hookBefore(env, ref) {
  const [, state, uri] = /^(on|off)(?: (\S+))?$/.exec(env[nameOf(ref)] ?? "") ?? [];
  return state === undefined ? null : { enabled: state === "on", uri: uri ?? null };
}

/** In the place of an earlier one; null takes it out. @param {string} file @param {string} ref @param {Hook | null} hook @throws {import("./terminal.js").CommandError} */
export const keepHookBefore = (file, ref, hook) => keep(file, nameOf(ref), hook && [hook.enabled ? "on" : "off", ...hook.uri ? [hook.uri] : []].join(" "));
