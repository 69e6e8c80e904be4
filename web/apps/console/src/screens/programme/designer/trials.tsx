// The tests that the document carries, with what became of each; and a basket that is tried on its rules and kept as a test.
import { api, got, type Schemas } from "@jifen/api";
import { Empty, Icon, Mark, nameIn, RefusedNote, Shown, useAsked, useFrame, useSay } from "@jifen/ui";
import { useEffect, useState } from "react";
import type { Checked } from "./check.ts";
import { useDrafting } from "./drafting.tsx";
import { isFields, listOf, orderOf, WHOLE } from "./grammar.ts";
import { freeCode, minorOf } from "./numbers.ts";
import type { Fields, Value } from "./text.ts";

type Tests = Schemas["TestsAnswer"];
type Test = Schemas["TestAnswer"];

const PAUSE = 250;
const LINES_MAX = 20;

/** What became of the tests: those of a draft come with its plan, those of what is published are run once. */
export function Trials({ checked }: { checked: Checked }) {
  const { document, read } = useDrafting();
  const { language } = useFrame();
  const isAsked = checked.is === "nothing" && listOf(document, "tests").length > 0;
  const published = useAsked(isAsked ? `tests of ${language} ${read.text.length}` : null, () => run(document));
  return (
    <div className="stack">
      <Basket />
      {checked.is === "nothing" && isAsked ? (
        <Shown asked={published}>{(found) => <Results tests={found} />}</Shown>
      ) : (
        <Results tests={checked.is === "valid" ? checked.plan.tests : null} />
      )}
    </div>
  );
}

async function run(document: Fields, signal?: AbortSignal): Promise<Tests> {
  return got(api.POST("/v1/program:test", { body: { document: document as Record<string, unknown> }, ...(signal ? { signal } : {}) }));
}

function Results({ tests }: { tests: Tests | null }) {
  const say = useSay();
  const { language } = useFrame();
  const { document, change, look } = useDrafting();
  const written = listOf(document, "tests");
  if (written.length === 0) return <Empty title={say("designer.no_tests")}>{say("designer.no_tests_why")}</Empty>;
  return (
    <>
      {tests ? (
        <p role="status">
          {tests.failed ? <Mark tone="stop">{say("designer.tests_fail", { failed: tests.failed, n: tests.passed + tests.failed }, tests.failed)}</Mark> : <Mark tone="kept">{say("designer.tests_hold", { n: tests.passed }, tests.passed)}</Mark>}
        </p>
      ) : null}
      <ul className="cards">
        {written.map((one, at) => {
          const found = tests?.data[at];
          const result = found && found.code === one["code"] ? found : null;
          const name = nameIn((isFields(one["names"]) ? one["names"] : {}) as Record<string, string>, language) || String(one["code"] ?? "");
          return (
            <li key={`${at} ${String(one["code"])}`} className={`card${result && !result.has_passed ? " card-stop" : ""}`}>
              <div className="card-head">
                {result ? <Icon name={result.has_passed ? "kept" : "stop"} /> : null}
                <b>{name}</b>
                <span className="soft small">{result ? say(result.has_passed ? "designer.test_holds" : "designer.test_fails") : ""}</span>
                <button type="button" className="as-link small" onClick={() => look(["tests", at])}>{say("designer.in_text")}</button>
                <button type="button" className="cross" aria-label={say("designer.test_away", { name })} onClick={() => change([{ does: "remove", path: ["tests", at] }])}>×</button>
              </div>
              {result && !result.has_passed ? <ul className="faults">{result.differs.map((differs, nth) => <li key={nth} className="fault">{differs.sentence}</li>)}</ul> : null}
              {result ? <Why test={result} /> : null}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Why({ test }: { test: Test }) {
  const say = useSay();
  if (test.explained.length === 0) return null;
  return (
    <details className="why">
      <summary className="small">{say("designer.test_why")}</summary>
      <ul>{test.explained.map((one, at) => <li key={at} className="small">{one.sentence}</li>)}</ul>
    </details>
  );
}

interface BasketLine {
  amount: string;
  quantity: string;
  category: string;
}

/** One purchase of a member of a chosen tier, judged as it is typed. */
function Basket() {
  const say = useSay();
  const { language } = useFrame();
  const { document, grammar, showing, figures, today, change, problems } = useDrafting();
  const [tier, setTier] = useState("");
  const [at, setAt] = useState(`${today}T12:00`);
  const [store, setStore] = useState("");
  const [lines, setLines] = useState<BasketLine[]>([{ amount: "", quantity: "1", category: "" }]);
  const [found, setFound] = useState<Test | null>(null);
  const [refused, setRefused] = useState<Parameters<typeof RefusedNote>[0]["refused"] | null>(null);
  const { decimals, code: money } = showing.money;
  const named = (one: Fields) => nameIn((isFields(one["names"]) ? one["names"] : {}) as Record<string, string>, language) || String(one["code"] ?? "");
  const tiers = isFields(document["tiers"]) ? listOf(document["tiers"], "list") : [];
  const stores = listOf(document, "stores").slice(0, 500);
  const test = testOf({ tier, at, store: store || String(stores[0]?.["code"] ?? ""), lines }, decimals, document, {
    zh: "试算一笔消费",
    en: "A basket that was tried",
  });
  const asked = test === null || problems.length ? null : JSON.stringify([document, test]);

  useEffect(() => {
    if (asked === null || test === null) {
      setFound(null);
      return;
    }
    const leave = new AbortController();
    const timer = setTimeout(() => {
      void run({ ...document, tests: [test] }, leave.signal).then(
        (answer) => {
          if (leave.signal.aborted) return;
          setRefused(null);
          setFound(answer.data[0] ?? null);
        },
        (failure: unknown) => {
          if (leave.signal.aborted) return;
          setFound(null);
          setRefused(failure as Parameters<typeof RefusedNote>[0]["refused"]);
        },
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      leave.abort();
    };
    // What is asked says everything that it depends on.
  }, [asked, language]);

  const put = (nth: number, what: Partial<BasketLine>) => setLines((was) => was.map((one, other) => (other === nth ? { ...one, ...what } : one)));
  const keep = () => {
    if (test === null || found === null) return;
    const code = freeCode(listOf(document, "tests"), "basket");
    const value: Fields = { ...test, code, expect: found.came as Fields };
    change([{ does: "append", path: ["tests"], value, order: orderOf(grammar, WHOLE) }]);
  };
  return (
    <fieldset className="basket stack">
      <legend><b>{say("designer.basket")}</b></legend>
      <p className="small soft">{say("designer.basket_why")}</p>
      <div className="fields">
        {tiers.length ? (
          <label className="field">
            <span>{say("designer.basket_tier")}</span>
            <select className="input" value={tier} onChange={(event) => setTier(event.target.value)}>
              {tiers.map((one, nth) => <option key={nth} value={nth === 0 ? "" : String(one["code"])}>{named(one)}</option>)}
            </select>
          </label>
        ) : null}
        <label className="field">
          <span>{say("designer.basket_at")}</span>
          <input className="input" type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} />
        </label>
        {stores.length ? (
          <label className="field">
            <span>{say("designer.basket_store")}</span>
            <select className="input" value={store} onChange={(event) => setStore(event.target.value)}>
              {stores.map((one, nth) => <option key={nth} value={String(one["code"])}>{named(one)}</option>)}
            </select>
          </label>
        ) : null}
      </div>
      <datalist id="basket-categories">{(figures?.told?.["line.category"] ?? []).map((one) => <option key={one} value={one} />)}</datalist>
      {lines.map((one, nth) => (
        <div key={nth} className="row basket-line">
          <label className="field">
            <span>{say("designer.basket_amount", { money })}</span>
            <input className="input" inputMode="decimal" autoComplete="off" value={one.amount} onChange={(event) => put(nth, { amount: event.target.value })} />
          </label>
          <label className="field">
            <span>{say("designer.basket_quantity")}</span>
            <input className="input" inputMode="decimal" autoComplete="off" value={one.quantity} onChange={(event) => put(nth, { quantity: event.target.value })} />
          </label>
          <label className="field">
            <span>{say("designer.basket_category")}</span>
            <input className="input" list="basket-categories" autoComplete="off" value={one.category} onChange={(event) => put(nth, { category: event.target.value })} />
          </label>
          {lines.length > 1 ? <button type="button" className="cross" aria-label={say("designer.basket_line_away", { n: nth + 1 })} onClick={() => setLines(lines.filter((_, other) => other !== nth))}>×</button> : null}
        </div>
      ))}
      <div className="row">
        <button type="button" className="button" disabled={lines.length >= LINES_MAX} onClick={() => setLines([...lines, { amount: "", quantity: "1", category: "" }])}>{say("designer.basket_line")}</button>
        <button type="button" className="button primary" disabled={found === null} onClick={keep}>{say("designer.basket_keep")}</button>
      </div>
      {refused ? <RefusedNote refused={refused} /> : null}
      <div aria-live="polite" className="basket-came">
        {found ? <ul>{found.explained.map((one, nth) => <li key={nth}>{one.sentence}</li>)}</ul> : <p className="small soft">{say("designer.basket_nothing")}</p>}
      </div>
    </fieldset>
  );
}

/** The basket as a test of the document; null: something in it is no number yet. */
function testOf(
  told: { tier: string; at: string; store: string; lines: BasketLine[] },
  decimals: number,
  document: Fields,
  names: { zh: string; en: string },
): Fields | null {
  const lines: Fields[] = [];
  for (const one of told.lines) {
    const amount = minorOf(one.amount, decimals);
    if (amount === null || amount < 0 || !/^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(one.quantity)) return null;
    lines.push({ amount_minor: amount, ...(one.quantity === "1" ? {} : { quantity: one.quantity }), ...(one.category.trim() ? { category: one.category.trim() } : {}) });
  }
  const [day, hour] = told.at.split("T");
  if (!day || !hour) return null;
  const purchase: Fields = { ...(told.store ? { store: told.store } : {}), lines: lines as Value };
  const first = isFields(document["tiers"]) ? listOf(document["tiers"], "list")[0] : undefined;
  return {
    code: "basket",
    names,
    ...(told.tier ? { given: { tier: told.tier } } : {}),
    occasion: { at: `${day} ${hour}`, purchase },
    expect: { tier: String(first?.["code"] ?? "member") },
  };
}
