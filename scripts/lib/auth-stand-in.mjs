// A stand-in for Supabase Auth: its events, and the call of the hook in the transaction of the action, which may be taken back.
import { randomInt, randomUUID } from "node:crypto";
import path from "node:path";
import { ROOT } from "./host.mjs";

/** What an embedded database needs before the queue's migration. */
export const AUTH_STAND_IN = path.join(ROOT, "scripts/lib/auth-stand-in.sql");

export const AUTH_URL = "https://abcdefghijklmnopqrst.supabase.co/auth/v1";

export const newTokens = () => ({ token: String(randomInt(100_000, 1_000_000)), token_hash: `pkce_${randomUUID().replaceAll("-", "")}` });

/**
 * An event as Auth hands it to the hook. A notice has no token.
 * @param {string} type @param {object} [data] of email_data @param {object} [user]
 */
export const authEvent = (type, data = {}, user = {}) => ({
  metadata: { uuid: randomUUID(), time: new Date().toISOString(), name: "send-email", ip_address: "192.0.2.1" },
  user: {
    id: randomUUID(), aud: "authenticated", role: "authenticated", email: "ann@customer.example", new_email: "", phone: "",
    app_metadata: { provider: "email" }, user_metadata: {}, identities: [], is_anonymous: false, ...user,
  },
  email_data: {
    ...type.endsWith("_notification") ? { token: "", token_hash: "" } : newTokens(),
    redirect_to: "https://app.example/", email_action_type: type, site_url: AUTH_URL, token_new: "", token_hash_new: "",
    old_email: type === "email_changed_notification" ? "old@customer.example" : "", old_phone: type === "phone_changed_notification" ? "4912345" : "",
    provider: type.startsWith("identity") ? "github" : "", factor_type: type.startsWith("mfa") ? "totp" : "", ...data,
  },
});

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

/**
 * What Auth does (internal/hooks/hookspgfunc): the call within the transaction of the sign-up, with two seconds for it.
 * @param {any} sql a connection @param {object} event @returns {Promise<any>}
 */
export async function callHook(sql, event) {
  await sql`select set_config('statement_timeout', '2s', true)`;
  const [{ answer }] = await sql`select "public"."email_queue_auth_hook"(${sql.json(event)}) as answer`;
  await sql`select set_config('statement_timeout', '0', true)`;
  return answer;
}
