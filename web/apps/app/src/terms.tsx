// Terms of membership: what is in force, what comes and what is different; accept it, or close the membership before.
import type { Schemas } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { Instant, Said, useAsked, useFrame, useGoing, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { useWrite } from "./asking.ts";
import { Field, Note, Nothing, Part, Row, Rows, Screen, Told, Wait, WhyNot } from "./parts.tsx";

type Version = Schemas["TermsShown"];

function useTerms() {
  return useAsked("terms", () => gotOwn(me.GET("/v1/me/terms")));
}

/** On the first screen, while there is something to know: a version that comes, or one in force that was not accepted. */
export function TermsNotice() {
  const say = useSay();
  const { data } = useTerms();
  if (data === null) return null;
  const wanted = waiting(data);
  if (wanted === null) return null;
  const note = wanted === data.coming ? <Said id="app.terms.comes" with={{ at: <Instant at={wanted.takes_effect_at} style="sentence" /> }} /> : say("app.terms.new");
  return <Rows><Row sign="ask" title={say(wanted.is_worse ? "app.terms.worse" : "app.terms.other")} note={note} to="/me/terms" /></Rows>;
}

/** The version that one has not accepted yet, the one that comes before the one in force. */
function waiting(told: Schemas["OwnTermsAnswer"]): Version | null {
  const next = told.coming ?? told.in_force;
  return next === null || next.version === told.accepted?.version ? null : next;
}

export function Terms({ memberId }: { memberId: string }) {
  const say = useSay();
  const asked = useTerms();
  return (
    <Screen title={say("app.terms")} back="/me/privacy">
      <Told asked={asked}>
        {(told) => {
          const wanted = waiting(told);
          return told.in_force === null && told.coming === null ? <Nothing title={say("app.terms.none")}>{say("app.terms.none_why")}</Nothing> : (
            <>
              {told.accepted ? <Note tone="good"><Said id="app.terms.accepted" with={{ version: told.accepted.version, at: <Instant at={told.accepted.at} style="sentence" /> }} /></Note> : null}
              {told.coming ? (
                <Part title={say("app.terms.coming", { version: told.coming.version })}>
                  {told.coming.is_worse ? <Note tone="warn">{say("app.terms.is_worse")}</Note> : null}
                  <p><Said id="app.terms.comes" with={{ at: <Instant at={told.coming.takes_effect_at} style="sentence" /> }} /></p>
                  <Different of={told.coming} />
                  <TermsText version={told.coming.version} />
                </Part>
              ) : null}
              {told.in_force ? (
                <Part title={say("app.terms.in_force", { version: told.in_force.version })}>
                  {told.in_force === wanted ? <Different of={told.in_force} /> : null}
                  <TermsText version={told.in_force.version} />
                </Part>
              ) : null}
              {wanted ? <Accepting version={wanted.version} onDone={asked.again} /> : null}
              <Closing memberId={memberId} />
            </>
          );
        }}
      </Told>
    </Screen>
  );
}

function Different({ of }: { of: Version }) {
  const say = useSay();
  const { language } = useFrame();
  if (of.summary === null) return null;
  return (
    <>
      <p className="strong">{say("app.terms.different")}</p>
      <Paragraphs text={of.summary[language] ?? of.summary.zh ?? ""} />
    </>
  );
}

/** The text of a version, asked for when it is opened. */
export function TermsText({ version }: { version: string }) {
  const say = useSay();
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="part promises" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("app.terms.read", { version })}</summary>
      {isOpen ? <Text version={version} /> : null}
    </details>
  );
}

function Text({ version }: { version: string }) {
  const { language } = useFrame();
  const asked = useAsked(`terms ${version}`, () => gotOwn(me.GET("/v1/welcome/terms/{version}", { params: { path: { version } } })));
  return <Told asked={asked}>{({ texts }) => <Paragraphs text={texts[language] ?? texts.zh ?? ""} />}</Told>;
}

function Paragraphs({ text }: { text: string }) {
  return <>{text.split(/\n+/).map((one, at) => <p key={at}>{one}</p>)}</>;
}

function Accepting({ version, onDone }: { version: string; onDone: () => void }) {
  const say = useSay();
  const { write, isBusy, refused } = useWrite();
  const accept = async (event: FormEvent) => {
    event.preventDefault();
    const body = { purpose: "terms", is_given: true, text_version: version };
    if (await write(body, (key) => gotOwn(me.POST("/v1/me/consents", { body, params: { header: { "Idempotency-Key": key } } })))) onDone();
  };
  return (
    <form className="form" onSubmit={(event) => void accept(event)}>
      <WhyNot refused={refused} />
      <Wait isBusy={isBusy}>{say("app.terms.accept", { version })}</Wait>
    </form>
  );
}

/** Who wants the terms no more closes the membership; typed out, for only the shop opens it again. */
function Closing({ memberId }: { memberId: string }) {
  const say = useSay();
  const { go } = useGoing();
  const [typed, setTyped] = useState("");
  const { write, isBusy, refused } = useWrite();
  const word = say("app.close.word");
  const close = async (event: FormEvent) => {
    event.preventDefault();
    const body = { confirm: memberId };
    if (await write(body, (key) => gotOwn(me.POST("/v1/me:close", { body, params: { header: { "Idempotency-Key": key } } })))) go("/", "replace");
  };
  return (
    <details className="part promises">
      <summary>{say("app.close")}</summary>
      <p>{say("app.close.what")}</p>
      <form className="form" onSubmit={(event) => void close(event)} noValidate>
        <Field label={say("app.erase.type", { word })} value={typed} onType={setTyped} most={20} />
        <WhyNot refused={refused} />
        <Wait isBusy={isBusy} isOff={typed.trim().toLowerCase() !== word.toLowerCase()} tone="stop">{say("app.close.send")}</Wait>
      </form>
    </details>
  );
}
