// Ways in beside typing: in a demo, and only there, who may sign in with a click; and a passkey, where there can be one.
import { api, got, knowsPasskeys, type Schemas } from "@jifen/api";
import { useEffect, useState } from "react";
import { useSay } from "./frame.tsx";

type DemoSignIn = Schemas["DemoSignIn"];

/** Nothing where this is no demo, or nobody answers. */
export function DemoSignIns({ face, isBusy, onChoose }: {
  face: DemoSignIn["face"];
  isBusy: boolean;
  onChoose: (login: string, password: string) => void;
}) {
  const say = useSay();
  const people = (useWelcome()?.demo ?? []).filter((one) => one.face === face && one.login && one.password);
  if (people.length === 0) return null;
  return (
    <section className="stack" aria-label={say("demo.sign_ins")}>
      <p className="small soft">{say("demo.sign_ins")}</p>
      {people.map((one) => (
        <button
          key={one.login} type="button" className="button" disabled={isBusy}
          onClick={() => onChoose(one.login ?? "", one.password ?? "")}
        >
          {one.name}
        </button>
      ))}
    </section>
  );
}

/** A way in without typing; nothing where this browser or this service has no passkeys. */
export function PasskeyWay({ isAsked, isBusy, className, onChoose }: { isAsked: boolean; isBusy: boolean; className: string; onChoose: () => void }) {
  const say = useSay();
  const welcome = useWelcome();
  if (!welcome || !knowsPasskeys(welcome.passkey_host)) return null;
  return (
    <button type="button" className={className} disabled={isBusy} onClick={onChoose}>
      {say(isAsked ? "passkey.beside" : "passkey.alone")}
    </button>
  );
}

/** What anybody may know; null while nobody has answered. */
function useWelcome(): Schemas["WelcomeAnswer"] | null {
  const [welcome, setWelcome] = useState<Schemas["WelcomeAnswer"] | null>(null);
  useEffect(() => {
    let isOver = false;
    got(api.GET("/v1/welcome")).then(
      (found) => !isOver && setWelcome(found),
      () => undefined, // the page itself says that nobody answers
    );
    return () => {
      isOver = true;
    };
  }, []);
  return welcome;
}
