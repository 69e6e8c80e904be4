// The door: a number first, then the code in place; who is nobody yet says what he agrees to, and has his card.
import type { Refused, Schemas } from "@jifen/api";
import { gotOwn, me, type MemberSession } from "@jifen/api/member";
import { nameIn, useFrame, useGoing, useQuery, useSay } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { type FormEvent, useEffect, useState } from "react";
import type { Welcome } from "./app.tsx";
import { useWrite } from "./asking.ts";
import { codeInAddress } from "./household.tsx";
import { Field, Note, Row, Rows, Switch, Wait, WhyNot } from "./parts.tsx";
import { PURPOSES, type Purpose } from "./purposes.ts";
import { Sign } from "./signs.tsx";
import { TermsText } from "./terms.tsx";

type Sent = Schemas["CodeSentAnswer"];
export interface Proof {
  sign_in_id: string;
  code: string;
}

interface DoorProps {
  welcome: Welcome;
  why: "ended" | "erased" | null;
  name: string;
  language: Language;
  onChoose: (language: Language) => void;
  onIn: (session: MemberSession) => void;
}

export function Door({ welcome, why, name, language, onChoose, onIn }: DoorProps) {
  const say = useSay();
  const { route, go } = useGoing();
  const [query] = useQuery();
  const [proof, setProof] = useState<Proof | null>(null);
  const store = query.get("store");
  useEffect(() => {
    document.title = name || say("app.name");
  }, [name, say]);
  const enter = (session: MemberSession) => {
    if (route.path === "/join") go("/", "replace");
    onIn(session);
  };
  const code = async (given: Proof) => {
    const session = await gotOwn(me.POST("/v1/me/session", { body: given }));
    if (session.is_member === false) setProof(given);
    else enter(session as MemberSession);
  };
  return (
    <>
      <header className="top">
        {proof ? (
          <button type="button" className="icon-button" onClick={() => setProof(null)}>
            <Sign name="back" />
            <span className="away">{say("app.back")}</span>
          </button>
        ) : null}
        <p className="brand">{name}</p>
        {welcome.demo.length > 0 ? <span className="tag">{say("app.demo")}</span> : null}
        <span className="languages">
          {LANGUAGES.map((one) => (
            <button type="button" key={one.code} lang={one.tag} aria-pressed={one.code === language} onClick={() => onChoose(one.code)}>{one.name}</button>
          ))}
        </span>
      </header>
      <main className="page door">
        <svg className="steps" viewBox="0 0 68 3" aria-hidden="true" focusable="false">
          <rect className="done" width="32" height="3" rx="1.5" />
          <rect className={proof ? "done" : ""} x="36" width="32" height="3" rx="1.5" />
        </svg>
        <p className="small soft">
          {say(proof ? "app.join.step_2" : "app.join.step_1")}{store ? ` · ${say("app.join.store", { store })}` : ""}
        </p>
        {why !== null ? <Note tone={why === "erased" ? "good" : "plain"}>{say(`app.door.${why}`)}</Note> : null}
        {welcome.program === null ? <Note tone="warn">{say("app.door.no_program")}</Note> : null}
        {proof ? <Consents proof={proof} welcome={welcome} language={language} onIn={enter} /> : <Number welcome={welcome} onCode={code} />}
      </main>
    </>
  );
}

function Number({ welcome, onCode }: { welcome: Welcome; onCode: (proof: Proof) => Promise<void> }) {
  const say = useSay();
  const { language } = useFrame();
  const members = welcome.demo.filter((one) => one.face === "app" && one.phone);
  return (
    <>
      <h1 className="door-title">{say("app.join.title")}</h1>
      <Rows>{welcome.promises.slice(0, 3).map((one) => <Row key={one.rule} title={nameIn(one.names, language)} />)}</Rows>
      <Code action="app.join.send" digits={welcome.code_digits} onCode={onCode} note={say("app.join.note")} />
      {members.length > 0 ? (
        <section className="part" aria-label={say("app.demo.who")}>
          <div className="part-head"><h2>{say("app.demo.who")}</h2></div>
          <Rows>{members.map((one) => <Demo key={one.phone} name={one.name} phone={one.phone ?? ""} onCode={onCode} />)}</Rows>
        </section>
      ) : null}
    </>
  );
}

/** In a demo a click signs in: the code is told instead of sent. */
function Demo({ name, phone, onCode }: { name: string; phone: string; onCode: (proof: Proof) => Promise<void> }) {
  const writing = useWrite();
  const enter = () =>
    void writing.write({ phone, at: Date.now() }, async () => {
      const sent = await gotOwn(me.POST("/v1/me/codes", { body: { phone } }));
      if (sent.code !== null) await onCode({ sign_in_id: sent.sign_in_id, code: sent.code });
    });
  return (
    <>
      <Row sign="person" title={name} note={phone} onPress={enter} />
      {writing.refused ? <li><WhyNot refused={writing.refused} /></li> : null}
    </>
  );
}

/** A number, then in its place the code that came to it. */
export function Code({ action, digits, note, onCode }: { action: "app.join.send" | "app.contact.send"; digits: number; note: string; onCode: (proof: Proof) => Promise<void> }) {
  const say = useSay();
  const [contact, setContact] = useState("");
  const [code, setCode] = useState("");
  const [sent, setSent] = useState<Sent | null>(null);
  const sending = useWrite();
  const proving = useWrite();
  const isMail = contact.includes("@");
  const isWhole = isMail ? /^\S+@\S+\.\S+$/.test(contact) : contact.replace(/\D/g, "").length >= 7;
  const typed = code.replace(/\D/g, "");
  const send = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!isWhole) return;
    const body = isMail ? { email: contact.trim() } : { phone: contact.trim() };
    const answer = await sending.write({ ...body, at: Date.now() }, () => gotOwn(me.POST("/v1/me/codes", { body })));
    if (answer) {
      setSent(answer);
      setCode("");
    }
  };
  const prove = async (text: string) => {
    if (sent === null) return;
    await proving.write({ text, at: Date.now() }, () => onCode({ sign_in_id: sent.sign_in_id, code: text }));
  };
  if (sent === null) {
    return (
      <form className="form" onSubmit={(event) => void send(event)} noValidate>
        <Field label={say("app.join.number")} value={contact} onType={setContact} note={note} type="tel" mode={isMail ? "text" : "tel"} complete="tel" most={254} refused={fieldNo(sending.refused, say)} />
        {sending.refused && fieldNo(sending.refused, say) === null ? <WhyNot refused={sending.refused} /> : null}
        <Wait isBusy={sending.isBusy} isOff={!isWhole}>{say(action)}</Wait>
      </form>
    );
  }
  return (
    <form
      className="form" noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void prove(typed);
      }}
    >
      <Field
        label={say("app.join.code", { digits })} value={code} mode="numeric" complete="one-time-code" most={digits + 4} isFirst
        onType={(text) => {
          setCode(text);
          const now = text.replace(/\D/g, "");
          if (now.length === digits && !proving.isBusy) void prove(now);
        }}
        note={say("app.join.sent", { to: sent.sent_to })}
      />
      {sent.code !== null ? <Note>{say("app.demo.code", { code: sent.code })}</Note> : null}
      <WhyNot refused={proving.refused ?? sending.refused} />
      <Wait isBusy={proving.isBusy} isOff={typed.length !== digits}>{say("app.join.go")}</Wait>
      <div className="two-acts">
        <button type="button" className="act quiet" onClick={() => void send()} disabled={sending.isBusy}>{say("app.join.again")}</button>
        <button type="button" className="act quiet" onClick={() => setSent(null)}>{say("app.join.other")}</button>
      </div>
    </form>
  );
}

function fieldNo(refused: Refused | null, say: ReturnType<typeof useSay>): string | null {
  const code = refused?.problem?.code;
  return code === "field_wrong" ? say("app.join.no_number") : null;
}

function Consents({ proof, welcome, language, onIn }: { proof: Proof; welcome: Welcome; language: Language; onIn: (session: MemberSession) => void }) {
  const say = useSay();
  const [given, setGiven] = useState<Purpose[]>([]);
  const [name, setName] = useState("");
  const { write, isBusy, refused } = useWrite();
  const join = async (event: FormEvent) => {
    event.preventDefault();
    const consents = given.map((purpose) => ({ purpose, is_given: true, text_version: welcome.text_version, channel: "app" as const }));
    const invitation = codeInAddress();
    const body = {
      ...proof, language, consents, terms_version: welcome.terms?.version ?? null, ...(name.trim() ? { name: name.trim() } : {}), ...(invitation ? { invitation } : {}),
    };
    const session = await write(body, () => gotOwn(me.POST("/v1/me:join", { body })));
    if (session) onIn(session as MemberSession);
  };
  return (
    <form className="form" onSubmit={(event) => void join(event)} noValidate>
      <h1 className="door-title" tabIndex={-1} ref={(one) => one?.focus()}>{say("app.consent.title")}</h1>
      <Rows>
        <Needed />
        {PURPOSES.map((one) => (
          <Switch
            key={one} label={say(`app.consent.${one}`)} note={say(`app.consent.${one}_what`)} isOn={given.includes(one)}
            onTurn={(on) => setGiven((was) => (on ? [...was, one] : was.filter((other) => other !== one)))}
          />
        ))}
      </Rows>
      <Field label={say("app.join.name")} value={name} onType={setName} complete="name" note={say("app.join.name_note")} />
      <p className="soft small">{say("app.consent.change")}</p>
      {welcome.terms ? (
        <>
          <p className="small">{say("app.terms.join", { version: welcome.terms.version })}</p>
          <TermsText version={welcome.terms.version} />
        </>
      ) : null}
      <WhyNot refused={refused} />
      <Wait isBusy={isBusy}>{say("app.join.join")}</Wait>
    </form>
  );
}

/** What the programme cannot do without is no switch. */
export function Needed() {
  const say = useSay();
  return (
    <li className="line-row">
      <span className="row-words">
        <span className="row-title strong">{say("app.consent.keep")}</span>
        <span className="row-note">{say("app.consent.keep_what")}</span>
      </span>
      <span className="tag"><Sign name="lock" /> {say("app.consent.needed")}</span>
    </li>
  );
}
