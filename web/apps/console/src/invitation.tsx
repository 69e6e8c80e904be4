// An invitation: whoever was sent the link chooses login and password, once, and is signed in.
import { api, got, Refused, signIn } from "@jifen/api";
import { Logo, useFrame, useSay } from "@jifen/ui";
import { type FormEvent, useEffect, useState } from "react";

/** The token of the link that was opened; null: it is no invitation. It stands behind #, so that no server's log has it. */
export function invitationToken(): string | null {
  if (!location.pathname.endsWith("/invitation")) return null;
  return location.hash.slice(1) || null;
}

export function Invitation({ token, onSigned }: { token: string; onSigned: () => Promise<void> }) {
  const say = useSay();
  const { language } = useFrame();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  useEffect(() => {
    document.title = `${say("invitation.title")} · Jifen`;
  });
  const accept = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setNo(null);
    try {
      await got(api.POST("/v1/invitations:accept", { body: { token, login, password } }));
      history.replaceState(null, "", "/console/");
      const answer = await signIn(login, password, null, language);
      if (answer.kind === "in") await onSigned();
      else location.assign("/console/");
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure;
      setNo(failure.problem ? failure.problem.message : say("state.gone"));
      setBusy(false);
    }
  };
  return (
    <div className="sign-in">
      <main className="sign-in-main">
        <div className="row strong">
          <Logo /> Jifen
        </div>
        <form className="sign-in-form" onSubmit={(event) => void accept(event)}>
          <div className="stack">
            <h1>{say("invitation.title")}</h1>
            <p className="soft">{say("invitation.means")}</p>
          </div>
          <hr className="rule-ink" />
          <label className="field">
            <span>{say("sign_in.login")}</span>
            <input className="input tall" autoComplete="username" required autoFocus value={login} onChange={(event) => setLogin(event.target.value)} />
          </label>
          <label className="field">
            <span>{say("sign_in.password")}</span>
            <input
              className="input tall"
              type="password"
              autoComplete="new-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <small className="soft">{say("invitation.password")}</small>
          </label>
          {no ? (
            <p className="note note-stop" role="alert">
              <span className="note-title">{no}</span>
            </p>
          ) : null}
          <button type="submit" className="button primary wide" disabled={isBusy}>
            {say("invitation.do")}
          </button>
        </form>
      </main>
    </div>
  );
}
