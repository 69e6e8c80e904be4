// A condition over what the books keep of members, as rows of a form: each a fact, how it compares, and with what.
export type Fact = "member.tier" | "member.days_since_purchase" | "member.purchases_before" | "member.spend_minor" | "member.visits" | "member.balance" | "member.days_since_joined";
export type How = "ge" | "le" | "eq" | "is" | "at_least";

export interface Claim {
  fact: Fact;
  how: How;
  value: string;
  /** Of what counts in a window. */
  days: string;
  /** Of a balance. */
  currency: string;
}

export const FACTS: Fact[] = [
  "member.tier", "member.days_since_purchase", "member.purchases_before", "member.spend_minor", "member.visits", "member.balance", "member.days_since_joined",
];

export const hasWindow = (fact: Fact) => fact === "member.spend_minor" || fact === "member.visits";
export const howsOf = (fact: Fact): How[] => (fact === "member.tier" ? ["is", "at_least"] : ["ge", "le", "eq"]);

export function newClaim(fact: Fact, tier: string, currency: string): Claim {
  return { fact, how: fact === "member.tier" ? "is" : "ge", value: fact === "member.tier" ? tier : "", days: hasWindow(fact) ? "90" : "", currency: fact === "member.balance" ? currency : "" };
}

/** The condition as the API takes it; null: something is missing or is no number. `decimals`: of money, which is written as it is shown. */
export function conditionOf(claims: Claim[], joins: "all" | "any", decimals: number): Record<string, unknown> | null {
  const parts = claims.map((one) => partOf(one, decimals));
  if (parts.length === 0 || parts.some((one) => one === null)) return null;
  return parts.length === 1 ? (parts[0] as Record<string, unknown>) : { [joins]: parts };
}

function partOf(claim: Claim, decimals: number): Record<string, unknown> | null {
  if (claim.fact === "member.tier") return claim.value === "" ? null : { fact: claim.fact, [claim.how]: claim.value };
  const isMoney = claim.fact === "member.spend_minor";
  if (!(isMoney ? /^\d{1,10}(\.\d{1,4})?$/ : /^\d{1,12}$/).test(claim.value.trim())) return null;
  const number = isMoney ? Math.round(Number(claim.value) * 10 ** decimals) : Number(claim.value);
  const days = /^\d{1,4}$/.test(claim.days.trim()) ? Number(claim.days) : 0;
  if (hasWindow(claim.fact) && days < 1) return null;
  return {
    fact: claim.fact, [claim.how]: number, ...(hasWindow(claim.fact) ? { window_days: days } : {}), ...(claim.fact === "member.balance" ? { currency: claim.currency } : {}),
  };
}
