// Marks: a mark and a word before colour. Icons are drawn in the colour of their text; a tier's colour fills its mark only.
import type { ReactNode } from "react";
import { useProgram, useTierName } from "./frame.tsx";

const PATHS = {
  home: "M3 11 12 4l9 7M5.5 9.5V20h13V9.5",
  members: "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11Zm-6.5 8.5c0-3.3 2.9-5.5 6.5-5.5s6.5 2.2 6.5 5.5M16 4.9a3.2 3.2 0 0 1 0 6M18 14.3c2.1.8 3.5 2.7 3.5 5.2",
  ladder: "M7 3v18M17 3v18M7 7h10M7 12h10M7 17h10",
  swap: "M5 8h13M14.500 4.500 18 8l-3.500 3.500M19 16H6M9.500 12.500 6 16l3.500 3.500",
  rules: "M4 6h16M4 12h10M4 18h13",
  past: "M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2",
  ledger: "M6 4h13v16H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Zm2.5 0v16M12 8.5h4M12 12h4",
  key: "M14 10a4.5 4.5 0 1 0-4.3 4.5L11 13.2h2v-2h1.5ZM8.2 9h.1M14 10l6 6v3.5h-3.5L11 13.5",
  jobs: "M12 4v3M12 17v3M4 12h3M17 12h3M6.3 6.3l2.1 2.1M15.6 15.6l2.1 2.1M6.3 17.7l2.1-2.1M15.6 8.4l2.1-2.1",
  settings: "M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3M15 5v4M9 10v4M15 15v4",
  question: "M4 5h16v11h-9l-4 4v-4H4ZM10 9.200a2 2 0 1 1 2.600 1.900c-.400.150-.600.400-.600.900M12 14v.100",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 14.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600Z",
  operator: "M12 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM5 20c0-3.600 3.100-6 7-6s7 2.400 7 6Z",
  gift: "M4 10h16v10H4ZM4 10V7h16v3M12 7v13M12 7C9 7 7.500 3.500 10 3.500S12 7 12 7Zm0 0c3 0 4.500-3.500 2-3.500S12 7 12 7Z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 5 5",
  bring: "M12 4v11M7.5 10.500 12 15l4.500-4.500M4 19.500h16",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  down: "M6 9l6 6 6-6",
  out: "M10 4H5v16h5M14 8l4 4-4 4M9 12h9",
  kept: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-4-9 3 3 5-6",
  wait: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z",
  run: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-12v4.5l3 1.8",
  warn: "M12 4 2.8 20h18.4L12 4Zm0 6v4.5M12 17v.2",
  stop: "M4 4h16v16H4ZM12 8v5M12 15.8v.2",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export type Tone = "kept" | "run" | "wait" | "warn" | "stop";

export function Mark({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`mark mark-${tone}`}>
      <Icon name={tone} />
      {children}
    </span>
  );
}

/** A tier by its mark and its name. Marks go by the rung: hollow, half, full, diamond. */
export function Tier({ code }: { code: string }) {
  const tiers = useProgram().tiers;
  const rung = Math.max(0, tiers.findIndex((one) => one.code === code));
  const name = useTierName()(code);
  const step = tiers.length <= 1 ? 0 : Math.min(3, Math.round((rung * 3) / (tiers.length - 1)));
  return (
    <span className="tier">
      <svg className={`tier-mark tier-${step + 1}`} viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        {step === 3 ? <path className="fill" d="M6 .8 11.2 6 6 11.2.8 6Z" /> : <circle cx="6" cy="6" r="4.6" />}
        {step === 1 ? <path className="fill" d="M6 1.4a4.6 4.6 0 0 1 0 9.2Z" /> : null}
        {step === 2 ? <circle className="fill" cx="6" cy="6" r="4.6" /> : null}
      </svg>
      {name}
    </span>
  );
}

/** Up or down against another period; `good` says which of them is. None: neither is. */
export function Change({ now, before, good }: { now: number; before: number; good?: "up" | "down" }) {
  if (before === 0) return null;
  const tenths = Math.round((Math.abs(now - before) * 1000) / before);
  const way = now >= before ? "up" : "down";
  const tone = tenths === 0 || !good ? "even" : way === good ? "better" : "worse";
  return (
    <span className={`change change-${tone}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true" focusable="false">
        <path d={way === "up" ? "M5 1.5 9.5 9h-9Z" : "M5 8.5.500 1h9Z"} />
      </svg>
      <span className="away">{way === "up" ? "+" : "−"}</span>
      {Math.floor(tenths / 10)}.{tenths % 10}%
    </span>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M4 12h3.2v5H4ZM9 9h3.2v8H9ZM14 6.5h3.2V17H14ZM19 3h2.6v14H19ZM3 19.5h19V22H3Z" />
    </svg>
  );
}
