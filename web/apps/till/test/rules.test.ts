import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, basketLines, entryOf, itemsOf, linesBody, offOf, shareOf, totalOf, unitsFor, withLine, worthOf } from "../src/rules/basket.ts";
import { isLuhn, kindOf, moneyOf, quantityOf } from "../src/rules/kind.ts";
import { inOrder, type Message, nextNumber, shiftOf, signedText, verdictOf } from "../src/rules/message.ts";

const message = (order: number, more: Partial<Message> = {}): Message => ({
  order, kind: "purchase", path: "/v1/purchases", body: "{}", key: `k${order}`, no: `20261128-000${order}`, at: "2026-11-28T10:00:00.000Z",
  amount_minor: 1_000, phone: null, signature: new ArrayBuffer(0), state: "waiting", tries: 0, problem: null, answer: null, ...more,
});

test("who is meant is told by the shape: code, phone or card", () => {
  assert.deepEqual(kindOf("00421173066828185629", "CNY"), { kind: "code", value: "00421173066828185629", isWhole: isLuhn("00421173066828185629") });
  assert.equal(kindOf("0042 1173 0668 2818 5620", "CNY")?.kind, "code");
  assert.equal(kindOf("138 0013 8000", "CNY")?.value, "13800138000");
  assert.equal(kindOf("138 0013 8000", "CNY")?.kind, "phone");
  assert.equal(kindOf("１３８００１３８０００", "CNY")?.kind, "phone");
  assert.equal(kindOf("13800138000", "USD")?.kind, "card");
  assert.equal(kindOf("2015550123", "USD")?.kind, "phone");
  assert.equal(kindOf("+8613800138000", "USD")?.kind, "phone");
  assert.equal(kindOf("+86", "USD")?.isWhole, false);
  assert.equal(kindOf("6200001", "CNY")?.kind, "card");
  assert.equal(kindOf("  ", "CNY"), null);
});

test("of twenty digits whose check digit is wrong nothing is asked", () => {
  const right = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].filter((digit) => kindOf(`0042117306682818562${digit}`, "CNY")?.isWhole);
  assert.equal(right.length, 1);
});

test("money and quantities are typed as they are said, and nothing is guessed", () => {
  assert.equal(moneyOf("12.5", 2), 1_250);
  assert.equal(moneyOf("1,200", 2), 120_000);
  assert.equal(moneyOf("12.505", 2), null);
  assert.equal(moneyOf("-1", 2), null);
  assert.equal(moneyOf("500", 0), 500);
  assert.equal(quantityOf("0.45"), 450);
  assert.equal(quantityOf("0"), null);
});

test("the one field takes a code, a name with its price, and how many", () => {
  assert.deepEqual(entryOf("3*tea 4.50", 2), { quantity_milli: 3_000, what: "tea", price_minor: 450 });
  assert.deepEqual(entryOf("0.5 x rice 10", 2), { quantity_milli: 500, what: "rice", price_minor: 1_000 });
  assert.deepEqual(entryOf("6901234567892", 2), { quantity_milli: 1_000, what: "6901234567892", price_minor: null });
  assert.equal(entryOf("0*tea", 2), null);
});

test("lines add up, and the same goods stand once", () => {
  const tea = { name: "tea", price_minor: 333, quantity_milli: 1_500 };
  assert.equal(amountOf(tea), 500);
  const lines = withLine(withLine([], tea), { ...tea, quantity_milli: 500 });
  assert.equal(lines.length, 1);
  assert.equal(totalOf(lines), 666);
  assert.equal(withLine(lines, { ...tea, price_minor: 334 }).length, 2);
  assert.deepEqual(linesBody(lines), [{ number: 1, amount_minor: 666, quantity_milli: 2_000, name: "tea" }]);
});

test("points and what they pay for", () => {
  const fen = { worth_minor: 1, worth_units: 1 };
  assert.equal(worthOf(250, fen), 250);
  assert.equal(worthOf(7, { worth_minor: 1, worth_units: 5 }), 1);
  assert.equal(unitsFor(250, { worth_minor: 1, worth_units: 5 }), 1_250);
  assert.equal(worthOf(250, { worth_minor: null, worth_units: null }), 0);
  assert.equal(shareOf(1_001, 500, 1_000), 501);
});

test("a file of goods tells each line that is none, and why", () => {
  const { items, faults } = itemsOf('\uFEFFsku,name,price,brand\r\n1,"Tea, ""green""",4.50,Ours\r\n2,,1,\r\n3,Rice,much,\r\n1,Tea,2,\r\n4,Salt\r\n', 2);
  assert.deepEqual(items, [{ sku: "1", name: 'Tea, "green"', price_minor: 450, brand: "Ours" }]);
  assert.deepEqual(faults, [{ line: 3, why: "name" }, { line: 4, why: "price" }, { line: 5, why: "twice" }, { line: 6, why: "columns" }]);
  assert.deepEqual(itemsOf("a,b\n1,2", 2).faults, [{ line: 1, why: "header" }]);
});

test("what waits is sent in the order in which it was made; the rest is not", () => {
  const all = [message(3), message(1, { state: "done" }), message(2), message(4, { state: "refused" }), message(5, { state: "tampered" })];
  assert.deepEqual(inOrder(all).map((one) => one.order), [2, 3]);
});

test("an answer that did not come leaves everything as it is; a refusal lets the next one go", () => {
  assert.equal(verdictOf(201, null), "done");
  for (const status of [0, 408, 429, 500, 502, 503]) assert.equal(verdictOf(status, null), "wait");
  assert.equal(verdictOf(401, "session_over"), "sign_in");
  assert.equal(verdictOf(403, "csrf_refused"), "sign_in");
  for (const [status, code] of [[403, "not_permitted"], [404, "member_unknown"], [409, "key_reused"], [422, "field_wrong"]] as const) {
    assert.equal(verdictOf(status, code), "refused");
  }
});

test("the signature stands over everything that decides what the server does", () => {
  const one = message(1);
  const changes: Partial<Message>[] = [{ order: 2 }, { kind: "void" }, { path: "/v1/gifts" }, { body: "{ }" }, { key: "x" }, { no: "x" }, { at: "x" }, { amount_minor: 1 }, { phone: "1" }];
  for (const changed of changes) assert.notEqual(signedText({ ...one, ...changed }), signedText(one), JSON.stringify(changed));
  assert.equal(signedText({ ...one, tries: 4 }), signedText(one));
});

test("numbers run by day and begin at one", () => {
  assert.equal(nextNumber(null, "2026-11-28", "till-s1-0ba1f2").no, "20261128-0001-a1f2");
  assert.equal(nextNumber({ day: "2026-11-28", n: 41 }, "2026-11-28", "till-s1-0ba1f2").no, "20261128-0042-a1f2");
  assert.equal(nextNumber({ day: "2026-11-28", n: 41 }, "2026-11-29", "till-s1-7c33d0").no, "20261129-0001-33d0", "another till, another number");
});

test("a shift counts what was sold since it began, and tells what waits and what was refused", () => {
  const earned = { earned: [{ currency: "points", units: 10 }] };
  const shift = shiftOf(
    [
      message(1, { at: "2026-11-28T09:00:00.000Z", state: "done", answer: earned }), message(2, { state: "done", answer: earned }), message(3),
      message(4, { state: "refused" }), message(5, { kind: "return", state: "done", amount_minor: 400, answer: { amount_minor: 500 } }), message(6, { kind: "commit", state: "done" }),
    ],
    "2026-11-28T09:30:00.000Z",
  );
  assert.deepEqual(shift, { count: 2, amount_minor: 2_000, returns: 1, returned_minor: 500, units: { points: 10 }, waiting: 1, refused: 1 });
});

test("what offers take off stands in the lines that are sold, and only in those that were priced", () => {
  const lines = [{ name: "ice", quantity_milli: 2_000, price_minor: 600, category: "ICE" }, { name: "tea", quantity_milli: 1_000, price_minor: 100 }];
  const priced = { lines: [{ number: 1, discount_minor: 300 }, { number: 2, discount_minor: 0 }] };
  assert.deepEqual(basketLines(lines)[0], { number: 1, shelf_minor: 1_200, quantity_milli: 2_000, name: "ice", category: "ICE" });
  assert.deepEqual(linesBody(lines, priced).map((one) => [one.amount_minor, one.discount_minor]), [[900, 300], [100, undefined]]);
  assert.equal(totalOf(lines, priced), 1_000);
  assert.equal(offOf(lines.slice(0, 1), 0, priced), 0);
  assert.equal(totalOf(lines, null), 1_300);
});
