// Writing: one key for one wish. A retry after silence is the same write; after a refusal what is sent next is another one.
import { Refused } from "@jifen/api";
import { useSay } from "@jifen/ui";
import { type FormEvent, type ReactNode, useState } from "react";

export interface Writing {
  key: string;
  refused: Refused | null;
  isBusy: boolean;
  send: <T>(write: (key: string) => Promise<T>, then: (answer: T) => void) => Promise<void>;
}

export function useWrite(): Writing {
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [refused, setRefused] = useState<Refused | null>(null);
  const [isBusy, setBusy] = useState(false);
  const send: Writing["send"] = async (write, then) => {
    setBusy(true);
    setRefused(null);
    try {
      const answer = await write(key);
      setBusy(false);
      then(answer);
    } catch (failure) {
      setBusy(false);
      if (!(failure instanceof Refused)) throw failure;
      setRefused(failure);
      if (!failure.isGone) setKey(crypto.randomUUID());
    }
  };
  return { key, refused, isBusy, send };
}

/** The foot of a form: doing it, and not. */
export function Foot({ does, isOff = false, isDanger = false, onClose }: { does: string; isOff?: boolean; isDanger?: boolean; onClose: () => void }) {
  const say = useSay();
  return (
    <div className="row">
      <button type="submit" className={isDanger ? "button danger" : "button primary"} disabled={isOff}>{does}</button>
      <button type="button" className="button quiet" onClick={onClose}>{say("do.not")}</button>
    </div>
  );
}

export function Form({ onSend, children }: { onSend: () => void; children: ReactNode }) {
  const send = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  return <form className="stack" onSubmit={send}>{children}</form>;
}

/** A text that is shown this once, to be copied. */
export function ToCopy({ text, label }: { text: string; label: string }) {
  const say = useSay();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false); // A browser that does not let it be copied: the text is there to be marked.
    }
  };
  return (
    <div className="stack">
      <label className="field">
        <span>{label}</span>
        <textarea className="input" readOnly aria-label={label} rows={Math.min(12, text.split("\n").length + 1)} value={text} onFocus={(event) => event.target.select()} />
      </label>
      <div className="row">
        <button type="button" className="button" onClick={() => void copy()}>{say("do.copy")}</button>
        <span role="status" className="small soft">{isCopied ? say("do.copied") : ""}</span>
      </div>
    </div>
  );
}
