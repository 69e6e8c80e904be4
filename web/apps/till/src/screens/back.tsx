// A return: the receipt by its number, lines and quantities, and what becomes of the points.
import { api, Refused, type Schemas } from "@jifen/api";
import { Empty, Icon, Instant, Money, RefusedNote, Said, useGoing, useMay, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { ask, useDay, useDesk } from "../desk.ts";
import { useLine } from "../line.ts";
import { Foot, Press, Pts, Row, Say, useCurrencyOfTill, useFunctionKeys } from "../parts.tsx";
import { drain, enqueue, useMessages } from "../queue.ts";
import { shareOf } from "../rules/basket.ts";
import { narrow } from "../rules/kind.ts";

type Receipt = Schemas["PurchaseRead"];

/** "20171229-0117" is of this till; "pos/20171229-0117" names who sent it. */
function receiptOf(text: string, source: string): { source: string; business_no: string } | null {
  const told = narrow(text);
  const slash = told.lastIndexOf("/");
  if (told === "") return null;
  return slash > 0 ? { source: told.slice(0, slash), business_no: told.slice(slash + 1) } : { source, business_no: told };
}

export function Back() {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const { setup, isTraining } = useDesk();
  const { isOn } = useLine();
  const messages = useMessages();
  const currency = useCurrencyOfTill();
  const day = useDay();
  const [text, setText] = useState("");
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [back, setBack] = useState<Record<number, number>>({});
  const [isBusy, setBusy] = useState(false);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [order, setOrder] = useState<number | null>(null);
  const sent = messages.find((one) => one.order === order);

  const find = async (event: FormEvent) => {
    event.preventDefault();
    const named = receiptOf(text, setup.source);
    if (!named || isBusy) return;
    setBusy(true);
    setRefused(null);
    setReceipt(null);
    setOrder(null);
    setBack({});
    setKey(crypto.randomUUID());
    try {
      setReceipt(await ask(api.GET("/v1/purchases", { params: { query: named } })));
    } catch (failure) {
      setRefused(failure instanceof Refused ? failure : new Refused(0, null, null));
    }
    setBusy(false);
  };
  const lines = receipt?.lines ?? [];
  const left = (one: Schemas["StoredLine"]) => one.quantity_milli - one.returned_milli;
  const step = (one: Schemas["StoredLine"]) => (one.quantity_milli % 1_000 === 0 ? 1_000 : one.quantity_milli);
  const set = (one: Schemas["StoredLine"], to: number) => setBack({ ...back, [one.number]: Math.max(0, Math.min(left(one), to)) });
  const chosen = lines.filter((one) => (back[one.number] ?? 0) > 0);
  const money = chosen.reduce((sum, one) => sum + shareOf(one.amount_minor, back[one.number] ?? 0, one.quantity_milli), 0);
  const brought = (one: Schemas["StoredLine"]) =>
    (receipt?.reasons ?? []).filter((why) => why.line === one.number && why.currency === currency?.code).reduce((sum, why) => sum + why.granted, 0);
  const points = chosen.reduce((sum, one) => sum + shareOf(brought(one), back[one.number] ?? 0, one.quantity_milli), 0);
  const all = () => setBack(Object.fromEntries(lines.map((one) => [one.number, left(one)])));
  const send = async () => {
    if (!receipt || chosen.length === 0 || isBusy || isTraining || order !== null || !may("purchases.take_back")) return;
    setBusy(true);
    const returned = chosen.map((one) => ({ number: one.number, quantity_milli: back[one.number] }));
    const purchase = { source: receipt.source, business_no: receipt.business_no };
    const [made] = await enqueue(
      [{
        kind: "return", path: "/v1/purchases:return", no: receipt.business_no, amount_minor: money, key,
        body: (_, at) => ({ purchase, lines: returned, occurred_at: at, till: setup.name, channel: "till", ...(setup.store ? { store: setup.store } : {}) }),
      }],
      day,
    );
    setOrder(made?.order ?? null);
    setBusy(false);
    void drain();
  };
  useFunctionKeys({ Escape: () => go("/"), F7: () => order === null && all(), F9: () => void send() });
  const answer = sent?.state === "done" ? (sent.answer as Schemas["ReturnAnswer"]) : null;
  return (
    <>
      <main className="split-till">
        <section className="left">
          <div className="back-head">
            <h1>{say("till.back.title")}</h1>
            <form onSubmit={(event) => void find(event)} role="search">
              <label className="one-field small-field">
                <span className="away">{say("till.back.field")}</span>
                <Icon name="search" />
                <input autoFocus value={text} placeholder={say("till.back.field")} autoComplete="off" spellCheck={false} onChange={(event) => setText(event.target.value)} />
              </label>
              <button type="submit" className="press" disabled={text.trim() === "" || isBusy}>{say("till.who.find")}</button>
            </form>
          </div>
          {!isOn ? <Say tone="warn" icon="warn">{say("till.back.needs_line")}</Say> : null}
          {refused?.problem?.code === "purchase_unknown" ? (
            <Say tone="warn" icon="warn"><b>{refused.problem.message}</b> {say("till.back.unknown_how")}</Say>
          ) : refused ? <RefusedNote refused={refused} /> : null}
          {receipt ? (
            <>
              <p className="soft">{receipt.source}/{receipt.business_no} · <Instant at={receipt.occurred_at} /> · <Money minor={receipt.amount_minor} /> {receipt.member_id ? "" : `· ${say("till.who.is_nobody")}`}</p>
              <table className="backs">
                <thead>
                  <tr>
                    <th scope="col">{say("till.basket.item")}</th>
                    <th scope="col" className="right">{say("till.back.bought")}</th>
                    <th scope="col" className="right wide-only">{say("till.basket.amount")}</th>
                    <th scope="col" className="middle">{say("till.back.comes")}</th>
                    <th scope="col" className="right wide-only">{say("till.points")}</th>
                  </tr>
                </thead>
                <tbody>
                  {lines.map((one) => (
                    <tr key={one.number} className={(back[one.number] ?? 0) > 0 ? "at" : ""}>
                      <th scope="row">{one.name ?? one.sku ?? one.number}</th>
                      <td className="right num">{one.quantity_milli / 1_000}{one.returned_milli ? <span className="soft small"> {say("till.back.already", { n: one.returned_milli / 1_000 })}</span> : null}</td>
                      <td className="right wide-only"><Money minor={one.amount_minor} /></td>
                      <td className="middle">
                        <span className="step">
                          <button type="button" disabled={order !== null || !(back[one.number] ?? 0)} aria-label={say("till.basket.less", { name: one.name ?? String(one.number) })} onClick={() => set(one, (back[one.number] ?? 0) - step(one))}>−</button>
                          <span className="num">{(back[one.number] ?? 0) / 1_000}</span>
                          <button type="button" disabled={order !== null || (back[one.number] ?? 0) >= left(one)} aria-label={say("till.basket.more", { name: one.name ?? String(one.number) })} onClick={() => set(one, (back[one.number] ?? 0) + step(one))}>+</button>
                        </span>
                      </td>
                      <td className="right wide-only"><Pts units={brought(one)} /></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </>
          ) : refused || isBusy ? null : <Empty title={say("till.back.empty")}>{say("till.back.empty_how")}</Empty>}
        </section>
        <aside className="side" aria-label={say("till.back.becomes")}>
          <section>
            <h2>{say("till.back.money")}</h2>
            <p className="figure-large"><Money minor={answer?.amount_minor ?? money} /></p>
          </section>
          {answer ? <Became answer={answer} /> : (
            <section>
              <h2>{say("till.back.points")}</h2>
              <ul className="facts-till">
                <Row label={say("till.back.brought_about")}>≈ <Pts units={points} /></Row>
              </ul>
              <p className="soft small">{say("till.back.before")}</p>
            </section>
          )}
          {sent?.state === "waiting" ? <Say tone="warn" icon="wait">{say("till.back.waits")}</Say> : null}
          {sent?.state === "refused" ? <Say tone="stop" icon="stop"><b>{sent.problem?.message}</b> {say("till.done.refused_how")}</Say> : null}
          {isTraining ? <Say tone="warn" icon="warn">{say("till.training.no_write")}</Say> : null}
          {!may("purchases.take_back") ? <Say tone="stop" icon="stop">{say("state.not_permitted", { permission: "purchases.take_back" })}</Say> : null}
          <div className="presses">
            <Press onPress={() => go("/")} hint="Esc">{say("till.to_sale")}</Press>
            <Press isGo onPress={() => void send()} hint="F9" isOff={chosen.length === 0 || isBusy || order !== null || isTraining || !may("purchases.take_back")}>
              {say("till.back.do")} <Money minor={money} />
            </Press>
          </div>
        </aside>
      </main>
      <Foot keys={[["F7", "till.back.whole"], ["F9", "till.back.do"], ["Esc", "till.to_sale"]]} />
    </>
  );
}

/** brought = taken + expired + forgiven; of what is taken, a part may be owed. */
function Became({ answer }: { answer: Schemas["ReturnAnswer"] }) {
  const say = useSay();
  const currency = useCurrencyOfTill();
  const units = answer.units.find((one) => one.currency === currency?.code);
  if (!units) return <Say tone="good" icon="kept">{say("till.back.nothing")}</Say>;
  return (
    <section>
      <h2>{say("till.back.points")}</h2>
      <ul className="facts-till">
        <Row label={say("till.back.brought")}><Pts units={units.units_earned} /></Row>
        <Row label={say("till.back.taken")}><Pts units={-units.units_taken} /></Row>
        <Row label={say("till.back.expired")} isSoft><Pts units={units.units_expired_before} /></Row>
        <Row label={say("till.back.forgiven")} isSoft><Pts units={units.units_forgiven} /></Row>
        <Row label={say("till.back.balance")} isSum><Pts units={units.balance_after} /></Row>
      </ul>
      {units.debt_after > 0 ? (
        <Say tone="warn" icon="run"><b>{say("till.back.no_pay")}</b> <Said id="till.back.owed" with={{ units: <Pts units={units.debt_after} /> }} /></Say>
      ) : <Say tone="good" icon="kept">{say("till.back.done")}</Say>}
    </section>
  );
}
