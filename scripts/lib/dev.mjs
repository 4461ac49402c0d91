// scripts/dev: `email-queue dev` in this repository, with its tools.
import process from "node:process";
import { parseArgs } from "node:util";
import { run } from "../../src/js/command/dev.js";
import { CommandError, Terminal } from "../../src/js/command/terminal.js";
import { PROVIDER } from "../../src/js/provider.js";
import { usageError } from "./screen.mjs";
import { ROOT } from "./host.mjs";
import { ensureDeno, ensureTool } from "./tools.mjs";

const HELP = `scripts/dev

Starts a database (Supabase Lite on an embedded Postgres), a sandbox with ${PROVIDER.name}'s API and the
Edge Function on this machine; prints their addresses and how to enqueue an e-mail; and calls the
function every two seconds, as pg_cron would, until it is interrupted. It is \`email-queue dev\` in
this repository. Nothing leaves this machine. Needs Node 20 or newer with npm, or Deno 2 or newer.

To see it at work by itself: scripts/demo
`;

try {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h", default: false } } });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
} catch (error) {
  usageError("scripts/dev", error instanceof Error ? error.message : String(error));
}

const terminal = new Terminal();
try {
  const tools = { lite: () => ensureTool("lite"), deno: () => ensureDeno() };
  await run({ values: { workdir: ROOT, lite: true }, positionals: [], terminal, cwd: ROOT, env: process.env }, tools);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  process.exitCode = terminal.fail(error.message, error.remedy, error.code);
}
