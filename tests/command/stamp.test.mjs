// Which number a new migration gets. The Supabase CLI compares numbers as text, and pushes nothing that sorts before the newest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextVersions } from "../../src/js/command/stamp.js";

const NOW = new Date("2026-11-26T12:00:00.900Z");

for (const [name, present, expected] of /** @type {const} */ ([
  ["an empty folder: now", [], "20261126120000"],
  ["a newest of the past: now", ["20250101000000", "20240101000000"], "20261126120000"],
  ["a newest of this second: the next one", ["20261126120000"], "20261126120001"],
  ["a newest of the future: a second later", ["20270228235959"], "20270301000000"],
  ["the end of a year", ["20271231235959"], "20280101000000"],
  ["14 digits that are no time are counted on", ["20279999999998"], "20279999999999"],
  ["the last second that has four digits of a year", ["99991231235959"], "99991231235960"],
  ["own numbering: the next of the same width", ["0001", "0002"], "0003"],
  ["own numbering, one digit", ["1", "2"], "3"],
  ["own numbering with a gap", ["001", "007"], "008"],
  ["dates as numbers", ["20250101", "20250102"], "20250103"],
  ["the newest as text, not as a number", ["2", "10"], "3"],
  ["mixed: what sorts last decides", ["0001", "20250101000000"], "20261126120000"],
  ["mixed, own numbering sorts last", ["20250101000000", "3000"], "3001"],
  ["long numbers", ["000000000000000000009"], "000000000000000000010"],
])) {
  test(name, () => {
    const answer = nextVersions({ present: [...present], now: NOW });
    assert.ok("versions" in answer, JSON.stringify(answer));
    assert.deepEqual(answer.versions, [expected]);
    for (const version of present) assert.ok(/** @type {string} */ (answer.versions[0]) > version, "it sorts after all that are there");
  });
}

for (const newest of ["9", "99", "9999", "99999999999999"]) {
  test(`after ${newest} there is no number`, () => {
    assert.ok("problem" in nextVersions({ present: [newest], now: NOW }));
  });
}

test("several get numbers one after the other", () => {
  const versions = (/** @type {string[]} */ present) => {
    const answer = nextVersions({ present, now: NOW, count: 3 });
    return "versions" in answer ? answer.versions : answer.problem;
  };
  assert.deepEqual(versions([]), ["20261126120000", "20261126120001", "20261126120002"]);
  assert.deepEqual(versions(["0008"]), ["0009", "0010", "0011"]);
  assert.match(String(versions(["97"])), /more digits sorts before it/);
});

test("a newest of the future says from which number the user's own go on", () => {
  const answer = nextVersions({ present: ["20991231000000"], now: NOW });
  assert.ok("notes" in answer);
  assert.match(/** @type {string} */ (answer.notes[0]), /20991231000000, has a time in the future, so this one gets 20991231000001\. .*number your own from 20991231000002 on/);
  assert.deepEqual(/** @type {any} */ (nextVersions({ present: ["20261126120003"], now: NOW })).notes, [], "made a moment ago");
});
