import assert from "node:assert/strict";
import { test } from "node:test";
import { countText, dayText, daysLater, lengthText, localDay, localParts, moneyText, monthText, shareText, unitsText } from "../src/format.ts";

test("units are shown with the decimals of their currency", () => {
  assert.equal(unitsText(1272, 0), "1,272");
  assert.equal(unitsText(150, 2), "1.50");
  assert.equal(unitsText(-5, 2), "−0.05");
  assert.equal(unitsText(63, 0, true), "+63");
  assert.equal(unitsText(-200, 0, true), "−200");
});

test("money has its sign, its cents, and in sentences none", () => {
  assert.equal(moneyText(2983064, 2, "USD"), "$29,830.64");
  assert.equal(moneyText(-1, 2, "CNY"), "−¥0.01");
  assert.equal(moneyText(123456, 0, "JPY"), "¥123,456");
  assert.equal(moneyText(150, 2, "USD", true), "$2");
  assert.equal(moneyText(12345, 2, "CHF"), "CHF 123.45");
});

test("a share is in tenths of a percent, and of nothing it is not said", () => {
  assert.equal(shareText(640200, 1848660), "34.6%");
  assert.equal(shareText(1, 0), "–");
  assert.equal(countText(-1234567), "−1,234,567");
});

test("a date is written as the place and the language want it", () => {
  assert.equal(dayText("2018-01-01", "en", "table"), "1 Jan 2018");
  assert.equal(dayText("2018-01-01", "zh", "table"), "2018-01-01");
  assert.equal(dayText("2018-01-01", "zh", "sentence"), "2018年1月1日");
  assert.equal(dayText("2018-01-31", "zh", "short"), "1月31日");
  assert.equal(monthText("2017-12-01", "en", true), "Dec 2017");
  assert.equal(daysLater("2018-01-01", -1), "2017-12-31");
  assert.equal(daysLater("2016-02-28", 1), "2016-02-29");
});

test("a moment is shown in the programme's zone, wherever the browser is", () => {
  assert.deepEqual(localParts("2017-12-30T00:52:57Z", "America/New_York"), ["2017-12-29", "19:52"]);
  assert.equal(localDay("2017-12-31T16:00:00Z", "Asia/Shanghai"), "2018-01-01");
  assert.deepEqual(localParts("2018-01-01T05:00:00Z", "America/New_York"), ["2018-01-01", "00:00"]);
});

test("a length of time is in its largest fitting unit", () => {
  assert.equal(lengthText(900), "900 ms");
  assert.equal(lengthText(73_400), "73 s");
  assert.equal(lengthText(240_000), "4 min");
});
