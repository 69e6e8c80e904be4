import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalOf, freeCode, majorOf, minorOf, ratioOf } from "../src/screens/programme/designer/numbers.ts";

test("what a person types becomes an exact fraction, and is shown as he typed it", () => {
  for (const [typed, exact] of [["1.5", "3/2"], ["2", "2"], ["2.50", "5/2"], ["1.1", "11/10"], [".5", "1/2"], ["3/2", "3/2"], ["1,25", "5/4"], ["2.0", "2"]] as const) assert.equal(ratioOf(typed), exact, typed);
  for (const typed of ["", "x", "1.2345", "1/0", "-1", "1e3", "1.5.2"]) assert.equal(ratioOf(typed), null, typed);
  assert.deepEqual(["3/2", "11/10", "2", "1/3", "1/0"].map(decimalOf), ["1.5", "1.1", "2", "1/3", "1/0"]);
});

test("money is typed as it is read, and never more exact than it is", () => {
  assert.deepEqual(["1", "1.5", "1.50", "3,000", "0.01", "-2"].map((one) => minorOf(one, 2)), [100, 150, 150, 300_000, 1, -200]);
  for (const typed of ["", "1.005", "abc", "1e5", "9999999999999999", "1.5.1"]) assert.equal(minorOf(typed, 2), null, typed);
  assert.equal(minorOf("1.5", 0), null);
  assert.deepEqual([[100, 2], [150, 2], [1, 2], [-205, 2], [5, 0], [1500, 3]].map(([minor, decimals]) => majorOf(minor as number, decimals as number)), ["1", "1.5", "0.01", "-2.05", "5", "1.5"]);
});

test("a code that is taken is counted on", () => {
  assert.equal(freeCode([{ code: "a" }, { code: "a-2" }], "a"), "a-3");
  assert.equal(freeCode([], "a"), "a");
});
