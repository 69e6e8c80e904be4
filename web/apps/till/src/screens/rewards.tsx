// Rewards at the till: what waits is found by its code and handed over; and a member who stands here takes one at once.
import { api, Refused, type Schemas } from "@jifen/api";
import { Empty, Icon, Instant, Money, nameIn, Points, RefusedNote, Said, useFrame, useGoing, useMay, useSay } from "@jifen/ui";
import { type FormEvent, useEffect, useState } from "react";
import { ask, useDesk } from "../desk.ts";
import { useLine } from "../line.ts";
import { Foot, Press, Row, Say, useFunctionKeys } from "../parts.tsx";

type Found = Schemas["RedemptionRead"];
type Offered = Schemas["OfferedReward"];

const failed = (failure: unknown) => (failure instanceof Refused ? failure : new Refused(0, null, null));

export function Rewards() {
  const say = useSay();
  const { go } = useGoing();
  const { isOn } = useLine();
  const { sale } = useDesk();
  useFunctionKeys({ Escape: () => go("/") });
  return (
    <>
      <main className="split-till">
        <section className="left">
          <PickUp isOn={isOn} />
        </section>
        <aside className="right">
          {sale.who?.is === "member" ? <Offers key={sale.who.member.member_id} member={sale.who.member} isOn={isOn} /> : <Empty title={say("till.rewards.nobody")}>{say("till.rewards.nobody_why")}</Empty>}
        </aside>
      </main>
      <Foot keys={[["Enter", "till.who.find"], ["Esc", "till.to_sale"]]} />
    </>
  );
}

/** What waits, by the code that somebody shows. */
function PickUp({ isOn }: { isOn: boolean }) {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const { setup, isTraining } = useDesk();
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [ended, setEnded] = useState<Schemas["RedemptionEnded"] | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [keys, setKeys] = useState({ handOver: crypto.randomUUID(), cancel: crypto.randomUUID() });
  const find = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "" || isBusy) return;
    setBusy(true);
    setRefused(null);
    setFound(null);
    setEnded(null);
    setKeys({ handOver: crypto.randomUUID(), cancel: crypto.randomUUID() });
    try {
      setFound(await ask(api.POST("/v1/redemptions:find", { body: { code: text } })));
    } catch (failure) {
      setRefused(failed(failure));
    }
    setBusy(false);
  };
  const end = async (verb: "handOver" | "cancel") => {
    if (!found || isBusy || isTraining) return;
    setBusy(true);
    setRefused(null);
    const asked = { params: { path: { redemption_id: found.redemption_id }, header: { "Idempotency-Key": keys[verb] } }, body: setup.store ? { store: setup.store } : {} };
    try {
      setEnded(await ask(verb === "handOver" ? api.POST("/v1/redemptions/{redemption_id}:hand-over", asked) : api.POST("/v1/redemptions/{redemption_id}:cancel", asked)));
      setText("");
    } catch (failure) {
      setRefused(failed(failure));
    }
    setBusy(false);
  };
  return (
    <>
      <div className="back-head">
        <h1>{say("till.rewards.pick_up")}</h1>
        <form onSubmit={(event) => void find(event)} role="search">
          <label className="one-field small-field">
            <span className="away">{say("till.rewards.code")}</span>
            <Icon name="search" />
            <input autoFocus value={text} placeholder={say("till.rewards.code")} inputMode="numeric" autoComplete="off" spellCheck={false} onChange={(event) => setText(event.target.value)} />
          </label>
          <button type="submit" className="press" disabled={text.trim() === "" || isBusy || !isOn}>{say("till.who.find")}</button>
        </form>
      </div>
      {isOn ? null : <Say tone="warn" icon="warn">{say("till.rewards.needs_line")}</Say>}
      {isTraining ? <Say tone="note" icon="run">{say("till.training")}</Say> : null}
      {refused ? <RefusedNote refused={refused} /> : null}
      {ended ? (
        <Say tone="good" icon="kept">{say(ended.status === "handed_over" ? "till.rewards.handed_over" : "till.rewards.cancelled")}</Say>
      ) : found ? (
        <>
          <h2>{nameIn(found.names, language) || found.reward}{found.pieces > 1 ? ` × ${found.pieces}` : ""}</h2>
          <ul className="facts-till">
            <Row label={say("till.rewards.spends")}><Points units={found.units} currency={found.currency} /></Row>
            {found.amount_minor > 0 ? <Row label={say("till.rewards.collect")}><b><Money minor={found.amount_minor} /></b></Row> : null}
            <Row label={say("till.rewards.since")}><Instant at={found.redeemed_at} /></Row>
            {found.until_at ? <Row label={say("till.rewards.until")}><Instant at={found.until_at} /></Row> : null}
            {found.store ? <Row label={say("till.rewards.store")}>{found.store}</Row> : null}
          </ul>
          {may("rewards.redeem") ? (
            <div className="presses">
              <Press onPress={() => void end("cancel")} isOff={isBusy || isTraining}>{say("till.rewards.cancel")}</Press>
              <Press onPress={() => void end("handOver")} isGo isOff={isBusy || isTraining}>{say("till.rewards.hand_over")}</Press>
            </div>
          ) : null}
        </>
      ) : <p className="soft">{say("till.rewards.how")}</p>}
    </>
  );
}

/** What the member of the sale can have here, handed over at once. */
function Offers({ member, isOn }: { member: Schemas["MemberAnswer"]; isOn: boolean }) {
  const say = useSay();
  const { language } = useFrame();
  const { setup, isTraining } = useDesk();
  const [offers, setOffers] = useState<Offered[] | null>(null);
  const [chosen, setChosen] = useState<Offered | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [made, setMade] = useState<Schemas["RedemptionMade"] | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isOver = false;
    const query = { language, ...(setup.store ? { store: setup.store } : {}) };
    ask(api.GET("/v1/members/{member_id}/rewards", { params: { path: { member_id: member.member_id }, query } })).then(
      (found) => !isOver && setOffers(found.data),
      (failure: unknown) => !isOver && setRefused(failed(failure)),
    );
    return () => {
      isOver = true;
    };
  }, [member.member_id, language, setup.store, turn]);
  const take = async () => {
    if (!chosen || isBusy || isTraining) return;
    setBusy(true);
    setRefused(null);
    try {
      const body = { member: { id: member.member_id }, reward: chosen.reward, pieces: 1, units: chosen.units, is_kept: false, channel: "till", ...(setup.store ? { store: setup.store } : {}) };
      setMade(await ask(api.POST("/v1/redemptions", { params: { header: { "Idempotency-Key": key } }, body: body as Schemas["RedeemBody"] })));
      setChosen(null);
      setKey(crypto.randomUUID());
      setTurn((was) => was + 1);
    } catch (failure) {
      const no = failed(failure);
      setRefused(no);
      if (!no.isGone) setKey(crypto.randomUUID());
    }
    setBusy(false);
  };
  return (
    <>
      <h2>{say("till.rewards.offers")}</h2>
      {refused ? <RefusedNote refused={refused} /> : null}
      {made ? (
        <Say tone="good" icon="kept"><Said id="till.rewards.taken" with={{ units: <Points units={made.units} currency={made.currency} />, left: <Points units={made.balance_after} currency={made.currency} /> }} /></Say>
      ) : null}
      {offers?.length === 0 ? <Empty title={say("till.rewards.none")}>{say("till.rewards.none_why")}</Empty> : null}
      <ul className="facts-till">
        {(offers ?? []).map((one) => (
          <Row key={one.reward} label={<>{nameIn(one.names, language) || one.reward}{one.why_not[0] ? <> <small className="soft">{one.why_not[0].said}</small></> : null}</>}>
            <Points units={one.units} currency={one.currency} />
            {one.amount_minor > 0 ? <> + <Money minor={one.amount_minor} /></> : null}{" "}
            {one.is_had ? <Press onPress={() => { setChosen(one); setMade(null); }} isOff={!isOn || isTraining}>{say("till.rewards.take")}</Press> : null}
          </Row>
        ))}
      </ul>
      {chosen ? (
        <div className="stack" role="group" aria-label={say("till.rewards.take")}>
          <p><Said id="till.rewards.sure" with={{ name: <b>{nameIn(chosen.names, language)}</b>, units: <b><Points units={chosen.units} currency={chosen.currency} /></b> }} />{chosen.amount_minor > 0 ? <> {say("till.rewards.collect")} <b><Money minor={chosen.amount_minor} /></b></> : null}</p>
          <div className="presses">
            <Press onPress={() => setChosen(null)}>{say("do.not")}</Press>
            <Press onPress={() => void take()} isGo isOff={isBusy}>{say("till.rewards.hand_over")}</Press>
          </div>
        </div>
      ) : null}
    </>
  );
}
