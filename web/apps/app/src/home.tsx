// Home: the card, worth said in points and in money, the tier and what is missing, what expires when. All in one view.
import { Link, Day, Money, nameIn, Points, Said, Tier, useCurrency, useFrame, useProgram, useQuery, useSay } from "@jifen/ui";
import { useEffect, useRef } from "react";
import { AsOf } from "./as-of.tsx";
import { Barcode, canMakeCodes, type Code, Qr, Ring, useCode } from "./code.tsx";
import { Events } from "./events.tsx";
import { Exchanges } from "./exchanges.tsx";
import { Months } from "./months.tsx";
import { type Balance, type Member, useMember, useOpenLots, useSpendable } from "./own.ts";
import { keepSize, size } from "./own-settings.ts";
import { Note, Nothing, Part, Row, Rows, Told } from "./parts.tsx";
import type { Behind } from "./shell.tsx";
import { canKeepShell } from "./shell-kept.ts";
import { Sign } from "./signs.tsx";
import { TermsNotice } from "./terms.tsx";
import { Gap } from "./tier.tsx";

export function Home({ name, welcome }: Behind) {
  const say = useSay();
  const asked = useMember();
  const [query, put] = useQuery();
  const member = asked.data;
  const isActive = member === null || member.status === "active";
  const code = useCode(member !== null && isActive);
  useEffect(() => {
    document.title = name;
  }, [name]);
  return (
    <>
      <header className="top">
        <h1>{name}</h1>
        {welcome.demo.length > 0 || welcome.is_past ? <span className="tag">{say("app.demo")}</span> : null}
        <Larger />
      </header>
      <main className="page home">
        <MemberCard member={member} code={code} asOf={asked.isGone ? asked.since : null} onOpen={() => put({ card: "1" }, "push")} />
        {welcome.terms !== null || welcome.has_coming_terms ? <TermsNotice /> : null}
        {member === null ? <Told asked={asked}>{() => null}</Told> : <Full member={member} code={code} again={asked.again} />}
      </main>
      {query.get("card") === "1" && code.digits !== null ? <FullCode code={code} onClose={() => put({ card: null })} /> : null}
    </>
  );
}

function Larger() {
  const say = useSay();
  const [query, put] = useQuery();
  const isElder = size() === "elder";
  return (
    <button
      type="button" className="icon-button" aria-pressed={isElder}
      onClick={() => {
        keepSize(isElder ? "usual" : "elder");
        put({ size: isElder ? null : "elder", card: query.get("card") });
      }}
    >
      <Sign name="size" />
      <span className="away">{say("app.larger")}</span>
    </button>
  );
}

function MemberCard({ member, code, asOf, onOpen }: { member: Member | null; code: Code; asOf: number | null; onOpen: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const main = useSpendable()[0] ?? "";
  const currency = useCurrency(main);
  const balance = member?.balances.find((one) => one.currency === main) ?? null;
  const named = member?.keys.find((one) => one.kind === "phone") ?? member?.keys[0];
  return (
    <section className={member && member.status !== "active" ? "card still" : "card"} aria-label={say("app.card")}>
      <div className="card-top">
        <span className="card-whose">{asOf !== null ? <AsOf at={asOf} /> : (named?.value ?? "")}</span>
        {member ? <Tier code={member.tier.code} /> : null}
      </div>
      <div className="card-body">
        <div className="card-figures">
          {balance ? (
            <Link to="/lots" className={balance.available >= 10_000 * 10 ** balance.scale ? "hero long" : "hero"}>
              <Points units={balance.available} currency={main} />
              <span className="away">{say("app.open_lots")}</span>
            </Link>
          ) : <span className="hero">–</span>}
          <span className="card-worth">
            {nameIn(currency.names, language)} {balance?.worth_minor != null ? <b>= <Money minor={worthOf(balance)} /></b> : null}
          </span>
          <span className="card-ring">{code.digits ? <><Ring left={code.left} /><span><Said id="app.card.next" n={code.left} with={{ left: <span className="num">{code.left}</span> }} /></span></> : null}</span>
        </div>
        <CodePlate code={code} status={member?.status ?? "active"} onOpen={onOpen} />
      </div>
      {code.digits ? <div className="plate bars-plate"><Barcode digits={code.digits} /></div> : <div className="plate bars-plate none" />}
    </section>
  );
}

/** What the available part is worth: the balance is told with its worth, and what waits or is held does not pay yet. */
function worthOf(balance: Balance): number {
  const worth = balance.worth_minor ?? 0;
  if (balance.balance === balance.available || balance.balance === 0) return worth;
  return Math.floor((worth * balance.available) / balance.balance);
}

function CodePlate({ code, status, onOpen }: { code: Code; status: string; onOpen: () => void }) {
  const say = useSay();
  if (status !== "active") return <div className="plate qr-plate words">{say("app.card.still")}</div>;
  if (code.digits !== null) {
    return (
      <button type="button" className="plate qr-plate" onClick={onOpen}>
        <Qr digits={code.digits} />
        <span className="away">{say("app.card.open")}</span>
      </button>
    );
  }
  if (code.why === null) return <div className="plate qr-plate none" />;
  return <div className="plate qr-plate words">{say(`app.card.${code.why}`)}</div>;
}

interface Lock {
  release: () => Promise<void>;
}

/** The code as large as the screen, on white, and the screen stays awake where it can. */
function FullCode({ code, onClose }: { code: Code; onClose: () => void }) {
  const say = useSay();
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
    let lock: Lock | null = null;
    let isOver = false;
    const wake = (navigator as { wakeLock?: { request: (kind: "screen") => Promise<Lock> } }).wakeLock;
    wake?.request("screen").then((got) => (isOver ? void got.release() : (lock = got)), () => undefined);
    return () => {
      isOver = true;
      void lock?.release();
    };
  }, []);
  return (
    <dialog ref={box} className="full-code" aria-label={say("app.card")} onClose={onClose}>
      <button type="button" className="icon-button" onClick={() => box.current?.close()}>
        <Sign name="close" />
        <span className="away">{say("do.close")}</span>
      </button>
      {code.digits ? (
        <>
          <Qr digits={code.digits} />
          <Barcode digits={code.digits} />
          <p className="full-next"><Ring left={code.left} /> <Said id="app.card.next" n={code.left} with={{ left: <span className="num">{code.left}</span> }} /></p>
        </>
      ) : null}
      <p>{say("app.card.how")}</p>
    </dialog>
  );
}

function Full({ member, code, again }: { member: Member; code: Code; again: () => void }) {
  const say = useSay();
  const main = useSpendable()[0] ?? "";
  const balance = member.balances.find((one) => one.currency === main);
  const isNew = balance !== undefined && balance.balance === 0 && balance.debt === 0 && balance.pending === 0;
  return (
    <>
      {member.status === "frozen" ? <Note tone="warn">{say("app.frozen")}</Note> : null}
      {member.status === "closed" || member.status === "merged" ? <Note tone="warn">{say("app.closed")}</Note> : null}
      {balance !== undefined && balance.debt > 0 ? (
        <Note tone="warn"><Said id="app.debt" with={{ units: <b><Points units={balance.debt} currency={main} /></b> }} /></Note>
      ) : null}
      {!canMakeCodes() ? <Note>{say("app.insecure")}</Note> : !canKeepShell() ? <Note>{say("app.no_worker")}</Note> : null}
      {isNew ? <Beginning /> : null}
      {member.status === "active" ? <Events onTold={again} /> : null}
      <Gap />
      {balance !== undefined && !isNew ? <Purse balance={balance} /> : null}
      {isNew ? null : <Expiring balance={balance} />}
      {member.status === "active" ? <Exchanges onDone={again} /> : null}
      <div className="elder-only">
        <Link to="/me/questions/new" className="act second"><Sign name="chat" /> {say("app.ask_us")}</Link>
      </div>
      {code.digits ? <p className="away" role="status">{say("app.card.ready")}</p> : null}
    </>
  );
}

function Beginning() {
  const say = useSay();
  return (
    <>
      <Nothing title={say("app.begin.title")}>{say("app.begin.why")}</Nothing>
      <Rows>
        <Row sign="receipt" title={say("app.begin.claim")} to="/me/claim" />
        <Row sign="gift" title={say("app.begin.promises")} to="/me?promises=1" />
      </Rows>
    </>
  );
}

/** What of the balance pays now, what waits, what a reservation holds. */
function Purse({ balance }: { balance: Balance }) {
  const say = useSay();
  const { money, money_decimals } = useProgram();
  const others = [["app.pending", balance.pending], ["app.held", balance.held]] as const;
  const some = others.filter(([, units]) => units !== 0);
  if (balance.worth_minor === null && some.length === 0) return null;
  return (
    <Part title={say("app.buys")}>
      <Rows>
        {balance.worth_minor !== null ? (
          <Row title={say("app.buys.money")} figure={<Money minor={worthOf(balance)} key={money + money_decimals} />} aside={<Points units={balance.available} currency={balance.currency} />} />
        ) : null}
        {some.map(([word, units]) => <Row key={word} title={say(word)} figure="" aside={<Points units={units} currency={balance.currency} />} />)}
      </Rows>
    </Part>
  );
}

function Expiring({ balance }: { balance: Balance | undefined }) {
  const say = useSay();
  const asked = useOpenLots();
  if (!balance) return null;
  const next = balance.next_expiry_on;
  const aside = next === null ? null : (
    <Said id="app.expires.next" with={{ on: <Day on={next} style="short" />, units: <b><Points units={balance.next_expiry_units} currency={balance.currency} /></b> }} />
  );
  return (
    <Part title={say("app.expires")} to="/lots" aside={aside}>
      <Told asked={asked} lines={2}>
        {({ lots }) => <Months lots={lots.filter((one) => one.currency === balance.currency)} currency={balance.currency} />}
      </Told>
    </Part>
  );
}
