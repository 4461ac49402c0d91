// email-queue doctor --check: for monitors. The database's own checks only, one line, and an exit code within two seconds.
import { CommandError } from "../command/terminal.js";
import { openDesk } from "./desk.js";

/** The rest is for starting and for the connection. */
const LIMIT_MS = 1500;

/** @param {import("../command/main.js").Context} context @returns {Promise<number>} 0: all is well, 1: something is worth a look, 2: something is broken, or the database was not reached */
export async function check(context) {
  const { terminal } = context;
  const start = performance.now();
  /** @type {{check: string, status: string, detail: string, remedy?: string | null}[]} */
  let findings;
  try {
    findings = await openDesk(context).ask("email_queue_doctor", {}, LIMIT_MS);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    findings = [{ check: "database", status: "fail", detail: error.message, remedy: error.remedy ?? null }];
  }
  const named = (/** @type {string} */ status) => findings.filter((finding) => finding.status === status);
  const [failed, warned] = [named("fail"), named("warn")];
  for (const { check: name, detail, remedy } of [...failed, ...warned]) terminal.say(`${name}: ${detail}${remedy ? `\n   → ${remedy}` : ""}`);
  const status = failed.length > 0 ? "fail" : warned.length > 0 ? "warn" : "ok";
  terminal.print(JSON.stringify({ status, failed: failed.map((finding) => finding.check), warned: warned.map((finding) => finding.check), ms: Math.round(performance.now() - start) }));
  return { ok: 0, warn: 1, fail: 2 }[status];
}
