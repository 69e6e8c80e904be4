// What every part may ask: the language, the book, and the words.
import type { Book, Schemas } from "@jifen/api";
import { type Key, type Language, messageOf, partsOf, say as saying, type Values } from "@jifen/words";
import { createContext, Fragment, type ReactNode, useContext } from "react";

export interface Frame {
  language: Language;
  book: Book | null;
}

const Framed = createContext<Frame>({ language: "zh", book: null });
export const FrameProvider = Framed.Provider;

export function useFrame(): Frame {
  return useContext(Framed);
}

export type Say = (key: Key, values?: Values, n?: number) => string;

export function useSay(): Say {
  const { language } = useFrame();
  return (key, values, n) => saying(language, key, values, n);
}

/** A message whose holes are filled with parts: figures, links. */
export function Said({ id, with: filling = {}, n }: { id: Key; with?: Record<string, ReactNode>; n?: number }) {
  const { language } = useFrame();
  const parts = partsOf(messageOf(language, id, n));
  return <>{parts.map((part, at) => <Fragment key={at}>{at % 2 === 0 ? part : filling[part]}</Fragment>)}</>;
}

/** The name that the document gives in the language that is spoken, or in the nearest that there is. */
export function nameIn(names: Record<string, string>, language: Language): string {
  return names[language] ?? names["en"] ?? names["zh"] ?? Object.values(names)[0] ?? "";
}

export function useProgram(): Schemas["BookProgram"] {
  const { book } = useFrame();
  if (!book?.program) throw new Error("a screen that shows amounts stands behind the book");
  return book.program;
}

export function useCurrency(code: string): Schemas["BookCurrency"] {
  const found = useProgram().currencies.find((one) => one.code === code);
  if (!found) throw new Error(`the programme has no currency ${code}`);
  return found;
}

export function useTierName(): (code: string) => string {
  const { language } = useFrame();
  const tiers = useProgram().tiers;
  return (code) => {
    const found = tiers.find((one) => one.code === code);
    return found ? nameIn(found.names, language) : code;
  };
}

export function useMay(): (permission: string) => boolean {
  const { book } = useFrame();
  return (permission) => book?.asker.permissions.includes(permission) ?? false;
}
