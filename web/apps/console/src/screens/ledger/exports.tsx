// The journal of a period as files: asked for here, made by a process of its own, found here again.
import { api, fetchFile, got, Refused, type Schemas } from "@jifen/api";
import { Asking, Bars, type Column, Count, Day, Empty, Instant, Mark, RefusedNote, Said, Section, Shown, Table, type Tone, useAsked, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";

type Export = Schemas["ExportAnswer"];
const TONES: Record<Export["state"], Tone> = { ready: "run", waiting: "wait", running: "run", done: "kept", failed: "stop", cancelled: "wait" };
const FILES = ["journal.xlsx", "entries.csv", "postings.csv", "totals.csv"] as const;

export function Exports() {
  const say = useSay();
  const may = useMay();
  const [isAsking, setAsking] = useState(false);
  const [isGoing, setGoing] = useState(false);
  const [no, setNo] = useState<Refused | null>(null);
  const asked = useAsked(
    may("books.export") ? "exports" : null,
    async () => {
      const found = await got(api.GET("/v1/exports", { params: { query: { limit: 10 } } }));
      setGoing(found.data.some((one) => one.state === "waiting" || one.state === "running"));
      return found;
    },
    isGoing ? 1_500 : undefined,
  );
  if (!may("books.export")) return null;
  const take = async (one: Export, name: string) => {
    try {
      setNo(null);
      await fetchFile(`/v1/exports/${one.export_id}/file?name=${name}`, `${one.from_on ?? ""}${one.from_on || one.to_on ? "_" : ""}${one.to_on ?? ""}${one.to_on || one.from_on ? "-" : ""}${name}`);
    } catch (failure) {
      if (failure instanceof Refused) setNo(failure);
      else throw failure;
    }
  };
  const cancel = async (one: Export) => {
    try {
      setNo(null);
      // The same wish however often it is pressed: its key is the export's own.
      await got(api.POST("/v1/exports/{export_id}:cancel", { params: { path: { export_id: one.export_id }, header: { "Idempotency-Key": `cancel ${one.export_id}` } } }));
      asked.again();
    } catch (failure) {
      if (failure instanceof Refused) setNo(failure);
      else throw failure;
    }
  };
  const columns: Column<Export>[] = [
    { id: "period", head: say("export.period"), phone: "name", cell: (one) => <Period one={one} /> },
    { id: "state", head: say("programme.state"), phone: "figure", cell: (one) => <Mark tone={TONES[one.state]}>{say(`import.${one.state}`)}</Mark> },
    { id: "entries", head: say("export.entries"), isNumber: true, cell: (one) => (one.holds ? <Count of={one.holds.entries} /> : null) },
    { id: "postings", head: say("ledger.postings"), isNumber: true, cell: (one) => (one.holds ? <Count of={one.holds.postings} /> : null) },
    { id: "asked", head: say("export.asked"), phone: "aside", cell: (one) => <Instant at={one.asked_at} clock="machine" /> },
    {
      id: "files", head: say("export.files"), phone: "more", width: "fill",
      cell: (one) =>
        one.failure ? (
          one.failure.message
        ) : one.has_files ? (
          <span className="row">
            {FILES.filter((name) => name !== "journal.xlsx" || one.holds?.has_workbook).map((name) => (
              <button key={name} type="button" className="as-link" onClick={() => void take(one, name)}>{name}</button>
            ))}
          </span>
        ) : one.state === "waiting" || one.state === "running" ? (
          <button type="button" className="as-link" onClick={() => void cancel(one)}>{say("export.cancel")}</button>
        ) : one.state === "done" ? (
          <span className="soft">{say("export.gone")}</span>
        ) : null,
    },
  ];
  return (
    <Section title={say("export.title")} aside={<button type="button" className="button" onClick={() => setAsking(true)}>{say("export.new")}</button>}>
      {no ? <RefusedNote refused={no} /> : null}
      <Shown asked={asked} loading={<Bars lines={2} columns={5} />}>
        {(found) => <Table label={say("export.title")} columns={columns} rows={found.data} rowKey={(one) => one.export_id} empty={<Empty title={say("export.none")}>{say("export.none_why")}</Empty>} isDense />}
      </Shown>
      {isAsking ? <Ask onClose={() => { setAsking(false); asked.again(); }} /> : null}
    </Section>
  );
}

function Period({ one }: { one: Export }) {
  const say = useSay();
  if (!one.from_on && !one.to_on) return <>{say("export.everything")}</>;
  return (
    <Said
      id="export.from_to"
      with={{ from: one.from_on ? <Day on={one.from_on} /> : say("export.beginning"), to: one.to_on ? <Day on={one.to_on} /> : say("export.now") }}
    />
  );
}

function Ask({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const ask = () =>
    send(
      (key) => got(api.POST("/v1/exports", { params: { header: { "Idempotency-Key": key } }, body: { ...(from ? { from_on: from } : {}), ...(to ? { to_on: to } : {}) } })),
      onClose,
    );
  return (
    <Asking title={say("export.new")} onClose={onClose}>
      <Form onSend={() => void ask()}>
        <p className="small soft">{say("export.means")}</p>
        <div className="fields">
          <label className="field"><span>{say("export.from")}</span><input className="input" type="date" autoFocus value={from} max={to || undefined} onChange={(event) => setFrom(event.target.value)} /></label>
          <label className="field"><span>{say("export.to")}</span><input className="input" type="date" value={to} min={from || undefined} onChange={(event) => setTo(event.target.value)} /></label>
        </div>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("export.do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}
