// The queue: a message is kept and signed before it is sent, sent in its order, one at a time, by one tab.
import { api, ended, got, Refused, resume } from "@jifen/api";
import { useSyncExternalStore } from "react";
import { cupboard, kept, now } from "./keep.ts";
import { isTraining, lineState, subscribe as onLine, write, type Written } from "./line.ts";
import { inOrder, type Message, nextNumber, type Unsigned, verdictOf } from "./rules/message.ts";
import { isOurs, sign } from "./sign.ts";

export const WAITING_MAX = 5_000;
const KEPT_DONE_MS = 40 * 86_400_000;
const AGAIN = 5_000;
let messages: Message[] = [];
let language = "zh-CN";
const listeners = new Set<() => void>();
const told = new BroadcastChannel("jifen-till");

async function refresh(): Promise<void> {
  messages = await (await cupboard()).getAll("messages");
  for (const one of listeners) one();
}

told.onmessage = () => void refresh();

async function changed(): Promise<void> {
  told.postMessage("queue");
  await refresh();
}

export function useMessages(): Message[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => messages,
  );
}

export const waiting = (): number => inOrder(messages).length;

export interface Draft {
  kind: Message["kind"];
  path: string;
  /** Makes the body; a purchase is told its number. */
  body: (no: string, at: string) => object | null;
  /** The receipt it is about; null: it is a new one and takes the next number. */
  no: string | null;
  amount_minor: number;
  phone?: string | null;
  key?: string;
}

/** Keep messages in one step, signed, before anything is sent. A new receipt takes its number in the same step. */
export async function enqueue(drafts: Draft[], day: (at: Date) => string): Promise<Message[]> {
  if (isTraining()) throw new Error("nothing is kept in training");
  const made = await navigator.locks.request("jifen-till-number", async () => {
    const shelf = await cupboard();
    const moment = now();
    const at = moment.toISOString();
    let order = (await kept("order")) ?? 0;
    let counter = await kept("counter");
    const source = (await kept("setup"))?.source ?? "";
    let taken = "";
    const ready: Message[] = [];
    for (const draft of drafts) {
      if (draft.no === null) {
        const next = nextNumber(counter, day(moment), source);
        counter = { day: next.day, n: next.n };
        taken = next.no;
      }
      order += 1;
      const no = draft.no ?? taken;
      const body = draft.body(no, at);
      const one: Unsigned = {
        order, kind: draft.kind, path: draft.path, body: body === null ? "" : JSON.stringify(body), key: draft.key ?? crypto.randomUUID(),
        no: no === "" ? taken : no, at, amount_minor: draft.amount_minor, phone: draft.phone ?? null,
      };
      ready.push({ ...one, signature: await sign(one), state: "waiting", tries: 0, problem: null, answer: null });
    }
    const step = shelf.transaction(["kept", "messages"], "readwrite");
    void step.objectStore("kept").put(order, "order");
    if (counter) void step.objectStore("kept").put(counter, "counter");
    for (const one of ready) void step.objectStore("messages").put(one);
    await step.done;
    return ready;
  });
  await changed();
  return made;
}

/** Only what changes is written: what stands there otherwise stays as it is, whoever wrote it. */
export async function change(one: Message, to: Partial<Message>): Promise<void> {
  const step = (await cupboard()).transaction("messages", "readwrite");
  const stands = await step.store.get(one.order);
  if (stands) void step.store.put({ ...stands, ...to });
  await step.done;
  await changed();
}

/** A refused receipt goes as nobody's: the same number, without the member, signed anew. It can be claimed later. */
export async function sendAsNobody(one: Message): Promise<void> {
  const body = JSON.parse(one.body) as Record<string, unknown>;
  delete body["member"];
  const fresh = { body: JSON.stringify(body), key: crypto.randomUUID(), phone: null };
  await change(one, { ...fresh, signature: await sign({ ...one, ...fresh }), state: "waiting", problem: null });
  await drain();
}

export async function sendAgain(one: Message): Promise<void> {
  await change(one, { state: "waiting", problem: null });
  await drain();
}

/** The member whom a phone names, now that the line is there. */
async function named(one: Message): Promise<Written | string> {
  if (one.phone === null) return one.body;
  try {
    const member = await got(api.GET("/v1/members", { params: { query: { phone: one.phone } } }));
    return JSON.stringify({ ...(JSON.parse(one.body) as object), member: { id: member.member_id } });
  } catch (failure) {
    const no = failure instanceof Refused ? failure : new Refused(0, null, null);
    return { status: no.status, answer: null, code: no.problem?.code ?? null, message: no.problem?.message ?? "" };
  }
}

async function sendOne(one: Message): Promise<boolean> {
  if (!(await isOurs(one))) {
    await change(one, { state: "tampered" });
    return true;
  }
  const body = await named(one);
  const answer = typeof body === "string" ? await write(one.path, body, one.key, language) : body;
  const verdict = verdictOf(answer.status, answer.code);
  const problem = { status: answer.status, code: answer.code ?? "", message: answer.message };
  if (verdict === "done") await change(one, { state: "done", answer: answer.answer, problem: null });
  else if (verdict === "refused") await change(one, { state: "refused", problem, tries: one.tries + 1 });
  else {
    await change(one, { tries: one.tries + 1, problem: answer.status === 0 ? null : problem });
    if (verdict === "sign_in" && (await resume()).signed?.kind !== "in") ended();
    return false;
  }
  return true;
}

let again: ReturnType<typeof setTimeout> | undefined;

/** Send what waits, in order, until something has to wait. One tab at a time; another one's turn comes when this one is over. */
export async function drain(): Promise<void> {
  clearTimeout(again);
  if (isTraining()) return;
  await navigator.locks.request("jifen-till-send", async () => {
    await refresh();
    for (let next = inOrder(messages)[0]; next && !isTraining(); next = inOrder(messages)[0]) {
      if (!(await sendOne(next))) break;
    }
  });
  if (waiting() > 0 && lineState().isOn) again = setTimeout(() => void drain(), AGAIN);
}

/** Begin: old receipts go, what waits is sent whenever the line is back. */
export async function beginQueue(): Promise<void> {
  const shelf = await cupboard();
  const old = new Date(now().getTime() - KEPT_DONE_MS).toISOString();
  for (const one of await shelf.getAllFromIndex("messages", "state", "done")) {
    if (one.at < old) await shelf.delete("messages", one.order);
  }
  await refresh();
  onLine(() => {
    if (lineState().isOn) void drain();
  });
}

export function speakQueue(tag: string): void {
  language = tag;
}
