// What waits to be sent: its form, what is signed of it, and what an answer makes of it.

export type MessageKind = "purchase" | "return" | "void" | "commit";
export type MessageState = "waiting" | "done" | "refused" | "tampered" | "aside";

export interface Message {
  /** Its place in the order of sending: taken once, under the lock, by one tab. */
  order: number;
  kind: MessageKind;
  path: string;
  /** The body as it is sent, to the letter: a retry is the same message. */
  body: string;
  key: string;
  /** The receipt it is about. */
  no: string;
  at: string;
  amount_minor: number;
  /** A phone that names the member: it is asked for when the line is back. */
  phone: string | null;
  signature: ArrayBuffer;
  state: MessageState;
  tries: number;
  problem: { status: number; code: string; message: string } | null;
  answer: unknown;
}

export type Unsigned = Omit<Message, "signature" | "state" | "tries" | "problem" | "answer">;

/** What the signature stands over: everything that decides what the server does. */
export function signedText(one: Unsigned): string {
  return JSON.stringify([one.order, one.kind, one.path, one.body, one.key, one.no, one.at, one.amount_minor, one.phone]);
}

/** Those that are to be sent, in the order in which they were made. */
export function inOrder(messages: Message[]): Message[] {
  return messages.filter((one) => one.state === "waiting").sort((one, other) => one.order - other.order);
}

export type Verdict = "done" | "wait" | "sign_in" | "refused";

/** What an answer means for the message and for those behind it. Status 0: no answer came, so nobody knows. */
export function verdictOf(status: number, code: string | null): Verdict {
  if (status >= 200 && status < 300) return "done";
  if (status === 401 || code === "csrf_refused") return "sign_in";
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return "wait";
  return "refused";
}

export interface Shift {
  count: number;
  amount_minor: number;
  returns: number;
  returned_minor: number;
  units: Record<string, number>;
  waiting: number;
  refused: number;
}

interface Told {
  earned?: { currency: string; units: number }[];
  amount_minor?: number;
}

/** This till's shift, of its own messages. */
export function shiftOf(messages: Message[], since: string): Shift {
  const shift: Shift = { count: 0, amount_minor: 0, returns: 0, returned_minor: 0, units: {}, waiting: 0, refused: 0 };
  for (const one of messages) {
    if (one.state === "waiting") shift.waiting += 1;
    if (one.state === "refused" || one.state === "tampered") shift.refused += 1;
    if (one.at < since || one.state === "refused" || one.state === "tampered" || one.state === "aside") continue;
    const told = (one.answer ?? {}) as Told;
    if (one.kind === "purchase") {
      shift.count += 1;
      shift.amount_minor += one.amount_minor;
      for (const { currency, units } of told.earned ?? []) shift.units[currency] = (shift.units[currency] ?? 0) + units;
    } else if (one.kind === "return" || one.kind === "void") {
      shift.returns += 1;
      shift.returned_minor += told.amount_minor ?? one.amount_minor;
    }
  }
  return shift;
}

/** The next number of a day: 20261128-0001-a1f2; another day begins at 1. It ends in the short id of the till that made it (the end
 *  of its source), so that two tills of one name never print the same one. */
export function nextNumber(counter: { day: string; n: number } | null, day: string, source: string): { day: string; n: number; no: string } {
  const n = counter?.day === day ? counter.n + 1 : 1;
  return { day, n, no: `${day.replaceAll("-", "")}-${String(n).padStart(4, "0")}-${source.slice(-4)}` };
}
