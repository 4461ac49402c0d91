// Tests import scripts, and scripts import no tests, so that a script can be understood without its tests.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "./host.mjs";

test("nothing in scripts, and nothing of the sandbox, imports a test", () => {
  const found = ["scripts", "src/js"].flatMap((folder) => fs.readdirSync(path.join(ROOT, folder), { recursive: true }).map((file) => path.join(folder, String(file))))
    .filter((file) => /\.[mc]?[jt]s$/.test(file))
    .filter((file) => {
      const text = fs.readFileSync(path.join(ROOT, file), "utf8");
      return [...text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)].some(([, name = ""]) => path.join(path.dirname(file), name).startsWith("tests/"));
    });
  assert.deepEqual(found, []);
});
