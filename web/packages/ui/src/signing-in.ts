// How an operator signs in at a face: login and password, then the code where one is asked for; or a key of the API.
import { Refused, type SignIn, signIn, signInBesidePasskey, signInByPasskey, signOut, useKey } from "@jifen/api";
import { type FormEvent, useEffect, useState } from "react";
import { useFrame, useSay } from "./frame.tsx";

const NOTHING = { login: "", password: "", code: "", token: "" };
export type SignInField = keyof typeof NOTHING;

export interface SigningIn {
  told: Record<SignInField, string>;
  tell: (field: SignInField, text: string) => void;
  byKey: boolean;
  setByKey: (byKey: boolean) => void;
  asksCode: boolean;
  /** What may stand in for the code that is asked for: totp, recovery_code, passkey. */
  factors: string[];
  isBusy: boolean;
  /** Why not; null: nothing was refused. */
  no: string | null;
  send: (event: FormEvent) => void;
  /** Of a demo's offer: at once. */
  enter: (login: string, password: string) => void;
  /** By a passkey: alone, or where a second factor is asked for, in its place. */
  byPasskey: () => void;
}

export function useSigningIn(hasOperators: boolean, onSigned: () => Promise<void>): SigningIn {
  const say = useSay();
  const { language } = useFrame();
  const [byKey, setByKey] = useState(!hasOperators);
  const [told, setTold] = useState(NOTHING);
  const [asksCode, setAsksCode] = useState(false);
  const [factors, setFactors] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  useEffect(() => setByKey(!hasOperators), [hasOperators]);

  const opened = async () => {
    try {
      await onSigned();
    } catch (failure) {
      if (byKey) await signOut();
      setNo(failure instanceof Refused && failure.problem ? failure.problem.message : say("state.gone"));
    }
  };
  const taken = async (answer: SignIn) => {
    if (answer.kind === "in") return opened();
    if (answer.kind === "code_required") {
      setFactors(answer.factors);
      setAsksCode(true);
    } else if (answer.kind === "refused") setNo(answer.message);
    else setNo(say(answer.kind === "gone" ? "state.gone" : "passkey.stopped"));
  };
  const asOperator = async (login: string, password: string, code: string | null) => taken(await signIn(login, password, code, language));
  const asking = async (work: () => Promise<void>) => {
    setBusy(true);
    setNo(null);
    await work();
    setBusy(false);
  };

  return {
    told,
    tell: (field, text) => {
      setTold((was) => ({ ...was, [field]: text }));
      if (field === "login") setAsksCode(false);
    },
    byKey, setByKey, asksCode, factors, isBusy, no,
    send: (event) => {
      event.preventDefault();
      void asking(async () => {
        if (!byKey) return asOperator(told.login, told.password, asksCode ? told.code.replaceAll(/\s/g, "") : null);
        useKey(told.token);
        return opened();
      });
    },
    byPasskey: () => void asking(async () => taken(asksCode ? await signInBesidePasskey(told.login, told.password, language) : await signInByPasskey(language))),
    enter: (login, password) => {
      setTold({ ...NOTHING, login, password });
      void asking(() => asOperator(login, password, null));
    },
  };
}
