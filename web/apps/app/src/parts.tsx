// Parts of the app: a screen with its head, sections under a strong rule, rows that are targets, switches, fields, notes.
import type { Refused } from "@jifen/api";
import { isKey } from "@jifen/words";
import { Bars, Link, RefusedNote, useGoing, useSay, type Asked } from "@jifen/ui";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { AsOf } from "./as-of.tsx";
import { Sign, type SignName } from "./signs.tsx";

/** A screen that has a way back: its title has the focus when it opens, so that a reader is told where he is. */
export function Screen({ title, back, aside, children }: { title: string; back?: string; aside?: ReactNode; children: ReactNode }) {
  const say = useSay();
  const head = useRef<HTMLHeadingElement>(null);
  const { route } = useGoing();
  useEffect(() => {
    document.title = title;
    head.current?.focus({ preventScroll: true });
  }, [title, route.path]);
  return (
    <>
      <header className="top">
        {back !== undefined ? (
          <Link to={back} className="icon-button">
            <Sign name="back" />
            <span className="away">{say("app.back")}</span>
          </Link>
        ) : null}
        <h1 ref={head} tabIndex={-1}>{title}</h1>
        {aside}
      </header>
      <main className="page">{children}</main>
    </>
  );
}

export function Part({ title, aside, to, children }: { title: string; aside?: ReactNode; to?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className="part" aria-labelledby={id}>
      <div className="part-head">
        <h2 id={id}>
          {to !== undefined ? <Link to={to} className="part-link">{title} <Sign name="on" /></Link> : title}
        </h2>
        {aside ? <div className="part-aside">{aside}</div> : null}
      </div>
      {children}
    </section>
  );
}

interface RowProps {
  sign?: SignName;
  tone?: string;
  title: ReactNode;
  note?: ReactNode;
  figure?: ReactNode;
  aside?: ReactNode;
  to?: string;
  onPress?: () => void;
}

/** A row; where it opens, the whole of it is the target. */
export function Row({ sign, tone, title, note, figure, aside, to, onPress }: RowProps) {
  const inside = (
    <>
      {sign ? <span className={tone ? `row-sign ${tone}` : "row-sign"}><Sign name={sign} /></span> : null}
      <span className="row-words">
        <span className="row-title">{title}</span>
        {note ? <span className="row-note">{note}</span> : null}
      </span>
      {figure !== undefined ? <span className={tone ? `row-figure ${tone}` : "row-figure"}>{figure}</span> : null}
      {aside !== undefined ? <span className="row-aside">{aside}</span> : null}
      {(to !== undefined || onPress) && figure === undefined ? <span className="row-on"><Sign name="on" /></span> : null}
    </>
  );
  if (to !== undefined) return <li><Link to={to} className="line-row opens-row">{inside}</Link></li>;
  if (onPress) return <li><button type="button" className="line-row opens-row" onClick={onPress}>{inside}</button></li>;
  return <li className="line-row">{inside}</li>;
}

export function Rows({ children }: { children: ReactNode }) {
  return <ul className="rows">{children}</ul>;
}

export function Switch({ label, note, isOn, onTurn, isOff = false }: {
  label: string;
  note?: ReactNode;
  isOn: boolean;
  onTurn: (on: boolean) => void;
  isOff?: boolean;
}) {
  const id = useId();
  return (
    <li className="line-row">
      <span className="row-words">
        <label className="row-title strong" htmlFor={id}>{label}</label>
        {note ? <span className="row-note" id={`${id}-note`}>{note}</span> : null}
      </span>
      <input
        id={id} type="checkbox" role="switch" className="switch" checked={isOn} disabled={isOff}
        aria-describedby={note ? `${id}-note` : undefined} onChange={(event) => onTurn(event.currentTarget.checked)}
      />
    </li>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onType: (text: string) => void;
  note?: ReactNode;
  refused?: string | null;
  type?: "text" | "tel" | "date";
  mode?: "numeric" | "decimal" | "tel" | "text";
  complete?: string;
  most?: number;
  isTall?: boolean;
  isFirst?: boolean;
}

export function Field({ label, value, onType, note, refused, type = "text", mode, complete = "off", most = 200, isTall, isFirst }: FieldProps) {
  const id = useId();
  const box = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (isFirst) box.current?.focus();
  }, [isFirst]);
  const told = [note ? `${id}-note` : "", refused ? `${id}-no` : ""].filter(Boolean).join(" ");
  const shared = {
    id, ref: box, value, maxLength: most, className: isTall ? "box tall" : "box", "aria-invalid": refused ? true : undefined,
    "aria-describedby": told || undefined,
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {isTall ? (
        <textarea {...shared} rows={5} onInput={(event) => onType(event.currentTarget.value)} />
      ) : (
        <input {...shared} type={type} inputMode={mode} autoComplete={complete} onInput={(event) => onType(event.currentTarget.value)} />
      )}
      {refused ? <p className="field-no" id={`${id}-no`}><Sign name="info" /> {refused}</p> : null}
      {note ? <p className="field-note" id={`${id}-note`}>{note}</p> : null}
    </div>
  );
}

export function Choices<T extends string>({ label, choices, current, onChoose }: {
  label: string;
  choices: { id: T; label: string; lang?: string }[];
  current: T;
  onChoose: (id: T) => void;
}) {
  return (
    <div className="chips" role="group" aria-label={label}>
      {choices.map((one) => (
        <button type="button" key={one.id} lang={one.lang} aria-pressed={one.id === current} onClick={() => onChoose(one.id)}>
          {one.label}
        </button>
      ))}
    </div>
  );
}

export type NoteTone = "plain" | "good" | "warn" | "stop";
const NOTE_SIGNS: Record<NoteTone, SignName> = { plain: "info", good: "done", warn: "warn", stop: "warn" };

export function Note({ tone = "plain", sign, children }: { tone?: NoteTone; sign?: SignName; children: ReactNode }) {
  return (
    <div className={`say say-${tone}`} role={tone === "stop" ? "alert" : "status"}>
      <Sign name={sign ?? NOTE_SIGNS[tone]} />
      <div>{children}</div>
    </div>
  );
}

/** Why a write was refused, in the member's words, and the way on. */
export function WhyNot({ refused }: { refused: Refused | null }) {
  const say = useSay();
  if (refused === null) return null;
  if (refused.isGone) return <Note tone="warn" sign="cut">{say("app.write.gone")}</Note>;
  const code = refused.problem?.code ?? "";
  const key = `app.no.${code}`;
  return <Note tone="stop">{isKey(key) ? say(key) : (refused.problem?.message ?? say("state.failed"))}</Note>;
}

export function Wait({ isBusy, children, isOff = false, tone = "primary" }: { isBusy: boolean; children: ReactNode; isOff?: boolean; tone?: string }) {
  return <button type="submit" className={`act ${tone}`} disabled={isBusy || isOff} aria-busy={isBusy}>{children}</button>;
}

/** What was asked for, in whichever state it is. What this phone kept says of when it is. */
export function Told<T>({ asked, children, lines = 6 }: { asked: Asked<T>; children: (data: T) => ReactNode; lines?: number }) {
  const say = useSay();
  if (asked.data !== null) {
    return (
      <>
        {asked.isGone && asked.since !== null ? <p className="as-of"><AsOf at={asked.since} /></p> : null}
        {children(asked.data)}
      </>
    );
  }
  if (asked.isGone) return <Note tone="warn" sign="cut">{say("app.offline.not_here")}</Note>;
  if (asked.refused) return <RefusedNote refused={asked.refused} again={asked.again} />;
  return asked.isSlow ? <Bars lines={lines} columns={2} /> : <div className="pause" />;
}

export function Nothing({ title, children, to, way }: { title: string; children: ReactNode; to?: string; way?: string }) {
  return (
    <div className="nothing">
      <p className="strong">{title}</p>
      <p className="soft">{children}</p>
      {to !== undefined ? <Link to={to} className="strong">{way}</Link> : null}
    </div>
  );
}
