// Numbers as people type them, exact: no rounding anywhere.
import type { Fields } from "./text.ts";

/** An exact fraction as people write it, where it has few decimals: "3/2" as 1.5. */
export function decimalOf(text: string): string {
  const found = /^([0-9]{1,9})\/([0-9]{1,9})$/.exec(text);
  if (!found) return text;
  const [over, under] = [BigInt(found[1] as string), BigInt(found[2] as string)];
  if (under === 0n || (over * 1000n) % under !== 0n) return text;
  return majorOf(Number((over * 1000n) / under), 3);
}

/** What a person types for a fraction: 1.5 is "3/2"; null: it is none. */
export function ratioOf(typed: string): string | null {
  const text = typed.trim().replace(",", ".");
  if (/^[0-9]{1,9}(\/[1-9][0-9]{0,8})?$/.test(text)) return text;
  const found = /^([0-9]{0,6})\.([0-9]{1,3})$/.exec(text);
  if (!found) return null;
  const under = 10n ** BigInt((found[2] as string).length);
  const over = BigInt(`${found[1] || "0"}${found[2]}`);
  const by = divisor(over, under);
  return under / by === 1n ? String(over / by) : `${over / by}/${under / by}`;
}

function divisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one || 1n : divisor(other, one % other);
}

/** Smallest units with a point: 150 of two decimals is 1.5. */
export function majorOf(minor: number, decimals: number): string {
  if (decimals === 0) return String(minor);
  const digits = String(Math.abs(minor)).padStart(decimals + 1, "0");
  const text = `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
  return (minor < 0 ? "-" : "") + text;
}

/** Smallest units of what is typed; null: it is no such number. */
export function minorOf(typed: string, decimals: number): number | null {
  const found = /^(-?)([0-9]{1,12})(?:\.([0-9]*))?$/.exec(typed.trim().replaceAll(",", ""));
  const after = found?.[3] ?? "";
  if (!found || after.length > decimals) return null;
  const whole = Number(`${found[2]}${after.padEnd(decimals, "0")}`);
  return Number.isSafeInteger(whole) ? (found[1] ? -whole : whole) : null;
}

/** A code that nothing in a list has yet. */
export function freeCode(list: Fields[], wanted: string): string {
  const taken = new Set(list.map((one) => one["code"]));
  for (let at = 1; ; at += 1) {
    const code = at === 1 ? wanted : `${wanted}-${at}`;
    if (!taken.has(code)) return code;
  }
}
