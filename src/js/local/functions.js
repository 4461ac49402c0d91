// The project's own Edge Functions under Deno: each starts with its first call, and anew after its files have changed.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { PASSED_ON } from "./function.js";
import { startProcess } from "./processes.js";

/**
 * @typedef {{entry: string, importMap?: string}} Source
 * @typedef {object} Functions
 * @property {(name: string) => Promise<string | null>} originOf its address; null: the project has no function of this name
 * @property {() => Promise<void>} stop all of them; the next call starts one again
 */

/**
 * @param {object} options
 * @param {string} options.deno
 * @param {string} options.cwd
 * @param {(name: string) => Source | null} options.find
 * @param {() => Record<string, string>} options.env read at each start
 * @param {(name: string, text: string) => void} options.print what a function says
 * @returns {Functions}
 */
export function serveFunctions({ deno, cwd, find, env, print }) {
  /** @type {Map<string, Promise<import("./processes.js").Running>>} */
  const running = new Map();

  /** @param {string} name @param {Source} source */
  const start = async (name, { entry, importMap }) => {
    const config = ["deno.json", "deno.jsonc"].map((file) => path.join(path.dirname(entry), file)).find((file) => fs.existsSync(file));
    const flags = { "import-map": importMap, config };
    return await startProcess({
      name: `the function ${name}`,
      program: deno,
      args: [
        // Modules of npm come from Deno's own cache, as on the platform, and no file is written into the project.
        ...["run", "-A", "--no-prompt", "--no-lock", "--node-modules-dir=none"],
        ...Object.entries(flags).flatMap(([flag, file]) => file ? [`--${flag}=${file}`] : []),
        entry,
      ],
      cwd,
      env: {
        ...Object.fromEntries(PASSED_ON.map((variable) => [variable, process.env[variable]])),
        NO_COLOR: "1",
        ...env(),
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
        // The queue's own functions look here.
        PORT: "0",
      },
      ready: LISTENS,
      timeout: 120_000,
      onOutput: (text) => print(name, text.replace(LISTENS, "").trim()),
    });
  };

  return {
    originOf: async (name) => {
      let starting = running.get(name);
      if (!starting) {
        const source = find(name);
        if (!source) return null;
        const mine = starting = start(name, source);
        running.set(name, mine);
        // Its successor stays.
        const forget = () => running.get(name) === mine && running.delete(name);
        mine.then(({ exited }) => exited).then(forget, forget);
      }
      return `http://127.0.0.1:${(await starting).ready?.[1]}`;
    },
    stop: async () => {
      const all = [...running.values()];
      running.clear();
      await Promise.all(all.map(async (one) => (await one.catch(() => null))?.stop()));
    },
  };
}

/** Deno's own line, or that of a function of the queue's. */
const LISTENS = /(?:Listening|\S+ listens) on http:\/\/[^\s:]+:(\d+)\b.*/;
