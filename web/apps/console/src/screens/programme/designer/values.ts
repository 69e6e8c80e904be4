// How values of a document are written in a sentence, typed into a field, and begun with.
import { countText, moneyText, nameIn } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { type Choice, type Fact, type Field, fieldsOf, type Grammar, isFields, kindOf, listOf, namedBy } from "./grammar.ts";
import { decimalOf, majorOf } from "./numbers.ts";
import type { Fields, Path, Value } from "./text.ts";

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

/** Whether a field counts money: a tier's reach does where spend lifts members. */
export function countsMoney(field: Field, document: Fields): boolean {
  if (field.unit === "measure") return !isFields(document["tiers"]) || (document["tiers"]["by"] ?? "spend") === "spend";
  return field.unit === "money";
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

// -- beginnings of fields -------------------------------------------------------------------------------------------------

/** What a field is begun with, so that it can be changed from there. */
export function beginningOf(grammar: Grammar, field: Field, document: Fields, inPart: Fields): Value {
  const kind = field.kinds.find((one) => one.kind === "part" && field.name !== "worth") ?? field.kinds[0];
  switch (kind?.kind) {
    case "whole":
      return typeof field.default === "number" && field.default > 0 ? field.default : countsMoney(field, document) ? 100 : field.name === "days" || field.name.endsWith("_days") ? 30 : field.unit === "units" ? 100 : 1;
    case "flag":
      return true;
    case "choice":
      return kind.choices[0]?.value ?? "";
    case "ratio":
      return "2";
    case "decimal":
      return "1";
    case "list":
      return kind.of?.kind === "choice" ? [kind.of.choices[0]?.value ?? ""] : [firstNamed(field, document, inPart)];
    case "map":
      return { [kind.of?.kind === "whole" ? "pos" : "value"]: kind.of?.kind === "whole" ? 30 : (kind.of?.choices.at(-1)?.value ?? "") };
    case "part":
      return partBeginning(grammar, kind.part ?? "", document, inPart);
    default:
      return field.names ? firstNamed(field, document, inPart) : "x";
  }
}

export function partBeginning(grammar: Grammar, part: string, document: Fields, inPart: Fields): Fields {
  const fields = fieldsOf(grammar, part);
  const required = fields.filter((one) => one.is_required);
  const chosen = required.length ? required : fields.slice(0, 1);
  return Object.fromEntries(chosen.map((one) => [one.name, beginningOf(grammar, one, document, inPart)]));
}

function firstNamed(field: Field, document: Fields, inPart: Fields): string {
  const known = field.names ? namedBy(document, field.names, inPart, "") : [];
  const own = known.find((one) => one.code !== inPart["code"]);
  return own?.code ?? "x";
}

/** Fields that a part could say and does not: [field, path, what to write]. Of fields that are parts without words of their own, theirs. */
export function missingOf(grammar: Grammar, part: string, value: Fields, path: Path, document: Fields): { field: Field; path: Path; value: Value; part: string }[] {
  const found: { field: Field; path: Path; value: Value; part: string }[] = [];
  for (const field of fieldsOf(grammar, part)) {
    const own = value[field.name];
    const inner = field.kinds.find((one) => one.kind === "part")?.part;
    if (["code", "names", "when"].includes(field.name) || field.is_amount || field.kinds.some((one) => one.kind === "list" && one.of?.kind === "part")) continue;
    if (own === undefined) {
      if (inner && field.says === null) for (const one of fieldsOf(grammar, inner)) found.push({ field: one, path: [...path, field.name], value: { [one.name]: beginningOf(grammar, one, document, value) }, part });
      else if (!inner || field.says !== null) found.push({ field, path: [...path, field.name], value: beginningOf(grammar, field, document, value), part });
    } else if (isFields(own) && kindOf(field, own)?.kind === "part") {
      found.push(...missingOf(grammar, inner ?? "", own, [...path, field.name], document));
    }
  }
  const amount = fieldsOf(grammar, part).find((one) => one.is_amount && isFields(value[one.name]));
  if (amount) {
    const inner = amount.kinds[0]?.part ?? "";
    found.push(...missingOf(grammar, inner, value[amount.name] as Fields, [...path, amount.name], document).filter((one) => one.field.says !== null));
  }
  return found;
}

export function documentCodes(document: Fields, name: string): Set<string> {
  return new Set(listOf(name === "tiers.list" ? document["tiers"] : document, name === "tiers.list" ? "list" : name).map((one) => String(one["code"])));
}
