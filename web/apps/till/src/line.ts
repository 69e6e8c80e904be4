// Whether the line is there, and the only door by which this till writes. In training it is shut.
import { credentials } from "@jifen/api";
import { useSyncExternalStore } from "react";

export interface LineState {
  isOn: boolean;
  since: number | null;
}

/** So long an answer is waited for. */
export const PATIENCE = 10_000;
const PING = 2_000;
let state: LineState = { isOn: navigator.onLine, since: navigator.onLine ? null : Date.now() };
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function tell(isOn: boolean): void {
  clearTimeout(timer);
  if (!isOn) timer = setTimeout(() => void ping(), PING);
  if (isOn === state.isOn) return;
  state = { isOn, since: isOn ? null : Date.now() };
  for (const one of listeners) one();
}

async function ping(): Promise<void> {
  try {
    const answer = await fetch("/v1/health", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    tell(answer.status < 500);
  } catch {
    tell(false);
  }
}

addEventListener("offline", () => tell(false));
addEventListener("online", () => void ping());
if (!state.isOn) void ping();

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const lineState = (): LineState => state;
export function useLine(): LineState {
  return useSyncExternalStore(subscribe, lineState);
}

let training = sessionStorage.getItem("jifen.till.training") === "on";

export function isTraining(): boolean {
  return training;
}

export function setTraining(on: boolean): void {
  training = on;
  sessionStorage.setItem("jifen.till.training", on ? "on" : "off");
}

export interface Written {
  status: number;
  answer: unknown;
  code: string | null;
  message: string;
}

/** Send a write, once. Status 0: no answer came, and nobody knows whether it was done. */
export async function write(path: string, body: string, key: string, language: string): Promise<Written> {
  if (training) throw new Error("nothing is sent in training");
  const headers = { ...credentials("POST"), "Content-Type": "application/json", "Idempotency-Key": key, "Accept-Language": language };
  try {
    const response = await fetch(path, {
      method: "POST", headers, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE),
      ...(body === "" ? {} : { body }),
    });
    const answer: unknown = await response.json().catch(() => null);
    tell(response.status < 502);
    const problem = response.ok ? null : (answer as { code?: string; message?: string } | null);
    return { status: response.status, answer, code: problem?.code ?? null, message: problem?.message ?? "" };
  } catch {
    tell(false);
    return { status: 0, answer: null, code: null, message: "" };
  }
}
