// Terms of membership: which version is in force, which waits, how many accepted each; and publishing the next.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, type Column, Count, Empty, Instant, Mark, RefusedNote, Shown, Table, useAsked, useFrame, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";

type Row = Schemas["TermsRow"];
const STATES = { past: "wait", in_force: "kept", waiting: "warn", withdrawn: "stop" } as const;

function TermsPage() {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const asked = useAsked("terms", () => got(api.GET("/v1/terms")));
  const [isPublishing, setPublishing] = useState(false);
  const [reading, setReading] = useState<Row | null>(null);
  const [withdrawing, setWithdrawing] = useState<Row | null>(null);
  const columns: Column<Row>[] = [
    { id: "version", head: say("terms.version"), phone: "name", cell: (one) => <button type="button" className="as-link" onClick={() => setReading(one)}>{one.version}</button> },
    { id: "state", head: say("programme.state"), phone: "figure", cell: (one) => <Mark tone={STATES[one.state]}>{say(`terms.state.${one.state}`)}</Mark> },
    { id: "from", head: say("terms.from"), phone: "aside", cell: (one) => <><Instant at={one.takes_effect_at} /> {one.state === "waiting" && may("terms.publish") ? <button type="button" className="as-link" onClick={() => setWithdrawing(one)}>{say("terms.withdraw")}</button> : null}</> },
    { id: "different", head: say("terms.different"), phone: "more", width: "fill", cell: (one) => <>{one.is_worse ? <Mark tone="warn">{say("terms.worse")}</Mark> : null} {one.summary?.[language] ?? one.summary?.zh ?? <span className="soft">{say("terms.first")}</span>}</> },
    { id: "accepted", head: say("terms.accepted"), isNumber: true, cell: (one) => <Count of={one.accepted} /> },
  ];
  return (
    <Page title={say("screen.terms")}>
      <Shown asked={asked} loading={<Bars lines={4} />}>
        {(found) => (
          <div className="stack">
            {may("terms.publish") ? <div className="row"><button type="button" className="button primary" onClick={() => setPublishing(true)}>{say("terms.publish")}</button></div> : null}
            <Table label={say("screen.terms")} columns={columns} rows={found.data} rowKey={(one) => one.version} empty={<Empty title={say("terms.none")}>{say("terms.none_how")}</Empty>} />
            <p className="small soft">{say("terms.notice", { days: found.notice_days })} {say(found.needed_to_enrol ? "terms.needed" : "terms.not_needed")}</p>
            {isPublishing ? <Publishing isFirst={found.data.length === 0} days={found.notice_days} onClose={() => { setPublishing(false); asked.again(); }} /> : null}
          </div>
        )}
      </Shown>
      {withdrawing ? <Withdrawing one={withdrawing} onClose={() => setWithdrawing(null)} onDone={() => { setWithdrawing(null); asked.again(); }} /> : null}
      {reading ? <Reading version={reading.version} onClose={() => setReading(null)} /> : null}
    </Page>
  );
}

function Reading({ version, onClose }: { version: string; onClose: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const asked = useAsked(`terms ${version}`, () => got(api.GET("/v1/welcome/terms/{version}", { params: { path: { version } } })));
  return (
    <Asking title={say("terms.title", { version })} onClose={onClose}>
      <Shown asked={asked} loading={<Bars lines={6} columns={1} />}>
        {({ texts }) => <>{(texts[language] ?? texts.zh ?? "").split(/\n+/).map((one, at) => <p key={at}>{one}</p>)}</>}
      </Shown>
      <div className="row"><button type="button" className="button" onClick={onClose}>{say("do.close")}</button></div>
    </Asking>
  );
}

function Withdrawing({ one, onClose, onDone }: { one: Row; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const withdraw = () => send((key) => got(api.POST("/v1/terms/{version}:withdraw", { params: { path: { version: one.version }, header: { "Idempotency-Key": key } } })), onDone);
  return (
    <Asking title={say("terms.withdraw_title", { version: one.version })} onClose={onClose}>
      <Form onSend={() => void withdraw()}>
        <p>{say("terms.withdraw_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("terms.withdraw_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

const NOTHING = { version: "", zh: "", en: "", different_zh: "", different_en: "" };

function Publishing({ isFirst, days, onClose }: { isFirst: boolean; days: number; onClose: () => void }) {
  const say = useSay();
  const { key, refused, isBusy, send } = useWrite();
  const [told, setTold] = useState(NOTHING);
  const [isWorse, setWorse] = useState(false);
  const tell = (name: keyof typeof NOTHING, text: string) => setTold((was) => ({ ...was, [name]: text }));
  const isWhole = Object.entries(told).every(([name, text]) => text.trim() !== "" || (isFirst && name.startsWith("different")));
  const publish = () => {
    const summary = isFirst ? null : { zh: told.different_zh, en: told.different_en };
    const body = { version: told.version.trim(), texts: { zh: told.zh, en: told.en }, summary, is_worse: isWorse };
    return send(() => got(api.POST("/v1/terms", { body, params: { header: { "Idempotency-Key": key } } })), onClose);
  };
  const area = (name: keyof typeof NOTHING, label: string, rows: number) => (
    <label className="field">
      <span>{label}</span>
      <textarea className="input" required rows={rows} value={told[name]} onChange={(event) => tell(name, event.target.value)} />
    </label>
  );
  return (
    <Asking title={say("terms.publish_title")} onClose={onClose}>
      <Form onSend={() => void publish()}>
        <p>{say("terms.publish_means")}</p>
        <label className="field">
          <span>{say("terms.version")}</span>
          <input className="input" required autoFocus maxLength={64} placeholder="2026-12" value={told.version} onChange={(event) => tell("version", event.target.value)} />
        </label>
        {area("zh", say("terms.text_zh"), 6)}
        {area("en", say("terms.text_en"), 6)}
        {isFirst ? null : (
          <>
            {area("different_zh", say("terms.different_zh"), 2)}
            {area("different_en", say("terms.different_en"), 2)}
            <label className="row">
              <input type="checkbox" checked={isWorse} onChange={(event) => setWorse(event.target.checked)} /> {say("terms.is_worse", { days })}
            </label>
          </>
        )}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("terms.publish_do")} isOff={isBusy || !isWhole} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const terms: Screen = {
  path: "/terms",
  word: "screen.terms",
  Page: TermsPage,
  permission: "program.read",
  menu: { group: "group.people", icon: "ledger", key: "t" },
};
