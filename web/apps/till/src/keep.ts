// The browser's database: what this till knows of itself, its goods, and its messages.
import type { Book, Schemas } from "@jifen/api";
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Item } from "./rules/basket.ts";
import type { Message } from "./rules/message.ts";

export interface SetUp {
  store: string | null;
  name: string;
  source: string;
}

interface Kept {
  setup: SetUp;
  book: Book;
  operator: string;
  /** The server's clock less this machine's, in milliseconds: a demo lives in another year. */
  shift_ms: number;
  rules: Schemas["RuleRow"][];
  counter: { day: string; n: number };
  order: number;
  since: string;
  keys: CryptoKeyPair;
  probe: string;
}

interface Shelves extends DBSchema {
  kept: { key: string; value: Kept[keyof Kept] };
  items: { key: string; value: Item };
  messages: { key: number; value: Message; indexes: { state: string } };
}

export type Cupboard = IDBPDatabase<Shelves>;
let opened: Promise<Cupboard> | null = null;

export function cupboard(): Promise<Cupboard> {
  opened ??= openDB<Shelves>("jifen-till", 1, {
    upgrade(fresh) {
      fresh.createObjectStore("kept");
      fresh.createObjectStore("items", { keyPath: "sku" });
      fresh.createObjectStore("messages", { keyPath: "order" }).createIndex("state", "state");
    },
  });
  return opened;
}

export async function kept<Name extends keyof Kept>(name: Name): Promise<Kept[Name] | null> {
  return ((await (await cupboard()).get("kept", name)) as Kept[Name] | undefined) ?? null;
}

export async function keep<Name extends keyof Kept>(name: Name, value: Kept[Name]): Promise<void> {
  await (await cupboard()).put("kept", value, name);
}

export async function forget(name: keyof Kept): Promise<void> {
  await (await cupboard()).delete("kept", name);
}

/** Whether one more sale can be kept: it is tried, so that a full store is told before a sale and not after it. */
export async function hasRoom(): Promise<boolean> {
  try {
    const { usage = 0, quota = 1 } = await navigator.storage.estimate();
    if (usage + 1_000_000 > quota) return false;
    await keep("probe", "x".repeat(64_000));
    await forget("probe");
    return true;
  } catch {
    return false;
  }
}

let shift = 0;

/** The moment by the ledger's clock, as far as this till knows it. */
export function now(): Date {
  return new Date(Date.now() + shift);
}

export async function learnClock(book: Book | null): Promise<void> {
  if (book) await keep("shift_ms", Date.parse(book.now) - Date.now());
  shift = (await kept("shift_ms")) ?? 0;
}
