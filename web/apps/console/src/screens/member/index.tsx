// A member: balances, lots by the day they expire, the tier path, the statement; every line of it opens.
import { api, got, type Schemas } from "@jifen/api";
import {
  Bars, type Column, Count, Day, Figure, Instant, Link, localDay, Money, nameIn, Number, Points, Section, Segmented,
  Shown, Table, Tabs, Tier, unitsText, useAsked, useFrame, useGoing, useProgram, useQuery, useSay, addressWith, Said, Empty, useTierName, type Asked,
} from "@jifen/ui";
import { type ReactNode, useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { WaitsOf } from "../../waits.tsx";
import { Status } from "../members/index.tsx";
import { Acts } from "./acts.tsx";
import { Devices, QuestionsOf, WhoLooked } from "./beside.tsx";
import { Drill } from "./drill.tsx";
import { HouseholdOf } from "./household.tsx";
import { PersonOf } from "./person.tsx";
import { RedemptionsOf } from "./redemptions.tsx";

type Member = Schemas["MemberAnswer"];
type Lot = Schemas["LotAnswer"];
type Entry = Schemas["StatementEntry"];
type Lots = Schemas["LotsAnswer"];
const TABS = ["whole", "statement", "lots"] as const;

function MemberPage({ id }: { id: string }) {
  const say = useSay();
  const asked = useAsked(`member ${id}`, () => got(api.GET("/v1/members/{member_id}", { params: { path: { member_id: id } } })));
  // What stands beside the member is asked for anew after something was done to him.
  const [acted, setActed] = useState(0);
  const again = () => {
    asked.again();
    setActed((was) => was + 1);
  };
  const name = asked.data ? (asked.data.keys[0]?.value ?? `…${id.slice(-8)}`) : `…${id.slice(-8)}`;
  return (
    <Page
      title={say("member.title", { name })}
      above={<Link to="/members">{say("screen.members")}</Link>}
      actions={asked.data ? <Acts member={asked.data} again={again} /> : null}
    >
      <Shown asked={asked} loading={<Bars lines={8} />}>
        {(member) => <Whole member={member} id={id} acted={acted} again={again} />}
      </Shown>
    </Page>
  );
}

function Whole({ member, id, acted, again }: { member: Member; id: string; acted: number; again: () => void }) {
  const say = useSay();
  const [query] = useQuery();
  const { route } = useGoing();
  const { language } = useFrame();
  const program = useProgram();
  const tab = TABS.find((one) => one === query.get("tab")) ?? "whole";
  const lots = useAsked(`lots ${id}`, () =>
    got(api.GET("/v1/members/{member_id}/lots", { params: { path: { member_id: id }, query: { is_open: true, limit: 200 } } })),
  );
  const points = member.balances.find((one) => program.currencies.find((c) => c.code === one.currency)?.kind === "spendable");
  return (
    <div className="stack stack-wide">
      <div className="member-head">
        <div className="member-name">{member.keys[0]?.value ?? `…${id.slice(-8)}`}</div>
        <div className="dotted">
          <Tier code={member.tier.code} />
          <Status status={member.status} />
          <span>
            <Said id="member.since" with={{ day: <Day on={localDay(member.enrolled_at, program.time_zone)} style="sentence" /> }} />
          </span>
          <code className="code">{member.member_id}</code>
        </div>
      </div>
      <WaitsOf key={acted} id={id} />
      <div className="figures">
        {member.balances.map((one) => (
          <Figure
            key={one.currency}
            label={nameIn(one.names, language)}
            note={<BalanceNote balance={one} />}
          >
            <Number to={addressWith(route, { tab: "lots", currency: one.currency })} label={say("member.open_lots", { name: nameIn(one.names, language) })}>
              <Points units={one.balance} currency={one.currency} />
            </Number>
          </Figure>
        ))}
        {points?.next_expiry_on ? (
          <Figure label={say("member.next_expiry")} note={<Said id="member.next_expiry_on" with={{ day: <Day on={points.next_expiry_on} style="sentence" /> }} />}>
            <Number to={addressWith(route, { tab: "lots" })} label={say("member.next_expiry")}>
              <Points units={points.next_expiry_units} currency={points.currency} />
            </Number>
          </Figure>
        ) : null}
        <Figure label={say("member.entries")} note={say("member.entries_note")}>
          <Number to={addressWith(route, { tab: "statement" })} label={say("member.entries")}>
            <Count of={member.sequence} />
          </Number>
        </Figure>
      </div>
      <Tabs
        label={say("member.parts")}
        current={tab}
        tabs={TABS.map((one) => ({ id: one, label: say(`member.tab_${one}`), to: addressWith(route, { tab: one === "whole" ? null : one, before: null }) }))}
      />
      {tab === "whole" ? (
        <div className="split">
          <div className="stack stack-wide">
            <LotsByDay asked={lots} />
            <Statement id={id} limit={10} />
          </div>
          <div className="stack stack-wide">
            <TierPath id={id} />
            <PersonOf key={acted} id={id} isOpen={member.status === "active" || member.status === "frozen"} again={again} />
            <HouseholdOf member={member} again={again} />
            <Devices id={id} />
            <QuestionsOf id={id} />
            {program.rewards > 0 ? <RedemptionsOf id={id} acted={acted} /> : null}
            <WhoLooked id={id} />
          </div>
        </div>
      ) : null}
      {tab === "statement" ? <Statement id={id} limit={50} /> : null}
      {tab === "lots" ? <LotsTable id={id} /> : null}
      <Drill member={member} id={id} again={again} />
    </div>
  );
}

function BalanceNote({ balance }: { balance: Schemas["BalanceAnswer"] }) {
  const say = useSay();
  const parts: ReactNode[] = [];
  if (balance.worth_minor !== null) parts.push(<Said key="worth" id="member.worth" with={{ money: <Money minor={balance.worth_minor} /> }} />);
  for (const [name, units] of [["pending", balance.pending], ["held", balance.held], ["debt", balance.debt]] as const) {
    if (units) parts.push(<Said key={name} id={`member.${name}`} with={{ units: <Points units={units} currency={balance.currency} /> }} />);
  }
  if (parts.length === 0) return <>{say("member.no_worth")}</>;
  return <>{parts.flatMap((part, at) => (at === 0 ? [part] : [say("list.between"), part]))}</>;
}

/** Open lots together by their last day of use. */
function LotsByDay({ asked }: { asked: Asked<Lots> }) {
  const say = useSay();
  const { route } = useGoing();
  return (
    <Section title={say("member.lots_by_day")} aside={<Link to={addressWith(route, { tab: "lots" })}>{say("member.all_lots")}</Link>}>
      <Shown asked={asked}>{(lots) => <LotBars lots={lots.data} isWhole={lots.next_cursor === null} />}</Shown>
    </Section>
  );
}

interface DayOfLots {
  on: string | null;
  left: number;
  gone: number;
  held: number;
  lots: number;
}

function LotBars({ lots, isWhole }: { lots: Lot[]; isWhole: boolean }) {
  const say = useSay();
  const program = useProgram();
  const { route } = useGoing();
  const points = program.currencies.find((one) => one.kind === "spendable");
  const mine = lots.filter((one) => one.currency === points?.code);
  if (!points || mine.length === 0) return <Empty title={say("member.no_open_lots")}>{say("member.no_open_lots_why")}</Empty>;
  const days = new Map<string | null, DayOfLots>();
  for (const lot of mine) {
    const day = days.get(lot.expires_on) ?? { on: lot.expires_on, left: 0, gone: 0, held: 0, lots: 0 };
    day.left += lot.left;
    day.held += lot.held;
    day.gone += lot.opened - lot.left - lot.held;
    day.lots += 1;
    days.set(lot.expires_on, day);
  }
  const rows = [...days.values()].sort((a, b) => (a.on ?? "9999").localeCompare(b.on ?? "9999"));
  const most = Math.max(...rows.map((one) => one.left + one.held + one.gone));
  const worth = (units: number) => (points.worth_minor === null ? null : Math.floor((units * points.worth_minor) / (points.worth_units ?? 1)));
  const total = rows.reduce((sum, one) => sum + one.left + one.held, 0);
  const columns: Column<DayOfLots>[] = [
    { id: "on", head: say("member.expires_after"), phone: "name", cell: (one) => (one.on ? <Day on={one.on} /> : say("member.never")) },
    {
      id: "bar", head: say("member.open_and_used"), width: "fill",
      cell: (one) => (
        <svg className="meter" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect width={((one.left + one.held + one.gone) * 100) / most} height="10" />
          <rect className="fill" width={((one.left + one.held) * 100) / most} height="10" />
        </svg>
      ),
    },
    {
      id: "left", head: say("member.open"), isNumber: true, phone: "figure",
      cell: (one) => <Number to={addressWith(route, { tab: "lots", day: one.on ?? "never" })}><Points units={one.left + one.held} currency={points.code} /></Number>,
    },
    { id: "gone", head: say("member.used"), isNumber: true, cell: (one) => <Points units={one.gone} currency={points.code} /> },
    { id: "lots", head: say("member.lots"), isNumber: true, cell: (one) => <Count of={one.lots} /> },
    { id: "worth", head: say("member.at_worth"), isNumber: true, phone: "aside", cell: (one) => { const minor = worth(one.left + one.held); return minor === null ? "–" : <Money minor={minor} />; } },
  ];
  const minor = worth(total);
  return (
    <Table
      label={say("member.lots_by_day")}
      columns={columns}
      rows={rows}
      rowKey={(one) => one.on ?? "never"}
      isDense
      foot={
        isWhole ? (
          <tr>
            <td>{say("member.all_open")}</td>
            <td className="phone-none" />
            <td className="right"><Points units={total} currency={points.code} /></td>
            <td className="right phone-none"><Points units={rows.reduce((sum, one) => sum + one.gone, 0)} currency={points.code} /></td>
            <td className="right phone-none"><Count of={mine.length} /></td>
            <td className="right">{minor === null ? "–" : <Money minor={minor} />}</td>
          </tr>
        ) : null
      }
    />
  );
}

function LotsTable({ id }: { id: string }) {
  const say = useSay();
  const [query, put] = useQuery();
  const { go, route } = useGoing();
  const onlyOpen = query.get("all") === null;
  const before = query.get("before");
  const day = query.get("day");
  const currency = query.get("currency");
  const asked = useAsked(`lots ${id} ${onlyOpen} ${before}`, () =>
    got(
      api.GET("/v1/members/{member_id}/lots", {
        params: { path: { member_id: id }, query: { is_open: onlyOpen, limit: 200, ...(before ? { before: parseInt(before, 10) } : {}) } },
      }),
    ),
  );
  const columns: Column<Lot>[] = [
    { id: "number", head: say("lot.number"), phone: "name", cell: (one) => <Number to={addressWith(route, { lot: String(one.number), drill: null })}>{one.number}</Number> },
    { id: "expires", head: say("member.expires_after"), phone: "more", cell: (one) => (one.expires_on ? <Day on={one.expires_on} /> : say("member.never")) },
    { id: "matures", head: say("lot.usable_from"), cell: (one) => <Day on={one.matures_on} /> },
    { id: "opened", head: say("lot.opened"), isNumber: true, cell: (one) => <Points units={one.opened} currency={one.currency} /> },
    { id: "left", head: say("lot.left"), isNumber: true, phone: "figure", cell: (one) => <Points units={one.left} currency={one.currency} /> },
    { id: "held", head: say("lot.held"), isNumber: true, cell: (one) => <Points units={one.held} currency={one.currency} /> },
    { id: "gone", head: say("lot.gone"), isNumber: true, cell: (one) => <Points units={one.gone} currency={one.currency} /> },
    { id: "expired", head: say("lot.expired"), isNumber: true, cell: (one) => <Points units={one.expired} currency={one.currency} /> },
    { id: "returned", head: say("lot.returned"), isNumber: true, cell: (one) => <Points units={one.returned} currency={one.currency} /> },
    { id: "origin", head: say("lot.origin"), isNumber: true, phone: "aside", cell: (one) => <Number to={addressWith(route, { drill: `${one.origin}`, lot: null })}>{one.origin}</Number> },
  ];
  return (
    <div className="stack">
      <div className="filters">
        <Segmented
          label={say("lot.which")}
          choices={[{ id: "open", label: say("lot.open_only") }, { id: "all", label: say("lot.all") }]}
          current={onlyOpen ? "open" : "all"}
          onChoose={(chosen) => put({ all: chosen === "all" ? "1" : null, before: null })}
        />
        {day ? <button type="button" className="button" onClick={() => put({ day: null })}>{day === "never" ? say("member.never") : <Day on={day} />} ×</button> : null}
        {currency ? <button type="button" className="button" onClick={() => put({ currency: null })}>{currency} ×</button> : null}
      </div>
      <Shown asked={asked}>
        {(lots) => (
          <>
            <Table
              label={say("member.tab_lots")}
              columns={columns}
              rows={lots.data.filter((one) => (day === null || (one.expires_on ?? "never") === day) && (currency === null || one.currency === currency))}
              rowKey={(one) => String(one.number)}
              onOpen={(one) => go(addressWith(route, { lot: String(one.number), drill: null }))}
              picked={query.get("lot")}
              isDense
              empty={<Empty title={say("member.no_open_lots")}>{say("member.no_open_lots_why")}</Empty>}
            />
            <div className="pager">
              <span />
              <button type="button" className="button" disabled={!lots.next_cursor} onClick={() => put({ before: lots.next_cursor }, "push")}>
                {say("do.older")}
              </button>
            </div>
          </>
        )}
      </Shown>
    </div>
  );
}

function TierPath({ id }: { id: string }) {
  const say = useSay();
  const tierName = useTierName();
  const { route } = useGoing();
  const asked = useAsked(`tiers ${id}`, () => got(api.GET("/v1/members/{member_id}/tiers", { params: { path: { member_id: id } } })));
  const amount = (counts: string, value: number) =>
    counts === "spend" ? <Money minor={value} /> : counts === "visits" ? <Count of={value} /> : <Points units={value} currency={counts} />;
  return (
    <Section title={say("member.tier_path")}>
      <Shown asked={asked}>
        {(tiers) => (
          <div className="stack">
            <p>
              <Said
                id={tiers.counts === "spend" ? "tier.counted_spend" : tiers.counts === "visits" ? "tier.counted_visits" : "tier.counted_units"}
                with={{
                  amount: <b>{amount(tiers.counts, tiers.counted)}</b>,
                  since: tiers.counted_from_on ? <Day on={tiers.counted_from_on} style="sentence" /> : say("tier.the_beginning"),
                }}
              />
              <Said id="list.sentences" />
              {tiers.next_tier ? (
                <Said id="tier.missing" with={{ tier: tierName(tiers.next_tier), missing: <b>{amount(tiers.counts, tiers.missing)}</b>, reach: amount(tiers.counts, tiers.next_reach ?? 0) }} />
              ) : (
                <Said id="tier.highest" />
              )}
            </p>
            {tiers.next_reach ? (
              <svg className="meter" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={say("tier.progress")}>
                <rect width="100" height="10" />
                <rect className="fill" width={Math.min(100, (tiers.counted * 100) / tiers.next_reach)} height="10" />
              </svg>
            ) : null}
            {tiers.review_on ? (
              <p className="small soft">
                <Said id="tier.review" with={{ day: <Day on={tiers.review_on} style="sentence" /> }} />{" "}
                {tiers.keep_missing > 0 ? <Said id="tier.keep_missing" with={{ missing: <b>{amount(tiers.counts, tiers.keep_missing)}</b>, keep: amount(tiers.counts, tiers.keep) }} /> : null}
              </p>
            ) : null}
            <ol className="path">
              {[...tiers.path].reverse().map((one, at) => (
                <li key={at}>
                  <span>{one.since_on ? <Day on={one.since_on} style="sentence" /> : <span className="soft">{say("tier.at_first")}</span>}</span>
                  <Tier code={one.tier} />
                  {one.cause ? (
                    <Number to={addressWith(route, { drill: String(one.cause), lot: null })} label={say("tier.open_cause", { number: one.cause })}>
                      #{one.cause}
                    </Number>
                  ) : one.since_on ? <span className="small soft">{say("tier.by_time")}</span> : null}
                </li>
              ))}
            </ol>
          </div>
        )}
      </Shown>
    </Section>
  );
}

function Statement({ id, limit }: { id: string; limit: number }) {
  const say = useSay();
  const { language } = useFrame();
  const program = useProgram();
  const { route, go } = useGoing();
  const [query, put] = useQuery();
  const isWhole = limit > 10;
  const before = isWhole ? query.get("before") : null;
  const spendable = program.currencies.find((one) => one.kind === "spendable")?.code ?? "all";
  const currency = query.get("of") ?? spendable;
  const rules = useRuleNames();
  const asked = useAsked(`statement ${id} ${before} ${limit} ${language}`, () =>
    got(
      api.GET("/v1/members/{member_id}/statement", {
        params: { path: { member_id: id }, query: { limit, language, ...(before ? { before: parseInt(before, 10) } : {}) } },
      }),
    ),
  );
  const open = (one: Entry) => addressWith(route, { drill: `${one.sequence}.${one.part}`, lot: null });
  const columns: Column<Entry>[] = [
    { id: "when", head: say("statement.when"), phone: "more", cell: (one) => <Instant at={one.occurred_at} /> },
    { id: "what", head: say("statement.what"), phone: "name", width: "fill", cell: (one) => <What entry={one} ruleName={rules} /> },
    {
      id: "units", head: say("statement.units"), isNumber: true, phone: "figure",
      cell: (one) => (
        <Number to={open(one)} label={say("statement.open")}>
          <Points units={one.units} currency={one.currency} signed />
        </Number>
      ),
    },
    { id: "balance", head: say("statement.balance"), isNumber: true, phone: "aside", cell: (one) => <Points units={one.balance_after} currency={one.currency} /> },
  ];
  const choices = [...program.currencies.map((one) => ({ id: one.code, label: nameIn(one.names, language) })), { id: "all", label: say("statement.all_currencies") }];
  return (
    <Section
      title={say("member.tab_statement")}
      aside={
        <span className="row">
          {program.currencies.length > 1 ? <Segmented label={say("statement.which")} choices={choices} current={currency} onChoose={(chosen) => put({ of: chosen === spendable ? null : chosen })} /> : null}
          {isWhole ? null : <Link to={addressWith(route, { tab: "statement" })}>{say("statement.all")}</Link>}
        </span>
      }
    >
      <Shown asked={asked}>
        {(statement) => (
          <>
            <Table
              label={say("member.tab_statement")}
              columns={columns}
              rows={statement.data.filter((one) => currency === "all" || one.currency === currency)}
              rowKey={(one) => `${one.sequence}.${one.part}`}
              onOpen={(one) => go(open(one))}
              picked={query.get("drill")}
              empty={<Empty title={say("statement.none")}>{say("statement.none_why")}</Empty>}
            />
            {isWhole ? (
              <div className="pager">
                <span className="hide-phone"><kbd>j</kbd> <kbd>k</kbd> {say("keys_map.move")} <kbd>Enter</kbd> {say("keys_map.open")}</span>
                <span className="row">
                  {before ? <button type="button" className="button" onClick={() => put({ before: null }, "push")}>{say("do.newest")}</button> : null}
                  <button type="button" className="button" disabled={!statement.next_cursor} onClick={() => put({ before: statement.next_cursor }, "push")}>{say("do.older")}</button>
                </span>
              </div>
            ) : null}
          </>
        )}
      </Shown>
    </Section>
  );
}

/** What the newest revision calls its rules. */
function useRuleNames(): (code: string) => string {
  const { language } = useFrame();
  const revision = useProgram().revision;
  const asked = useAsked(`rules ${revision} ${language}`, () =>
    got(api.GET("/v1/program/revisions/{number}/rules", { params: { path: { number: revision }, query: { language } } })),
  );
  return (code) => {
    const found = asked.data?.data.find((one) => one.rule === code);
    return found ? nameIn(found.names, language) : code;
  };
}

/** What an entry was, and which rules granted what. */
function What({ entry, ruleName }: { entry: Entry; ruleName: (code: string) => string }) {
  const say = useSay();
  const granted = entry.rules.filter((one) => one.granted !== 0);
  return (
    <>
      {say(`verb.${entry.verb}` as "verb.earn")}
      {entry.business_no ? <span className="soft"> {entry.business_no}</span> : null}
      {granted.length > 0 ? (
        <span className="small soft">
          {" · "}
          {granted.slice(0, 4).map((one, at) => (
            <span key={one.rule}>
              {at > 0 ? say("list.between") : null}
              {ruleName(one.rule)} <span className="num">{unitsText(one.granted, 0, true)}</span>
            </span>
          ))}
          {granted.length > 4 ? " …" : null}
        </span>
      ) : entry.note ? (
        <span className="small soft"> · {entry.note}</span>
      ) : null}
    </>
  );
}

export const member: Screen = { path: "/members/:id", word: "screen.member", Page: MemberPage, permission: "members.read" };
