// What a new part begins with: a short list of rules that shops ask for first, and one beginning for everything else.
import type { Key } from "@jifen/words";
import { fieldsOf, type Grammar, listOf } from "./grammar.ts";
import { freeCode } from "./numbers.ts";
import type { Change, Fields, Value } from "./text.ts";
import { partBeginning } from "./offers.ts";

/** What it is called, in both languages, and what it does to a document. */
export interface Beginning {
  word: Key;
  names: { zh: string; en: string };
  code: string;
  list: string;
  part: string;
  fields: (around: Around) => Fields | null;
  /** What has to be there first. */
  needs?: (around: Around) => Change[];
}

export interface Around {
  document: Fields;
  grammar: Grammar;
  currency: string;
  /** The first rule that others may build on. */
  base: string | null;
  money: number;
  category: string;
  today: string;
}

export function aroundOf(grammar: Grammar, document: Fields, decimals: number, told: string[], today: string): Around {
  const currencies = listOf(document, "currencies");
  const spendable = currencies.find((one) => one["kind"] === "spendable") ?? currencies[0];
  const base = listOf(document, "earn_rules").find((one) => one["per_amount"] !== undefined && one["on"] === undefined);
  return { document, grammar, currency: String(spendable?.["code"] ?? "points"), base: base ? String(base["code"]) : null, money: 10 ** decimals, category: told[0] ?? "A", today };
}

const event = (code: string, names: Fields, more: Fields = {}) => ({ document, grammar }: Around): Change[] =>
  listOf(document, "events").some((one) => one["code"] === code) ? [] : [{ does: "append", path: ["events"], value: { code, names, ...more }, order: grammar.parts.find((one) => one.part === "program_document")?.fields.map((one) => one.name) ?? [] }];

const twice = (when: Value) => ({ base }: Around): Fields | null => (base === null ? null : { multiple: { of: base, by: "2" }, when });

export const RULES: Beginning[] = [
  { word: "designer.begin_per_money", code: "base", names: { zh: "消费积分", en: "Points for every purchase" }, list: "earn_rules", part: "earn_rule", fields: ({ currency, money }) => ({ currency, per_amount: { points: 1, amount_minor: money } }) },
  { word: "designer.begin_double_day", code: "double-day", names: { zh: "会员日双倍", en: "Double points on a day" }, list: "earn_rules", part: "earn_rule", fields: twice({ fact: "purchase.weekday", eq: 2 }) },
  { word: "designer.begin_dates", code: "festival", names: { zh: "节日双倍", en: "Double points on some days" }, list: "earn_rules", part: "earn_rule", fields: (around) => twice({ fact: "purchase.date", between: [around.today, around.today] })(around) },
  { word: "designer.begin_category", code: "category", names: { zh: "品类加分", en: "More points for a category" }, list: "earn_rules", part: "earn_rule", fields: (around) => twice({ fact: "line.category", under: around.category })(around) },
  { word: "designer.begin_large", code: "large", names: { zh: "满额加分", en: "More points from an amount" }, list: "earn_rules", part: "earn_rule", fields: ({ currency, money }) => ({ currency, fixed: { points: 50 }, caps: { day: 50 }, when: { fact: "purchase.amount_minor", ge: 100 * money } }) },
  { word: "designer.begin_first", code: "welcome", names: { zh: "首次消费", en: "Welcome" }, list: "earn_rules", part: "earn_rule", fields: ({ currency }) => ({ currency, fixed: { points: 100 }, when: { fact: "member.purchases_before", eq: 0 } }) },
  { word: "designer.begin_check_in", code: "check-in", names: { zh: "每日签到", en: "Daily check-in" }, list: "earn_rules", part: "earn_rule", fields: ({ currency }) => ({ currency, fixed: { points: 2 }, on: "check-in", caps: { day: 2 } }), needs: event("check-in", { zh: "签到", en: "Check-in" }, { sent_by: ["keys", "members"] }) },
  { word: "designer.begin_survey", code: "survey", names: { zh: "问卷奖励", en: "Survey" }, list: "earn_rules", part: "earn_rule", fields: ({ currency }) => ({ currency, fixed: { points: 50 }, on: "survey", caps: { year: 100 }, budget: 20_000 }), needs: event("survey", { zh: "问卷", en: "Survey" }) },
];

/** A part of any list to begin with: what it must have, and nothing more. */
export function plainBeginning(list: string, part: string, around: Around): Fields {
  if (list === "earn_rules") return { currency: around.currency, fixed: { points: 10 } };
  const { list: inner, ...fields } = partBeginning(around.grammar, part, around.document, {});
  void inner;
  const own = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== "code" && name !== "names"));
  if (part === "tier") {
    const last = listOf(around.document["tiers"], "list").at(-1);
    return { reach: typeof last?.["reach"] === "number" ? Math.max(last["reach"] * 2, 1_000 * around.money) : 0 };
  }
  if (part === "currency" && own["kind"] === "spendable") return { ...own, worth: 1 };
  return own;
}

/** The changes that add a part, and the code that it has then. */
export function adding(list: string, part: string, around: Around, order: string[], beginning: Beginning | null, names: { zh: string; en: string }, wanted: string): { changes: Change[]; code: string } | null {
  const isTier = list === "tiers.list";
  const code = freeCode(listOf(isTier ? around.document["tiers"] : around.document, isTier ? "list" : list), beginning?.code ?? wanted);
  const fields = beginning ? beginning.fields(around) : plainBeginning(list, part, around);
  if (fields === null) return null;
  const isNamed = fieldsOf(around.grammar, part).some((one) => one.name === "names");
  const value: Fields = { code, ...(isNamed ? { names: { ...(beginning?.names ?? names) } } : {}), ...fields };
  const path = isTier ? ["tiers", "list"] : [list];
  return { code, changes: [...(beginning?.needs?.(around) ?? []), { does: "append", path, value, order }] };
}

/** A ladder to begin with. */
export function ladder(names: { zh: string; en: string }): Fields {
  return { by: "spend", window_days: 365, keeps_days: 365, list: [{ code: "member", names: { ...names }, reach: 0 }] };
}

/** A programme to begin with: what it is called, where and in what it counts, and what members collect. */
export function programme(told: { zh: string; en: string; code: string; zone: string; money: string; decimals: number; pointsZh: string; pointsEn: string; storeZh: string; storeEn: string }): Fields {
  const names = (zh: string, en: string): Fields => ({ ...(zh ? { zh } : {}), ...(en ? { en } : {}) });
  return {
    format: 1,
    program: { code: told.code, names: names(told.zh, told.en) },
    time_zone: told.zone,
    money: { code: told.money, decimals: told.decimals },
    stores: [{ code: "main", names: names(told.storeZh, told.storeEn) }],
    currencies: [{ code: "points", names: names(told.pointsZh, told.pointsEn), kind: "spendable", worth: 1 }],
  };
}

