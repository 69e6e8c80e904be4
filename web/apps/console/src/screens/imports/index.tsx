// Imports: files that were brought in, how far each is, and a file to upload.
import { api, got, type Schemas, uploadFile } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Icon, Instant, Link, Mark, RefusedNote, Segmented, Shown, Table, TableTools, type Tone, useArranged, useAsked, useGoing, useMay,
  useQuery, useSay,
} from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";
import { ImportPage } from "./one.tsx";

export type Imported = Schemas["ImportAnswer"];
const TONES: Record<Imported["state"], Tone> = { ready: "run", waiting: "wait", running: "run", done: "kept", failed: "stop", cancelled: "wait" };

export function ImportState({ one }: { one: Imported }) {
  const say = useSay();
  return <Mark tone={TONES[one.state]}>{say(`import.${one.state}`)}{one.state === "running" ? ` ${one.percent}%` : ""}</Mark>;
}

function ImportsPage() {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const [query, put] = useQuery();
  const [isUploading, setUploading] = useState(false);
  const before = query.get("before");
  const asked = useAsked(`imports ${before}`, () => got(api.GET("/v1/imports", { params: { query: { limit: 50, ...(before ? { before } : {}) } } })), 5_000);
  const columns: Column<Imported>[] = [
    { id: "name", head: say("import.file"), phone: "name", width: "fill", cell: (one) => <Link className="opens" to={`/imports/${one.import_id}`}>{one.name}</Link>, order: (one) => one.name, text: (one) => one.name },
    { id: "what", head: say("import.what"), phone: "more", cell: (one) => say(`import.${one.what}`), order: (one) => one.what, text: (one) => one.what },
    { id: "state", head: say("programme.state"), phone: "figure", cell: (one) => <ImportState one={one} />, order: (one) => one.state, text: (one) => one.state },
    { id: "added", head: say("import.added"), isNumber: true, cell: (one) => <Num of={one.counts && !one.counts.is_dry_run ? one.counts.added : null} />, text: (one) => one.counts?.added ?? null },
    { id: "refused", head: say("import.refused"), isNumber: true, cell: (one) => <Num of={one.counts?.refused ?? null} />, text: (one) => one.counts?.refused ?? null },
    { id: "at", head: say("import.uploaded"), phone: "aside", cell: (one) => <Instant at={one.asked_at} clock="machine" />, order: (one) => one.asked_at, text: (one) => one.asked_at },
    { id: "by", head: say("programme.by"), cell: (one) => one.asked_by, text: (one) => one.asked_by },
  ];
  const arranged = useArranged(columns, asked.data?.data ?? []);
  const begin = may("purchases.import") ? (
    <button type="button" className="button primary" onClick={() => setUploading(true)}><Icon name="bring" /> {say("import.new")}</button>
  ) : null;
  return (
    <Page title={say("screen.imports")} actions={begin}>
      <Shown asked={asked} loading={<Bars lines={5} columns={6} />}>
        {(found) => (
          <div className="stack">
            {found.data.length ? <TableTools columns={columns} rows={arranged.rows} file="imports.csv" /> : null}
            <Table
              label={say("screen.imports")}
              {...arranged}
              rowKey={(one) => one.import_id}
              onOpen={(one) => go(`/imports/${one.import_id}`)}
              empty={<Empty title={say("import.none")} actions={begin}>{say("import.none_how")}</Empty>}
            />
            <div className="pager">
              <span>{say("import.kept")}</span>
              {found.next_cursor || before ? (
                <span className="row">
                  {before ? <button type="button" className="button" onClick={() => put({ before: null }, "push")}>{say("do.newest")}</button> : null}
                  <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.older")}</button>
                </span>
              ) : null}
            </div>
          </div>
        )}
      </Shown>
      {isUploading ? <Uploading onClose={() => setUploading(false)} /> : null}
    </Page>
  );
}

function Num({ of }: { of: number | null }) {
  return of === null ? <span className="soft">–</span> : <Count of={of} />;
}

function Uploading({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { go } = useGoing();
  const { refused, isBusy, send } = useWrite();
  const [what, setWhat] = useState("purchases");
  const [file, setFile] = useState<File | null>(null);
  const [part, setPart] = useState(0);
  const upload = (chosen: File) =>
    send(
      (key) => uploadFile<Schemas["ImportAsked"]>(`/v1/imports?${new URLSearchParams({ what, name: chosen.name })}`, chosen, key, setPart),
      (answer) => go(`/imports/${answer.import_id}`),
    );
  return (
    <Asking title={say("import.new")} onClose={onClose}>
      <Form onSend={() => file && void upload(file)}>
        <Segmented
          label={say("import.what")}
          choices={[{ id: "purchases", label: say("import.purchases") }, { id: "opening", label: say("import.opening") }]}
          current={what}
          onChoose={setWhat}
        />
        <p className="small soft">{say(what === "purchases" ? "import.purchases_means" : "import.opening_means")}</p>
        <label className="field">
          <span>{say("import.file")}</span>
          <input className="input file" type="file" accept=".csv,.parquet,text/csv" required onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
          <small className="soft">{say("import.file_means")}</small>
        </label>
        {isBusy ? <progress className="progress" max={100} value={Math.round(part * 100)} aria-label={say("import.uploading")} /> : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("import.upload")} isOff={isBusy || file === null} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const imports: Screen = {
  path: "/imports",
  word: "screen.imports",
  Page: ImportsPage,
  permission: "imports.read",
  menu: { group: "group.system", icon: "bring", key: "i" },
};
export const oneImport: Screen = { path: "/imports/:id", word: "screen.imports", Page: ImportPage, permission: "imports.read" };
