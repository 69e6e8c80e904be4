// What every screen of the till shares: the sale that runs, and what it asks of the API.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { localDay, useFrame } from "@jifen/ui";
import { createContext, useContext, useEffect, useRef, useState } from "react";
import { keep, kept, now, type SetUp } from "./keep.ts";
import { lineState, tell } from "./line.ts";
import { type Line, linesBody, totalOf } from "./rules/basket.ts";

export type Member = Schemas["MemberAnswer"];
export type Answer = Schemas["PurchaseAnswer"];

/** Whose the sale is. `unseen`: told while there was no line, and not checked. */
export type Who =
  | { is: "member"; member: Member; tiers: Schemas["TiersAnswer"] | null; code: { text: string; at: string } | null }
  | { is: "unseen"; code?: string; card?: string; phone?: string; at: string }
  | { is: "nobody" };

export interface Spend {
  reservation_id: string;
  currency: string;
  units: number;
  worth_minor: number;
}

export interface Sale {
  who: Who | null;
  lines: Line[];
  spend: Spend | null;
  /** The message that completed it. */
  done: { order: number; no: string } | { training: Answer } | null;
}

export const NEW_SALE: Sale = { who: null, lines: [], spend: null, done: null };

export interface Desk {
  setup: SetUp;
  sale: Sale;
  change: (to: Partial<Sale>) => void;
  isTraining: boolean;
}

const Desked = createContext<Desk | null>(null);
export const DeskProvider = Desked.Provider;

export function useDesk(): Desk {
  const desk = useContext(Desked);
  if (!desk) throw new Error("outside of the till");
  return desk;
}

/** Ask the API, and learn by it whether the line is there. */
export async function ask<T>(asked: Promise<{ data?: T | undefined; error?: unknown; response: Response }>): Promise<T> {
  try {
    const answer = await got(asked);
    tell(true);
    return answer;
  } catch (failure) {
    if (failure instanceof Refused) tell(!failure.isGone);
    throw failure;
  }
}

export function useDay(): (at: Date) => string {
  const zone = useFrame().book?.program?.time_zone ?? "UTC";
  return (at) => localDay(at.toISOString(), zone);
}

/** Who was found goes by his id: a code proves for a minute and a half, and a message may wait for longer. */
function memberOf(who: Who | null): Schemas["CheckoutRef"] | undefined {
  if (who?.is === "member") return { id: who.member.member_id };
  if (who?.is === "unseen" && who.code) return { code: who.code, shown_at: who.at };
  if (who?.is === "unseen" && who.card) return { card: who.card };
  return undefined;
}

export function purchaseBody(desk: Desk, money: string, cashier: string, no: string, at: string): Schemas["PurchaseBody"] {
  const { sale, setup } = desk;
  const amount = totalOf(sale.lines);
  const member = memberOf(sale.who);
  const paid = Math.min(sale.spend?.worth_minor ?? 0, amount);
  return {
    source: setup.source, business_no: no, occurred_at: at, money, amount_minor: amount, lines: linesBody(sale.lines) as Schemas["LineBody"][],
    ...(member ? { member } : {}),
    ...(setup.store ? { store: setup.store } : {}),
    ...(cashier ? { cashier: cashier.slice(0, 100) } : {}),
    till: setup.name,
    channel: "till",
    ...(paid > 0 ? { payments: [{ method: "points", amount_minor: paid }, ...(amount > paid ? [{ method: "other", amount_minor: amount - paid }] : [])] } : {}),
  } as Schemas["PurchaseBody"];
}

const PAUSE = 30;

/** What the basket would earn. An older answer never stands over a newer one; while a newer one is asked for, `isOld`. */
export function useQuote(desk: Desk, money: string): { answer: Answer | null; isOld: boolean; refused: Refused | null } {
  const { sale } = desk;
  const asked = JSON.stringify([sale.lines, sale.who?.is === "member" ? sale.who.member.member_id : sale.who?.is]);
  const [held, setHeld] = useState<{ of: string; answer: Answer | null; refused: Refused | null }>({ of: "", answer: null, refused: null });
  const newest = useRef(asked);
  const making = useRef(desk);
  newest.current = asked;
  making.current = desk;
  const isEmpty = sale.lines.length === 0;
  const canAsk = !isEmpty && sale.who?.is !== "unseen" && lineState().isOn;
  useEffect(() => {
    if (!canAsk) return;
    const timer = setTimeout(() => {
      const body = purchaseBody(making.current, money, "", "quote", now().toISOString());
      ask(api.POST("/v1/purchases:quote", { body })).then(
        (answer) => newest.current === asked && setHeld({ of: asked, answer, refused: null }),
        (failure: unknown) => newest.current === asked && failure instanceof Refused && setHeld({ of: asked, answer: null, refused: failure }),
      );
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [asked, canAsk, money]);
  if (!canAsk) return { answer: null, isOld: false, refused: null };
  return { answer: held.answer, isOld: held.of !== asked, refused: held.of === asked ? held.refused : null };
}

/** The rules by name, as they were when the line was last there. */
export function useRules(): (code: string) => string {
  const { language, book } = useFrame();
  const [rows, setRows] = useState<Schemas["RuleRow"][]>([]);
  const number = book?.program?.revision ?? 0;
  useEffect(() => {
    const look = async () => {
      setRows((await kept("rules")) ?? []);
      const found = await ask(api.GET("/v1/program/revisions/{number}/rules", { params: { path: { number }, query: { language } } }));
      setRows(found.data);
      await keep("rules", found.data);
    };
    look().catch(() => undefined);
  }, [number, language]);
  return (code) => {
    const names: Record<string, string> = rows.find((one) => one.rule === code)?.names ?? {};
    return names[language] ?? names["zh"] ?? code;
  };
}

export async function withTiers(member: Member, code: { text: string; at: string } | null): Promise<Who> {
  const tiers = await ask(api.GET("/v1/members/{member_id}/tiers", { params: { path: { member_id: member.member_id } } })).catch(() => null);
  return { is: "member", member, tiers, code };
}
