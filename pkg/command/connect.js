// The steps of a deployment that are calls of the database: default sender, Vault, schedule, wake-up. Needs no psql: the
// functions run as their owner, who may write to Vault. The secret goes as a parameter, which no log of the database has. (The
// CLI's own way, db.vault in config.toml, writes before the migrations and ends `db push` where Vault is missing.)
import { setTimeout as sleep } from "node:timers/promises";
import { ProjectError, rpc } from "./deployed.js";
import { CommandError } from "./terminal.js";

/** How long PostgREST may take to hear of new migrations. */
const STALE_MS = 20_000;

/**
 * @param {ReturnType<typeof import("./deployed.js").readProject>} project @param {(text: string) => void} print
 * @throws {CommandError} where a step fails: those after it were not done
 */
export async function connect(project, print) {
  const say = (/** @type {string} */ text) => print(`   ${text}`);
  try {
    if (!project.secret) throw new ProjectError("PROCESS_EMAIL_QUEUE_SECRET is not set");
    await step(say, "default sender", async () => {
      await rpc(project, "email_queue_configure", { p_settings: { default_sender: project.sender } });
      return "stored";
    });
    await step(say, "Vault", async () => {
      const { changed, extensions, replaced, unreadable } = await rpc(project, "email_queue_connect", { p_url: project.functionUrl, p_secret: project.secret });
      for (const [name, state] of Object.entries(extensions)) if (state !== "present") say(`${name} is ${state}`);
      if (unreadable.length > 0) say(`${unreadable.join(" and ")} could not be decrypted, as in a restored database, and ${unreadable.length > 1 ? "were" : "was"} replaced`);
      if (replaced) say(`this database called the function of ${replaced} until now: was it restored from there?`);
      return changed ? "address and secret stored" : "unchanged";
    });
    await step(say, "schedule", async () => {
      const { schedule, changed } = await rpc(project, "email_queue_schedule", { p_every: project.every });
      return `${schedule}${changed ? "" : ", unchanged"}`;
    });
    await step(say, "wake-up on enqueue", async () => {
      const { on, every_ms } = await rpc(project, "email_queue_wake", { p_on: project.wake });
      return on ? `on, at most once in ${every_ms} ms` : "off";
    });
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    throw new CommandError(error.message, error.remedy);
  }
}

/**
 * Before anything is changed: the key is one of the API's, and the API has the database that was looked at, as far as that can be seen.
 * @param {ReturnType<typeof import("./deployed.js").readProject>} project @param {string | null} installed the version that the database has
 * @throws {CommandError}
 */
export async function checkApi(project, installed) {
  const remedy = "SUPABASE_URL and SUPABASE_SECRET_KEY must be the project's";
  let version;
  try {
    version = await rpc(project, "email_queue_version");
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    // It is not installed, or PostgREST has not heard of it yet.
    if (error.code === "PGRST202") return;
    throw new CommandError(`${project.url}: ${error.message}. Nothing was changed`, error.remedy ?? remedy);
  }
  if (version !== installed) throw new CommandError(`SUPABASE_URL (${project.url}) has email-queue ${version}, and the project's database has ${installed ?? "no queue"}: they are two projects. Nothing was changed`, remedy);
}

/** What it answers is said. @param {(text: string) => void} say @param {string} name @param {() => Promise<string>} work @throws {ProjectError} */
export async function step(say, name, work) {
  const end = performance.now() + STALE_MS;
  for (;;) {
    try {
      return say(`${name}: ${await work()}`);
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      if (error.code !== "PGRST202" || performance.now() >= end) throw Object.assign(error, { message: `${name}: ${error.message}` });
    }
    await sleep(500);
  }
}
