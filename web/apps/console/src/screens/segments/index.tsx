// Segments: named lists of members, and conditions over what the books keep of them; counted before they are made, their age shown.
import { api, got, type Schemas } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Instant, Link, Mark, nameIn, RefusedNote, Said, Section, Shown, Table, useAsked, useFrame, useMay, useProgram, useSay,
} from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { type Claim, conditionOf, type Fact, FACTS, hasWindow, type How, howsOf, newClaim } from "./condition.ts";

type Segment = Schemas["SegmentTold"];

function SegmentsPage() {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const [isMaking, setMaking] = useState(false);
  const asked = useAsked("segments", () => got(api.GET("/v1/segments")), 10_000);
  const columns: Column<Segment>[] = [
    { id: "name", head: say("segment.name"), width: "fill", phone: "name", cell: (one) => <><Link to={`/segments/${one.code}`}>{nameIn(one.names, language) || one.code}</Link> <code className="code">{one.code}</code></> },
    { id: "kind", head: say("segment.kind"), cell: (one) => say(one.is_list ? "segment.list" : "segment.condition") },
    { id: "members", head: say("segment.members"), isNumber: true, phone: "figure", cell: (one) => <Count of={one.members} /> },
    { id: "left", head: say("segment.left_out"), isNumber: true, cell: (one) => <Count of={one.left_out} /> },
    { id: "age", head: say("segment.age"), phone: "aside", cell: (one) => one.refreshed_at === null ? <Mark tone="run">{say("segment.soon")}</Mark> : <Instant at={one.refreshed_at} /> },
    { id: "made", head: say("segment.made_by"), cell: (one) => one.made_by },
  ];
  return (
    <Page title={say("screen.segments")} actions={may("segments.manage") ? <button type="button" className="button primary" onClick={() => setMaking(true)}>{say("segment.new")}</button> : null}>
      <Shown asked={asked} loading={<Bars lines={4} columns={4} />}>
        {(found) => (
          <Section title={say("segment.all")}>
            <Table label={say("segment.all")} columns={columns} rows={found.data} rowKey={(one) => one.code} empty={<Empty title={say("segment.none")}>{say("segment.none_why")}</Empty>} />
          </Section>
        )}
      </Shown>
      {isMaking ? <Making onClose={() => setMaking(false)} onDone={() => { setMaking(false); asked.again(); }} /> : null}
    </Page>
  );
}

function Making({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const program = useProgram();
  const { language } = useFrame();
  const tier = program.tiers[0]?.code ?? "";
  const currency = program.currencies[0]?.code ?? "";
  const { refused, isBusy, send } = useWrite();
  const [code, setCode] = useState("");
  const [name, setName] = useState("");
  const [isList, setList] = useState(false);
  const [joins, setJoins] = useState<"all" | "any">("all");
  const [claims, setClaims] = useState<Claim[]>([newClaim("member.days_since_purchase", tier, currency)]);
  const [count, setCount] = useState<Schemas["CountAnswer"] | null>(null);
  const condition = isList ? null : conditionOf(claims, joins, program.money_decimals);
  const isRight = /^[a-z][a-z0-9_-]{0,62}$/.test(code) && name.trim() !== "" && (isList || condition !== null);
  const change = (at: number, to: Partial<Claim>) => {
    setCount(null);
    setClaims(claims.map((one, which) => (which === at ? { ...one, ...to } : one)));
  };
  const look = () => condition && send(() => got(api.POST("/v1/segments:count", { body: { condition } as never })), setCount);
  const make = () =>
    send((key) => got(api.POST("/v1/segments", { params: { header: { "Idempotency-Key": key } }, body: { code, names: { [language]: name.trim() }, ...(condition ? { condition } : {}) } as never })), onDone);
  return (
    <Asking title={say("segment.new_title")} onClose={onClose}>
      <Form onSend={() => void (!isList && count === null ? look() : make())}>
        <label className="field">
          <span>{say("segment.name")}</span>
          <input className="input" required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="field">
          <span>{say("segment.code")}</span>
          <input className="input" required maxLength={63} value={code} aria-invalid={code !== "" && !/^[a-z][a-z0-9_-]{0,62}$/.test(code)} onChange={(event) => setCode(event.target.value)} />
          <small className="soft">{say("segment.code_how")}</small>
        </label>
        <label className="field">
          <span>{say("segment.kind")}</span>
          <select className="input" value={isList ? "list" : "condition"} onChange={(event) => { setList(event.target.value === "list"); setCount(null); }}>
            <option value="condition">{say("segment.condition")}</option>
            <option value="list">{say("segment.list")}</option>
          </select>
        </label>
        {isList ? <p className="soft small">{say("segment.list_how")}</p> : (
          <fieldset className="stack claims">
            <legend className="away">{say("segment.condition")}</legend>
            {claims.length > 1 ? (
              <label className="field">
                <span>{say("segment.joins")}</span>
                <select className="input" value={joins} onChange={(event) => { setJoins(event.target.value === "any" ? "any" : "all"); setCount(null); }}>
                  <option value="all">{say("segment.all_of")}</option>
                  <option value="any">{say("segment.any_of")}</option>
                </select>
              </label>
            ) : null}
            {claims.map((one, at) => <Row key={at} claim={one} onChange={(to) => change(at, to)} onGone={claims.length > 1 ? () => { setClaims(claims.filter((_, which) => which !== at)); setCount(null); } : null} />)}
            {claims.length < 8 ? <button type="button" className="button quiet" onClick={() => { setClaims([...claims, newClaim("member.tier", tier, currency)]); setCount(null); }}>{say("segment.more")}</button> : null}
          </fieldset>
        )}
        {count ? (
          <div className="note note-good" role="status">
            <p><Said id={count.is_whole ? "segment.counted" : "segment.counted_some"} n={count.members} with={{ members: <b><Count of={count.members} /></b>, looked: <Count of={count.looked_at} /> }} /></p>
            {count.left_out > 0 ? <p><Said id="segment.counted_left" n={count.left_out} with={{ count: <Count of={count.left_out} /> }} /></p> : null}
          </div>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(!isList && count === null ? "segment.count" : "segment.make")} isOff={isBusy || !isRight} onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Row({ claim, onChange, onGone }: { claim: Claim; onChange: (to: Partial<Claim>) => void; onGone: (() => void) | null }) {
  const say = useSay();
  const program = useProgram();
  const { language } = useFrame();
  const tier = program.tiers[0]?.code ?? "";
  const currency = program.currencies[0]?.code ?? "";
  return (
    <div className="row claim">
      <select className="input" aria-label={say("segment.fact")} value={claim.fact} onChange={(event) => onChange(newClaim(event.target.value as Fact, tier, currency))}>
        {FACTS.map((one) => <option key={one} value={one}>{say(`segment.fact.${one}` as "segment.fact.member.tier")}</option>)}
      </select>
      {claim.currency === "" ? null : (
        <select className="input" aria-label={say("act.currency")} value={claim.currency} onChange={(event) => onChange({ currency: event.target.value })}>
          {program.currencies.map((one) => <option key={one.code} value={one.code}>{nameIn(one.names, language)}</option>)}
        </select>
      )}
      {hasWindow(claim.fact) ? <input className="input" inputMode="numeric" size={4} aria-label={say("segment.window")} value={claim.days} onChange={(event) => onChange({ days: event.target.value })} /> : null}
      {hasWindow(claim.fact) ? <span className="soft">{say("segment.days")}</span> : null}
      <select className="input" aria-label={say("segment.how")} value={claim.how} onChange={(event) => onChange({ how: event.target.value as How })}>
        {howsOf(claim.fact).map((one) => <option key={one} value={one}>{say(`segment.how.${one}`)}</option>)}
      </select>
      {claim.fact === "member.tier" ? (
        <select className="input" aria-label={say("segment.value")} value={claim.value} onChange={(event) => onChange({ value: event.target.value })}>
          {program.tiers.map((one) => <option key={one.code} value={one.code}>{nameIn(one.names, language)}</option>)}
        </select>
      ) : <input className="input" inputMode="decimal" size={8} aria-label={say("segment.value")} value={claim.value} onChange={(event) => onChange({ value: event.target.value })} />}
      {onGone ? <button type="button" className="button quiet" onClick={onGone}>{say("segment.drop")}</button> : null}
    </div>
  );
}

export const segments: Screen = {
  path: "/segments",
  word: "screen.segments",
  Page: SegmentsPage,
  permission: "segments.read",
  menu: { group: "group.people", icon: "members", key: "g" },
};
