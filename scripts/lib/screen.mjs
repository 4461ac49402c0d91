// Output for people, as the package has it, and errors about arguments.
import process from "node:process";
import { parseArgs } from "node:util";

export * from "../../src/js/local/screen.js";

/**
 * The options of a program that has no --help: ends where they are wrong. Those that are named in `numbers` are whole numbers.
 * @template {import("node:util").ParseArgsConfig} const T
 * @param {T} config @param {string[]} [numbers] @returns {ReturnType<typeof parseArgs<T>>["values"]}
 */
export function readOptions(config, numbers = []) {
  try {
    const { values } = parseArgs(config);
    const wrong = numbers.find((name) => name in values && !/^\d+$/.test(String(Object(values)[name])));
    if (wrong) throw new Error(`--${wrong} must be a whole number`);
    return values;
  } catch (error) {
    return argumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Ends with an error about the arguments. @param {string} problem @returns {never} */
export function argumentError(problem) {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}

/**
 * Ends with an error about the options.
 * @param {string} name of the script @param {string} problem @returns {never}
 */
export function usageError(name, problem) {
  process.stderr.write(`${name}: ${problem}\nSee ${name} --help.\n`);
  process.exit(2);
}
