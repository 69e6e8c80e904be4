import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Change, changed, type Fields, placeOf, readText, type Value, valueAt } from "../src/screens/programme/designer/text.ts";

const TEMPLATES = ["corner-shop", "grocer", "runners"].map((name) => readFileSync(new URL(`../../../../src/jifen/templates/${name}.yaml`, import.meta.url), "utf8"));
const grocer = TEMPLATES[1] as string;
const comments = (text: string) => [...text.matchAll(/(?<=^|\s)#.*$/gm)].map((one) => one[0].trim());

/** What is another line now: [taken, put]. */
function difference(before: string, after: string): [string[], string[]] {
  const old = before.split("\n");
  const now = after.split("\n");
  while (old.length && now.length && old[0] === now[0]) void [old.shift(), now.shift()];
  while (old.length && now.length && old.at(-1) === now.at(-1)) void [old.pop(), now.pop()];
  return [old, now];
}

function done(text: string, ...changes: Change[]): string {
  const after = changed(text, changes);
  assert.ok(after !== null, JSON.stringify(changes));
  return after;
}

test("a value is changed where it stands, and nothing else is", () => {
  assert.deepEqual(difference(grocer, done(grocer, { does: "set", path: ["earn_rules", 3, "multiple", "by"], value: "2" })), [
    ['    multiple: {of: base, by: "3/2"}'],
    ['    multiple: {of: base, by: "2"}'],
  ]);
  assert.deepEqual(difference(grocer, done(grocer, { does: "set", path: ["currencies", 0, "worth"], value: 2 })), [
    ["    worth: 1                                      # one cent"],
    ["    worth: 2                                      # one cent"],
  ]);
});

test("a field that is missing comes after those that stand before it", () => {
  const order = ["code", "names", "currency", "per_amount", "rounding", "tier_multiplies", "caps", "when"];
  assert.deepEqual(difference(grocer, done(grocer, { does: "set", path: ["earn_rules", 0, "caps"], value: { day: 5 }, order })), [[], ["    caps: {day: 5}"]]);
  assert.deepEqual(difference(grocer, done(grocer, { does: "set", path: ["earn_rules", 1, "caps", "month"], value: 90 })), [
    ["    caps: {day: 25}"],
    ["    caps: {day: 25, month: 90}"],
  ]);
});

test("the last of what a field holds takes the field with it", () => {
  assert.deepEqual(difference(grocer, done(grocer, { does: "remove", path: ["earn_rules", 1, "caps", "day"] })), [["    caps: {day: 25}"], []]);
  const when = done(grocer, { does: "remove", path: ["earn_rules", 0, "when"] });
  assert.equal(valueAt(readText(when).values, ["earn_rules", 0, "when"]), undefined);
  assert.deepEqual(comments(when), comments(grocer));
});

test("a rule goes with the comment that stands above it; others keep theirs", () => {
  const without = done(grocer, { does: "remove", path: ["earn_rules", 1] });
  assert.ok(!without.includes("Fuel by volume would be absurd"));
  assert.ok(without.includes("A point for a dollar. Fuel, tobacco"));
  assert.equal(comments(without).length, comments(grocer).length - 1);
});

test("a rule that is moved takes its comment along, and back again the text is what it was", () => {
  const down = done(grocer, { does: "move", path: ["earn_rules", 0], by: 1 });
  assert.ok(down.indexOf("A point for a dollar") > down.indexOf("Fuel by volume"));
  assert.ok(down.indexOf("A point for a dollar") < down.indexOf("code: base"));
  assert.deepEqual(comments(down).sort(), comments(grocer).sort());
  assert.equal(done(down, { does: "move", path: ["earn_rules", 1], by: -1 }), grocer);
  assert.equal(changed(grocer, [{ does: "move", path: ["earn_rules", 0], by: -1 }]), null);
});

test("a copy stands behind what it was made of, under a code of its own", () => {
  const again = done(grocer, { does: "copy", path: ["earn_rules", 5], fields: { code: "produce-2" } });
  const rules = readText(again).values["earn_rules"] as Fields[];
  assert.deepEqual([rules[5]?.["code"], rules[6]?.["code"]], ["produce-weekend", "produce-2"]);
  assert.deepEqual(rules[6]?.["when"], rules[5]?.["when"]);
});

test("fields are written as the templates write them, and a list goes on with blank lines where lists have some", () => {
  const runners = TEMPLATES[2] as string;
  const added = done(runners, { does: "append", path: ["earn_rules"], value: { code: "x", on: "run" } });
  assert.ok(added.includes("\n\n  - code: x\n    on: run\n"));
  const events = done(runners, { does: "append", path: ["events"], value: { code: "x" } });
  assert.ok(events.includes("    names: {zh: 问卷, en: Survey}\n  - code: x\n"));
});

test("a list that is not there yet begins at its place, and one in one line goes on in it", () => {
  const order = ["format", "program", "stores", "currencies", "events", "earn_rules"];
  const added = done(TEMPLATES[0] as string, { does: "append", path: ["events"], value: { code: "check-in", names: { zh: "签到", en: "Check-in" } }, order });
  assert.ok(added.includes("events:\n  - code: check-in\n    names: {zh: 签到, en: Check-in}\n"));
  const path = ["earn_rules", 0, "when", "not", "under"];
  assert.ok(done(grocer, { does: "append", path, value: "NO, 1" }).includes('DRUG GM/INFANT FORMULA, "NO, 1"]'));
});

test("JSON is YAML: a document that was pasted as JSON is changed in its own form", () => {
  const json = JSON.stringify(readText(TEMPLATES[0] as string).values, null, 2);
  const after = done(json, { does: "set", path: ["earn_rules", 0, "per_amount", "points"], value: 2 }, { does: "append", path: ["earn_rules"], value: { code: "x" } });
  assert.equal((readText(after).values["earn_rules"] as Fields[]).length, 3);
  assert.ok(after.includes('"points": 2,'));
});

test("what the ledger does not read is told with its place", () => {
  const told = (text: string) => readText(text).faults.map((one) => [one.code, text.slice(one.from, one.to)]);
  assert.deepEqual(told("a: 2.5"), [["inexact", "2.5"]]);
  assert.deepEqual(told("a: 1.0"), [["inexact", "1.0"]]);
  assert.equal(told("a: &x 1\nb: *x")[0]?.[0], "alias");
  assert.equal(told("a: !!int 3")[0]?.[0], "tag");
  assert.equal(told("a: [1")[0]?.[0], "not_yaml");
  assert.deepEqual(told("a: 1\na: 2"), [["double", "a"]]);
  assert.equal(told("- a")[0]?.[0], "not_fields");
  assert.deepEqual(readText("").faults, []);
  assert.deepEqual(readText("a: 007\nb: no\nc: 12:30\nd: 2026-10-01\ne:\nf: '5'").values, { a: "007", b: "no", c: "12:30", d: "2026-10-01", e: null, f: "5" });
});

test("a text of any depth is refused, and ends no page", () => {
  for (const text of ["[".repeat(20_000), `a: ${"{a: ".repeat(5_000)}`, `a: ${"- ".repeat(5_000)}x`]) assert.ok(readText(text).faults.length > 0);
  assert.equal(readText(`a: ${"[".repeat(70)}${"]".repeat(70)}`).faults[0]?.code, "too_deep");
});

test("a field that stands where it stood is not read again, and one that moved is found where it is", () => {
  const stores = Array.from({ length: 300 }, (_, at) => `  - code: s${at}\n    names: {zh: 店, en: Shop}`).join("\n");
  const text = `format: 1\nstores:\n${stores}\nearn_rules:\n  - code: a\n    fixed: {points: 1}\n`;
  const first = readText(text);
  const later = readText(done(text, { does: "set", path: ["earn_rules", 0, "fixed", "points"], value: 2 }));
  assert.equal(later.values["stores"], first.values["stores"]);
  const moved = `# one line more\n${text}`;
  const [from, to] = placeOf(readText(moved), ["stores", 299, "code"]);
  assert.equal(moved.slice(from, to), "s299");
  assert.equal(text.slice(...placeOf(first, ["stores", 299, "code"])), "s299", "what was read before stays as it was");
  assert.equal(readText("a: 1\nb: 2\na: 3").faults[0]?.code, "double");
  assert.equal(readText("a: [1,\n2]\n").faults[0]?.code, "not_yaml");
});

test("texts come back as they were written, whatever they look like", () => {
  for (const value of ["2", "3/2", "yes", "null", "a: b", "a, b", "[x]", "#x", " x", "x ", "", "-", "007", "1e3", '"', "'", "2026-01-01", "中文，标点", "a\tb", "%", "@x", "=", "!x", "&x", "*x", "O'Neil & Co (1)"]) {
    const after = done(grocer, { does: "set", path: ["program", "names", "en"], value });
    assert.equal(valueAt(readText(after).values, ["program", "names", "en"]), value);
    const listed = done(grocer, { does: "set", path: ["earn_rules", 0, "when", "not", "under"], value: [value, value] });
    assert.deepEqual(valueAt(readText(listed).values, ["earn_rules", 0, "when", "not", "under"]), [value, value]);
  }
});

/** Every path of a value, the deepest first. */
function* paths(value: Value, here: (string | number)[] = []): Generator<(string | number)[]> {
  if (typeof value === "object" && value !== null) for (const [name, one] of Object.entries(value)) yield* paths(one, [...here, Array.isArray(value) ? Number(name) : name]);
  if (here.length) yield here;
}

test("whatever is set or removed in whatever template reads back as it should, and loses no other comment", () => {
  for (const [which, text] of TEMPLATES.entries()) {
    for (const [at, path] of [...paths(readText(text).values)].entries()) {
      if (at % 3 !== which) continue;
      const value = valueAt(readText(text).values, path);
      const after = changed(text, [{ does: "set", path, value: typeof value === "object" ? (value as Value) : "x" }]);
      assert.ok(after !== null, `set ${path.join("/")}`);
      if (typeof value !== "object") assert.deepEqual(comments(after), comments(text), `set ${path.join("/")}`);
      assert.ok(changed(text, [{ does: "remove", path }]) !== null || path.length === 1, `remove ${path.join("/")}`);
    }
  }
});
