// Exchanges: what the programme gives units for, and how often that was made.
import { api, got, type Schemas } from "@jifen/api";
import { Bars, type Column, Columns, Count, Day, Empty, Link, Mark, Month, nameIn, Said, Section, Shown, Table, TableTools, useArranged, useAsked, useFrame, useMay, useSay } from "@jifen/ui";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type Used = Schemas["ExchangeUsed"];
type Found = Schemas["ExchangesUsed"];

function ExchangesPage() {
  const say = useSay();
  const { book, language } = useFrame();
  const asked = useAsked(book?.program ? `exchanges used ${language}` : null, () => got(api.GET("/v1/exchanges", { params: { query: { language } } })));
  return (
    <Page title={say("screen.exchanges")}>
      {book?.program ? (
        <Shown asked={asked} loading={<Bars lines={4} />}>{(found) => (found.data.length === 0 ? <Nothing /> : <Offered found={found} />)}</Shown>
      ) : (
        <Empty title={say("overview.no_programme")}>{say("overview.no_programme_how")}</Empty>
      )}
    </Page>
  );
}

function Nothing() {
  const say = useSay();
  const may = useMay();
  return (
    <Empty title={say("exchanges.none")} actions={may("program.plan") ? <Link to="/programme?tab=draft" className="button">{say("exchanges.draft")}</Link> : null}>
      {say("exchanges.none_why")}
    </Empty>
  );
}

function Offered({ found }: { found: Found }) {
  const say = useSay();
  const { language } = useFrame();
  const name = (one: Used) => nameIn(one.names, language) || one.exchange;
  const isCounted = found.data.every((one) => one.times !== null);
  const total = found.data.reduce((sum, one) => sum + (one.times ?? 0), 0);
  const count = (value: number | null) => (value === null ? <span className="soft">–</span> : <Count of={value} />);
  const columns: Column<Used>[] = [
    { id: "name", head: say("exchanges.name"), phone: "name", width: "fill", cell: (one) => <div className="two"><b>{name(one)}</b> <code className="code">{one.exchange}</code><p className="small soft">{one.sentence}</p></div>, order: name, text: (one) => one.exchange },
    { id: "how", head: say("exchanges.how"), phone: "more", cell: (one) => <Mark tone={one.at_once ? "run" : "wait"}>{say(one.at_once ? "exchanges.at_once" : "exchanges.asked")}</Mark>, text: (one) => (one.at_once ? "at_once" : "asked") },
    {
      id: "months", head: say("exchanges.months"),
      cell: (one) => (one.by_month === null || one.times === 0 ? <span className="soft">–</span> : <Columns values={one.by_month} now={one.by_month.length} before={0} label={say("exchanges.picture", { name: name(one) })} />),
    },
    { id: "times", head: say("exchanges.times"), isNumber: true, phone: "figure", cell: (one) => count(one.times), order: (one) => one.times ?? 0, text: (one) => one.times },
    { id: "undone", head: say("exchanges.undone"), isNumber: true, cell: (one) => count(one.times_undone), order: (one) => one.times_undone ?? 0, text: (one) => one.times_undone },
    { id: "members", head: say("exchanges.members"), isNumber: true, phone: "aside", cell: (one) => count(one.members), order: (one) => one.members ?? 0, text: (one) => one.members },
  ];
  const arranged = useArranged(columns, found.data);
  return (
    <div className="stack stack-wide">
      {isCounted ? (
        <p className="verdict">
          <Said
            id="exchanges.verdict"
            n={found.data.length}
            with={{ count: <Count of={found.data.length} />, times: <b><Count of={total} /></b>, from: <Day on={found.from_on} style="sentence" />, to: <Day on={found.to_on} style="sentence" /> }}
          />
        </p>
      ) : (
        <Empty title={say("overview.too_long")}>{say("overview.too_long_why")}</Empty>
      )}
      <Section title={say("screen.exchanges")}>
        <TableTools columns={columns} rows={arranged.rows} file="exchanges.csv" />
        <Table label={say("screen.exchanges")} {...arranged} rowKey={(one) => one.exchange} />
        <p className="small soft">{say("exchanges.run_where")}</p>
      </Section>
      {isCounted && total > 0 ? (
        <details>
          <summary className="small">{say("exchanges.as_table")}</summary>
          <div className="table-box" tabIndex={0} role="region" aria-label={say("exchanges.as_table")}>
            <table className="table dense keep">
              <thead>
                <tr>
                  <th scope="col">{say("tiers.month")}</th>
                  {found.data.map((one) => <th key={one.exchange} scope="col" className="right">{name(one)}</th>)}
                </tr>
              </thead>
              <tbody>
                {found.months.map((month, at) => (
                  <tr key={month}>
                    <td><Month on={month} withYear /></td>
                    {found.data.map((one) => <td key={one.exchange} className="right"><Count of={one.by_month?.[at] ?? 0} /></td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ) : null}
    </div>
  );
}

export const exchanges: Screen = {
  path: "/exchanges",
  word: "screen.exchanges",
  Page: ExchangesPage,
  permission: "books.read",
  menu: { group: "group.programme", icon: "swap", key: "x" },
};
