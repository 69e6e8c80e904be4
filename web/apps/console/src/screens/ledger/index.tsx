// The ledger: the laws and their last proof, and the programme's accounts.
import { api, got, type Schemas } from "@jifen/api";
import {
  Broken, Bars, type Column, Count, Empty, Figure, Instant, lengthText, Mark, Money, nameIn, Points, Said, Section, Shown, Table, TableTools, useArranged, useAsked, useFrame,
  useProgram, useQuery, useSay,
} from "@jifen/ui";
import type { Key } from "@jifen/words";
import type { ReactNode } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Breakage } from "./breakage.tsx";
import { Exports } from "./exports.tsx";

type Row = Schemas["AccountRow"];
type Law = Schemas["LawRow"];
type Laws = Schemas["LawsAnswer"];

function LedgerPage() {
  const say = useSay();
  const { language, book } = useFrame();
  const laws = useAsked(`laws ${language}`, () => got(api.GET("/v1/laws", { params: { query: { language } } })));
  const title = say("screen.ledger");
  return (
    <Page title={title}>
      <Shown asked={laws} loading={<Bars lines={10} />}>
        {(found) => (
          <div className="stack stack-wide">
            <Verdict laws={found} />
            <div className="split split-even">
              {book?.program ? <Accounts /> : <Empty title={say("overview.no_programme")}>{say("overview.no_programme_how")}</Empty>}
              <LawList laws={found.data} />
            </div>
            {book?.program ? <Breakage /> : null}
            <Exports />
          </div>
        )}
      </Shown>
    </Page>
  );
}

function Verdict({ laws }: { laws: Laws }) {
  const say = useSay();
  const broken = laws.data.filter((one) => one.verdict === "broken");
  const proof = laws.proof;
  return (
    <>
      {broken.length > 0 ? (
        <Broken title={say("ledger.broken", { n: broken.length }, broken.length)}>
          {broken.map((one) => <p key={one.law}>{one.law}. {one.title}</p>)}
        </Broken>
      ) : (
        <p className="verdict">{proof ? <Said id="ledger.all_kept" with={{ laws: laws.data.length }} /> : say("ledger.never_proven")}</p>
      )}
      <div className="figures">
        <Figure label={say("ledger.laws")} note={say("ledger.laws_note")}>
          {proof ? `${proof.laws_kept} / ${proof.laws}` : `– / ${laws.data.length}`}
        </Figure>
        {proof ? (
          <>
            <Figure label={say("ledger.last_proof")} note={<Said id="ledger.took" with={{ took: lengthText(proof.milliseconds) }} />}>
              <Instant at={proof.began_at} clock="machine" style="short" />
            </Figure>
            <Figure label={say("ledger.replayed")} note={say("ledger.replayed_note")}><Count of={proof.members_replayed} /></Figure>
          </>
        ) : (
          <Figure label={say("ledger.last_proof")} note={<code>jifen reconcile</code>}>–</Figure>
        )}
      </div>
      <p className="small soft">{say("ledger.how_to_prove")} <code>jifen reconcile</code></p>
    </>
  );
}

function LawList({ laws }: { laws: Law[] }) {
  const say = useSay();
  const [query, put] = useQuery();
  const open = query.get("law");
  const verdicts: Record<Law["verdict"], { tone: "kept" | "stop" | "wait"; word: Key }> = {
    kept: { tone: "kept", word: "law.kept" },
    broken: { tone: "stop", word: "law.broken" },
    "tested elsewhere": { tone: "kept", word: "law.tested" },
    unproven: { tone: "wait", word: "law.unproven" },
  };
  const columns: Column<Law>[] = [
    { id: "number", head: "#", isNumber: true, cell: (one) => <span className="soft">{one.law}</span> },
    {
      id: "title", head: say("ledger.law"), phone: "name", width: "fill",
      cell: (one) => (
        <div className="two">
          {one.title}
          {open === String(one.law) || one.verdict === "broken" ? (
            <ul className="checks small soft" lang="en">
              {one.checks.map((check) => (
                <li key={check.check}>
                  {check.offenders.length === 0 ? "✓ " : "✗ "}
                  {check.check}
                  {check.offenders.map((who, at) => <div key={at} className="code">{Object.entries(who).map(([name, value]) => `${name} ${String(value)}`).join(", ")}</div>)}
                </li>
              ))}
              {one.tested_by ? <li>{one.tested_by}</li> : null}
            </ul>
          ) : null}
        </div>
      ),
    },
    { id: "verdict", head: say("ledger.verdict"), phone: "figure", cell: (one) => <Mark tone={verdicts[one.verdict].tone}>{say(verdicts[one.verdict].word)}</Mark> },
    { id: "checks", head: say("ledger.checks"), isNumber: true, cell: (one) => <Count of={one.checks.length} /> },
  ];
  return (
    <Section title={say("ledger.the_laws")}>
      <Table
        label={say("ledger.the_laws")}
        columns={columns}
        rows={laws}
        rowKey={(one) => String(one.law)}
        onOpen={(one) => put({ law: open === String(one.law) ? null : String(one.law) })}
        picked={open}
        isDense
      />
    </Section>
  );
}

function Accounts() {
  const say = useSay();
  const { language } = useFrame();
  const program = useProgram();
  const asked = useAsked("accounts", () => got(api.GET("/v1/accounts")));
  return (
    <Shown asked={asked}>
      {(found) =>
        found.data === null ? (
          <Empty title={say("overview.too_long")}>{say("overview.too_long_why")}</Empty>
        ) : (
          <div className="stack stack-wide">
            {program.currencies.map((currency) => {
              const rows = (found.data ?? []).filter((one) => one.currency === currency.code);
              return rows.length === 0 ? null : <AccountTable key={currency.code} name={nameIn(currency.names, language)} currency={currency} rows={rows} />;
            })}
            {found.data.length === 0 ? <Empty title={say("ledger.no_postings")}>{say("ledger.no_postings_why")}</Empty> : null}
          </div>
        )
      }
    </Shown>
  );
}

function AccountTable({ name, currency, rows }: { name: string; currency: Schemas["BookCurrency"]; rows: Row[] }) {
  const say = useSay();
  const hasWorth = currency.worth_minor !== null;
  const signed = (row: Row) => (row.worth_minor === null ? 0 : row.units < 0 ? -row.worth_minor : row.worth_minor);
  const total = rows.reduce((sum, one) => sum + one.units, 0);
  const columns: Column<Row>[] = [
    { id: "verb", head: say("ledger.account"), phone: "name", width: "fill", cell: (one) => say(`verb.${one.verb}` as Key), order: (one) => say(`verb.${one.verb}` as Key), text: (one) => one.verb },
    { id: "postings", head: say("ledger.postings"), isNumber: true, cell: (one) => <Count of={one.postings} />, order: (one) => one.postings, text: (one) => one.postings },
    { id: "units", head: say("statement.units"), isNumber: true, phone: "figure", cell: (one) => <Points units={one.units} currency={one.currency} />, order: (one) => one.units, text: (one) => one.units },
    ...(hasWorth ? [{ id: "worth", head: say("member.at_worth"), isNumber: true, phone: "aside" as const, cell: (one: Row) => <Money minor={signed(one)} />, order: signed, text: signed }] : []),
  ];
  const arranged = useArranged(columns, rows);
  const totals: Record<string, ReactNode> = {
    verb: say("ledger.held"),
    postings: <Count of={rows.reduce((sum, one) => sum + one.postings, 0)} />,
    units: <Points units={total} currency={currency.code} />,
    worth: <Money minor={rows.reduce((sum, one) => sum + signed(one), 0)} />,
  };
  return (
    <Section title={say("ledger.accounts_of", { name })} aside={say("ledger.since_beginning")}>
      <TableTools columns={columns} rows={arranged.rows} file={`accounts-${currency.code}.csv`} />
      <Table
        label={say("ledger.accounts_of", { name })}
        {...arranged}
        rowKey={(one) => one.verb}
        isDense
        foot={<tr>{arranged.columns.map((one) => <td key={one.id} className={one.isNumber ? `right phone-${one.phone ?? "none"}` : ""}>{totals[one.id]}</td>)}</tr>}
      />
    </Section>
  );
}

export const ledger: Screen = {
  path: "/ledger",
  word: "screen.ledger",
  Page: LedgerPage,
  permission: "books.read",
  menu: { group: "group.books", icon: "ledger", key: "l" },
};
