// Passkeys (WebAuthn): what the browser's authenticator makes and signs, in the words of the API. Nothing of it is kept here.
import type { components } from "./generated.ts";

type Schemas = components["schemas"];

/** What an authenticator is to sign to come in. `credentials`: only one of these; none: any that it has for this service. */
export interface PasskeyAsked {
  challenge_id: string;
  challenge: string;
  rp_id: string;
  credentials?: string[];
}

/** Nobody touched the authenticator, somebody called it off, or it has no passkey that fits. */
export class PasskeyStopped extends Error {}

/** Whether this browser, at this address, can have passkeys of that host. */
export function knowsPasskeys(host: string | null): boolean {
  const here = window.location.hostname;
  return host !== null && (here === host || here.endsWith(`.${host}`)) && window.isSecureContext && "PublicKeyCredential" in window;
}

const TIMEOUT_MS = 120_000;
const ALGORITHMS = [-8, -7, -257]; // Ed25519, ES256, RS256

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.codePointAt(0) ?? 0);
}

function textOf(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (one) => String.fromCodePoint(one)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function named(ids: string[]): PublicKeyCredentialDescriptor[] {
  return ids.map((id) => ({ type: "public-key", id: bytesOf(id) }));
}

async function touched(work: Promise<Credential | null>): Promise<PublicKeyCredential> {
  let found: Credential | null;
  try {
    found = await work;
  } catch (failure) {
    throw new PasskeyStopped(String(failure));
  }
  if (!(found instanceof PublicKeyCredential)) throw new PasskeyStopped("nothing came");
  return found;
}

/** A new passkey of this machine or of a key that is plugged in. */
export async function makePasskey(offered: Schemas["PasskeyOfferedAnswer"], name: string): Promise<Schemas["NewPasskeyBody"]> {
  const found = await touched(
    navigator.credentials.create({
      publicKey: {
        challenge: bytesOf(offered.challenge),
        rp: { id: offered.rp_id, name: "Jifen" },
        user: { id: bytesOf(offered.user_id), name: offered.login, displayName: offered.name },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: named(offered.credentials),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        attestation: "none",
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const response = found.response as AuthenticatorAttestationResponse;
  return {
    challenge_id: offered.challenge_id,
    name,
    credential_id: textOf(found.rawId),
    client_data: textOf(response.clientDataJSON),
    attestation: textOf(response.attestationObject),
  };
}

/** The answer of a passkey to what was asked. */
export async function askPasskey(asked: PasskeyAsked): Promise<Schemas["PasskeyBody"]> {
  const found = await touched(
    navigator.credentials.get({
      publicKey: {
        challenge: bytesOf(asked.challenge),
        rpId: asked.rp_id,
        allowCredentials: named(asked.credentials ?? []),
        userVerification: "required",
        timeout: TIMEOUT_MS,
      },
    }),
  );
  const response = found.response as AuthenticatorAssertionResponse;
  return {
    challenge_id: asked.challenge_id,
    credential_id: textOf(found.rawId),
    client_data: textOf(response.clientDataJSON),
    authenticator_data: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    ...(response.userHandle && response.userHandle.byteLength > 0 ? { user_handle: textOf(response.userHandle) } : {}),
  };
}
