// What can be said of the documents without running anything: links lead somewhere, the README stays short, and turns of
// phrase that readers had to read twice stay out.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const files = execFileSync("git", ["-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" }).split("\n").filter((file) => file && fs.existsSync(path.join(ROOT, file)));
const textOf = (/** @type {string} */ file) => fs.readFileSync(path.join(ROOT, file), "utf8");
const documents = files.filter((file) => file.endsWith(".md"));

/** The name under which GitHub shows a heading. @param {string} heading */
const anchor = (heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");

for (const file of documents) {
  test(`${file}: each link leads to a file, and to a heading of it`, () => {
    for (const [, target] of textOf(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [place, heading] = target.split("#");
      const found = place ? path.join(path.dirname(file), place) : file;
      assert(fs.existsSync(path.join(ROOT, found)), `${target} is not there`);
      if (!heading) continue;
      const headings = [...textOf(found).matchAll(/^#+ (.*)$/gm)].map(([, text]) => anchor(text));
      assert(headings.includes(heading), `${target}: no such heading`);
    }
  });
}

test("each test that ARCHITECTURE.md names is there", () => {
  const named = [...textOf("ARCHITECTURE.md").matchAll(/`((?:tests|src)\/[\w./-]+|[a-z_]+\.sql)`/g)].map(([, name]) => name.endsWith(".sql") ? `supabase/tests/${name}` : name);
  assert(named.length > 20);
  for (const name of named) assert(fs.existsSync(path.join(ROOT, name)), `${name} is not there`);
});

test("the README has at most 160 lines", () => assert(textOf("README.md").trim().split("\n").length <= 160));

// While the name is not ours on the registry, its owner would run code on the machines of our readers.
test("no text shows npx with the bare name of the package", () => {
  const bare = /\bnpx\s+(?:(?:-y|--yes)\s+)?email-queue\b/;
  assert.match("npx --yes email-queue init", bare);
  const found = files.filter((file) => /\.(md|js|mjs|ts|sql|sh|json|yml)$/.test(file) && file !== "tests/docs/words.test.mjs" && bare.test(textOf(file)));
  assert.deepEqual(found, []);
});

// Add what a reader had to read twice. A sentence with a noun as its subject says the same.
const BANNED = [
  /\bwhat (nobody|few|many|none)\b/i, /\bwhoever\b/i, /\b(there )?is none\b/i, /\bwhere there is (one|none)\b/i, /\bwhat came of\b/i, /\bof one's own\b/i,
  /\bwho has (a|the|it)\b/i, /\bnone of it\b/i, /\bwhich nobody\b/i, /\bthat nobody\b/i, /\bwhat is known of\b/i, /\bwhat came in\b/i, /\bis believed in\b/i,
  /\bas it was said\b/i, /\bnothing of it\b/i, /\bthe like of\b/i, /\b(is|are) nobody's\b/i, /\banybody's\b/i, /\bnobody (waits|knows|begins)\b/i, /\bin vain\b/i,
  /\bwhat mends\b/i, /\bput right\b/i, /\bas it should\b/i, /\bwhere it is not given\b/i, /\bunless given\b/i, /\bwhat bec(a|o)mes? of\b/i, /\bstands? in (the|its) way\b/i,
  /\bone another\b/i, /\bwho enqueues\b/i, /\bcounts? alone\b/i, /\bis of the future\b/i, /\bwhat is said of\b/i, /\bbelieves? in\b/i,
];
const SOURCES = /^(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY)\.md$|^docs\/.*\.md$|^(src|supabase|scripts)\/.*\.(rs|sql|ts|js|mjs|sh|md)$|^scripts\/[a-z]+$|^\.env\.example$/;
// Messages of tests are not for users.
const EXCEPT = /^supabase\/(migrations|tests)\/|^pkg\//;

/** The turns in a text, also where a line ends within one. @param {string} text @returns {string[]} */
function turnsIn(text) {
  const joined = text.replace(/\n[ \t]*(?:\/\/[/!]?|--|\*|#)?[ \t]*/g, " ");
  return BANNED.flatMap((turn) => [...joined.matchAll(new RegExp(turn.source, "gi"))].map(({ index }) => joined.slice(Math.max(0, index - 40), index + 60)));
}

test("no sentence turns in a way that is banned", () => {
  assert.equal(turnsIn("-- It waits in\n-- vain.").length, 1);
  const found = files.filter((file) => SOURCES.test(file) && !EXCEPT.test(file)).flatMap((file) => turnsIn(textOf(file)).map((turn) => `${file}: … ${turn} …`));
  assert.deepEqual(found, []);
});
