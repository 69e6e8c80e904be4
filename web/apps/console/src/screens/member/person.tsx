// Who a member is: of each value only as much as tells one from another, in full by whoever says why, which is written down.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { Asking, Empty, Instant, Mark, RefusedNote, Said, Section, Select, Shown, useAsked, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { Proposed } from "../../waits.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { Correcting } from "./correcting.tsx";

type Persons = Schemas["PersonsAnswer"];
type Person = Schemas["PersonShown"];
type Why = Schemas["RevealBody"]["why"];
const REASONS: Why[] = ["asked_by_person", "at_the_till", "service", "question", "merge", "fraud", "authority"];

export function PersonOf({ id, isOpen, again }: { id: string; isOpen: boolean; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const [full, setFull] = useState<Persons | null>(null);
  const [asks, setAsks] = useState(false);
  const [recording, setRecording] = useState<Recorded | null>(null);
  const [correcting, setCorrecting] = useState<{ person: Person | null } | null>(null);
  const [objecting, setObjecting] = useState<boolean | null>(null);
  const asked = useAsked(`persons ${id}`, () =>
    got(api.GET("/v1/members/{member_id}/persons", { params: { path: { member_id: id } } })).catch((failure: unknown) => {
      // Nothing is known of him: that is an answer, and no failure.
      if (failure instanceof Refused && failure.problem?.code === "person_unknown") return null;
      throw failure;
    }).then((persons) => ({ persons })),
  );
  const mayCorrect = may("persons.correct") && isOpen;
  const reveal =
    may("persons.reveal") && asked.data?.persons && !full ? (
      <button type="button" className="button quiet" onClick={() => setAsks(true)}>{say("person.reveal")}</button>
    ) : null;
  return (
    <Section title={say("person.title")} aside={reveal}>
      <Shown asked={asked}>
        {({ persons }) => {
          const shown = full ?? persons;
          const correct = (person: Person | null) =>
            mayCorrect ? (
              <button type="button" className="button quiet" aria-label={shown && shown.persons.length > 1 ? say("correct.act_of", { role: say(`house.${person?.role ?? "head"}` as "house.head") }) : undefined} onClick={() => setCorrecting({ person })}>
                {say(person === null ? "correct.act_new" : "correct.act")}
              </button>
            ) : null;
          if (shown === null) return <Empty title={say("person.nobody")} actions={correct(null)}>{say("person.nobody_why")}</Empty>;
          return (
            <div className="stack">
              {shown.persons.map((one) => (
                <div key={one.person_id} className="stack">
                  <One person={one} />
                  {mayCorrect ? <div className="row">{correct(one)}</div> : null}
                </div>
              ))}
              {shown.persons[0] ? <Profiling objects={shown.persons[0].objects_to_profiling} onAct={may("persons.consent") ? setObjecting : null} /> : null}
              {may("persons.consent") ? <Consents persons={shown.persons} onRecord={setRecording} /> : null}
              <p className="small soft" role="status">{say(full ? "person.in_full" : "person.in_part")}</p>
            </div>
          );
        }}
      </Shown>
      {correcting ? (
        <Correcting id={id} person={correcting.person} isFull={full !== null} onClose={() => setCorrecting(null)} onDone={() => { setCorrecting(null); setFull(null); asked.again(); again(); }} />
      ) : null}
      {objecting !== null ? <Objecting id={id} objects={objecting} onClose={() => setObjecting(null)} onDone={() => { setObjecting(null); setFull(null); asked.again(); }} /> : null}
      {recording ? <Recording id={id} first={recording} onClose={() => setRecording(null)} onDone={() => { setRecording(null); setFull(null); asked.again(); }} /> : null}
      {asks ? <Revealing id={id} onClose={() => setAsks(false)} onSeen={(seen) => { setFull(seen); setAsks(false); }} /> : null}
    </Section>
  );
}

const KINDS = ["card", "external", "pos", "shop", "wechat", "alipay", "phone", "email"] as const;
const FIELDS = ["name", "birthday", "gender", "language", "address"] as const;

function One({ person }: { person: Person }) {
  const say = useSay();
  const fields = FIELDS.filter((one) => person.fields[one] !== undefined);
  return (
    <dl className="facts">
      {fields.map((one) => (
        <div key={one} className="keymap-line">
          <dt>{say(`person.${one}`)}</dt>
          <dd>{person.fields[one]}</dd>
        </div>
      ))}
      {person.keys.map((one) => (
        <div key={one.kind + one.value} className="keymap-line">
          <dt>{say(`person.${KINDS.find((kind) => kind === one.kind) ?? "external"}`)}</dt>
          <dd className="num">{one.value}</dd>
        </div>
      ))}
      {Object.entries(person.attributes).map(([name, value]) => (
        <div key={name} className="keymap-line">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {person.consents.map((one) => (
        <div key={one.purpose} className="keymap-line">
          <dt>{one.purpose}</dt>
          <dd>
            <Said id={one.is_given ? "person.agrees" : "person.agrees_not"} with={{ at: <Instant at={one.at} /> }} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Whether the head of the household objects to profiling, and the button for whoever may write that down. */
function Profiling({ objects, onAct }: { objects: boolean; onAct: ((objects: boolean) => void) | null }) {
  const say = useSay();
  return (
    <div className="keymap-line">
      <span>{say("profiling.title")}</span>
      <span className="row">
        <Mark tone={objects ? "warn" : "wait"}>{say(objects ? "profiling.objects" : "profiling.none")}</Mark>
        {onAct ? <button type="button" className="button quiet" onClick={() => onAct(!objects)}>{say(objects ? "profiling.allow" : "profiling.object")}</button> : null}
      </span>
    </div>
  );
}

/** Of the words of the consents that come with the screens. */
const WORDS = "2026-11";

function Objecting({ id, objects, onClose, onDone }: { id: string; objects: boolean; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const record = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/consents", {
            params: { path: { member_id: id }, header: { "Idempotency-Key": key } },
            body: { purpose: "profiling", is_given: !objects, text_version: WORDS, channel: "console" },
          }),
        ),
      onDone,
    );
  return (
    <Asking title={say(objects ? "profiling.object_title" : "profiling.allow_title")} onClose={onClose}>
      <Form onSend={() => void record()}>
        <p>{say(objects ? "profiling.object_means" : "profiling.allow_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("profiling.do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}

interface Recorded {
  purpose: string;
  text_version: string;
  is_given: boolean;
}

/** What somebody agreed to may be taken back, and something else agreed to. */
function Consents({ persons, onRecord }: { persons: Person[]; onRecord: (first: Recorded) => void }) {
  const say = useSay();
  const given = persons.flatMap((one) => one.consents).filter((one) => one.is_given);
  return (
    <div className="row">
      {given.map((one) => (
        <button key={one.purpose} type="button" className="button" onClick={() => onRecord({ purpose: one.purpose, text_version: one.text_version, is_given: false })}>
          {say("person.take_back", { purpose: one.purpose })}
        </button>
      ))}
      <button type="button" className="button" onClick={() => onRecord({ purpose: "", text_version: "", is_given: true })}>{say("person.record")}</button>
    </div>
  );
}

function Recording({ id, first, onClose, onDone }: { id: string; first: Recorded; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [purpose, setPurpose] = useState(first.purpose);
  const [text, setText] = useState(first.text_version);
  const [proof, setProof] = useState("");
  const record = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/consents", {
            params: { path: { member_id: id }, header: { "Idempotency-Key": key } },
            body: { purpose: purpose.trim(), is_given: first.is_given, text_version: text.trim(), channel: "console", ...(proof.trim() ? { proof: proof.trim() } : {}) },
          }),
        ),
      onDone,
    );
  return (
    <Asking title={say(first.is_given ? "person.record_title" : "person.take_back_title")} onClose={onClose}>
      <Form onSend={() => void record()}>
        <label className="field">
          <span>{say("person.purpose")}</span>
          <input className="input" required autoFocus={first.is_given} readOnly={!first.is_given} maxLength={80} placeholder="marketing" value={purpose} onChange={(event) => setPurpose(event.target.value)} />
        </label>
        <label className="field">
          <span>{say("person.text_version")}</span>
          <input className="input" required maxLength={80} placeholder="2026-11" value={text} onChange={(event) => setText(event.target.value)} />
          <small className="soft">{say("person.text_version_means")}</small>
        </label>
        <label className="field">
          <span>{say("person.proof")}</span>
          <input className="input" maxLength={500} value={proof} onChange={(event) => setProof(event.target.value)} />
          <small className="soft">{say("person.proof_means")}</small>
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(first.is_given ? "person.record_do" : "person.take_back_do")} isOff={isBusy || purpose.trim() === "" || text.trim() === ""} onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Revealing({ id, onClose, onSeen }: { id: string; onClose: () => void; onSeen: (seen: Persons) => void }) {
  const say = useSay();
  const [why, setWhy] = useState<Why>("asked_by_person");
  const [refused, setRefused] = useState<Refused | null>(null);
  const [waits, setWaits] = useState<Schemas["ProposedAnswer"] | null>(null);
  const reveal = async () => {
    try {
      const answer = await got(api.POST("/v1/members/{member_id}/persons:reveal", { params: { path: { member_id: id } }, body: { why } }));
      if ("proposal" in answer) setWaits(answer);
      else onSeen(answer);
    } catch (failure) {
      if (failure instanceof Refused) setRefused(failure);
      else throw failure;
    }
  };
  if (waits) return <Proposed title={say("waits.many_title")} answer={waits} onClose={onClose} />;
  return (
    <Asking title={say("person.reveal_title")} onClose={onClose}>
      <p>{say("person.reveal_means")}</p>
      <Select
        label={say("person.why")}
        choices={REASONS.map((one) => ({ id: one, label: say(`person.why_${one}` as "person.why_fraud") }))}
        current={why}
        onChoose={(chosen) => setWhy(chosen as Why)}
      />
      {refused ? <RefusedNote refused={refused} /> : null}
      <div className="row">
        <button type="button" className="button primary" onClick={() => void reveal()}>{say("person.reveal")}</button>
        <button type="button" className="button quiet" onClick={onClose}>{say("do.not")}</button>
      </div>
    </Asking>
  );
}
