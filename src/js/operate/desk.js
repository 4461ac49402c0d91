// What each command of an operator begins with: the project that it works on, who works on it, and its calls, whose errors each say what to do.
import os from "node:os";
import { ProjectError, readProject, request } from "../command/deployed.js";
import { environment } from "../command/env.js";
import { CommandError } from "../command/terminal.js";
import { place } from "../command/doctor.js";
import { checkKey, refusal } from "./faults.js";
import { masked } from "./mask.js";

/** What each of them takes, besides the options of all commands. @type {NonNullable<import("node:util").ParseArgsConfig["options"]>} */
export const SHARED = { url: { type: "string" }, as: { type: "string" }, reveal: { type: "boolean" } };

export const SHARED_HELP = `  --url <address>  the project, https://<reference>.supabase.co; by default SUPABASE_URL, of the environment or else of .env.
                   The key is SUPABASE_SECRET_KEY, of the environment or else of .env: never an option, which others could read
  --as <name>      who does it, for the audit; by default the system's user
  --reveal         shows addresses whole
  --json           prints JSON, as docs/commands.md describes it
  --workdir`;

/** A read that takes longer would be a burden for the database. */
const READ_MS = 10_000;

/** @param {import("../command/main.js").Context} context */
export function openDesk({ values, terminal, cwd, env: given }) {
  const project = projectOf(cwd, values, given);
  const host = new URL(project.url).hostname;
  const ref = /^([a-z0-9]{20})\.supabase\.(?:co|in|red)$/.exec(host)?.[1];
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|host\.docker\.internal|kong)$|\.(local|localhost)$/.test(host);
  checkKey(project, ref);
  const headers = { ...project.headers, "content-profile": "public", "content-type": "application/json", "x-email-queue-actor": actorOf(values.as) };
  terminal.say(`Target: ${project.url}${ref ? ` (project ${ref})` : isLocal ? " (this machine)" : ""}`);

  /** @param {string} name @param {object} [args] @param {number} [timeout] ms @returns {Promise<any>} */
  async function ask(name, args = {}, timeout = READ_MS) {
    const start = performance.now();
    const answer = await request(`${project.url}/rest/v1/rpc/${name}`, { method: "POST", headers, timeout, body: JSON.stringify(args) })
      .catch((error) => ({ error }));
    if ("error" in answer) throw refusal(name, project, answer);
    const isJson = typeof answer.body !== "string" || /json/.test(answer.headers.get("content-type") ?? "");
    if (answer.status >= 200 && answer.status < 300 && isJson && isAnswer(name, answer.body)) return answer.body;
    // In what is left of the time.
    const left = Math.max(100, Math.ceil(timeout - (performance.now() - start)));
    const known = answer.body?.code === "PGRST202" && name !== "email_queue_version" ? await ask("email_queue_version", {}, left) : null;
    throw refusal(name, project, { ...answer, body: answer.status < 300 ? null : answer.body, known });
  }

  return {
    url: project.url,
    terminal,
    reveal: values.reveal === true,
    ask,
    /** Addresses in it are masked, unless they are to be shown. @template T @param {T} value @returns {T} */
    show: (value) => values.reveal ? value : masked(value),
    /** Before something is changed that is not on this machine. @param {string} what */
    agree: async (what) => isLocal || await terminal.typed(`${what} in ${ref ? "the project " : ""}${ref ?? host}?`, ref ?? host),
  };
}
/** @typedef {ReturnType<typeof openDesk>} Desk */

/** Something else may answer at an address. @param {string} name of the function @param {any} body */
function isAnswer(name, body) {
  if (/_(get|show|version)$/.test(name)) return body === null || typeof body === (name.endsWith("version") ? "string" : "object") && !Array.isArray(body);
  if (name.endsWith("_doctor")) return Array.isArray(body) && body.length > 0 && body.every((one) => typeof one?.check === "string" && typeof one.status === "string");
  if (/_(events|runs|audit|suppressions|dead_letters|list)$/.test(name)) return Array.isArray(body);
  if (name.endsWith("_stats")) return typeof body?.types === "object" && Array.isArray(body.paused_domains);
  if (name.endsWith("_overview")) return Array.isArray(body?.priorities) && Array.isArray(body.hours);
  return typeof body === "object" && body !== null && !Array.isArray(body);
}

/** Flags win over the environment, and the environment over .env. @param {string} cwd @param {Record<string, any>} values @param {Record<string, string | undefined>} given */
function projectOf(cwd, values, given) {
  try {
    return readProject(environment(place(cwd, values).root, values.url === undefined ? given : { ...given, SUPABASE_URL: values.url }));
  } catch (error) {
    if (error instanceof ProjectError) throw new CommandError(error.message, error.remedy, 2);
    if (error instanceof CommandError) throw new CommandError(error.message, error.remedy, 2);
    throw error;
  }
}

/** A header takes no more than this. @param {string | undefined} name */
function actorOf(name) {
  if (name !== undefined && !/^[!-~](?:[ -~]{0,98}[!-~])?$/.test(name)) throw new CommandError("--as must have 1 to 100 printable characters of ASCII", undefined, 2);
  return name ?? (userName().replaceAll(/[^!-~]/g, "?").slice(0, 100) || "unknown");
}

/** In a container a user may have no name. */
function userName() {
  try {
    return os.userInfo().username;
  } catch {
    return "unknown";
  }
}
