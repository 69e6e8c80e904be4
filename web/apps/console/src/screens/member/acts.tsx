// What may be done to a member: each says what it means before it asks.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, nameIn, Points, RefusedNote, Said, useFrame, useMay, useProgram, useSay } from "@jifen/ui";
import { type ReactNode, useState } from "react";
import { Proposed } from "../../waits.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { AskingFor } from "../question/ask.tsx";
import { Erasing } from "./erasing.tsx";
import { Exchanging } from "./exchanging.tsx";

type Member = Schemas["MemberAnswer"];
type Way = "freeze" | "reopen" | "close";

export function Acts({ member, again }: { member: Member; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const [asks, setAsks] = useState<"adjust" | "exchange" | "question" | "erase" | Way | null>(null);
  const close = () => setAsks(null);
  const done = () => {
    close();
    again();
  };
  const isOpen = member.status === "active" || member.status === "frozen";
  const ways: Way[] = member.status === "active" ? ["freeze", "close"] : member.status === "frozen" ? ["reopen", "close"] : member.status === "closed" ? ["reopen"] : [];
  return (
    <div className="acts">
      {may("units.adjust") && isOpen ? <button type="button" className="button" onClick={() => setAsks("adjust")}>{say("act.adjust")}</button> : null}
      {may("units.give") && member.status === "active" ? <button type="button" className="button" onClick={() => setAsks("exchange")}>{say("exchange.act")}</button> : null}
      {may("questions.ask") ? <button type="button" className="button" onClick={() => setAsks("question")}>{say("question.ask")}</button> : null}
      {may("members.change_status")
        ? ways.map((way) => (
            <button key={way} type="button" className={way === "close" ? "button danger" : "button"} onClick={() => setAsks(way)}>{say(`act.${way}`)}</button>
          ))
        : null}
      {may("persons.erase") ? <button type="button" className="button danger" onClick={() => setAsks("erase")}>{say("erase.act")}</button> : null}
      {asks === "erase" ? <Erasing id={member.member_id} onClose={close} onDone={done} /> : null}
      {asks === "adjust" ? <Adjusting member={member} onClose={close} onDone={done} /> : null}
      {asks === "exchange" ? <Exchanging memberId={member.member_id} onClose={close} onDone={done} /> : null}
      {asks === "question" ? <AskingFor memberId={member.member_id} onClose={close} /> : null}
      {asks === "freeze" || asks === "reopen" || asks === "close" ? <Changing member={member} way={asks} onClose={close} onDone={done} /> : null}
    </div>
  );
}

function Changing({ member, way, onClose, onDone }: { member: Member; way: Way; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const change = () =>
    send((key) => {
      const params = { path: { member_id: member.member_id }, header: { "Idempotency-Key": key } };
      if (way === "freeze") return got(api.POST("/v1/members/{member_id}:freeze", { params }));
      return got(way === "close" ? api.POST("/v1/members/{member_id}:close", { params }) : api.POST("/v1/members/{member_id}:reopen", { params }));
    }, onDone);
  const left = member.balances.filter((one) => one.balance > 0);
  return (
    <Asking title={say(`act.${way}_title`)} onClose={onClose}>
      <Form onSend={() => void change()}>
        <p>{say(`act.${way}_means`)}</p>
        {way === "close" && left.length > 0 ? (
          <p className="note note-warn">
            <Said
              id="act.close_leaves"
              with={{ units: <>{left.map((one, at) => <span key={one.currency}>{at > 0 ? say("list.between") : null}<b><Points units={one.balance} currency={one.currency} /></b> {one.currency}</span>)}</> }}
            />
          </p>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(`act.${way}_do`)} isOff={isBusy} isDanger={way === "close"} onClose={onClose} />
      </Form>
    </Asking>
  );
}

interface DoneProps {
  onClose: () => void;
  /** The number of the entry that was made; null: it became a proposal. */
  onDone: (sequence: number | null) => void;
}

export function Adjusting({ member, onClose, onDone }: DoneProps & { member: Member }) {
  const say = useSay();
  const { language, book } = useFrame();
  const program = useProgram();
  const { refused, isBusy, send } = useWrite();
  const [currency, setCurrency] = useState(program.currencies.find((one) => one.kind === "spendable")?.code ?? "");
  const [units, setUnits] = useState("");
  const [note, setNote] = useState("");
  const [waits, setWaits] = useState<Schemas["ProposedAnswer"] | null>(null);
  const scale = program.currencies.find((one) => one.code === currency)?.scale ?? 0;
  const typed = /^[+−-]?\d{1,12}(\.\d+)?$/.test(units.trim()) ? Math.round(parseFloat(units.trim().replace("−", "-")) * 10 ** scale) : 0;
  const balance = member.balances.find((one) => one.currency === currency);
  const limit = book?.asker.adjustment_units_max ?? null;
  const isAbove = limit !== null && Math.abs(typed) > limit;
  if (waits) return <Proposed title={say("act.adjust_title")} answer={waits} onClose={() => onDone(null)} />;
  const adjust = () =>
    send(
      (key) => got(api.POST("/v1/adjustments", { params: { header: { "Idempotency-Key": key } }, body: { member: { id: member.member_id }, currency, units: typed, note } })),
      (answer) => ("proposal" in answer ? setWaits(answer) : onDone(answer.sequence)),
    );
  return (
    <Asking title={say("act.adjust_title")} onClose={onClose}>
      <Form onSend={() => void adjust()}>
        <label className="field">
          <span>{say("act.currency")}</span>
          <select className="input" value={currency} onChange={(event) => setCurrency(event.target.value)}>
            {program.currencies.map((one) => <option key={one.code} value={one.code}>{nameIn(one.names, language)}</option>)}
          </select>
        </label>
        <label className="field">
          <span>{say("act.units")}</span>
          <input className="input" inputMode="decimal" required autoFocus value={units} placeholder="+100" onChange={(event) => setUnits(event.target.value)} />
          {limit !== null ? <small className="soft"><Said id="act.limit" with={{ units: <Points units={limit} currency={currency} /> }} /></small> : null}
        </label>
        <label className="field">
          <span>{say("act.reason")}</span>
          <input className="input" required maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
          <small className="soft">{say("act.reason_seen")}</small>
        </label>
        {typed !== 0 && balance ? (
          <p className={isAbove ? "note note-warn" : "note note-good"} role="status">
            {isAbove ? <span>{say("act.adjust_above")}</span> : null}
            <span><Said id="act.adjust_means" with={{ from: <Points units={balance.balance} currency={currency} />, to: <b><Points units={balance.balance + typed} currency={currency} /></b> }} /></span>
          </p>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(isAbove ? "act.propose_do" : "act.adjust_do")} isOff={isBusy || typed === 0 || note.trim() === ""} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** What can be undone by hand: a purchase is voided or returned at the till instead. */
export const REVERSIBLE = ["redeem", "adjust_up", "adjust_down", "give", "opening", "exchange_out", "exchange_in"];

export function Reversing({ memberId, sequence, children, onClose, onDone }: DoneProps & { memberId: string; sequence: number; children?: ReactNode }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [note, setNote] = useState("");
  const [waits, setWaits] = useState<Schemas["ProposedAnswer"] | null>(null);
  const title = say("act.reverse_title", { number: sequence });
  if (waits) return <Proposed title={title} answer={waits} onClose={() => onDone(null)} />;
  const reverse = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/entries/{sequence}:reverse", {
            params: { path: { member_id: memberId, sequence }, header: { "Idempotency-Key": key } },
            body: { note },
          }),
        ),
      (answer) => ("proposal" in answer ? setWaits(answer) : onDone(answer.sequence ?? null)),
    );
  return (
    <Asking title={title} onClose={onClose}>
      <Form onSend={() => void reverse()}>
        {children}
        <p>{say("act.reverse_means")}</p>
        <label className="field">
          <span>{say("act.reason")}</span>
          <input className="input" required autoFocus maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
          <small className="soft">{say("act.reason_seen")}</small>
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("act.reverse_do")} isOff={isBusy || note.trim() === ""} onClose={onClose} />
      </Form>
    </Asking>
  );
}
