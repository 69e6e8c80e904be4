// A member on his own phone: who is signed in, and the client that asks for him. Operators have session.ts.
//
// The session is a cookie that no script sees; each write carries the token that the API gave with it. Every answer tells the time of
// the server, so that the code on the card is right on a phone whose clock is not.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./generated.ts";
import { type Problem, Refused, type Schemas } from "./index.ts";

export type MemberSession = Schemas["MemberSessionAnswer"];

let csrf: string | null = null;
let tag = "zh-CN";
let ahead = 0;
let isThere = true;
let onEnd: () => void = () => undefined;
const watching = new Set<() => void>();

/** In which language the API shall speak to the member. */
export function speakToMember(language: string): void {
  tag = language;
}

/** Call this when the session ends by itself. */
export function whenMemberEnded(then: () => void): void {
  onEnd = then;
}

/** The server's clock, in milliseconds since 1970, as far as the last answer told it. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** By how much the server's clock is ahead, in milliseconds: kept, so that it is known without a network too. */
export function clockAhead(): number {
  return ahead;
}

export function setClockAhead(milliseconds: number): void {
  ahead = milliseconds;
}

/** Whether the server answered the last time. */
export function isReached(): boolean {
  return isThere;
}

export function watchReached(then: () => void): () => void {
  watching.add(then);
  return () => watching.delete(then);
}

function reached(now: boolean): void {
  if (now === isThere) return;
  isThere = now;
  for (const one of watching) one();
}

/** A key for a write. `crypto.randomUUID` is missing where the page came without HTTPS. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
}

const asking: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", tag);
    if (request.method !== "GET" && csrf !== null) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  onResponse({ response }) {
    const told = Date.parse(response.headers.get("date") ?? "");
    // The header counts whole seconds: a clock that is right by the second stays as it is.
    if (!Number.isNaN(told) && Math.abs(told + 500 - serverNow()) > 1_500) ahead = told + 500 - Date.now();
  },
};

export const me = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
me.use(asking);

interface Got<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** What was asked for; whatever else came of it is thrown as `Refused`. */
export async function gotOwn<T>(asked: Promise<Got<T>>): Promise<T> {
  let answer: Got<T>;
  try {
    answer = await asked;
  } catch {
    reached(false);
    throw new Refused(0, null, null);
  }
  const { data, error, response } = answer;
  const problem = typeof error === "object" && error !== null && "code" in error ? (error as Problem) : null;
  const refused = new Refused(response.status, problem, response.headers.get("request-id"));
  reached(response.ok || !refused.isGone);
  if (response.ok && data !== undefined) return data;
  if (response.status === 401 && csrf !== null && problem?.code !== "one_time_code_wrong") {
    csrf = null;
    onEnd();
  }
  throw refused;
}

/** The session that was opened, or that this browser still has. */
export function cameIn(session: MemberSession): MemberSession {
  csrf = session.csrf_token;
  return session;
}

/** Without a network: the token that was given the last time. */
export function comeInWith(token: string): void {
  csrf = token;
}

/** Who is signed in on this phone; null: nobody. */
export async function resumeMember(): Promise<MemberSession | null> {
  try {
    return cameIn(await gotOwn(me.GET("/v1/me/session")));
  } catch (failure) {
    if (failure instanceof Refused && failure.status === 401) return null;
    throw failure;
  }
}

/** Sign out. Without an answer the session stands on the server, and ends there after its time or from another phone. */
export async function leaveMember(): Promise<void> {
  await gotOwn(me.DELETE("/v1/me/session")).catch(() => undefined);
  csrf = null;
}
