// Files that go up and come down. What goes up tells how far it is, which fetch cannot; what comes down is handed to whoever sits there.
import { type Problem, Refused, saidIn } from "./index.ts";
import { credentials, ended } from "./session.ts";

/** Send a file as the body of a POST; `onPart` is told how much has gone, from 0 to 1. */
export function uploadFile<T>(address: string, file: Blob, key: string, onPart: (part: number) => void): Promise<T> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "json";
    const headers = { ...credentials("POST"), "Accept-Language": saidIn(), "Content-Type": "application/octet-stream", "Idempotency-Key": key };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && onPart(event.loaded / event.total);
    request.onerror = () => fail(new Refused(0, null, null));
    request.onload = () => {
      if (request.status === 401) ended();
      if (request.status >= 200 && request.status < 300) done(request.response as T);
      else fail(new Refused(request.status, (request.response as Problem | null) ?? null, request.getResponseHeader("request-id")));
    };
    request.send(file);
  });
}

/** Fetch a file and put it where the browser puts such files. */
export async function fetchFile(address: string, name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(address, { headers: { ...credentials("GET"), "Accept-Language": saidIn() }, credentials: "same-origin" });
  } catch {
    throw new Refused(0, null, null);
  }
  if (!response.ok) {
    const problem = (await response.json().catch(() => null)) as Problem | null;
    throw new Refused(response.status, problem, response.headers.get("request-id"));
  }
  const held = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = held;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(held), 60_000);
}
