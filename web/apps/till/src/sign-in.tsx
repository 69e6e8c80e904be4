// Before the till: who sells. A session lasts a shift; what waits in the queue stays there meanwhile.
import { Refused, signIn, signOut, useKey } from "@jifen/api";
import { DemoSignIns, Logo, Segmented, useFrame, useSay } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { type FormEvent, useEffect, useState } from "react";
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
  const [byKey, setByKey] = useState(!hasOperators);
  const [told, setTold] = useState({ login: "", password: "", code: "", token: "" });
  const [asksCode, setAsksCode] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  useMessages();
  useEffect(() => setByKey(!hasOperators), [hasOperators]);
  useEffect(() => {
    document.title = `${say("till.name")} · Jifen`;
  });

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
      useKey(told.token);
      await opened();
    } else {
      await enter(told.login, told.password, asksCode ? told.code.replaceAll(/\s/g, "") : null);
    }
    setBusy(false);
  };
  const enter = async (login: string, password: string, code: string | null) => {
    const answer = await signIn(login, password, code, language);
    if (answer.kind === "in") await opened();
    else if (answer.kind === "code_required") setAsksCode(true);
    else setNo(answer.kind === "gone" ? say("state.gone") : answer.message);
  };
  const enterDemo = (login: string, password: string) => {
    setTold({ ...told, login, password });
    setNo(null);
    setBusy(true);
    void enter(login, password, null).finally(() => setBusy(false));
  };
  const field = (name: keyof typeof told, label: string, type: string, complete: string, isFirst = false) => (
    <label className="field">
      <span>{label}</span>
      <input
        className="input big" type={type} autoComplete={complete} required autoFocus={isFirst} value={told[name]}
        onChange={(event) => setTold({ ...told, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <main className="alone">
      <div className="row strong">
        <Logo /> {say("till.name")}
      </div>
      <form className="stack" onSubmit={(event) => void send(event)}>
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
        {hasOperators ? (
          <button type="button" className="as-link" onClick={() => setByKey(!byKey)}>
            {say(byKey ? "till.in.by_password" : "till.in.by_key")}
          </button>
        ) : null}
        {hasOperators ? <DemoSignIns face="till" isBusy={isBusy} onChoose={enterDemo} /> : null}
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
