// The document as text: numbered lines, what is wrong marked at its line, and the way to a place in it.
import { useSay } from "@jifen/ui";
import { type Ref, useImperativeHandle, useMemo, useRef } from "react";
import type { Problem } from "./drafting.tsx";
import { lineOf } from "./text.ts";

/** Of a longer text the numbers stand there unmarked: a part of the page for each of its lines would be too many. */
const LINES_MARKED = 5_000;

export interface TextHandle {
  /** Bring a place into sight; with `take`, put the caret there. */
  show: (from: number, to: number, take: boolean) => void;
}

function widthOf(line: string): number {
  return [...line].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0);
}

export function TextPane({ text, problems, onType, handle }: { text: string; problems: Problem[]; onType: (text: string) => void; handle: Ref<TextHandle> }) {
  const say = useSay();
  const field = useRef<HTMLTextAreaElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => text.split("\n"), [text]);
  const widest = useMemo(() => lines.reduce((most, one) => (one.length * 2 <= most ? most : Math.max(most, widthOf(one))), 40), [lines]);
  const bad = useMemo(() => new Set(problems.map((one) => lineOf(text, one.from))), [text, problems]);
  useImperativeHandle(handle, () => ({
    show: (from, to, take) => {
      const area = field.current;
      const around = sheet.current;
      if (!area || !around) return;
      if (take) {
        area.focus({ preventScroll: true });
        area.setSelectionRange(from, to);
      }
      const height = area.scrollHeight / Math.max(1, lines.length);
      around.scrollTop = Math.max(0, (lineOf(text, from) - 4) * height);
    },
  }));
  return (
    <div className="sheet" ref={sheet} tabIndex={-1}>
      <div className="sheet-numbers" aria-hidden="true">
        {lines.length > LINES_MARKED ? lines.map((_, at) => at + 1).join("\n") : lines.map((_, at) => <span key={at} className={bad.has(at + 1) ? "bad" : undefined}>{at + 1}</span>)}
      </div>
      <textarea
        ref={field}
        className="sheet-text"
        wrap="off"
        rows={lines.length}
        cols={widest + 2}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        lang="en"
        aria-label={say("programme.draft_text")}
        aria-invalid={problems.length > 0}
        value={text}
        onChange={(event) => onType(event.target.value)}
      />
    </div>
  );
}
