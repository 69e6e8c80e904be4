// Signing in: login and password, then the second factor on the same page; or a key of the API.
import { Refused, signIn, signOut, useKey } from "@jifen/api";
import { DemoSignIns, useFrame, useSay } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { Credentials, Door } from "./door.tsx";

interface Props {
  hasOperators: boolean;
  hasEnded: boolean;
  onChoose: (language: Language) => void;
  onSigned: () => Promise<void>;
}

export function SignIn({ hasOperators, hasEnded, onChoose, onSigned }: Props) {
  const say = useSay();
  const { language } = useFrame();
  const [byKey, setByKey] = useState(!hasOperators);
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [token, setToken] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const codeField = useRef<HTMLInputElement>(null);

  useEffect(() => setByKey(!hasOperators), [hasOperators]);
  useEffect(() => {
    if (asksCode) codeField.current?.focus();
  }, [asksCode]);

  const opened = async () => {
    try {
      await onSigned();
    } catch (failure) {
      if (byKey) await signOut();
      setNo(failure instanceof Refused && failure.problem ? failure.problem.message : say("state.gone"));
    }
  };
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setNo(null);
    if (byKey) {
      useKey(token);
      await opened();
    } else {
      await enter(login, password, asksCode ? code.replaceAll(/\s/g, "") : null);
    }
    setBusy(false);
  };
  const enter = async (as: string, by: string, second: string | null) => {
    const answer = await signIn(as, by, second, language);
    if (answer.kind === "in") await opened();
    else if (answer.kind === "code_required") setAsksCode(true);
    else setNo(answer.kind === "gone" ? say("state.gone") : answer.message);
  };
  const enterDemo = (as: string, by: string) => {
    setLogin(as);
    setPassword(by);
    setNo(null);
    setBusy(true);
    void enter(as, by, null).finally(() => setBusy(false));
  };

  return (
      <Door
        title={say("sign_in.title")}
        means={say("sign_in.promise")}
        does={say("sign_in.do")}
        no={no}
        isBusy={isBusy}
        onSend={(event) => void send(event)}
        below={
          hasOperators ? (
            <>
              <button type="button" className="as-link" onClick={() => setByKey(!byKey)}>
                {say(byKey ? "sign_in.by_password" : "sign_in.by_key")}
              </button>
              <DemoSignIns face="console" isBusy={isBusy} onChoose={enterDemo} />
            </>
          ) : (
            <p className="small soft">{say("sign_in.key_how")}</p>
          )
        }
        onChoose={onChoose}
      >
        {hasEnded ? <p className="note note-warn">{say("sign_in.ended")}</p> : null}
        {byKey ? (
          <label className="field">
            <span>{say("sign_in.key")}</span>
            <input
              className="input tall"
              type="password"
              autoComplete="off"
              required
              autoFocus
              placeholder="jf_live_…"
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          </label>
        ) : (
          <>
            <Credentials
              login={login}
              password={password}
              onLogin={(text) => {
                setLogin(text);
                setAsksCode(false);
              }}
              onPassword={setPassword}
            />
            {asksCode ? (
              <label className="field">
                <span>{say("sign_in.code")}</span>
                <input
                  className="input tall"
                  ref={codeField}
                  inputMode="numeric"
                  autoComplete="one-time-code"
                  required
                  value={code}
                  onChange={(event) => setCode(event.target.value)}
                />
                <small className="soft">{say("sign_in.code_where")}</small>
              </label>
            ) : null}
          </>
        )}
      </Door>
  );
}
