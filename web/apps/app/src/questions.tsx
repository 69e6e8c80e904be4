// "Not right? Ask us": a question carries the line that it is about; its trail says who did what when, and an answer can be appealed against.
import { gotOwn, me } from "@jifen/api/member";
import type { Schemas } from "@jifen/api";
import { Day, Instant, localDay, Link, Said, useAsked, useFrame, useGoing, useProgram, useQuery, useSay } from "@jifen/ui";
import { type FormEvent, useId, useState } from "react";
import { useWrite } from "./asking.ts";
import { Field, Note, Nothing, Part, Row, Rows, Screen, Told, Wait, WhyNot } from "./parts.tsx";

const KINDS: Schemas["QuestionKind"][] = [
  "units_missing", "units_wrong", "spending", "return", "expiry", "tier", "personal_data", "service", "something_else",
];
const MOST = 500;

export function Questions() {
  const say = useSay();
  const { language } = useFrame();
  const asked = useAsked(`questions ${language}`, () => gotOwn(me.GET("/v1/me/questions", { params: { query: { language, limit: 100 } } })));
  return (
    <Screen title={say("app.questions")} back="/me">
      <Told asked={asked}>
        {({ data, next_cursor }) => data.length === 0 ? <Nothing title={say("app.questions.none")}>{say("app.questions.none_why")}</Nothing> : (
          <>
            <Rows>
              {data.map((one) => (
                <Row
                  key={one.question_id} sign={one.status === "answered" || one.status === "closed" ? "done" : "clock"} title={one.kind_said}
                  note={<>{one.status_said} · <Instant at={one.changed_at} style="sentence" /></>} to={`/me/questions/${one.question_id}`}
                />
              ))}
            </Rows>
            {next_cursor !== null ? <p className="soft small">{say("app.questions.cut")}</p> : null}
          </>
        )}
      </Told>
      <Link to="/me/questions/new" className="act second">{say("app.ask_us")}</Link>
    </Screen>
  );
}

function numberIn(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

export function Ask() {
  const say = useSay();
  const { go } = useGoing();
  const [query] = useQuery();
  const [sequence, part] = [numberIn(query.get("sequence")), numberIn(query.get("part"))];
  const [kind, setKind] = useState<Schemas["QuestionKind"]>(sequence === null ? "something_else" : "units_wrong");
  const [said, setSaid] = useState("");
  const { write, isBusy, refused } = useWrite();
  const id = useId();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const body = { kind, said: said.trim(), ...(sequence === null ? {} : { sequence, ...(part === null ? {} : { part }) }) };
    const stands = await write(body, (key) => gotOwn(me.POST("/v1/me/questions", { body, params: { header: { "Idempotency-Key": key } } })));
    if (stands) go(`/me/questions/${stands.question_id}`, "replace");
  };
  return (
    <Screen title={say("app.ask_us")} back={sequence === null ? "/me/questions" : `/statement/${sequence}/${part ?? 0}`}>
      {sequence !== null ? <Note>{say("app.ask.about", { sequence })}</Note> : null}
      <form className="form" onSubmit={(event) => void send(event)} noValidate>
        <fieldset className="radios">
          <legend>{say("app.ask.kind")}</legend>
          {KINDS.map((one) => (
            <label key={one} htmlFor={`${id}-${one}`}>
              <input type="radio" id={`${id}-${one}`} name={id} checked={kind === one} onChange={() => setKind(one)} />
              {say(`app.ask.${one}`)}
            </label>
          ))}
        </fieldset>
        <Field label={say("app.ask.said")} value={said} onType={setSaid} isTall most={MOST} note={say("app.ask.note")} />
        <WhyNot refused={refused} />
        <Wait isBusy={isBusy} isOff={said.trim() === ""}>{say("app.ask.send")}</Wait>
      </form>
    </Screen>
  );
}

export function Question({ id }: { id: string }) {
  const say = useSay();
  const { language } = useFrame();
  const { time_zone } = useProgram();
  const asked = useAsked(`question ${id} ${language}`, () => gotOwn(me.GET("/v1/me/questions/{question_id}", { params: { path: { question_id: id }, query: { language } } })));
  return (
    <Screen title={asked.data?.kind_said ?? say("app.questions")} back="/me/questions">
      <Told asked={asked}>
        {(one) => (
          <>
            <p className="strong">{one.status_said}</p>
            {one.due_at !== null ? <p className="soft"><Said id="app.ask.due" with={{ on: <Day on={localDay(one.due_at, time_zone)} style="sentence" /> }} /></p> : null}
            {one.sequence !== null ? <Rows><Row sign="lines" title={say("app.ask.line", { sequence: one.sequence })} to={`/statement/${one.sequence}/${one.part ?? 0}`} /></Rows> : null}
            <Part title={say("app.ask.trail")}>
              <ol className="trail">
                {one.trail.map((step) => (
                  <li key={step.number} className={step.principal_kind === "person" ? "mine" : "theirs"}>
                    <p className="small soft">{step.step_said} · <Instant at={step.at} style="sentence" /></p>
                    {step.outcome !== null ? <p className="strong">{say(`app.outcome.${step.outcome}`)}</p> : null}
                    <p className="words">{step.said ?? <span className="soft">{say("app.ask.erased")}</span>}</p>
                    {step.entry !== null ? <Link to={`/statement/${step.entry}/0`}>{say("app.ask.line", { sequence: step.entry })}</Link> : null}
                  </li>
                ))}
              </ol>
            </Part>
            {one.status === "answered" ? <Appeal id={id} onDone={asked.again} /> : null}
          </>
        )}
      </Told>
    </Screen>
  );
}

function Appeal({ id, onDone }: { id: string; onDone: () => void }) {
  const say = useSay();
  const [said, setSaid] = useState("");
  const { write, isBusy, refused } = useWrite();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const body = { said: said.trim() };
    const stands = await write(body, (key) => gotOwn(me.POST("/v1/me/questions/{question_id}:appeal", { body, params: { path: { question_id: id }, header: { "Idempotency-Key": key } } })));
    if (stands) onDone();
  };
  return (
    <Part title={say("app.appeal")}>
      <form className="form" onSubmit={(event) => void send(event)} noValidate>
        <Field label={say("app.appeal.said")} value={said} onType={setSaid} isTall most={MOST} note={say("app.appeal.note")} />
        <WhyNot refused={refused} />
        <Wait isBusy={isBusy} isOff={said.trim() === ""} tone="second">{say("app.appeal.send")}</Wait>
      </form>
    </Part>
  );
}
