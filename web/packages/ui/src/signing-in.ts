// How an operator signs in at a face: login and password, then the code where one is asked for; or a key of the API.
import { Refused, signIn, signOut, useKey } from "@jifen/api";
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
  isBusy: boolean;
  /** Why not; null: nothing was refused. */
  no: string | null;
  send: (event: FormEvent) => void;
  /** Of a demo's offer: at once. */
  enter: (login: string, password: string) => void;
}

export function useSigningIn(hasOperators: boolean, onSigned: () => Promise<void>): SigningIn {
  const say = useSay();
  const { language } = useFrame();
  const [byKey, setByKey] = useState(!hasOperators);
  const [told, setTold] = useState(NOTHING);
  const [asksCode, setAsksCode] = useState(false);
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
  const asOperator = async (login: string, password: string, code: string | null) => {
    const answer = await signIn(login, password, code, language);
    if (answer.kind === "in") await opened();
    else if (answer.kind === "code_required") setAsksCode(true);
    else setNo(answer.kind === "gone" ? say("state.gone") : answer.message);
  };
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
    byKey, setByKey, asksCode, isBusy, no,
    send: (event) => {
      event.preventDefault();
      void asking(async () => {
        if (!byKey) return asOperator(told.login, told.password, asksCode ? told.code.replaceAll(/\s/g, "") : null);
        useKey(told.token);
        return opened();
      });
    },
    enter: (login, password) => {
      setTold({ ...NOTHING, login, password });
      void asking(() => asOperator(login, password, null));
    },
  };
}
