// The device's signature: a key that this browser made, that no script can read out, and that signs what it keeps.
import { keep, kept } from "./keep.ts";
import { signedText, type Unsigned } from "./rules/message.ts";

const MADE = { name: "ECDSA", namedCurve: "P-256" } as const;
const USED = { name: "ECDSA", hash: "SHA-256" } as const;

async function keys(): Promise<CryptoKeyPair> {
  return navigator.locks.request("jifen-till-keys", async () => {
    const known = await kept("keys");
    if (known) return known;
    const made = await crypto.subtle.generateKey(MADE, false, ["sign", "verify"]);
    await keep("keys", made);
    return made;
  });
}

export async function sign(one: Unsigned): Promise<ArrayBuffer> {
  return crypto.subtle.sign(USED, (await keys()).privateKey, new TextEncoder().encode(signedText(one)));
}

export async function isOurs(one: Unsigned & { signature: ArrayBuffer }): Promise<boolean> {
  try {
    return await crypto.subtle.verify(USED, (await keys()).publicKey, one.signature, new TextEncoder().encode(signedText(one)));
  } catch {
    return false;
  }
}
