// The client of the API: typed by the committed OpenAPI document, one form for every refusal.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./generated.ts";
import { credentials, ended } from "./session.ts";

export * from "./passkey.ts";
export * from "./files.ts";
export * from "./session.ts";
export type Schemas = components["schemas"];
export type Book = Schemas["BookAnswer"];
export type Problem = Schemas["Problem"];

/** What went wrong: a refusal of the API, or (`gone`) no answer at all. */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Problem | null;
  readonly requestId: string | null;

  constructor(status: number, problem: Problem | null, requestId: string | null) {
    super(problem?.message ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
    this.requestId = requestId;
  }

  /** The server did not answer, or is not able to just now: what is on the screen stays and is asked for again. */
  get isGone(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

let language = "zh-CN";

/** In which language the API shall speak. */
export function speak(tag: string): void {
  language = tag;
}

/** In which language the API speaks. */
export function saidIn(): string {
  return language;
}

const asking: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", language);
    for (const [name, value] of Object.entries(credentials(request.method))) request.headers.set(name, value);
    if (request.method !== "GET" && !request.headers.has("Idempotency-Key")) {
      request.headers.set("Idempotency-Key", crypto.randomUUID());
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
api.use(asking);

interface Got<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** What was asked for; whatever else came of it is thrown as `Refused`. */
export async function got<T>(asked: Promise<Got<T>>): Promise<T> {
  let answer: Got<T>;
  try {
    answer = await asked;
  } catch {
    throw new Refused(0, null, null);
  }
  const { data, error, response } = answer;
  if (response.ok && data !== undefined) return data;
  if (response.status === 401) ended();
  const problem = typeof error === "object" && error !== null && "code" in error ? (error as Problem) : null;
  throw new Refused(response.status, problem, response.headers.get("request-id"));
}
