// Before the till: who sells. A session lasts a shift; what waits in the queue stays there meanwhile.
import { DemoSignIns, Logo, PasskeyWay, Segmented, type SignInField, useFrame, useSay, useSigningIn } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { useEffect } from "react";
import { useMessages, waiting } from "./queue.ts";

interface Props {
  hasOperators: boolean;
  hasEnded: boolean;
  onChoose: (language: Language) => void;
  onSigned: () => Promise<void>;
}

export function SignIn({ hasOperators, hasEnded, onChoose, onSigned }: Props) {
  const say = useSay();
  const { language } = useFrame();
  const { told, tell, byKey, setByKey, asksCode, factors, isBusy, no, send, enter, byPasskey } = useSigningIn(hasOperators, onSigned);
  useMessages();
  useEffect(() => {
    document.title = `${say("till.name")} · Jifen`;
  });
  const field = (name: SignInField, label: string, type: string, complete: string, isFirst = false) => (
    <label className="field">
      <span>{label}</span>
      <input
        className="input big" type={type} autoComplete={complete} required autoFocus={isFirst} value={told[name]}
        onChange={(event) => tell(name, event.target.value)}
      />
    </label>
  );
  return (
    <main className="alone">
      <div className="row strong">
        <Logo /> {say("till.name")}
      </div>
      <form className="stack" onSubmit={send}>
        <h1>{say("till.in.title")}</h1>
        {hasEnded ? <p className="note note-warn">{say("till.in.ended")}</p> : null}
        {waiting() > 0 ? <p className="note note-warn">{say("till.in.waiting", { n: waiting() }, waiting())}</p> : null}
        {byKey ? (
          field("token", say("till.in.key"), "password", "off", true)
        ) : (
          <>
            {field("login", say("till.in.login"), "text", "username", true)}
            {field("password", say("till.in.password"), "password", "current-password")}
            {asksCode ? field("code", say("till.in.code"), "text", "one-time-code") : null}
          </>
        )}
        {no ? (
          <p className="note note-stop" role="alert">
            {no}
          </p>
        ) : null}
        <button type="submit" className="press go" disabled={isBusy}>
          {say("till.in.do")}
        </button>
        {byKey || (asksCode && !factors.includes("passkey")) ? null : (
          <PasskeyWay isAsked={asksCode} isBusy={isBusy} className="press" onChoose={byPasskey} />
        )}
        {hasOperators ? (
          <button type="button" className="as-link" onClick={() => setByKey(!byKey)}>
            {say(byKey ? "till.in.by_password" : "till.in.by_key")}
          </button>
        ) : null}
        {hasOperators ? <DemoSignIns face="till" isBusy={isBusy} onChoose={enter} /> : null}
      </form>
      <Segmented
        label={say("till.set.language")}
        choices={LANGUAGES.map((one) => ({ id: one.code, label: <span lang={one.tag}>{one.name}</span> }))}
        current={language}
        onChoose={(chosen) => onChoose(chosen as Language)}
      />
    </main>
  );
}
