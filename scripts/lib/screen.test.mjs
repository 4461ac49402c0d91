// Wrong arguments end a program with 2 and one line that says what is wrong, not with a stack trace.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { ROOT } from "./host.mjs";

for (const [command, says] of /** @type {[string[], string][]} */ ([
  [["scripts/lib/lines.mjs", "nope"], "there is no commit nope"],
  [["scripts/lib/lines.mjs", "--output=x"], "there is no commit --output=x"],
  [["scripts/lib/lines.mjs", "HEAD", "HEAD"], "one commit at most"],
  [["tests/deploy/support/releases.mjs", "nope"], "which version was released? supabase/version.json has"],
  [["tests/chaos/main.mjs", "--seed", "x"], "--seed must be a whole number"],
  [["tests/chaos/rate.mjs", "--requests", "x"], "--requests must be a whole number"],
  [["tests/faults/main.mjs", "--nope"], "Unknown option '--nope'"],
  [["tests/faults/mutants.mjs", "--only", "zzz"], 'no mistake has "zzz" in its name'],
])) {
  test(command.join(" "), () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: "utf8" });
    assert.deepEqual([status, stdout], [2, ""], stderr);
    assert(stderr.startsWith(`error: ${says}`) && stderr.trim().split("\n").length === 1, stderr);
  });
}
