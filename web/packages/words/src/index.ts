// What a person reads, by language. zh-CN is the source of the keys: a key that another language lacks, or has too many, is an
// error of types, and the build stops. The words of the house are always there; a face brings its own: import "@jifen/words/till".
import type { zh as app } from "./app.zh.ts";
import type { zh as consoleWords } from "./console.zh.ts";
import type { zh as designer } from "./designer.zh.ts";
import type { zh as files } from "./files.zh.ts";
import { en as houseEn } from "./house.en.ts";
import { zh as houseZh } from "./house.zh.ts";
import type { zh as peopleWords } from "./people.zh.ts";
import type { zh as standing } from "./standing.zh.ts";
import type { zh as till } from "./till.zh.ts";

export type Language = "zh" | "en";
/** A message, or by number: `one` for 1, else `other`. Holes are written {name}. */
export type Message = string | { one: string; other: string };
export type Key = keyof typeof houseZh | keyof typeof consoleWords | keyof typeof peopleWords | keyof typeof files | keyof typeof standing | keyof typeof designer | keyof typeof till | keyof typeof app;
export type Values = Record<string, string | number>;
type Words = Partial<Record<Key, Message>>;

const CATALOGUES: Record<Language, Words> = { zh: { ...houseZh }, en: { ...houseEn } };

/** The words of a face, besides those of the house. */
export function learn(zh: Words, en: Words): void {
  Object.assign(CATALOGUES.zh, zh);
  Object.assign(CATALOGUES.en, en);
}

/** Every key whose words were learnt. */
export function keysLearnt(): Key[] {
  return Object.keys(CATALOGUES.zh) as Key[];
}

export const LANGUAGES: { code: Language; tag: string; name: string }[] = [
  { code: "zh", tag: "zh-CN", name: "中文" },
  { code: "en", tag: "en", name: "English" },
];

/** The message of a key. `n` decides between one and other. */
export function messageOf(language: Language, key: Key, n?: number): string {
  const message = CATALOGUES[language][key];
  if (message === undefined) throw new Error(`${key}: the face that says this has not learnt it`);
  if (typeof message === "string") return message;
  return n === 1 ? message.one : message.other;
}

/** The parts of a message, texts and holes by turns: text, hole, text, hole, ... text. */
export function partsOf(message: string): string[] {
  return message.split(/\{([a-z_]+)\}/);
}

/** The message with its holes filled. A hole that nothing fills is a defect. */
export function say(language: Language, key: Key, values: Values = {}, n?: number): string {
  return partsOf(messageOf(language, key, n))
    .map((part, at) => {
      if (at % 2 === 0) return part;
      const value = values[part];
      if (value === undefined) throw new Error(`${key}: nothing fills {${part}}`);
      return String(value);
    })
    .join("");
}

/** Whether a text is a key; for words that stand behind a code of the API. */
export function isKey(text: string): text is Key {
  return text in CATALOGUES.zh;
}

/** The language that somebody's browser asks for, else Chinese. */
export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    if (tag.toLowerCase().startsWith("zh")) return "zh";
    if (tag.toLowerCase().startsWith("en")) return "en";
  }
  return "zh";
}
