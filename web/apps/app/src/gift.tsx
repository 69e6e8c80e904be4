// Points for another member: they leave at once, and keep their days of expiry.
import { gotOwn, me } from "@jifen/api/member";
import type { Schemas } from "@jifen/api";
import { Money, nameIn, Points, Said, unitsText, useCurrency, useFrame, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { wholeOf } from "./amounts.ts";
import { useWrite } from "./asking.ts";
import { useMember, useSpendable, useWorth } from "./own.ts";
import { Field, Note, Row, Rows, Screen, Told, Wait, WhyNot } from "./parts.tsx";

export function Gift() {
  const say = useSay();
  const asked = useMember();
  const [given, setGiven] = useState<Schemas["GiftAnswer"] | null>(null);
  return (
    <Screen title={say("app.gift")} back="/me">
      {given !== null ? (
        <>
          <Note tone="good">
            <Said id="app.gift.done" with={{ units: <b><Points units={given.units} currency={given.currency} /></b>, left: <Points units={given.balance_after} currency={given.currency} /> }} />
          </Note>
          <Rows><Row sign="lines" title={say("app.line")} to={`/statement/${given.sequence}/0`} /></Rows>
        </>
      ) : (
        <Told asked={asked}>{(member) => member.status === "active" ? <Form member={member} onGiven={setGiven} /> : <Note tone="warn">{say("app.frozen")}</Note>}</Told>
      )}
    </Screen>
  );
}

function Form({ member, onGiven }: { member: Schemas["MemberAnswer"]; onGiven: (given: Schemas["GiftAnswer"]) => void }) {
  const say = useSay();
  const { language } = useFrame();
  const main = useSpendable()[0] ?? "";
  const currency = useCurrency(main);
  const worth = useWorth();
  const [whom, setWhom] = useState("");
  const [amount, setAmount] = useState("");
  const [note, setNote] = useState("");
  const [isSure, setSure] = useState(false);
  const { write, isBusy, refused } = useWrite();
  const available = member.balances.find((one) => one.currency === main)?.available ?? 0;
  const units = wholeOf(amount, currency.scale);
  const isTooMany = units !== null && units > available;
  const isReady = whom.trim() !== "" && units !== null && units > 0 && !isTooMany;
  const money = units === null ? null : worth(units, main);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (units === null || !isReady) return;
    if (!isSure) return setSure(true);
    const who = whom.trim();
    // A phone is written with blanks, dashes or +; a card number is what else there is.
    const isPhone = /^[+\d][\d\s-]{6,18}$/.test(who);
    const body = { receiver: isPhone ? { phone: who } : { card: who }, currency: main, units, ...(note.trim() ? { note: note.trim() } : {}) };
    const given = await write(body, (key) => gotOwn(me.POST("/v1/me/gifts", { body, params: { header: { "Idempotency-Key": key } } })));
    if (given) onGiven(given);
    else setSure(false);
  };
  return (
    <form className="form" onSubmit={(event) => void send(event)} noValidate>
      <p className="soft"><Said id="app.gift.have" with={{ units: <b><Points units={available} currency={main} /></b>, name: nameIn(currency.names, language) }} /></p>
      <Field label={say("app.gift.whom")} value={whom} onType={setWhom} mode="tel" note={say("app.gift.whom_note")} />
      <Field
        label={say("app.gift.units")} value={amount} onType={setAmount} mode={currency.scale > 0 ? "decimal" : "numeric"} most={15}
        refused={isTooMany ? say("app.gift.missing", { units: unitsText(units - available, currency.scale) }) : null}
      />
      <Field label={say("app.gift.note")} value={note} onType={setNote} most={100} />
      <WhyNot refused={refused} />
      {isSure && units !== null ? (
        <Note tone="warn">
          <Said id="app.gift.sure" with={{ units: <b><Points units={units} currency={main} /></b>, money: money === null ? "" : <>= <Money minor={money} /></>, whom: <b>{whom.trim()}</b> }} />
        </Note>
      ) : null}
      <Wait isBusy={isBusy} isOff={!isReady}>{say(isSure ? "app.gift.send" : "app.gift.look")}</Wait>
      {isSure ? <button type="button" className="act quiet" onClick={() => setSure(false)}>{say("do.not")}</button> : null}
    </form>
  );
}
