import assert from "node:assert/strict";
import { test } from "node:test";
import { isKey, keysLearnt, LANGUAGES, languageOf, messageOf, partsOf, say } from "../src/index.ts";
import "../src/app.ts";
import "../src/console.ts";
import "../src/designer.ts";
import "../src/till.ts";

const keys = keysLearnt();
const holes = (text: string) => new Set(partsOf(text).filter((_, at) => at % 2 === 1));

test("every message has the same holes in every language, and in both of its numbers", () => {
  for (const key of keys) {
    const wanted = holes(messageOf("zh", key));
    for (const { code } of LANGUAGES) {
      for (const n of [1, 2]) assert.deepEqual(holes(messageOf(code, key, n)), wanted, `${key} in ${code}`);
    }
  }
});

test("no message is empty but what joins sentences", () => {
  for (const key of keys) {
    if (key === "list.sentences") continue;
    for (const { code } of LANGUAGES) assert.notEqual(messageOf(code, key).trim(), "", `${key} in ${code}`);
  }
});

test("Chinese messages use full-width punctuation after Chinese, and no 您", () => {
  for (const key of keys) {
    const text = messageOf("zh", key);
    assert.doesNotMatch(text, /[\u4e00-\u9fff][,;:!?]/u, key);
    assert.doesNotMatch(text, /您/u, key);
  }
});

test("a message is said with what fills it, and a hole that nothing fills is a defect", () => {
  assert.equal(say("en", "members.shown", { count: 1 }, 1), "1 member on this page");
  assert.equal(say("en", "members.shown", { count: 2 }, 2), "2 members on this page");
  assert.throws(() => say("en", "members.shown", {}, 2), /nothing fills/);
});

test("the language is the first that the browser asks for and that there is, else Chinese", () => {
  assert.equal(languageOf(["fr", "en-GB"]), "en");
  assert.equal(languageOf(["zh-TW", "en"]), "zh");
  assert.equal(languageOf(["fr"]), "zh");
  assert.ok(isKey("do.close"));
  assert.ok(!isKey("do.nothing"));
});
