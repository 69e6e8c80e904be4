// What somebody said or scanned, by its shape: the code on a phone, a phone number, a card. And what is typed as money and quantity.

export type Kind = "code" | "phone" | "card";

export interface Named {
  kind: Kind;
  value: string;
  /** Whether it can be asked for; a code whose check digit is wrong cannot. */
  isWhole: boolean;
}

const CODE_DIGITS = 20;
/** How a phone looks at home, by the money of the programme; elsewhere a phone is told with its +. */
const PHONES: Record<string, RegExp> = { CNY: /^1[3-9]\d{9}$/, USD: /^[2-9]\d{9}$/ };

/** Digits of full width, as Chinese input methods write them, as plain ones. */
export function narrow(text: string): string {
  return text.replace(/[\uff01-\uff5e]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0)).replaceAll("\u3000", " ").trim();
}

/** Whether the last digit is the check digit of those before it (Luhn). */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const twice = at % 2 === 1 ? digit * 2 : digit;
    sum += twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}

export function kindOf(text: string, money: string): Named | null {
  const told = narrow(text);
  if (told === "") return null;
  const closed = told.replaceAll(/[\s-]/g, "");
  if (/^\d+$/.test(closed) && closed.length === CODE_DIGITS) return { kind: "code", value: closed, isWhole: isLuhn(closed) };
  if (/^\+\d+$/.test(closed)) return { kind: "phone", value: closed, isWhole: closed.length >= 8 };
  if (PHONES[money]?.test(closed)) return { kind: "phone", value: closed, isWhole: true };
  return { kind: "card", value: told, isWhole: true };
}

/** Minor money of what was typed: "12.5" is 1250 with two decimals; null: it is no amount. */
export function moneyOf(text: string, decimals: number): number | null {
  return scaledOf(text, decimals, 10 ** 12);
}

/** Whole thousandths of what was typed: "1.5" is 1500; null: it is no quantity. */
export function quantityOf(text: string): number | null {
  const found = scaledOf(text, 3, 10 ** 9);
  return found === 0 ? null : found;
}

function scaledOf(text: string, decimals: number, most: number): number | null {
  const found = /^(\d{1,12})(?:[.。](\d+))?$/.exec(narrow(text).replaceAll(",", ""));
  if (!found || (found[2] ?? "").length > decimals) return null;
  const whole = Number(found[1] + (found[2] ?? "").padEnd(decimals, "0"));
  return whole <= most ? whole : null;
}
