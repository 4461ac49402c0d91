// Variables for the preview of a template: of a file beside it, <name>[.<language>].json, and for the rest made up from the names.
import path from "node:path";
import { list, read } from "./files.js";
import { FOLDER } from "./template-files.js";
import { CommandError } from "./terminal.js";

/** The templates of Supabase Auth's mail that are built in (supabase/schemas/23_auth/auth_texts.sql). */
export const BUILT_IN = [
  "auth-signup", "auth-invite", "auth-magiclink", "auth-recovery", "auth-email-change", "auth-reauthentication", "auth-other", "auth-notice", "auth-password-changed",
  "auth-email-changed", "auth-phone-changed", "auth-identity-linked", "auth-identity-unlinked", "auth-mfa-factor-enrolled", "auth-mfa-factor-unenrolled",
];

/** Those of Auth's hook (supabase/schemas/23_auth/auth_variables.sql). */
const AUTH = {
  ConfirmationURL: "https://acme.example/auth/v1/verify?token=pkce_5a8f&type=signup&redirect_to=https%3A%2F%2Facme.example%2Fwelcome", Token: "481516",
  TokenHash: "pkce_5a8f", SiteURL: "https://acme.example", RedirectTo: "https://acme.example/welcome", SendingTo: "ann@example.com", Email: "ann@example.com",
  NewEmail: "ann.new@example.com", OldEmail: "ann.old@example.com", Phone: "+1 555 0100", OldPhone: "+1 555 0199", Provider: "google", FactorType: "totp",
  Product: "Acme", Minutes: 60, Validity: "1 hour", Data: {},
};

/** A name's last word → a value. @type {[RegExp, (name: string) => string | number][]} */
const GUESSES = [
  [/^(url|uri|link|href|website|page|image|logo|avatar|picture)$/, (name) => `https://acme.example/${name}`],
  [/^(email|mail|address)$/, () => "ann@example.com"],
  [/^name$/, () => "Ann"],
  [/^(count|number|amount|total|price|quantity|minutes|hours|days)$/, () => 3],
  [/^(date|day|time|at|on|until|ends|expires)$/, () => "24 December"],
];

/** @param {string} name */
function guess(name) {
  const words = name.split(/_+|(?<=[a-z])(?=[A-Z])/).filter(Boolean).map((word) => word.toLowerCase());
  return GUESSES.find(([pattern]) => pattern.test(words.at(-1) ?? ""))?.[1](name) ?? words.join(" ");
}

/**
 * @param {string} root @param {{name: string, language: string | null}} template @param {string[]} names as the database lists them: `order.number`
 * @returns {{variables: Record<string, unknown>, file: string | null, unknown: string[]}} file: where they are from; unknown: what Auth's mail has not
 * @throws {CommandError} names the file
 */
export function sampleOf(root, { name, language }, names) {
  const files = list(path.join(root, FOLDER)).map((entry) => entry.name);
  const called = (/** @type {string} */ wanted) => files.find((file) => file.toLowerCase().replaceAll("_", "-") === wanted.toLowerCase().replaceAll("_", "-"));
  const file = (language && called(`${name}.${language}.json`)) || called(`${name}.json`);
  const given = file ? parsed(root, `${FOLDER}/${file}`) : {};
  const isAuth = name.startsWith("auth-");
  /** @type {Record<string, any>} */
  const variables = isAuth ? { ...structuredClone(AUTH), ...name === "auth-reauthentication" ? { ConfirmationURL: "", TokenHash: "" } : {} } : {};
  // Auth fills these alone, and the user Data.
  const unknown = isAuth ? names.filter((one) => !one.startsWith("Data.") && !Object.hasOwn(AUTH, one)) : [];
  for (const one of names) {
    const steps = one.split(".");
    const [last = ""] = steps.slice(-1);
    if (steps.includes("__proto__")) continue;
    // What is longer comes after its beginning: `order` is an object as soon as there is an `order.number`.
    const place = steps.slice(0, -1).reduce((/** @type {Record<string, any>} */ at, step) => (at[step] = Object.hasOwn(at, step) && Object(at[step]) === at[step] ? at[step] : {}), variables);
    if (!Object.hasOwn(place, last)) place[last] = unknown.includes(one) ? `{{ ${one} }}` : guess(last);
  }
  return { variables: merged(variables, given), file: file ? `${FOLDER}/${file}` : null, unknown };
}

/** What a file gives takes the place of what is made up, within objects, too. @param {Record<string, any>} made @param {Record<string, any>} given @returns {Record<string, any>} */
function merged(made, given) {
  const isObject = (/** @type {unknown} */ value) => Object(value) === value && !Array.isArray(value);
  const both = (/** @type {string} */ key) => Object.hasOwn(made, key) && isObject(made[key]) && isObject(given[key]);
  return { ...made, ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, both(key) ? merged(made[key], value) : value])) };
}

/** @param {string} root @param {string} file @returns {Record<string, unknown>} */
function parsed(root, file) {
  try {
    const value = JSON.parse(read(path.join(root, file))?.replace(/^\ufeff/, "") ?? "");
    if (Object(value) === value && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(`${file} is no JSON: ${error.message}`, "it has the variables of the preview, as in {\"name\": \"Ann\"}");
  }
  throw new CommandError(`${file} is no object`, "it has the variables of the preview, as in {\"name\": \"Ann\"}");
}
