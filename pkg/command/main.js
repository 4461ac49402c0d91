#!/usr/bin/env node
// The command `email-queue`: puts the queue into a Supabase project, keeps it up to date, takes it out again, and operates
// it (../operate). A command is a module that exports `help`, `options` (of parseArgs) and `run`.
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

/** Group → name → its one line, and its module. @type {Record<string, Record<string, [string, () => Promise<Command>]>>} */
const GROUPS = {
  "Install": {
    init: ["writes the migration, the function and its configuration into this project", () => import("./init.js")],
    dev: ["runs this project on this machine, with a mailbox in place of the provider", () => import("./dev.js")],
    deploy: ["brings all of it into the project, then asks the doctor", () => import("./deploy.js")],
    doctor: ["says what is broken, and how to fix it; --check is for monitors", () => import("./doctor.js")],
    upgrade: ["appends the migrations to this package's version, and replaces the function", () => import("./upgrade.js")],
    uninstall: ["appends a migration that removes all of the queue", () => import("./uninstall.js")],
    "auth-hook": ["has Supabase Auth's mail go through the queue, or no longer", () => import("./auth-hook.js")],
    sql: ["prints the SQL, for another migration tool", () => import("./sql.js")],
  },
  "Operate": {
    console: ["shows all of this on a page of this machine, and acts from there", () => import("../console/console.js")],
    stats: ["how deep the queue is, and what holds mail up", () => import("../operate/stats.js")],
    list: ["messages and what happened to them; --to: did this person get their mail?", () => import("../operate/list.js")],
    show: ["one message: what happened to it, when, and what can be done with it", () => import("../operate/show.js")],
    events: ["what the provider reported about a message", () => import("../operate/events.js")],
    tail: ["messages as they come, and what happens to them", () => import("../operate/tail.js")],
    runs: ["what the function did", () => import("../operate/runs.js")],
    send: ["sends a mail as a test, and waits for its outcome", () => import("../operate/send.js")],
    cancel: ["a message that waits is not sent", () => import("../operate/cancel.js")],
    redrive: ["sends what has failed again", () => import("../operate/redrive.js")],
    discard: ["deletes what has failed", () => import("../operate/discard.js")],
    erase: ["forgets what a message said, and to whom", () => import("../operate/erase.js")],
    pause: ["no mail leaves, or none of a sender's domain", () => import("../operate/pause.js")],
    resume: ["ends a pause", () => import("../operate/resume.js")],
    suppressions: ["addresses that get no mail: list, add, remove; import and export the provider's", () => import("./suppressions.js")],
    reconcile: ["asks the provider for lost answers and events", () => import("./reconcile.js")],
    audit: ["who changed something", () => import("../operate/audit.js")],
  },
};
/** @type {Record<string, [string, () => Promise<Command>]>} */
const COMMANDS = Object.assign({}, ...Object.values(GROUPS));
/** Another word for one. @type {Record<string, string>} */
const ALIASES = { suppression: "suppressions" };

/** What every command takes. @type {NonNullable<import("node:util").ParseArgsConfig["options"]>} */
const COMMON = {
  workdir: { type: "string" },
  yes: { type: "boolean", short: "y" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

const USAGE = `Usage: email-queue <command> [options]

${Object.entries(GROUPS).map(([group, commands]) => `${group}\n${Object.entries(commands).map(([name, [line]]) => `  ${name.padEnd(12)} ${line}`).join("\n")}`).join("\n\n")}

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
  const called = Object.hasOwn(ALIASES, name) ? ALIASES[name] ?? name : name;
  const found = COMMANDS[called];
  if (!Object.hasOwn(COMMANDS, called) || !found) return terminal.fail(`there is no command ${name}`, "email-queue --help lists them", 2);
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
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "EPIPE") return;
    if (stream === process.stdout) process.stderr.write(`error: the output cannot be written (${code})\n`);
    process.exit(1);
  });
  process.exitCode = await main(process.argv.slice(2));
}

/** Whether this file is what was started: npm starts it by a link. */
function isProgram() {
  return process.argv[1] !== undefined && fs.existsSync(process.argv[1]) && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
}
