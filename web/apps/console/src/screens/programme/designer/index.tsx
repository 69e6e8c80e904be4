// The designer: rules as sentences and the same document as text beside it. The text is the one truth; sentences change it in place.
import "@jifen/words/designer";
import "./designer.css";
import { api, type Book, got, Refused, type Schemas } from "@jifen/api";
import { Asking, Bars, Empty, FrameProvider, Icon, localDay, Section, Segmented, Shown, Tabs, useAsked, useFrame, useMay, useQuery, useSay } from "@jifen/ui";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { adding, aroundOf, type Beginning, ladder, RULES } from "./beginnings.ts";
import { Begin } from "./begin.tsx";
import { check, type Checked, textProblems } from "./check.ts";
import { type Drafting, DraftingProvider, type Problem, useDrafting } from "./drafting.tsx";
import { type Field, fieldsOf, type Grammar, isFields, isList, listOf, orderOf, WHOLE } from "./grammar.ts";
import { Card, Editing, NameFields, shut } from "./parts.tsx";
import { type Done, DoneNote, Finding, Road } from "./plan.tsx";
import { type Change, changed, type Fields, type Path, placeOf, readText } from "./text.ts";
import { Templates } from "./templates.tsx";
import { TextPane, type TextHandle } from "./text-pane.tsx";
import { Trials } from "./trials.tsx";
import { moneyOf, type Showing } from "./values.ts";

const DRAFT = "jifen.draft";
const PAUSE = 250;
/** The server does not answer: it is asked again after so long, and what was typed stays. */
const GONE_PAUSE = 4_000;
const UNDO_MAX = 100;
/** Of a list with thousands of stores so many are drawn, and as many more when asked. */
const SHOWN = 100;
/** The tabs that come first; whatever list the document has besides comes after them. */
const TABS_FIRST = ["earn_rules", "offers", "currencies", "tiers", "rewards", "events", "days", "moments", "shared_caps", "stacking_groups", "stores", "tests"];
const VIEWS = ["both", "sentences", "text"] as const;

export default function Designer() {
  const { language } = useFrame();
  const may = useMay();
  const [done, setDone] = useState<Done | null>(null);
  const grammar = useAsked(`grammar ${language}`, () => got(api.GET("/v1/program/grammar", { params: { query: { language } } })));
  const published = useAsked("program text", readPublished);
  const figures = useAsked(may("books.read") ? "rule figures" : null, () => got(api.GET("/v1/program/rules:figures")).catch(nothingYet));
  return (
    <Shown asked={grammar} loading={<Bars lines={8} columns={2} />}>
      {(found) => (
        <Shown asked={published} loading={<Bars lines={8} columns={2} />}>
          {({ newest }) => <Draft key={newest?.text ?? ""} grammar={found} published={newest?.text ?? null} figures={figures.data ?? null} again={published.again} done={done} onDone={setDone} />}
        </Shown>
      )}
    </Shown>
  );
}

/** The newest revision as text; null: nothing was published yet. */
async function readPublished(): Promise<{ newest: Schemas["RevisionText"] | null }> {
  try {
    const { newest } = await got(api.GET("/v1/program"));
    return { newest: await got(api.GET("/v1/program/revisions/{number}/text", { params: { path: { number: newest.number } } })) };
  } catch (failure) {
    return { newest: nothingYet(failure) };
  }
}

function nothingYet(failure: unknown): null {
  if (failure instanceof Refused && failure.problem?.code === "program_missing") return null;
  throw failure;
}

/** The draft outlives a reload of the page; a browser that keeps nothing, or not so much, has it on the page alone. */
function keep(text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(DRAFT);
    else sessionStorage.setItem(DRAFT, text);
  } catch {
    return;
  }
}

interface DraftProps {
  grammar: Grammar;
  published: string | null;
  figures: Schemas["RuleFiguresAnswer"] | null;
  again: () => void;
  /** What became of the draft that was handed in last: it outlives that draft. */
  done: Done | null;
  onDone: (done: Done | null) => void;
}

function Draft({ grammar, published, figures, again, done, onDone }: DraftProps) {
  const say = useSay();
  const { language, book } = useFrame();
  const [text, setText] = useState<string>(() => sessionStorage.getItem(DRAFT) ?? published ?? "");
  const [past, setPast] = useState<string[]>([]);
  const [checked, setChecked] = useState<Checked>({ is: "nothing" });
  const [refusal, setRefusal] = useState<string | null>(null);
  const handle = useRef<TextHandle>(null);
  const read = useMemo(() => readText(text), [text]);
  const before = useMemo(() => (published === null ? null : readText(published).values), [published]);
  const isChanged = text !== (published ?? "");

  const type = useCallback((next: string) => {
    setPast((was) => [...was.slice(-UNDO_MAX), text]);
    setText(next);
    onDone(null);
    setRefusal(null);
  }, [text, onDone]);

  useEffect(() => {
    if (!isChanged) {
      keep(null);
      setChecked({ is: "nothing" });
      return;
    }
    keep(text);
    const unread = textProblems(read, say);
    if (unread.length) {
      setChecked({ is: "unread", problems: unread });
      return;
    }
    setChecked((was) => (was.is === "refused" ? was : { is: "checking" }));
    const leave = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = (pause: number) => {
      timer = setTimeout(() => {
        void check(read, leave.signal).then((found) => {
          if (leave.signal.aborted) return;
          setChecked(found);
          if (found.is === "no" && found.refused.isGone) ask(GONE_PAUSE);
        });
      }, pause);
    };
    ask(PAUSE);
    return () => {
      clearTimeout(timer);
      leave.abort();
    };
    // `say` is another one at every drawing; the language is what it says it in.
  }, [text, read, isChanged, language]);

  const problems: Problem[] = checked.is === "unread" || checked.is === "refused" ? checked.problems : [];
  const money = moneyOf(read.values);
  const showing: Showing = useMemo(
    () => ({ grammar, document: read.values, language, money, words: { spend: say("designer.spend"), between: say("list.between"), nothing: "…", or: say("designer.or") } }),
    [grammar, read, language],
  );
  const drafting: Drafting = {
    grammar, read, document: read.values, published: before, problems, showing, figures,
    today: localDay(book?.now ?? new Date().toISOString(), "UTC"),
    change: (changes: Change[]) => {
      const next = changed(text, changes);
      if (next === null) {
        setRefusal(say("designer.not_changed"));
        return false;
      }
      type(next);
      return true;
    },
    look: (path: Path) => handle.current?.show(...placeOf(read, path), false),
  };
  const draftBook = useMemo<Book | null>(() => (book ? { ...book, program: programOf(read.values, book.program) } : null), [book, read]);
  const isEmpty = text.trim() === "";

  if (isEmpty) return <Begin onBegin={type} />;
  return (
    <FrameProvider value={{ language, book: draftBook }}>
      <DraftingProvider value={drafting}>
        <Desk
          text={text}
          type={type}
          handle={handle}
          checked={checked}
          refusal={refusal}
          done={done}
          isChanged={isChanged}
          onUndo={past.length ? () => {
            setText(past.at(-1) ?? text);
            setPast(past.slice(0, -1));
          } : null}
          onStartOver={() => type(published ?? "")}
          onDone={(said) => {
            keep(null);
            onDone(said);
            if (said.isPublished) again();
          }}
        />
      </DraftingProvider>
    </FrameProvider>
  );
}

/** What formatters need of the draft; currencies of the ledger that the draft left out stay known. */
function programOf(document: Fields, known: Schemas["BookProgram"] | null): Schemas["BookProgram"] {
  const money = moneyOf(document);
  const names = (value: Fields) => (isFields(value["names"]) ? (value["names"] as Record<string, string>) : {});
  const currencies = listOf(document, "currencies").map((one): Schemas["BookCurrency"] => ({
    code: String(one["code"]), names: names(one), kind: one["kind"] === "qualifying" ? "qualifying" : "spendable", scale: typeof one["scale"] === "number" ? one["scale"] : 0, worth_minor: null, worth_units: null,
  }));
  const lost = (known?.currencies ?? []).filter((one) => !currencies.some((other) => other.code === one.code));
  const program = isFields(document["program"]) ? document["program"] : {};
  return {
    code: String(program["code"] ?? ""),
    names: names(program),
    revision: known?.revision ?? 0,
    money: money.code,
    money_decimals: money.decimals,
    time_zone: known?.time_zone ?? "UTC",
    currencies: [...currencies, ...lost],
    tiers: known?.tiers ?? [],
    stores: known?.stores ?? 0,
    any_store: known?.any_store ?? false,
    rewards: known?.rewards ?? 0,
  };
}

interface DeskProps {
  text: string;
  type: (text: string) => void;
  handle: React.RefObject<TextHandle | null>;
  checked: Checked;
  refusal: string | null;
  done: Done | null;
  isChanged: boolean;
  onUndo: (() => void) | null;
  onStartOver: () => void;
  onDone: (done: Done) => void;
}

function Desk({ text, type, handle, checked, refusal, done, isChanged, onUndo, onStartOver, onDone }: DeskProps) {
  const say = useSay();
  const [query, put] = useQuery();
  const { problems } = useDrafting();
  const [chooses, setChooses] = useState(false);
  const view = VIEWS.find((one) => one === query.get("view")) ?? "both";
  const show = (from: number, to: number) => {
    if (view === "sentences" || matchMedia("(max-width: 900px)").matches) put({ view: "text" });
    requestAnimationFrame(() => handle.current?.show(from, to, true));
  };
  return (
    <div className="stack">
      <div className="designer-head">
        <div className="row">
          <Segmented label={say("designer.view")} current={view} onChoose={(id) => put({ view: id === "both" ? null : id })} choices={VIEWS.map((one) => ({ id: one, label: say(`designer.view_${one}`) }))} />
          <button type="button" className="button" disabled={onUndo === null} onClick={() => onUndo?.()}>{say("designer.undo")}</button>
          {isChanged ? <button type="button" className="as-link" onClick={onStartOver}>{say("programme.start_over")}</button> : null}
          <button type="button" className="as-link" onClick={() => setChooses(true)}>{say("designer.from_template")}</button>
        </div>
        <p role="status" className="small">
          {problems[0] ? (
            <>
              <Icon name="stop" /> {say("designer.problems", { n: problems.length }, problems.length)}{" "}
              <button type="button" className="as-link" onClick={() => show(problems[0]?.from ?? 0, problems[0]?.to ?? 0)}>{say("designer.go_there")}</button>
            </>
          ) : (
            <span className="soft">{say(checked.is === "checking" ? "programme.checking" : checked.is === "valid" ? "designer.holds" : "designer.as_published")}</span>
          )}
        </p>
      </div>
      {refusal ? <div className="note note-warn" role="alert"><p>{refusal}</p></div> : null}
      {chooses ? (
        <Asking title={say("designer.from_template")} onClose={() => setChooses(false)}>
          <p className="small soft">{say("designer.from_template_why")}</p>
          <Templates
            onChoose={(next) => {
              setChooses(false);
              type(next);
            }}
          />
        </Asking>
      ) : null}
      <PartTabs />
      <div className={`designer view-${view}`}>
        <div className="designer-sentences"><Sentences checked={checked} /></div>
        <div className="designer-text"><TextPane text={text} problems={problems} onType={type} handle={handle} /></div>
      </div>
      <Section title={say("programme.what_changes")}>
        <div className="stack" aria-live="polite">
          {done ? <DoneNote done={done} /> : null}
          <Finding checked={checked} onShow={show} />
          {checked.is === "valid" && !checked.plan.is_empty && !checked.plan.is_refused ? <Road plan={checked.plan} onDone={onDone} /> : null}
        </div>
      </Section>
    </div>
  );
}

/** The parts of the document that have a tab, and the one that is open. */
function useTab(): { tabs: string[]; tab: string } {
  const [query] = useQuery();
  const { grammar } = useDrafting();
  const holdsList = (one: Field) => isList(one) || one.kinds.some((kind) => kind.kind === "part" && fieldsOf(grammar, kind.part ?? "").some(isList));
  const lists = fieldsOf(grammar, WHOLE).filter(holdsList).map((one) => one.name);
  const tabs = [...TABS_FIRST.filter((one) => lists.includes(one)), ...lists.filter((one) => !TABS_FIRST.includes(one)), "programme"];
  return { tabs, tab: tabs.find((one) => one === query.get("part")) ?? tabs[0] ?? "programme" };
}

function PartTabs() {
  const say = useSay();
  const [query] = useQuery();
  const { grammar, document } = useDrafting();
  const { tabs, tab } = useTab();
  const sizeOf = (name: string) => listOf(name === "tiers" ? document["tiers"] : document, name === "tiers" ? "list" : name).length;
  const address = (one: string) => {
    const next = new URLSearchParams(query);
    next.set("part", one);
    next.delete("open");
    return `/programme?${next}`;
  };
  const labelOf = (one: string) => (one === "programme" ? say("designer.programme") : (fieldsOf(grammar, WHOLE).find((field) => field.name === one)?.says ?? one));
  return <Tabs label={say("designer.parts")} current={tab} tabs={tabs.map((one) => ({ id: one, label: labelOf(one), to: address(one), ...(sizeOf(one) > 0 ? { count: sizeOf(one) } : {}) }))} />;
}

function Sentences({ checked }: { checked: Checked }) {
  const say = useSay();
  const { read } = useDrafting();
  const { tab } = useTab();
  if (read.faults.some((one) => one.code !== "inexact")) return <Empty title={say("programme.unreadable")}>{say("designer.unread_why")}</Empty>;
  return <div className="stack">{tab === "programme" ? <Whole /> : tab === "tiers" ? <Ladder /> : tab === "tests" ? <Trials checked={checked} /> : <List list={tab} path={[tab]} />}</div>;
}

function Whole() {
  const { grammar, document } = useDrafting();
  const program = isFields(document["program"]) ? document["program"] : {};
  return (
    <div className="stack">
      <div className="row names-row"><NameFields value={program} path={["program"]} order={orderOf(grammar, "program")} /></div>
      <Editing part={WHOLE} value={document} path={[]} besides={["program", "tiers", "format"]} />
    </div>
  );
}

function Ladder() {
  const say = useSay();
  const { grammar, document, change } = useDrafting();
  const tiers = document["tiers"];
  if (!isFields(tiers)) {
    return (
      <Empty title={say("designer.no_tiers")} actions={<button type="button" className="button" onClick={() => change([{ does: "set", path: ["tiers"], value: ladder({ zh: "普通会员", en: "Member" }), order: orderOf(grammar, WHOLE) }])}>{say("designer.add_tiers")}</button>}>
        {say("designer.no_tiers_why")}
      </Empty>
    );
  }
  return (
    <div className="stack">
      <Editing part="tiers" value={tiers} path={["tiers"]} />
      <List list="tiers.list" path={["tiers", "list"]} />
    </div>
  );
}

function List({ list, path }: { list: string; path: Path }) {
  const say = useSay();
  const [query, put] = useQuery();
  const { grammar, document, figures, change, today, showing } = useDrafting();
  const name = String(path.at(-1));
  const holder = list === "tiers.list" ? "tiers" : WHOLE;
  const field = fieldsOf(grammar, holder).find((one) => one.name === name);
  const part = field?.kinds[0]?.part ?? "";
  const rows = listOf(list === "tiers.list" ? document["tiers"] : document, name);
  const around = aroundOf(grammar, document, showing.money.decimals, figures?.told?.["line.category"] ?? [], today);
  const open = query.get("open");
  const label = grammar.parts.find((one) => one.part === part)?.label ?? part;
  const add = (beginning: Beginning | null) => {
    const found = adding(list, part, around, orderOf(grammar, holder), beginning, { zh: say("designer.new_zh"), en: say("designer.new_en") }, part.replaceAll("_", "-"));
    if (found && change(found.changes)) put({ open: found.code });
  };
  const [most, setMost] = useState(SHOWN);
  const openAt = rows.findIndex((one) => open !== null && open === String(one["code"] ?? ""));
  const beginnings = list === "earn_rules" ? RULES.filter((one) => one.fields(around) !== null) : [];
  return (
    <>
      <ul className="cards">
        {rows.slice(0, Math.max(most, openAt + 1)).map((one, at) => (
          <Card key={`${at} ${list}`} list={list} part={part} value={one} path={[...path, at]} isOpen={at === openAt} isLast={at === rows.length - 1} onOpen={(code) => put({ open: code })} />
        ))}
      </ul>
      {rows.length === 0 ? <p className="soft">{say("designer.none_of_these", { what: label })}</p> : null}
      {rows.length > Math.max(most, openAt + 1) ? <p><button type="button" className="button" onClick={() => setMost(most + SHOWN)}>{say("designer.show_more", { n: rows.length - most })}</button></p> : null}
      <div className="row">
        {beginnings.length ? (
          <details className="menu">
            <summary className="button">{say("designer.add_rule")}</summary>
            <div className="menu-body menu-left">
              {beginnings.map((one) => (
                <button
                  key={one.word}
                  type="button"
                  className="as-link"
                  onClick={(event) => {
                    shut(event.currentTarget);
                    add(one);
                  }}
                >
                  {say(one.word)}
                </button>
              ))}
              <button
                type="button"
                className="as-link"
                onClick={(event) => {
                  shut(event.currentTarget);
                  add(null);
                }}
              >
                {say("designer.begin_other")}
              </button>
            </div>
          </details>
        ) : (
          <button type="button" className="button" onClick={() => add(null)}>{say("designer.add_part", { what: label })}</button>
        )}
      </div>
    </>
  );
}
