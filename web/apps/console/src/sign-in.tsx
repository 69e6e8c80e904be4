// Signing in: login and password, then the second factor on the same page; or a key of the API.
import { DemoSignIns, PasskeyWay, useSay, useSigningIn } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { useEffect, useRef } from "react";
import { Credentials, Door } from "./door.tsx";

interface Props {
  hasOperators: boolean;
  hasEnded: boolean;
  onChoose: (language: Language) => void;
  onSigned: () => Promise<void>;
}

export function SignIn({ hasOperators, hasEnded, onChoose, onSigned }: Props) {
  const say = useSay();
  const { told, tell, byKey, setByKey, asksCode, factors, isBusy, no, send, enter, byPasskey } = useSigningIn(hasOperators, onSigned);
  const codeField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (asksCode) codeField.current?.focus();
  }, [asksCode]);

  return (
      <Door
        title={say("sign_in.title")}
        means={say("sign_in.promise")}
        does={say("sign_in.do")}
        no={no}
        isBusy={isBusy}
        onSend={send}
        below={
          hasOperators ? (
            <>
              {byKey || (asksCode && !factors.includes("passkey")) ? null : (
                <PasskeyWay isAsked={asksCode} isBusy={isBusy} className="button wide" onChoose={byPasskey} />
              )}
              <button type="button" className="as-link" onClick={() => setByKey(!byKey)}>
                {say(byKey ? "sign_in.by_password" : "sign_in.by_key")}
              </button>
              <DemoSignIns face="console" isBusy={isBusy} onChoose={enter} />
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
              value={told.token}
              onChange={(event) => tell("token", event.target.value)}
            />
          </label>
        ) : (
          <>
            <Credentials
              login={told.login}
              password={told.password}
              onLogin={(text) => tell("login", text)}
              onPassword={(text) => tell("password", text)}
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
                  value={told.code}
                  onChange={(event) => tell("code", event.target.value)}
                />
                <small className="soft">{say(factors.includes("totp") ? "sign_in.code_where" : "sign_in.code_recovery")}</small>
              </label>
            ) : null}
          </>
        )}
      </Door>
  );
}
