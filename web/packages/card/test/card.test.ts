import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bars, BARS_WIDE, checkDigit, codeAt, inFours, keyOf, secondsLeft, stepAt } from "../src/index.ts";

interface Vector { key: string; number: string; moment: number; code: string }
// Made by `jifen.domain.member_code.code_at`; tests/faces/test_app_card.py holds them to it.
const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8")) as Vector[];

test("a code is the one that the ledger makes of the same key, number and moment", async () => {
  assert.ok(vectors.length >= 5);
  for (const { key, number, moment, code } of vectors) assert.equal(await codeAt({ number, key: await keyOf(key) }, moment), code);
});

test("the key signs, and cannot be read again", async () => {
  const key = await keyOf(vectors[0]?.key ?? "");
  assert.equal(key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", key));
});

test("a half minute begins at its second and lasts thirty", () => {
  assert.equal(stepAt(29_999), 0);
  assert.equal(stepAt(30_000), 1);
  assert.equal(secondsLeft(0), 30);
  assert.equal(secondsLeft(29_999), 1);
  assert.equal(secondsLeft(30_000), 30);
});

test("the last digit tells one wrong digit and two that changed places", () => {
  assert.equal(checkDigit("7992739871"), "3");
  assert.notEqual(checkDigit("7992739872"), "3");
  assert.notEqual(checkDigit("7992738971"), "3");
  assert.equal(inFours("12345678901234567890"), "1234 5678 9012 3456 7890");
});

/** Reads bars back, as a scanner does. */
function read(found: [number, number][], wide: number): string {
  const widths: number[] = [];
  found.forEach(([from, width], at) => {
    const next = found[at + 1]?.[0] ?? wide;
    widths.push(width, next - from - width);
  });
  const symbols: string[] = [];
  for (let at = 0; at + 6 <= widths.length - 2; at += 6) symbols.push(widths.slice(at, at + 6).join(""));
  return symbols.join(" ");
}

test("the bars of 00 01 are those of the standard, and every code is as wide as said", () => {
  // Start C 211232, 00 212222, 01 222122, check (105 + 0 + 2) mod 103 = 4: 121322, and the stop
  assert.equal(read(bars("0001"), 11 * 4 + 13), "211232 212222 222122 121322 233111");
  for (const { code } of vectors) {
    const found = bars(code);
    const [from, width] = found.at(-1) ?? [0, 0];
    assert.equal(from + width, BARS_WIDE);
    assert.ok(found.every(([at, wide], index) => index === 0 || at > (found[index - 1]?.[0] ?? 0) && wide >= 1 && wide <= 4));
  }
  assert.throws(() => bars("123"));
});
