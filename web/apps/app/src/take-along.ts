// Everything that is kept of a member, as a file: a page to read, or data.
import { Refused } from "@jifen/api";

export async function takeAlong(kind: "html" | "json", language: string): Promise<true> {
  const accept = kind === "html" ? "text/html" : "application/json";
  let answer: Response;
  try {
    answer = await fetch(`/v1/me/archive?language=${language}`, { headers: { Accept: accept }, credentials: "same-origin" });
  } catch {
    throw new Refused(0, null, null);
  }
  if (!answer.ok) throw new Refused(answer.status, null, answer.headers.get("request-id"));
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = `jifen.${kind}`;
  link.click();
  URL.revokeObjectURL(address);
  return true;
}
