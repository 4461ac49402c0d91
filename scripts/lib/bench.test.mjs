// How scripts/bench computes its figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { svg } from "./bench/plot.mjs";
import { table } from "./bench/report.mjs";
import { alternate, figure, percentile, ratio, slope, spread, withRange } from "./bench/stats.mjs";

test("every second round goes the other way round, so that no subject is always first", async () => {
  /** @type {string[]} */
  const order = [];
  const found = await alternate(["a", "b", "c"], 3, async (subject, round) => (order.push(subject), round));
  assert.equal(order.join(""), "abccbaabc");
  assert.deepEqual(found.get("b"), [0, 1, 2]);
});

test("a ratio is taken round by round", () => {
  assert.deepEqual(ratio([10, 40, 30], [10, 20, 10]), { median: 2, min: 1, max: 3, rounds: [1, 2, 3] });
});

test("the slope is the exponent of growth", () => {
  assert.ok(Math.abs(slope([[10, 5], [100, 5], [1000, 5]])) < 1e-9);
  assert.ok(Math.abs(slope([[1, 3], [10, 30], [100, 300]]) - 1) < 1e-9);
});

test("percentiles and figures", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)], [51, 100, 7]);
  assert.deepEqual([0.12345, 1.2345, 12.345, 123.45, 12345].map(figure), ["0.123", "1.23", "12.3", "123", "12,345"]);
  assert.deepEqual([withRange(spread([2])), withRange(spread([3, 1, 2]))], ["2.00", "2.00 (1.00–3.00)"]);
});

test("a table has a row for each subject, and a plot names its series", () => {
  assert.match(table({ title: "T", columns: ["", "n"], rows: [["a", "1"], ["b", "22"]] }), /\| --- \| ---: \|\n\| a \| 1 \|\n\| b \| 22 \|/);
  const plot = svg({ title: "a < b", kind: "bars", series: [{ name: "ours", points: [{ x: "4", y: 2, min: 1, max: 3 }] }] });
  assert.match(plot, /a &#60; b/);
  assert.match(plot, /ours/);
});
