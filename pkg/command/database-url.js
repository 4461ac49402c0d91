// Takes the password out of SUPABASE_DB_URL, so that it goes by the environment: every user of the machine can read a command line.
// URL is not used, because it accepts more than the CLI does, and part of the password could stay in the rest.

import { CommandError } from "./terminal.js";

const FORM = "SUPABASE_DB_URL must be postgresql://user:password@host:port/database (a / ? or # in the password written as %2F %3F %23)";

/**
 * @param {string} text @returns {{target: string, password: string}} target: the address without the password
 * @throws {CommandError} where the address has another form
 */
export function readDatabaseUrl(text) {
  const [, scheme, authority = "", more = ""] = /^(postgres(?:ql)?:\/\/)([^/?#]*)([^]*)$/.exec(text) ?? [];
  // At the last @, as browsers and the CLI do: a password may have one that is not encoded.
  const at = authority.lastIndexOf("@");
  const [, user = "", password = ""] = /^([^:]*)(?::([^]*))?$/.exec(authority.slice(0, Math.max(at, 0))) ?? [];
  const host = authority.slice(at + 1);
  const isWhole = scheme && /^[A-Za-z0-9._%-]+$/.test(user) && /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$/.test(host) &&
    /^(\/[A-Za-z0-9._%~-]*)?(\?[A-Za-z0-9._%~=&+/:,-]*)?$/.test(more);
  if (!isWhole) throw new CommandError(FORM);
  if (decodePercent(more).toLowerCase().includes("password=")) {
    throw new CommandError("SUPABASE_DB_URL must not have password= in its query: it would be on a command line. Write it before the @: postgresql://user:password@host");
  }
  return { target: `${scheme}${user}@${host}${more}`, password: decodePercent(password) };
}

/** %XX becomes its byte, everything else stays: a % that begins no such pair too. @param {string} text */
const decodePercent = (text) =>
  text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll("%", ""), "hex").toString("utf8"));
