// The household of a member: who belongs to it, seen off with a share, added; and merges of the last day that may be undone.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Empty, Instant, nameIn, Points, RefusedNote, Said, Section, Shown, useAsked, useFrame, useGoing, useMay, useProgram, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";

type House = Schemas["HouseholdAnswer"];
type Person = Schemas["HouseholdPerson"];
type Member = Schemas["MemberAnswer"];
type Merge = Schemas["UndoableMerge"];

export function HouseholdOf({ member, again }: { member: Member; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const id = member.member_id;
  const [adds, setAdds] = useState(false);
  const [off, setOff] = useState<Person | null>(null);
  const [undoes, setUndoes] = useState<Merge | null>(null);
  const asked = useAsked(`household ${id}`, () => got(api.GET("/v1/members/{member_id}/household", { params: { path: { member_id: id } } })));
  const isOpen = member.status === "active" || member.status === "frozen";
  const add = may("persons.correct") && isOpen && asked.data?.persons.length ? (
    <button type="button" className="button quiet" onClick={() => setAdds(true)}>{say("house.add")}</button>
  ) : null;
  const done = () => {
    setAdds(false);
    setOff(null);
    setUndoes(null);
    asked.again();
    again();
  };
  return (
    <Section title={say("house.title")} aside={add}>
      <Shown asked={asked}>
        {(house) => (
          <div className="stack">
            {house.persons.length === 0 ? <Empty title={say("person.nobody")}>{say("person.nobody_why")}</Empty> : null}
            <ul className="lines">
              {house.persons.map((one) => (
                <li key={one.person_id}>
                  <span>
                    {one.name ?? say("house.unnamed")} <span className="small soft">{say(`house.${one.role}`)}
                    {one.is_under_age ? <>{say("list.between")}{say(one.is_agreed ? "house.agreed" : "house.not_agreed")}</> : null}</span>
                  </span>
                  {may("members.merge") && isOpen && house.persons.length > 1 && !one.is_under_age ? (
                    <button type="button" className="button quiet" onClick={() => setOff(one)}>{say("house.off")}<span className="away"> {one.name ?? say(`house.${one.role}`)}</span></button>
                  ) : null}
                </li>
              ))}
              {house.merges.map((one) => (
                <li key={one.member_id}>
                  <span className="small">
                    <Said id="house.merged" with={{ member: <code className="code">…{one.member_id.slice(-8)}</code>, until: <Instant at={one.undo_until} /> }} />
                  </span>
                  {may("members.merge") ? <button type="button" className="button quiet danger" onClick={() => setUndoes(one)}>{say("house.undo")}</button> : null}
                </li>
              ))}
            </ul>
          </div>
        )}
      </Shown>
      {adds && asked.data ? <Adding id={id} house={asked.data} onClose={() => setAdds(false)} onDone={done} /> : null}
      {off && asked.data ? <SeeingOff member={member} house={asked.data} person={off} onClose={() => setOff(null)} onDone={done} /> : null}
      {undoes ? <Undoing merge={undoes} onClose={() => setUndoes(null)} onDone={done} /> : null}
    </Section>
  );
}

function Adding({ id, house, onClose, onDone }: { id: string; house: House; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [role, setRole] = useState<"adult" | "child">("adult");
  const [name, setName] = useState("");
  const [phone, setPhone] = useState("");
  const [birthday, setBirthday] = useState("");
  const [version, setVersion] = useState("");
  const add = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/household/persons", {
            params: { path: { member_id: id }, header: { "Idempotency-Key": key } },
            body: {
              role,
              person: { ...(name.trim() ? { name: name.trim() } : {}), ...(phone.trim() ? { phone: phone.trim() } : {}), ...(birthday ? { birthday } : {}) },
              ...(version.trim() ? { guardian: { text_version: version.trim(), channel: "console" as const } } : {}),
            },
          }),
        ),
      onDone,
    );
  return (
    <Asking title={say("house.add_title")} onClose={onClose}>
      <Form onSend={() => void add()}>
        <label className="field">
          <span>{say("house.role")}</span>
          <select className="input" value={role} onChange={(event) => setRole(event.target.value === "child" ? "child" : "adult")}>
            <option value="adult">{say("house.adult")}</option>
            <option value="child">{say("house.child")}</option>
          </select>
        </label>
        <label className="field"><span>{say("person.name")}</span><input className="input" autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} /></label>
        <label className="field"><span>{say("person.phone")}</span><input className="input" inputMode="tel" maxLength={30} value={phone} onChange={(event) => setPhone(event.target.value)} /></label>
        <label className="field"><span>{say("person.birthday")}</span><input className="input" type="date" required={role === "child"} value={birthday} onChange={(event) => setBirthday(event.target.value)} /></label>
        {role === "child" ? (
          <label className="field">
            <span>{say("house.guardian")}</span>
            <input className="input" maxLength={40} value={version} placeholder="2026-11" onChange={(event) => setVersion(event.target.value)} />
            <small className="soft">{say("house.guardian_why", { age: house.guardian_age })}</small>
          </label>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("house.add_do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}

interface SeeingOffProps {
  member: Member;
  house: House;
  person: Person;
  onClose: () => void;
  onDone: () => void;
}

function SeeingOff({ member, house, person, onClose, onDone }: SeeingOffProps) {
  const say = useSay();
  const { go } = useGoing();
  const { language } = useFrame();
  const program = useProgram();
  const { refused, isBusy, send } = useWrite();
  const heirs = house.persons.filter((one) => one.role === "adult");
  const [heir, setHeir] = useState(heirs[0]?.person_id ?? "");
  const [units, setUnits] = useState("");
  const points = program.currencies.find((one) => one.kind === "spendable");
  const balance = member.balances.find((one) => one.currency === points?.code);
  const typed = /^\d{1,12}(\.\d+)?$/.test(units.trim()) ? Math.round(parseFloat(units.trim()) * 10 ** (points?.scale ?? 0)) : 0;
  const isHead = person.role === "head";
  const leave = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/household:leave", {
            params: { path: { member_id: member.member_id }, header: { "Idempotency-Key": key } },
            body: { person_id: person.person_id, shares: typed && points ? [{ currency: points.code, units: typed }] : [], ...(isHead ? { head_id: heir } : {}) },
          }),
        ),
      (answer) => {
        onDone();
        go(`/members/${answer.new_member_id}`);
      },
    );
  return (
    <Asking title={say("house.off_title")} onClose={onClose}>
      <Form onSend={() => void leave()}>
        <p>{say("house.off_means")}</p>
        {isHead ? (
          <label className="field">
            <span>{say("house.next_head")}</span>
            <select className="input" value={heir} onChange={(event) => setHeir(event.target.value)}>
              {heirs.map((one) => <option key={one.person_id} value={one.person_id}>{one.name ?? `…${one.person_id.slice(-8)}`}</option>)}
            </select>
          </label>
        ) : null}
        {points ? (
          <label className="field">
            <span>{say("house.share", { name: nameIn(points.names, language) })}</span>
            <input className="input" inputMode="decimal" autoFocus value={units} placeholder="0" onChange={(event) => setUnits(event.target.value)} />
            <small className="soft"><Said id="house.share_most" with={{ units: <Points units={balance?.available ?? 0} currency={points.code} /> }} /></small>
          </label>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("house.off_do")} isOff={isBusy || (isHead && heir === "")} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Undoing({ merge, onClose, onDone }: { merge: Merge; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { go } = useGoing();
  const { refused, isBusy, send } = useWrite();
  const [done, setDone] = useState<Schemas["UnmergedAnswer"] | null>(null);
  const [note, setNote] = useState("");
  const undo = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}:unmerge", {
            params: { path: { member_id: merge.member_id }, header: { "Idempotency-Key": key } },
            body: note.trim() ? { note: note.trim() } : {},
          }),
        ),
      setDone,
    );
  if (done) {
    return (
      <Asking title={say("house.undone_title")} onClose={onDone}>
        <ul className="lines">
          {done.units.map((one) => (
            <li key={one.currency}>
              <Said
                id="house.came_back"
                with={{ back: <b><Points units={one.units_back} currency={one.currency} /></b>, stay: <Points units={one.units_stay} currency={one.currency} />, currency: one.currency }}
              />
            </li>
          ))}
        </ul>
        <div className="row">
          <button type="button" className="button primary" onClick={() => { onDone(); go(`/members/${done.new_member_id}`); }}>{say("house.open_new")}</button>
          <button type="button" className="button quiet" onClick={onDone}>{say("do.close")}</button>
        </div>
      </Asking>
    );
  }
  return (
    <Asking title={say("house.undo_title")} onClose={onClose}>
      <Form onSend={() => void undo()}>
        <p>{say("house.undo_means")}</p>
        <label className="field"><span>{say("act.reason")}</span><input className="input" autoFocus maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} /></label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("house.undo_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}
