// Back-tests: what was asked, how far it is, what came of it. It can be left and found again.
import { api, got, Refused, type Schemas } from "@jifen/api";
import {
  Bars, type Column, Count, Day, Empty, Figure, Instant, Link, Mark, Money, Points, RefusedNote, Said, Section, Shown, Table, useAsked, useFrame,
  useGoing, useMay, useQuery, useSay,
} from "@jifen/ui";
import type { Key } from "@jifen/words";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type Listed = Schemas["BacktestListed"];
type Backtest = Schemas["BacktestAnswer"];

function State({ state }: { state: Listed["state"] }) {
  const say = useSay();
  const tone = ({ waiting: "wait", running: "run", done: "kept", failed: "stop", cancelled: "wait" } as const)[state];
  return <Mark tone={tone}>{say(`backtest.${state}` as Key)}</Mark>;
}

function BacktestsPage() {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const [query, put] = useQuery();
  const before = query.get("before");
  const asked = useAsked(
    `backtests ${before}`,
    () => got(api.GET("/v1/backtests", { params: { query: { limit: 50, ...(before ? { before } : {}) } } })),
    5_000,
  );
  const columns: Column<Listed>[] = [
    { id: "label", head: say("backtest.draft"), phone: "name", width: "fill", cell: (one) => <Link className="opens" to={`/backtests/${one.backtest_id}`}>{one.label}</Link> },
    { id: "state", head: say("programme.state"), phone: "figure", cell: (one) => <State state={one.state} /> },
    { id: "far", head: say("backtest.far"), isNumber: true, cell: (one) => (one.state === "running" ? `${one.percent}%` : "") },
    { id: "asked", head: say("backtest.asked"), phone: "more", cell: (one) => <Instant at={one.asked_at} clock="machine" /> },
    { id: "by", head: say("programme.by"), phone: "aside", cell: (one) => one.asked_by },
  ];
  return (
    <Page
      title={say("screen.backtests")}
      actions={may("backtests.run") && may("program.plan") ? <Link className="button primary" to="/programme?tab=draft">{say("backtest.new")}</Link> : null}
    >
      <Shown asked={asked}>
        {(found) => (
          <>
            <Table
              label={say("screen.backtests")}
              columns={columns}
              rows={found.data}
              rowKey={(one) => one.backtest_id}
              onOpen={(one) => go(`/backtests/${one.backtest_id}`)}
              empty={<Empty title={say("backtest.none")} actions={<Link className="button" to="/programme?tab=draft">{say("backtest.new")}</Link>}>{say("backtest.none_why")}</Empty>}
            />
            <div className="pager">
              <span>{say("backtest.kept")}</span>
              <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.older")}</button>
            </div>
          </>
        )}
      </Shown>
    </Page>
  );
}

interface Sentence {
  en: string;
  zh: string;
}

interface RuleTotal {
  rule: { code: string; en: string; zh: string };
  currency: string;
  granted_units: number;
  returned_units: number;
  cost_minor: number;
}

/** The part of docs/reference/backtest.schema.json that is shown here. */
interface Result {
  compared: { from_on: string; to_on: string; purchases: number; lines: number; members: number; sales_minor: number };
  baseline: Side;
  draft: Side;
  tier_moves: { promoted: number; demoted: number; unmoved: number };
  warnings: { code: string; level: "caution" | "note" | "serious"; sentence: Sentence }[];
  assumptions: { code: string; sentence: Sentence }[];
}

interface Side {
  cost_minor: number;
  cost_share_bps: number;
  by_rule: RuleTotal[];
}

function BacktestPage({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const [isOver, setOver] = useState(false);
  const asked = useAsked(
    `backtest ${id}`,
    async () => {
      const found = await got(api.GET("/v1/backtests/{backtest_id}", { params: { path: { backtest_id: id } } }));
      setOver(!["waiting", "running"].includes(found.state));
      return found;
    },
    isOver ? undefined : 2_000,
  );
  const [no, setNo] = useState<Refused | null>(null);
  const cancel = async () => {
    try {
      await got(api.POST("/v1/backtests/{backtest_id}:cancel", { params: { path: { backtest_id: id }, header: { "Idempotency-Key": crypto.randomUUID() } } }));
      asked.again();
    } catch (failure) {
      if (failure instanceof Refused) setNo(failure);
      else throw failure;
    }
  };
  const isDone = asked.data?.state === "done";
  const isGoing = asked.data !== null && ["waiting", "running"].includes(asked.data.state);
  return (
    <Page
      title={say("backtest.title", { id: id.slice(-8) })}
      above={<Link to="/backtests">{say("screen.backtests")}</Link>}
      actions={
        isDone ? (
          <>
            <Download id={id} format="html" word="backtest.report" />
            <Download id={id} format="xlsx" word="backtest.workbook" />
          </>
        ) : isGoing && may("backtests.run") ? (
          <button type="button" className="button" onClick={() => void cancel()}>{say("backtest.cancel")}</button>
        ) : null
      }
    >
      {no ? <RefusedNote refused={no} /> : null}
      <Shown asked={asked} loading={<Bars lines={8} />}>
        {(found) => <Whole found={found} />}
      </Shown>
    </Page>
  );
}

function Download({ id, format, word }: { id: string; format: "html" | "xlsx"; word: Key }) {
  const say = useSay();
  const { language } = useFrame();
  const [isBusy, setBusy] = useState(false);
  const fetchIt = async () => {
    setBusy(true);
    try {
      const answer = await api.GET("/v1/backtests/{backtest_id}/report", {
        params: { path: { backtest_id: id }, query: { format, language } },
        parseAs: "blob",
      });
      if (answer.data) {
        const address = URL.createObjectURL(answer.data as unknown as Blob);
        const link = document.createElement("a");
        link.href = address;
        link.download = `backtest-${id.slice(-8)}-${language}.${format}`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(address), 60_000);
      }
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" className="button" disabled={isBusy} onClick={() => void fetchIt()}>{say(word)}</button>
  );
}

function Whole({ found }: { found: Backtest }) {
  const say = useSay();
  if (found.state === "done" && found.result) return <Done result={found.result as unknown as Result} />;
  return (
    <div className="stack">
      <p className="verdict"><State state={found.state} /></p>
      {found.state === "waiting" ? <p>{say("backtest.waiting_why")}</p> : null}
      {found.state === "running" ? (
        <>
          <p>
            {found.stage ? say(`stage.${found.stage}` as Key) : null} · <span className="num">{found.percent}%</span>
            {found.seconds_left !== null ? <> · <Said id="backtest.left" with={{ seconds: found.seconds_left }} /></> : null}
          </p>
          <progress className="progress" max={100} value={found.percent} aria-label={say("backtest.far")} />
          <p className="small soft">{say("backtest.may_leave")}</p>
        </>
      ) : null}
      {found.failure ? (
        <div className="note note-stop">
          <p className="note-title">{found.failure.message}</p>
          <p lang="en">{found.failure.detail}</p>
          <p className="code">{found.failure.code}</p>
        </div>
      ) : null}
    </div>
  );
}

function Done({ result }: { result: Result }) {
  const say = useSay();
  const { language } = useFrame();
  const { compared, baseline, draft } = result;
  const more = draft.cost_minor - baseline.cost_minor;
  const codes = [...new Set([...baseline.by_rule, ...draft.by_rule].map((one) => one.rule.code))];
  const rows = codes.map((code) => ({
    code,
    live: baseline.by_rule.find((one) => one.rule.code === code),
    draft: draft.by_rule.find((one) => one.rule.code === code),
  }));
  const columns: Column<(typeof rows)[number]>[] = [
    { id: "rule", head: say("drill.rule"), phone: "name", width: "fill", cell: (one) => (one.draft ?? one.live)?.rule[language] },
    { id: "live", head: say("backtest.live"), isNumber: true, phone: "more", cell: (one) => <RuleUnits of={one.live} /> },
    { id: "draft", head: say("backtest.draft"), isNumber: true, phone: "figure", cell: (one) => <RuleUnits of={one.draft} /> },
    {
      id: "change", head: say("backtest.change"), isNumber: true, phone: "aside",
      cell: (one) => {
        const live = one.live?.cost_minor ?? 0;
        const now = one.draft?.cost_minor ?? 0;
        return now === live ? <span className="soft">–</span> : <Money minor={now - live} />;
      },
    },
  ];
  return (
    <div className="stack stack-wide">
      <p className="verdict">
        <Said
          id={more > 0 ? "backtest.costs_more" : more < 0 ? "backtest.costs_less" : "backtest.costs_same"}
          with={{ money: <b><Money minor={Math.abs(more)} whole /></b>, from: <Day on={compared.from_on} style="sentence" />, to: <Day on={compared.to_on} style="sentence" /> }}
        />
      </p>
      <div className="figures">
        <Figure label={say("backtest.cost_draft")} note={<Said id="backtest.of_sales" with={{ share: `${(draft.cost_share_bps / 100).toFixed(2)}%` }} />}><Money minor={draft.cost_minor} whole /></Figure>
        <Figure label={say("backtest.cost_live")} note={<Said id="backtest.of_sales" with={{ share: `${(baseline.cost_share_bps / 100).toFixed(2)}%` }} />}><Money minor={baseline.cost_minor} whole /></Figure>
        <Figure label={say("kpi.purchases")} note={<Said id="backtest.members" with={{ members: <Count of={compared.members} /> }} />}><Count of={compared.purchases} /></Figure>
        <Figure label={say("backtest.tiers")} note={say("backtest.tiers_note")}><Count of={result.tier_moves.promoted} /> / <Count of={result.tier_moves.demoted} /></Figure>
      </div>
      {result.warnings.length > 0 ? (
        <Section title={say("backtest.warnings")}>
          <ul className="rule-list">
            {result.warnings.map((one, at) => (
              <li key={at}>
                <Mark tone={one.level === "serious" ? "stop" : one.level === "caution" ? "warn" : "wait"}>{say(`notice.${one.level}`)}</Mark>
                <p>{one.sentence[language]}</p>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      <Section title={say("backtest.by_rule")}>
        <Table label={say("backtest.by_rule")} columns={columns} rows={rows} rowKey={(one) => one.code} isDense />
      </Section>
      <Section title={say("backtest.assumes")}>
        <ul className="rule-list">
          {result.assumptions.map((one) => <li key={one.code}><p>{one.sentence[language]}</p></li>)}
        </ul>
      </Section>
    </div>
  );
}

function RuleUnits({ of }: { of: RuleTotal | undefined }) {
  return of ? <Points units={of.granted_units - of.returned_units} currency={of.currency} /> : <span className="soft">–</span>;
}

export const backtests: Screen = {
  path: "/backtests",
  word: "screen.backtests",
  Page: BacktestsPage,
  permission: "backtests.read",
  menu: { group: "group.programme", icon: "past", key: "b" },
};
export const backtest: Screen = { path: "/backtests/:id", word: "screen.backtests", Page: BacktestPage, permission: "backtests.read" };
