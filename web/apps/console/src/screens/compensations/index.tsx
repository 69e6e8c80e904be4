// Units for many members at once: looked at first, paid in pieces, undone where it was wrong.
import { api, got, type Schemas } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Instant, Link, Mark, Points, RefusedNote, Said, Section, Shown, Table, type Tone, useAsked, useFrame, useInstantText, useMay, useProgram, useQuery, useSay, nameIn,
} from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { everyTurn, off, type Off, sharesIn } from "./basis.ts";

type Compensation = Schemas["CompensationAnswer"];
type Plan = Schemas["PlanBody"];
const TONES: Record<Compensation["state"], Tone> = { paying: "run", paid: "kept", undoing: "run", undone: "wait" };
const EVERY = 3_000;

function CompensationsPage() {
  const say = useSay();
  const may = useMay();
  const [isMaking, setMaking] = useState(false);
  const [undoing, setUndoing] = useState<Compensation | null>(null);
  const [query, put] = useQuery();
  const before = query.get("before");
  const asked = useAsked(`compensations ${before}`, () => got(api.GET("/v1/compensations", { params: { query: before ? { before } : {} } })), EVERY);
  const columns: Column<Compensation>[] = [
    { id: "reason", head: say("compensation.reason"), width: "fill", phone: "name", cell: (one) => one.reason },
    { id: "state", head: say("compensation.state"), phone: "figure", cell: (one) => <Mark tone={TONES[one.state]}>{say(`compensation.${one.state}`)}</Mark> },
    { id: "members", head: say("compensation.members"), isNumber: true, phone: "more", cell: (one) => <><Count of={one.paid} /> / <Count of={one.members} /></> },
    { id: "units", head: say("compensation.units"), isNumber: true, phone: "aside", cell: (one) => <Points units={one.units_paid} currency={one.currency} /> },
    { id: "refused", head: say("compensation.refused"), isNumber: true, cell: (one) => <Count of={one.refused} /> },
    { id: "made", head: say("compensation.made"), cell: (one) => <Instant at={one.made_at} clock="machine" /> },
    {
      id: "undo", head: say("compensation.undoes"), cell: (one) =>
        may("compensations.make") && (one.state === "paid" || one.state === "paying") ? <button type="button" className="button quiet danger" onClick={() => setUndoing(one)}>{say("compensation.undo")}</button> : null,
    },
  ];
  const done = () => {
    setMaking(false);
    setUndoing(null);
    asked.again();
  };
  return (
    <Page title={say("screen.compensations")} actions={may("compensations.make") ? <button type="button" className="button primary" onClick={() => setMaking(true)}>{say("compensation.new")}</button> : null}>
      <Shown asked={asked} loading={<Bars lines={4} columns={4} />}>
        {(found) => (
          <Section title={say("compensation.all")}>
            <Table
              label={say("compensation.all")} columns={columns} rows={found.data} rowKey={(one) => one.compensation_id}
              empty={<Empty title={say("compensation.none")}>{say("compensation.none_why")}</Empty>}
            />
            {before || found.next_cursor ? (
              <div className="pager">
                <span />
                <span className="row">
                  {before ? <button type="button" className="button" onClick={() => put({ before: null }, "push")}>{say("do.first_page")}</button> : null}
                  <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.more")}</button>
                </span>
              </div>
            ) : null}
          </Section>
        )}
      </Shown>
      {isMaking ? <Making onClose={() => setMaking(false)} onDone={done} /> : null}
      {undoing ? <Undoing one={undoing} onClose={() => setUndoing(null)} onDone={done} /> : null}
    </Page>
  );
}

function Making({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const program = useProgram();
  const shown = useInstantText();
  const switches = useAsked("switches", () => got(api.GET("/v1/switches", { params: { query: { limit: 200 } } })));
  const { refused, isBusy, send } = useWrite();
  const [by, setBy] = useState<"list" | "rule">("list");
  const [text, setText] = useState("");
  const [currency, setCurrency] = useState(program.currencies.find((one) => one.kind === "spendable")?.code ?? "");
  const [which, setWhich] = useState(0);
  const [reason, setReason] = useState("");
  const [planned, setPlanned] = useState<Schemas["PlannedAnswer"] | null>(null);
  const times: Off[] = off(everyTurn(switches.data), new Date().toISOString());
  const listed = sharesIn(text);
  const rule = times[which];
  const basis: Plan | null =
    by === "list" ? (listed.wrong === null && listed.shares.length > 0 ? { currency, members: listed.shares } : null) : rule ? { rule_off: rule } : null;
  const changed = () => setPlanned(null);
  const look = () => basis && send(() => got(api.POST("/v1/compensations:plan", { body: basis })), setPlanned);
  const make = () =>
    basis && send((key) => got(api.POST("/v1/compensations", { params: { header: { "Idempotency-Key": key } }, body: { ...basis, reason } })), onDone);
  return (
    <Asking title={say("compensation.new_title")} onClose={onClose}>
      <Form onSend={() => void (planned === null ? look() : make())}>
        <label className="field">
          <span>{say("compensation.by")}</span>
          <select className="input" value={by} onChange={(event) => { setBy(event.target.value === "rule" ? "rule" : "list"); changed(); }}>
            <option value="list">{say("compensation.by_list")}</option>
            <option value="rule" disabled={times.length === 0}>{say("compensation.by_rule")}</option>
          </select>
        </label>
        {by === "list" ? (
          <>
            <label className="field">
              <span>{say("act.currency")}</span>
              <select className="input" value={currency} onChange={(event) => { setCurrency(event.target.value); changed(); }}>
                {program.currencies.map((one) => <option key={one.code} value={one.code}>{nameIn(one.names, language)}</option>)}
              </select>
            </label>
            <label className="field">
              <span>{say("compensation.list")}</span>
              <textarea className="input" rows={6} value={text} placeholder={"6200001,50\n6200002,80"} onChange={(event) => { setText(event.target.value); changed(); }} />
              <small className="soft">{say("compensation.list_how")}</small>
              {listed.wrong !== null ? <small className="warn" role="alert"><Said id="compensation.list_wrong" with={{ line: listed.wrong }} /></small> : null}
            </label>
          </>
        ) : (
          <label className="field">
            <span>{say("compensation.rule")}</span>
            <select className="input" value={which} onChange={(event) => { setWhich(Number.parseInt(event.target.value, 10)); changed(); }}>
              {times.map((one, at) => <option key={one.since} value={at}>{one.rule} · {shown(one.since)} – {shown(one.until)}</option>)}
            </select>
            <small className="soft">{say("compensation.rule_how")}</small>
          </label>
        )}
        <label className="field">
          <span>{say("act.reason")}</span>
          <input className="input" required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
          <small className="soft">{say("act.reason_seen")}</small>
        </label>
        {planned ? (
          <div className="note note-good" role="status">
            <p><Said id="compensation.would" n={planned.members} with={{ members: <b><Count of={planned.members} /></b>, units: <b><Points units={planned.units} currency={planned.currency} /></b> }} /></p>
            {planned.left_out > 0 ? <p><Said id="compensation.left_out" n={planned.left_out} with={{ count: planned.left_out }} /></p> : null}
            <ul className="lines">
              {planned.first.slice(0, 5).map((one) => (
                <li key={one.member_id}><Link to={`/members/${one.member_id}`}><code>…{one.member_id.slice(-8)}</code></Link> <Points units={one.units} currency={planned.currency} signed /></li>
              ))}
            </ul>
          </div>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(planned === null ? "compensation.look" : "compensation.do")} isOff={isBusy || basis === null || reason.trim() === "" || planned?.members === 0} onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Undoing({ one, onClose, onDone }: { one: Compensation; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const undo = () =>
    send((key) => got(api.POST("/v1/compensations/{compensation_id}:undo", { params: { path: { compensation_id: one.compensation_id }, header: { "Idempotency-Key": key } } })), onDone);
  return (
    <Asking title={say("compensation.undo_title")} onClose={onClose}>
      <Form onSend={() => void undo()}>
        <p><Said id="compensation.undo_means" n={one.paid} with={{ members: <b><Count of={one.paid} /></b>, units: <b><Points units={one.units_paid} currency={one.currency} /></b> }} /></p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("compensation.undo_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const compensations: Screen = {
  path: "/compensations",
  word: "screen.compensations",
  Page: CompensationsPage,
  permission: "compensations.read",
  menu: { group: "group.people", icon: "gift", key: "c" },
};
