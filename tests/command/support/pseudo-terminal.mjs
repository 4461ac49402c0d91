// The command under a pseudo terminal, which util-linux's `script` gives it, of a fixed width.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { folder, lite, MAIN } from "./operator.mjs";

export const REF = "abcdefghijklmnopqrst";
export const PROJECT = `https://${REF}.supabase.co`;
const PRELOAD = fileURLToPath(new URL("elsewhere.mjs", import.meta.url));
const COLUMNS = 120;

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The environment of a command whose hosted project is the queue of this test. @param {{now?: string}} [how] @returns {Record<string, string>} */
export const hosted = ({ now = "" } = {}) => ({
  SUPABASE_URL: PROJECT, SUPABASE_SECRET_KEY: lite.secretKey, NODE_OPTIONS: `--import ${JSON.stringify(PRELOAD)}`, ELSEWHERE_FROM: PROJECT, ELSEWHERE_TO: lite.url, ELSEWHERE_NOW: now, DO_NOT_TRACK: "1",
});

/**
 * What a terminal would show, without its colours unless they are wanted.
 * @param {string[]} args @param {{answers?: [question: RegExp, text: string][], env?: Record<string, string>, colours?: boolean, now?: string, columns?: number}} [how]
 */
export async function inTerminal(args, { answers = [], env = {}, colours = false, now, columns = COLUMNS } = {}) {
  const line = `stty cols ${columns} rows 50; exec ${[process.execPath, MAIN, ...args].map(quoted).join(" ")}`;
  const child = spawn("script", ["-qec", `exec sh -c ${quoted(line)}`, "/dev/null"], { cwd: folder.path, env: { PATH: process.env.PATH, HOME: folder.path, TERM: "xterm", ...colours ? {} : { NO_COLOR: "1" }, ...hosted({ now }), ...env }, stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  let seen = 0;
  child.stdout.on("data", (data) => {
    output += data;
    const [next] = answers;
    if (next && next[0].test(output.slice(seen))) {
      seen = output.length;
      answers.shift();
      child.stdin.write(`${next[1]}\n`);
    }
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, output: output.replaceAll("\r\n", "\n") };
}
