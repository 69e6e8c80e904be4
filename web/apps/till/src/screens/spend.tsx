// Using points: they are held now, and spent when the sale is completed. The key is made when this opens: a retry is the same hold.
import { api, Refused } from "@jifen/api";
import { Asking, Money, RefusedNote, Said, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { ask, useDesk, type Who } from "../desk.ts";
import { Press, Pts, useCurrencyOfTill } from "../parts.tsx";
import { unitsFor, worthOf } from "../rules/basket.ts";
import { narrow } from "../rules/kind.ts";

const HELD_SECONDS = 3_600;

export function SpendPoints({ who, most, onClose }: { who: Extract<Who, { is: "member" }>; most: number; onClose: () => void }) {
  const say = useSay();
  const { change, setup } = useDesk();
  const currency = useCurrencyOfTill();
  const [keys] = useState(() => new Map<number, string>());
  const available = who.member.balances.find((one) => one.currency === currency?.code)?.available ?? 0;
  const limit = currency ? Math.max(0, Math.min(available, unitsFor(most, currency))) : 0;
  const scale = 10 ** (currency?.scale ?? 0);
  const [text, setText] = useState(limit > 0 ? String(limit / scale) : "");
  const [code, setCode] = useState(who.code?.text ?? "");
  const [refused, setRefused] = useState<Refused | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (!currency) return null;
  const units = /^\d+(\.\d+)?$/.test(narrow(text)) ? Math.round(Number(narrow(text)) * scale) : 0;
  const isRight = units > 0 && units <= limit;
  const send = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!isRight || isBusy) return;
    setBusy(true);
    setRefused(null);
    const key = keys.get(units) ?? crypto.randomUUID();
    keys.set(units, key);
    const shown = narrow(code).replaceAll(/\s/g, "");
    try {
      const held = await ask(
        api.POST("/v1/reservations", {
          params: { header: { "Idempotency-Key": key } } as never,
          headers: { "Idempotency-Key": key },
          body: {
            member: shown ? { code: shown } : { id: who.member.member_id }, currency: currency.code, units, lapse_seconds: HELD_SECONDS, channel: "till",
            ...(setup.store ? { store: setup.store } : {}),
          } as never,
        }),
      );
      change({ spend: { reservation_id: held.reservation_id, currency: held.currency, units: held.units, worth_minor: worthOf(held.units, currency) } });
      onClose();
    } catch (failure) {
      setRefused(failure instanceof Refused ? failure : new Refused(0, null, null));
    }
    setBusy(false);
  };
  return (
    <Asking title={say("till.spend.open")} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void send(event)}>
        <p><Said id="till.spend.limit" with={{ units: <b><Pts units={limit} /></b>, money: <Money minor={worthOf(limit, currency)} /> }} /></p>
        <label className="field">
          <span>{say("till.spend.units")}</span>
          <input className="input big" inputMode="decimal" autoFocus value={text} aria-invalid={text !== "" && !isRight} onChange={(event) => setText(event.target.value)} />
          <small className={isRight || text === "" ? "soft" : "wrong"}>{isRight ? <>= <Money minor={worthOf(units, currency)} /></> : say("till.spend.wrong")}</small>
        </label>
        <label className="field">
          <span>{say("till.spend.code")}</span>
          <input className="input big" value={code} autoComplete="off" onChange={(event) => setCode(event.target.value)} />
          <small className="soft">{say("till.spend.code_how")}</small>
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <p className="soft small">{say("till.spend.held")}</p>
        <div className="presses">
          <Press onPress={onClose} hint="Esc">{say("do.not")}</Press>
          <button type="submit" className="press go" disabled={!isRight || isBusy}>{say("till.spend.do")} <kbd>Enter</kbd></button>
        </div>
      </form>
    </Asking>
  );
}
