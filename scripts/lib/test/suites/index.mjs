// The suites of scripts/test, in the order in which they run.
import { build, e2e } from "./built.mjs";
import { client, demo, sandbox, stack } from "./local.mjs";
import { chaos, faults, rate } from "./chaos.mjs";
import { deploy, project, sql } from "./database.mjs";
import { lint, model, mutants, rust, unit } from "./rust.mjs";

/**
 * @typedef {object} SuiteOf
 * @property {string} about
 * @property {boolean} [all] it runs without being named
 * @property {string[]} [needs] tools of scripts/tools
 * @property {("seed" | "messages" | "places" | "only" | "full")[]} [takes] options of its own
 * @property {number} [limitSeconds] after which it is ended
 * @property {(suite: import("../suite.mjs").Suite) => Promise<unknown>} run
 */

/** @type {Record<string, SuiteOf>} */
export const SUITES = { lint, rust, build, sql, project, sandbox, stack, client, e2e, deploy, demo, model, faults, chaos, rate, unit, mutants };
