// What a person types as an amount, as whole smallest units.

/** "12.5" with two decimals is 1250; null: it is no amount, or has more decimals than there are. */
export function wholeOf(text: string, decimals: number): number | null {
  const found = /^(\d{1,12})(?:[.](\d+))?$/.exec(text.trim().replaceAll(",", "").replace(/^[¥$€£]/, ""));
  if (!found || (found[2] ?? "").length > decimals) return null;
  const whole = Number((found[1] ?? "") + (found[2] ?? "").padEnd(decimals, "0"));
  return Number.isSafeInteger(whole) ? whole : null;
}
