// One's own password, said again: who only finds the screen open has not said it.
import { useSay } from "@jifen/ui";

export function PasswordField({ value, onChange, word = "sign_in.password", isNew = false }: { value: string; onChange: (text: string) => void; word?: "sign_in.password" | "own.new_password"; isNew?: boolean }) {
  const say = useSay();
  return (
    <label className="field">
      <span>{say(word)}</span>
      <input className="input" type="password" required autoFocus={!isNew} autoComplete={isNew ? "new-password" : "current-password"} value={value} onChange={(event) => onChange(event.target.value)} />
      {isNew ? <small className="soft">{say("invitation.password")}</small> : null}
    </label>
  );
}
