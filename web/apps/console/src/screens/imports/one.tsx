// One import: its first rows and what they are, what a dry run found, how far it is, what it came to. It can be left and found again.
import { api, fetchFile, got, Refused, type Schemas } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Figure, Instant, Link, Points, RefusedNote, Said, Section, Shown, Table, useAsked, useFrame, useMay, useQuery, useSay,
} from "@jifen/ui";
import type { Key } from "@jifen/words";
import { useState } from "react";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { type Imported, ImportState } from "./index.tsx";
import { Mapping } from "./mapping.tsx";

export function ImportPage({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const [isGoing, setGoing] = useState(true);
  const [isCancelling, setCancelling] = useState(false);
  const asked = useAsked(
    `import ${id}`,
    async () => {
      const found = await got(api.GET("/v1/imports/{import_id}", { params: { path: { import_id: id } } }));
      setGoing(found.state === "waiting" || found.state === "running");
      return found;
    },
    isGoing ? 1_000 : undefined,
  );
  const found = asked.data;
  const isOpen = found !== null && found.has_file && found.state !== "done" && found.state !== "cancelled";
  return (
    <Page
      title={found?.name ?? say("screen.imports")}
      above={<Link to="/imports">{say("screen.imports")}</Link>}
      actions={isOpen && may("purchases.import") ? <button type="button" className="button" onClick={() => setCancelling(true)}>{say("import.cancel")}</button> : null}
    >
      <Shown asked={asked} loading={<Bars lines={8} />}>
        {(one) => <Whole one={one} again={asked.again} />}
      </Shown>
      {isCancelling && found ? <Cancelling one={found} onClose={() => { setCancelling(false); asked.again(); }} /> : null}
    </Page>
  );
}

function Cancelling({ one, onClose }: { one: Imported; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const cancel = () =>
    send((key) => got(api.POST("/v1/imports/{import_id}:cancel", { params: { path: { import_id: one.import_id }, header: { "Idempotency-Key": key } } })), onClose);
  return (
    <Asking title={say("import.cancel_title", { name: one.name })} onClose={onClose}>
      <Form onSend={() => void cancel()}>
        <p>{say("import.cancel_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("import.cancel_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Whole({ one, again }: { one: Imported; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const isGoing = one.state === "waiting" || one.state === "running";
  const canMap = one.has_file && (one.state === "ready" || one.state === "failed") && may("purchases.import");
  return (
    <div className="stack stack-wide">
      <p className="dotted">
        <ImportState one={one} />
        <span>{say(`import.${one.what}`)}</span>
        <span><Said id="import.size" with={{ size: <Count of={Math.ceil(one.bytes / 1024)} /> }} /></span>
        <span><Said id="import.by" with={{ by: one.asked_by, at: <Instant at={one.asked_at} clock="machine" style="sentence" /> }} /></span>
      </p>
      {isGoing ? (
        <div className="stack">
          <p role="status">{one.state === "waiting" ? say("import.waits") : say(`import.stage_${one.stage ?? "reading"}` as Key)}{one.state === "running" ? ` · ${one.percent}%` : ""}</p>
          <progress className="progress" max={100} value={one.percent} aria-label={say("backtest.far")} />
          <p className="small soft">{say("import.may_leave")}</p>
        </div>
      ) : null}
      {one.failure ? (
        <div className="note note-stop" role="alert">
          <p className="note-title">{one.failure.message}</p>
          {one.failure.problems.length ? (
            <ul className="problems">{one.failure.problems.map((problem, at) => <li key={at}><span className="code">{problem.path}</span> {problem.message}</li>)}</ul>
          ) : null}
          <p className="code">{one.failure.code}</p>
        </div>
      ) : null}
      {one.counts && !isGoing ? <Came one={one} counts={one.counts} /> : null}
      {canMap ? <Mapping one={one} onAsked={again} /> : null}
      {one.state === "cancelled" ? <Empty title={say("import.cancelled_title")}>{say("import.cancelled_why")}</Empty> : null}
    </div>
  );
}

type Counts = Schemas["ImportCounts"];
type Reject = Schemas["Reject"];

function Came({ one, counts }: { one: Imported; counts: Counts }) {
  const say = useSay();
  const { book } = useFrame();
  const isOpening = one.what === "opening";
  const of = isOpening ? "import.of_members" : "import.of_purchases";
  return (
    <>
      <p className="verdict">
        <Said
          id={counts.is_dry_run ? "import.would_add" : "import.did_add"}
          with={{ count: <b><Count of={counts.added} /></b>, what: say(isOpening ? "import.members" : "import.receipts") }}
        />
      </p>
      <div className="figures">
        <Figure label={say("import.found")} note={say(of)}><Count of={counts.found} /></Figure>
        <Figure
          label={say(counts.is_dry_run ? "import.to_add" : "import.added")}
          note={isOpening ? <Said id="import.lots" with={{ count: <Count of={counts.added_lots ?? 0} /> }} /> : <Said id="import.lines" with={{ count: <Count of={counts.added_lines ?? 0} /> }} />}
        >
          <Count of={counts.added} />
        </Figure>
        <Figure label={say("import.known")} note={say("import.known_note")}><Count of={counts.known} /></Figure>
        <Figure label={say("import.refused")} note={<Said id="import.rows" with={{ count: <Count of={counts.rejected_rows} /> }} />}><Count of={counts.refused} /></Figure>
        <Figure label={say("import.new_members")} note={counts.of_nobody ? <Said id="import.of_nobody" with={{ count: <Count of={counts.of_nobody} /> }} /> : null}><Count of={counts.new_members} /></Figure>
        {Object.entries(counts.units ?? {}).map(([currency, units]) =>
          book?.program?.currencies.some((known) => known.code === currency) ? (
            <Figure key={currency} label={say("import.units")} note={<Said id="import.units_forever" with={{ units: <Points units={counts.units_forever?.[currency] ?? 0} currency={currency} /> }} />}>
              <Points units={units} currency={currency} />
            </Figure>
          ) : null,
        )}
      </div>
      {counts.reasons.length > 0 ? <Refusals one={one} counts={counts} /> : null}
    </>
  );
}

function Refusals({ one, counts }: { one: Imported; counts: Counts }) {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const [query, put] = useQuery();
  const [no, setNo] = useState<Refused | null>(null);
  const sees = may("purchases.import");
  const asked = useAsked(sees ? `rejects ${one.import_id} ${one.started_at} ${language}` : null, () =>
    got(api.GET("/v1/imports/{import_id}/rejects", { params: { path: { import_id: one.import_id }, query: { language } } })),
  );
  const rejects = asked.data?.data ?? [];
  const code = query.get("reason") ?? counts.reasons[0]?.code ?? "";
  const download = async () => {
    try {
      setNo(null);
      await fetchFile(`/v1/imports/${one.import_id}/rejects.csv`, `rejects-${one.name.replace(/\.[a-z]+$/, "")}.csv`);
    } catch (failure) {
      if (failure instanceof Refused) setNo(failure);
      else throw failure;
    }
  };
  const most = counts.reasons[0]?.rows ?? 1;
  const reasons: Column<Schemas["Reason"]>[] = [
    { id: "code", head: say("import.code"), phone: "more", cell: (reason) => <span className="code">{reason.code}</span> },
    { id: "means", head: say("import.means"), phone: "name", width: "fill", cell: (reason) => <div className="two">{rejects.find((each) => each.code === reason.code)?.reason ?? ""}</div> },
    { id: "share", head: say("import.share"), cell: (reason) => <svg className="meter meter-short" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect className="ink" width={Math.max(1, (reason.rows * 100) / most)} height="8" /></svg> },
    { id: "rows", head: say("import.rows_head"), isNumber: true, phone: "figure", cell: (reason) => <Count of={reason.rows} /> },
  ];
  const rows: Column<Reject>[] = [
    { id: "row", head: say("import.row"), isNumber: true, phone: "figure", cell: (each) => <Count of={each.row} /> },
    { id: "column", head: say("import.column"), phone: "name", cell: (each) => each.column ?? <span className="soft">–</span> },
    { id: "value", head: say("import.value"), phone: "more", width: "fill", cell: (each) => <span className="code">{each.value ?? ""}</span> },
  ];
  return (
    <div className="import-refused">
      <Section
        title={say("import.by_reason")}
        aside={sees ? <button type="button" className="as-link" onClick={() => void download()}><Said id="import.download" with={{ count: <Count of={counts.rejected_rows} /> }} /></button> : null}
      >
        {no ? <RefusedNote refused={no} /> : null}
        <Table
          label={say("import.by_reason")}
          columns={reasons}
          rows={counts.reasons}
          rowKey={(reason) => reason.code}
          {...(sees ? { onOpen: (reason: Schemas["Reason"]) => put({ reason: reason.code }), picked: code } : {})}
        />
      </Section>
      {sees ? (
        <Section title={say("import.first_of", { code })}>
          <Shown asked={asked} loading={<Bars lines={4} columns={3} />}>
            {() => <Table label={say("import.first_of", { code })} columns={rows} rows={rejects.filter((each) => each.code === code)} rowKey={(each) => `${each.row} ${each.column}`} isDense />}
          </Shown>
          <p className="small soft">{say("import.mend")}</p>
        </Section>
      ) : null}
    </div>
  );
}
