// Who a member is: of each value only as much as tells one from another, in full by whoever says why, which is written down.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { Asking, Empty, Instant, RefusedNote, Said, Section, Select, Shown, useAsked, useMay, useSay } from "@jifen/ui";
import { useState } from "react";

type Persons = Schemas["PersonsAnswer"];
type Person = Schemas["PersonShown"];
type Why = Schemas["RevealBody"]["why"];
const REASONS: Why[] = ["asked_by_person", "at_the_till", "service", "question", "merge", "fraud", "authority"];

export function PersonOf({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const [full, setFull] = useState<Persons | null>(null);
  const [asks, setAsks] = useState(false);
  const asked = useAsked(`persons ${id}`, () =>
    got(api.GET("/v1/members/{member_id}/persons", { params: { path: { member_id: id } } })).catch((failure: unknown) => {
      // Nothing is known of him: that is an answer, and no failure.
      if (failure instanceof Refused && failure.problem?.code === "person_unknown") return null;
      throw failure;
    }).then((persons) => ({ persons })),
  );
  const reveal =
    may("persons.reveal") && asked.data?.persons && !full ? (
      <button type="button" className="button quiet" onClick={() => setAsks(true)}>{say("person.reveal")}</button>
    ) : null;
  return (
    <Section title={say("person.title")} aside={reveal}>
      <Shown asked={asked}>
        {({ persons }) => {
          const shown = full ?? persons;
          if (shown === null) return <Empty title={say("person.nobody")}>{say("person.nobody_why")}</Empty>;
          return (
            <div className="stack">
              {shown.persons.map((one) => <One key={one.person_id} person={one} />)}
              <p className="small soft" role="status">{say(full ? "person.in_full" : "person.in_part")}</p>
            </div>
          );
        }}
      </Shown>
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

function Revealing({ id, onClose, onSeen }: { id: string; onClose: () => void; onSeen: (seen: Persons) => void }) {
  const say = useSay();
  const [why, setWhy] = useState<Why>("asked_by_person");
  const [refused, setRefused] = useState<Refused | null>(null);
  const reveal = async () => {
    try {
      onSeen(await got(api.POST("/v1/members/{member_id}/persons:reveal", { params: { path: { member_id: id } }, body: { why } })));
    } catch (failure) {
      if (failure instanceof Refused) setRefused(failure);
      else throw failure;
    }
  };
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
