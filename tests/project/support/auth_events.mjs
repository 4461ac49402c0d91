// Events as Supabase Auth gives them to its Send Email hook.

export { AUTH_URL, authEvent, callHook } from "../../../scripts/lib/auth-stand-in.mjs";

/** What each type's mail has. @type {Record<string, {code: boolean, link: boolean}>} */
export const TYPES = {
  ...Object.fromEntries(["signup", "invite", "magiclink", "recovery", "email_change"].map((type) => [type, { code: true, link: true }])),
  reauthentication: { code: true, link: false },
  ...Object.fromEntries(["password_changed", "email_changed", "phone_changed", "identity_linked", "identity_unlinked", "mfa_factor_enrolled", "mfa_factor_unenrolled"]
    .map((name) => [`${name}_notification`, { code: false, link: false }])),
};
