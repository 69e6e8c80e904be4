// What units are exchanged for: what runs by itself as a stamp card, what is asked for with a second press.
import { gotOwn, me } from "@jifen/api/member";
import type { Schemas } from "@jifen/api";
import { nameIn, Points, Said, useCurrency, useFrame, useSay } from "@jifen/ui";
import { useState } from "react";
import { useKept, useReached, useWrite } from "./asking.ts";
import { Note, Part, Wait, WhyNot } from "./parts.tsx";

type Offered = Schemas["OfferedExchange"];

/** A card with more places than this is told in numbers. */
const PLACES_MAX = 20;

export function Exchanges({ onDone }: { onDone: () => void }) {
  const say = useSay();
  const asked = useKept("exchanges", "own exchanges", () => gotOwn(me.GET("/v1/me/exchanges")));
  const offered = asked.data?.data ?? [];
  if (offered.length === 0) return null;
  const again = () => {
    asked.again();
    onDone();
  };
  return <Part title={say("app.exchanges")}>{offered.map((one) => <OneExchange key={one.exchange} offered={one} onDone={again} />)}</Part>;
}

/** Units with the name of what they are: an exchange is of two kinds. */
function Units({ units, currency }: { units: number; currency: string }) {
  const { language } = useFrame();
  const { names } = useCurrency(currency);
  return (
    <>
      <Points units={units} currency={currency} /> {nameIn(names, language)}
    </>
  );
}

function OneExchange({ offered, onDone }: { offered: Offered; onDone: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const isReached = useReached();
  const [isSure, setSure] = useState(false);
  const [done, setDone] = useState<Schemas["ExchangeAnswer"] | null>(null);
  const { write, isBusy, refused } = useWrite();
  const name = nameIn(offered.names, language) || offered.exchange;
  const taken = <b><Units units={offered.takes.units} currency={offered.takes.currency} /></b>;
  const given = offered.gives.map((one, at) => <span key={one.currency}>{at > 0 ? " + " : null}<b><Units units={one.units} currency={one.currency} /></b></span>);
  const send = async () => {
    if (!isSure) return setSure(true);
    const body = { exchange: offered.exchange, times: 1 };
    const answer = await write(body, (key) => gotOwn(me.POST("/v1/me/exchanges", { body, params: { header: { "Idempotency-Key": key } } })));
    setSure(false);
    if (answer === null) return;
    setDone(answer);
    onDone();
  };
  return (
    <div className="event">
      <p className="exchange-name"><b>{name}</b> <span className="soft"><Said id="app.exchange.what" with={{ taken, given }} /></span></p>
      {offered.at_once ? <Progress offered={offered} /> : null}
      {done === null ? null : (
        <Note tone="good">
          <Said id="app.exchange.done" with={{ given: done.given.map((one, at) => <span key={one.currency}>{at > 0 ? " + " : null}<Units units={one.units} currency={one.currency} /></span>), left: <Units units={done.taken.balance_after} currency={done.taken.currency} /> }} />
        </Note>
      )}
      <WhyNot refused={refused} />
      {offered.at_once ? null : offered.times > 0 ? (
        <form onSubmit={(event) => { event.preventDefault(); void send(); }}>
          <Wait isBusy={isBusy} isOff={!isReached} tone={isSure ? "primary" : "second"}>{say(isSure ? "app.exchange.sure" : "app.exchange.do")}</Wait>
          {isSure ? <button type="button" className="act quiet" onClick={() => setSure(false)}>{say("do.not")}</button> : null}
        </form>
      ) : (
        <p className="soft small"><Said id="app.exchange.missing" with={{ units: <Units units={offered.missing} currency={offered.takes.currency} /> }} /></p>
      )}
    </div>
  );
}

/** How far a card is that fills by itself: a place for each unit, or the number that is missing. */
function Progress({ offered }: { offered: Offered }) {
  const say = useSay();
  const { units } = offered.takes;
  const have = Math.min(offered.available, units);
  return (
    <>
      {units <= PLACES_MAX ? (
        <svg className="stamps" width={units * 28} viewBox={`0 0 ${units * 14} 14`} role="img" aria-label={say("app.exchange.of", { have, units })}>
          {Array.from({ length: units }, (_, at) => <circle key={at} className={at < have ? "stamped" : undefined} cx={at * 14 + 7} cy="7" r="5" />)}
        </svg>
      ) : null}
      <p className="soft small">
        {offered.missing > 0 ? <Said id="app.exchange.missing" with={{ units: <Units units={offered.missing} currency={offered.takes.currency} /> }} /> : null} {say("app.exchange.by_itself")}
      </p>
    </>
  );
}
