// The basket: lines from the scanner or by hand, what they earn while they are typed, using points, and completing.
import { api, signedIn } from "@jifen/api";
import { Icon, Money, nameIn, RefusedNote, Said, useFrame, useGoing, useMay, useProgram, useSay } from "@jifen/ui";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ask, type Priced, purchaseBody, useDay, useDesk, useQuote, useRules } from "../desk.ts";
import { cupboard, hasRoom, kept, now } from "../keep.ts";
import { useLine } from "../line.ts";
import { Foot, Press, Pts, Reasons, Row, Say, useCurrencyOfTill, useFunctionKeys } from "../parts.tsx";
import { drain, type Draft, enqueue } from "../queue.ts";
import { amountOf, entryOf, type Item, type Line, LINES_MAX, offOf, totalOf, withLine } from "../rules/basket.ts";
import { NewItem } from "./new-item.tsx";
import { SpendPoints } from "./spend.tsx";
import { WhoSide } from "./who.tsx";

export function Basket() {
  const say = useSay();
  const may = useMay();
  const desk = useDesk();
  const { sale, change, setup, isTraining } = desk;
  const { book } = useFrame();
  const { go } = useGoing();
  const program = useProgram();
  const { isOn } = useLine();
  const [text, setText] = useState("");
  const [asked, setAsked] = useState<{ quantity_milli: number; what: string } | null>(null);
  const [isSpending, setSpending] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [no, setNo] = useState<string | null>(null);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const foot = useRef<HTMLLIElement>(null);
  const day = useDay();
  const quote = useQuote(desk, program.money);
  const ruleName = useRules();
  const currency = useCurrencyOfTill();
  // While a newer price is asked for, the one before stands in grey: nothing jumps.
  const shown = quote.isOld ? asShown(quote.priced, sale.lines.length) : quote.priced;
  const shelf = totalOf(sale.lines);
  const total = totalOf(sale.lines, shown);
  const off = shelf - total;
  const spent = sale.spend?.worth_minor ?? 0;
  const toPay = Math.max(0, total - spent);
  const canSell = may("purchases.record") || isTraining;
  const isFirst = sale.lines.length === 0;
  useEffect(() => {
    foot.current?.scrollIntoView({ block: "nearest" });
  }, [sale.lines.length]);

  const put = (line: Line) => {
    if (sale.lines.length >= LINES_MAX) return setNo(say("till.basket.too_many", { n: LINES_MAX }));
    change({ lines: withLine(sale.lines, line) });
    setNo(null);
  };
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    const entry = entryOf(text, program.money_decimals);
    if (!entry) return;
    setText("");
    const shelf = await cupboard();
    const known: Item | undefined = (await shelf.get("items", entry.what)) ?? (await shelf.getAll("items")).find((one) => one.name.toLowerCase() === entry.what.toLowerCase());
    if (known) {
      const { sku, name, price_minor, category, brand } = known;
      put({ sku, name, quantity_milli: entry.quantity_milli, price_minor: entry.price_minor ?? price_minor, ...(category ? { category } : {}), ...(brand ? { brand } : {}) });
    } else if (entry.price_minor !== null && !/^\d{6,}$/.test(entry.what)) {
      put({ name: entry.what, quantity_milli: entry.quantity_milli, price_minor: entry.price_minor });
    } else setAsked(entry);
  };
  const more = (index: number, by: number) => {
    const lines = sale.lines.map((one, here) => (here === index ? { ...one, quantity_milli: one.quantity_milli + by } : one)).filter((one) => one.quantity_milli > 0);
    change({ lines });
  };
  const release = async () => {
    if (!sale.spend) return;
    const path = { reservation_id: sale.spend.reservation_id };
    change({ spend: null });
    // What is not released lapses by itself.
    await ask(api.POST("/v1/reservations/{reservation_id}:release", { params: { path } as never })).catch(() => undefined);
  };
  const leave = () => {
    void release();
    change({ who: null, lines: [], spend: null, priced: null });
  };
  const complete = async () => {
    if (isFirst || isBusy || !canSell) return;
    setBusy(true);
    setNo(null);
    try {
      const cashier = signedIn()?.name ?? (await kept("operator")) ?? "";
      const priced = await quote.settle();
      if (isTraining) {
        const answer = await ask(api.POST("/v1/purchases:quote", { body: purchaseBody(desk, priced, program.money, cashier, "quote", now().toISOString()) }));
        change({ done: { training: answer }, priced });
      } else if (!(await hasRoom())) setNo(`${say("till.full.title")} ${say("till.full.how")}`);
      else {
        const phone = sale.who?.is === "unseen" && sale.who.phone ? sale.who.phone : null;
        const drafts: Draft[] = [{
          kind: "purchase", path: "/v1/purchases", no: null, amount_minor: totalOf(sale.lines, priced), phone,
          body: (number, moment) => purchaseBody(desk, priced, program.money, cashier, number, moment),
        }];
        if (sale.spend) {
          drafts.push({ kind: "commit", path: `/v1/reservations/${sale.spend.reservation_id}:commit`, no: "", amount_minor: spent, body: () => null });
        }
        const [made] = await enqueue(drafts, day);
        if (made) change({ done: { order: made.order, no: made.no }, priced });
        void drain();
      }
    } catch {
      setNo(say("till.basket.not_kept"));
    }
    setBusy(false);
  };
  const canSpend = isOn && !isFirst && sale.who?.is === "member" && sale.spend === null && may("reservations.make") && !isTraining && currency?.worth_minor !== null;
  useFunctionKeys({
    F1: leave, F2: () => field.current?.focus(), F4: () => canSpend && setSpending(true), F8: () => go("/return"), F9: () => void complete(),
    Escape: () => (text ? setText("") : leave()),
  });
  const onField = (key: string) => {
    if (text !== "" || isFirst) return false;
    const last = sale.lines.length - 1;
    const here = at < 0 || at > last ? last : at;
    if (key === "ArrowUp") setAt(Math.max(0, here - 1));
    else if (key === "ArrowDown") setAt(Math.min(last, here + 1));
    else if (key === "+") more(here, 1_000);
    else if (key === "-") more(here, -1_000);
    else if (key === "Delete") more(here, -(sale.lines[here]?.quantity_milli ?? 0));
    else return false;
    return true;
  };
  const points = quote.answer?.earned.find((one) => one.currency === currency?.code);
  return (
    <>
      <main className="split-till">
        <section className="left">
          <h1 className="away">{say("till.basket.title")}</h1>
          <div className="grid-head" aria-hidden="true">
            <span /> <span>{say("till.basket.item")}</span> <span className="right">{say("till.basket.quantity")}</span> <span className="right">{say("till.basket.amount")}</span>
          </div>
          <ol className="lines" aria-label={say("till.basket.title")}>
            {sale.lines.map((one, index) => (
              <li key={`${one.sku ?? one.name} ${index}`} className={index === at ? "line-of at" : "line-of"} ref={index === sale.lines.length - 1 ? foot : undefined}>
                <span className="soft num">{index + 1}</span>
                <span>
                  {one.name} {one.category || one.brand ? <span className="soft small">{[one.category?.split("/").at(-1), one.brand].filter(Boolean).join(", ")}</span> : null}
                  <OffLine priced={shown} number={index + 1} />
                </span>
                <span className="step">
                  <button type="button" aria-label={say("till.basket.less", { name: one.name })} onClick={() => more(index, -Math.min(1_000, one.quantity_milli))}>−</button>
                  <span className="num">{one.quantity_milli / 1_000}</span>
                  <button type="button" aria-label={say("till.basket.more", { name: one.name })} onClick={() => more(index, 1_000)}>+</button>
                </span>
                <LinePrice shelf={amountOf(one)} off={offOf(sale.lines, index, shown)} />
              </li>
            ))}
          </ol>
          {isFirst ? <p className="soft hint">{say("till.basket.empty")}</p> : null}
          <ul className={quote.isOld ? "total old" : "total"} data-price={quote.isOld ? "old" : "new"}>
            {off > 0 ? (
              <>
                <Row label={say("till.offer.shelf")} isSoft><Money minor={shelf} /></Row>
                <Row label={say("till.offer.off")} isSoft><Money minor={-off} /></Row>
              </>
            ) : null}
            {spent > 0 ? (
              <>
                <Row label={say("till.basket.goods")} isSoft><Money minor={total} /></Row>
                <Row label={<>{say("till.basket.by_points")} <button type="button" className="as-link" onClick={() => void release()}>{say("till.spend.undo")}</button></>} isSoft>
                  <Money minor={-spent} />
                </Row>
              </>
            ) : null}
            <li className="to-pay">
              <b>{say("till.basket.to_pay")}</b> <strong className="adds"><Money minor={toPay} /></strong>
            </li>
          </ul>
          <form onSubmit={(event) => void enter(event)}>
            <label className="one-field small-field">
              <span className="away">{say("till.basket.field")}</span>
              <Icon name="search" />
              <input
                ref={field} autoFocus value={text} placeholder={say("till.basket.field")} autoComplete="off" spellCheck={false}
                onChange={(event) => setText(event.target.value)} onKeyDown={(event) => onField(event.key) && event.preventDefault()}
              />
              <kbd>F2</kbd>
            </label>
          </form>
        </section>
        <aside className="side" aria-label={say("till.member")}>
          <WhoSide who={sale.who} />
          {quote.refused ? <RefusedNote refused={quote.refused} /> : null}
          <section className={quote.isOld ? "earns old" : "earns"} aria-live="polite" data-quote={quote.isOld ? "old" : "new"}>
            {!isOn || sale.who?.is === "unseen" ? (
              <Say tone="warn" icon="warn">{say(isOn ? "till.off.unseen" : "till.off.no_quote")}</Say>
            ) : (
              <>
                <h2 className="small soft">{say(sale.who?.is === "nobody" ? "till.quote.nobody" : "till.quote.title")}</h2>
                <p className="hero"><Pts units={points?.units ?? 0} signed /></p>
                <ul className="facts-till">
                  <Reasons of={points?.reasons ?? []} name={ruleName} isSigned />
                </ul>
              </>
            )}
          </section>
          {isOn ? <NextOffers priced={quote.priced} /> : null}
          {!isOn ? <WhileOff /> : null}
          {!canSell ? <Say tone="stop" icon="stop">{say("state.not_permitted", { permission: "purchases.record" })}</Say> : null}
          {no ? <Say tone="stop" icon="stop">{no}</Say> : null}
          <div className="presses">
            <Press onPress={() => setSpending(true)} hint="F4" isOff={!canSpend} why={isOn ? say("till.spend.why_off") : say("till.off.no_spend")}>{say("till.spend.open")}</Press>
            <Press isGo onPress={() => void complete()} hint="F9" isOff={isFirst || isBusy || !canSell}>
              {say("till.basket.complete")} <Money minor={toPay} />
            </Press>
          </div>
        </aside>
      </main>
      <Foot keys={[["F1", "till.basket.other"], ["F2", "till.basket.item"], ["F4", "till.spend.open"], ["F8", "till.back"], ["F9", "till.basket.complete"], ["Esc", "till.basket.leave"]]}>
        {book?.is_past ? say("till.demo_note") : setup.source}
      </Foot>
      {asked ? <NewItem entry={asked} onClose={() => setAsked(null)} onPut={put} /> : null}
      {isSpending && sale.who?.is === "member" ? <SpendPoints who={sale.who} most={total} onClose={() => setSpending(false)} /> : null}
    </>
  );
}

/** An older price for so many lines: those that came since have none yet. */
function asShown(priced: Priced | null, count: number): Priced | null {
  if (!priced) return null;
  const none = { shelf_minor: 0, discount_minor: 0, amount_minor: 0, discounts: [] };
  return { ...priced, lines: Array.from({ length: count }, (_, at) => priced.lines[at] ?? { number: at + 1, ...none }) };
}

/** A line's price, and what it was where an offer takes something off. */
function LinePrice({ shelf, off }: { shelf: number; off: number }) {
  const say = useSay();
  return (
    <span className="right">
      {off > 0 ? <><span className="away">{say("till.offer.shelf")}</span> <s className="was soft small"><Money minor={shelf} /></s></> : null}
      <Money minor={shelf - off} />
    </span>
  );
}

/** What each offer takes off a line. */
function OffLine({ priced, number }: { priced: Priced | null; number: number }) {
  const { language } = useFrame();
  const discounts = priced?.lines.find((one) => one.number === number)?.discounts ?? [];
  return (
    <>
      {discounts.map((one) => (
        <span key={one.offer} className="off-line small">
          {nameIn(priced?.used.find((used) => used.offer === one.offer)?.names ?? {}, language)} <Money minor={-one.minor} />
        </span>
      ))}
    </>
  );
}

/** What is missing for the next discounts. */
function NextOffers({ priced }: { priced: Priced | null }) {
  const say = useSay();
  const { language } = useFrame();
  if (!priced || priced.next.length === 0) return null;
  return (
    <section data-next>
      <h2 className="small soft">{say("till.offer.next")}</h2>
      <ul className="facts-till">
        {priced.next.map((one) => {
          const offer = nameIn(one.names, language);
          const pieces = one.missing_pieces ?? 0;
          return (
            <li key={one.offer} className="fact">
              {one.missing_minor !== null ? (
                <span><Said id="till.offer.more_money" with={{ missing: <b><Money minor={one.missing_minor} /></b>, off: <b><Money minor={one.off_minor ?? 0} /></b>, offer }} /></span>
              ) : (
                <span>{one.item ? say("till.offer.more_of", { pieces, item: nameIn(one.item, language), offer }) : say("till.offer.more_pieces", { pieces, offer })}</span>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function WhileOff() {
  const say = useSay();
  return (
    <section>
      <h2>{say("till.off.title")}</h2>
      <ul className="facts-till">
        <Row label={say("till.off.sell")}>{say("till.off.as_ever")}</Row>
        <Row label={say("till.off.points")} isSoft>{say("till.off.after")}</Row>
        <Row label={say("till.off.spend")} isSoft>{say("till.off.spend_no")}</Row>
        <Row label={say("till.off.offers")} isSoft>{say("till.off.offers_no")}</Row>
      </ul>
    </section>
  );
}
