// The user's own `supabase start`, if it is running.
import { MARK } from "../local/gateway.js";
import { findCli } from "./cli.js";

/**
 * @param {{root: string, settings: import("./dev-config.js").Settings, env: Record<string, string | undefined>, say: (text: string) => void}} where
 * @returns {Promise<import("./dev.js").Database | undefined>}
 */
export async function findRunning({ root, settings: { port }, env, say }) {
  // First the port: asking the CLI takes a second, and npx might bring one.
  const answer = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual", signal: AbortSignal.timeout(5000) }).catch(() => null);
  await answer?.body?.cancel();
  if (!answer || answer.headers.has(MARK)) return undefined;
  const found = await ask(root, env);
  if (typeof found === "string") {
    say(`Port ${port} answers, but \`supabase status\` does not know this project as running (${found}).`);
    return undefined;
  }
  const { API_URL: url, SECRET_KEY, SERVICE_ROLE_KEY, PUBLISHABLE_KEY, ANON_KEY } = found;
  const secretKey = SECRET_KEY || SERVICE_ROLE_KEY;
  if (!url || !secretKey) {
    say("`supabase status` names no API_URL or no SECRET_KEY.");
    return undefined;
  }
  return {
    what: "`supabase start`",
    url: url.replace(/\/$/, ""),
    secretKey,
    publishableKey: PUBLISHABLE_KEY || ANON_KEY || "",
    ready: Promise.resolve(),
    use: () => {},
    look: async () => {},
    ends: "The database stays as it is.",
  };
}

/** @param {string} root @param {Record<string, string | undefined>} env @returns {Promise<Record<string, string> | string>} why not */
async function ask(root, env) {
  try {
    return await findCli(root, env).status();
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}
