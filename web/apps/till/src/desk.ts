// What every screen of the till shares: the sale that runs, and what it asks of the API.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { localDay, useFrame } from "@jifen/ui";
import { createContext, useContext, useEffect, useRef, useState } from "react";
import { keep, kept, now, type SetUp } from "./keep.ts";
import { lineState, PATIENCE, tell } from "./line.ts";
import { basketLines, type Line, linesBody, totalOf } from "./rules/basket.ts";

export type Member = Schemas["MemberAnswer"];
export type Answer = Schemas["PurchaseAnswer"];
export type Priced = Schemas["BasketAnswer"];

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
  /** What offers took off, once it is completed. */
  priced: Priced | null;
  /** The message that completed it. */
  done: { order: number; no: string } | { training: Answer } | null;
}

export const NEW_SALE: Sale = { who: null, lines: [], spend: null, priced: null, done: null };

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

/** The sale as a purchase: at the prices that offers leave, or at those of the shelf. */
export function purchaseBody(desk: Desk, priced: Priced | null, money: string, cashier: string, no: string, at: string): Schemas["PurchaseBody"] {
  const { sale, setup } = desk;
  const amount = totalOf(sale.lines, priced);
  const member = memberOf(sale.who);
  const paid = Math.min(sale.spend?.worth_minor ?? 0, amount);
  return {
    source: setup.source, business_no: no, occurred_at: at, money, amount_minor: amount, lines: linesBody(sale.lines, priced) as Schemas["LineBody"][],
    ...(member ? { member } : {}),
    ...(setup.store ? { store: setup.store } : {}),
    ...(cashier ? { cashier: cashier.slice(0, 100) } : {}),
    till: setup.name,
    channel: "till",
    ...(paid > 0 ? { payments: [{ method: "points", amount_minor: paid }, ...(amount > paid ? [{ method: "other", amount_minor: amount - paid }] : [])] } : {}),
  } as Schemas["PurchaseBody"];
}

/** What the offers take off the basket, and what it would earn at those prices. */
async function priceNow(desk: Desk, money: string): Promise<{ priced: Priced; answer: Answer }> {
  const { sale, setup } = desk;
  const member = memberOf(sale.who);
  const body = {
    source: setup.source, money, lines: basketLines(sale.lines) as Schemas["BasketLineBody"][], ...(member ? { member } : {}),
    ...(setup.store ? { store: setup.store } : {}), till: setup.name, channel: "till",
  } as Schemas["BasketBody"];
  const priced = await ask(api.POST("/v1/baskets:price", { body, signal: AbortSignal.timeout(PATIENCE) }));
  if (!sale.spend) return { priced, answer: priced.points };
  // What points pay is a means of payment, which rules may ask for.
  const quoted = purchaseBody(desk, priced, money, "", "quote", now().toISOString());
  return { priced, answer: await ask(api.POST("/v1/purchases:quote", { body: quoted, signal: AbortSignal.timeout(PATIENCE) })) };
}

const PAUSE = 30;

interface Quote {
  answer: Answer | null;
  /** What was shown for this very basket: it stands when the line goes. */
  priced: Priced | null;
  isOld: boolean;
  refused: Refused | null;
  /** The price to charge: the one that is shown, or that of this moment; null: the shelf's. */
  settle: () => Promise<Priced | null>;
}

/** What the basket costs and would earn. An older answer never stands over a newer one; while a newer one is asked for, `isOld`. */
export function useQuote(desk: Desk, money: string): Quote {
  const { sale } = desk;
  const asked = JSON.stringify([sale.lines, sale.who?.is === "member" ? sale.who.member.member_id : sale.who?.is, sale.spend?.worth_minor ?? 0]);
  const [held, setHeld] = useState<{ of: string; answer: Answer | null; priced: Priced | null; refused: Refused | null }>({ of: "", answer: null, priced: null, refused: null });
  const newest = useRef(asked);
  const making = useRef(desk);
  newest.current = asked;
  making.current = desk;
  const isEmpty = sale.lines.length === 0;
  const canAsk = !isEmpty && sale.who?.is !== "unseen" && lineState().isOn;
  useEffect(() => {
    if (!canAsk) return;
    const timer = setTimeout(() => {
      priceNow(making.current, money).then(
        (found) => newest.current === asked && setHeld({ of: asked, ...found, refused: null }),
        (failure: unknown) => newest.current === asked && failure instanceof Refused && setHeld({ of: asked, answer: null, priced: null, refused: failure }),
      );
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [asked, canAsk, money]);
  const isOld = held.of !== asked;
  const shown = isOld || isEmpty ? null : held.priced;
  const settle = async () => (shown || !canAsk || !isOld ? shown : (await priceNow(making.current, money).catch(() => null))?.priced ?? null);
  if (!canAsk) return { answer: null, priced: shown, isOld: false, refused: null, settle };
  return { answer: held.answer, priced: isOld ? held.priced : shown, isOld, refused: isOld ? null : held.refused, settle };
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
