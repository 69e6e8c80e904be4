// Who is shopping: one field, always ready; the kind of what comes in is told by its shape.
import { api, Refused } from "@jifen/api";
import { Icon, RefusedNote, useGoing, useProgram, useSay } from "@jifen/ui";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ask, type Member, useDesk, type Who, withTiers } from "../desk.ts";
import { hasRoom, now } from "../keep.ts";
import { lineState } from "../line.ts";
import { Foot, Press, Say, useFunctionKeys } from "../parts.tsx";
import { useMessages, waiting, WAITING_MAX } from "../queue.ts";
import { type Kind, kindOf, type Named } from "../rules/kind.ts";
import { canScan, Scan } from "./scan.tsx";

/** Find by the ways in which such a text may be meant, the likeliest first. */
export async function find(named: Named, source: string, money: string): Promise<Who> {
  const at = now().toISOString();
  if (named.kind === "code") {
    // Whose a code is, only the ledger tells: by a quote of nothing, which leaves it unused.
    const body = { source, business_no: "quote", occurred_at: at, money, amount_minor: 0, lines: [{ number: 1, amount_minor: 0 }], member: { code: named.value } };
    const quote = await ask(api.POST("/v1/purchases:quote", { body: body as never }));
    const member = await ask(api.GET("/v1/members/{member_id}", { params: { path: { member_id: quote.member_id ?? "" } } }));
    return withTiers(member, { text: named.value, at });
  }
  const ways = named.kind === "phone" ? (["phone", "card", "external"] as const) : (["card", "external"] as const);
  let refused: unknown = null;
  for (const way of ways) {
    try {
      const member: Member = await ask(api.GET("/v1/members", { params: { query: { [way]: named.value } } }));
      return await withTiers(member, null);
    } catch (failure) {
      if (!(failure instanceof Refused) || failure.problem?.code !== "member_unknown") throw failure;
      refused ??= failure;
    }
  }
  throw refused;
}

function unseen(named: Named): Who {
  const at = now().toISOString();
  return named.kind === "code" ? { is: "unseen", code: named.value, at } : named.kind === "phone" ? { is: "unseen", phone: named.value, at } : { is: "unseen", card: named.value, at };
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0"] as const;

export function Identify() {
  const say = useSay();
  const { go } = useGoing();
  const { money } = useProgram();
  const { setup, change, isTraining } = useDesk();
  const [text, setText] = useState("");
  const [refused, setRefused] = useState<Refused | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isFull, setFull] = useState(false);
  const [isScanning, setScanning] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const messages = useMessages();
  const named = kindOf(text, money);
  useEffect(() => {
    void hasRoom().then((room) => setFull(!room));
  }, []);
  const tooMany = waiting() >= WAITING_MAX;
  const isShut = (isFull || tooMany) && !isTraining;

  const begin = (who: Who) => change({ who, lines: [], spend: null, done: null });
  const send = async (event?: FormEvent, said = named) => {
    event?.preventDefault();
    if (!said?.isWhole || isBusy || isShut) return;
    setBusy(true);
    setRefused(null);
    try {
      begin(lineState().isOn ? await find(said, setup.source, money) : unseen(said));
    } catch (failure) {
      if (failure instanceof Refused && failure.isGone) begin(unseen(said));
      else setRefused(failure instanceof Refused ? failure : new Refused(0, null, null));
    }
    setBusy(false);
    field.current?.focus();
  };
  const scanned = (code: string) => {
    setScanning(false);
    setText(code);
    void send(undefined, kindOf(code, money));
  };
  const nobody = () => !isShut && begin({ is: "nobody" });
  useFunctionKeys({ Escape: () => (text ? setText("") : nobody()), F2: () => canScan() && !isShut && setScanning(true), F3: () => go("/enrol"), F8: () => go("/return"), F1: () => field.current?.focus() });
  const press = (key: string) => {
    setText((was) => was + key);
    field.current?.focus();
  };
  const told = messages.filter((one) => one.kind === "purchase" && one.state === "done").length;
  const kind = (of: Kind, word: "till.kind.code" | "till.kind.phone" | "till.kind.card", how: "till.kind.code_how" | "till.kind.phone_how" | "till.kind.card_how") => (
    <li className={named?.kind === of ? "kind at" : "kind"}>
      <b>{say(word)}</b> <span className="soft">{say(how)}</span>
      {named?.kind === of ? <Icon name="kept" /> : null}
    </li>
  );
  return (
    <>
      <main className="split-till">
        <section className="left roomy">
          <h1>{say("till.who.title")}</h1>
          {isShut ? (
            <Say tone="stop" icon="stop">
              <b>{say(tooMany ? "till.full.many" : "till.full.title")}</b> {say("till.full.how")}
            </Say>
          ) : null}
          <form onSubmit={(event) => void send(event)} role="search">
            <label className="one-field">
              <span className="away">{say("till.who.field")}</span>
              <Icon name="search" />
              <input
                ref={field} autoFocus value={text} placeholder={say("till.who.field")} autoComplete="off" spellCheck={false} enterKeyHint="search" inputMode="text"
                aria-describedby="who-no" onChange={(event) => setText(event.target.value)}
              />
            </label>
            <div id="who-no">
              {named && !named.isWhole ? <Say tone="warn" icon="warn">{say("till.who.check_digit")}</Say> : null}
              {refused?.problem?.code === "member_unknown" ? (
                <Say tone="warn" icon="warn">
                  <b>{refused.problem.message}</b> {say("till.who.unknown_how")}
                </Say>
              ) : refused ? (
                <RefusedNote refused={refused} />
              ) : null}
            </div>
          </form>
          <ul className="kinds">
            {kind("code", "till.kind.code", "till.kind.code_how")}
            {kind("phone", "till.kind.phone", "till.kind.phone_how")}
            {kind("card", "till.kind.card", "till.kind.card_how")}
          </ul>
          <div className="presses">
            {canScan() ? <Press onPress={() => setScanning(true)} hint="F2" isOff={isShut}>{say("till.scan.open")}</Press> : null}
            <Press onPress={nobody} hint="Esc" isOff={isShut}>{say("till.who.nobody")}</Press>
            <Press onPress={() => go("/enrol")} hint="F3">{say("till.enrol.open")}</Press>
          </div>
          <p className="soft">{say("till.who.claim")}</p>
        </section>
        <div className="pad" role="group" aria-label={say("till.pad")}>
          {KEYS.map((key) =>
            key === "" ? (
              <button type="button" key="back" aria-label={say("till.pad_back")} onClick={() => setText((was) => was.slice(0, -1))}>
                ⌫
              </button>
            ) : (
              <button type="button" key={key} onClick={() => press(key)}>
                {key}
              </button>
            ),
          )}
          <button type="button" className="find" disabled={!named?.isWhole || isBusy || isShut} onClick={() => void send()}>
            {say("till.who.find")}
          </button>
        </div>
      </main>
      {isScanning ? <Scan onCode={scanned} onClose={() => setScanning(false)} /> : null}
      <Foot keys={[["Enter", "till.who.find"], ["F3", "till.enrol.short"], ["F8", "till.back"], ["Esc", "till.who.nobody_short"]]}>
        {waiting() > 0 ? say("till.off.waiting", { n: waiting() }, waiting()) : told > 0 ? say("till.all_in", { n: told }, told) : null}
      </Foot>
    </>
  );
}
