// Events as Supabase Auth gives them to its Send Email hook.

export const AUTH_URL = "https://abcdefghijklmnopqrst.supabase.co/auth/v1";

/** What each type's mail has. @type {Record<string, {code: boolean, link: boolean}>} */
export const TYPES = {
  ...Object.fromEntries(["signup", "invite", "magiclink", "recovery", "email_change"].map((type) => [type, { code: true, link: true }])),
  reauthentication: { code: true, link: false },
  ...Object.fromEntries(["password_changed", "email_changed", "phone_changed", "identity_linked", "identity_unlinked", "mfa_factor_enrolled", "mfa_factor_unenrolled"]
    .map((name) => [`${name}_notification`, { code: false, link: false }])),
};

/** @param {string} type @param {object} [data] of email_data @param {object} [user] */
export const authEvent = (type, data = {}, user = {}) => ({
  metadata: { uuid: crypto.randomUUID(), time: "2026-11-27T00:00:00Z", name: "send-email", ip_address: "192.0.2.1" },
  user: {
    id: crypto.randomUUID(), aud: "authenticated", role: "authenticated", email: "ann@customer.example", phone: "",
    app_metadata: { provider: "email" }, user_metadata: {}, identities: [], is_anonymous: false, ...user,
  },
  email_data: {
    token: TYPES[type]?.code === false ? "" : "305805", token_hash: TYPES[type]?.code === false ? "" : "pkce_7d5b7b1964cf5d388340a7f0",
    redirect_to: "https://app.example/", email_action_type: type, site_url: AUTH_URL, token_new: "", token_hash_new: "",
    old_email: type === "email_changed_notification" ? "old@customer.example" : "", old_phone: type === "phone_changed_notification" ? "4912345" : "",
    provider: type.startsWith("identity") ? "github" : "", factor_type: type.startsWith("mfa") ? "totp" : "", ...data,
  },
});

/**
 * What Auth does: the call within the transaction of the sign-up, with two seconds for it.
 * @param {any} sql a connection @param {object} event @returns {Promise<any>}
 */
export async function callHook(sql, event) {
  await sql`select set_config('statement_timeout', '2s', true)`;
  const [{ answer }] = await sql`select "public"."email_queue_auth_hook"(${sql.json(event)}) as answer`;
  await sql`select set_config('statement_timeout', '0', true)`;
  return answer;
}
