// When points expire: the next six months in which some do. The next one has an ink cap; a column opens its month.
import { Link, Month, Points, useSay } from "@jifen/ui";
import type { Lot } from "./own.ts";
import { Nothing } from "./parts.tsx";

export function Months({ lots, currency }: { lots: Lot[]; currency: string }) {
  const say = useSay();
  const sums = new Map<string, number>();
  for (const lot of lots) {
    if (lot.expires_on !== null) sums.set(lot.expires_on.slice(0, 7), (sums.get(lot.expires_on.slice(0, 7)) ?? 0) + lot.left);
  }
  const months = [...sums].filter(([, units]) => units > 0).sort(([one], [other]) => one.localeCompare(other)).slice(0, 6);
  if (months.length === 0) return <Nothing title={say("app.expires.none")}>{say("app.expires.none_why")}</Nothing>;
  const most = Math.max(...months.map(([, units]) => units));
  return (
    <ol className="months">
      {months.map(([month, units], at) => (
        <li key={month}>
          <Link to={`/lots?month=${month}`} className={at === 0 ? "month next" : "month"}>
            <svg viewBox="0 0 10 40" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              <rect x="0" y={40 - (36 * units) / most} width="10" height={(36 * units) / most} />
            </svg>
            <span className="month-units"><Points units={units} currency={currency} /></span>
            <span className="month-name"><Month on={`${month}-01`} /></span>
          </Link>
        </li>
      ))}
    </ol>
  );
}
