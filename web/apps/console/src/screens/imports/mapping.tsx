// Which column is what: guessed, shown above the first rows, corrected by a person, tried before anything is written.
import { api, got, type Schemas } from "@jifen/api";
import { Bars, Count, RefusedNote, Said, Section, Select, Shown, useAsked, useProgram, useQuery, useSay } from "@jifen/ui";
import type { Key } from "@jifen/words";
import { type ReactNode, useState } from "react";
import { useWrite } from "../../write.tsx";
import type { Imported } from "./index.tsx";

type Group = Record<string, string>;
type Written = Record<string, unknown>;
type FirstRows = Schemas["FirstRows"];
type Mode = "dry_run" | "run";
/** Before the code of a line attribute, among the fields that a column may be. */
const ATTRIBUTE = "attributes.";
const NEEDED: Record<Imported["what"], string[]> = { purchases: ["business_no", "occurred_at", "amount"], opening: ["member_ref", "units"] };

export function Mapping({ one, onAsked }: { one: Imported; onAsked: () => void }) {
  const say = useSay();
  const [query] = useQuery();
  const encoding = query.get("encoding");
  const separator = query.get("separator");
  const quote = query.get("quote");
  const asked = useAsked(`rows ${one.import_id} ${encoding} ${separator} ${quote}`, () =>
    got(
      api.GET("/v1/imports/{import_id}/rows", {
        params: {
          path: { import_id: one.import_id },
          query: {
            ...(encoding ? { encoding: encoding as "utf-8" } : {}), ...(separator ? { separator: separator as "," } : {}), ...(quote ? { quote: quote as "none" } : {}),
          },
        },
      }),
    ),
  );
  return (
    <>
      <FileForm one={one} seen={asked.data} />
      <Shown asked={asked} loading={<Bars lines={8} columns={6} />}>
        {(seen) => <Columns key={`${seen.encoding} ${seen.separator} ${seen.quote}`} one={one} seen={seen} onAsked={onAsked} title={say("import.columns")} />}
      </Shown>
    </>
  );
}

/** How the file itself is written. A parquet file says so itself. */
function FileForm({ one, seen }: { one: Imported; seen: FirstRows | null }) {
  const say = useSay();
  const [query, put] = useQuery();
  if (one.name.toLowerCase().endsWith(".parquet")) return null;
  const choices = (ids: string[]) => ids.map((id) => ({ id, label: say(`import.form_${id === "," ? "comma" : id === ";" ? "semicolon" : id === "|" ? "bar" : id.replace("-", "")}` as Key) }));
  return (
    <div className="filters">
      <Labelled word="import.encoding"><Select label={say("import.encoding")} choices={choices(["utf-8", "gb18030"])} current={query.get("encoding") ?? seen?.encoding ?? "utf-8"} onChoose={(encoding) => put({ encoding })} /></Labelled>
      <Labelled word="import.separator"><Select label={say("import.separator")} choices={choices([",", ";", "tab", "|"])} current={query.get("separator") ?? seen?.separator ?? ","} onChoose={(separator) => put({ separator })} /></Labelled>
      <Labelled word="import.quote"><Select label={say("import.quote")} choices={choices(["double", "none"])} current={query.get("quote") ?? seen?.quote ?? "double"} onChoose={(quote) => put({ quote })} /></Labelled>
    </div>
  );
}

function Labelled({ word, children }: { word: Key; children: ReactNode }) {
  const say = useSay();
  return <span className="row"><span className="small soft" aria-hidden="true">{say(word)}</span>{children}</span>;
}

function group(mapping: Written, name: string): Group {
  const found = mapping[name];
  return typeof found === "object" && found !== null ? (found as Group) : {};
}

/** What was said last, if it was said of such a file; else what is guessed, in the programme's zone. */
function beginning(one: Imported, seen: FirstRows, zone: string): Written {
  if (one.mapping && JSON.stringify([one.mapping["encoding"], one.mapping["separator"]]) === JSON.stringify([seen.mapping["encoding"], seen.mapping["separator"]])) {
    return one.mapping;
  }
  const guessed = seen.mapping as Written;
  const constants: Group = { ...group(guessed, "constants") };
  if (group(guessed, "columns")["member_ref"]) constants["member_ref_kind"] = "card";
  return { ...guessed, constants, ...(seen.needs_zone ? { time: { ...group(guessed, "time"), zone } } : {}) };
}

function Columns({ one, seen, onAsked, title }: { one: Imported; seen: FirstRows; onAsked: () => void; title: string }) {
  const say = useSay();
  const program = useProgram();
  const [mapping, setMapping] = useState(() => beginning(one, seen, program.time_zone));
  const { refused, isBusy, send } = useWrite();
  const columns = group(mapping, "columns");
  const attributes = group(columns as Written, "attributes");
  const constants = group(mapping, "constants");
  const set = (name: string, key: string, value: string) => {
    const next = { ...group(mapping, name), [key]: value };
    if (value === "") delete next[key];
    setMapping({ ...mapping, [name]: next });
  };
  const fieldOf = (column: string) => {
    const code = Object.keys(attributes).find((one) => attributes[one] === column);
    return code === undefined ? (Object.keys(columns).find((field) => columns[field] === column) ?? "") : ATTRIBUTE + code;
  };
  const choose = (column: string, field: string) => {
    const next: Written = Object.fromEntries(Object.entries(columns).filter(([known, of]) => of !== column && known !== field && known !== "attributes"));
    const rest = { ...constants };
    const told = Object.fromEntries(Object.entries(attributes).filter(([code, of]) => of !== column && ATTRIBUTE + code !== field));
    if (field.startsWith(ATTRIBUTE)) told[field.slice(ATTRIBUTE.length)] = column;
    if (Object.keys(told).length > 0) next["attributes"] = told;
    if (field !== "" && !field.startsWith(ATTRIBUTE)) {
      next[field] = column;
      delete rest[field];
    }
    setMapping({ ...mapping, columns: next, constants: rest });
  };
  const lacks = NEEDED[one.what].filter((field) => !columns[field]);
  if (one.what === "purchases" && !columns["source"] && !constants["source"]) lacks.push("source");
  if (one.what === "opening" && !columns["currency"] && !constants["currency"]) lacks.push("currency");
  if (one.what === "opening" && !columns["expires_on"] && !columns["earned_on"]) lacks.push("expires_on");
  const isTried = one.state === "ready" && one.counts?.is_dry_run === true && JSON.stringify(one.mapping) === JSON.stringify(mapping);
  const ask = (wanted: Mode) => {
    const given = (key: string) => ({ params: { path: { import_id: one.import_id }, header: { "Idempotency-Key": key } }, body: { mapping: mapping as never } });
    return send<unknown>((key) => got(wanted === "run" ? api.POST("/v1/imports/{import_id}:run", given(key)) : api.POST("/v1/imports/{import_id}:dry_run", given(key))), onAsked);
  };
  return (
    <Section title={title} aside={<Said id="import.first_rows" with={{ count: <Count of={seen.rows.length} /> }} />}>
      <div className="stack">
        <div className="table-box" role="region" aria-label={say("import.rows_label")} tabIndex={0}>
          <table className="table dense keep mapping" aria-label={title}>
            <thead>
              <tr>
                {seen.header.map((name, at) => (
                  <th key={at} scope="col">
                    <span className="mapping-name">{name || <span className="soft">–</span>}</span>
                    <Select
                      label={say("import.field_of", { column: name })}
                      choices={[{ id: "", label: say("import.not_used") }, ...seen.fields.map((field) => ({ id: field, label: say(`field.${field}` as Key) })), ...seen.attributes.map((code) => ({ id: ATTRIBUTE + code, label: say("field.attribute", { code }) }))]}
                      current={fieldOf(name)}
                      onChoose={(field) => choose(name, field)}
                    />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {seen.rows.slice(0, 8).map((row, at) => (
                <tr key={at}>{row.map((cell, column) => <td key={column} className={fieldOf(seen.header[column] ?? "") ? "" : "soft"}>{cell ?? <span className="soft">–</span>}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
        <More one={one} mapping={mapping} seen={seen} set={set} setMapping={setMapping} />
        {lacks.length ? <div className="note note-warn" role="status"><p><Said id="import.lacks" with={{ fields: <b>{lacks.map((field) => say(`field.${field}` as Key)).join(say("list.between"))}</b> }} /></p></div> : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <div className="row">
          {isTried ? (
            <button type="button" className="button primary" disabled={isBusy || (one.counts?.added ?? 0) === 0} onClick={() => void ask("run")}>
              <Said id="import.run" with={{ count: <Count of={one.counts?.added ?? 0} />, what: say(one.what === "opening" ? "import.members" : "import.receipts") }} />
            </button>
          ) : null}
          <button type="button" className={isTried ? "button" : "button primary"} disabled={isBusy || lacks.length > 0} onClick={() => void ask("dry_run")}>{say(isTried ? "import.try_again" : "import.try")}</button>
          <span className="small soft">{say(isTried ? "import.run_means" : "import.try_means")}</span>
        </div>
      </div>
    </Section>
  );
}

interface MoreProps {
  one: Imported;
  mapping: Written;
  seen: FirstRows;
  set: (group: string, key: string, value: string) => void;
  setMapping: (mapping: Written) => void;
}

/** What holds for every row, and how times and numbers are written. */
function More({ one, mapping, seen, set, setMapping }: MoreProps) {
  const say = useSay();
  const program = useProgram();
  const columns = group(mapping, "columns");
  const constants = group(mapping, "constants");
  const text = (name: string, key: string, word: Key, note?: Key, fallback = "") => (
    <label className="field">
      <span>{say(word)}</span>
      <input className="input" value={group(mapping, name)[key] ?? fallback} maxLength={100} onChange={(event) => set(name, key, event.target.value)} />
      {note ? <small className="soft">{say(note)}</small> : null}
    </label>
  );
  const pick = (name: string, key: string, word: Key, ids: string[], fallback: string) => (
    <div className="field">
      <span>{say(word)}</span>
      <Select
        label={say(word)}
        choices={ids.map((id) => ({ id, label: say(`form.${key}_${WORDS[id] ?? id}` as Key) }))}
        current={(name === "" ? (mapping[key] as string | undefined) : group(mapping, name)[key]) ?? fallback}
        onChoose={(chosen) => (name === "" ? setMapping({ ...mapping, [key]: chosen }) : set(name, key, chosen))}
      />
    </div>
  );
  const whole = (key: string, word: Key, fallback: string) => (
    <label className="field">
      <span>{say(word)}</span>
      <input className="input" value={(mapping[key] as string | undefined) ?? fallback} maxLength={10} onChange={(event) => setMapping({ ...mapping, [key]: event.target.value || fallback })} />
    </label>
  );
  const isText = seen.format === "csv";
  if (one.what === "opening") {
    return (
      <div className="fields">
        {columns["currency"] ? null : (
          <div className="field">
            <span>{say("field.currency")}</span>
            <Select label={say("field.currency")} choices={[{ id: "", label: "–" }, ...program.currencies.map((each) => ({ id: each.code, label: each.code }))]} current={constants["currency"] ?? ""} onChoose={(code) => set("constants", "currency", code)} />
          </div>
        )}
        {columns["member_ref_kind"] ? null : pick("constants", "member_ref_kind", "field.member_ref_kind", ["card", "external"], "external")}
        {isText ? text("dates", "format", "import.dates_format", "import.time_format_note", "iso") : null}
        {pick("units", "unit", "import.units_unit", ["major", "minor"], "major")}
        {isText ? pick("units", "decimal", "import.decimal", [".", ","], ".") : null}
      </div>
    );
  }
  return (
    <div className="stack">
      <div className="fields">
        {columns["source"] ? null : text("constants", "source", "field.source", "import.source_note")}
        {pick("", "rows_are", "import.rows_are", ["lines", "purchases"], "lines")}
        {columns["member_ref"] && !columns["member_ref_kind"] ? pick("constants", "member_ref_kind", "field.member_ref_kind", ["card", "external"], "external") : null}
        {text("time", "zone", "import.zone", "import.zone_note")}
        {isText ? text("time", "format", "import.time_format", "import.time_format_note", "iso") : null}
        {pick("amounts", "unit", "import.amounts_unit", ["major", "minor"], "major")}
      </div>
      <details>
        <summary>{say("import.more")}</summary>
        <div className="fields fields-more">
          {isText ? pick("amounts", "decimal", "import.decimal", [".", ","], ".") : null}
          {pick("quantities", "unit", "import.quantities_unit", ["pieces", "thousandths"], "pieces")}
          {pick("", "discount_sign", "import.discount_sign", ["positive", "negative"], "positive")}
          {pick("time", "clock_change", "import.clock_change", ["reject", "earliest"], "reject")}
          {whole("category_separator", "import.category_separator", "/")}
          {whole("tag_separator", "import.tag_separator", "|")}
          {(["store", "channel", "till", "cashier"] as const).map((field) => (columns[field] ? null : <span key={field}>{text("constants", field, `field.${field}` as Key, "import.constant_note")}</span>))}
        </div>
      </details>
    </div>
  );
}

const WORDS: Record<string, string> = { ".": "point", ",": "comma" };
