// email-queue console: a page on this machine that shows the queue of a project, and on which one can act.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { exitCodeWhenInterrupted } from "../local/processes.js";
import { manifest } from "../command/files.js";
import { findingsOf } from "../command/doctor.js";
import { CommandError } from "../command/terminal.js";
import { PROVIDER } from "../provider.js";
import { openDesk, SHARED } from "../operate/desk.js";
import { createApi } from "./api.js";
import { serveConsole } from "./server.js";

export const help = `Usage: email-queue console [options]

Serves a page on 127.0.0.1 and opens it, until it is interrupted (Ctrl-C): what waits, what was sent, what happened to a mail, dead letters,
runs, suppressed addresses, settings, and who changed what. The key stays in this process. Anybody with the printed address can do
what the page can; it is valid until this process ends.

  --read-only      refuses everything that changes something
  --port <number>  0, the default, is a free one
  --no-open        opens no browser
  --json           prints {"url": …} as its first line
  --url <address>  the project, https://<reference>.supabase.co; by default SUPABASE_URL, of the environment or else of .env.
                   The key is SUPABASE_SECRET_KEY, of the environment or else of .env
  --as <name>      who does it, for the audit; by default the system's user
  --workdir
`;

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const { url, as } = SHARED;
/** @type {import("../command/main.js").Command["options"]} */
export const options = { url, as, port: { type: "string" }, "no-open": { type: "boolean" }, "read-only": { type: "boolean" } };

/** @param {import("../command/main.js").Context} context @param {(url: string) => void} [open] @returns {Promise<number>} */
export async function run(context, open = openBrowser) {
  const { values, terminal } = context;
  const port = Number(values.port ?? 0);
  if (!/^\d{1,5}$/.test(values.port ?? "0") || port > 65_535) throw new CommandError("--port must be a number from 0 to 65535", undefined, 2);
  const desk = openDesk(context);
  const about = { ...targetOf(desk.url), version: manifest(PACKAGE).version, provider: PROVIDER.name, most: PROVIDER.most };
  const api = createApi({ ask: desk.ask, readOnly: values["read-only"] === true, about, examine: (call) => findingsOf(context, call) });
  exitCodeWhenInterrupted(0);
  const served = await serveConsole({ port, answer: api }).catch((error) => {
    throw new CommandError(`the port ${port} cannot be used (${error.code ?? error.message})`, "--port 0 takes a free one");
  });
  if (terminal.json) terminal.print(JSON.stringify({ url: served.url }));
  terminal.say(`The console is at ${terminal.json ? "that address" : served.url}\nCtrl-C ends it.`);
  if (!values["no-open"]) open(served.opener);
  return await new Promise(() => {});
}

/** The name in the page's head. @param {string} address */
export function targetOf(address) {
  const { hostname, host } = new URL(address);
  return { target: host, local: /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname) };
}

/** @param {string} address */
function openBrowser(address) {
  const [program, args] = process.platform === "darwin" ? ["open", [address]] : process.platform === "win32" ? ["rundll32", ["url.dll,FileProtocolHandler", address]] : ["xdg-open", [address]];
  // Without one, as on a server, the printed address is left.
  const child = spawn(/** @type {string} */ (program), /** @type {string[]} */ (args), { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
