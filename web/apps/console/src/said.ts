// Closed sets of the API by their words, made from the catalogues of the house (python -m jifen.generated).
import { nameIn, useFrame } from "@jifen/ui";
import said from "./said.json" with { type: "json" };

type Named = { zh: string; en: string };
export type SetName = "permissions" | "deeds" | "period_reasons" | "kinds" | "statuses" | "outcomes";

export const ROLES: Record<string, Named & { permissions: string[] }> = said.roles;
export const PERMISSIONS = Object.keys(said.permissions);
/** What a person does; the others are for keys. */
export const WORK = ["owner", "marketing", "store_manager", "cashier", "service", "analyst", "accountant", "auditor", "privacy_officer", "integrator"] as const;
export type Work = (typeof WORK)[number];

export function isWork(role: string): role is Work {
  return (WORK as readonly string[]).includes(role);
}

/** The roles of people that hold a permission. */
export function rolesWith(permission: string): Work[] {
  return WORK.filter((role) => ROLES[role]?.permissions.includes(permission));
}

/** A code of a set in the language that is spoken; what a newer API says and this page does not know stays as it is. */
export function useSaid(): (set: SetName, code: string) => string {
  const { language } = useFrame();
  return (set, code) => {
    const names = (said[set] as Record<string, Named>)[code];
    const text = names ? nameIn(names, language) : code;
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
}

/** Every code of a set with its words, for a list to choose from. */
export function useChoices(): (set: SetName) => { id: string; label: string }[] {
  const word = useSaid();
  return (set) => Object.keys(said[set]).map((code) => ({ id: code, label: word(set, code) }));
}
