// Tables: ink rule under the head, hairlines between, numbers to the right. j and k move, Enter opens; on a phone a line is two.
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useSay } from "./frame.tsx";
import { Bars } from "./states.tsx";
import { inField } from "./keys.ts";

export interface Column<T> {
  id: string;
  head: string;
  cell: (row: T) => ReactNode;
  isNumber?: boolean;
  /** The sort that a click on the head asks for. */
  sort?: string;
  /** In a table that is held whole: what its rows are sorted by. */
  order?: (row: T) => string | number;
  /** What stands in a file; absent: the column is left out there. */
  text?: (row: T) => string | number | null;
  /** On a phone: the first line's left, its right, the second line; absent: left out there. */
  phone?: "name" | "figure" | "more" | "aside";
  width?: string;
}

interface TableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[] | null;
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  sorted?: string;
  sortedWay?: "ascending" | "descending";
  onSort?: (sort: string) => void;
  isLoading?: boolean;
  empty?: ReactNode;
  foot?: ReactNode;
  isDense?: boolean;
  /** The row that is open beside the table. */
  picked?: string | null;
}

export function Table<T>(props: TableProps<T>) {
  const { columns, rows, rowKey, onOpen, sorted, onSort } = props;
  const say = useSay();
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLTableSectionElement>(null);

  useEffect(() => setAt(-1), [rows]);
  useEffect(() => {
    if (!onOpen) return;
    const move = (event: globalThis.KeyboardEvent) => {
      if (inField(event) || !rows?.length || document.querySelector("[role=dialog]")) return;
      const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      setAt((was) => {
        const next = Math.min(rows.length - 1, Math.max(0, was + step));
        (body.current?.rows[next] as HTMLElement | undefined)?.focus();
        return next;
      });
    };
    addEventListener("keydown", move);
    return () => removeEventListener("keydown", move);
  }, [onOpen, rows]);

  const key = (event: KeyboardEvent, row: T) => {
    if (event.key === "Enter" && event.target === event.currentTarget) onOpen?.(row);
  };
  return (
    <div className="table-box">
      <table className={props.isDense ? "table dense" : "table"} aria-label={props.label}>
        <thead>
          <tr>
            {columns.map((one) => (
              <th
                key={one.id}
                scope="col"
                className={[one.isNumber ? "right" : "", `w-${one.width ?? "auto"}`].join(" ")}
                aria-sort={one.sort && one.sort === sorted ? (props.sortedWay ?? "descending") : undefined}
              >
                {one.sort && onSort ? (
                  <button type="button" className="sort" onClick={() => one.sort && onSort(one.sort)}>
                    {one.head}
                    <span aria-hidden="true">{one.sort === sorted ? (props.sortedWay === "ascending" ? " ↑" : " ↓") : ""}</span>
                  </button>
                ) : (
                  one.head
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {(rows ?? []).map((row, index) => (
            <tr
              key={rowKey(row)}
              className={[onOpen ? "can-open" : "", index === at || props.picked === rowKey(row) ? "at" : ""].join(" ")}
              tabIndex={onOpen ? 0 : undefined}
              onFocus={() => setAt(index)}
              onKeyDown={onOpen ? (event) => key(event, row) : undefined}
              onClick={
                onOpen
                  ? (event) => {
                      if (!(event.target as Element).closest("a,button,input")) onOpen(row);
                    }
                  : undefined
              }
            >
              {columns.map((one) => (
                <td key={one.id} className={[one.isNumber ? "right" : "", one.width === "fill" ? "fill" : "", `phone-${one.phone ?? "none"}`].join(" ")}>
                  {one.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {props.foot && rows?.length ? <tfoot>{props.foot}</tfoot> : null}
      </table>
      {rows === null && props.isLoading ? <Bars columns={columns.length} /> : null}
      {rows?.length === 0 ? (props.empty ?? <p className="empty">{say("state.nothing")}</p>) : null}
    </div>
  );
}
