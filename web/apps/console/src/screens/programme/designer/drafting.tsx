// What the parts of the designer share: the document as it stands, what it may be made of, and the one way to change it.
import type { Schemas } from "@jifen/api";
import { createContext, useContext } from "react";
import type { Grammar } from "./grammar.ts";
import type { Change, Fields, Path, Read } from "./text.ts";
import type { Showing } from "./values.ts";

/** Something that is wrong, where it stands. */
export interface Problem {
  path: Path;
  from: number;
  to: number;
  message: string;
  /** Text that mends it, in the place of what stands there. */
  mend?: string;
}

export interface Drafting {
  grammar: Grammar;
  read: Read;
  document: Fields;
  published: Fields | null;
  problems: Problem[];
  showing: Showing;
  figures: Schemas["RuleFiguresAnswer"] | null;
  today: string;
  /** Make changes; false: the text does not allow them, and they are made there. */
  change: (changes: Change[]) => boolean;
  /** Show a path in the text. */
  look: (path: Path) => void;
}

const Drafted = createContext<Drafting | null>(null);
export const DraftingProvider = Drafted.Provider;

export function useDrafting(): Drafting {
  const drafting = useContext(Drafted);
  if (!drafting) throw new Error("outside of the designer");
  return drafting;
}

export function isWithin(path: Path, around: Path): boolean {
  return around.every((step, at) => String(path[at]) === String(step));
}

export function isAt(path: Path, other: Path): boolean {
  return path.length === other.length && isWithin(path, other);
}

export function useProblemAt(path: Path): boolean {
  return useDrafting().problems.some((one) => isAt(one.path, path));
}
