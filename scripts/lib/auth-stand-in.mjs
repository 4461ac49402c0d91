// A stand-in for Supabase Auth: its events, and the call of the hook in the transaction of the action, which may be taken back.
import { randomInt, randomUUID } from "node:crypto";
import path from "node:path";
import { ROOT } from "./host.mjs";

/** What an embedded database needs before the queue's migration. */
export const AUTH_STAND_IN = path.join(ROOT, "scripts/lib/auth-stand-in.sql");

const code = () => String(randomInt(100_000, 1_000_000));
const hash = () => `pkce_${randomUUID().replaceAll("-", "")}`;

/**
 * An event as Auth hands it to the hook. A notice has no token. With a new address, both addresses have to agree: the tokens are crossed.
 * @param {string} type @param {{email: string, newEmail?: string, data?: object, metadata?: object}} user data: more of email_data; metadata: user_metadata
 */
export function authEvent(type, { email, newEmail, data = {}, metadata = {} }) {
  const awaited = !type.endsWith("_notification");
  return {
    metadata: { uuid: randomUUID(), time: new Date().toISOString(), name: "send-email", ip_address: "127.0.0.1" },
    user: { id: randomUUID(), aud: "authenticated", role: "authenticated", email, phone: "", ...newEmail ? { new_email: newEmail } : {}, app_metadata: { provider: "email" }, user_metadata: metadata, is_anonymous: false },
    email_data: {
      token: awaited ? code() : "", token_hash: awaited ? hash() : "", redirect_to: "https://demo.example/welcome?from=mail&x=1", email_action_type: type, site_url: "https://demo.example/auth/v1",
      token_new: newEmail ? code() : "", token_hash_new: newEmail ? hash() : "", old_email: "", old_phone: "", provider: "", factor_type: "", ...data,
    },
  };
}

/** The mails that an event leads to: to whom, with which code and hash. @param {ReturnType<typeof authEvent>} event */
export function mailsOf({ user, email_data: { token, token_hash: tokenHash, token_new: tokenNew, token_hash_new: tokenHashNew } }) {
  return user.new_email
    ? [{ to: user.email, token, tokenHash: tokenHashNew }, { to: user.new_email, token: tokenNew, tokenHash }]
    : [{ to: user.email, token, tokenHash }];
}

/**
 * Auth's call, through an embedded database that has AUTH_STAND_IN. @param {{rpc: (name: string, args?: object) => Promise<any>}} lite
 * @returns {(event: object, options?: {undo?: boolean}) => Promise<any>} undo: the action fails afterwards. Throws what was taken back
 */
export const authOver = ({ rpc }) => (event, { undo = false } = {}) => rpc("auth_stand_in", { p_event: event, p_undo: undo });

/** The same over a connection (the package `postgres`) of supabase_auth_admin. @param {any} sql @returns {ReturnType<typeof authOver>} */
export const authOverConnection = (sql) => (event, { undo = false } = {}) => sql.begin(async (/** @type {any} */ its) => {
  await its`select set_config('statement_timeout', '2s', true)`;
  const [{ answer }] = await its`select "public"."email_queue_auth_hook"(${its.json(event)}) as answer`;
  if (undo || answer.error) throw new Error(answer.error?.message ?? "the sign-up is taken back");
  return answer;
});
