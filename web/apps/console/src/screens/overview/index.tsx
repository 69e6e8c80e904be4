// The overview: what needs a person first, then the books, then how it goes.
import { api, got, type Schemas } from "@jifen/api";
import {
  Bars, Broken, Change, Columns, Count, Day, daysLater, Empty, Figure, Instant, lengthText, Link, localDay, Mark, Money, Month, Number, Points,
  Said, Section, Segmented, Select, Share, Shown, Tier, type Tone, useAsked, useFrame, useProgram, useQuery, useSay, useTierName,
} from "@jifen/ui";
import type { Key } from "@jifen/words";
import type { ReactNode } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { type Also, useAlso } from "./also.tsx";
import { FirstSteps } from "./first.tsx";

type Overview = Schemas["OverviewAnswer"];
type Figures = Schemas["Figures"];
type MonthFigures = Schemas["MonthFigures"];
type Attention = Schemas["Attention"];

const PERIODS: { id: string; days: number; word: Key }[] = [
  { id: "30", days: 30, word: "period.30" },
  { id: "90", days: 90, word: "period.90" },
  { id: "365", days: 365, word: "period.365" },
];

function OverviewPage() {
  const say = useSay();
  const { book } = useFrame();
  const [query] = useQuery();
  if (!book?.program) return <NothingYet />;
  const today = localDay(book.now, book.program.time_zone);
  const days = PERIODS.find((one) => one.id === query.get("period"))?.days ?? 90;
  const filters = {
    from_on: query.get("from") ?? daysLater(today, -days),
    ...(query.get("to") ? { to_on: query.get("to") as string } : {}),
    ...(query.get("store") ? { store: query.get("store") as string } : {}),
    ...(query.get("tier") ? { tier: query.get("tier") as string } : {}),
  };
  return <Full filters={filters} title={say("screen.overview")} />;
}

function NothingYet() {
  const say = useSay();
  return (
    <Page title={say("screen.overview")}>
      <FirstSteps />
    </Page>
  );
}

function Full({ filters, title }: { filters: Record<string, string>; title: string }) {
  const { language } = useFrame();
  const say = useSay();
  const also = useAlso();
  const asked = useAsked(`overview ${JSON.stringify(filters)} ${language}`, () => got(api.GET("/v1/overview", { params: { query: filters } })), 60_000);
  return (
    <Page title={title} actions={asked.since ? <FreshNote asOf={asked.data?.as_of ?? null} /> : null}>
      {asked.data === null ? <Filters /> : null}
      <Shown asked={asked} loading={<Bars lines={8} />}>
        {(overview) => isFresh(overview) ? <FirstSteps /> : (
          <div className="stack stack-wide">
            <Verdict overview={overview} also={also.length} />
            <div className="split">
              <NeedsAttention attention={overview.attention} also={also} />
              <Books overview={overview} />
            </div>
            <HowItGoes overview={overview} />
          </div>
        )}
      </Shown>
      {asked.isSlow ? <p className="small soft">{say("overview.counting")}</p> : null}
    </Page>
  );
}

/** Nothing was ever bought, as far as a year back: the way there is what a person needs. */
function isFresh(overview: Overview): boolean {
  return overview.standing !== null && overview.standing.units_owed_for === 0 && (overview.period?.purchases ?? 1) === 0 && overview.months.every((one) => one.purchases === 0);
}

function FreshNote({ asOf }: { asOf: string | null }) {
  return asOf ? (
    <span className="small soft hide-phone">
      <Said id="overview.as_of" with={{ at: <Instant at={asOf} /> }} />
    </span>
  ) : null;
}

function Verdict({ overview, also }: { overview: Overview; also: number }) {
  const count = overview.attention.length + also;
  const proof = overview.proof;
  return (
    <p className="verdict">
      {count === 0 ? <Said id="overview.nothing_waits" /> : <Said id="overview.things_wait" n={count} with={{ count: <Count of={count} /> }} />}
      <Said id="list.sentences" />
      {proof === null ? (
        <Said id="overview.unproven" />
      ) : (
        <Said
          id={proof.is_kept ? "overview.proven" : "overview.disproven"}
          with={{
            laws: (
              <b>
                <Said id="overview.laws_kept" with={{ kept: proof.laws_kept, laws: proof.laws }} />
              </b>
            ),
          }}
        />
      )}
    </p>
  );
}

const LEVELS: Record<Attention["level"], { tone: Tone; word: Key }> = {
  now: { tone: "stop", word: "level.now" },
  due: { tone: "warn", word: "level.due" },
  waiting: { tone: "wait", word: "level.waiting" },
};

const TARGETS: Record<Attention["kind"], { to: string; word: Key }> = {
  law_broken: { to: "/ledger", word: "attention.open_ledger" },
  no_writes: { to: "/jobs", word: "attention.open_jobs" },
  time_late: { to: "/jobs", word: "attention.open_jobs" },
  members_parked: { to: "/jobs", word: "attention.open_jobs" },
  effects_parked: { to: "/jobs", word: "attention.open_jobs" },
  never_proven: { to: "/ledger", word: "attention.open_ledger" },
  proof_old: { to: "/ledger", word: "attention.open_ledger" },
  rules_off: { to: "/programme", word: "attention.open_rules" },
  stores_off: { to: "/programme", word: "attention.open_rules" },
  revision_ahead: { to: "/programme?tab=revisions", word: "attention.open_revisions" },
  proposals_waiting: { to: "/proposals", word: "attention.open_proposals" },
  unusual_readings: { to: "/audit?deed=reading.unusual", word: "attention.open_audit" },
  points_expire: { to: "/members?sort=expiring", word: "attention.open_members" },
};

/** Beside what the overview's answer names: where each leads. */
const ALSO: Record<Also["kind"], { to: string; word: Key }> = {
  questions_late: { to: "/questions", word: "attention.open_questions" },
  codes_flagged: { to: "/questions?tab=codes", word: "attention.open_codes" },
};

function AlsoLine({ one }: { one: Also }) {
  const say = useSay();
  return (
    <li>
      <Mark tone={LEVELS[one.level].tone}>{say(LEVELS[one.level].word)}</Mark>
      <div>
        <div className="strong">
          <Said id={`attention.${one.kind}`} n={one.isMore ? 2 : one.count} with={{ count: <><Count of={one.count} />{one.isMore ? "+" : ""}</> }} />
        </div>
        <p>{say(`attention.${one.kind}.why`)}</p>
      </div>
      <Link to={ALSO[one.kind].to}>{say(ALSO[one.kind].word)}</Link>
    </li>
  );
}

function NeedsAttention({ attention, also }: { attention: Attention[]; also: Also[] }) {
  const say = useSay();
  return (
    <Section title={say("overview.attention")}>
      {attention.length + also.length === 0 ? (
        <Empty title={say("overview.nothing")}>{say("overview.nothing_why")}</Empty>
      ) : (
        <ul className="attention">
          {also.filter((one) => one.level === "now").map((one) => <AlsoLine key={one.kind} one={one} />)}
          {attention.map((one) => (
            <li key={one.kind}>
              <Mark tone={LEVELS[one.level].tone}>{say(LEVELS[one.level].word)}</Mark>
              <div>
                <div className="strong">
                  <AttentionSaid one={one} />
                </div>
                <p>{say(`attention.${one.kind}.why`)}</p>
              </div>
              <Link to={TARGETS[one.kind].to}>{say(TARGETS[one.kind].word)}</Link>
            </li>
          ))}
          {also.filter((one) => one.level !== "now").map((one) => <AlsoLine key={one.kind} one={one} />)}
        </ul>
      )}
    </Section>
  );
}

function AttentionSaid({ one }: { one: Attention }) {
  const { points } = usePoints();
  const numbers = one.numbers;
  const filling: Record<string, ReactNode> = { ...numbers };
  if (typeof numbers["units"] === "number") filling["units"] = <Points units={numbers["units"]} currency={points} />;
  if (typeof numbers["minor"] === "number") filling["minor"] = <Money minor={numbers["minor"]} />;
  if (typeof numbers["members"] === "number") filling["members"] = <Count of={numbers["members"]} />;
  if (typeof numbers["by_on"] === "string") filling["by_on"] = <Day on={numbers["by_on"]} style="short" />;
  if (typeof numbers["effective_at"] === "string") filling["effective_at"] = <Instant at={numbers["effective_at"]} style="sentence" />;
  const n = ["count", "members", "effects", "days", "minutes"].map((name) => numbers[name]).find((value) => typeof value === "number");
  return <Said id={`attention.${one.kind}`} with={filling} {...(typeof n === "number" ? { n } : {})} />;
}

function usePoints(): { points: string; name: string } {
  const program = useProgram();
  const { language } = useFrame();
  const found = program.currencies.find((one) => one.kind === "spendable") ?? program.currencies[0];
  return { points: found?.code ?? "", name: found?.names[language] ?? found?.code ?? "" };
}

function Books({ overview }: { overview: Overview }) {
  const say = useSay();
  const standing = overview.standing;
  const proof = overview.proof;
  return (
    <Section title={say("overview.books")} aside={<Link to="/ledger">{say("overview.see_proof")}</Link>}>
      <div className="stack">
        {standing ? (
          <Figure
            label={say("overview.owed")}
            note={<Said id="overview.owed_note" with={{ units: <Points units={standing.units_owed_for} currency={overview.points} /> }} />}
          >
            <Number to="/ledger" label={say("overview.owed")}>
              <Money minor={standing.liability_minor} />
            </Number>
          </Figure>
        ) : null}
        {proof === null ? (
          <p className="small soft">
            <Mark tone="wait">{say("overview.never_proven")}</Mark>
          </p>
        ) : proof.is_kept ? (
          <div>
            <Mark tone="kept">
              <b>{say("overview.all_kept", { laws: proof.laws })}</b>
            </Mark>
            <p className="small soft">
              <Said
                id="overview.proof_note"
                with={{
                  at: <Instant at={proof.began_at} clock="machine" style="short" />,
                  members: <Count of={proof.members_replayed} />,
                  took: lengthText(proof.milliseconds),
                }}
              />
            </p>
          </div>
        ) : (
          <Broken title={say("overview.law_broken")}>
            <Link to="/ledger">{say("attention.open_ledger")}</Link>
          </Broken>
        )}
        {standing ? <TierMix standing={standing} /> : null}
      </div>
    </Section>
  );
}

function TierMix({ standing }: { standing: Schemas["Now"] }) {
  const say = useSay();
  const most = Math.max(1, ...standing.members_by_tier.map((one) => one.members));
  return (
    <div>
      <h3 className="small soft">
        <Said id="overview.members_total" n={standing.members} with={{ count: <Count of={standing.members} /> }} />
      </h3>
      <div className="tierbars">
        {standing.members_by_tier.map((one) => (
          <div className="tierbar" key={one.tier}>
            <Tier code={one.tier} />
            <svg className="meter" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect className="fill" width={(one.members * 100) / most} height="10" />
            </svg>
            <span className="right">
              <Number to={`/members?tier=${one.tier}`} label={say("overview.open_tier", { tier: one.tier })}>
                <Count of={one.members} />
              </Number>
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

function Filters() {
  const say = useSay();
  const [query, put] = useQuery();
  const tierName = useTierName();
  const program = useProgram();
  const stores = useAsked("stores", () => got(api.GET("/v1/stores")));
  const known = stores.data?.data ?? [];
  const { language } = useFrame();
  const period = PERIODS.find((one) => one.id === query.get("period"))?.id ?? "90";
  return (
    <div className="filters">
      <Segmented
        label={say("overview.period")}
        choices={PERIODS.map((one) => ({ id: one.id, label: say(one.word) }))}
        current={period}
        onChoose={(id) => put({ period: id, from: null, to: null })}
      />
      {known.length > 0 ? (
        <Select
          label={say("overview.store")}
          choices={[
            { id: "", label: say("overview.all_stores", { count: known.length }) },
            ...known.map((one) => ({ id: one.code, label: one.names[language] ?? one.code })),
          ]}
          current={query.get("store") ?? ""}
          onChoose={(store) => put({ store })}
        />
      ) : (
        <label className="search">
          <span className="away">{say("overview.store")}</span>
          <input
            className="input plain"
            placeholder={say("overview.any_store")}
            defaultValue={query.get("store") ?? ""}
            onKeyDown={(event) => event.key === "Enter" && put({ store: event.currentTarget.value.trim() })}
            onBlur={(event) => event.currentTarget.value.trim() !== (query.get("store") ?? "") && put({ store: event.currentTarget.value.trim() })}
          />
        </label>
      )}
      <Select
        label={say("overview.tier")}
        choices={[{ id: "", label: say("overview.all_tiers") }, ...program.tiers.map((one) => ({ id: one.code, label: tierName(one.code) }))]}
        current={query.get("tier") ?? ""}
        onChoose={(tier) => put({ tier })}
      />
    </div>
  );
}

function HowItGoes({ overview }: { overview: Overview }) {
  const say = useSay();
  const { period, compared } = overview;
  return (
    <Section
      title={say("overview.how")}
      aside={
        period && compared ? (
          <>
            <span className="swatch swatch-now" />
            <Day on={period.from_on} /> – <Day on={period.to_on} />
            {" · "}
            <span className="swatch swatch-then" />
            {say("overview.against")} <Day on={compared.from_on} /> – <Day on={compared.to_on} />
          </>
        ) : null
      }
    >
      <div className="stack">
        <Filters />
        {period && compared ? (
          <Kpis overview={overview} period={period} compared={compared} />
        ) : (
          <Empty title={say("overview.too_long")}>{say("overview.too_long_why")}</Empty>
        )}
      </div>
    </Section>
  );
}

interface Kpi {
  word: Key;
  value: ReactNode;
  now: number;
  before: number;
  good?: "up" | "down";
  of: (month: MonthFigures) => number;
  note?: ReactNode;
}

function Kpis({ overview, period, compared }: { overview: Overview; period: Figures; compared: Figures }) {
  const say = useSay();
  const { points } = usePoints();
  const each = (part: number, of: number) => (of === 0 ? 0 : Math.round(part / of));
  const members: Kpi[] = [
    { word: "kpi.active", value: <Count of={period.members_active} />, now: period.members_active, before: compared.members_active, good: "up", of: (m) => m.members_active },
    { word: "kpi.purchases", value: <Count of={period.purchases} />, now: period.purchases, before: compared.purchases, good: "up", of: (m) => m.purchases },
    { word: "kpi.new", value: <Count of={period.members_new} />, now: period.members_new, before: compared.members_new, good: "up", of: () => 0 },
  ];
  const sales: Kpi[] = [
    { word: "kpi.sales", value: <Money minor={period.sales_minor} whole />, now: period.sales_minor, before: compared.sales_minor, good: "up", of: (m) => m.sales_minor },
    {
      word: "kpi.basket",
      value: <Money minor={each(period.sales_minor, period.purchases)} />,
      now: each(period.sales_minor, period.purchases),
      before: each(compared.sales_minor, compared.purchases),
      good: "up",
      of: (m) => each(m.sales_minor, m.purchases),
    },
    {
      word: "kpi.spend",
      value: <Money minor={each(period.sales_minor, period.members_active)} />,
      now: each(period.sales_minor, period.members_active),
      before: each(compared.sales_minor, compared.members_active),
      good: "up",
      of: (m) => each(m.sales_minor, m.members_active),
    },
  ];
  const units: Kpi[] = [
    { word: "kpi.earned", value: <Points units={period.units_earned} currency={points} />, now: period.units_earned, before: compared.units_earned, of: (m) => m.units_earned },
    {
      word: "kpi.redeemed",
      value: <Points units={period.units_redeemed} currency={points} />,
      now: period.units_redeemed,
      before: compared.units_redeemed,
      good: "up",
      of: (m) => m.units_redeemed,
      note: <Said id="kpi.of_earned" with={{ share: <Share part={period.units_redeemed} of={period.units_earned} /> }} />,
    },
    { word: "kpi.expired", value: <Points units={period.units_expired} currency={points} />, now: period.units_expired, before: compared.units_expired, good: "down", of: (m) => m.units_expired },
  ];
  return (
    <>
      <div className="kpis">
        <KpiGroup title={say("kpi.participation")} kpis={members} overview={overview} />
        <KpiGroup title={say("kpi.behaviour")} kpis={sales} overview={overview} />
        <KpiGroup title={say("kpi.points")} kpis={units} overview={overview} />
      </div>
      <MonthsTable months={overview.months} />
    </>
  );
}

function KpiGroup({ title, kpis, overview }: { title: string; kpis: Kpi[]; overview: Overview }) {
  const say = useSay();
  const [query] = useQuery();
  const months = Math.min(12, Math.max(1, Math.round((PERIODS.find((one) => one.id === query.get("period"))?.days ?? 90) / 30)));
  return (
    <div className="kpi-group">
      <h3>{title}</h3>
      {kpis.map((one) => {
        const values = overview.months.map(one.of);
        return (
          <div className="kpi" key={one.word}>
            <div>
              <div className="kpi-label">{say(one.word)}</div>
              <div className="kpi-value">{one.value}</div>
              <div className="row small soft">
                <Change now={one.now} before={one.before} {...(one.good ? { good: one.good } : {})} />
                {one.note}
              </div>
            </div>
            {values.some((value) => value > 0) ? <Columns values={values} now={months} before={months} label={say("overview.columns_of", { what: say(one.word) })} /> : <span />}
          </div>
        );
      })}
    </div>
  );
}

function MonthsTable({ months }: { months: MonthFigures[] }) {
  const say = useSay();
  const { points } = usePoints();
  return (
    <details>
      <summary className="small">{say("overview.as_table")}</summary>
      <div className="table-box" tabIndex={0} role="region" aria-label={say("overview.as_table")}>
        <table className="table dense keep">
          <thead>
            <tr>
              <th scope="col">{say("overview.month")}</th>
              {(["kpi.active", "kpi.purchases", "kpi.sales", "kpi.earned", "kpi.redeemed", "kpi.expired"] as const).map((word) => (
                <th scope="col" className="right" key={word}>
                  {say(word)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {months.map((one) => (
              <tr key={one.month}>
                <td>
                  <Month on={one.month} withYear />
                </td>
                <td className="right"><Count of={one.members_active} /></td>
                <td className="right"><Count of={one.purchases} /></td>
                <td className="right"><Money minor={one.sales_minor} /></td>
                <td className="right"><Points units={one.units_earned} currency={points} /></td>
                <td className="right"><Points units={one.units_redeemed} currency={points} /></td>
                <td className="right"><Points units={one.units_expired} currency={points} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export const overview: Screen = {
  path: "/",
  word: "screen.overview",
  Page: OverviewPage,
  permission: "books.read",
  menu: { group: null, icon: "home", key: "o" },
};
