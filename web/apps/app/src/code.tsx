// The card's code: made on this phone each half minute, drawn as QR and as bars.
import { Refused } from "@jifen/api";
import { clockAhead, gotOwn, me, newKey, serverNow, setClockAhead } from "@jifen/api/member";
import { bars, BARS_WIDE, type Card, codeAt, inFours, keyOf, secondsLeft } from "@jifen/card";
import { useSay } from "@jifen/ui";
import { useEffect, useState } from "react";
import { encode } from "uqr";
import { keep, kept } from "./kept.ts";

/** Why no code can be shown: no secure context, no key yet and no network, or the API said no. */
export type NoCode = "insecure" | "offline" | "refused";
export interface Code {
  digits: string | null;
  left: number;
  why: NoCode | null;
}

/** Whether this browser can make codes: it does so only over HTTPS. */
export function canMakeCodes(): boolean {
  return typeof crypto !== "undefined" && "subtle" in crypto && crypto.subtle !== undefined;
}

let holding: Promise<Card> | null = null;

/** The card of this phone: the one it keeps, else a new one that the API gives. */
async function cardHere(): Promise<Card> {
  const known = await kept<Card>("card");
  if (known !== null) return known;
  const given = await gotOwn(me.POST("/v1/me/device", { params: { header: { "Idempotency-Key": newKey() } } }));
  const card = { number: given.number, key: await keyOf(given.key) };
  await keep("card", card);
  return card;
}

/** After signing out: the next one here asks for a card of his own. */
export function forgetCard(): void {
  holding = null;
}

export function useCode(isAllowed: boolean): Code {
  const [code, setCode] = useState<Code>({ digits: null, left: 30, why: canMakeCodes() ? null : "insecure" });
  useEffect(() => {
    if (!isAllowed || !canMakeCodes()) return;
    let isOver = false;
    let card: Card | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = async () => {
      if (card === null) return;
      const now = serverNow();
      const digits = await codeAt(card, now);
      if (isOver) return;
      setCode({ digits, left: secondsLeft(now), why: null });
      timer = setTimeout(() => void show(), 1000 - (now % 1000));
    };
    const begin = () => {
      holding ??= cardHere();
      holding.then(
        async (found) => {
          card = found;
          if (clockAhead() === 0) setClockAhead((await kept<number>("ahead")) ?? 0);
          else void keep("ahead", clockAhead());
          if (!isOver) await show();
        },
        (failure: unknown) => {
          holding = null;
          if (isOver) return;
          const isGone = failure instanceof Refused && failure.isGone;
          setCode((was) => ({ ...was, why: isGone ? "offline" : "refused" }));
          if (isGone) timer = setTimeout(begin, 4000);
        },
      );
    };
    begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isAllowed]);
  return code;
}

export function Qr({ digits }: { digits: string }) {
  const say = useSay();
  const { data, size } = encode(digits, { ecc: "M", border: 0 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={say("app.card.qr")} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  );
}

export function Barcode({ digits }: { digits: string }) {
  const say = useSay();
  return (
    <span className="barcode">
      <svg viewBox={`0 0 ${BARS_WIDE} 24`} preserveAspectRatio="none" role="img" aria-label={say("app.card.bars")} shapeRendering="crispEdges">
        {bars(digits).map(([at, wide]) => <rect key={at} x={at} y="0" width={wide} height="24" />)}
      </svg>
      <span className="num digits">{inFours(digits)}</span>
    </span>
  );
}

const ROUND = 2 * Math.PI * 14;

/** How long this code stays. The ring steps each second; who cannot see it is told once a code. */
export function Ring({ left }: { left: number }) {
  return (
    <svg className={left <= 5 ? "ring last" : "ring"} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle cx="16" cy="16" r="14" />
      <circle className="run" cx="16" cy="16" r="14" strokeDasharray={`${(ROUND * left) / 30} ${ROUND}`} transform="rotate(-90 16 16)" />
      <text x="16" y="20.5" textAnchor="middle">{left}</text>
    </svg>
  );
}
