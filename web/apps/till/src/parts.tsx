// Parts of the till: a button with its key, function keys, a figure of points, a field that is always ready.
import type { Schemas } from "@jifen/api";
import { Icon, type IconName, Points, useFrame, useProgram, useSay } from "@jifen/ui";
import type { Key } from "@jifen/words";
import { type ReactNode, useLayoutEffect, useRef } from "react";

/** Function keys of a screen. They work in fields too; a dialog that is open keeps them to itself. */
export function useFunctionKeys(keys: Record<string, (() => void) | null | undefined>): void {
  const held = useRef(keys);
  held.current = keys;
  // With the screen and not after it: whoever sees it presses a key of it.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (document.querySelector("[role=dialog]")) return;
      if (!(event.key in held.current)) return;
      event.preventDefault();
      held.current[event.key]?.();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

interface PressProps {
  children: ReactNode;
  onPress: () => void;
  hint?: string;
  isGo?: boolean;
  isStop?: boolean;
  isOff?: boolean;
  /** Why it is off, or what it means. */
  why?: string;
}

export function Press({ children, onPress, hint, isGo, isStop, isOff, why }: PressProps) {
  return (
    <button type="button" className={`press${isGo ? " go" : ""}${isStop ? " danger" : ""}`} disabled={isOff} onClick={onPress} title={why}>
      {children}
      {hint ? <kbd>{hint}</kbd> : null}
    </button>
  );
}

export function Foot({ keys, children }: { keys: [string, Key][]; children?: ReactNode }) {
  const say = useSay();
  return (
    <footer className="foot">
      <ul>
        {keys.map(([key, word]) => (
          <li key={key}>
            <kbd>{key}</kbd> {say(word)}
          </li>
        ))}
      </ul>
      <p role="status">{children}</p>
    </footer>
  );
}

/** The spendable currency that a till speaks of: the first of the programme. */
export function useCurrencyOfTill() {
  return useProgram().currencies.find((one) => one.kind === "spendable") ?? null;
}

export function Pts({ units, signed = false }: { units: number; signed?: boolean }) {
  const currency = useCurrencyOfTill();
  return currency ? <Points units={units} currency={currency.code} signed={signed} /> : null;
}

type Reason = Schemas["RuleResult"];

/** What each rule gave; where it gave less than it would, why. */
export function Reasons({ of, name, isSigned = false }: { of: Reason[]; name: (code: string) => string; isSigned?: boolean }) {
  const say = useSay();
  return (
    <>
      {of.map((one) => (
        <Row key={one.rule} label={one.why === "all" ? name(one.rule) : <>{name(one.rule)} <small className="soft">{say(`till.why.${one.why}`)}</small></>}>
          <Pts units={one.granted} signed={isSigned} />
        </Row>
      ))}
    </>
  );
}

export function Row({ label, children, isSoft, isSum }: { label: ReactNode; children: ReactNode; isSoft?: boolean; isSum?: boolean }) {
  return (
    <li className={`fact${isSoft ? " soft" : ""}${isSum ? " sum" : ""}`}>
      <span>{label}</span>
      <span className="figure-at">{children}</span>
    </li>
  );
}

export function Say({ tone, icon, children }: { tone: "note" | "warn" | "stop" | "good"; icon: IconName; children: ReactNode }) {
  return (
    <div className={`said said-${tone}`} role={tone === "stop" ? "alert" : "status"}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

export function useNameOf(): (names: Record<string, string>) => string {
  const { language } = useFrame();
  return (names) => names[language] ?? names["zh"] ?? Object.values(names)[0] ?? "";
}
