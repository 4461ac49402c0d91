// Tests import scripts, and scripts import no tests, so that a script can be understood without its tests. The folders of the package
// have an order, too: the command imports what runs on a machine, which imports none of the command.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "./host.mjs";

/** A folder → the places that its files may import. */
const MAY = {
  scripts: ["scripts", "src/js", "pkg"],
  "src/js": ["src/js"],
  "src/js/local": ["src/js/local", "src/js/provider.js"],
  "src/js/sandbox": ["src/js/sandbox"],
};

for (const [folder, places] of Object.entries(MAY)) {
  test(`${folder} imports files of ${places.join(", ")} only`, () => {
    const files = fs.readdirSync(path.join(ROOT, folder), { recursive: true }).map((file) => path.join(folder, String(file))).filter((file) => /\.[mc]?[jt]s$/.test(file));
    assert(files.length > 10);
    const found = files.flatMap((file) => {
      const text = fs.readFileSync(path.join(ROOT, file), "utf8");
      return [...text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)].map(([, name = ""]) => path.join(path.dirname(file), name))
        .filter((imported) => !places.some((place) => imported === place || imported.startsWith(`${place}/`))).map((imported) => `${file} imports ${imported}`);
    });
    assert.deepEqual(found, []);
  });
}
