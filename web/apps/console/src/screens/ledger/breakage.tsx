// The breakage curve: of the units of each month what was used, has expired, came back and is open; and what will never be claimed.
import { api, got, type Schemas } from "@jifen/api";
import { type Column, Count, Empty, Figure, Money, Month, nameIn, Points, Said, Section, Segmented, Share, Shown, Table, TableTools, useAsked, useFrame, useProgram, useQuery, useSay } from "@jifen/ui";
import type { ReactNode } from "react";

type Found = Schemas["BreakageAnswer"];
type OfMonth = Schemas["BreakageMonth"];
const PARTS = ["used", "expired", "returned", "open"] as const;

export function Breakage() {
  const say = useSay();
  const { language } = useFrame();
  const program = useProgram();
  const [query, put] = useQuery();
  const spendable = program.currencies.filter((one) => one.kind === "spendable");
  const first = spendable[0]?.code ?? program.currencies[0]?.code ?? "";
  const currency = spendable.find((one) => one.code === query.get("of"))?.code ?? first;
  const asked = useAsked(`breakage ${currency}`, () => got(api.GET("/v1/breakage", { params: { query: { currency } } })));
  return (
    <Section
      title={say("breakage.title")}
      aside={spendable.length > 1 ? <Segmented label={say("statement.which")} choices={spendable.map((one) => ({ id: one.code, label: nameIn(one.names, language) }))} current={currency} onChoose={(chosen) => put({ of: chosen === first ? null : chosen })} /> : null}
    >
      <Shown asked={asked}>{(found) => <Curve found={found} />}</Shown>
    </Section>
  );
}

function Curve({ found }: { found: Found }) {
  const say = useSay();
  const units = (of: number) => <Points units={of} currency={found.currency} />;
  if (found.months === null) return <Empty title={say("overview.too_long")}>{say("overview.too_long_why")}</Empty>;
  if (found.months.length === 0) return <Empty title={say("breakage.none")}>{say("breakage.none_why")}</Empty>;
  const columns: Column<OfMonth>[] = [
    { id: "month", head: say("breakage.month"), phone: "name", cell: (one) => (one.month === null ? say("breakage.before") : <Month on={one.month} withYear />), text: (one) => one.month ?? "" },
    { id: "age", head: say("breakage.age"), isNumber: true, cell: (one) => (one.age_months === null ? <span className="soft">–</span> : <Count of={one.age_months} />), text: (one) => one.age_months },
    { id: "opened", head: say("breakage.opened"), isNumber: true, phone: "figure", cell: (one) => units(one.opened), text: (one) => one.opened },
    ...PARTS.map((part): Column<OfMonth> => ({ id: part, head: say(`breakage.${part}`), isNumber: true, cell: (one) => units(one[part]), text: (one) => one[part] })),
    { id: "share", head: say("breakage.expired_share"), isNumber: true, phone: "aside", cell: (one) => <Share part={one.expired} of={one.opened - one.returned} />, text: (one) => one.expired },
  ];
  const sum = (of: (one: OfMonth) => number) => (found.months ?? []).reduce((all, one) => all + of(one), 0);
  const totals: Record<string, ReactNode> = {
    month: say("breakage.all"), age: null, opened: units(sum((one) => one.opened)), share: <Share part={sum((one) => one.expired)} of={sum((one) => one.opened - one.returned)} />,
    ...Object.fromEntries(PARTS.map((part) => [part, units(sum((one) => one[part]))])),
  };
  return (
    <div className="stack">
      <div className="figures">
        <Figure label={say("breakage.open_now")} note={found.open_minor === null ? undefined : <Said id="breakage.at_worth" with={{ money: <Money minor={found.open_minor} /> }} />}>{units(found.open_units ?? 0)}</Figure>
        <Figure
          label={say("breakage.expected")}
          note={found.breakage_units === null
            ? <Said id="breakage.not_known" with={{ ended: units(found.ended_units ?? 0) }} />
            : <Said id="breakage.by" with={{ expired: units(found.ended_expired_units ?? 0), ended: units(found.ended_units ?? 0) }} />}
        >
          {found.breakage_units === null ? "–" : units(found.breakage_units)}
        </Figure>
        {found.breakage_minor !== null && found.open_minor !== null ? (
          <Figure label={say("breakage.after")} note={<Said id="breakage.after_note" with={{ money: <Money minor={found.breakage_minor} /> }} />}><Money minor={found.open_minor - found.breakage_minor} /></Figure>
        ) : null}
      </div>
      <p className="small soft">
        {PARTS.map((part) => <span key={part} className="key-of"><span className={`swatch swatch-${part}`} />{say(`breakage.${part}`)}</span>)}
      </p>
      <Picture months={found.months} />
      <TableTools columns={columns} rows={found.months} file={`breakage-${found.currency}.csv`} />
      <Table
        label={say("breakage.title")} columns={columns} rows={found.months} rowKey={(one) => one.month ?? "before"} isDense
        foot={<tr>{columns.map((one) => <td key={one.id} className={one.isNumber ? `right phone-${one.phone ?? "none"}` : ""}>{totals[one.id]}</td>)}</tr>}
      />
      <p className="small soft">{say("breakage.how")}</p>
    </div>
  );
}

/** Each month from the foot up: used, expired, back, open; all of what was opened in it. The table below says the same. */
function Picture({ months }: { months: OfMonth[] }) {
  const say = useSay();
  const width = 100 / months.length;
  return (
    <svg className="breakage" viewBox="0 0 100 60" preserveAspectRatio="none" role="img" aria-label={say("breakage.picture")}>
      {months.map((one, at) => {
        let top = 60;
        return PARTS.map((part) => {
          const height = one.opened === 0 ? 0 : (Math.max(0, one[part]) * 60) / one.opened;
          top -= height;
          return <rect key={`${at} ${part}`} className={part} x={at * width + width * 0.06} y={top} width={width * 0.88} height={height} />;
        });
      })}
    </svg>
  );
}
