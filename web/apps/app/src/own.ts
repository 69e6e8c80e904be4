// What several screens ask about oneself, and keep.
import type { Schemas } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { type Asked, useProgram } from "@jifen/ui";
import { useKept } from "./asking.ts";

export type Member = Schemas["MemberAnswer"];
export type Balance = Schemas["BalanceAnswer"];
export type Lot = Schemas["LotAnswer"];
const PAGES_MAX = 10;

export interface OpenLots {
  lots: Lot[];
  /** There are more than these. */
  isCut: boolean;
}

export function useMember(): Asked<Member> {
  return useKept("me", "me", () => gotOwn(me.GET("/v1/me")));
}

/** Every lot that still holds something, the one that expires first at the head. */
export function useOpenLots(): Asked<OpenLots> {
  return useKept("lots", "lots", async () => {
    const lots: Lot[] = [];
    let before: number | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const found: Schemas["LotsAnswer"] = await gotOwn(
        me.GET("/v1/me/lots", { params: { query: { is_open: true, limit: 200, ...(before === null ? {} : { before }) } } }),
      );
      lots.push(...found.data);
      if (found.next_cursor === null) return { lots: lots.sort(byExpiry), isCut: false };
      before = Number(found.next_cursor);
    }
    return { lots: lots.sort(byExpiry), isCut: true };
  });
}

function byExpiry(one: Lot, other: Lot): number {
  return (one.expires_on ?? "9999").localeCompare(other.expires_on ?? "9999") || one.number - other.number;
}

export function useTiers(): Asked<Schemas["TiersAnswer"]> {
  return useKept("tiers", "tiers", () => gotOwn(me.GET("/v1/me/tiers")));
}

/** Codes of the currencies that pay, the programme's first one first. */
export function useSpendable(): string[] {
  return useProgram().currencies.filter((one) => one.kind === "spendable").map((one) => one.code);
}

/** What units of a currency are worth in minor money, rounded down; null: nothing was said. */
export function useWorth(): (units: number, currency: string) => number | null {
  const { currencies } = useProgram();
  return (units, currency) => {
    const found = currencies.find((one) => one.code === currency);
    if (!found || found.worth_minor === null || found.worth_units === null) return null;
    return Math.floor((Math.abs(units) * found.worth_minor) / found.worth_units);
  };
}
