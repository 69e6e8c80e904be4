import assert from "node:assert/strict";
import { test } from "node:test";
import { csvText } from "../src/csv.ts";

test("cells are quoted where they must be, and lines end as a spreadsheet wants it", () => {
  assert.equal(csvText(["a", "b"], [["x,y", 'said "no"'], [null, 12]]), '\uFEFFa,b\r\n"x,y","said ""no"""\r\n,12\r\n');
});

test("no text is a formula, and a number below zero stays one", () => {
  assert.equal(csvText(["a"], [["=1+1"], ["@x"], ["-cmd"], ["-12"], [-3]]), "\uFEFFa\r\n'=1+1\r\n'@x\r\n'-cmd\r\n-12\r\n-3\r\n");
});
