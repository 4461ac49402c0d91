// SECURITY.md names the advisories that are ignored, and the versions that are locked.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "./host.mjs";

const read = (/** @type {string} */ file) => fs.readFileSync(path.join(ROOT, file), "utf8");
const rows = [...read("SECURITY.md").matchAll(/^\| (RUSTSEC-\d{4}-\d{4}) \| (\S+) (\S+) \|/gm)].map(([, id, crate, version]) => ({ id, crate, version }));

test("each version in SECURITY.md is one that stands in Cargo.lock", () => {
  const lock = read("Cargo.lock");
  assert.ok(rows.length > 0);
  for (const { id, crate, version } of rows) {
    const locked = [...lock.matchAll(new RegExp(`^name = "${crate}"\nversion = "(.+)"$`, "gm"))].map(([, found]) => found);
    assert.ok(locked.includes(version), `${id}: Cargo.lock has ${crate} ${locked.join(", ") || "not at all"}, not ${version}`);
  }
});

test("what cargo-deny ignores is explained in SECURITY.md, and nothing else is", () => {
  const ignored = [...read("deny.toml").matchAll(/"(RUSTSEC-\d{4}-\d{4})"/g)].map(([, id]) => id);
  assert.deepEqual(rows.map(({ id }) => id).sort(), ignored.sort());
});

test("SECURITY.md says which reqwest it is about", () => {
  assert.match(read("Cargo.lock"), /^name = "reqwest"\nversion = "0\.11\./m);
  assert.match(read("SECURITY.md"), /reqwest 0\.11/);
});
