// The suites that need no PostgreSQL of the machine's: the sandbox, the local stack, the package for applications, the demo.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT } from "../../host.mjs";
import { ensureRust } from "../../rust.mjs";
import { ensureDeno, ensureTool } from "../../tools.mjs";
import { filesIn } from "../suite.mjs";

/** @typedef {import("./index.mjs").SuiteOf} SuiteOf */

/** @type {SuiteOf} */
export const sandbox = {
  about: "the Resend sandbox, under Node and under Deno",
  all: true,
  needs: ["test", "client"],
  run: async (suite) => {
    const files = filesIn("tests/sandbox", ".test.mjs");
    const env = { EMAIL_QUEUE_TOOLS: await ensureTool("test") };
    const deno = await ensureDeno("newest");
    await Promise.all([
      suite.node("sandbox under Node", files, { env }),
      suite.node("sandbox under Deno", files, { env: { ...env, EMAIL_QUEUE_DENO: deno } }),
    ]);
  },
};

/** @type {SuiteOf} */
export const stack = {
  about: "what starts the local stack, and what runs the tests",
  all: true,
  needs: ["reports"],
  run: (suite) => suite.node("scripts/lib", [...filesIn("scripts/lib", ".test.mjs"), ...filesIn("scripts/lib/test", ".test.mjs")]),
};

/** @type {SuiteOf} */
export const client = {
  about: "the package: the cases that every queue passes, how it is installed, its types, the examples",
  all: true,
  needs: ["lite", "client", "compat", "next", "react-email"],
  run: async (suite) => {
    ensureRust();
    for (const version of /** @type {const} */ (["newest", "2.1.4"])) await ensureDeno(version);
    await suite.libtest("the cases, native", [process.execPath, "tests/client/native.mjs", "cargo", "test", "--locked", "--test", "client"]);
    await suite.node("the cases in JavaScript, and the package", filesIn("tests/client", ".test.mjs"), { concurrency: 2 });
    await suite.node("what the documents show", ["shell", "typescript", "react_email"].map((name) => `tests/docs/${name}.test.mjs`));
  },
};

/** Tools that somebody who tries the demo need not have. */
const NOT_THERE = ["cargo", "rustc", "rustup", "psql", "postgres", "deno"];

/** @type {SuiteOf} */
export const demo = {
  about: "scripts/demo from a clone, on a machine with Node, but neither Rust nor PostgreSQL",
  all: true,
  run: async (suite) => {
    const clone = path.join(suite.folder, "clone with a space");
    const bin = path.join(suite.folder, "path");
    copySources(clone);
    linkPrograms(bin);
    const check = [process.execPath, path.join(ROOT, "scripts/lib/test/check-demo.mjs"), path.join(clone, "scripts/demo"), "--json"];
    await suite.lines("scripts/demo --json", check, { cwd: clone, env: { PATH: bin } });
  },
};

/** What a clone would have: everything but what git ignores. @param {string} folder */
function copySources(folder) {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  for (const file of listed.split("\0")) {
    const from = path.join(ROOT, file);
    if (file === "" || !fs.statSync(from, { throwIfNoEntry: false })?.isFile()) continue;
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.copyFileSync(from, path.join(folder, file));
  }
}

/** A folder with a link to each program of the PATH but those. @param {string} folder */
function linkPrograms(folder) {
  fs.mkdirSync(folder);
  for (const from of (process.env.PATH ?? "").split(path.delimiter)) {
    for (const name of from && fs.existsSync(from) ? fs.readdirSync(from) : []) {
      const link = path.join(folder, name);
      if (!NOT_THERE.includes(name) && !fs.existsSync(link)) fs.symlinkSync(path.join(path.resolve(from), name), link);
    }
  }
}
