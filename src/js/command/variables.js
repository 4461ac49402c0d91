// Looks at every variable of a deployment before anything is changed, so that no value can break a deployment that works.
// Each refusal names the variable, and never shows the value.
import { readDatabaseUrl } from "./database-url.js";
import { CommandError } from "./terminal.js";
import { PROVIDER } from "../provider.js";

const TOKENS = "https://supabase.com/dashboard/account/tokens";

/** What the functions get. Never a SUPABASE_*: the platform sets those. */
export const FUNCTION_VARIABLES = [PROVIDER.variables.key, PROVIDER.variables.webhookSecret, "PROCESS_EMAIL_QUEUE_SECRET", "EMAIL_FROM", PROVIDER.variables.url, "EMAIL_QUEUE_RUN_SECONDS", "EMAIL_QUEUE_WALL_SECONDS"];

/** What --without-events leaves behind for the next deployment. */
export const EVENTS = "EMAIL_QUEUE_EVENTS";

/** What .env.example has, which no deployment may keep. */
export const EXAMPLE_SENDER = "Acme <mail@acme.example>";

/** What a deployment reads of .env, as .env.example has it: a comment, and variables with their values. @type {[comment: string, variables: Record<string, string>][]} */
export const EXAMPLE = [
  ["# The project's address, https://<reference>.supabase.co, and a secret key of it (sb_secret_...).", { SUPABASE_URL: "", SUPABASE_SECRET_KEY: "" }],
  [`# For email-queue: ${PROVIDER.name}'s key, and a sender of a domain that is verified there.`, { [PROVIDER.variables.key]: "", EMAIL_FROM: EXAMPLE_SENDER }],
  [`# Signs ${PROVIDER.name}'s reports of what happened to each mail (${PROVIDER.webhooks}). email-queue deploy says how to get it.`, { [PROVIDER.variables.webhookSecret]: "" }],
  ["# Starts a run of the queue's function: the first deployment makes it where it is empty.", { PROCESS_EMAIL_QUEUE_SECRET: "" }],
  [`# Only for email-queue auth-hook and deploy --direct, and for deploy where you have not run supabase login (${TOKENS}).`, { SUPABASE_ACCESS_TOKEN: "" }],
];

const WHERE = "Put it into .env (see .env.example)";
const PRINTABLE = /^[!-~]+$/;
const NO_SPACES = "must have no spaces, and only printable characters";
const HTTP_ADDRESS = /^https?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\/[^\s?#<>]*)?$/;

// An address, or Name <address>; what is special in a name stands in quotes. The function is told no less strictly.
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const ADDRESS = `${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+${LABEL}`;
const CONTROL = "\\x00-\\x1f\\x7f";
const QUOTED = `"(?:[^"\\\\${CONTROL}]|\\\\[^${CONTROL}])*"`;
const SENDER = new RegExp(`^(?:${ADDRESS}|(?:${QUOTED}|[^"<>@${CONTROL}]*|[^"<>,;${CONTROL}]*) *<${ADDRESS}>)$`);

/** Without a name before it. @param {string} text */
export const isAddress = (text) => new RegExp(`^${ADDRESS}$`).test(text);

/** What a variable must be; `needed` says what it is where it must be there. @type {[name: string, pattern: RegExp, rule: string, needed?: string][]} */
const RULES = [
  ["SUPABASE_PROJECT_ID", /^[a-z]{20}$/, "must be the 20 lower-case letters of the project's reference", "the project's address, https://<reference>.supabase.co, or its reference"],
  ["SUPABASE_URL", HTTP_ADDRESS, "must be an address like https://<reference>.supabase.co", "the project's address"],
  ["SUPABASE_SECRET_KEY", PRINTABLE, NO_SPACES],
  ["SUPABASE_SERVICE_ROLE_KEY", PRINTABLE, NO_SPACES],
  [PROVIDER.variables.key, PRINTABLE, NO_SPACES, `${PROVIDER.name}'s key, from ${PROVIDER.keys}`],
  [PROVIDER.variables.webhookSecret, /^\s*whsec_[A-Za-z0-9+/=]{22,}([\s,]+whsec_[A-Za-z0-9+/=]{22,}){0,3}\s*$/, "must be the webhook's signing secret (whsec_...), or up to four with commas between them"],
  [PROVIDER.variables.fullKey, PRINTABLE, NO_SPACES],
  [PROVIDER.variables.url, HTTP_ADDRESS, "must be an http(s) address without a query"],
  ["EMAIL_FROM", SENDER, "must be an address, or: Name <address>", `the default sender, of a domain that ${PROVIDER.name} has verified`],
  ["SUPABASE_ACCESS_TOKEN", /^sbp_[!-~]+$/, `must begin with sbp_, and have no spaces: make one at ${TOKENS}`],
  // Left out, it is made.
  ["PROCESS_EMAIL_QUEUE_SECRET", /^[!-~]{16,}$/, "must have at least 16 printable characters and no spaces"],
  ["EMAIL_QUEUE_RUN_SECONDS", /^([1-9][0-9]|10[0-9]|110)$/, "must be a whole number from 10 to 110"],
  ["EMAIL_QUEUE_WALL_SECONDS", /^([3-9][0-9]|[1-3][0-9][0-9]|400)$/, "must be a whole number from 30 to 400"],
  ["EMAIL_QUEUE_WAKE", /^(on|off)$/, "must be on or off"],
  [EVENTS, /^(on|off)$/, "must be on or off"],
];

/**
 * Writes defaults into the environment too.
 * @param {Record<string, string | undefined>} env @param {string} api the Management API's address @throws {CommandError} names the variable
 */
export function checkVariables(env, api) {
  if (!env.SUPABASE_SECRET_KEY && !env.SUPABASE_SERVICE_ROLE_KEY && env.SUPABASE_PROJECT_ID && env.SUPABASE_URL) {
    throw new CommandError(`SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) is not set: a secret key, from the dashboard's API keys. ${WHERE}`);
  }
  for (const [name, pattern, rule, needed] of RULES) {
    const value = env[name];
    if (!value && needed) throw new CommandError(`${name === "SUPABASE_PROJECT_ID" ? "SUPABASE_URL or " : ""}${name} is not set: ${needed}. ${WHERE}`);
    if (value && !pattern.test(value)) throw new CommandError(`${name} ${rule}`);
  }
  env.SUPABASE_URL = env.SUPABASE_URL?.replace(/\/$/, "");
  if (env.SUPABASE_DB_URL) readDatabaseUrl(env.SUPABASE_DB_URL);
  refuseMixed(env, api);
  if (env.SUPABASE_SECRET_KEY?.startsWith("sb_publishable_")) throw new CommandError("SUPABASE_SECRET_KEY is a publishable key: a secret one is needed (sb_secret_...)");
  if (env.EMAIL_FROM === EXAMPLE_SENDER) throw new CommandError(`EMAIL_FROM is still the example's: it must be a sender of a domain that ${PROVIDER.name} has verified`);
  env.EMAIL_QUEUE_WAKE ||= "on";
  env.EMAIL_QUEUE_EVERY ||= "10 seconds";
  if (!isInterval(env.EMAIL_QUEUE_EVERY) && !isCronLine(env.EMAIL_QUEUE_EVERY)) {
    throw new CommandError("EMAIL_QUEUE_EVERY must be 1 to 59 seconds, minutes that divide an hour, hours that divide a day, or a cron line of five fields");
  }
  for (const name of FUNCTION_VARIABLES) {
    if (secretLine(name, env[name] ?? "") === null) {
      throw new CommandError(`${name} has quotes or a backslash that the file for \`supabase secrets set\` cannot hold: choose another value`);
    }
  }
}

/** Variables of two projects. @param {Record<string, string | undefined>} env @param {string} api */
function refuseMixed({ SUPABASE_URL: url = "", SUPABASE_DB_URL: database, SUPABASE_PROJECT_ID: ref }, api) {
  const address = "it must be the project's, https://<reference>.supabase.co";
  if (/^https?:\/\/(app\.)?supabase\.(com|io)(\/|$)/.test(url)) throw new CommandError(`SUPABASE_URL is the dashboard's address: ${address}`);
  if (isLocal(url) && !isLocal(database ?? api)) throw new CommandError(`SUPABASE_URL is an address of this machine, and the project ${ref} is not here: ${address}`);
  refuseTwoProjects({ SUPABASE_URL: url, SUPABASE_DB_URL: database, SUPABASE_PROJECT_ID: ref });
}

/** Which of them is meant is not guessed. @param {Record<string, string | undefined>} env @throws {CommandError} */
export function refuseTwoProjects({ SUPABASE_URL: url = "", SUPABASE_DB_URL: database = "", SUPABASE_PROJECT_ID: ref }) {
  const remedy = "put the values of one project into .env, or into the environment";
  const [, reference] = /^https:\/\/([a-z]{20})\.supabase\.co\/?$/.exec(url) ?? [];
  if (reference && reference !== ref) throw new CommandError("SUPABASE_URL is of another project than SUPABASE_PROJECT_ID. Nothing was changed", remedy);
  const [, own, pooled] = /^postgres(?:ql)?:\/\/(?:[^/]*@db\.([a-z]{20})\.supabase\.co\b|postgres\.([a-z]{20})[:@])/.exec(database) ?? [];
  if (ref && (own ?? pooled ?? ref) !== ref) throw new CommandError("SUPABASE_DB_URL is of another project than SUPABASE_PROJECT_ID. Nothing was changed", remedy);
}

/** An address of this machine or its network. @param {string} address */
const isLocal = (address) => /^[a-z]+:\/\/(?:[^/]*@)?(localhost|127\.|\[::1\]|0\.0\.0\.0|10\.|192\.168\.|host\.docker\.internal)/.test(address);

/**
 * A variable as `supabase secrets set --env-file` reads it, which undoes no escape: in quotes that the value has not. Where it
 * ends with a backslash the closing quote would count as escaped, and "..." makes a line break of \n.
 * @param {string} name @param {string} value @returns {string | null} null: there is no such line
 */
export function secretLine(name, value) {
  if (value === "") return "";
  if (/[\n\r]|\\$/.test(value)) return null;
  const quote = ["'", '"', "`"].find((one) => !value.includes(one) && !(one === '"' && value.includes("\\")));
  return quote ? `${name}=${quote}${value}${quote}\n` : null;
}

/** @type {Record<string, number>} */
const SECONDS = { second: 1, sec: 1, minute: 60, min: 60, hour: 3600, day: 86_400 };

/** As email_queue_schedule takes it, which refuses what cron cannot do at even distances. @param {string} text */
function isInterval(text) {
  const [, number, unit = ""] = /^([0-9]{1,5})\s+(second|sec|minute|min|hour|day)s?$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? NaN);
  if (!(seconds > 0) || seconds > 86_400) return false;
  if (seconds < 60) return true;
  return seconds <= 3600 ? seconds % 60 === 0 && 3600 % seconds === 0 : seconds % 3600 === 0 && 86_400 % seconds === 0;
}

/** Lowest, highest, and the names of the lowest and what follows it. @type {[number, number, string[]][]} */
const FIELDS = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]],
  [0, 7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]],
];

/** Five fields that pg_cron would take. @param {string} text */
function isCronLine(text) {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5 || text.includes("\n")) return false;
  return fields.every((field, index) => index === 2 && field === "$" || isCronField(field, .../** @type {[number, number, string[]]} */ (FIELDS[index])));
}

/** @param {string} field @param {number} lowest @param {number} highest @param {string[]} names */
function isCronField(field, lowest, highest, names) {
  const numbers = names.reduce((text, name, index) => text.replaceAll(name, String(lowest + index)), field.toLowerCase());
  return numbers.split(",").every((part) => {
    const [, first = "", from, to, step] = /^(\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:\/([0-9]{1,2}))?$/.exec(part) ?? [];
    if (first === "") return false;
    // Cron takes no step of a single number.
    if (step !== undefined && (Number(step) === 0 || first !== "*" && to === undefined)) return false;
    return first === "*" || Number(from) >= lowest && Number(from) <= Number(to ?? from) && Number(to ?? from) <= highest;
  });
}
