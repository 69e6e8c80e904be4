// How long each class of data is kept, and why; whoever may erase persons sets it, having seen what would go, with a reason.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, type Column, Count, Empty, RefusedNote, Said, Section, Select, Shown, Table, useAsked, useFrame, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { useChoices } from "../../said.ts";
import { Foot, Form, useWrite } from "../../write.tsx";

type Row = Schemas["RetentionRow"];
type Reason = Schemas["PeriodBody"]["reason"];

export function Retention() {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const [setting, setSetting] = useState<Row | null>(null);
  const asked = useAsked(`retention ${language}`, () => got(api.GET("/v1/retention", { params: { query: { language } } })));
  const period = (one: Row) => (one.days === null ? say("retention.for_good") : <Count of={one.days} />);
  const columns: Column<Row>[] = [
    { id: "name", head: say("retention.class"), phone: "name", cell: (one) => one.name },
    {
      id: "days", head: say("retention.days"), phone: "figure", isNumber: true,
      cell: (one) => (may("persons.erase") ? <button type="button" className="as-link" onClick={() => setSetting(one)}>{period(one)}<span className="away"> {say("retention.change", { name: one.name })}</span></button> : period(one)),
    },
    { id: "due", head: say("retention.due"), phone: "aside", isNumber: true, cell: (one) => <Count of={one.due} /> },
    { id: "why", head: say("retention.why"), phone: "more", width: "fill", cell: (one) => <span className="small">{one.why}</span> },
  ];
  return (
    <Section title={say("retention.title")} aside={say("retention.kept")}>
      <Shown asked={asked} loading={<Bars lines={5} />}>
        {(found) => <Table label={say("retention.title")} columns={columns} rows={found.data} rowKey={(one) => one.class} empty={<Empty title={say("retention.title")}>{say("retention.kept")}</Empty>} />}
      </Shown>
      <p className="small soft">{say("retention.how")}</p>
      {setting ? <Setting one={setting} onClose={() => setSetting(null)} onDone={() => { setSetting(null); asked.again(); }} /> : null}
    </Section>
  );
}

const DAYS_MAX = 36_500;

function Setting({ one, onClose, onDone }: { one: Row; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const choices = useChoices();
  const { refused, isBusy, send } = useWrite();
  const [typed, setTyped] = useState(String(one.days ?? one.least_days));
  const [isForGood, setForGood] = useState(one.days === null);
  const [reason, setReason] = useState<Reason>("policy");
  const days = isForGood ? null : /^\d{1,5}$/.test(typed.trim()) ? Number(typed.trim()) : 0;
  const isRight = days === null || (days >= one.least_days && days <= DAYS_MAX);
  const counted = useAsked(isRight ? `due ${one.class} ${days}` : null, () =>
    got(api.GET("/v1/retention/{class}/due", { params: { path: { class: one.class }, query: days === null ? {} : { days } } })),
  );
  const set = () => send(() => got(api.PUT("/v1/retention/{class}", { params: { path: { class: one.class } }, body: { days, reason } })), onDone);
  return (
    <Asking title={say("retention.change", { name: one.name })} onClose={onClose}>
      <Form onSend={() => void set()}>
        <label className="field">
          <span>{say("retention.days")}</span>
          <input className="input" inputMode="numeric" required disabled={isForGood} value={isForGood ? "" : typed} aria-invalid={!isRight} onChange={(event) => setTyped(event.target.value)} />
          <small className="soft">{say("retention.least", { days: one.least_days })}</small>
        </label>
        <label className="row">
          <input type="checkbox" checked={isForGood} onChange={(event) => setForGood(event.target.checked)} /> {say("retention.for_good")}
        </label>
        <Select label={say("act.reason")} choices={choices("period_reasons")} current={reason} onChoose={(chosen) => setReason(chosen as Reason)} />
        <p className={counted.data && counted.data.due > 0 ? "note note-warn" : "note"} role="status">
          {counted.data ? <Said id="retention.would_go" with={{ count: <b><Count of={counted.data.due} /></b> }} /> : say("retention.counting")}
        </p>
        {refused ?? counted.refused ? <RefusedNote refused={(refused ?? counted.refused)!} /> : null}
        <Foot does={say("retention.set_do")} isOff={isBusy || !isRight || counted.data === null || days === one.days} isDanger={(counted.data?.due ?? 0) > 0} onClose={onClose} />
      </Form>
    </Asking>
  );
}
