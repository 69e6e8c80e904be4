// The page before the console: what is asked, one button, and what was wrong with it.
import { Icon, Logo, Segmented, useFrame, useSay } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { type FormEvent, type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  means: string;
  does: string;
  no: string | null;
  isBusy: boolean;
  onSend: (event: FormEvent) => void;
  children: ReactNode;
  below?: ReactNode;
  onChoose: (language: Language) => void;
}

export function Door({ title, means, does, no, isBusy, onSend, children, below, onChoose }: Props) {
  const say = useSay();
  const { language } = useFrame();
  useEffect(() => {
    document.title = `${title} · Jifen`;
  });
  return (
    <div className="sign-in">
      <main className="sign-in-main">
        <div className="row strong">
          <Logo /> Jifen
        </div>
        <form className="sign-in-form" onSubmit={onSend}>
          <div className="stack">
            <h1>{title}</h1>
            <p className="soft">{means}</p>
          </div>
          <hr className="rule-ink" />
          {children}
          {no ? (
            <p className="note note-stop" role="alert">
              <span className="note-title">{no}</span>
            </p>
          ) : null}
          <button type="submit" className="button primary wide" disabled={isBusy}>
            {does}
          </button>
          {below}
        </form>
        <p className="small soft">{say("sign_in.own_machine")}</p>
      </main>
      <aside className="sign-in-side">
        <div className="row">
          <h2>{say("sign_in.what")}</h2>
          <Segmented
            label={say("settings.language")}
            choices={LANGUAGES.map((one) => ({ id: one.code, label: <span lang={one.tag}>{one.name}</span> }))}
            current={language}
            onChoose={(chosen) => onChoose(chosen as Language)}
          />
        </div>
        <p className="soft">{say("sign_in.what_explained")}</p>
        <p className="soft">{say("sign_in.what_proven")}</p>
        <p className="soft">{say("sign_in.what_paid")}</p>
        <p>
          <Icon name="key" /> <a href="/docs">{say("sign_in.docs")}</a>
        </p>
      </aside>
    </div>
  );
}

/** Login and password; `isNew`: they are chosen here, and the browser keeps them. */
export function Credentials({ login, password, onLogin, onPassword, isNew, hint }: {
  login: string;
  password: string;
  onLogin: (text: string) => void;
  onPassword: (text: string) => void;
  isNew?: boolean;
  hint?: string;
}) {
  const say = useSay();
  return (
    <>
      <label className="field">
        <span>{say("sign_in.login")}</span>
        <input className="input tall" autoComplete="username" required autoFocus value={login} onChange={(event) => onLogin(event.target.value)} />
      </label>
      <label className="field">
        <span>{say("sign_in.password")}</span>
        <input
          className="input tall"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          required
          value={password}
          onChange={(event) => onPassword(event.target.value)}
        />
        {hint ? <small className="soft">{hint}</small> : null}
      </label>
    </>
  );
}
