// The card: a code that changes every half minute, made by the phone alone (decision 0122), and the bars by which a till reads it.
// Pure but for WebCrypto; the key goes in as a CryptoKey that nobody can take out again (decision 0131).

export const STEP_SECONDS = 30;
const NUMBER_DIGITS = 10;
const PROOF_DIGITS = 9;
const TOLD = "jifen member code 1";

/** What the phone keeps to make codes. */
export interface Card {
  number: string;
  key: CryptoKey;
}

/** The key of the API's answer, as one that signs and cannot be read. */
export function keyOf(base64url: string): Promise<CryptoKey> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(text, (one) => one.charCodeAt(0));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** The half minute of a moment in milliseconds since 1970. */
export function stepAt(moment: number): number {
  return Math.floor(moment / (STEP_SECONDS * 1000));
}

/** Whole seconds until another code is shown, 30 down to 1. */
export function secondsLeft(moment: number): number {
  return STEP_SECONDS - (Math.floor(moment / 1000) % STEP_SECONDS);
}

/** The code that a phone shows at a moment: number, proof, check digit. */
export async function codeAt(card: Card, moment: number): Promise<string> {
  const told = new Uint8Array(TOLD.length + 16);
  told.set(new TextEncoder().encode(TOLD));
  const view = new DataView(told.buffer);
  view.setBigUint64(TOLD.length, BigInt(card.number));
  view.setBigUint64(TOLD.length + 8, BigInt(stepAt(moment)));
  const made = new DataView(await crypto.subtle.sign("HMAC", card.key, told));
  const proof = (made.getBigUint64(0) % 10n ** BigInt(PROOF_DIGITS)).toString().padStart(PROOF_DIGITS, "0");
  const digits = card.number.padStart(NUMBER_DIGITS, "0") + proof;
  return digits + checkDigit(digits);
}

/** Luhn's digit, which tells a slip of the finger. */
export function checkDigit(digits: string): string {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 === 1 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Twenty digits as one reads them aloud. */
export function inFours(code: string): string {
  return code.replace(/(\d{4})(?=\d)/g, "$1 ");
}

export { bars, BARS_WIDE } from "./bars.ts";
