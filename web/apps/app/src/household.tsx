// The household: who belongs to it as what, inviting, joining and leaving, and the children whose guardian its head is.
import { gotOwn, me } from "@jifen/api/member";
import type { Schemas } from "@jifen/api";
import { Count, Instant, nameIn, Points, Said, unitsText, useAsked, useCurrency, useFrame, useGoing, useSay, type Asked } from "@jifen/ui";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { wholeOf } from "./amounts.ts";
import { useWrite } from "./asking.ts";
import { Qr } from "./code.tsx";
import { useMember, useSpendable } from "./own.ts";
import { Choices, Field, Note, Part, Row, Rows, Screen, Switch, Told, Wait, WhyNot } from "./parts.tsx";

type House = Schemas["OwnHouseholdAnswer"];
type Person = Schemas["OwnHouseholdPerson"];
type Invitation = Schemas["OpenInvitation"];
const HERE = "/me/household";

export function useHousehold(): Asked<House> {
  return useAsked("household", () => gotOwn(me.GET("/v1/me/household")));
}

function useNameOf(): (person: Person) => string {
  const say = useSay();
  return (person) => {
    const name = person.name ?? say("app.house.unnamed");
    return person.is_oneself ? `${name}${say("list.between")}${say("app.house.you")}` : name;
  };
}

/** Whoever one is now is asked anew: another member has other points, and another card. */
function beginAgain(): void {
  location.assign("/app/");
}

export function Household() {
  const say = useSay();
  const nameOf = useNameOf();
  const asked = useHousehold();
  return (
    <Screen title={say("app.house")} back="/me">
      <p className="soft">{say("app.house.why")}</p>
      <Told asked={asked}>
        {(house) => (
          <>
            <Rows>
              {house.persons.map((one) => (
                <Row
                  key={one.person_id} sign="person" title={nameOf(one)}
                  note={one.is_under_age ? say(one.is_agreed ? "app.house.child_agreed" : "app.house.child_not_agreed") : undefined}
                  aside={<span className="tag">{say(`app.house.${one.role}`)}</span>}
                  {...(house.is_head && !one.is_oneself ? { to: `${HERE}/${one.person_id}` } : {})}
                />
              ))}
            </Rows>
            {house.is_head ? <Open house={house} again={asked.again} /> : null}
            <Rows>
              {house.is_head ? <Row sign="plus" title={say("app.house.invite")} note={say("app.house.invite_what")} to={`${HERE}/invite`} /> : null}
              {house.is_head ? <Row sign="plus" title={say("app.house.child_add")} note={say("app.house.child_add_what")} to={`${HERE}/add-child`} /> : null}
              {house.persons.length === 1 ? <Row sign="on" title={say("app.house.join")} note={say("app.house.join_what")} to={`${HERE}/join`} /> : null}
              {house.persons.length > 1 ? <Row sign="out" title={say("app.house.leave")} note={say("app.house.leave_what")} to={`${HERE}/leave`} /> : null}
            </Rows>
          </>
        )}
      </Told>
    </Screen>
  );
}

/** Invitations that wait, each with its code. */
function Open({ house, again }: { house: House; again: () => void }) {
  const say = useSay();
  const { write, isBusy, refused } = useWrite();
  if (house.invitations.length === 0) return null;
  const callOff = async (invitation_id: string) => {
    const params = { path: { invitation_id } };
    if (await write(invitation_id, () => gotOwn(me.DELETE("/v1/me/household/invitations/{invitation_id}", { params })))) again();
  };
  return (
    <Part title={say("app.house.open")}>
      <WhyNot refused={refused} />
      <ul className="rows">
        {house.invitations.map((one) => (
          <li className="line-row" key={one.invitation_id}>
            <span className="row-words">
              <span className="row-title strong num">{one.code}</span>
              <span className="row-note">{say(`app.house.${one.role}`)}{say("list.between")}<Said id="app.house.until" with={{ at: <Instant at={one.expires_at} style="sentence" clock="machine" /> }} /></span>
            </span>
            <button type="button" className="act small-act stop" disabled={isBusy} onClick={() => void callOff(one.invitation_id)}>
              {say("app.house.call_off")}<span className="away"> {one.code}</span>
            </button>
          </li>
        ))}
      </ul>
    </Part>
  );
}

export function Invite() {
  const say = useSay();
  const [role, setRole] = useState<"adult" | "child">("adult");
  const [made, setMade] = useState<Invitation | null>(null);
  const { write, isBusy, refused } = useWrite();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const body = { role };
    const done = await write(body, (key) => gotOwn(me.POST("/v1/me/household/invitations", { body, params: { header: { "Idempotency-Key": key } } })));
    if (done) setMade(done);
  };
  return (
    <Screen title={say("app.house.invite")} back={HERE}>
      {made === null ? (
        <form className="form" onSubmit={(event) => void send(event)}>
          <p>{say("app.house.invite_means")}</p>
          <Choices
            label={say("app.house.as")} current={role} onChoose={setRole}
            choices={[{ id: "adult", label: say("app.house.adult") }, { id: "child", label: say("app.house.child") }]}
          />
          <WhyNot refused={refused} />
          <Wait isBusy={isBusy}>{say("app.house.invite_do")}</Wait>
        </form>
      ) : (
        <div className="invitation">
          <p className="soft"><Said id="app.house.show" with={{ at: <Instant at={made.expires_at} style="sentence" clock="machine" /> }} /></p>
          {/* Behind the #: no server and no log sees it. */}
          <Qr digits={`${location.origin}/app/me/household/join#${made.code}`} />
          <p className="invitation-code num">{made.code}</p>
        </div>
      )}
    </Screen>
  );
}

/** The code that the address of a scanned invitation brings. */
export function codeInAddress(): string {
  return location.pathname.endsWith("/household/join") ? decodeURIComponent(location.hash.slice(1)).slice(0, 30) : "";
}

export function JoinHousehold() {
  const say = useSay();
  const main = useSpendable()[0] ?? "";
  const asked = useMember();
  const [code, setCode] = useState(codeInAddress);
  const [quote, setQuote] = useState<Schemas["JoinQuoteAnswer"] | null>(null);
  const looking = useWrite();
  const joining = useWrite();
  const isWhole = code.replace(/[\s-]/g, "").length === 10;
  const look = async (event: FormEvent) => {
    event.preventDefault();
    if (!isWhole) return;
    const body = { code };
    const found = await looking.write({ ...body, at: Date.now() }, () => gotOwn(me.POST("/v1/me/household:quote", { body })));
    if (found) setQuote(found);
  };
  const join = async (event: FormEvent) => {
    event.preventDefault();
    const body = { code };
    const done = await joining.write(body, (key) => gotOwn(me.POST("/v1/me/household:join", { body, params: { header: { "Idempotency-Key": key } } })));
    if (done) beginAgain();
  };
  const units = asked.data?.balances.find((one) => one.currency === main)?.balance ?? 0;
  return (
    <Screen title={say("app.house.join")} back={HERE}>
      {quote === null ? (
        <form className="form" onSubmit={(event) => void look(event)} noValidate>
          <Field label={say("app.house.code")} value={code} onType={setCode} note={say("app.house.code_note")} most={20} isFirst />
          <WhyNot refused={looking.refused} />
          <Wait isBusy={looking.isBusy} isOff={!isWhole}>{say("app.house.look")}</Wait>
        </form>
      ) : (
        <form className="form" onSubmit={(event) => void join(event)}>
          <h2><Said id="app.house.of" with={{ head: quote.head ?? say("app.house.unnamed"), persons: <Count of={quote.persons} /> }} /></h2>
          <ul className="plain-list">
            <li><Said id="app.house.join_1" with={{ units: <b><Points units={units} currency={main} /></b> }} /></li>
            <li>{say("app.house.join_2")}</li>
            <li>{say("app.house.join_3")}</li>
            <li>{say("app.house.join_4")}</li>
          </ul>
          <WhyNot refused={joining.refused} />
          <Wait isBusy={joining.isBusy}>{say(quote.role === "adult" ? "app.house.join_adult" : "app.house.join_child")}</Wait>
          <button type="button" className="act quiet" onClick={() => setQuote(null)}>{say("do.not")}</button>
        </form>
      )}
    </Screen>
  );
}

export function AddChild({ version }: { version: string }) {
  const say = useSay();
  const { go } = useGoing();
  const [name, setName] = useState("");
  const [birthday, setBirthday] = useState("");
  const [isAgreed, setAgreed] = useState(false);
  const { write, isBusy, refused } = useWrite();
  const isReady = isAgreed && /^\d{4}-\d\d-\d\d$/.test(birthday);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady) return;
    const body = { birthday, text_version: version, ...(name.trim() ? { name: name.trim() } : {}) };
    const done = await write(body, (key) => gotOwn(me.POST("/v1/me/household/children", { body, params: { header: { "Idempotency-Key": key } } })));
    if (done) go(HERE);
  };
  return (
    <Screen title={say("app.house.child_add")} back={HERE}>
      <form className="form" onSubmit={(event) => void send(event)} noValidate>
        <Field label={say("app.house.child_name")} value={name} onType={setName} most={100} isFirst />
        <Field label={say("app.field.birthday")} value={birthday} onType={setBirthday} type="date" note={say("app.house.birthday_why")} />
        <Rows><Switch label={say("app.house.agree")} note={say("app.house.agree_what")} isOn={isAgreed} onTurn={setAgreed} /></Rows>
        <WhyNot refused={refused} />
        <Wait isBusy={isBusy} isOff={!isReady}>{say("app.house.child_do")}</Wait>
      </form>
    </Screen>
  );
}

export function LeaveHousehold() {
  const say = useSay();
  const asked = useHousehold();
  return (
    <Screen title={say("app.house.leave")} back={HERE}>
      <Told asked={asked}>
        {(house) => {
          const self = house.persons.find((one) => one.is_oneself);
          return self ? <Parting house={house} person={self} onDone={beginAgain} /> : <Note tone="warn">{say("app.house.not_here")}</Note>;
        }}
      </Told>
    </Screen>
  );
}

/** Who leaves, with what, and who is head then; the head states the share. */
function Parting({ house, person, onDone }: { house: House; person: Person; onDone: () => void }) {
  const say = useSay();
  const nameOf = useNameOf();
  const { language } = useFrame();
  const main = useSpendable()[0] ?? "";
  const currency = useCurrency(main);
  const member = useMember();
  const [amount, setAmount] = useState("");
  const heirs = house.persons.filter((one) => one.role === "adult");
  const [heir, setHeir] = useState(heirs[0]?.person_id ?? "");
  const { write, isBusy, refused } = useWrite();
  const available = member.data?.balances.find((one) => one.currency === main)?.available ?? 0;
  const units = amount.trim() === "" ? 0 : wholeOf(amount, currency.scale);
  const isTooMany = units !== null && units > available;
  const isHeadLeaving = person.role === "head";
  const isReady = units !== null && !isTooMany && (!isHeadLeaving || heir !== "");
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady) return;
    const body = {
      person_id: person.person_id,
      shares: units ? [{ currency: main, units }] : [],
      ...(isHeadLeaving ? { head_id: heir } : {}),
    };
    const done = await write(body, (key) => gotOwn(me.POST("/v1/me/household:leave", { body, params: { header: { "Idempotency-Key": key } } })));
    if (done) onDone();
  };
  if (house.persons.length === 1) return <Note>{say("app.house.alone")}</Note>;
  return (
    <form className="form" onSubmit={(event) => void send(event)} noValidate>
      <p>{say(person.is_oneself ? "app.house.leave_means" : "app.house.off_means")}</p>
      {isHeadLeaving && heirs.length === 0 ? <Note tone="warn">{say("app.no.head_needed")}</Note> : null}
      {isHeadLeaving && heirs.length > 0 ? (
        <Choices label={say("app.house.next_head")} current={heir} onChoose={setHeir} choices={heirs.map((one) => ({ id: one.person_id, label: nameOf(one) }))} />
      ) : null}
      {house.is_head ? (
        <Field
          label={say("app.house.share", { name: nameIn(currency.names, language) })} value={amount} onType={setAmount} mode={currency.scale > 0 ? "decimal" : "numeric"} most={15}
          refused={isTooMany ? say("app.gift.missing", { units: unitsText(units - available, currency.scale) }) : null}
          note={say("app.house.share_note", { units: unitsText(available, currency.scale) })}
        />
      ) : (
        <p className="soft">{say("app.house.no_share")}</p>
      )}
      <WhyNot refused={refused} />
      <Wait isBusy={isBusy} isOff={!isReady} tone="stop">{say(person.is_oneself ? "app.house.leave_do" : "app.house.off_do")}</Wait>
    </form>
  );
}

/** Somebody of the household, as its head may change it: a grown child, another head, a child's data, seen off. */
export function OfHousehold({ id }: { id: string }) {
  const say = useSay();
  const nameOf = useNameOf();
  const { go } = useGoing();
  const asked = useHousehold();
  const person = asked.data?.persons.find((one) => one.person_id === id);
  const back = () => go(HERE);
  return (
    <Screen title={person ? nameOf(person) : say("app.house")} back={HERE}>
      <Told asked={asked}>
        {(house) =>
          person === undefined || !house.is_head ? (
            <Note tone="warn">{say("app.house.not_here")}</Note>
          ) : (
            <>
              <p className="soft">{say(`app.house.${person.role}`)}</p>
              {person.role === "child" && person.is_agreed ? <ChildData person={person} again={asked.again} onGone={back} /> : null}
              {person.is_under_age ? null : <Change person={person} onDone={back} />}
              {person.is_under_age ? null : <Part title={say("app.house.off")}><Parting house={house} person={person} onDone={back} /></Part>}
            </>
          )
        }
      </Told>
    </Screen>
  );
}

function Change({ person, onDone }: { person: Person; onDone: () => void }) {
  const say = useSay();
  const { write, isBusy, refused } = useWrite();
  const role = person.role === "child" ? "adult" : "head";
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const body = { role } as const;
    const params = { path: { person_id: person.person_id } };
    const done = await write({ ...params, ...body }, (key) =>
      gotOwn(me.POST("/v1/me/household/persons/{person_id}:role", { body, params: { ...params, header: { "Idempotency-Key": key } } })),
    );
    if (done) onDone();
  };
  return (
    <form className="form" onSubmit={(event) => void send(event)}>
      <p>{say(`app.house.to_${role}_means`)}</p>
      <WhyNot refused={refused} />
      <Wait isBusy={isBusy} tone="second">{say(`app.house.to_${role}`)}</Wait>
    </form>
  );
}

function ChildData({ person, again, onGone }: { person: Person; again: () => void; onGone: () => void }) {
  const say = useSay();
  const [name, setName] = useState(person.name ?? "");
  const [isSaved, setSaved] = useState(false);
  const correcting = useWrite();
  const erasing = useWrite();
  const ask = useRef<HTMLDialogElement>(null);
  useEffect(() => setName(person.name ?? ""), [person.name]);
  const path = { person_id: person.person_id };
  const correct = async (event: FormEvent) => {
    event.preventDefault();
    const body = { name: name.trim() };
    const done = await correcting.write(body, (key) =>
      gotOwn(me.POST("/v1/me/household/persons/{person_id}:correct", { body, params: { path, header: { "Idempotency-Key": key } } })),
    );
    setSaved(done !== null);
    if (done) again();
  };
  const erase = async () => {
    const body = { confirm: person.person_id };
    const done = await erasing.write(body, (key) =>
      gotOwn(me.POST("/v1/me/household/persons/{person_id}:erase", { body, params: { path, header: { "Idempotency-Key": key } } })),
    );
    if (done) onGone();
  };
  return (
    <Part title={say("app.house.child_data")}>
      <form className="form" onSubmit={(event) => void correct(event)} noValidate>
        <Field label={say("app.field.name")} value={name} onType={setName} most={100} />
        <WhyNot refused={correcting.refused ?? erasing.refused} />
        {isSaved ? <Note tone="good">{say("app.correct.done")}</Note> : null}
        <Wait isBusy={correcting.isBusy} isOff={name.trim() === ""} tone="second">{say("app.correct.send")}</Wait>
        <button type="button" className="act quiet stop" onClick={() => ask.current?.showModal()}>{say("app.house.erase")}</button>
      </form>
      <dialog ref={ask} className="sheet" aria-labelledby="erasing">
        <h2 id="erasing">{say("app.house.erase_ask")}</h2>
        <p>{say("app.house.erase_means")}</p>
        <button type="button" className="act stop" disabled={erasing.isBusy} onClick={() => void erase()}>{say("app.house.erase")}</button>
        <button type="button" className="act quiet" onClick={() => ask.current?.close()}>{say("do.not")}</button>
      </dialog>
    </Part>
  );
}
