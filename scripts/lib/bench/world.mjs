// What a run needs around it, each in a process of its own, so that the function's is measured alone.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ROOT, ensureDeno, packageFolder, startFunction, startProcess, tempFolder } from "../stack.mjs";

/**
 * @typedef {object} Provider
 * @property {string} url
 * @property {(settings: object) => Promise<void>} configure latencyMs, rateLimit …; it forgets what it has seen
 * @property {() => Promise<any>} state
 * @property {(limit: number) => Promise<any[]>} emails the newest
 * @property {() => Promise<void>} stop
 */

/** The sandbox. @returns {Promise<Provider>} */
export async function startProvider() {
  const running = await startProcess({
    name: "the sandbox",
    program: process.execPath,
    args: [path.join(ROOT, "src/js/sandbox/main.mjs"), "--rate-limit", "0"],
    ready: /\{"url": ?"([^"]+)"/,
  });
  const url = /** @type {string} */ (running.ready?.[1]);
  const post = async (/** @type {string} */ page, body = {}) => {
    const response = await fetch(`${url}/_sandbox/${page}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the sandbox refused ${page}: ${await response.text()}`);
  };
  const get = async (/** @type {string} */ page) => await (await fetch(`${url}/_sandbox/${page}`)).json();
  return {
    url,
    configure: async (settings) => {
      await post("reset");
      await post("config", settings);
    },
    state: () => get("state?brief=1"),
    emails: async (limit) => (await get(`emails?limit=${limit}`)).emails,
    stop: running.stop,
  };
}

/** @param {string} database its address */
export async function startGateway(database) {
  const running = await startProcess({
    name: "the gateway",
    program: process.execPath,
    args: [path.join(ROOT, "scripts/lib/bench/gateway.mjs"), database],
    ready: /ready (\{.*\})/,
  });
  const { url } = JSON.parse(running.ready?.[1] ?? "{}");
  return { url, calls: async () => /** @type {number} */ ((await (await fetch(`${url}/calls`)).json()).calls), stop: running.stop };
}

/** @typedef {"wasm" | "handwritten" | "empty"} Kind */

/**
 * @param {Kind} kind @param {{database: string, provider: string}} urls
 * @param {Record<string, string>} [env]
 */
export async function startWorker(kind, { database, provider }, env = {}) {
  const deno = await ensureDeno("2.1.4");
  const options = {
    deno,
    env: { SUPABASE_URL: database, SUPABASE_SECRET_KEY: "sb_secret_of_the_benchmark", RESEND_API_KEY: "re_of_the_benchmark", RESEND_BASE_URL: provider, ...env },
  };
  if (kind === "wasm") return await startFunction(options);
  const entry = path.join(ROOT, "scripts/lib/bench", `${kind}.ts`);
  if (kind === "empty") return await startFunction({ ...options, entry, args: ["--no-check", "--no-lock"] });
  const map = tempFolder("import-map");
  const file = path.join(map.path, "map.json");
  const imports = {
    "@supabase/supabase-js": pathToFileURL(path.join(await packageFolder("bench", "@supabase/supabase-js"), "dist/index.mjs")).href,
    resend: pathToFileURL(path.join(await packageFolder("bench", "resend"), "dist/index.mjs")).href,
  };
  fs.writeFileSync(file, JSON.stringify({ imports }));
  const started = await startFunction({ ...options, entry, importMap: file, args: ["--no-check", "--no-lock", "--node-modules-dir=manual"] });
  map.remove();
  return started;
}

/** Milliseconds that a process has had a processor; NaN where the system does not tell. @param {number} pid */
export function cpuMs(pid) {
  try {
    const tasks = fs.readdirSync(`/proc/${pid}/task`);
    return tasks.reduce((sum, task) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6, 0);
  } catch {
    return NaN;
  }
}

/** Resident memory now and at its peak, in bytes. @param {number} pid */
export function memory(pid) {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (/** @type {string} */ name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  } catch {
    return { now: NaN, peak: NaN };
  }
}
