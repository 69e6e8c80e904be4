// What a posting is to a member: earned, spent, expired, returned, or another matter; its sign and its word.
import type { Schemas } from "@jifen/api";
import type { SignName } from "./signs.tsx";

export type Entry = Schemas["StatementEntry"];
export type Kind = "earned" | "spent" | "expired" | "returned" | "other";
export const KINDS: Kind[] = ["earned", "spent", "expired"];

const KIND_OF: Record<string, Kind> = {
  earn: "earned", adjust_up: "earned", receive: "earned", opening: "earned", carry_in: "earned", reverse_redeem: "returned", claw_back: "returned",
  reverse_give: "returned", redeem: "spent", give: "spent", exchange_out: "spent", exchange_in: "earned", expire: "expired",
};

export function kindOf(verb: string): Kind {
  return KIND_OF[verb] ?? "other";
}

export const SIGN_OF: Record<Kind, SignName> = { earned: "plus", spent: "minus", expired: "clock", returned: "returned", other: "info" };

/** A verb's word; one that is not known here yet is told as a matter of the books. */
const VERBS = [
  "earn", "claw_back", "redeem", "expire", "adjust_up", "adjust_down", "give", "receive", "reverse_redeem", "reverse_adjust_up", "reverse_adjust_down",
  "reverse_give", "reverse_receive", "carry_out", "carry_in", "opening", "reverse_opening",
  "exchange_out", "exchange_in", "reverse_exchange_out", "reverse_exchange_in",
] as const;
type Verb = (typeof VERBS)[number];

export function wordOf(verb: string): `app.verb.${Verb}` | "app.verb.other" {
  return (VERBS as readonly string[]).includes(verb) ? (`app.verb.${verb}` as `app.verb.${Verb}`) : "app.verb.other";
}

/** Lines of one entry that expired together are one line to a member. */
export interface Told {
  first: Entry;
  units: number;
  lots: number;
}

export function together(entries: Entry[]): Told[] {
  const found: Told[] = [];
  for (const one of entries) {
    const last = found.at(-1);
    if (last && one.verb === "expire" && last.first.verb === "expire" && last.first.sequence === one.sequence && last.first.currency === one.currency) {
      last.units += one.units;
      last.lots += 1;
    } else found.push({ first: one, units: one.units, lots: 1 });
  }
  return found;
}
