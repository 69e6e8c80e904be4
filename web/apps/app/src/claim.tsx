// A receipt of nobody becomes one's own, by its number and its total. The QR of a slip is "source/number".
import { gotOwn, me } from "@jifen/api/member";
import type { Schemas } from "@jifen/api";
import { moneyText, Points, Said, useProgram, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { wholeOf } from "./amounts.ts";
import { useWrite } from "./asking.ts";
import { useSpendable } from "./own.ts";
import { Field, Note, Row, Rows, Screen, Wait, WhyNot } from "./parts.tsx";

export function Claim() {
  const say = useSay();
  const program = useProgram();
  const main = useSpendable()[0] ?? "";
  const [number, setNumber] = useState("");
  const [total, setTotal] = useState("");
  const [done, setDone] = useState<Schemas["ClaimAnswer"] | null>(null);
  const { write, isBusy, refused } = useWrite();
  const amount = wholeOf(total, program.money_decimals);
  const isReady = number.trim() !== "" && amount !== null;
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (amount === null || !isReady) return;
    const [source, ...rest] = number.trim().split("/");
    const scanned = rest.length > 0 && source ? { source, business_no: rest.join("/") } : { business_no: number.trim() };
    const body = { ...scanned, amount_minor: amount };
    const claimed = await write(body, (key) => gotOwn(me.POST("/v1/me/claims", { body, params: { header: { "Idempotency-Key": key } } })));
    if (claimed) setDone(claimed);
  };
  const balance = done?.balances.find((one) => one.currency === main);
  return (
    <Screen title={say("app.claim")} back="/me">
      {done !== null ? (
        <>
          <Note tone="good">
            {say("app.claim.done")}{" "}
            {balance ? <Said id="app.claim.balance" with={{ units: <b><Points units={balance.balance} currency={main} /></b> }} /> : null}
          </Note>
          <Rows><Row sign="lines" title={say("app.line")} to={`/statement/${done.sequence}/0`} /></Rows>
          <button type="button" className="act second" onClick={() => { setDone(null); setNumber(""); setTotal(""); }}>{say("app.claim.another")}</button>
        </>
      ) : (
        <form className="form" onSubmit={(event) => void send(event)} noValidate>
          <p className="soft">{say("app.claim.why")}</p>
          <Field label={say("app.claim.number")} value={number} onType={setNumber} note={say("app.claim.number_note")} />
          <Field
            label={say("app.claim.total")} value={total} onType={setTotal} mode="decimal" most={16}
            note={say("app.claim.total_note", { example: moneyText(12_345, program.money_decimals, program.money) })}
            refused={total !== "" && amount === null ? say("app.claim.no_amount") : null}
          />
          <WhyNot refused={refused} />
          <Wait isBusy={isBusy} isOff={!isReady}>{say("app.claim.send")}</Wait>
        </form>
      )}
    </Screen>
  );
}
