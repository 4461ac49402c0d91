// Why a call of the database did not work, each with what to do about it. 2: nothing was asked, or nothing was reached; 1: it was refused.
import { CommandError } from "../command/terminal.js";
import { maskedText } from "./mask.js";
import { plain } from "./table.js";

/** A key that cannot work is not sent. @param {{url: string, headers: {apikey: string}}} project @param {string | undefined} ref of the address */
export function checkKey({ headers: { apikey } }, ref) {
  const remedy = "SUPABASE_SECRET_KEY must be a secret key: Dashboard, Project Settings, API Keys";
  const { role, ref: own } = claims(apikey);
  if (apikey.startsWith("sb_publishable_") || role === "anon") throw new CommandError("SUPABASE_SECRET_KEY holds a publishable key, which may do nothing here", remedy, 2);
  if (ref && own && own !== ref) throw new CommandError(`the key belongs to the project ${own}, and the address to ${ref}`, "set SUPABASE_URL and SUPABASE_SECRET_KEY of one project", 2);
}

/** What a legacy key says of itself. @param {string} key @returns {{role?: string, ref?: string}} */
function claims(key) {
  try {
    return JSON.parse(Buffer.from(key.split(".")[1] ?? "", "base64url").toString()) ?? {};
  } catch {
    return {};
  }
}

/**
 * @param {string} name of the function @param {{url: string}} project
 * @param {{error?: Error, status?: number, body?: any, known?: string | null}} answer known: the version of the schema, which does not have the function
 */
export function refusal(name, { url }, { error, status = 0, body, known }) {
  const { code, message: told = "", hint: help } = typeof body === "object" && body ? body : {};
  // What was given may be in them, an address, too.
  const [message, hint] = [told, help].map((text) => maskedText(plain(text)));
  if (error) {
    if (error.message.includes(" redirects ")) return new CommandError(error.message, "SUPABASE_URL must be https://<reference>.supabase.co: Dashboard, Project Settings, Data API", 2);
    return error.message.startsWith("no answer")
      ? new CommandError(`${url}: ${error.message}`, "the database is busy: repeat it later, or ask for less (--limit, --since)", 2)
      : new CommandError(`${url} is ${error.message}`, "look at the address, and at this machine's network. A project that is paused has no address: the dashboard restores it", 2);
  }
  if (known) return new CommandError(`the schema of this project (${known}) has no ${name}: it is older than this command`, "node_modules/.bin/email-queue upgrade, then deploy. If that was done, in the SQL editor: notify pgrst, 'reload schema';", 2);
  if (code === "PGRST202") return new CommandError("email-queue is not installed in this project", "node_modules/.bin/email-queue deploy. If it was deployed, in the SQL editor: notify pgrst, 'reload schema';", 2);
  if (code === "PGRST106") return new CommandError("the project's API does not expose the schema public", "Dashboard, Project Settings, Data API: Exposed schemas must contain public, and the Data API must be on", 2);
  if (code === "42501" || status === 403) return new CommandError(`the key may not do this (${status})${message ? `: ${message}` : ""}`, "SUPABASE_SECRET_KEY must be a secret key of this project. If it is, the grants were lost; in the SQL editor: call email_queue_private.apply_grants();", 2);
  if (status === 401) return new CommandError("the key is refused (401): it is wrong, or of another project, or was deleted", "SUPABASE_SECRET_KEY must be a secret key of this project: Dashboard, Project Settings, API Keys", 2);
  if (code === "57014") return new CommandError("the database ended the call, which took too long", "repeat it later, or ask for less (--limit, --since)", 2);
  if (code === "55P03") return new CommandError("somebody else holds what this needs", "repeat it", 1);
  // The function's own words: email_queue: field: what is wrong.
  if (code === "22023" || code === "22P02") return new CommandError(message.replace(/^email_queue: /, ""), hint || "--help lists the options", 2);
  if (code === undefined && (status === 404 || status >= 200 && status < 300)) return new CommandError(`${url} answers, but not as a Supabase project does (${status})`, "SUPABASE_URL must be https://<reference>.supabase.co: Dashboard, Project Settings, Data API", 2);
  if (code === undefined || /^PGRST00/.test(code)) return new CommandError(`${url} answered ${status}: the database is not reached`, "look at the project in the dashboard and at https://status.supabase.com, then repeat it", 2);
  return new CommandError(message || `${name} was answered with ${status}`, hint || undefined);
}
