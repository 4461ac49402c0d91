// The deployed project, as the environment names it: its RPC functions, its functions, the provider.
import process from "node:process";
import { PROVIDER } from "../provider.js";
import { apiOf, tokenOf } from "./api.js";
import { EVENTS_FUNCTION, FUNCTION } from "./function.js";

/** A fault of the project or of its address, as its words say; any other error is a bug of ours. */
export class ProjectError extends Error {
  /** @param {string} message @param {{code?: string, remedy?: string}} [more] */
  constructor(message, { code, remedy } = {}) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/**
 * @param {Record<string, string | undefined>} [env] @param {string} [name] of the function that sends @param {string} [events] of the other one, where the project has it
 * @throws {ProjectError} names the variable that is missing
 */
export function readProject(env = process.env, name = FUNCTION, events = undefined) {
  const variable = (/** @type {string} */ called) => env[called]?.trim() || undefined;
  const url = variable("SUPABASE_URL")?.replace(/\/+$/, "");
  const key = variable("SUPABASE_SECRET_KEY") ?? variable("SUPABASE_SERVICE_ROLE_KEY");
  const remedy = "set it in the environment, or in .env of the project's folder: cd there, or name it with --workdir";
  if (!url) throw new ProjectError("SUPABASE_URL is not set", { remedy });
  if (!URL.canParse(url)) throw new ProjectError("SUPABASE_URL must be an address like https://<reference>.supabase.co", { remedy: "Dashboard, Project Settings, Data API: it is the URL of the project" });
  const { protocol, hostname, username, password, pathname } = new URL(url);
  const correct = { remedy: "it is https://<reference>.supabase.co: Dashboard, Project Settings, Data API" };
  if (username || password) throw new ProjectError("SUPABASE_URL must have no user and no password in it", correct);
  if (pathname.endsWith("/rest/v1")) throw new ProjectError("SUPABASE_URL must be the project's address, without /rest/v1", correct);
  if (protocol === "http:" && hostname.endsWith(".supabase.co")) throw new ProjectError("SUPABASE_URL must begin with https: the key would go out for others to read", correct);
  if (!key) throw new ProjectError("SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY) is not set", { remedy });
  // An error about a header would show it.
  if (!/^[!-~]+$/.test(key)) throw new ProjectError("SUPABASE_SECRET_KEY has a character that no key has", { remedy });
  const functionUrl = variable("EMAIL_QUEUE_FUNCTION_URL") ?? `${url}/functions/v1/${name}`;
  // Beside the legacy keys, which are JWTs, PostgREST wants them as the token too; others must not be sent as one.
  const headers = { apikey: key, ...(key.startsWith("eyJ") ? { authorization: `Bearer ${key}` } : {}) };
  return {
    url,
    headers,
    functionName: name,
    functionUrl,
    events,
    eventsUrl: functionUrl.replace(/[^/]*\/?$/, `${events ?? EVENTS_FUNCTION}/${PROVIDER.segment}`),
    webhookSecret: variable(PROVIDER.variables.webhookSecret),
    fullKey: variable(PROVIDER.variables.fullKey),
    ref: variable("SUPABASE_PROJECT_ID"),
    /** Read where it is asked for: most commands need none. */
    get accessToken() {
      return tokenOf(env);
    },
    apiUrl: variable("SUPABASE_API_URL") ?? apiOf(env),
    secret: variable("PROCESS_EMAIL_QUEUE_SECRET"),
    providerKey: variable(PROVIDER.variables.key),
    providerUrl: (variable(PROVIDER.variables.url) ?? PROVIDER.api).replace(/\/+$/, ""),
    sender: variable("EMAIL_FROM"),
    every: variable("EMAIL_QUEUE_EVERY") ?? "10 seconds",
    wake: (variable("EMAIL_QUEUE_WAKE") ?? "on") === "on",
  };
}

/**
 * A request that ends: its status and its body, parsed where it is JSON. It follows no redirect, since the key would go along.
 * @param {string} url @param {RequestInit & {timeout?: number}} [options]
 */
export async function request(url, { timeout = 20_000, ...options } = {}) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout), redirect: "manual", ...options });
    const text = await response.text();
    if (isRedirect(response)) throw new ProjectError(`${new URL(url).origin} redirects (${response.status}): set the address that it leads to`);
    return { status: response.status, headers: response.headers, body: parsed(text) };
  } catch (error) {
    if (error instanceof ProjectError) throw error;
    const { name, cause, message } = /** @type {any} */ (error);
    throw new ProjectError(name === "TimeoutError" ? `no answer within ${timeout / 1000} s` : `not reached: ${cause?.code ?? cause?.message ?? message}`);
  }
}

/** In a browser's words status 0. @param {Response} response */
const isRedirect = ({ status, type }) => status >= 300 && status < 400 || type === "opaqueredirect";

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Calls a function of the database.
 * @param {ReturnType<typeof readProject>} project @param {string} name @param {object} [args] @returns {Promise<any>}
 */
export async function rpc(project, name, args = {}) {
  const { status, body } = await request(`${project.url}/rest/v1/rpc/${name}`, {
    method: "POST",
    // Without the schema, PostgREST takes the first one that the project exposes.
    headers: { ...project.headers, "content-profile": "public", "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  if (status >= 200 && status < 300) return body;
  const { code, message, hint } = typeof body === "object" && body ? body : {};
  if (code === "PGRST106") {
    throw new ProjectError("the project's API does not expose the schema public", {
      code,
      remedy: "Dashboard: Project Settings, Data API: Exposed schemas must contain public, and the Data API must be on",
    });
  }
  if (code === "PGRST202" || (status === 404 && code !== "55000")) {
    throw new ProjectError(`the database has no ${name}`, {
      code,
      remedy: "To apply the migrations: email-queue deploy. If they are applied already, in the SQL editor: notify pgrst, 'reload schema';",
    });
  }
  if (code === undefined && (status === 401 || status === 403)) {
    throw new ProjectError(`the key is refused (${status})`, { code, remedy: "SUPABASE_SECRET_KEY must be a secret key of this project" });
  }
  if (code === "42501") {
    throw new ProjectError(`the key is refused (${status}): ${message}`, {
      code,
      remedy: "SUPABASE_SECRET_KEY must be a secret key of this project. If it is, the grants were lost; in the SQL editor: call email_queue_private.apply_grants();",
    });
  }
  throw new ProjectError(message || `${name} was answered with ${status}`, { code, remedy: hint || undefined });
}
