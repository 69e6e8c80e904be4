import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { claimOf, factsFor, fieldsOf, type Grammar, isFields, isList, listOf, namedBy, type Phrase, phrasesOf, shapeOf, WHOLE } from "../src/screens/programme/designer/grammar.ts";
import { type Fields, type Path, readText, type Value } from "../src/screens/programme/designer/text.ts";

const at = (path: string) => new URL(`../../../../${path}`, import.meta.url);
const grammar = JSON.parse(readFileSync(at("docs/reference/programme.grammar.json"), "utf8")) as Grammar;
const templates = ["corner-shop", "grocer", "runners"].map((name) => readText(readFileSync(at(`src/jifen/templates/${name}.yaml`), "utf8")).values);
const SPOKEN_ELSEWHERE = ["code", "names"];

/** Every phrase of a document, of its lists and of their parts. */
function* allPhrases(value: Fields, part: string, path: Path): Generator<Phrase> {
  yield* phrasesOf(grammar, part, value, path);
  for (const field of fieldsOf(grammar, part)) {
    const inner = field.kinds.find((one) => one.kind === "part" && isFields(value[field.name]))?.part;
    const lists = inner ? fieldsOf(grammar, inner).filter(isList) : [];
    if (isList(field)) for (const [index, one] of listOf(value, field.name).entries()) yield* allPhrases(one, field.kinds[0]?.part ?? "", [...path, field.name, index]);
    for (const list of lists) for (const [index, one] of listOf(value[field.name], list.name).entries()) yield* allPhrases(one, list.kinds[0]?.part ?? "", [...path, field.name, list.name, index]);
  }
}

function* claims(document: Fields, value: Value, path: Path): Generator<string> {
  const shape = shapeOf(grammar, document, value, path);
  if (shape.is === "group") for (const one of shape.parts) yield* claims(document, one.value, one.path);
  else yield shape.is;
}

function* leaves(value: Value, path: Path = []): Generator<string> {
  if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* leaves(one, [...path, index]);
  else if (isFields(value)) for (const [name, one] of Object.entries(value)) yield* leaves(one, [...path, name]);
  else yield path.join("/");
}

test("everything in every template is said in sentences: nothing is left to the text, and nothing is left out", () => {
  for (const document of templates) {
    const phrases = [...allPhrases(document, WHOLE, [])];
    assert.deepEqual(phrases.filter((one) => one.asText).map((one) => one.path.join("/")), []);
    const said = new Set<string>();
    for (const one of phrases) {
      said.add(one.path.join("/"));
      for (const piece of one.pieces) {
        if (piece.is === "token") said.add(piece.path.join("/"));
        if (piece.is === "condition") assert.deepEqual(new Set(claims(document, piece.value, piece.path)), new Set(["claim"]), one.path.join("/"));
      }
    }
    const conditions = phrases.flatMap((one) => one.pieces.filter((piece) => piece.is === "condition").map((piece) => `${piece.path.join("/")}/`));
    const unsaid = [...leaves(document)].filter((leaf) => {
      const steps = leaf.split("/");
      if (SPOKEN_ELSEWHERE.some((name) => steps.includes(name)) || conditions.some((one) => leaf.startsWith(one))) return false;
      return !steps.some((_, size) => said.has(steps.slice(0, size + 1).join("/")));
    });
    assert.deepEqual(unsaid, []);
  }
});

test("a field that is not known, and a value of another form, are shown and said to be for the text", () => {
  const rule: Fields = { code: "x", fixed: { points: 5, secret: 1 }, rounding: "sideways", colour: "red" };
  const phrases = phrasesOf(grammar, "earn_rule", rule, ["earn_rules", 0]);
  assert.deepEqual(phrases.filter((one) => one.asText).map((one) => one.path.join("/")).sort(), ["earn_rules/0/colour", "earn_rules/0/fixed/secret", "earn_rules/0/rounding"]);
  assert.equal(shapeOf(grammar, {}, { fact: "moon.phase", is: "full" }, []).is, "as text");
  assert.equal(shapeOf(grammar, {}, { fact: "line.brand", is: "A", in: ["B"] }, []).is, "as text");
});

test("days of each kind, what is known of stores, and the lines of a basket are said too", () => {
  const days: Fields[] = [
    { code: "a", dates: ["2026-11-11", "2026-12-12"] },
    { code: "b", span: { first: "2026-01-01", last: "2026-01-07" } },
    { code: "c", yearly: "11-11" },
    { code: "d", day_of_month: 18 },
    { code: "e", weekday: { weekday: 2, nth: -1 } },
  ];
  const stores: Fields[] = [{ code: "s", region: "north", format: "mall", tags: ["new", "big"] }];
  const document: Fields = { days, stores };
  for (const [part, list] of [["day", days], ["store", stores]] as const) {
    for (const one of list) {
      const phrases = phrasesOf(grammar, part, one, []);
      assert.deepEqual(phrases.filter((phrase) => phrase.asText), []);
      assert.ok(phrases.some((phrase) => phrase.pieces.some((piece) => piece.is === "token")), JSON.stringify(one));
    }
  }
  assert.deepEqual(namedBy(document, "days", {}, "").map((one) => one.code), ["a", "b", "c", "d", "e"]);
  assert.deepEqual(namedBy(document, "store_tags", {}, "").map((one) => one.code), ["big", "new"]);
  assert.deepEqual(namedBy(document, "store_region", {}, "").map((one) => one.code), ["north"]);
  const claim: Fields = { fact: "basket.amount_minor", of: { fact: "line.category", under: "TEA" }, ge: 5_000 };
  const shape = shapeOf(grammar, document, claim, []);
  assert.ok(shape.is === "claim" && shape.extras.includes("of") && shape.fact.allows.includes("of"));
});

test("lives of units are said: other terms by their codes, days of the year, what comes back", () => {
  const currency: Fields = {
    code: "points", kind: "spendable", expiry: { days: 30, on: ["12-31"] }, pending: { until: "2026-01-31" }, qualifies: true, grace_days: 7, draw: "terms",
    terms: [{ code: "bonus", expiry: { months: 1, round: "quarter_end" }, funded_by: "brand" }],
  };
  const phrases = phrasesOf(grammar, "currency", currency, []);
  assert.deepEqual(phrases.filter((one) => one.asText).map((one) => one.path.join("/")), []);
  const said = new Set(phrases.flatMap((one) => [one.path.join("/"), ...one.pieces.flatMap((piece) => (piece.is === "token" ? [piece.path.join("/")] : []))]));
  const unsaid = [...leaves(currency)].filter((leaf) => leaf !== "code" && !leaf.split("/").some((_, size, steps) => said.has(steps.slice(0, size + 1).join("/"))));
  assert.deepEqual(unsaid, []);
});

test("bands, the lesser of several amounts and limits of times are said, line by line", () => {
  const rules: Fields[] = [
    { code: "a", currency: "points", bands: { mode: "marginal", list: [{ from: 0, points: 1, per: 100 }, { from: 10_000, points: 50 }] } },
    { code: "b", currency: "points", lesser_of: [{ per_amount: { points: 1, amount_minor: 100 } }, { fixed: { points: 5 } }] },
    { code: "c", currency: "points", fixed: { points: 5 }, times: { day: 1 }, beyond: "skip", least: 2 },
  ];
  for (const one of rules) {
    const phrases = phrasesOf(grammar, "earn_rule", one, ["earn_rules", 0]);
    assert.deepEqual(phrases.filter((phrase) => phrase.asText).map((phrase) => phrase.path.join("/")), []);
    const said = phrases.flatMap((phrase) => phrase.pieces.flatMap((piece) => (piece.is === "token" ? [piece.path.slice(2).join("/")] : [])));
    const wanted = [...leaves(one)].filter((leaf) => leaf !== "code");
    assert.deepEqual(wanted.filter((leaf) => !said.includes(leaf)), [], JSON.stringify(one));
  }
});

test("a rule speaks of what it sees: of purchases, of its event with its attributes, and of the member", () => {
  const runners = templates[2] as Fields;
  const kinds = (on: string | null) => [...new Set(factsFor(grammar, runners, on).map((one) => one.kind))].sort();
  assert.deepEqual(kinds(null), ["line", "purchase", "state"]);
  assert.deepEqual(kinds("run"), ["event", "state"]);
  assert.deepEqual(kinds("no-such"), ["state"]);
  const attributes = (on: string) => factsFor(grammar, runners, on).filter((one) => one.fact.startsWith("event.attribute.")).map((one) => `${one.fact} ${one.type}`);
  assert.deepEqual(attributes("run"), ["event.attribute.metres integer", "event.attribute.ground text"]);
  assert.deepEqual(attributes("check-in"), []);
});

test("every fact begins with a claim that has a shape, under each of its operators", () => {
  const document = templates[1] as Fields;
  for (const fact of grammar.facts) {
    for (const operator of fact.operators) {
      const claim = claimOf(grammar, document, fact, operator, [], "2026-01-31", []);
      const shape = shapeOf(grammar, document, claim, []);
      assert.equal(shape.is, "claim", `${fact.fact} ${operator}`);
      assert.ok(Object.hasOwn(claim, operator));
      assert.deepEqual(fact.needs.filter((name) => !Object.hasOwn(claim, name)), []);
    }
  }
});
