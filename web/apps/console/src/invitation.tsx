// An invitation: whoever was sent the link chooses login and password, once, and is signed in.
import { api, got, Refused, signIn } from "@jifen/api";
import { useFrame, useSay } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { type FormEvent, useState } from "react";
import { Credentials, Door } from "./door.tsx";

/** The token of the link that was opened; null: it is no invitation. It stands behind #, so that no server's log has it. */
export function invitationToken(): string | null {
  if (!location.pathname.endsWith("/invitation")) return null;
  return location.hash.slice(1) || null;
}

interface Props {
  token: string;
  onChoose: (language: Language) => void;
  onSigned: () => Promise<void>;
}

export function Invitation({ token, onChoose, onSigned }: Props) {
  const say = useSay();
  const { language } = useFrame();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
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
      <Door
        title={say("invitation.title")}
        means={say("invitation.means")}
        does={say("invitation.do")}
        no={no}
        isBusy={isBusy}
        onChoose={onChoose}
        onSend={(event) => void accept(event)}
      >
        <Credentials login={login} password={password} onLogin={setLogin} onPassword={setPassword} isNew hint={say("invitation.password")} />
      </Door>
  );
}
