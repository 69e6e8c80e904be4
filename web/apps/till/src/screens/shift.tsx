// The shift: what this till did since it began, kept here; and what still waits.
import { Count, Figure, Instant, Link, Money, nameIn, useFrame, useGoing, useProgram, useSay } from "@jifen/ui";
import { useEffect, useState } from "react";
import { keep, kept, now } from "../keep.ts";
import { Foot, Press, Pts, Row, Say, useCurrencyOfTill, useFunctionKeys } from "../parts.tsx";
import { useMessages } from "../queue.ts";
import { useDesk } from "../desk.ts";
import { shiftOf } from "../rules/message.ts";

export function ShiftPage() {
  const say = useSay();
  const { language } = useFrame();
  const { go } = useGoing();
  const program = useProgram();
  const { setup } = useDesk();
  const messages = useMessages();
  const currency = useCurrencyOfTill();
  const [since, setSince] = useState<string | null>(null);
  useEffect(() => void kept("since").then(setSince), []);
  useFunctionKeys({ Escape: () => go("/"), F10: () => print() });
  const shift = shiftOf(messages, since ?? "");
  const begin = async () => {
    const at = now().toISOString();
    await keep("since", at);
    setSince(at);
  };
  return (
    <>
      <main className="one">
        <div className="back-head">
          <h1>{say("till.shift.title")}</h1>
          <p className="soft">{[setup.store, setup.name].filter(Boolean).join(" · ")} {since ? <>· {say("till.shift.since")} <Instant at={since} /></> : null}</p>
        </div>
        <div className="figures">
          <Figure label={say("till.shift.count")}><Count of={shift.count} /></Figure>
          <Figure label={say("till.shift.amount")}><Money minor={shift.amount_minor} /></Figure>
          <Figure label={say("till.shift.points")}>{currency ? <Pts units={shift.units[currency.code] ?? 0} /> : null}</Figure>
          <Figure label={say("till.shift.returns")} note={<Money minor={shift.returned_minor} />}><Count of={shift.returns} /></Figure>
        </div>
        <ul className="facts-till">
          <Row label={say("till.shift.waiting")}><Count of={shift.waiting} /></Row>
          <Row label={say("till.shift.refused")}><Count of={shift.refused} /></Row>
        </ul>
        {shift.waiting + shift.refused > 0 ? <Say tone="warn" icon="warn">{say("till.shift.open")} <Link to="/waiting">{say("till.waiting")}</Link></Say> : null}
        <div className="presses">
          <Press onPress={() => print()} hint="F10">{say("till.done.print")}</Press>
          <Press onPress={() => void begin()}>{say("till.shift.begin")}</Press>
        </div>
        <p className="soft small">{say("till.shift.local")} <span className="away">{nameIn(program.names, language)}</span></p>
      </main>
      <Foot keys={[["F10", "till.done.print"], ["Esc", "till.to_sale"]]} />
    </>
  );
}
