// Privacy: what one agreed to and since when, who looked and why, what is known; correct it, take it along, be erased.
import type { Schemas } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { Instant, Money, nameIn, Points, RefusedNote, Said, useAsked, useCurrency, useFrame, useGoing, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import type { Welcome } from "./app.tsx";
import { useWrite } from "./asking.ts";
import { Code, Needed, type Proof } from "./door.tsx";
import { useMember, useSpendable } from "./own.ts";
import { Field, Note, Nothing, Part, Row, Rows, Screen, Switch, Told, Wait, WhyNot } from "./parts.tsx";
import { PURPOSES, type Purpose } from "./purposes.ts";
import { takeAlong } from "./take-along.ts";

type Person = Schemas["PersonShown"];
const LOOKS_FIRST = 2;

function usePerson() {
  return useAsked("person", () => gotOwn(me.GET("/v1/me/person")));
}

export function Privacy({ welcome }: { welcome: Welcome }) {
  const say = useSay();
  const { language } = useFrame();
  const person = usePerson();
  const looks = useAsked(`looks first ${language}`, () => gotOwn(me.GET("/v1/me/looks", { params: { query: { language, limit: 20 } } })));
  const taking = useWrite();
  return (
    <Screen title={say("app.privacy")} back="/me">
      <Part title={say("app.privacy.may")} aside={say("app.privacy.version", { version: welcome.text_version })}>
        <Told asked={person}>{({ persons }) => (persons[0] ? <Agreed person={persons[0]} version={welcome.text_version} onDone={person.again} /> : null)}</Told>
      </Part>
      <Part title={say("app.looks")} to="/me/privacy/looks">
        <Told asked={looks} lines={2}>{({ data }) => <LookRows looks={others(data).slice(0, LOOKS_FIRST)} />}</Told>
      </Part>
      <Part title={say("app.privacy.data")}>
        <Rows>
          <Row sign="download" title={say("app.archive")} note={say("app.archive.what")} onPress={() => void taking.write("page", () => takeAlong("html", language))} />
          <Row sign="download" title={say("app.archive.data")} note={say("app.archive.data_what")} onPress={() => void taking.write("data", () => takeAlong("json", language))} />
          <Row sign="pencil" title={say("app.correct")} note={say("app.correct.what")} to="/me/privacy/correct" />
          <Row sign="phone" title={say("app.contact")} note={say("app.contact.what")} to="/me/privacy/contact" />
          <Row sign="lock" title={say("app.terms")} note={say("app.terms.what")} to="/me/terms" />
          <Row sign="bin" tone="stop" title={say("app.erase")} note={<Loss />} to="/me/privacy/erase" />
        </Rows>
        <WhyNot refused={taking.refused} />
      </Part>
    </Screen>
  );
}

/** What somebody else did; that one read it oneself stands in the whole list. */
function others(looks: Schemas["Look"][]): Schemas["Look"][] {
  return looks.filter((one) => one.by !== "person");
}

function Agreed({ person, version, onDone }: { person: Person; version: string; onDone: () => void }) {
  const say = useSay();
  const { write, isBusy, refused } = useWrite();
  const objection = person.objects_to_profiling ? (person.consents.find((other) => other.purpose === "profiling") ?? null) : null;
  const turn = async (purpose: Purpose | "profiling", is_given: boolean) => {
    const body = { purpose, is_given, text_version: version };
    if (await write(body, (key) => gotOwn(me.POST("/v1/me/consents", { body, params: { header: { "Idempotency-Key": key } } })))) onDone();
  };
  return (
    <>
      <Rows>
        <Needed />
        {PURPOSES.map((one) => {
          const known = person.consents.find((other) => other.purpose === one);
          const note = known
            ? <Said id={known.is_given ? "app.consent.yes_since" : "app.consent.no_since"} with={{ at: <Instant at={known.at} style="sentence" /> }} />
            : say("app.consent.never");
          return <Switch key={one} label={say(`app.consent.${one}`)} note={note} isOn={known?.is_given ?? false} isOff={isBusy} onTurn={(on) => void turn(one, on)} />;
        })}
        <Switch label={say("app.object")} note={objection ? <Said id="app.object.since" with={{ at: <Instant at={objection.at} style="sentence" /> }} /> : say("app.object.what")} isOn={objection !== null} isOff={isBusy} onTurn={(on) => void turn("profiling", !on)} />
      </Rows>
      <WhyNot refused={refused} />
    </>
  );
}

function Loss() {
  const member = useMember();
  const main = useSpendable()[0] ?? "";
  const balance = member.data?.balances.find((one) => one.currency === main);
  if (!balance) return null;
  return (
    <Said
      id="app.erase.loss"
      with={{ units: <b><Points units={balance.balance} currency={main} /></b>, money: balance.worth_minor === null ? "" : <>= <Money minor={balance.worth_minor} /></> }}
    />
  );
}

function LookRows({ looks }: { looks: Schemas["Look"][] }) {
  const say = useSay();
  if (looks.length === 0) return <Nothing title={say("app.looks.none")}>{say("app.looks.none_why")}</Nothing>;
  return (
    <Rows>
      {looks.map((one, at) => (
        <Row
          key={at} sign="eye" title={isBy(one.by) ? say(`app.by.${one.by}`) : one.by}
          note={<>{one.sentence} · <Instant at={one.at} style="sentence" clock="machine" /></>}
        />
      ))}
    </Rows>
  );
}

type By = "person" | "operator" | "key" | "job" | "local";
function isBy(by: string): by is By {
  return ["person", "operator", "key", "job", "local"].includes(by);
}

export function Looks() {
  const say = useSay();
  const { language } = useFrame();
  const [older, setOlder] = useState<Schemas["LooksAnswer"] | null>(null);
  const turning = useWrite();
  const page = (before: string | null) => gotOwn(me.GET("/v1/me/looks", { params: { query: { language, limit: 50, ...(before === null ? {} : { before }) } } }));
  const asked = useAsked(`looks ${language}`, () => page(null));
  return (
    <Screen title={say("app.looks")} back="/me/privacy">
      <p className="soft">{say("app.looks.what")}</p>
      <Told asked={asked}>
        {(first) => {
          const next = older ? older.next_cursor : first.next_cursor;
          const all = [...first.data, ...(older?.data ?? [])];
          const turn = async () => {
            const found = await turning.write(next, () => page(next));
            if (found) setOlder({ data: [...(older?.data ?? []), ...found.data], next_cursor: found.next_cursor });
          };
          return (
            <>
              <LookRows looks={all} />
              {turning.refused ? <RefusedNote refused={turning.refused} /> : null}
              {next !== null ? <button type="button" className="act second" onClick={() => void turn()} disabled={turning.isBusy}>{say("do.older")}</button> : null}
            </>
          );
        }}
      </Told>
    </Screen>
  );
}

const OWN_FIELDS = ["name", "birthday", "address"] as const;

export function Correct() {
  const say = useSay();
  const asked = usePerson();
  const [isDone, setDone] = useState(false);
  return (
    <Screen title={say("app.correct")} back="/me/privacy">
      <Told asked={asked}>{({ persons }) => (persons[0] ? <Fields person={persons[0]} key={JSON.stringify(persons[0].fields)} isDone={isDone} onChange={setDone} onDone={asked.again} /> : null)}</Told>
    </Screen>
  );
}

function Fields({ person, isDone, onChange, onDone }: { person: Person; isDone: boolean; onChange: (isDone: boolean) => void; onDone: () => void }) {
  const say = useSay();
  const [told, setTold] = useState<Record<string, string>>({});
  const [isOut, setOut] = useState(false);
  const { write, isBusy, refused } = useWrite();
  const shown = (name: string) => told[name] ?? person.fields[name] ?? "";
  const changed = OWN_FIELDS.filter((name) => shown(name).trim() !== (person.fields[name] ?? ""));
  const forget = changed.filter((name) => shown(name).trim() === "");
  const wrong = refused?.problem?.code === "field_wrong" ? refused.problem.pointer.split("/").at(-1) : null;
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const body = { ...Object.fromEntries(changed.filter((name) => !forget.includes(name)).map((name) => [name, shown(name).trim()])), ...(forget.length > 0 ? { forget } : {}) };
    const done = await write(body, (key) => gotOwn(me.POST("/v1/me/person:correct", { body: body as Schemas["OwnCorrectionBody"], params: { header: { "Idempotency-Key": key } } })));
    if (done === null) return;
    setOut(done.sessions_ended > 0);
    onChange(true);
    // Who was signed out reads why first: asking anew would lead to the door.
    if (done.sessions_ended === 0) onDone();
  };
  return (
    <form className="form" onSubmit={(event) => void send(event)} noValidate>
      {person.keys.map((one) => <p key={one.kind} className="soft">{say(one.kind === "email" ? "app.field.email" : one.kind === "phone" ? "app.field.phone" : "app.field.key")}: <span className="num">{one.value}</span></p>)}
      {OWN_FIELDS.map((name) => (
        <Field
          key={name} label={say(`app.field.${name}`)} value={shown(name)} type={name === "birthday" ? "date" : "text"} most={500}
          complete={name === "name" ? "name" : name === "birthday" ? "bday" : "street-address"}
          onType={(text) => {
            onChange(false);
            setTold((was) => ({ ...was, [name]: text }));
          }}
          refused={wrong === name ? say("app.field.wrong") : null}
        />
      ))}
      <p className="soft small">{say("app.correct.note")}</p>
      {wrong && (OWN_FIELDS as readonly string[]).includes(wrong) ? null : <WhyNot refused={refused} />}
      {isDone ? <Note tone={isOut ? "warn" : "good"}>{say(isOut ? "app.correct.too_young" : "app.correct.done")}</Note> : null}
      <Wait isBusy={isBusy} isOff={changed.length === 0}>{say("app.correct.send")}</Wait>
    </form>
  );
}

export function Contact({ welcome }: { welcome: Welcome }) {
  const say = useSay();
  const [isDone, setDone] = useState(false);
  const { write, refused } = useWrite();
  const change = async (proof: Proof) => {
    const done = await write(proof, (key) => gotOwn(me.POST("/v1/me/contact", { body: proof, params: { header: { "Idempotency-Key": key } } })));
    if (done) setDone(true);
  };
  return (
    <Screen title={say("app.contact")} back="/me/privacy">
      {isDone ? <Note tone="good">{say("app.contact.done")}</Note> : (
        <>
          <Code action="app.contact.send" digits={welcome.code_digits} note={say("app.contact.note")} onCode={change} />
          <WhyNot refused={refused} />
        </>
      )}
    </Screen>
  );
}

export function Erase({ memberId, onErased }: { memberId: string; onErased: () => Promise<void> }) {
  const say = useSay();
  const { language } = useFrame();
  const { go } = useGoing();
  const member = useMember();
  const main = useSpendable()[0] ?? "";
  const currency = useCurrency(main);
  const [typed, setTyped] = useState("");
  const { write, isBusy, refused } = useWrite();
  const word = say("app.erase.word");
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const body = { confirm: memberId };
    const done = await write(body, (key) => gotOwn(me.POST("/v1/me/person:erase", { body, params: { header: { "Idempotency-Key": key } } })));
    if (!done) return;
    go("/", "replace");
    await onErased();
  };
  return (
    <Screen title={say("app.erase")} back="/me/privacy">
      <Told asked={member}>
        {({ balances }) => {
          const balance = balances.find((one) => one.currency === main);
          return (
            <>
              {balance ? (
                <div className="line-hero">
                  <span className="size-6 stop"><Points units={balance.balance} currency={main} /></span>
                  {balance.worth_minor !== null ? <span className="line-worth"><span className="small soft">{say("app.worth")}</span><b><Money minor={balance.worth_minor} /></b></span> : null}
                </div>
              ) : null}
              <p><Said id="app.erase.lost" with={{ name: nameIn(currency.names, language) }} /></p>
              <ul className="plain">
                <li>{say("app.erase.what_1")}</li>
                <li>{say("app.erase.what_2")}</li>
                <li>{say("app.erase.what_3")}</li>
              </ul>
              <form className="form" onSubmit={(event) => void send(event)} noValidate>
                <Field label={say("app.erase.type", { word })} value={typed} onType={setTyped} most={20} />
                <WhyNot refused={refused} />
                <Wait isBusy={isBusy} isOff={typed.trim().toLowerCase() !== word.toLowerCase()} tone="stop">{say("app.erase.send")}</Wait>
              </form>
            </>
          );
        }}
      </Told>
    </Screen>
  );
}
