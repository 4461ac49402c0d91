// The suites that break things on purpose, over the real parts.
import process from "node:process";
import { ensureDeno } from "../../tools.mjs";
import { passedOn } from "../arguments.mjs";

/** @typedef {import("./index.mjs").SuiteOf} SuiteOf */

const needs = ["test", "lite"];

/** @type {SuiteOf} */
export const faults = {
  about: "every step of a run in every way it can fail, every answer and report of the provider, workers that overtake each other",
  all: true,
  needs,
  takes: ["places", "only"],
  run: async (suite) => {
    await ensureDeno("2.1.4");
    // Those that turned the enumeration red: whether they can still be put in.
    await suite.lines("known mistakes", [process.execPath, "tests/faults/mutants.mjs", "--check"]);
    await suite.lines("fault enumeration", [process.execPath, "tests/faults/main.mjs", ...passedOn(suite.options, ["places", "only"])]);
  },
};

/** @type {SuiteOf} */
export const chaos = {
  about: "eight processes, killed at random, before a provider that fails and whose reports are lost, doubled and late, on a PostgreSQL that crashes",
  all: true,
  needs,
  takes: ["seed", "messages"],
  run: async (suite) => {
    await ensureDeno("2.1.4");
    await suite.lines("chaos", [process.execPath, "tests/chaos/main.mjs", ...passedOn(suite.options, ["seed", "messages"])]);
  },
};

/** @type {SuiteOf} */
export const rate = {
  about: "eight runs share the rate of the provider",
  needs,
  run: async (suite) => {
    await ensureDeno("2.1.4");
    await suite.lines("rate of the provider", [process.execPath, "tests/chaos/rate.mjs"]);
  },
};
