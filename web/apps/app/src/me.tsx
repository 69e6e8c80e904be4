// Me: what one does oneself, and how one wants the screen.
import { keepTheme, nameIn, theme, type Theme, useFrame, useQuery, useSay } from "@jifen/ui";
import { LANGUAGES } from "@jifen/words";
import { useRef, useState } from "react";
import { Choices, Part, Row, Rows, Screen } from "./parts.tsx";
import { keepSize, size, type Size } from "./own-settings.ts";
import type { Behind } from "./shell.tsx";
import { Sign } from "./signs.tsx";

export function Me({ welcome, language, onChoose, onLeave, name }: Behind) {
  const say = useSay();
  const [look, setLook] = useState<Theme>(theme);
  const [large, setLarge] = useState<Size>(size);
  const leaving = useRef<HTMLDialogElement>(null);
  return (
    <Screen title={say("app.me")}>
      <Rows>
        <Row sign="ask" title={say("app.questions")} note={say("app.questions.what")} to="/me/questions" />
        <Row sign="receipt" title={say("app.claim")} note={say("app.claim.what")} to="/me/claim" />
        <Row sign="gift" title={say("app.gift")} note={say("app.gift.what")} to="/me/gift" />
        <Row sign="home" title={say("app.house")} note={say("app.house.what")} to="/me/household" />
        <Row sign="shield" title={say("app.privacy")} note={say("app.privacy.what")} to="/me/privacy" />
        <Row sign="phone" title={say("app.phones")} note={say("app.phones.what")} to="/me/phones" />
      </Rows>
      <Part title={say("app.settings")}>
        <div className="setting">
          <span>{say("app.language")}</span>
          <Choices label={say("app.language")} choices={LANGUAGES.map((one) => ({ id: one.code, label: one.name, lang: one.tag }))} current={language} onChoose={onChoose} />
        </div>
        <div className="setting">
          <span>{say("app.size")}</span>
          <Choices
            label={say("app.size")} current={large} choices={[{ id: "usual", label: say("app.size.usual") }, { id: "elder", label: say("app.size.elder") }]}
            onChoose={(chosen) => {
              keepSize(chosen);
              setLarge(chosen);
            }}
          />
        </div>
        <div className="setting">
          <span>{say("app.theme")}</span>
          <Choices
            label={say("app.theme")} current={look} choices={(["system", "light", "dark"] as const).map((one) => ({ id: one, label: say(`theme.${one}`) }))}
            onChoose={(chosen) => {
              keepTheme(chosen);
              setLook(chosen);
            }}
          />
        </div>
      </Part>
      <Promises of={welcome.promises.map((one) => ({ rule: one.rule, name: nameIn(one.names, language), sentence: one.sentence }))} name={name} />
      <button type="button" className="act second" onClick={() => leaving.current?.showModal()}><Sign name="out" /> {say("app.leave")}</button>
      <dialog ref={leaving} className="sheet" aria-labelledby="leaving">
        <h2 id="leaving">{say("app.leave.ask")}</h2>
        <p>{say("app.leave.what")}</p>
        <button type="button" className="act primary" onClick={() => void onLeave()}>{say("app.leave")}</button>
        <button type="button" className="act quiet" onClick={() => leaving.current?.close()}>{say("do.not")}</button>
      </dialog>
    </Screen>
  );
}

function Promises({ of, name }: { of: { rule: string; name: string; sentence: string }[]; name: string }) {
  const say = useSay();
  const { book } = useFrame();
  const [query] = useQuery();
  if (of.length === 0) return null;
  return (
    <details className="part promises" open={query.get("promises") === "1"}>
      <summary><h2>{say("app.promises")}</h2></summary>
      <Rows>{of.map((one) => <Row key={one.rule} title={one.name} note={one.sentence} />)}</Rows>
      <p className="soft small">{name}{say("list.between")}{say("app.line.revision", { revision: book?.program?.revision ?? 0 })}</p>
    </details>
  );
}
