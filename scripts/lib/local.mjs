// The whole stack of scripts/demo: what `email-queue dev` starts, with a proxy before the database and the provider that counts, and
// the JavaScript package to enqueue with.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { startLocal } from "../../src/js/local/local.js";
import { AUTH_STAND_IN } from "./auth-stand-in.mjs";
import { counted, seconds } from "./screen.mjs";
import { ROOT, ensureDeno, ensureTool, startCountingProxy, startLite } from "./stack.mjs";

/**
 * @typedef {import("../../src/js/local/local.js").Local & {
 *   lite: import("./lite.mjs").Lite,
 *   queue: any,
 *   QueueMessageStatus: any,
 *   database: import("./proxy.mjs").CountingProxy,
 *   provider: import("./proxy.mjs").CountingProxy,
 * }} Demo queue: a SupabaseQueueProvider; database, provider: the function's calls to them
 */

/**
 * Starts everything; progress goes to the screen.
 * @param {object} options
 * @param {import("../../src/js/local/local.js").Screen} options.screen
 * @param {{apiKey: string, baseUrl?: string} | null} [options.real] send through the real API
 * @param {Record<string, unknown>} options.settings of the queue
 * @returns {Promise<Demo>}
 */
export async function startDemo({ screen, real = null, settings }) {
  // Before any clock starts: the first time, this downloads.
  const [deno] = await Promise.all([ensureDeno(), ensureTool("lite")]);
  const began = performance.now();
  const { SupabaseQueueProvider, QueueMessageStatus } = await import(pathToFileURL(path.join(ROOT, "pkg/index.js")).href);
  const lite = await startLite({ first: [AUTH_STAND_IN] });
  await lite.rpc("email_queue_configure", { p_settings: settings });
  screen.line("ok", "database", `Supabase Lite on an embedded Postgres, ${counted(lite.migrations.length, "migration")}`, seconds(performance.now() - began));
  /** @type {Record<string, import("./proxy.mjs").CountingProxy>} */
  const proxies = {};
  const through = async (/** @type {string} */ url, /** @type {string} */ to) => (proxies[to] = await startCountingProxy(url)).url;
  const entry = path.join(ROOT, "supabase/functions/process-email-queue/index.ts");
  const events = path.join(ROOT, "supabase/functions/email-queue-events/index.ts");
  const local = await startLocal({ screen, deno, entry, events, database: lite, real, through });
  const { database, provider } = /** @type {{database: Demo["database"], provider: Demo["provider"]}} */ (proxies);
  return Object.assign(local, { lite, queue: new SupabaseQueueProvider(lite.url, lite.secretKey, { timeoutSeconds: 60 }), QueueMessageStatus, database, provider });
}
