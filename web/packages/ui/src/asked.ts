// Asking the API for what a screen shows: loading is told after 200 ms, what is there stays while it is asked for again.
import { Refused } from "@jifen/api";
import { useCallback, useEffect, useRef, useState } from "react";

export interface Asked<T> {
  data: T | null;
  refused: Refused | null;
  /** It takes more than 200 ms, and nothing is there yet. */
  isSlow: boolean;
  /** The server does not answer; `data` is from `since`. */
  isGone: boolean;
  since: number | null;
  again: () => void;
}

const SLOW = 200;
const PAUSE = 4_000;

interface Held<T> {
  key: string;
  data: T | null;
  refused: Refused | null;
  since: number | null;
}

/** Ask under a key; another key asks anew, null asks nothing. `every` asks again after so many milliseconds. */
export function useAsked<T>(key: string | null, ask: () => Promise<T>, every?: number): Asked<T> {
  const [held, setHeld] = useState<Held<T>>({ key: "", data: null, refused: null, since: null });
  const [isSlow, setSlow] = useState(false);
  const [count, setCount] = useState(0);
  const asking = useRef(ask);
  asking.current = ask;

  useEffect(() => {
    if (key === null) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const slow = setTimeout(() => !isOver && setSlow(true), SLOW);
    asking.current().then(
      (data) => {
        if (isOver) return;
        setHeld({ key, data, refused: null, since: Date.now() });
        if (every !== undefined) timer = setTimeout(() => setCount((was) => was + 1), every);
      },
      (failure: unknown) => {
        if (isOver) return;
        const refused = failure instanceof Refused ? failure : new Refused(0, null, null);
        if (!(failure instanceof Refused)) console.error(failure);
        setHeld((was) => (was.key === key && refused.isGone ? { ...was, refused } : { key, data: null, refused, since: null }));
        if (refused.isGone) timer = setTimeout(() => setCount((was) => was + 1), PAUSE);
      },
    ).finally(() => {
      clearTimeout(slow);
      if (!isOver) setSlow(false);
    });
    return () => {
      isOver = true;
      clearTimeout(slow);
      clearTimeout(timer);
    };
  }, [key, count, every]);

  const again = useCallback(() => setCount((was) => was + 1), []);
  const mine = held.key === key;
  return {
    data: mine ? held.data : null,
    refused: mine ? held.refused : null,
    isSlow: isSlow && !(mine && held.data !== null),
    isGone: mine && held.refused?.isGone === true,
    since: mine ? held.since : null,
    again,
  };
}
