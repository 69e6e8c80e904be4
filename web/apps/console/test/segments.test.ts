// What the form of a segment says is what the API is asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionOf, newClaim } from "../src/screens/segments/condition.ts";

test("one row is its claim, several are joined as somebody chose", () => {
  const asleep = { ...newClaim("member.days_since_purchase", "gold", "points"), value: "60" };
  const gold = newClaim("member.tier", "gold", "points");
  assert.deepEqual(conditionOf([asleep], "all", 2), { fact: "member.days_since_purchase", ge: 60 });
  assert.deepEqual(conditionOf([asleep, gold], "any", 2), { any: [{ fact: "member.days_since_purchase", ge: 60 }, { fact: "member.tier", is: "gold" }] });
});

test("money is written as it is shown, and a window and a currency go with what needs them", () => {
  const spent = { ...newClaim("member.spend_minor", "gold", "points"), value: "199.9" };
  assert.deepEqual(conditionOf([spent], "all", 2), { fact: "member.spend_minor", ge: 19_990, window_days: 90 });
  const rich = { ...newClaim("member.balance", "gold", "points"), value: "500" };
  assert.deepEqual(conditionOf([rich], "all", 2), { fact: "member.balance", ge: 500, currency: "points" });
});

test("what is missing or no number is no condition", () => {
  const spent = newClaim("member.spend_minor", "gold", "points");
  assert.equal(conditionOf([], "all", 2), null);
  assert.equal(conditionOf([spent], "all", 2), null);
  assert.equal(conditionOf([{ ...spent, value: "12", days: "0" }], "all", 2), null);
  assert.equal(conditionOf([{ ...spent, value: "1e9" }], "all", 2), null);
});
