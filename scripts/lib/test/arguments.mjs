// The command line of scripts/test.
import { parseArgs } from "node:util";

/** @typedef {{seed?: string, messages?: string, places?: string, only?: string, full?: boolean, failed?: boolean}} Options */

/** @typedef {{names: string[], options: Options, list: boolean, help: boolean}} Arguments */

export const HELP = `scripts/test [name …] [options]

Runs the tests: these suites, or without names all that are marked with *. It needs Rust (rustup) with its C compiler,
Node 20 or newer and PostgreSQL 15; it brings everything else into .tools/, or says what is missing.

  --list          the names of the suites, one a line
  --failed        only what failed when it last ran
  --only TEXT     only groups and test files with this text in their name
  --seed N, --messages N     for chaos: see tests/chaos/main.mjs
  --places N, --only TEXT    for faults: see tests/faults/main.mjs
  --full          for model: with the two largest scenarios too

Without names, deploy runs beside the others: most of its time it waits for pg_cron. The whole output is kept in
target/test-logs/. The exit code is 0 if something has passed and nothing has failed, 1 if not, and 2 if the arguments are wrong.
`;

/** @param {string[]} args @returns {Arguments} @throws {Error} on an argument that is not one */
export function readArguments(args) {
  const text = { type: /** @type {const} */ ("string") };
  const flag = { type: /** @type {const} */ ("boolean") };
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { ...flag, short: "h" }, list: flag, failed: flag, full: flag, only: text, seed: text, messages: text, places: text },
  });
  const { help = false, list = false, ...options } = values;
  for (const name of /** @type {const} */ (["seed", "messages", "places"])) {
    if (options[name] !== undefined && !/^\d+$/.test(options[name])) throw new Error(`--${name} must be a whole number`);
  }
  return { names: positionals, options, list, help };
}

/**
 * Refuses a suite that does not exist, and an option that none of the named suites takes.
 * @param {Arguments} found @param {Record<string, {takes?: string[]}>} suites @throws {Error}
 */
export function checkArguments({ names, options }, suites) {
  const unknown = names.find((name) => !Object.hasOwn(suites, name));
  if (unknown !== undefined) throw new Error(`there is no suite ${unknown} (scripts/test --list has their names)`);
  for (const option of /** @type {const} */ (["seed", "messages", "places", "full"])) {
    const takers = Object.keys(suites).filter((name) => suites[name]?.takes?.includes(option));
    if (options[option] === undefined || names.length === 0 || names.some((name) => takers.includes(name))) continue;
    throw new Error(`--${option} is an option of the suite ${takers.join(", ")}, not of ${names.join(", ")}`);
  }
}

/** The options that a suite passes on to its program. @param {Options} options @param {("seed" | "messages" | "places" | "only")[]} names */
export const passedOn = (options, names) => names.flatMap((name) => (options[name] ? [`--${name}`, options[name]] : []));
