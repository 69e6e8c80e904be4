// Single keys are off where somebody types.
import { useEffect } from "react";

export function inField(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target as HTMLElement | null;
  return target !== null && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable);
}

let areOn = localStorage.getItem("jifen.keys") !== "off";

export function singleKeys(): boolean {
  return areOn;
}

export function switchSingleKeys(on: boolean): void {
  areOn = on;
  localStorage.setItem("jifen.keys", on ? "on" : "off");
}

/** Call back for keys, outside of fields and dialogs. The callback says whether it took the key. */
export function useKeys(take: (key: string) => boolean): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!areOn || inField(event) || document.querySelector("[role=dialog]")) return;
      if (take(event.key)) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [take]);
}
