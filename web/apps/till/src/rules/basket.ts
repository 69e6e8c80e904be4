// A basket: what is typed becomes a line, and lines become the body of a purchase.
import { moneyOf, narrow, quantityOf } from "./kind.ts";

export interface Item {
  sku: string;
  name: string;
  price_minor: number;
  category?: string;
  brand?: string;
}

export interface Line {
  sku?: string;
  name: string;
  quantity_milli: number;
  price_minor: number;
  category?: string;
  brand?: string;
}

/** What was typed into the one field: "3*tea", "tea 4.50", "6901234567892". */
export interface Entry {
  quantity_milli: number;
  what: string;
  price_minor: number | null;
}

export const LINES_MAX = 200;

export function entryOf(text: string, decimals: number): Entry | null {
  let told = narrow(text).replaceAll(/\s+/g, " ");
  let quantity = 1_000;
  const times = /^([\d.]+) ?[*x×] ?(.+)$/i.exec(told);
  if (times) {
    const found = quantityOf(times[1] ?? "");
    if (found === null) return null;
    quantity = found;
    told = times[2] ?? "";
  }
  const priced = /^(.+) (\d+(?:\.\d+)?)$/.exec(told);
  const price = priced ? moneyOf(priced[2] ?? "", decimals) : null;
  const what = priced && price !== null ? (priced[1] ?? "") : told;
  return what === "" ? null : { quantity_milli: quantity, what, price_minor: price };
}

/** What a line costs, half up. */
export function amountOf(line: Line): number {
  return Math.floor((line.price_minor * line.quantity_milli + 500) / 1_000);
}

/** What offers took off: by the number of a line, which counts from 1. */
export interface Discounts {
  lines: { number: number; discount_minor: number }[];
}

/** What is taken off the line at a place. A price that was found for other lines takes nothing off. */
export function offOf(lines: Line[], at: number, priced: Discounts | null): number {
  const line = lines[at];
  if (!line || priced?.lines.length !== lines.length) return 0;
  return Math.min(amountOf(line), priced.lines.find((one) => one.number === at + 1)?.discount_minor ?? 0);
}

export function totalOf(lines: Line[], priced: Discounts | null = null): number {
  return lines.reduce((sum, one, at) => sum + amountOf(one) - offOf(lines, at, priced), 0);
}

/** The lines with one more; the same goods at the same price stand once. */
export function withLine(lines: Line[], more: Line): Line[] {
  const same = lines.findIndex(
    (one) => one.sku === more.sku && one.name === more.name && one.price_minor === more.price_minor && one.category === more.category && one.brand === more.brand,
  );
  if (same < 0) return [...lines, more];
  return lines.map((one, at) => (at === same ? { ...one, quantity_milli: one.quantity_milli + more.quantity_milli } : one));
}

function goodsOf(line: Line) {
  return {
    quantity_milli: line.quantity_milli,
    name: line.name,
    ...(line.sku ? { sku: line.sku } : {}),
    ...(line.category ? { category: line.category } : {}),
    ...(line.brand ? { brand: line.brand } : {}),
  };
}

/** The lines as they are sold. */
export function linesBody(lines: Line[], priced: Discounts | null = null) {
  return lines.map((one, at) => {
    const off = offOf(lines, at, priced);
    return { number: at + 1, amount_minor: amountOf(one) - off, ...(off > 0 ? { discount_minor: off } : {}), ...goodsOf(one) };
  });
}

/** The lines at shelf prices, for their price to be asked. */
export function basketLines(lines: Line[]) {
  return lines.map((one, at) => ({ number: at + 1, shelf_minor: amountOf(one), ...goodsOf(one) }));
}

/** So much of points in minor money, rounded down: `worth_minor` for `worth_units`. */
export function worthOf(units: number, currency: { worth_minor: number | null; worth_units: number | null }): number {
  if (currency.worth_minor === null || !currency.worth_units) return 0;
  return Math.floor((units * currency.worth_minor) / currency.worth_units);
}

/** The points that pay for so much at most. */
export function unitsFor(minor: number, currency: { worth_minor: number | null; worth_units: number | null }): number {
  if (!currency.worth_minor || !currency.worth_units) return 0;
  return Math.floor((minor * currency.worth_units) / currency.worth_minor);
}

/** The share of a line that so much of it is, half up. */
export function shareOf(whole: number, part_milli: number, of_milli: number): number {
  return of_milli === 0 ? 0 : Math.floor((whole * part_milli * 2 + of_milli) / (2 * of_milli));
}

export interface ItemFault {
  line: number;
  why: "columns" | "name" | "price" | "twice" | "header";
}

/** Items of a CSV: sku,name,price,category,brand; and each line that is none, with why. */
export function itemsOf(text: string, decimals: number): { items: Item[]; faults: ItemFault[] } {
  const rows = csvRows(text.replace(/^\uFEFF/, ""));
  const head = (rows[0]?.cells ?? []).map((one) => narrow(one).toLowerCase());
  const at = (name: string) => head.indexOf(name);
  if (at("sku") < 0 || at("name") < 0 || at("price") < 0) return { items: [], faults: [{ line: 1, why: "header" }] };
  const items = new Map<string, Item>();
  const faults: ItemFault[] = [];
  for (const { line, cells } of rows.slice(1)) {
    if (cells.every((one) => one.trim() === "")) continue;
    const of = (name: string) => narrow(cells[at(name)] ?? "");
    const price = moneyOf(of("price"), decimals);
    const why = cells.length !== head.length ? "columns" : of("sku") === "" || of("name") === "" ? "name" : price === null ? "price" : items.has(of("sku")) ? "twice" : null;
    if (why !== null || price === null) {
      faults.push({ line, why: why ?? "price" });
      continue;
    }
    const category = at("category") < 0 ? "" : of("category");
    const brand = at("brand") < 0 ? "" : of("brand");
    items.set(of("sku"), { sku: of("sku"), name: of("name"), price_minor: price, ...(category ? { category } : {}), ...(brand ? { brand } : {}) });
  }
  return { items: [...items.values()], faults };
}

function csvRows(text: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  let line = 1;
  let begun = 1;
  const endRow = () => {
    rows.push({ line: begun, cells: [...cells, cell] });
    cells = [];
    cell = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === "\n") line += 1;
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (sign === '"' && cell === "") isQuoted = true;
    else if (sign === ",") {
      cells.push(cell);
      cell = "";
    } else if (sign === "\n") {
      endRow();
      begun = line;
    } else if (sign !== "\r") cell += sign;
  }
  if (cell !== "" || cells.length > 0) endRow();
  return rows;
}
