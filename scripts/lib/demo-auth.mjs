// The part of scripts/demo with Supabase Auth's mail: it is enqueued in the transaction of the sign-up.
import { authEvent, authOver, mailsOf, newTokens } from "./auth-stand-in.mjs";

const at = (/** @type {string} */ name) => `${name}@users.demo.example`;
const DATA = { redirect_to: "https://demo.example/welcome?from=mail&x=1", site_url: "https://demo.example/auth/v1" };
const { token: token_new, token_hash: token_hash_new } = newTokens();

/** @type {{name: string, about: string, event: ReturnType<typeof authEvent>}[]} */
const ACTIONS = [
  { name: "signup", about: "a user signs up", event: authEvent("signup", DATA, { email: at("sign-up") }) },
  { name: "magiclink", about: "a user asks for a link to sign in", event: authEvent("magiclink", DATA, { email: at("magic") }) },
  { name: "recovery", about: "a user has forgotten the password", event: authEvent("recovery", DATA, { email: at("recovery") }) },
  { name: "invite", about: "an administrator invites a user", event: authEvent("invite", DATA, { email: at("invited") }) },
  { name: "change", about: "a user changes the address: the old and the new one have to agree", event: authEvent("email_change", { ...DATA, token_new, token_hash_new }, { email: at("old"), new_email: at("new") }) },
  { name: "notice", about: "a password was changed", event: authEvent("password_changed_notification", DATA, { email: at("notice") }) },
];
const UNDONE = at("undone");

/**
 * @param {import("./local.mjs").Demo} local @param {import("../../src/js/local/local.js").Screen} screen @param {() => Promise<any>} drain
 * @returns {Promise<{mails: import("./demo-mails.mjs").Mail[], problems: string[]}>}
 */
export async function showAuth({ lite, queue, sandbox, QueueMessageStatus: { COMPLETED } }, screen, drain) {
  if (!sandbox) throw new Error("the real API shows no mailbox");
  screen.title("Mail of Supabase Auth: enqueued in the transaction of the sign-up");
  const problems = [];
  const call = authOver(lite);
  for (const { name, about, event } of ACTIONS) {
    await call(event);
    screen.line("info", name, about);
  }
  const undone = await call(authEvent("signup", DATA, { email: UNDONE }), { undo: true }).then(() => "was not taken back", (error) => /taken back/.test(error.message) ? "" : error.message);
  screen.line("info", "undone", "a user signs up, and the sign-up fails after its mail was enqueued");
  if (undone) problems.push(`the sign-up that fails: ${undone}`);
  await drain();

  const sent = async (/** @type {string} */ to) => /** @type {{emails: {subject: string, text: string}[]}} */ (await (await fetch(`${sandbox.url}/_sandbox/emails?to=${encodeURIComponent(to)}`)).json()).emails;
  /** @type {import("./demo-mails.mjs").Mail[]} */
  const mails = [];
  for (const { name, about, event } of ACTIONS) {
    const messages = await queue.getMessagesByStatus(COMPLETED, { metadata: { user_id: event.user.id } });
    for (const { id, payload } of messages) {
      mails.push({ id, name, about, expected: "completed", attempts: 1, message: () => ({}) });
      if (payload) problems.push(`the queue shows the payload of ${name}`);
    }
    for (const { to, token, tokenHash } of mailsOf(event)) {
      const [mail, ...more] = await sent(to);
      const right = mail && more.length === 0 && mail.text.includes(token) && (!tokenHash || mail.text.includes(`/verify?token=${tokenHash}&type=${event.email_data.email_action_type}&`));
      if (!right) problems.push(`${name}: ${mail ? "another mail than expected" : "no mail"} to ${to}`);
      screen.line(right ? "ok" : "bad", name, mail ? `“${mail.subject}” to ${to}${token ? `, code ${token}` : ""}` : `no mail to ${to}`);
    }
  }
  const gone = (await sent(UNDONE)).length === 0 && !(await lite.rpc("auth_stand_in_users")).includes(UNDONE);
  if (!gone) problems.push("the sign-up that failed has left a user or a mail");
  screen.line(gone ? "ok" : "bad", "undone", "no user, and no mail");
  return { mails, problems };
}
