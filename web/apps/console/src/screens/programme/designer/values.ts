// How values of a document are written in a sentence.
import { countText, moneyText, nameIn } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { type Choice, type Fact, type Field, type Grammar, isFields, namedBy } from "./grammar.ts";
import { decimalOf, majorOf } from "./numbers.ts";
import { countsMoney } from "./offers.ts";
import type { Fields, Value } from "./text.ts";

/** What values are shown by: the document's own money, its lists and a language. */
export interface Showing {
  grammar: Grammar;
  document: Fields;
  language: Language;
  money: { code: string; decimals: number };
  words: { spend: string; between: string; nothing: string; or: string };
}

export function moneyOf(document: Fields): { code: string; decimals: number } {
  const money = isFields(document["money"]) ? document["money"] : {};
  return { code: String(money["code"] ?? "CNY"), decimals: typeof money["decimals"] === "number" ? Math.min(4, Math.max(0, money["decimals"])) : 2 };
}

/** A value in a sentence. */
export function valueText(field: Field, value: Value | undefined, inPart: Fields, showing: Showing): string {
  const shown = value ?? field.default ?? null;
  if (shown === null) return showing.words.nothing;
  if (Array.isArray(shown)) return shown.map((one) => valueText(field, one, inPart, showing)).join(showing.words.between);
  if (isFields(shown)) return Object.entries(shown).map(([name, one]) => `${name}: ${choiceLabel(field, one) ?? String(one)}`).join(showing.words.between);
  if (typeof shown === "number") return countsMoney(field, showing.document) ? moneyText(shown, showing.money.decimals, showing.money.code) : countText(shown);
  const label = choiceLabel(field, shown);
  if (label !== null) return label;
  if (field.names) {
    const found = namedBy(showing.document, field.names, inPart, showing.words.spend).find((one) => one.code === shown);
    return (found && nameIn(found.names as Record<string, string>, showing.language)) || String(shown);
  }
  return typeof shown === "string" ? decimalOf(shown) : String(shown);
}

function choiceLabel(field: Field, value: Value): string | null {
  for (const kind of field.kinds) {
    const found = [...kind.choices, ...(kind.of?.choices ?? [])].find((one) => one.value === value);
    if (found) return found.label;
  }
  return null;
}

/** A value of a fact in a sentence. */
export function factText(fact: Fact, value: Value, showing: Showing): string {
  const choice = fact.choices.find((one: Choice) => one.value === value);
  if (choice) return choice.label;
  if (typeof value === "number") {
    if (fact.unit === "money") return moneyText(value, showing.money.decimals, showing.money.code);
    if (fact.unit === "thousandths") return majorOf(value, 3);
    return fact.unit === "hour" ? `${value}:00` : countText(value);
  }
  if (fact.names) {
    const found = namedBy(showing.document, fact.names, {}, "").find((one) => one.code === value);
    return (found && nameIn(found.names as Record<string, string>, showing.language)) || String(value);
  }
  return String(value);
}
