// Whom a compensation is for: a pasted list, or the times in which rules were switched off.
import type { Schemas } from "@jifen/api";

export interface Off {
  rule: string;
  since: string;
  until: string;
}

/** Turns of one page, and those that made something be off before it. */
export function everyTurn(page: Schemas["SwitchesAnswer"] | null): Schemas["SwitchTurned"][] {
  if (page === null) return [];
  const on = new Set(page.data.map((one) => `${one.kind} ${one.code} ${one.switched_at}`));
  return [...page.data, ...page.off.filter((one) => !on.has(`${one.kind} ${one.code} ${one.switched_at}`))];
}

/** The times in which each rule was off, the latest first; one that is off still ends now. Turns come newest first. */
export function off(turns: readonly Schemas["SwitchTurned"][], now: string): Off[] {
  const since = new Map<string, string>();
  const found: Off[] = [];
  for (const one of [...turns].reverse()) {
    if (one.kind !== "rule") continue;
    const began = since.get(one.code);
    if (one.is_off && began === undefined) since.set(one.code, one.switched_at);
    if (!one.is_off && began !== undefined) {
      found.push({ rule: one.code, since: began, until: one.switched_at });
      since.delete(one.code);
    }
  }
  for (const [rule, began] of since) found.push({ rule, since: began, until: now });
  return found.sort((a, b) => b.since.localeCompare(a.since));
}

type Share = Schemas["CompensatedBody"];

/** Lines of a card (or mbr_ID) and whole units, split by comma, semicolon, tab or blank; the first line that is none. */
export function sharesIn(text: string): { shares: Share[]; wrong: number | null } {
  const shares: Share[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [whose, units, ...more] = line.trim().split(/[,;，；\t ]+/);
    if (!whose || !units || more.length > 0 || !/^\d{1,12}$/.test(units) || Number(units) === 0) return { shares: [], wrong: at + 1 };
    shares.push({ member: whose.startsWith("mbr_") ? { id: whose } : { card: whose }, units: Number(units) });
  }
  return { shares, wrong: null };
}
