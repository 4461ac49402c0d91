// The doctor's checks of Supabase Auth: which Send Email hook it has, whether ours answers, and what Auth allows.
import { queryApi } from "./api.js";
import { isOurs, readAuth, shown, URI } from "./auth-config.js";
import { examineRights } from "./auth-hook-checks.js";
import { rpc } from "./deployed.js";
import { attempt, fail, ok, skip } from "./doctor-outside.js";
import { CommandError } from "./terminal.js";

/** @typedef {import("./doctor.js").Finding} Finding */

const ON = "email-queue auth-hook on";
const OFF = "email-queue auth-hook off";
/** Fewer than these Auth refuses in a busy hour. */
const FEW = 30;
/** Auth sends no mail of this kind, and neither does the hook. */
const NOTHING = { user: {}, email_data: { email_action_type: "email_queue_check" } };

/** @param {ReturnType<typeof import("./deployed.js").readProject>} project @returns {Promise<Finding[]>} */
export async function examineAuth(project) {
  const check = "auth hook";
  if (!project.accessToken || !project.ref) return [{ check, ...skip("SUPABASE_ACCESS_TOKEN (or supabase login) or SUPABASE_PROJECT_ID is not set here") }];
  const place = { ref: project.ref, token: project.accessToken, api: project.apiUrl };
  try {
    const auth = await readAuth(place);
    const { hook } = auth;
    if (!hook.enabled) return [{ check, ...ok(`off: Auth sends its mail itself. The queue can: ${ON}`) }];
    if (!isOurs(hook)) {
      return [{ check, ...hook.uri?.includes("email_queue_auth_hook") ? fail(`${shown(hook)} is not the queue's function, ${URI}: Auth's mail fails`, `${ON} sets the right one`) : ok(`another one: ${shown(hook)}`) }];
    }
    return [{ check, ...await examineFunction((sql) => queryApi({ ...place, sql })) }, ...await examineLimits(project, auth)];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [{ check, ...unread(error) }];
  }
}

/** @param {CommandError} error */
const unread = ({ message, remedy }) => ({ status: /** @type {const} */ ("warn"), detail: `it cannot be read: ${message}`, remedy: remedy ?? null });

/** Auth may call it, and it answers: to its owner, as nobody else may. @param {(sql: string) => Promise<any[]>} query @returns {Promise<Omit<Finding, "check">>} */
async function examineFunction(query) {
  let may = false;
  try {
    const { grants } = await examineRights(query);
    if (grants.status === "fail") return { ...grants, remedy: `Until it is mended: ${OFF}. ${grants.remedy}` };
    may = true;
    const [row] = await query(`select public.email_queue_auth_hook('${JSON.stringify(NOTHING)}') as answer`);
    return row?.answer?.error ? fail(`the queue's answers with an error: ${row.answer.error.message}`, `Correct what it names; until then: ${OFF}`) : ok("on, and the queue's function answers");
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // A token that may not query says nothing about the function.
    return may ? fail(`the queue's function fails: ${error.message}`, OFF) : unread(error);
  }
}

/** What Auth allows, and how long its links are valid. @param {ReturnType<typeof import("./deployed.js").readProject>} project @param {import("./auth-config.js").Auth} auth @returns {Promise<Finding[]>} */
export const examineLimits = async (project, { limit, linkSeconds }) => [
  ...limit === undefined ? [] : [{ check: "auth limit", ...limited(limit) }],
  ...linkSeconds === undefined ? [] : [await attempt("auth links", "email-queue doctor says what is wrong", async () => lifetime(linkSeconds, (await rpc(project, "email_queue_configure", { p_settings: {} })).auth_link_lifetime))],
];

/** @param {number} limit */
function limited(limit) {
  const detail = `Auth asks the hook for at most ${limit} mails an hour (rate_limit_email_sent)`;
  const remedy = "Dashboard: Authentication, Rate Limits";
  return limit === 0 ? fail("it is 0: Auth refuses every mail", remedy) : limit < FEW ? { status: /** @type {const} */ ("warn"), detail, remedy } : ok(detail);
}

/** @param {number} seconds that Auth's links are valid @param {string} interval the queue's setting */
function lifetime(seconds, interval) {
  const [, days = "0", hours = "0", minutes = "0", rest = "0"] = /^(?:(\d+) days?)? ?(?:(\d+):(\d+):(\d+))?$/.exec(interval) ?? [];
  const ours = Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  return ours === seconds ? ok(`valid for ${seconds} s, as the queue's setting says`) : {
    status: /** @type {const} */ ("warn"),
    detail: `Auth's links are valid for ${seconds} s (mailer_otp_exp), and the queue sends them for ${ours} s`,
    remedy: `select email_queue_configure('{"auth_link_lifetime": "${seconds} seconds"}');`,
  };
}
