// scripts/bench: sets up what it needs, measures, and prints Markdown. Everything it starts is gone when it ends.
import process from "node:process";
import { parseArgs } from "node:util";
import { findPgmq } from "./queues/pgmq.mjs";
import { isStopping, stopAll } from "../stack.mjs";
import { environment } from "./environment.mjs";
import { auth } from "./parts/auth.mjs";
import { console_ } from "./parts/console.mjs";
import { enqueue } from "./parts/enqueue.mjs";
import { events } from "./parts/events.mjs";
import { lanes } from "./parts/lanes.mjs";
import { latency } from "./parts/latency.mjs";
import { life } from "./parts/life.mjs";
import { run } from "./parts/run.mjs";
import { scale } from "./parts/scale.mjs";
import { search } from "./parts/search.mjs";
import { sql } from "./parts/sql.mjs";
import { start } from "./parts/start.mjs";
import { markdown, publish, write } from "./report.mjs";

const PARTS = { sql, enqueue, run, start, latency, auth, events, search, console: console_, lanes, life, scale };

const HELP = `scripts/bench [name …] [options]

Names: ${Object.keys(PARTS).join(", ")}; all of them when none is given.
  sql      claim and settle in the database, beside pgmq, graphile-worker, pg-boss and a hand-written queue
  enqueue  one e-mail, a list and a trigger, beside pgmq, graphile-worker, pg-boss and a plain insert
  run      the function under Deno 2.1.4, beside the same job in TypeScript
  start    size of the module, and the time until it answers
  latency  from enqueue to accepted
  auth     Supabase Auth's hook, with 100,000 messages waiting
  events   a provider's reports, 1,000 a second, alone and beside a run
  search   what operators read, with 1,000,000 messages, and what an enqueue pays for it
  console  each page of the console, with 1,000,000 messages of all states
  lanes    a claim, with up to 100,000 sender domains
  life     what an e-mail costs the database from its enqueue to its deletion
  scale    from 1,000 to 1,000,000 queued messages, and from 1 to 16 workers

Options:
  --quick         smaller sizes and one round, in under 3 minutes: to see that it works, not to quote
  --rounds N      rounds of what is compared (5)
  --pgmq FILE     pgmq.sql, if cargo cannot fetch the crate that contains it
  --publish       write the results into docs/ too
The results are in target/bench/. It needs PostgreSQL 15 on this machine, Node 20 or newer, and Linux for CPU and memory.`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean", short: "h" },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    pgmq: { type: "string" },
    publish: { type: "boolean", default: false },
  },
});
const unknown = positionals.find((name) => !(name in PARTS));
if (options.help || unknown) {
  process.stdout.write(unknown ? "" : `${HELP}\n`);
  if (unknown) process.stderr.write(`scripts/bench: there is no part ${unknown}. See scripts/bench --help.\n`);
  process.exit(unknown ? 2 : 0);
}

/**
 * @typedef {object} Context
 * @property {boolean} quick
 * @property {number} rounds of what a ratio is claimed for
 * @property {(text: string) => void} log progress
 *
 * @typedef {object} Table
 * @property {string} title
 * @property {string[]} columns
 * @property {string[][]} rows
 * @property {string} [note]
 *
 * @typedef {object} Goal
 * @property {string} text what is to be reached
 * @property {string} found
 * @property {boolean | null} met null: could not be measured
 *
 * @typedef {object} Outcome what a part found
 * @property {Table[]} tables
 * @property {Goal[]} goals
 * @property {import("./plot.mjs").Plot[]} plots
 * @property {unknown} raw all figures, for the JSON
 * @property {Record<string, string>} [versions]
 */

const began = performance.now();
const elapsed = () => `${Math.round((performance.now() - began) / 1000)} s`.padStart(6);
let part = "";
/** @type {Context} */
const context = {
  quick: options.quick,
  rounds: Number(options.rounds ?? (options.quick ? 1 : 5)),
  log: (text) => void process.stderr.write(`${elapsed()}  ${part.padEnd(8)}${text}\n`),
};

let failed = false;
try {
  findPgmq(options.pgmq);
  const names = /** @type {(keyof typeof PARTS)[]} */ (positionals.length > 0 ? positionals : Object.keys(PARTS));
  /** @type {Record<string, Outcome>} */
  const outcomes = {};
  const reported = async () => ({
    environment: await environment(),
    command: ["./scripts/bench", ...process.argv.slice(2)].join(" "),
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round((performance.now() - began) / 1000),
    quick: options.quick,
    rounds: context.rounds,
    outcomes,
  });
  for (part of names) {
    context.log("begins");
    outcomes[part] = await PARTS[/** @type {keyof typeof PARTS} */ (part)](context);
    write(await reported()); // what was measured is kept when a later part fails: the whole takes over half an hour
  }
  part = "";
  const report = await reported();
  process.stdout.write(markdown(report));
  context.log(`results in ${write(report)}`);
  if (options.publish) context.log(`published in ${publish(report)}`);
} catch (error) {
  if (!isStopping()) {
    failed = true;
    process.stderr.write(`scripts/bench: ${error instanceof Error ? error.stack : error}\n`);
  }
} finally {
  await stopAll();
}
process.exit(isStopping() ? 130 : failed ? 1 : 0);
