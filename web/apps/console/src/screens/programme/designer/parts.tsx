// Parts of the document as cards: a sentence to read, and, opened, its fields; adding, copying, moving, taking out.
import { nameIn, Mark, Points, Count, Columns, Month, Said, useFrame, useSay } from "@jifen/ui";
import { Fragment, useId } from "react";
import { EditCondition, phraseText, ReadCondition } from "./condition.tsx";
import { isWithin, useDrafting } from "./drafting.tsx";
import { fieldsOf, isFields, kindOf, listOf, orderOf, type Phrase, phrasesOf } from "./grammar.ts";
import { freeCode } from "./numbers.ts";
import { type Change, isSame, type Fields, type Path, type Value, valueAt } from "./text.ts";
import { Choosing, Cross, EditToken, ReadToken, TypedField } from "./tokens.tsx";
import { beginningOf, missingOf, nextLine } from "./offers.ts";

/** Shut the menu that a button stands in; whoever walks by keys goes on where he opened it. */
export function shut(button: HTMLElement): void {
  const menu = button.closest("details");
  menu?.removeAttribute("open");
  menu?.querySelector("summary")?.focus();
}

/** What a part says, to read. */
export function Sentence({ part, value, path }: { part: string; value: Fields; path: Path }) {
  const say = useSay();
  const { grammar } = useDrafting();
  const phrases = phrasesOf(grammar, part, value, path);
  return (
    <p className="sentence">
      {phrases.map((one, at) => (
        <Fragment key={at}>
          {at > 0 ? say("designer.between") : null}
          {one.field.name === "when" ? say("designer.when_before") : null}
          {one.pieces.map((piece, nth) =>
            piece.is === "words" ? (
              <Fragment key={nth}>{piece.text}</Fragment>
            ) : piece.is === "token" ? (
              <ReadToken key={nth} token={piece} inPart={value} />
            ) : (
              <ReadCondition key={nth} value={piece.value} path={piece.path} />
            ),
          )}
          {one.asText ? <span className="small soft"> {say("designer.as_text")}</span> : null}
        </Fragment>
      ))}
      {phrases.length === 0 ? <span className="soft">{say("designer.says_nothing")}</span> : null}
    </p>
  );
}

/** The fields of a part, to be changed; the condition of a rule below them. What is changed elsewhere stands in `besides`. */
export function Editing({ part, value, path, besides = [] }: { part: string; value: Fields; path: Path; besides?: string[] }) {
  const say = useSay();
  const { grammar, showing, change, document } = useDrafting();
  const phrases = phrasesOf(grammar, part, value, path).filter((one) => one.field.name !== "when" && !besides.includes(String(one.path[path.length])));
  const fields = fieldsOf(grammar, part);
  const amounts = fields.filter((one) => one.is_amount);
  const when = fields.find((one) => one.name === "when");
  const on = typeof value["on"] === "string" ? value["on"] : null;
  const missing = missingOf(grammar, part, value, path, document).filter((one) => !besides.includes(String(one.path[path.length])));
  const amount = amounts.find((one) => value[one.name] !== undefined);
  const turn = (name: string) => {
    const next = amounts.find((one) => one.name === name);
    if (!next || next === amount) return;
    const old = amount ? value[amount.name] : undefined;
    const fresh = beginningOf(grammar, next, document, value);
    const points = isFields(old) && isFields(fresh) && "points" in old && "points" in fresh ? { points: old["points"] as Value } : {};
    const away: Change[] = amount ? [{ does: "remove", path: [...path, amount.name] }] : [];
    change([{ does: "set", path: [...path, next.name], value: isFields(fresh) ? { ...fresh, ...points } : fresh, order: orderOf(grammar, part) }, ...away]);
  };
  return (
    <div className="stack">
      {amounts.length ? (
        <p className="row">
          <span className="soft">{say("designer.gives")}</span>
          <Choosing label={say("designer.gives")} current={amount?.name ?? ""} isBad={!amount} onChoose={turn} choices={amounts.map((one) => ({ id: one.name, label: grammar.parts.find((each) => each.part === one.kinds[0]?.part)?.label ?? one.name }))} />
        </p>
      ) : null}
      <ul className="phrases">
        {phrases.map((one) => (
          <li key={one.path.join("/")} className={one.path.length > path.length + 1 ? "phrase inner" : "phrase"}>
            <EditPhrase phrase={one} part={part} value={value} around={path} label={phraseText(one.pieces, value, showing, null)} />
          </li>
        ))}
      </ul>
      <Lines part={part} value={value} path={path} />
      {missing.length ? (
        <details className="menu adding">
          <summary className="button small">{say("designer.add_to_it")}</summary>
          <div className="menu-body">
            {missing.map((one) => (
              <button
                key={[...one.path, one.field.name].join("/")}
                type="button"
                className="as-link"
                onClick={(event) => {
                  shut(event.currentTarget);
                  change([{ does: "set", path: one.path, value: one.value, order: orderOf(grammar, one.part) }]);
                }}
              >
                {(one.field.says ?? one.field.name).replace(/\{[a-z_]+\}/g, "…")}
              </button>
            ))}
          </div>
        </details>
      ) : null}
      {when ? (
        <div className="stack">
          <h3 className="small soft">{say("designer.when")}</h3>
          <EditCondition value={value["when"]} path={[...path, "when"]} on={on} order={orderOf(grammar, part)} />
        </div>
      ) : null}
    </div>
  );
}

function EditPhrase({ phrase, part, value, around, label }: { phrase: Phrase; part: string; value: Fields; around: Path; label: string }) {
  const say = useSay();
  const { grammar, showing, change, document } = useDrafting();
  const holder = phrase.path.length === around.length + 1 ? part : holderOf(grammar, part, phrase.path.slice(around.length));
  const inPart = (valueAt(document, phrase.path.slice(0, -1)) ?? value) as Fields;
  const mayGo = !phrase.field.is_required && !phrase.field.is_amount;
  return (
    <>
      {phrase.pieces.map((piece, at) => {
        if (piece.is === "words") return <Fragment key={at}>{piece.text}</Fragment>;
        if (piece.is === "condition") return null;
        const inner = piece.path.length > phrase.path.length ? (kindOf(phrase.field, inPart[phrase.field.name])?.part ?? holder) : holder;
        return <EditToken key={piece.path.join("/")} token={piece} inPart={around.length === 2 ? value : inPart} label={phraseText(phrase.pieces, value, showing, piece.path)} order={orderOf(grammar, inner)} />;
      })}
      {phrase.asText ? <span className="small soft"> {say("designer.as_text")}</span> : null}
      {mayGo ? <Cross label={say("designer.take_out", { what: label })} onPress={() => change([{ does: "remove", path: phrase.path }])} /> : null}
    </>
  );
}

/** Of bands and the like: one more line, and one less. */
function Lines({ part, value, path }: { part: string; value: Fields; path: Path }) {
  const say = useSay();
  const { grammar, change } = useDrafting();
  const lists = fieldsOf(grammar, part).flatMap((field): { name: string; path: Path; lines: Value[] }[] => {
    const own = value[field.name];
    const kind = kindOf(field, own);
    if (kind?.kind === "lines" && Array.isArray(own)) return [{ name: kind.part ?? "", path: [...path, field.name], lines: own }];
    if (kind?.kind !== "part" || !isFields(own)) return [];
    return fieldsOf(grammar, kind.part ?? "").flatMap((inner) => {
      const lines = own[inner.name];
      return inner.kinds[0]?.kind === "lines" && Array.isArray(lines) ? [{ name: inner.kinds[0].part ?? "", path: [...path, field.name, inner.name], lines }] : [];
    });
  });
  return (
    <>
      {lists.map((one) => (
        <div className="row" key={one.path.join("/")}>
          <button type="button" className="button small" onClick={() => change([{ does: "append", path: one.path, value: nextLine(one.lines.at(-1) as Fields, one.lines as Fields[]) }])}>{say("designer.add_part", { what: grammar.parts.find((each) => each.part === one.name)?.label ?? one.name })}</button>
          {one.lines.length > 2 ? <button type="button" className="button small" onClick={() => change([{ does: "remove", path: [...one.path, one.lines.length - 1] }])}>{say("designer.last_away")}</button> : null}
        </div>
      ))}
    </>
  );
}

/** The part that a path below a part leads into. */
function holderOf(grammar: ReturnType<typeof useDrafting>["grammar"], part: string, steps: Path): string {
  let here = part;
  for (const step of steps.slice(0, -1)) {
    const field = fieldsOf(grammar, here).find((one) => one.name === step);
    here = field?.kinds.find((one) => one.kind === "part" || one.kind === "lines")?.part ?? here;
  }
  return here;
}

/** What it is called, in the languages that it is named in. */
export function NameFields({ value, path, order }: { value: Fields; path: Path; order: string[] }) {
  const say = useSay();
  const { change } = useDrafting();
  const names = isFields(value["names"]) ? value["names"] : {};
  const languages = [...new Set(["zh", "en", ...Object.keys(names)])];
  const put = (language: string, text: string) => {
    if (text === "" && Object.keys(names).length > 1) return change([{ does: "remove", path: [...path, "names", language] }]);
    if (text === "") return false;
    return change([{ does: "set", path: Object.keys(names).length ? [...path, "names", language] : [...path, "names"], value: Object.keys(names).length ? text : { [language]: text }, order: Object.keys(names).length ? ["zh", "en"] : order }]);
  };
  return (
    <>
      {languages.map((language) => (
        <label key={language} className="row name-field">
          <span className="small soft">{say("designer.name_in", { language })}</span>
          <TypedField value={String(names[language] ?? "")} label={say("designer.name_in", { language })} isBad={false} onType={(typed) => put(language, typed)} />
        </label>
      ))}
    </>
  );
}

interface CardProps {
  list: string;
  part: string;
  value: Fields;
  path: Path;
  isOpen: boolean;
  isLast: boolean;
  onOpen: (code: string | null) => void;
}

/** One part of a list. */
export function Card({ list, part, value, path, isOpen, isLast, onOpen }: CardProps) {
  const say = useSay();
  const { language } = useFrame();
  const { grammar, published, problems, figures, change, document, look } = useDrafting();
  const id = useId();
  const code = String(value["code"] ?? "");
  const before = [...listOf(list === "tiers.list" ? published?.["tiers"] : (published ?? {}), list === "tiers.list" ? "list" : list)].find((one) => one["code"] === code);
  const state = published === null || !before ? "new" : isSame(before, value) ? "same" : "changed";
  const mine = problems.filter((one) => isWithin(one.path, path));
  const gave = list === "earn_rules" ? figures?.data?.find((one) => one.rule === code) : undefined;
  const name = nameIn((isFields(value["names"]) ? value["names"] : {}) as Record<string, string>, language) || code || say("designer.without_name");
  const siblings = listOf(list === "tiers.list" ? document["tiers"] : document, list === "tiers.list" ? "list" : list);
  const at = path.at(-1) as number;
  const copy = () => {
    const fresh = freeCode(siblings, code.replace(/-\d+$/, ""));
    if (change([{ does: "copy", path, fields: { code: fresh } }])) onOpen(fresh);
  };
  return (
    <li className={`card card-${mine.length ? "stop" : state}`}>
      <div className="card-head">
        <h2>
          <button
            type="button"
            className="card-name"
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => {
              onOpen(isOpen ? null : code);
              if (!isOpen) look(path);
            }}
          >
            {name}
          </button>
        </h2>
        <code className="code">{code}</code>
        {state !== "same" && published !== null ? <span className="card-state small">{say(state === "new" ? "designer.is_new" : "designer.is_changed")}</span> : null}
        {mine.length ? <Mark tone="stop">{say("designer.problems", { n: mine.length }, mine.length)}</Mark> : null}
        {gave ? <span className="card-gave small soft"><Said id="designer.gave_short" with={{ units: <Points units={gave.units} currency={gave.currency} /> }} /></span> : null}
      </div>
      <div id={id}>
        {isOpen ? (
          <div className={gave ? "card-open with-gave" : "card-open"}>
            <div className="stack">
              <div className="row names-row">
                {fieldsOf(grammar, part).some((one) => one.name === "names") ? <NameFields value={value} path={path} order={orderOf(grammar, part)} /> : null}
                {before ? null : (
                  <label className="row name-field">
                    <span className="small soft">{say("designer.code")}</span>
                    <TypedField
                      value={code}
                      label={say("designer.code")}
                      isBad={false}
                      onType={(typed) => {
                        const isDone = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(typed) && change([{ does: "set", path: [...path, "code"], value: typed }]);
                        if (isDone) onOpen(typed);
                        return isDone;
                      }}
                    />
                  </label>
                )}
              </div>
              <Editing part={part} value={value} path={path} />
              <div className="row">
                <button type="button" className="button small" disabled={at === 0} onClick={() => change([{ does: "move", path, by: -1 }])}>{say("designer.up")}<span className="away"> {name}</span></button>
                <button type="button" className="button small" disabled={isLast} onClick={() => change([{ does: "move", path, by: 1 }])}>{say("designer.down")}<span className="away"> {name}</span></button>
                <button type="button" className="button small" onClick={copy}>{say("designer.copy")}<span className="away"> {name}</span></button>
                <button
                  type="button"
                  className="button small danger"
                  onClick={() => {
                    if (change([{ does: "remove", path }])) onOpen(null);
                  }}
                >
                  {say("designer.remove")}<span className="away"> {name}</span>
                </button>
              </div>
            </div>
            {gave && figures ? <Gave gave={gave} months={figures.months} /> : null}
          </div>
        ) : (
          <Sentence part={part} value={value} path={path} />
        )}
        {mine.map((one, nth) => (
          <p className="fault small" key={nth}>
            {one.message}
            {one.mend ? <Mend problem={one} /> : null}
          </p>
        ))}
      </div>
    </li>
  );
}

export function Mend({ problem }: { problem: { path: Path; mend?: string } }) {
  const say = useSay();
  const { change } = useDrafting();
  if (!problem.mend) return null;
  const mend = problem.mend;
  return (
    <>
      {" "}
      <button type="button" className="as-link" onClick={() => change([{ does: "set", path: problem.path, value: mend }])}>{say("designer.mend", { text: `"${mend}"` })}</button>
    </>
  );
}

/** What a rule gave in a year, beside it. */
function Gave({ gave, months }: { gave: { currency: string; units: number; units_back: number; entries: number; members: number; by_month: number[] }; months: string[] }) {
  const say = useSay();
  return (
    <aside className="gave" aria-label={say("designer.gave_title")}>
      <h3>{say("designer.gave_title")}</h3>
      <p className="gave-units"><Points units={gave.units} currency={gave.currency} /></p>
      <p className="small soft"><Said id="designer.gave_to" n={gave.members} with={{ members: <Count of={gave.members} />, entries: <Count of={gave.entries} /> }} /></p>
      {gave.units_back > 0 ? <p className="small soft"><Said id="designer.gave_back" with={{ units: <Points units={gave.units_back} currency={gave.currency} /> }} /></p> : null}
      <Columns values={gave.by_month} now={1} before={0} label={say("designer.gave_by_month")} />
      <p className="small soft gave-ends"><Month on={months[0] ?? ""} withYear /><Month on={months.at(-1) ?? ""} withYear /></p>
      <details>
        <summary className="small">{say("designer.gave_table")}</summary>
        <table className="table dense keep">
          <thead><tr><th scope="col">{say("designer.month")}</th><th scope="col" className="right">{say("designer.given")}</th></tr></thead>
          <tbody>{months.map((month, at) => <tr key={month}><td><Month on={month} withYear /></td><td className="right"><Points units={gave.by_month[at] ?? 0} currency={gave.currency} /></td></tr>)}</tbody>
        </table>
      </details>
    </aside>
  );
}

