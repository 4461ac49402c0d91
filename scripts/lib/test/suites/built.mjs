// The suites of what scripts/build makes.
import path from "node:path";
import process from "node:process";
import { ROOT } from "../../host.mjs";
import { denoVersion, ensureDeno, ensureTool } from "../../tools.mjs";
import { filesIn } from "../suite.mjs";

/** @typedef {import("./index.mjs").SuiteOf} SuiteOf */

const BUILD = path.join(ROOT, "scripts/build");

/** @type {SuiteOf} */
export const build = {
  about: "pkg/ is what the sources build, and starts under Deno 2.1.4",
  all: true,
  run: async (suite) => {
    await suite.lines("scripts/build --check", [BUILD, "--check"]);
    const deno = await ensureDeno("2.1.4");
    await suite.lines("pkg/ under Deno 2.1.4", [deno, "run", "--no-lock", "--allow-read", path.join(ROOT, "scripts/lib/test/start-modules.mjs")]);
  },
};

/** @type {SuiteOf} */
export const e2e = {
  about: "the function under both Denos, from an enqueue to the provider",
  all: true,
  needs: ["test", "lite"],
  run: async (suite) => {
    const files = filesIn("tests/e2e", ".test.ts");
    // The tests of panics have a module that can be made to panic, and look for it there.
    await suite.lines("scripts/build --faults", [BUILD, "--faults"], { env: { CARGO_TARGET_DIR: undefined }, setup: true });
    const env = {
      EMAIL_QUEUE_TOOLS: await ensureTool("test"),
      DENO_DIR: path.join(ROOT, ".tools/deno-cache"),
      DENO_NO_UPDATE_CHECK: "1",
      DENO_TLS_CA_STORE: "mozilla,system",
    };
    // Side by side, and two files of each at a time: most of them wait for a time of the queue's.
    await Promise.all(/** @type {const} */ (["newest", "2.1.4"]).map(async (version) => {
      const deno = await ensureDeno(version);
      // Types are checked apart: --node-modules-dir=manual, which 2.1.4 needs to load npm's packages from .tools/, has none of Node's.
      if (version === "newest") await suite.check("types", [deno, "check", "--no-lock", ...files, ...filesIn("pkg/functions", ".ts").filter((file) => !file.endsWith(".d.ts"))], { env });
      await suite.deno(`Deno ${denoVersion(deno)}`, files, { deno, env, args: ["--no-check", "--no-lock", "--node-modules-dir=manual"], concurrency: 2 });
      await suite.lines(`the module under Deno ${denoVersion(deno)}`, [deno, "run", "--no-lock", "--quiet", "tests/e2e/support/load_time.mjs"], { env });
    }));
  },
};
