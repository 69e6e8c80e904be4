// Asking what a screen shows. The last answer is kept, so that without a network it stands there with its moment; and writing, once.
import { Refused } from "@jifen/api";
import { isReached, newKey, watchReached } from "@jifen/api/member";
import { type Asked, useAsked } from "@jifen/ui";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { keep, kept } from "./kept.ts";

interface Answer<T> {
  key: string;
  at: number;
  data: T;
}

/** `useAsked`, with the last answer from this phone where the server does not answer; `since` says of when it is. */
export function useKept<T>(name: string, key: string, ask: () => Promise<T>): Asked<T> {
  const asked = useAsked(key, async () => {
    const data = await ask();
    void keep(name, { key, at: Date.now(), data } satisfies Answer<T>);
    return data;
  });
  const [found, setFound] = useState<Answer<T> | null>(null);
  const isMissing = asked.isGone && asked.data === null;
  useEffect(() => {
    if (!isMissing) return;
    let isOver = false;
    void kept<Answer<T>>(name).then((answer) => !isOver && setFound(answer));
    return () => {
      isOver = true;
    };
  }, [name, isMissing]);
  if (!isMissing || found === null) return asked;
  return { ...asked, data: found.data, since: found.at, isSlow: false };
}

/** Whether the server answered the last time. */
export function useReached(): boolean {
  return useSyncExternalStore(watchReached, isReached);
}

export interface Writing {
  isBusy: boolean;
  refused: Refused | null;
  /** What was done; null: it was refused, and `refused` says why. The same words sent again are the same write. */
  write: <T>(told: unknown, send: (key: string) => Promise<T>) => Promise<T | null>;
}

export function useWrite(): Writing {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const last = useRef({ told: "", key: newKey() });
  return {
    isBusy,
    refused,
    async write(told, send) {
      const text = JSON.stringify(told);
      // The key is made when the form opens. Other words are another write.
      if (last.current.told !== "" && last.current.told !== text) last.current = { told: text, key: newKey() };
      last.current.told = text;
      setBusy(true);
      setRefused(null);
      try {
        const done = await send(last.current.key);
        last.current = { told: "", key: newKey() };
        return done;
      } catch (failure) {
        if (!(failure instanceof Refused)) throw failure;
        setRefused(failure);
        return null;
      } finally {
        setBusy(false);
      }
    },
  };
}
