// Who is signed in. All that a screen knows of signing in stands in this one file.
//
// An operator signs in by login, password and (where asked) code: the API keeps the session in a cookie that no script sees, and
// gives a token that each write carries. Where a ledger has no operators, a key of the API is typed in; it lives in memory only.

import { askPasskey, type PasskeyAsked, PasskeyStopped } from "./passkey.ts";

export interface Operator {
  id: string;
  name: string;
  language: string | null;
}

export type SignIn =
  | { kind: "in"; operator: Operator | null }
  | { kind: "code_required"; factors: string[]; asked: PasskeyAsked | null }
  | { kind: "stopped" }
  | { kind: "refused"; message: string }
  | { kind: "gone" };

interface Answer {
  operator: { id: string; name: string; language: string | null };
  csrf_token: string;
}

const ADDRESS = "/v1/session";
let key: string | null = null;
let csrf: string | null = null;
let operator: Operator | null = null;
let onEnd: () => void = () => undefined;

/** The operator who is signed in; null: a key asks. */
export function signedIn(): Operator | null {
  return operator;
}

/** Headers by which a request says who asks. */
export function credentials(method: string): Record<string, string> {
  if (key !== null) return { Authorization: `Bearer ${key}` };
  return csrf !== null && method !== "GET" ? { "X-CSRF-Token": csrf } : {};
}

/** Call this when a session ends by itself. */
export function whenEnded(then: () => void): void {
  onEnd = then;
}

/** The API says that nobody is signed in. */
export function ended(): void {
  const was = key !== null || csrf !== null;
  key = csrf = operator = null;
  if (was) onEnd();
}

function taken(answer: Answer): SignIn {
  csrf = answer.csrf_token;
  operator = { id: answer.operator.id, name: answer.operator.name, language: answer.operator.language };
  return { kind: "in", operator };
}

/** The session that the browser still has. `has_operators` is false where this ledger knows keys only. */
export async function resume(): Promise<{ has_operators: boolean; signed: SignIn | null }> {
  try {
    const response = await fetch(ADDRESS, { credentials: "same-origin" });
    if (response.ok) return { has_operators: true, signed: taken((await response.json()) as Answer) };
    return { has_operators: response.status !== 404, signed: null };
  } catch {
    return { has_operators: true, signed: { kind: "gone" } };
  }
}

interface Problem {
  code: string;
  message: string;
  numbers: { factors?: string[] } & Partial<PasskeyAsked>;
}

async function sent(address: string, body: object | null, language: string): Promise<{ answer?: unknown; problem?: Problem } | null> {
  const headers = { "Accept-Language": language, ...(body === null ? {} : { "Content-Type": "application/json" }) };
  try {
    const response = await fetch(address, { method: "POST", body: body === null ? null : JSON.stringify(body), headers, credentials: "same-origin" });
    const told: unknown = await response.json();
    return response.ok ? { answer: told } : { problem: told as Problem };
  } catch {
    return null;
  }
}

function came(told: Awaited<ReturnType<typeof sent>>): SignIn {
  if (told === null) return { kind: "gone" };
  if (!told.problem) return taken(told.answer as Answer);
  const { code, message, numbers } = told.problem;
  if (code !== "code_required") return { kind: "refused", message };
  const asked = numbers.challenge_id && numbers.challenge && numbers.rp_id ? (numbers as PasskeyAsked) : null;
  return { kind: "code_required", factors: numbers.factors ?? [], asked };
}

export async function signIn(login: string, password: string, code: string | null, language: string): Promise<SignIn> {
  return came(await sent(ADDRESS, code === null ? { login, password } : { login, password, code }, language));
}

/** Password and passkey. What a passkey signs is good once, so it is asked for anew each time. */
export async function signInBesidePasskey(login: string, password: string, language: string): Promise<SignIn> {
  const first = await signIn(login, password, null, language);
  if (first.kind !== "code_required" || first.asked === null) return first;
  return touching(first.asked, (passkey) => sent(ADDRESS, { login, password, passkey }, language));
}

/** A passkey alone: it says who one is. */
export async function signInByPasskey(language: string): Promise<SignIn> {
  const asked = await sent(`${ADDRESS}/passkeys:ask`, null, language);
  if (asked === null || asked.problem) return came(asked);
  return touching(asked.answer as PasskeyAsked, (passkey) => sent(`${ADDRESS}/passkeys:enter`, passkey, language));
}

async function touching(asked: PasskeyAsked, send: (passkey: object) => ReturnType<typeof sent>): Promise<SignIn> {
  try {
    return came(await send(await askPasskey(asked)));
  } catch (failure) {
    if (failure instanceof PasskeyStopped) return { kind: "stopped" };
    throw failure;
  }
}

/** A key of the API, for as long as this page is open. Whether it opens is told by the first question. */
export function useKey(token: string): void {
  key = token.trim();
}

export async function signOut(): Promise<void> {
  const headers = credentials("DELETE");
  const byCookie = key === null;
  key = csrf = operator = null;
  if (byCookie) await fetch(ADDRESS, { method: "DELETE", headers, credentials: "same-origin" }).catch(() => undefined);
}
