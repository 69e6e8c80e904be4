// An exchange that runs on request, made for a member: which, how often, what goes and what comes.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, Empty, nameIn, Points, RefusedNote, Said, Shown, useAsked, useCurrency, useFrame, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";

type Offered = Schemas["OfferedExchange"];

function Units({ units, currency }: { units: number; currency: string }) {
  const { language } = useFrame();
  return <><Points units={units} currency={currency} /> {nameIn(useCurrency(currency).names, language)}</>;
}

function Several({ of, times }: { of: { currency: string; units: number }[]; times: number }) {
  const say = useSay();
  return <>{of.map((one, at) => <span key={one.currency}>{at > 0 ? say("list.between") : null}<b><Units units={one.units * times} currency={one.currency} /></b></span>)}</>;
}

export function Exchanging({ memberId, onClose, onDone }: { memberId: string; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const asked = useAsked(`exchanges of ${memberId}`, () => got(api.GET("/v1/members/{member_id}/exchanges", { params: { path: { member_id: memberId } } })));
  return (
    <Asking title={say("exchange.title")} onClose={onClose}>
      <Shown asked={asked} loading={<Bars lines={3} columns={2} />}>
        {(found) => {
          const offered = found.data.filter((one) => !one.at_once);
          return offered[0] ? <Choosing offered={offered} first={offered[0]} memberId={memberId} onClose={onClose} onDone={onDone} /> : <Empty title={say("exchange.none")}>{say("exchange.none_why")}</Empty>;
        }}
      </Shown>
    </Asking>
  );
}

function Choosing({ offered, first, memberId, onClose, onDone }: { offered: Offered[]; first: Offered; memberId: string; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const { refused, isBusy, send } = useWrite();
  const [code, setCode] = useState((offered.find((one) => one.times > 0) ?? first).exchange);
  const [typed, setTyped] = useState("1");
  const chosen = offered.find((one) => one.exchange === code) ?? first;
  const times = /^[0-9]{1,6}$/.test(typed.trim()) ? parseInt(typed, 10) : 0;
  const isPossible = times >= 1 && times <= chosen.times;
  const have = <Units units={chosen.available} currency={chosen.takes.currency} />;
  const exchange = () =>
    send(
      (key) => got(api.POST("/v1/exchanges", { params: { header: { "Idempotency-Key": key } }, body: { member: { id: memberId }, exchange: chosen.exchange, times } })),
      onDone,
    );
  return (
    <Form onSend={() => void exchange()}>
      <label className="field">
        <span>{say("exchange.which")}</span>
        <select className="input" value={code} onChange={(event) => setCode(event.target.value)}>
          {offered.map((one) => <option key={one.exchange} value={one.exchange}>{nameIn(one.names, language) || one.exchange}</option>)}
        </select>
      </label>
      <label className="field">
        <span>{say("exchange.times")}</span>
        <input className="input" inputMode="numeric" required autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
        <small className="soft">
          {chosen.times > 0
            ? <Said id="exchange.can" n={chosen.times} with={{ units: have, times: chosen.times }} />
            : <Said id="exchange.cannot" with={{ units: have, missing: <Units units={chosen.missing} currency={chosen.takes.currency} /> }} />}
        </small>
      </label>
      {isPossible ? (
        <p className="note note-good" role="status">
          <span><Said id="exchange.means" with={{ taken: <Several of={[chosen.takes]} times={times} />, given: <Several of={chosen.gives} times={times} /> }} /></span>
        </p>
      ) : null}
      {refused ? <RefusedNote refused={refused} /> : null}
      <Foot does={say("exchange.do")} isOff={isBusy || !isPossible} onClose={onClose} />
    </Form>
  );
}
