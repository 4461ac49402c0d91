// The doctor's checks outside the database: the function, the provider, Supabase's Management API.
import { PROVIDER } from "../provider.js";
import { ProjectError, request } from "./deployed.js";
import { CommandError } from "./terminal.js";

/**
 * @typedef {import("./doctor.js").Finding} Finding
 * @typedef {ReturnType<typeof import("./deployed.js").readProject>} Project
 */

/** As the database's own findings name it; what deploys here takes its place. */
export const DEPLOY = "email-queue deploy";

export const LOGS = "Look at the function's logs (dashboard: Edge Functions)";

/** The remedy if the network is at fault. */
export const SUPABASE = "SUPABASE_URL must be this project's address. If it is, look at https://status.supabase.com and at this machine's network; a paused project is restored in the dashboard";

/** A run may take as long as its deadline. */
const RUN_TIMEOUT_MS = 120_000;

/**
 * The function refuses a call without the secret, and runs with it.
 * @param {Project} project @returns {Promise<Finding[]>}
 */
export async function examineFunction(project) {
  const call = (/** @type {Record<string, string>} */ headers) => request(project.functionUrl, { method: "POST", headers, timeout: RUN_TIMEOUT_MS });
  return [
    await attempt("function closed", SUPABASE, async () => {
      const { status, body } = await call({});
      if (status === 401 && body?.code !== "UNAUTHORIZED_NO_AUTH_HEADER") return ok("it refuses a call without the secret");
      if (status === 401) return fail("Supabase checks each call for a JWT before it reaches the function (verify_jwt): pg_net's calls are refused", DEPLOY);
      if (status === 404) return fail(`there is no function ${project.functionName} (404)`, DEPLOY);
      if (status === 200) return fail("anybody can start it: a call without the secret was let in", DEPLOY);
      return fail(`a call without the secret was answered with ${status}, not 401`, status >= 500 ? LOGS : DEPLOY);
    }),
    await attempt("function", SUPABASE, async () => {
      if (!project.secret) return skip("PROCESS_EMAIL_QUEUE_SECRET is not set here");
      const { status, body } = await call({ authorization: `Bearer ${project.secret}` });
      const reason = body?.reason ?? body?.error ?? "its log has the reason";
      if (status === 200 && body?.stopped === "unavailable") {
        return fail(`its run ended as unavailable: ${reason}`, `Nothing to do: the next run tries again. The status pages are ${PROVIDER.status} and https://status.supabase.com`);
      }
      if (status === 200 && body?.stopped === "misconfigured" || body?.code === "misconfigured") {
        return fail(`its run ended as misconfigured: ${reason}`, `Correct in .env what the reason names; then: ${DEPLOY}`);
      }
      if (status === 200 && body?.stopped) return ok(`its run ended as ${body.stopped}`);
      if (status === 401) return fail("it refuses PROCESS_EMAIL_QUEUE_SECRET (401): it was deployed with another value", DEPLOY);
      if (status === 404) return fail(`there is no function ${project.functionName} (404)`, DEPLOY);
      return fail(`a call was answered with ${status}`, LOGS);
    }),
  ];
}

/**
 * The provider takes the key, and the sender's domain is verified. A key that may only send can be told from a wrong one.
 * @param {Project} project @param {string | undefined} sender @returns {Promise<Finding[]>}
 */
export async function examineProvider(project, sender) {
  const check = `${PROVIDER.name} key`;
  if (!project.providerKey) return [{ check, ...skip(`${PROVIDER.variables.key} is not set here`) }];
  const remedy = `Make a key at ${PROVIDER.keys}, put it into .env as ${PROVIDER.variables.key}; then: ${DEPLOY}`;
  /** Null: not all of them are known. @type {{name: string, status: string}[] | null} */
  let domains = null;
  const key = await attempt(check, `Look at ${PROVIDER.status} and at this machine's network`, async () => {
    const { status, body } = await request(`${project.providerUrl}/domains`, {
      // A request without a name is refused.
      headers: { authorization: `Bearer ${project.providerKey}`, "user-agent": "email-queue doctor" },
    });
    if (status === 200) {
      domains = body?.has_more ? null : body?.data ?? [];
      return ok("accepted");
    }
    if (body?.name === "restricted_api_key" && /only send/i.test(body?.message ?? "")) return ok("accepted (it may only send, so its domains cannot be read)");
    if (status === 429 || status >= 500) return { status: /** @type {const} */ ("warn"), detail: `${PROVIDER.name} answered ${status}`, remedy: "Ask again in a minute" };
    return fail(`${PROVIDER.name} refuses it: ${status} ${body?.name ?? ""}`.trim(), remedy);
  });
  return [key, domainFinding(domains, sender)];
}

/** @param {{name: string, status: string}[] | null} domains @param {string | undefined} sender @returns {Finding} */
function domainFinding(domains, sender) {
  const check = "sender domain";
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(sender ?? "")?.[1]?.toLowerCase();
  if (!domain) return { check, ...skip("no default sender") };
  if (domains === null) return { check, ...skip(`${PROVIDER.name}'s list of domains could not be read`) };
  const found = /** @type {{name: string, status: string}[]} */ (domains).find(({ name }) => name === domain);
  if (found?.status === "verified" || domain === PROVIDER.testDomain) return { check, ...ok(`${domain} is verified`) };
  return { check, ...fail(`${domain} is ${found ? found.status : `not known to ${PROVIDER.name}`}`, `Verify it at ${PROVIDER.domains}. The queue then tries again by itself; the finding "paused domain" says how to make it try at once`) };
}

/**
 * What only Supabase knows of the project. Without a token, nothing.
 * @param {Project} project @returns {Promise<Finding[]>}
 */
export async function examineHosting(project) {
  if (!project.accessToken || !project.ref) return [{ check: "hosting", ...skip("SUPABASE_ACCESS_TOKEN (or supabase login) or SUPABASE_PROJECT_ID is not set here") }];
  const ask = async (/** @type {string} */ what) => {
    const { status, body } = await request(`${project.apiUrl}/v1/projects/${project.ref}/${what}`, { headers: { authorization: `Bearer ${project.accessToken}` } });
    if (status === 404) return null;
    if (status !== 200) {
      throw new ProjectError(`Supabase's Management API answered ${status}`,
        status === 401 || status === 403 ? { remedy: "SUPABASE_ACCESS_TOKEN must be a token of this project's organisation" } : {});
    }
    return body;
  };
  const remedy = "Look at https://status.supabase.com and at this machine's network";
  return [
    await attempt("verify_jwt", remedy, async () => {
      const deployed = await ask(`functions/${project.functionName}`);
      if (!deployed) return fail("the function is not deployed", DEPLOY);
      if (deployed.verify_jwt) return fail("it is on: pg_net's calls, which carry no JWT, are refused", DEPLOY);
      const events = project.events ? await ask(`functions/${project.events}`) : null;
      return events?.verify_jwt ? fail(`it is on for ${project.events}: ${PROVIDER.name}'s reports, which carry no JWT, are refused`, DEPLOY) : ok("off: the function checks its callers itself");
    }),
    await attempt("max_rows of the API", remedy, async () => {
      const settings = await ask("postgrest");
      if (!settings) return skip("not known");
      return settings.max_rows >= 100 ? ok(String(settings.max_rows)) : {
        status: /** @type {const} */ ("warn"),
        detail: `${settings.max_rows}: a list read from the view email_queue is cut after that many rows; the queue's functions are not affected`,
        remedy: "Dashboard, Settings, API: Max rows 1000",
      };
    }),
  ];
}

/** @param {string} check @param {string} remedy where no answer comes @param {() => Promise<Omit<Finding, "check">>} look @returns {Promise<Finding>} */
export async function attempt(check, remedy, look) {
  try {
    return { check, ...await look() };
  } catch (error) {
    if (!(error instanceof ProjectError || error instanceof CommandError)) throw error;
    return { check, status: "fail", detail: error.message, remedy: error.remedy ?? remedy };
  }
}

export const ok = (/** @type {string} */ detail) => ({ status: /** @type {const} */ ("ok"), detail });
export const skip = (/** @type {string} */ detail) => ({ status: /** @type {const} */ ("skip"), detail });
export const fail = (/** @type {string} */ detail, /** @type {string} */ remedy) => ({ status: /** @type {const} */ ("fail"), detail, remedy });
