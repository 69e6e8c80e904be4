// In a demo, and only there, the sign-in pages offer who may sign in with a click.
import { api, got, type Schemas } from "@jifen/api";
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
  const [people, setPeople] = useState<DemoSignIn[]>([]);
  useEffect(() => {
    let isOver = false;
    got(api.GET("/v1/welcome")).then(
      (welcome) => !isOver && setPeople(welcome.demo.filter((one) => one.face === face && one.login && one.password)),
      () => undefined, // the page itself says that nobody answers
    );
    return () => {
      isOver = true;
    };
  }, [face]);
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
