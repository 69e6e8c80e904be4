// What a document may be made of, as the server reads it off its own code; nothing here knows a single fact or field.
import type { Schemas } from "@jifen/api";
import type { Fields, Path, Value } from "./text.ts";

export type Grammar = Schemas["GrammarAnswer"];
export type Field = Schemas["GrammarField"];
export type Kind = Schemas["GrammarKind"];
export type Fact = Schemas["GrammarFact"];
export type Operator = Schemas["GrammarOperator"];
export type Choice = Schemas["GrammarChoice"];

export const WHOLE = "program_document";

export function fieldsOf(grammar: Grammar, part: string): Field[] {
  return grammar.parts.find((one) => one.part === part)?.fields ?? [];
}

export function orderOf(grammar: Grammar, part: string): string[] {
  return fieldsOf(grammar, part).map((one) => one.name);
}

/** Of the ways in which a field may be written, the one that a value is written in; undefined: in none of them. */
export function kindOf(field: Field, value: Value | undefined): Kind | undefined {
  if (value === undefined) return field.kinds[0];
  return field.kinds.find((one) => fits(one, value));
}

function fits(kind: Kind, value: Value): boolean {
  switch (kind.kind) {
    case "whole":
      return typeof value === "number";
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return kind.choices.some((one) => one.value === value);
    case "list":
    case "lines":
      return Array.isArray(value);
    case "part":
    case "map":
    case "names":
      return isFields(value);
    case "condition":
      return isFields(value);
    default:
      return typeof value === "string";
  }
}

export function isFields(value: Value | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The facts that a rule may speak of: of what it sees, and of the member. Declared attributes are facts too. */
export function factsFor(grammar: Grammar, document: Fields, on: string | null): Fact[] {
  const occasions = listOf(document, "events").map((one) => one["code"]);
  const sees: Fact["kind"][] = on === null ? ["line", "purchase", "state"] : occasions.includes(on) ? ["event", "state"] : ["state"];
  const event = listOf(document, "events").find((one) => one["code"] === on);
  const declared = grammar.declared.flatMap((one): Fact[] => {
    const attributes = one.kind === "line" ? document["line_attributes"] : event?.["attributes"];
    if (!isFields(attributes)) return [];
    return Object.entries(attributes).map(([code, type]) => ({
      fact: one.prefix + code,
      label: one.says.replace("{code}", code),
      kind: one.kind,
      type: type === "integer" ? "integer" : "text",
      unit: null,
      operators: type === "integer" ? one.operators_of_integer : one.operators_of_text,
      needs: [],
      allows: [],
      names: null,
      choices: [],
    }));
  });
  return [...grammar.facts, ...declared].filter((one) => sees.includes(one.kind));
}

export function factOf(grammar: Grammar, document: Fields, name: string): Fact | undefined {
  const known = grammar.facts.find((one) => one.fact === name);
  if (known) return known;
  const occasions = [null, ...listOf(document, "events").map((one) => String(one["code"]))];
  return occasions.flatMap((on) => factsFor(grammar, document, on)).find((one) => one.fact === name);
}

export function listOf(document: Value | undefined, name: string): Fields[] {
  const list = isFields(document) ? document[name] : undefined;
  return Array.isArray(list) ? list.filter(isFields) : [];
}

/** The codes that a field may name, with what they are called. */
export function namedBy(document: Fields, names: string, inPart: Fields, spend: string): { code: string; names: Fields }[] {
  const coded = (list: Fields[]) => list.map((one) => ({ code: String(one["code"] ?? ""), names: isFields(one["names"]) ? one["names"] : {} }));
  switch (names) {
    case "occasions":
      return coded([...listOf(document, "events"), ...listOf(document, "moments")]);
    case "measures":
      return [{ code: "spend", names: { zh: spend, en: spend } }, ...coded(listOf(document, "currencies"))];
    case "terms": {
      const currency = listOf(document, "currencies").find((one) => one["code"] === inPart["currency"]);
      return coded(listOf(currency ?? {}, "terms"));
    }
    case "every_rule":
      return coded(listOf(document, "earn_rules"));
    case "tiers":
      return coded(listOf(document["tiers"], "list"));
    case "earn_rules":
      return coded(listOf(document, "earn_rules").filter((one) => one["multiple"] === undefined));
    case "event_attributes": {
      const event = listOf(document, "events").find((one) => one["code"] === inPart["on"]);
      const attributes = isFields(event?.["attributes"]) ? event["attributes"] : {};
      return Object.keys(attributes).filter((code) => attributes[code] === "integer").map((code) => ({ code, names: {} }));
    }
    default: {
      // What stores say under a field: regions, formats, tags.
      const field = names.startsWith("store_") ? names.slice("store_".length) : null;
      if (field === null) return coded(listOf(document, names));
      const said = listOf(document, "stores").flatMap((one) => one[field] ?? []).map(String);
      return [...new Set(said)].sort().map((code) => ({ code, names: {} }));
    }
  }
}

// -- sentences ------------------------------------------------------------------------------------------------------------

/** A piece of a phrase: words; a token, which is one value of the document; a condition. */
export type Piece =
  | { is: "words"; text: string }
  | { is: "token"; path: Path; field: Field; value: Value | undefined }
  | { is: "condition"; path: Path; value: Value };

/** A phrase of a sentence: what one field says. `asText`: what is written there has no words, and is changed as text. */
export interface Phrase {
  field: Field;
  path: Path;
  pieces: Piece[];
  asText: boolean;
}

const FIRST = ["on", "kind", "reach"];
const LAST = ["caps", "shares", "budget", "rounding", "group"];

/** What a part says, phrase by phrase: nothing that is written there is left out. */
export function phrasesOf(grammar: Grammar, part: string, value: Fields, path: Path): Phrase[] {
  const fields = fieldsOf(grammar, part);
  // A code stands in the head of a card; where a part has no card, a phrase says it.
  const said = new Set<string>(["names", ...(fields.some((one) => one.name === "code" && one.says !== null) ? [] : ["code"])]);
  const phrases: Phrase[] = [];
  const inOrder = [...fields].sort((one, other) => rank(one) - rank(other));
  for (const field of inOrder) {
    if (said.has(field.name) || !Object.hasOwn(value, field.name) || isList(field)) continue;
    said.add(field.name);
    phrases.push(...phrasesOfField(grammar, field, fields, value, path, said));
  }
  for (const [name, one] of Object.entries(value)) {
    if (said.has(name) || fields.some((field) => field.name === name)) continue;
    phrases.push({ field: unknownField(name), path: [...path, name], pieces: [{ is: "words", text: `${name}: ${JSON.stringify(one)}` }], asText: true });
  }
  return phrases.filter((one) => !(one.pieces.length === 1 && one.field.name === "currency" && said.has("currency:said")));
}

function rank(field: Field): number {
  if (FIRST.includes(field.name)) return 0;
  if (field.is_amount) return 1;
  const last = LAST.indexOf(field.name);
  if (last !== -1) return 5 + last;
  return field.name === "currency" ? 2 : field.name === "when" ? 4 : 3;
}

/** Lists of parts have a place of their own. */
export function isList(field: Field): boolean {
  return field.kinds.some((one) => one.kind === "list" && one.of?.kind === "part");
}

function phrasesOfField(grammar: Grammar, field: Field, around: Field[], value: Fields, path: Path, said: Set<string>): Phrase[] {
  const own = value[field.name] as Value;
  const here = [...path, field.name];
  const kind = kindOf(field, own);
  const asText = (): Phrase[] => [{ field, path: here, pieces: [{ is: "words", text: `${field.name}: ${JSON.stringify(own)}` }], asText: true }];
  if (kind === undefined) return own === null ? [] : asText();
  const inside = kind.kind === "part" && isFields(own) ? fieldsOf(grammar, kind.part ?? "") : [];
  if (kind.kind === "part" && isFields(own)) {
    const saidInside = new Set<string>(["names"]);
    const head = field.says === null ? [] : [{ field, path: here, pieces: fill(field.says, (hole) => tokenOf(hole, inside, own, here, saidInside) ?? tokenOf(hole, around, value, path, said)), asText: false }];
    const rest = phrasesOf(grammar, kind.part ?? "", Object.fromEntries(Object.entries(own).filter(([name]) => !saidInside.has(name))), here);
    const holdsLines = inside.some((one) => one.kinds.some((each) => each.kind === "lines"));
    const whole = holdsLines || head.some((one) => one.pieces.some((piece) => piece.is === "token")) || head.length === 0;
    if (whole) return [...head, ...rest];
    // A phrase of another shape, such as `expires {expiry}` of a part: its own words, then what the part says.
    return rest.map((one, at) => (at === 0 ? { ...one, pieces: [...(head[0]?.pieces ?? []), ...one.pieces] } : one));
  }
  // Parts without codes of their own, such as bands: a line each, behind what holds them.
  if (kind.kind === "lines" && Array.isArray(own)) {
    const head: Phrase[] = field.says === null ? [] : [{ field, path: here, pieces: fill(field.says, (hole) => tokenOf(hole, around, value, path, said)), asText: false }];
    return [...head, ...own.flatMap((one, at) => (isFields(one) ? phrasesOf(grammar, kind.part ?? "", one, [...here, at]) : asText()))];
  }
  if (field.says === null) return asText();
  if (kind.kind === "flag") return [{ field, path: here, pieces: own === false ? [{ is: "words", text: `${field.says}: ` }, { is: "token", path: here, field, value: own }] : [{ is: "words", text: field.says }], asText: false }];
  if (kind.kind === "condition") return [{ field, path: here, pieces: [{ is: "condition", path: here, value: own }], asText: false }];
  return [{ field, path: here, pieces: fill(field.says, (hole) => tokenOf(hole, around, value, path, said)), asText: false }];
}

/** A phrase with its holes filled; what fills none is left out. */
export function fill(says: string, by: (hole: string) => Piece | null): Piece[] {
  return says
    .split(/\{([a-z_]+)\}/)
    .map((text, at): Piece | null => (at % 2 === 0 ? { is: "words", text } : by(text)))
    .filter((one): one is Piece => one !== null && !(one.is === "words" && one.text === ""));
}

function tokenOf(hole: string, fields: Field[], value: Fields, path: Path, said: Set<string>): Piece | null {
  const field = fields.find((one) => one.name === hole);
  if (!field) return null;
  const own = value[hole];
  // `expires {expiry}`, where the expiry is a part with phrases of its own.
  if (isFields(own) && kindOf(field, own)?.kind === "part") return null;
  said.add(hole);
  if (hole === "currency") said.add("currency:said");
  return { is: "token", path: [...path, hole], field, value: own };
}

function unknownField(name: string): Field {
  return { name, says: null, is_required: false, is_amount: false, unit: null, names: null, default: null, kinds: [] };
}

// -- conditions -----------------------------------------------------------------------------------------------------------

export type Group = "all" | "any" | "not";

/** A condition as it is written: a group of others, a claim, or something that only the text can say. */
export type Shape =
  | { is: "group"; word: Group; parts: { value: Value; path: Path }[] }
  | { is: "claim"; fact: Fact; operator: Operator; value: Value; extras: string[] }
  | { is: "as text" };

export function shapeOf(grammar: Grammar, document: Fields, value: Value, path: Path): Shape {
  if (!isFields(value)) return { is: "as text" };
  const names = Object.keys(value);
  for (const word of ["all", "any"] as const) {
    const parts = value[word];
    if (names.length === 1 && Array.isArray(parts)) return { is: "group", word, parts: parts.map((one, at) => ({ value: one, path: [...path, word, at] })) };
  }
  if (names.length === 1 && Object.hasOwn(value, "not")) return { is: "group", word: "not", parts: [{ value: value["not"] as Value, path: [...path, "not"] }] };
  const fact = factOf(grammar, document, String(value["fact"] ?? ""));
  const written = grammar.operators.filter((one) => Object.hasOwn(value, one.operator));
  const operator = written[0];
  const extras = names.filter((name) => name !== "fact" && name !== operator?.operator);
  const isKnown = extras.every((name) => grammar.claim.some((one) => one.name === name));
  if (!fact || !operator || written.length !== 1 || !isKnown) return { is: "as text" };
  return { is: "claim", fact, operator, value: value[operator.operator] as Value, extras };
}

/** The values of a claim, each with its path. */
export function valuesOf(shape: Extract<Shape, { is: "claim" }>, path: Path): { value: Value; path: Path }[] {
  const here = [...path, shape.operator.operator];
  return Array.isArray(shape.value) ? shape.value.map((value, at) => ({ value, path: [...here, at] })) : [{ value: shape.value, path: here }];
}

/** A claim of a fact to begin with: its first operator that takes one value, or the one that it had. */
export function claimOf(grammar: Grammar, document: Fields, fact: Fact, operator: string | null, values: Value[], today: string, told: string[]): Fields {
  const usual = fact.type === "path" ? "under" : fact.type === "integer" && fact.choices.length === 0 ? "ge" : "";
  const chosen = [operator, usual, fact.operators[0]].find((one) => one && fact.operators.includes(one)) ?? "eq";
  const takes = grammar.operators.find((one) => one.operator === chosen)?.takes ?? ["one"];
  const first = values[0] ?? beginning(document, fact, today, told);
  const needs = Object.fromEntries(fact.needs.map((name) => [name, needed(grammar, document, name)]));
  const written: Value = takes.includes("two") ? [first, values[1] ?? first] : takes.includes("one") && values.length <= 1 ? first : takes.includes("many") ? (values.length ? values : [first]) : first;
  return { fact: fact.fact, ...needs, [chosen]: written };
}

/** What a claim says at first of a field that it must have. */
function needed(grammar: Grammar, document: Fields, name: string): Value {
  const field = grammar.claim.find((one) => one.name === name);
  if (field?.names) return namedBy(document, field.names, {}, "")[0]?.code ?? "x";
  return field?.kinds[0]?.choices[0]?.value ?? 30;
}

function beginning(document: Fields, fact: Fact, today: string, told: string[]): Value {
  if (fact.unit === "date") return today;
  if (fact.type === "integer") return fact.choices[0]?.value ?? (fact.unit === "money" ? 10_000 : fact.unit === "thousandths" ? 1_000 : 1);
  if (fact.names) return String(namedBy(document, fact.names, {}, "").at(-1)?.code ?? told[0] ?? "A");
  return told[0] ?? "A";
}
