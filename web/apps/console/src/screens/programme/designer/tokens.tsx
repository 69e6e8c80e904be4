// Tokens: the values of a sentence, read or in fields. A field writes as one types; what is no value is marked, and goes when one leaves.
import { nameIn, useFrame, useSay } from "@jifen/ui";
import { type ReactNode, useId, useState } from "react";
import { useDrafting, useProblemAt } from "./drafting.tsx";
import { type Fact, isFields, type Kind, kindOf, namedBy, type Piece } from "./grammar.ts";
import { decimalOf, majorOf, minorOf, ratioOf } from "./numbers.ts";
import type { Fields, Path, Value } from "./text.ts";
import { beginningOf, countsMoney } from "./offers.ts";
import { factText, valueText } from "./values.ts";

type Token = Extract<Piece, { is: "token" }>;
type Put = (value: Value) => void;

/** A value that is only read. */
export function Read({ children, isBad = false }: { children: ReactNode; isBad?: boolean }) {
  return <span className={isBad ? "token bad" : "token"}>{children}</span>;
}

export function ReadToken({ token, inPart }: { token: Token; inPart: Fields }) {
  const { showing } = useDrafting();
  const isBad = useProblemAt(token.path);
  return <Read isBad={isBad}>{valueText(token.field, token.value, inPart, showing)}</Read>;
}

/** A field of the width of what stands in it. */
export function TypedField({ value, label, isBad, onType, mode, list, type = "text" }: {
  value: string;
  label: string;
  isBad: boolean;
  onType: (typed: string) => boolean;
  mode?: "numeric" | "decimal";
  list?: string[];
  type?: "text" | "date";
}) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? value;
  const [isWrong, setWrong] = useState(false);
  return (
    <>
      <input
        className={isBad || isWrong ? "token-input bad" : "token-input"}
        type={type}
        aria-label={label}
        aria-invalid={isBad || isWrong}
        size={sizeOf(shown)}
        value={shown}
        inputMode={mode}
        list={list?.length ? id : undefined}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
          setWrong(!onType(event.target.value));
        }}
        onBlur={() => {
          setTyped(null);
          setWrong(false);
        }}
      />
      {list?.length ? (
        <datalist id={id}>
          {list.map((one) => <option key={one} value={one} />)}
        </datalist>
      ) : null}
    </>
  );
}

/** How wide a field is for a text: what is Chinese counts twice, capitals a little more. */
function sizeOf(text: string): number {
  const halves = [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 4 : /[A-Z]/.test(one) ? 3 : 2), 0);
  return Math.max(2, Math.min(40, Math.ceil(halves / 2) + 1));
}

export function Choosing({ label, choices, current, isBad, onChoose }: { label: string; choices: { id: string; label: string }[]; current: string; isBad: boolean; onChoose: (id: string) => void }) {
  const known = choices.some((one) => one.id === current) ? choices : [{ id: current, label: current }, ...choices];
  return (
    <select className={isBad ? "token-input bad" : "token-input"} aria-label={label} aria-invalid={isBad} value={current} onChange={(event) => onChoose(event.target.value)}>
      {known.map((one) => (
        <option key={one.id} value={one.id}>
          {one.label}
        </option>
      ))}
    </select>
  );
}

/** The field for one value of the document. */
export function EditToken({ token, inPart, label, order }: { token: Token; inPart: Fields; label: string; order: string[] }) {
  const { change } = useDrafting();
  const isBad = useProblemAt(token.path);
  const kind = kindOf(token.field, token.value) ?? token.field.kinds[0];
  if (!kind) return <Read>{String(token.value)}</Read>;
  const put: Put = (value) => void change([{ does: "set", path: token.path, value, order }]);
  const other = token.field.kinds.length > 1 ? <OtherKind token={token} kind={kind} inPart={inPart} label={label} put={put} /> : null;
  return (
    <>
      <OfKind kind={kind} token={token} inPart={inPart} label={label} isBad={isBad} put={put} />
      {other}
    </>
  );
}

/** Where a field may be written in several ways, such as "never" or a part: the way to the other one. */
function OtherKind({ token, kind, inPart, label, put }: { token: Token; kind: Kind; inPart: Fields; label: string; put: Put }) {
  const say = useSay();
  const { grammar, document } = useDrafting();
  const others = token.field.kinds.filter((one) => one !== kind && (one.kind === "part" || one.kind === "choice") && token.field.name !== "worth");
  return (
    <>
      {others.map((one) => (
        <button key={one.kind} type="button" className="as-link small" onClick={() => put(one.kind === "choice" ? (one.choices[0]?.value ?? "") : beginningOf(grammar, { ...token.field, kinds: [one] }, document, inPart))}>
          {one.kind === "choice" ? (one.choices[0]?.label ?? "") : say("designer.for_a_time")}
          <span className="away"> {label}</span>
        </button>
      ))}
    </>
  );
}

function OfKind({ kind, token, inPart, label, isBad, put }: { kind: Kind; token: Token; inPart: Fields; label: string; isBad: boolean; put: Put }) {
  const say = useSay();
  const { language } = useFrame();
  const { document, showing } = useDrafting();
  const { field, value } = token;
  const shown = value ?? field.default;
  if (field.names && kind.kind !== "list") {
    const choices = namedBy(document, field.names, inPart, showing.words.spend).map((one) => ({ id: one.code, label: nameIn(one.names as Record<string, string>, language) || one.code }));
    return <Choosing label={label} choices={choices} current={String(shown ?? "")} isBad={isBad} onChoose={put} />;
  }
  switch (kind.kind) {
    case "choice":
      return <Choosing label={label} choices={kind.choices.map((one) => ({ id: String(one.value), label: one.label }))} current={String(shown)} isBad={isBad} onChoose={(id) => put(kind.choices.find((one) => String(one.value) === id)?.value ?? id)} />;
    case "flag":
      return <Choosing label={label} choices={[{ id: "true", label: say("designer.yes") }, { id: "false", label: say("designer.no") }]} current={String(shown)} isBad={isBad} onChoose={(id) => put(id === "true")} />;
    case "whole": {
      const decimals = countsMoney(field, document) ? showing.money.decimals : 0;
      return (
        <>
          {countsMoney(field, document) ? <span className="soft">{showing.money.code} </span> : null}
          <TypedField value={typeof shown === "number" ? majorOf(shown, decimals) : ""} label={label} isBad={isBad} mode={decimals ? "decimal" : "numeric"} onType={(typed) => written(minorOf(typed, decimals), put)} />
        </>
      );
    }
    case "ratio":
      return <TypedField value={decimalOf(String(shown ?? ""))} label={label} isBad={isBad} mode="decimal" onType={(typed) => written(ratioOf(typed), put)} />;
    case "date":
      return <TypedField type="date" value={String(shown ?? "")} label={label} isBad={isBad} onType={(typed) => written(typed || null, put)} />;
    case "list":
      if (!field.names && !kind.of?.choices.length) return <Texts kind={kind} token={token} label={label} isBad={isBad} />;
      return <Several kind={kind} token={token} inPart={inPart} label={label} put={put} />;
    case "map":
      return <Mapped kind={kind} value={isFields(value) ? value : {}} label={label} put={put} />;
    default:
      return <TypedField value={String(shown ?? "")} label={label} isBad={isBad} onType={(typed) => written(typed === "" ? null : typed, put)} />;
  }
}

function written(value: Value, put: Put): boolean {
  if (value === null) return false;
  put(value);
  return true;
}

/** Several of a few: boxes. */
function Several({ kind, token, inPart, label, put }: { kind: Kind; token: Token; inPart: Fields; label: string; put: Put }) {
  const { language } = useFrame();
  const { document, showing } = useDrafting();
  const chosen = Array.isArray(token.value) ? token.value.map(String) : [];
  const known = token.field.names
    ? namedBy(document, token.field.names, inPart, showing.words.spend).map((one) => ({ id: one.code, label: nameIn(one.names as Record<string, string>, language) || one.code }))
    : (kind.of?.choices ?? []).map((one) => ({ id: String(one.value), label: one.label }));
  return (
    <span className="boxes" role="group" aria-label={label}>
      {known.map((one) => (
        <label key={one.id}>
          <input
            type="checkbox"
            checked={chosen.includes(one.id)}
            onChange={(event) => {
              const next = event.target.checked ? [...chosen, one.id] : chosen.filter((other) => other !== one.id);
              if (next.length) put(known.map((other) => other.id).filter((id) => next.includes(id)));
            }}
          />{" "}
          {one.label}
        </label>
      ))}
    </span>
  );
}

/** Texts or days, a field each. */
function Texts({ kind, token, label, isBad }: { kind: Kind; token: Token; label: string; isBad: boolean }) {
  const say = useSay();
  const { change } = useDrafting();
  const values = Array.isArray(token.value) ? token.value.map(String) : [];
  return (
    <span className="map" role="group" aria-label={label}>
      {values.map((one, at) => (
        <span className="map-row" key={at}>
          <TypedField type={kind.of?.kind === "date" ? "date" : "text"} value={one} label={`${label} ${at + 1}`} isBad={isBad} onType={(typed) => written(typed === "" ? null : typed, (value) => void change([{ does: "set", path: [...token.path, at], value }]))} />
          {values.length > 1 ? <Cross label={say("designer.take_out", { what: one })} onPress={() => void change([{ does: "remove", path: [...token.path, at] }])} /> : null}
        </span>
      ))}
      <button type="button" className="button small" onClick={() => void change([{ does: "append", path: token.path, value: values.at(-1) ?? "x" }])}>{say("designer.one_more")}</button>
    </span>
  );
}

/** Codes with a value each. */
function Mapped({ kind, value, label, put }: { kind: Kind; value: Fields; label: string; put: Put }) {
  const say = useSay();
  const rows = Object.entries(value);
  const choices = kind.of?.choices ?? [];
  const fresh: Value = choices.length ? (choices[0]?.value ?? "") : 30;
  return (
    <span className="map" role="group" aria-label={label}>
      {rows.map(([name, one], at) => (
        <span className="map-row" key={at}>
          <TypedField
            value={name}
            label={say("designer.code")}
            isBad={false}
            onType={(typed) => {
              if (typed === "" || (typed !== name && Object.hasOwn(value, typed))) return false;
              put(Object.fromEntries(rows.map(([other, its], where) => [where === at ? typed : other, its])));
              return true;
            }}
          />
          {choices.length ? (
            <Choosing label={name} choices={choices.map((choice) => ({ id: String(choice.value), label: choice.label }))} current={String(one)} isBad={false} onChoose={(id) => put({ ...value, [name]: id })} />
          ) : (
            <TypedField value={String(one)} label={name} isBad={false} mode="numeric" onType={(typed) => written(minorOf(typed, 0), (next) => put({ ...value, [name]: next }))} />
          )}
          {rows.length > 1 ? <Cross label={say("designer.take_out", { what: name })} onPress={() => put(Object.fromEntries(rows.filter((_, where) => where !== at)))} /> : null}
        </span>
      ))}
      <button type="button" className="button small" onClick={() => put({ ...value, [free(value)]: fresh })}>{say("designer.one_more")}</button>
    </span>
  );
}

function free(value: Fields): string {
  for (let at = 1; ; at += 1) if (!Object.hasOwn(value, `value-${at}`)) return `value-${at}`;
}

export function Cross({ label, onPress }: { label: string; onPress: () => void }) {
  return (
    <button
      type="button"
      className="cross"
      aria-label={label}
      title={label}
      onClick={(event) => {
        const around = event.currentTarget.closest(".card")?.querySelector<HTMLElement>(".card-name");
        onPress();
        // The button goes with what it takes out: whoever walks by keys goes on at the part.
        requestAnimationFrame(() => {
          if (document.activeElement === document.body) around?.focus();
        });
      }}
    >
      ×
    </button>
  );
}

// -- values of facts ------------------------------------------------------------------------------------------------------

export function ReadFact({ fact, value, path }: { fact: Fact; value: Value; path: Path }) {
  const { showing } = useDrafting();
  return <Read isBad={useProblemAt(path)}>{factText(fact, value, showing)}</Read>;
}

export function EditFact({ fact, value, path, label }: { fact: Fact; value: Value; path: Path; label: string }) {
  const { change, document, showing, figures } = useDrafting();
  const { language } = useFrame();
  const isBad = useProblemAt(path);
  const put: Put = (next) => void change([{ does: "set", path, value: next }]);
  if (fact.choices.length) {
    return <Choosing label={label} choices={fact.choices.map((one) => ({ id: String(one.value), label: one.label }))} current={String(value)} isBad={isBad} onChoose={(id) => put(fact.choices.find((one) => String(one.value) === id)?.value ?? id)} />;
  }
  const told = figures?.told?.[fact.fact] ?? [];
  if (fact.names) {
    const known = namedBy(document, fact.names, {}, "").map((one) => ({ id: one.code, label: nameIn(one.names as Record<string, string>, language) || one.code }));
    if (known.length) return <Choosing label={label} choices={known} current={String(value)} isBad={isBad} onChoose={put} />;
  }
  if (fact.unit === "date") return <TypedField type="date" value={String(value)} label={label} isBad={isBad} onType={(typed) => written(typed || null, put)} />;
  if (fact.type === "integer") {
    const decimals = fact.unit === "money" ? showing.money.decimals : fact.unit === "thousandths" ? 3 : 0;
    return (
      <>
        {fact.unit === "money" ? <span className="soft">{showing.money.code} </span> : null}
        <TypedField value={typeof value === "number" ? majorOf(value, decimals) : String(value)} label={label} isBad={isBad} mode={decimals ? "decimal" : "numeric"} onType={(typed) => written(minorOf(typed, decimals), put)} />
      </>
    );
  }
  return <TypedField value={String(value)} label={label} isBad={isBad} list={told} onType={(typed) => written(typed === "" ? null : typed, put)} />;
}
