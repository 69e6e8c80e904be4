// Done: one spoken sentence, what each rule gave, and the slip, which says the same. It leaves by itself unless a key is pressed.
import { api, type Schemas } from "@jifen/api";
import { Asking, Day, Icon, Instant, Money, Said, nameIn, useFrame, useMay, useProgram, useSay } from "@jifen/ui";
import { useEffect, useState } from "react";
import { type Answer, ask, NEW_SALE, useDay, useDesk, useRules, type Who, withTiers } from "../desk.ts";
import { Foot, Press, Pts, Reasons, Row, Say, useCurrencyOfTill, useFunctionKeys } from "../parts.tsx";
import { Qr } from "../qr.tsx";
import { drain, enqueue, useMessages } from "../queue.ts";
import { amountOf, offOf, totalOf, worthOf } from "../rules/basket.ts";
import { Gap } from "./who.tsx";

const LEAVES_MS = 8_000;
const STAYS = new Set(["Enter", "F9"]);

export function Done() {
  const say = useSay();
  const may = useMay();
  const { sale, change, isTraining } = useDesk();
  const messages = useMessages();
  const ruleName = useRules();
  const currency = useCurrencyOfTill();
  const [balances, setBalances] = useState<Schemas["BalancesAnswer"] | null>(null);
  const [who, setWho] = useState<Who | null>(null);
  const [isVoiding, setVoiding] = useState(false);
  const [isKept, setKept] = useState(false);
  const done = sale.done;
  const message = done && "order" in done ? messages.find((one) => one.order === done.order) : undefined;
  const answer = (done && "training" in done ? done.training : message?.state === "done" ? message.answer : null) as Answer | null;
  const voided = messages.find((one) => message && (one.kind === "void" || one.kind === "return") && one.no === message.no);
  const earned = answer?.earned.find((one) => one.currency === currency?.code);
  const member = answer?.member_id ?? null;
  const isSure = message?.state === "done" || isTraining;

  useEffect(() => {
    if (!member || isTraining) return;
    ask(api.GET("/v1/members/{member_id}/balances", { params: { path: { member_id: member } } })).then(setBalances, () => undefined);
    if (sale.who?.is === "member") void withTiers(sale.who.member, sale.who.code).then(setWho);
  }, [member, isTraining, voided?.state]);
  const next = () => change(NEW_SALE);
  useEffect(() => {
    const stay = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || !STAYS.has(event.key)) setKept(true);
    };
    addEventListener("keydown", stay);
    addEventListener("pointerdown", stay);
    return () => {
      removeEventListener("keydown", stay);
      removeEventListener("pointerdown", stay);
    };
  }, []);
  const leaves = isSure && !isKept && !isVoiding;
  useEffect(() => {
    if (!leaves) return;
    const timer = setTimeout(() => change(NEW_SALE), LEAVES_MS);
    return () => clearTimeout(timer);
  }, [leaves, change]);
  const canVoid = message !== undefined && message.state === "done" && !voided && may("purchases.take_back");
  useFunctionKeys({ Enter: next, Escape: next, F9: next, F10: () => print(), F12: () => canVoid && setVoiding(true) });

  const balance = balances?.balances.find((one) => one.currency === currency?.code);
  const after = answer?.balances.find((one) => one.currency === currency?.code)?.balance ?? null;
  const spentMinor = sale.spend?.worth_minor ?? 0;
  const total = totalOf(sale.lines, sale.priced);
  return (
    <>
      <main className="split-till">
        <section className="left roomy done">
          <h1>
            <span className={isSure ? "seal" : "seal seal-wait"}><Icon name={isSure ? "kept" : "wait"} /></span>
            <span>
              <Said id={isTraining ? "till.done.training" : "till.done.title"} with={{ money: <Money minor={total - spentMinor} /> }} />
            </span>
          </h1>
          {message && message.state === "waiting" ? (
            <Say tone="warn" icon="warn"><b>{say("till.done.waits")}</b> {say("till.done.waits_how", { no: message.no })}</Say>
          ) : null}
          {message && (message.state === "refused" || message.state === "tampered") ? (
            <Say tone="stop" icon="stop"><b>{message.problem?.message ?? say("till.list.tampered")}</b> {say("till.done.refused_how")}</Say>
          ) : null}
          {answer && member && earned ? (
            <>
              <p className="hero"><Pts units={earned.units} signed /> <span className="hero-word">{say("till.points")}{currency?.worth_minor ? <> = <b><Money minor={worthOf(earned.units, currency)} /></b></> : null}</span></p>
              <ul className="facts-till" aria-label={say("till.done.why")}>
                <Reasons of={earned.reasons} name={ruleName} isSigned />
                {after !== null && !isTraining ? <Row label={say("till.done.balance")} isSum><Pts units={balance?.balance ?? after} /></Row> : null}
                {balance && balance.pending > 0 ? <Row label={say("till.done.pending")} isSoft><Pts units={balance.pending} /></Row> : null}
                {balance?.next_expiry_on ? <Row label={<Said id="till.done.expires" with={{ day: <Day on={balance.next_expiry_on} style="short" /> }} />} isSoft><Pts units={balance.next_expiry_units} /></Row> : null}
              </ul>
              {answer.tier_after !== answer.tier_before && answer.tier_after ? <Say tone="good" icon="kept"><Said id="till.done.tier" with={{ tier: <TierName code={answer.tier_after} /> }} /></Say> : <Gap who={who} />}
            </>
          ) : null}
          {answer && !member ? <p>{say("till.done.nobody")}</p> : null}
          {voided ? <Say tone="note" icon="past">{say(voided.state === "done" ? "till.done.voided" : "till.done.void_waits")}</Say> : null}
          <div className="presses">
            <Press onPress={() => print()} hint="F10">{say("till.done.print")}</Press>
            <Press onPress={() => setVoiding(true)} hint="F12" isOff={!canVoid}>{say("till.done.void")}</Press>
            <Press isGo onPress={next} hint="Enter">{say("till.done.next")}</Press>
          </div>
          <p className="soft small">{say(leaves ? "till.done.leaves" : "till.done.stays")}</p>
        </section>
        <aside className="side slip-side" aria-label={say("till.slip")}>
          <Slip answer={answer} ruleName={ruleName} no={message?.no ?? ""} at={message?.at ?? answer?.occurred_at ?? ""} balance={balance ?? null} after={after} />
        </aside>
      </main>
      <Foot keys={[["Enter", "till.done.next"], ["F10", "till.done.print"], ["F12", "till.done.void"]]}>
        {message?.state === "done" ? say("till.done.in_books", { no: message.no }) : message?.state === "waiting" ? say("till.done.kept", { no: message.no }) : ""}
      </Foot>
      {isVoiding && message ? <Voiding no={message.no} amount={message.amount_minor} onClose={() => setVoiding(false)} /> : null}
    </>
  );
}

function TierName({ code }: { code: string }) {
  const { language } = useFrame();
  const found = useProgram().tiers.find((one) => one.code === code);
  return <b>{found ? nameIn(found.names, language) : code}</b>;
}

function Voiding({ no, amount, onClose }: { no: string; amount: number; onClose: () => void }) {
  const say = useSay();
  const { setup } = useDesk();
  const day = useDay();
  const [key] = useState(() => crypto.randomUUID());
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    const body = { purchase: { source: setup.source, business_no: no }, till: setup.name, channel: "till", ...(setup.store ? { store: setup.store } : {}) };
    await enqueue([{ kind: "void", path: "/v1/purchases:void", no, amount_minor: amount, key, body: (_, at) => ({ ...body, occurred_at: at }) }], day);
    void drain();
    onClose();
  };
  return (
    <Asking title={say("till.void.title")} onClose={onClose}>
      <p><Said id="till.void.means" with={{ no, money: <Money minor={amount} /> }} /></p>
      <div className="presses">
        <Press onPress={onClose} hint="Esc">{say("do.not")}</Press>
        <Press isStop onPress={() => void send()} isOff={isBusy}>{say("till.void.do")}</Press>
      </div>
    </Asking>
  );
}

interface SlipProps {
  answer: Answer | null;
  ruleName: (code: string) => string;
  no: string;
  at: string;
  balance: Schemas["BalanceAnswer"] | null;
  after: number | null;
}

function Slip({ answer, ruleName, no, at, balance, after }: SlipProps) {
  const say = useSay();
  const { language } = useFrame();
  const program = useProgram();
  const currency = useCurrencyOfTill();
  const { sale, setup, isTraining } = useDesk();
  const earned = answer?.member_id ? answer.earned.find((one) => one.currency === currency?.code) : undefined;
  const total = totalOf(sale.lines, sale.priced);
  const off = totalOf(sale.lines) - total;
  const spent = sale.spend?.worth_minor ?? 0;
  return (
    <div className="slip" data-slip>
      <p className="slip-head"><b>{nameIn(program.names, language)}</b></p>
      <p className="slip-head">{[setup.store, setup.name].filter(Boolean).join(" · ")}</p>
      <p className="slip-head">{at ? <Instant at={at} /> : null} {no}</p>
      {isTraining ? <p className="slip-head"><b>{say("till.slip.training")}</b></p> : null}
      <ul>{sale.lines.map((one, index) => <Row key={index} label={`${one.name}${one.quantity_milli === 1_000 ? "" : ` × ${one.quantity_milli / 1_000}`}`}><Money minor={amountOf(one) - offOf(sale.lines, index, sale.priced)} /></Row>)}</ul>
      <ul>
        {off > 0 ? <Row label={say("till.offer.saved")}><Money minor={off} /></Row> : null}
        {spent > 0 && sale.spend ? <Row label={<><Pts units={sale.spend.units} /> {say("till.points")}</>}><Money minor={-spent} /></Row> : null}
        <Row label={<b>{say("till.slip.paid")}</b>}><b><Money minor={total - spent} /></b></Row>
      </ul>
      {earned ? (
        <>
          <ul>
            <Row label={<b>{say("till.slip.earned")}</b>}><b><Pts units={earned.units} signed /></b></Row>
            <Reasons of={earned.reasons} name={ruleName} />
          </ul>
          {isTraining ? null : (
            <ul>
              {after !== null ? <Row label={<b>{say("till.slip.balance")}</b>}><b><Pts units={balance?.balance ?? after} /></b></Row> : null}
              {balance?.next_expiry_on ? <Row label={<Said id="till.done.expires" with={{ day: <Day on={balance.next_expiry_on} style="short" /> }} />}><Pts units={balance.next_expiry_units} /></Row> : null}
            </ul>
          )}
        </>
      ) : (
        <p className="slip-head">{say(answer ? "till.slip.claim" : "till.slip.later")}</p>
      )}
      {no && !isTraining ? <Qr text={`${setup.source}/${no}`} label={say("till.slip.qr", { no })} /> : null}
    </div>
  );
}
