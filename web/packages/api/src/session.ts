// Who is signed in. All that a screen knows of signing in stands in this one file.
//
// An operator signs in by login, password and (where asked) code: the API keeps the session in a cookie that no script sees, and
// gives a token that each write carries. Where a ledger has no operators, a key of the API is typed in; it lives in memory only.

export interface Operator {
  name: string;
  language: string | null;
}

export type SignIn =
  | { kind: "in"; operator: Operator | null }
  | { kind: "code_required" }
  | { kind: "refused"; message: string }
  | { kind: "gone" };

interface Answer {
  operator: { name: string; language: string | null };
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
  operator = { name: answer.operator.name, language: answer.operator.language };
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

export async function signIn(login: string, password: string, code: string | null, language: string): Promise<SignIn> {
  const body = JSON.stringify(code === null ? { login, password } : { login, password, code });
  const headers = { "Content-Type": "application/json", "Accept-Language": language };
  try {
    const response = await fetch(ADDRESS, { method: "POST", body, headers, credentials: "same-origin" });
    const answer: unknown = await response.json();
    if (response.ok) return taken(answer as Answer);
    const problem = answer as { code: string; message: string };
    if (problem.code === "code_required") return { kind: "code_required" };
    return { kind: "refused", message: problem.message };
  } catch {
    return { kind: "gone" };
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
