// <Points>, <Money>, <Instant>, <Day>, <Count>: nothing else puts an amount or a moment on a screen. <Number> is one that opens.
import type { ReactNode } from "react";
import { countText, dayText, type DayStyle, localParts, moneyText, monthText, shareText, unitsText } from "./format.ts";
import { useCurrency, useFrame, useProgram } from "./frame.tsx";
import { Link } from "./route.tsx";

export function Points({ units, currency, signed = false }: { units: number; currency: string; signed?: boolean }) {
  return <span className="num">{unitsText(units, useCurrency(currency).scale, signed)}</span>;
}

/** Money in minor units; `whole` in sentences and large figures where cents say nothing. */
export function Money({ minor, whole = false }: { minor: number; whole?: boolean }) {
  const program = useProgram();
  return <span className="num">{moneyText(minor, program.money_decimals, program.money, whole)}</span>;
}

export function Count({ of }: { of: number }) {
  return <span className="num">{countText(of)}</span>;
}

export function Share({ part, of }: { part: number; of: number }) {
  return <span className="num">{shareText(part, of)}</span>;
}

/** A short day says its year where it lies ahead and in another one than the book's: "by 31 Mar" would be read as the next. */
export function Day({ on, style = "table" }: { on: string; style?: DayStyle }) {
  const { language, book } = useFrame();
  const isInAnotherYear = style === "short" && book !== null && on.slice(0, 4) > book.now.slice(0, 4);
  return (
    <time className="num" dateTime={on}>
      {dayText(on, language, isInAnotherYear ? "sentence" : style)}
    </time>
  );
}

export function Month({ on, withYear = false }: { on: string; withYear?: boolean }) {
  const { language } = useFrame();
  return <time dateTime={on.slice(0, 7)}>{monthText(on, language, withYear)}</time>;
}

/** A moment in the programme's zone; of the machine's own clock (keys, proofs) in the browser's. */
export function Instant({ at, style = "table", clock = "book" }: { at: string; style?: DayStyle; clock?: "book" | "machine" }) {
  const { language, book } = useFrame();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = clock === "book" ? (book?.program?.time_zone ?? "UTC") : own;
  const [day, hour] = localParts(at, zone);
  return (
    <time className="num" dateTime={at} title={`${at} · ${zone}`}>
      {dayText(day, language, style)} <span className="hour">{hour}</span>
    </time>
  );
}

/** The same as a text, where only a text may stand; in the programme's zone. */
export function useInstantText(): (at: string) => string {
  const { language, book } = useFrame();
  const zone = book?.program?.time_zone ?? "UTC";
  return (at) => {
    const [day, hour] = localParts(at, zone);
    return `${dayText(day, language, "short")} ${hour}`;
  };
}

/** A number that opens: at rest plain, a green underline where the pointer or the keyboard is. `label` says what, unseen. */
export function Number({ to, children, label }: { to: string; children: ReactNode; label?: string }) {
  return (
    <Link className="opens" to={to}>
      {children}
      {label ? <span className="away"> {label}</span> : null}
    </Link>
  );
}
