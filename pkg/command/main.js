#!/usr/bin/env node
// The command `email-queue`: puts the queue into a Supabase project, keeps it up to date, and takes it out again. A command is a
// module that exports `help`, `options` (of parseArgs) and `run`.
import fs from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { manifest } from "./files.js";
import { CommandError, Terminal } from "./terminal.js";

/**
 * @typedef {{help: string, options: import("node:util").ParseArgsConfig["options"], positionals?: number, run: (context: Context) => Promise<number | void>}} Command
 * @typedef {{values: Record<string, any>, positionals: string[], terminal: Terminal, cwd: string, env: Record<string, string | undefined>}} Context
 */

/** Name → its one line, and its module. @type {Record<string, [string, () => Promise<Command>]>} */
const COMMANDS = {
  init: ["writes the migration, the function and its configuration into this project", () => import("./init.js")],
  dev: ["runs this project on this machine, with a mailbox in place of the provider", () => import("./dev.js")],
  deploy: ["brings all of it into the project, then asks the doctor", () => import("./deploy.js")],
  doctor: ["says what is broken, and how to fix it", () => import("./doctor.js")],
  upgrade: ["appends the migrations to this package's version, and replaces the function", () => import("./upgrade.js")],
  uninstall: ["appends a migration that removes all of the queue", () => import("./uninstall.js")],
  "auth-hook": ["has Supabase Auth's mail go through the queue, or no longer", () => import("./auth-hook.js")],
  suppressions: ["imports the provider's suppression list, or exports to it", () => import("./suppressions.js")],
  reconcile: ["asks the provider for lost answers and events", () => import("./reconcile.js")],
  sql: ["prints the SQL, for another migration tool", () => import("./sql.js")],
};

/** What every command takes. @type {NonNullable<import("node:util").ParseArgsConfig["options"]>} */
const COMMON = {
  workdir: { type: "string" },
  yes: { type: "boolean", short: "y" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

const USAGE = `Usage: email-queue <command> [options]

${Object.entries(COMMANDS).map(([name, [line]]) => `  ${name.padEnd(12)} ${line}`).join("\n")}

  --workdir <folder>   the folder that has supabase/config.toml; by default the nearest one upwards
  --dry-run            shows what would be done, and does nothing
  --yes, -y            does it without asking
  --json               prints what was done, or would be, as JSON
  --help, -h           email-queue <command> --help has more
  --version            prints this package's version
`;

/** @param {string[]} args @param {{cwd?: string, env?: Record<string, string | undefined>}} [where] @returns {Promise<number>} the exit code */
export async function main(args, { cwd = process.cwd(), env = process.env } = {}) {
  const terminal = new Terminal();
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    terminal.print(USAGE);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    terminal.print(manifest(fileURLToPath(new URL("..", import.meta.url))).version);
    return 0;
  }
  const found = COMMANDS[/** @type {keyof typeof COMMANDS} */ (name)];
  if (!Object.hasOwn(COMMANDS, name) || !found) return terminal.fail(`there is no command ${name}`, "email-queue --help lists them", 2);
  try {
    const command = await found[1]();
    const { values, positionals } = read(rest, command);
    if (values.help) {
      terminal.print(command.help);
      return 0;
    }
    terminal.begin(values);
    const code = await command.run({ values, positionals, terminal, cwd, env });
    return typeof code === "number" ? code : 0;
  } catch (error) {
    if (error instanceof CommandError) return terminal.fail(error.message, error.remedy, error.code);
    const { code, path: file } = /** @type {NodeJS.ErrnoException} */ (error);
    if (!code || !file) throw error;
    return terminal.fail(`${file} cannot be used (${code})`, "it must be there, and you must be allowed to use it");
  } finally {
    terminal.end();
  }
}

/** @param {string[]} args @param {Command} command */
function read(args, command) {
  try {
    return parseArgs({ args, options: { ...COMMON, ...command.options }, allowPositionals: (command.positionals ?? 0) > 0, strict: true });
  } catch (error) {
    throw new CommandError(/** @type {Error} */ (error).message.split(". ")[0] ?? "wrong options", "--help lists the options", 2);
  }
}

if (isProgram()) {
  // What is read no further, as by head, is not written further; what is done goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", (error) => {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPIPE") throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
}

/** Whether this file is what was started: npm starts it by a link. */
function isProgram() {
  return process.argv[1] !== undefined && fs.existsSync(process.argv[1]) && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
}
