// Tiers: how members climb, who stands where, who moved, and who is about to fall.
import { api, got, type Schemas } from "@jifen/api";
import {
  Bars, type Column, Columns, Count, Day, daysLater, Empty, Link, localDay, Mark, Money, Month, Number, Points, Said, Section, Segmented, Shown, Table,
  TableTools, Tier, useArranged, useAsked, useFrame, useGoing, useMay, useProgram, useQuery, useSay,
} from "@jifen/ui";
import type { Key } from "@jifen/words";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type Ladder = Schemas["LadderAnswer"];
type Falling = Schemas["FallingMember"];

const PERIODS: { id: string; days: number; word: Key }[] = [
  { id: "30", days: 30, word: "period.30" },
  { id: "90", days: 90, word: "period.90" },
  { id: "365", days: 365, word: "period.365" },
];
const WITHIN = ["7", "30", "90"];

function TiersPage() {
  const say = useSay();
  const { book, language } = useFrame();
  const [query] = useQuery();
  const program = book?.program;
  const title = say("screen.tiers");
  const days = PERIODS.find((one) => one.id === query.get("period"))?.days ?? 90;
  const from_on = program ? daysLater(localDay(book.now, program.time_zone), -days) : "";
  const asked = useAsked(program ? `ladder ${from_on} ${language}` : null, () => got(api.GET("/v1/tiers", { params: { query: { from_on, language } } })));
  return (
    <Page title={title}>
      {program ? (
        <Shown asked={asked} loading={<Bars lines={8} />}>
          {(ladder) => (
            <div className="stack stack-wide">
              <Verdict ladder={ladder} />
              <div className="split split-even">
                <How ladder={ladder} />
                <Who ladder={ladder} />
              </div>
              {ladder.tiers.length > 1 ? (
                <>
                  <Moves ladder={ladder} />
                  <About counts={ladder.counts} />
                </>
              ) : null}
            </div>
          )}
        </Shown>
      ) : (
        <Empty title={say("overview.no_programme")}>{say("overview.no_programme_how")}</Empty>
      )}
    </Page>
  );
}

/** What a ladder counts is money spent, visits, or units of a currency. */
function Counted({ of, counts }: { of: number; counts: string }) {
  if (counts === "spend") return <Money minor={of} />;
  if (counts === "visits") return <Count of={of} />;
  return <Points units={of} currency={counts} />;
}

function Verdict({ ladder }: { ladder: Ladder }) {
  const days = { from: <Day on={ladder.from_on} style="sentence" />, to: <Day on={ladder.to_on} style="sentence" /> };
  const up = (ladder.steps ?? []).reduce((sum, one) => sum + one.up, 0);
  const down = (ladder.steps ?? []).reduce((sum, one) => sum + one.down, 0);
  if (ladder.steps === null || ladder.tiers.length < 2) return null;
  return (
    <p className="verdict">
      {up + down === 0 ? <Said id="tiers.verdict_still" with={days} /> : <Said id="tiers.verdict" with={{ ...days, up: <b><Count of={up} /></b>, down: <b><Count of={down} /></b> }} />}
      <Said id="list.sentences" />
      {ladder.judged === null ? null : <Said id="tiers.judged" n={ladder.judged} with={{ count: <b><Count of={ladder.judged} /></b>, by: <Day on={ladder.judged_by} style="sentence" /> }} />}
    </p>
  );
}

function How({ ladder }: { ladder: Ladder }) {
  const say = useSay();
  return (
    <Section title={say("tiers.how")} aside={<Link to="/programme">{say("screen.programme")}</Link>}>
      <div className="stack">
        <ul className="rule-list">
          {ladder.tiers.toReversed().map((one) => <li key={one.tier}><p>{one.sentence}</p></li>)}
        </ul>
        <div>{ladder.sentences.map((one) => <p key={one} className="soft">{one}</p>)}</div>
      </div>
    </Section>
  );
}

function Who({ ladder }: { ladder: Ladder }) {
  const say = useSay();
  const most = Math.max(1, ...ladder.tiers.map((one) => one.members ?? 0));
  const total = ladder.tiers.reduce((sum, one) => sum + (one.members ?? 0), 0);
  return (
    <Section title={say("tiers.who")}>
      {ladder.steps === null ? (
        <Empty title={say("tiers.too_many")}>{say("tiers.too_many_why")}</Empty>
      ) : (
        <>
          <p className="small soft"><Said id="overview.members_total" n={total} with={{ count: <Count of={total} /> }} /></p>
          <div className="tierbars">
            {ladder.tiers.toReversed().map((one) => (
              <div className="tierbar" key={one.tier}>
                <Tier code={one.tier} />
                <svg className="meter" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="fill" width={((one.members ?? 0) * 100) / most} height="10" />
                </svg>
                <span className="right">
                  <Number to={`/members?tier=${one.tier}`} label={say("overview.open_tier", { tier: one.tier })}><Count of={one.members ?? 0} /></Number>
                </span>
              </div>
            ))}
          </div>
        </>
      )}
    </Section>
  );
}

function Moves({ ladder }: { ladder: Ladder }) {
  const say = useSay();
  const [query, put] = useQuery();
  const period = PERIODS.find((one) => one.id === query.get("period"))?.id ?? "90";
  const steps = ladder.steps;
  const columns: Column<Schemas["TierPair"]>[] = [
    { id: "before", head: say("tiers.before"), phone: "name", cell: (one) => <Tier code={one.before} />, text: (one) => one.before },
    { id: "after", head: say("tiers.after"), phone: "more", width: "fill", cell: (one) => <span className="row"><Tier code={one.after} /> <span className="small soft">{say(one.is_up ? "tiers.up" : "tiers.down")}</span></span>, text: (one) => one.after },
    { id: "moves", head: say("tiers.times"), isNumber: true, phone: "figure", cell: (one) => <Count of={one.moves} />, text: (one) => one.moves },
    { id: "by_time", head: say("tiers.by_time"), isNumber: true, phone: "aside", cell: (one) => <Count of={one.by_time} />, text: (one) => one.by_time },
  ];
  return (
    <Section title={say("tiers.moves")} aside={say("tiers.moves_why")}>
      <div className="stack">
        <div className="filters">
          <Segmented label={say("overview.period")} choices={PERIODS.map((one) => ({ id: one.id, label: say(one.word) }))} current={period} onChoose={(id) => put({ period: id })} />
        </div>
        {steps === null ? (
          <Empty title={say("tiers.too_many")}>{say("tiers.too_many_why")}</Empty>
        ) : steps.every((one) => one.up + one.down === 0) ? (
          <Empty title={say("tiers.still")}>{say("tiers.still_why")}</Empty>
        ) : (
          <>
            <div className="halves">
              <div><h3 className="small soft">{say("tiers.up")}</h3><Columns values={steps.map((one) => one.up)} now={steps.length} before={0} label={say("tiers.picture_up")} /></div>
              <div><h3 className="small soft">{say("tiers.down")}</h3><Columns values={steps.map((one) => one.down)} now={0} before={steps.length} label={say("tiers.picture_down")} /></div>
            </div>
            <Steps ladder={ladder} />
            <Table label={say("tiers.from_to")} columns={columns} rows={ladder.pairs ?? []} rowKey={(one) => `${one.before} ${one.after}`} isDense />
            <p className="small soft">{say("tiers.by_time_why")}</p>
          </>
        )}
      </div>
    </Section>
  );
}

function Steps({ ladder }: { ladder: Ladder }) {
  const say = useSay();
  return (
    <details>
      <summary className="small">{say("tiers.as_table")}</summary>
      <div className="table-box" tabIndex={0} role="region" aria-label={say("tiers.as_table")}>
        <table className="table dense keep">
          <thead>
            <tr>
              <th scope="col">{say(ladder.step === "day" ? "tiers.day" : "tiers.month")}</th>
              <th scope="col" className="right">{say("tiers.up")}</th>
              <th scope="col" className="right">{say("tiers.down")}</th>
            </tr>
          </thead>
          <tbody>
            {(ladder.steps ?? []).map((one) => (
              <tr key={one.on}>
                <td>{ladder.step === "day" ? <Day on={one.on} /> : <Month on={one.on} withYear />}</td>
                <td className="right"><Count of={one.up} /></td>
                <td className="right"><Count of={one.down} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function About({ counts }: { counts: string }) {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const program = useProgram();
  const [query, put] = useQuery();
  const within = WITHIN.find((one) => one === query.get("within")) ?? "30";
  const before = query.get("before");
  const asked = useAsked(may("members.list") ? `falling ${within} ${before} ${program.revision}` : null, () =>
    got(api.GET("/v1/tiers:falling", { params: { query: { within_days: parseInt(within, 10), limit: 50, ...(before ? { before } : {}) } } })),
  );
  const amount = (of: number) => <Counted of={of} counts={counts} />;
  const columns: Column<Falling>[] = [
    { id: "key", head: say("members.key"), phone: "name", cell: (one) => <Link to={`/members/${one.member_id}`} className="opens">{one.keys[0] ?? `…${one.member_id.slice(-8)}`}</Link>, text: (one) => one.member_id },
    { id: "on", head: say("tiers.on"), phone: "figure", cell: (one) => <span className="row"><Day on={one.judged_on} /> {one.is_in_grace ? <Mark tone="warn">{say("tiers.in_grace")}</Mark> : null}</span>, text: (one) => one.judged_on },
    { id: "tier", head: say("members.tier"), phone: "more", cell: (one) => <Tier code={one.tier} />, text: (one) => one.tier },
    { id: "falls", head: say("tiers.falls_to"), cell: (one) => <Tier code={one.falls_to} />, text: (one) => one.falls_to },
    { id: "counted", head: say("tiers.counted"), isNumber: true, cell: (one) => amount(one.counted), text: (one) => one.counted },
    { id: "keep", head: say("tiers.keep"), isNumber: true, cell: (one) => amount(one.keep), text: (one) => one.keep },
    { id: "missing", head: say("tiers.missing"), isNumber: true, phone: "aside", cell: (one) => amount(one.missing), text: (one) => one.missing },
  ];
  // The ledger orders and pages: here only columns are left out.
  const shown = useArranged(columns, asked.data?.data ?? []).columns;
  return (
    <Section title={say("tiers.falling")}>
      {may("members.list") ? (
        <div className="stack">
          <div className="filters">
            <Segmented
              label={say("tiers.falling_within")}
              choices={WITHIN.map((one) => ({ id: one, label: say("tiers.within", { days: one }) }))}
              current={within}
              onChoose={(chosen) => put({ within: chosen === "30" ? null : chosen, before: null })}
            />
            <TableTools columns={columns} rows={asked.data?.data ?? []} file="falling.csv" />
          </div>
          <Shown asked={asked} loading={<Bars lines={4} columns={6} />}>
            {(page) =>
              page.data === null ? (
                <Empty title={say("tiers.too_many")}>{say("tiers.too_many_why")}</Empty>
              ) : (
                <>
                  <Table
                    label={say("tiers.falling")}
                    columns={shown}
                    rows={page.data}
                    rowKey={(one) => one.member_id}
                    onOpen={(one) => go(`/members/${one.member_id}`)}
                    empty={page.next_cursor ? <Empty title={say("tiers.page_empty")} /> : <Empty title={say("tiers.nobody")}><Said id="tiers.nobody_why" with={{ by: <Day on={page.until_on} style="sentence" /> }} /></Empty>}
                  />
                  <div className="pager">
                    <span />
                    <span className="row">
                      {before ? <button type="button" className="button" onClick={() => put({ before: null }, "push")}>{say("do.first_page")}</button> : null}
                      <button type="button" className="button" disabled={!page.next_cursor} onClick={() => put({ before: page.next_cursor }, "push")}>{say("do.more")}</button>
                    </span>
                  </div>
                </>
              )
            }
          </Shown>
        </div>
      ) : (
        <p className="soft">{say("tiers.may_not_list")}</p>
      )}
    </Section>
  );
}

export const tiers: Screen = {
  path: "/tiers",
  word: "screen.tiers",
  Page: TiersPage,
  permission: "books.read",
  menu: { group: "group.programme", icon: "ladder", key: "v" },
};
