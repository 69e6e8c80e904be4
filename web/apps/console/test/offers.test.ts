import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fieldsOf, type Grammar, isFields, isList, listOf, phrasesOf, shapeOf, claimOf, factsFor } from "../src/screens/programme/designer/grammar.ts";
import { missingOf } from "../src/screens/programme/designer/offers.ts";
import { changed, type Fields, type Path, readText, type Value, valueAt } from "../src/screens/programme/designer/text.ts";

const at = (path: string) => new URL(`../../../../${path}`, import.meta.url);
const grammar = JSON.parse(readFileSync(at("docs/reference/programme.grammar.json"), "utf8")) as Grammar;
const templates = ["corner-shop", "grocer", "runners"].map((name) => readFileSync(at(`src/jifen/templates/${name}.yaml`), "utf8"));

/** Every part of a document that a card or a tab shows: [its kind, its path]. */
function* parts(document: Fields): Generator<[string, Path]> {
  yield ["program_document", []];
  for (const field of fieldsOf(grammar, "program_document")) {
    const part = field.kinds[0]?.part ?? "";
    if (isList(field)) for (const index of listOf(document, field.name).keys()) yield [part, [field.name, index]];
    else if (fieldsOf(grammar, part).some(isList) && isFields(document[field.name])) {
      yield [part, [field.name]];
      for (const list of fieldsOf(grammar, part).filter(isList)) for (const index of listOf(document[field.name], list.name).keys()) yield [list.kinds[0]?.part ?? "", [field.name, list.name, index]];
    }
  }
}

/** Fields of a part that may be left out, with those of what it holds. */
function* optional(part: string, value: Fields, path: Path): Generator<Path> {
  for (const field of fieldsOf(grammar, part)) {
    const own = value[field.name];
    const inner = field.kinds.find((one) => one.kind === "part")?.part;
    if (own === undefined || isList(field) || fieldsOf(grammar, inner ?? "").some(isList) || ["when", "names", "format"].includes(field.name)) continue;
    if (!field.is_required && !field.is_amount && !(field.name === "currency" && part === "earn_rule")) yield [...path, field.name];
    if (inner && isFields(own)) yield* optional(inner, own, [...path, field.name]);
  }
}

test("whatever a template says is offered where it is missing: it can be built without writing it", () => {
  let count = 0;
  for (const text of templates) {
    const document = readText(text).values;
    for (const [part, path] of parts(document)) {
      for (const field of optional(part, valueAt(document, path) as Fields, path)) {
        const without = changed(text, [{ does: "remove", path: field }]);
        assert.ok(without !== null, field.join("/"));
        const left = readText(without).values;
        const offered = missingOf(grammar, part, valueAt(left, path) as Fields, path, left);
        // Of a part without words of its own its fields are offered: caps by day, by week.
        const stands = phrasesOf(grammar, part, valueAt(left, path) as Fields, path).some((one) => one.pieces.some((piece) => piece.is === "token" && piece.path.join("/") === field.join("/")));
        const isOffered = stands || offered.some((one) => [one.path.join("/"), [...one.path, one.field.name].join("/"), one.path.slice(0, -1).join("/")].includes(field.join("/")));
        assert.ok(isOffered, `${field.join("/")} of ${offered.map((one) => one.path.join("/")).join(", ")}`);
        const found = offered.find((one) => one.path.join("/") === field.join("/")) ?? offered.find((one) => [...one.path, one.field.name].join("/") === field.join("/"));
        if (found) assert.ok(changed(without, [{ does: "set", path: found.path, value: found.value }]) !== null, field.join("/"));
        count += 1;
      }
    }
  }
  assert.ok(count > 60, String(count));
});

test("every condition of every template can be chosen: its fact is offered to its rule, its operator to its fact", () => {
  const walk = (document: Fields, on: string | null, value: Value, path: Path): void => {
    const shape = shapeOf(grammar, document, value, path);
    assert.notEqual(shape.is, "as text", path.join("/"));
    if (shape.is === "group") for (const one of shape.parts) walk(document, on, one.value, one.path);
    if (shape.is === "claim") {
      const fact = factsFor(grammar, document, on).find((one) => one.fact === shape.fact.fact);
      assert.ok(fact?.operators.includes(shape.operator.operator), path.join("/"));
      assert.ok(Object.hasOwn(claimOf(grammar, document, fact, shape.operator.operator, [], "2026-01-31", []), shape.operator.operator));
    }
  };
  for (const text of templates) {
    const document = readText(text).values;
    for (const [index, rule] of listOf(document, "earn_rules").entries()) if (rule["when"] !== undefined) walk(document, typeof rule["on"] === "string" ? rule["on"] : null, rule["when"], ["earn_rules", index, "when"]);
  }
});
