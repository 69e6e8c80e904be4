// A table that is held whole: sorted by a head, with the columns that somebody wants, as a file. All of it stands in the address.
import type { ReactNode } from "react";
import { csvText, saveFile } from "./csv.ts";
import { useSay } from "./frame.tsx";
import { Icon } from "./marks.tsx";
import { useQuery } from "./route.tsx";
import type { Column } from "./table.tsx";

export interface Arranged<T> {
  columns: Column<T>[];
  rows: T[];
  sorted?: string;
  sortedWay: "ascending" | "descending";
  onSort: (column: string) => void;
}

/** Rows by the column that the address names, "order=name" or "order=-name"; and the columns that it does not hide. */
export function useArranged<T>(columns: Column<T>[], rows: T[]): Arranged<T> {
  const [query, put] = useQuery();
  const order = query.get("order") ?? "";
  const isDown = order.startsWith("-");
  const by = columns.find((one) => one.order && one.id === order.replace(/^-/, ""));
  const hidden = (query.get("hide") ?? "").split(",");
  const value = by?.order;
  const sign = isDown ? -1 : 1;
  const sortedRows = value
    ? [...rows].sort((a, b) => {
        const [left, right] = [value(a), value(b)];
        return sign * (typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right)));
      })
    : rows;
  return {
    columns: columns.filter((one, at) => at === 0 || !hidden.includes(one.id)).map((one) => (one.order ? { ...one, sort: one.id } : one)),
    rows: sortedRows,
    ...(by ? { sorted: by.id } : {}),
    sortedWay: isDown ? "descending" : "ascending",
    onSort: (id) => put({ order: order === id ? `-${id}` : order === `-${id}` ? null : id }),
  };
}

/** Which columns are shown, and the table as a file. `all` gives more rows than the page holds. */
export function TableTools<T>({ columns, rows, file, children }: { columns: Column<T>[]; rows: T[]; file: string; children?: ReactNode }) {
  const say = useSay();
  const [query, put] = useQuery();
  const hidden = (query.get("hide") ?? "").split(",").filter((id) => columns.some((one) => one.id === id));
  const told = columns.filter((one) => one.text && !hidden.includes(one.id));
  const toggle = (id: string) => {
    const next = hidden.includes(id) ? hidden.filter((one) => one !== id) : [...hidden, id];
    put({ hide: next.join(",") });
  };
  return (
    <div className="row tools">
      {children}
      <details className="menu">
        <summary className="button">{say("table.columns")} <Icon name="down" /></summary>
        <div className="menu-body">
          {columns.slice(1).filter((one) => one.head).map((one) => (
            <label key={one.id} className="row">
              <input type="checkbox" checked={!hidden.includes(one.id)} onChange={() => toggle(one.id)} />
              {one.head}
            </label>
          ))}
        </div>
      </details>
      <button
        type="button"
        className="button"
        disabled={rows.length === 0}
        onClick={() => saveFile(file, csvText(told.map((one) => one.head), rows.map((row) => told.map((one) => one.text?.(row) ?? null))))}
      >
        {say("table.csv")}
      </button>
    </div>
  );
}
