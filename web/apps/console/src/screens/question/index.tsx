// One question: what it is about, its trail, and the answer. What was wrong is corrected first, and the answer names the entry.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, Empty, Instant, Link, Mark, RefusedNote, Said, Section, Segmented, Shown, useAsked, useFrame, useMay, useQuery, useSay } from "@jifen/ui";
import { useState } from "react";
import { useSaid } from "../../said.ts";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { Adjusting, Reversing } from "../member/acts.tsx";
import { QuestionMark, useIsLate } from "./parts.tsx";

type Read = Schemas["QuestionRead"];
type Outcome = Schemas["Outcome"];
type Entry = Schemas["StatementEntry"];
const OUTCOMES: Outcome[] = ["explained", "corrected", "refused"];
const CORRECTS = /^(adjust_|reverse_)/;

function QuestionPage({ id }: { id: string }) {
  const say = useSay();
  const { language } = useFrame();
  const [query] = useQuery();
  const member = query.get("of");
  const asked = useAsked(member ? `question ${member} ${id} ${language}` : null, () =>
    got(api.GET("/v1/members/{member_id}/questions/{question_id}", { params: { path: { member_id: member ?? "", question_id: id }, query: { language } } })),
  );
  return (
    <Page title={asked.data?.kind_said ?? say("screen.question")} above={<Link to="/questions">{say("screen.questions")}</Link>}>
      {member === null ? (
        <Empty title={say("question.whose")} actions={<Link to="/questions">{say("screen.questions")}</Link>}>{say("question.whose_why")}</Empty>
      ) : (
        <Shown asked={asked} loading={<Bars lines={6} columns={2} />}>{(one) => <Whole question={one} again={asked.again} />}</Shown>
      )}
    </Page>
  );
}

function Whole({ question, again }: { question: Read; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const isLate = useIsLate();
  const waits = question.status === "open" || question.status === "appealed";
  const drill = question.sequence === null ? null : `${question.sequence}${question.part === null ? "" : `.${question.part}`}`;
  return (
    <div className="split">
      <div className="stack stack-wide">
        <Section title={say("question.trail")}>
          <ol className="trail">
            {question.trail.map((step) => (
              <li key={step.number}>
                <div className="row">
                  <b>{step.step_said}</b>
                  <span className="small soft">
                    {step.principal} · <Instant at={step.at} style="sentence" />
                    {step.entry === null ? null : <> · <Link to={`/members/${question.member_id}?drill=${step.entry}`}>{say("tier.open_cause", { number: step.entry })}</Link></>}
                  </span>
                </div>
                <p className={step.said === null ? "soft" : "said-text"}>{step.said ?? say(step.move === "closed" ? "question.nothing_said" : "question.words_erased")}</p>
              </li>
            ))}
          </ol>
        </Section>
        {waits && may("questions.answer") ? <Answering question={question} again={again} /> : null}
        {waits && !may("questions.answer") ? <p className="soft">{say("question.others_answer")}</p> : null}
        {question.status === "answered" ? <After question={question} again={again} /> : null}
      </div>
      <Section title={say("question.facts")}>
        <dl className="facts">
          <dt>{say("question.state")}</dt>
          <dd><QuestionMark question={question} /></dd>
          <dt>{say("question.asked")}</dt>
          <dd><Instant at={question.asked_at} /></dd>
          {question.due_at ? (
            <>
              <dt>{say("question.due")}</dt>
              <dd><Instant at={question.due_at} />{isLate(question) ? <> <span className="small">{say("question.is_late")}</span></> : null}</dd>
            </>
          ) : null}
          <dt>{say("screen.member")}</dt>
          <dd><Link to={`/members/${question.member_id}`}>…{question.member_id.slice(-8)}</Link></dd>
          <dt>{say("question.about")}</dt>
          <dd>{drill ? <Link to={`/members/${question.member_id}?drill=${drill}`}>{say("drill.posting", { number: drill })}</Link> : say("question.about_nothing")}</dd>
        </dl>
      </Section>
    </div>
  );
}

function Answering({ question, again }: { question: Read; again: () => void }) {
  const say = useSay();
  const word = useSaid();
  const { book, language } = useFrame();
  const { refused, isBusy, send } = useWrite();
  const [outcome, setOutcome] = useState<Outcome>("explained");
  const [said, setSaid] = useState("");
  const [entry, setEntry] = useState<number | null>(null);
  const me = book?.asker;
  const hasAnswered = question.trail.some((one) => one.move === "answered" && one.principal_kind === me?.kind && one.principal === me.name);
  const corrections = useAsked(outcome === "corrected" ? `corrections ${question.question_id} ${language}` : null, async () => {
    const page = await got(api.GET("/v1/members/{member_id}/statement", { params: { path: { member_id: question.member_id }, query: { limit: 50, language } } }));
    return page.data.filter((one) => CORRECTS.test(one.verb) && Date.parse(one.recorded_at) >= Date.parse(question.asked_at));
  });
  if (hasAnswered) {
    return (
      <Section title={say("question.answer")}>
        <p className="note note-warn">{say("question.somebody_else")}</p>
      </Section>
    );
  }
  const chosen = entry ?? corrections.data?.[0]?.sequence ?? null;
  const answer = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/questions/{question_id}:answer", {
            params: { path: { member_id: question.member_id, question_id: question.question_id }, header: { "Idempotency-Key": key } },
            body: { said, outcome, ...(outcome === "corrected" && chosen !== null ? { entry: chosen } : {}) },
          }),
        ),
      again,
    );
  return (
    <Section title={say("question.answer")}>
      <Form onSend={() => void answer()}>
        <Segmented label={say("question.outcome")} choices={OUTCOMES.map((one) => ({ id: one, label: word("outcomes", one) }))} current={outcome} onChoose={(id) => setOutcome(id as Outcome)} />
        <p className="small soft">{say(`question.${outcome}_means`)}</p>
        {outcome === "corrected" ? (
          <Shown asked={corrections} loading={<Bars lines={2} columns={2} />}>
            {(found) => (
              <Correcting
                question={question}
                found={found}
                chosen={chosen}
                onChoose={setEntry}
                onMade={(made) => {
                  if (made !== null) setEntry(made);
                  corrections.again();
                }}
              />
            )}
          </Shown>
        ) : null}
        <label className="field">
          <span>{say("question.to_member")}</span>
          <textarea className="input said" required maxLength={1000} rows={4} value={said} onChange={(event) => setSaid(event.target.value)} />
          <small className="soft">{say("question.to_member_note")}</small>
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <div className="row">
          <button type="submit" className="button primary" disabled={isBusy || said.trim() === "" || (outcome === "corrected" && chosen === null)}>{say("question.answer_do")}</button>
        </div>
      </Form>
    </Section>
  );
}

interface CorrectingProps {
  question: Read;
  found: Entry[];
  chosen: number | null;
  onChoose: (sequence: number) => void;
  onMade: (sequence: number | null) => void;
}

/** The adjustments and reversals since the question was asked, and making one. */
function Correcting({ question, found, chosen, onChoose, onMade }: CorrectingProps) {
  const say = useSay();
  const may = useMay();
  const [makes, setMakes] = useState<"adjust" | "reverse" | null>(null);
  const [waits, setWaits] = useState(false);
  const member = useAsked(makes === "adjust" ? `member ${question.member_id}` : null, () => got(api.GET("/v1/members/{member_id}", { params: { path: { member_id: question.member_id } } })));
  const done = (made: number | null) => {
    setMakes(null);
    setWaits(made === null);
    onMade(made);
  };
  const entries = [...new Map(found.map((one) => [one.sequence, one])).values()];
  return (
    <div className="stack">
      {entries.length > 0 ? (
        <label className="field">
          <span>{say("question.by_entry")}</span>
          <select className="input" value={chosen ?? ""} onChange={(event) => onChoose(parseInt(event.target.value, 10))}>
            {entries.map((one) => <option key={one.sequence} value={one.sequence}>#{one.sequence} {one.sentence}</option>)}
          </select>
        </label>
      ) : (
        <p className="note">{say("question.no_correction")}</p>
      )}
      {waits ? <p className="note note-warn" role="status">{say("question.correction_waits")}</p> : null}
      <div className="row">
        {may("units.adjust") ? <button type="button" className="button" onClick={() => setMakes("adjust")}>{say("act.adjust")}</button> : null}
        {may("entries.reverse") && question.sequence !== null ? (
          <button type="button" className="button" onClick={() => setMakes("reverse")}>{say("act.reverse", { number: question.sequence })}</button>
        ) : null}
      </div>
      {makes === "adjust" && member.data ? <Adjusting member={member.data} onClose={() => setMakes(null)} onDone={done} /> : null}
      {makes === "reverse" && question.sequence !== null ? <Reversing memberId={question.member_id} sequence={question.sequence} onClose={() => setMakes(null)} onDone={done} /> : null}
    </div>
  );
}

/** It was answered: the member is content, or appeals to somebody who has not answered yet. */
function After({ question, again }: { question: Read; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const { refused, isBusy, send } = useWrite();
  const [asks, setAsks] = useState<"appeal" | "close" | null>(null);
  const [said, setSaid] = useState("");
  const act = () =>
    send(
      (key) => {
        const params = { path: { member_id: question.member_id, question_id: question.question_id }, header: { "Idempotency-Key": key } };
        return asks === "appeal"
          ? got(api.POST("/v1/members/{member_id}/questions/{question_id}:appeal", { params, body: { said } }))
          : got(api.POST("/v1/members/{member_id}/questions/{question_id}:close", { params }));
      },
      () => {
        setAsks(null);
        again();
      },
    );
  return (
    <Section title={say("question.then")}>
      <div className="stack">
        <p><Mark tone="kept"><Said id="question.closes_itself" /></Mark></p>
        <div className="row">
          {may("questions.ask") ? <button type="button" className="button" onClick={() => setAsks("appeal")}>{say("question.appeal")}</button> : null}
          {may("questions.answer") ? <button type="button" className="button" onClick={() => setAsks("close")}>{say("question.close")}</button> : null}
        </div>
      </div>
      {asks ? (
        <Asking title={say(`question.${asks}_title`)} onClose={() => setAsks(null)}>
          <Form onSend={() => void act()}>
            <p>{say(`question.${asks}_means`)}</p>
            {asks === "appeal" ? (
              <label className="field">
                <span>{say("question.words")}</span>
                <textarea className="input said" required autoFocus maxLength={1000} rows={4} value={said} onChange={(event) => setSaid(event.target.value)} />
              </label>
            ) : null}
            {refused ? <RefusedNote refused={refused} /> : null}
            <Foot does={say(`question.${asks}_do`)} isOff={isBusy || (asks === "appeal" && said.trim() === "")} onClose={() => setAsks(null)} />
          </Form>
        </Asking>
      ) : null}
    </Section>
  );
}

export const question: Screen = { path: "/questions/:id", word: "screen.question", Page: QuestionPage, permission: "questions.read" };
