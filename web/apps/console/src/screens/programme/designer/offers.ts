// What can be added to a part, and what it is begun with: so that everything a document says can be said by clicks.
import { type Field, fieldsOf, type Grammar, isFields, isList, kindOf, namedBy } from "./grammar.ts";
import { freeCode } from "./numbers.ts";
import type { Fields, Path, Value } from "./text.ts";

/** Whether a field counts money: a tier's reach does where spend lifts members. */
export function countsMoney(field: Field, document: Fields): boolean {
  if (field.unit === "measure") return !isFields(document["tiers"]) || (document["tiers"]["by"] ?? "spend") === "spend";
  return field.unit === "money";
}

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
    case "date":
      return new Date().toISOString().slice(0, 10);
    case "month_day":
      return "01-01";
    case "list":
      return [kind.of && kind.of.kind !== "code" ? beginningOf(grammar, { ...field, kinds: [kind.of] }, document, inPart) : firstNamed(field, document, inPart)];
    case "map":
      return { [kind.of?.kind === "whole" ? "pos" : "value"]: kind.of?.kind === "whole" ? 30 : (kind.of?.choices.at(-1)?.value ?? "") };
    case "lines":
      return linesBeginning(grammar, kind.part ?? "", document, inPart);
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

/** Two lines to begin with, since one would be none of several. Sizes climb from nothing. */
function linesBeginning(grammar: Grammar, part: string, document: Fields, inPart: Fields): Value {
  if (part === "band") return [{ from: 0, points: 1, per: 100 }, { from: 10_000, points: 2, per: 100 }];
  if (part === "amount") return [{ per_amount: { points: 1, amount_minor: 100 } }, { fixed: { points: 100 } }];
  if (fieldsOf(grammar, part).some((one) => one.name === "code")) return [{ ...partBeginning(grammar, part, document, inPart), code: part }];
  return [partBeginning(grammar, part, document, inPart), partBeginning(grammar, part, document, inPart)];
}

/** One more line: what the last one says, from twice its size. */
export function nextLine(last: Fields, lines: Fields[]): Fields {
  if (typeof last["code"] === "string") return { ...last, code: freeCode(lines, last["code"].replace(/-\d+$/, "")) };
  return typeof last["from"] === "number" ? { ...last, from: Math.max(100, last["from"] * 2) } : { ...last };
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
    const holdsList = isList(field) || fieldsOf(grammar, inner ?? "").some(isList);
    if (["code", "names", "when"].includes(field.name) || field.is_amount || holdsList) continue;
    if (own === undefined) {
      if (inner && field.says === null) for (const one of fieldsOf(grammar, inner)) found.push({ field: one, path: [...path, field.name], value: { [one.name]: beginningOf(grammar, one, document, value) }, part });
      else if (!inner || field.says !== null) found.push({ field, path: [...path, field.name], value: beginningOf(grammar, field, document, value), part });
    } else if (Array.isArray(own) && kindOf(field, own)?.kind === "lines") {
      for (const [at, one] of own.entries()) if (isFields(one)) found.push(...missingOf(grammar, kindOf(field, own)?.part ?? "", one, [...path, field.name, at], document));
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
