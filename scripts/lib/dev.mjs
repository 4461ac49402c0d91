// scripts/dev: the whole system on this machine, until interrupted.
import process from "node:process";
import { parseArgs } from "node:util";
import { PROVIDER } from "../../src/js/provider.js";
import { keepInvoking, printAddresses, startLocal } from "./local.mjs";
import { exitCodeWhenInterrupted, isStopping, stopAll } from "./processes.mjs";
import { createScreen, usageError } from "./screen.mjs";

const HELP = `scripts/dev

Starts a database (Supabase Lite on an embedded Postgres), a sandbox with ${PROVIDER.name}'s API and the
Edge Function on this machine, on free ports; prints their addresses and how to enqueue an
e-mail; and calls the function every two seconds, as pg_cron would, until it is interrupted.
Nothing leaves this machine. Needs Node 20 or newer with npm, or Deno 2 or newer.

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

const screen = createScreen(process.stdout);
try {
  screen.title("Starting");
  const local = await startLocal({ screen, settings: { default_sender: "Dev <dev@dev.example>" } });
  printAddresses(local, screen);
  exitCodeWhenInterrupted(0);
  await keepInvoking(local, screen);
} catch (error) {
  if (isStopping()) await new Promise(() => {});
  screen.print(`\ndev: ${error instanceof Error ? error.message : error}`);
  await stopAll();
  process.exit(1);
}
