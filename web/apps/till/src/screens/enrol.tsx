// A new member: the number, one question in fixed words, done. The key is made when the form opens.
import { api, got, Refused } from "@jifen/api";
import { Icon, nameIn, RefusedNote, useAsked, useFrame, useGoing, useMay, useProgram, useSay } from "@jifen/ui";
import { useEffect, useRef, useState } from "react";
import { ask, useDesk, withTiers } from "../desk.ts";
import { useLine } from "../line.ts";
import { Foot, Press, Say, useFunctionKeys } from "../parts.tsx";
import { narrow } from "../rules/kind.ts";

/** Of the words of the question: another wording is another version. */
const WORDS = "till-2026-11";

/** Which terms a yes accepts, and their text for whoever wants to read it at the desk. */
function TermsToRead({ version }: { version: string }) {
  const say = useSay();
  const { language } = useFrame();
  const [isOpen, setOpen] = useState(false);
  const asked = useAsked(isOpen ? `terms ${version}` : null, () => got(api.GET("/v1/welcome/terms/{version}", { params: { path: { version } } })));
  const text = asked.data?.texts[language] ?? asked.data?.texts.zh ?? "";
  return (
    <details className="soft" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("till.enrol.terms", { version })}</summary>
      {text.split(/\n+/).map((one, at) => <p key={at}>{one}</p>)}
    </details>
  );
}

export function Enrol() {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const { language } = useFrame();
  const program = useProgram();
  const { change, isTraining, sale } = useDesk();
  const { isOn } = useLine();
  const [phone, setPhone] = useState("");
  const [isAsked, setAsked] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [keys] = useState(() => new Map<string, string>());
  const field = useRef<HTMLInputElement>(null);
  const yes = useRef<HTMLButtonElement>(null);
  // The terms in force, where there are some: his yes accepts them too.
  const welcome = useAsked(isOn ? `welcome ${language}` : null, () => got(api.GET("/v1/welcome", { params: { query: { language } } })));
  const terms = welcome.data?.terms?.version ?? null;
  const told = narrow(phone).replaceAll(/[\s-]/g, "");
  const isWhole = /^\+?\d{7,15}$/.test(told);
  const canAsk = isOn && !isTraining && may("members.enrol");
  const canSend = canAsk && welcome.data !== null; // what a yes accepts must be known before it is sent
  useEffect(() => {
    if (isAsked && canSend) yes.current?.focus();
  }, [isAsked, canSend]);

  const goOn = async (memberId: string) => {
    const member = await ask(api.GET("/v1/members/{member_id}", { params: { path: { member_id: memberId } } }));
    const who = await withTiers(member, null);
    change({ who, done: null, ...(sale.done ? { lines: [], spend: null } : {}) });
    go("/");
  };
  const enrol = async () => {
    if (!isWhole || isBusy || !canSend) return;
    setBusy(true);
    setRefused(null);
    const wish = `${told} ${terms ?? ""}`;
    const key = keys.get(wish) ?? crypto.randomUUID();
    keys.set(wish, key);
    try {
      const made = await ask(
        api.POST("/v1/members", {
          params: { header: { "Idempotency-Key": key } } as never,
          headers: { "Idempotency-Key": key },
          body: { keys: [], person: { phone: told, attributes: {} }, consents: [
            { purpose: "membership", is_given: true, text_version: WORDS, channel: "till" },
            ...(terms === null ? [] : [{ purpose: "terms", is_given: true, text_version: terms, channel: "till" }]),
          ] } as never,
        }),
      );
      await goOn(made.member_id);
    } catch (failure) {
      setRefused(failure instanceof Refused ? failure : new Refused(0, null, null));
      setAsked(false);
      if (failure instanceof Refused && failure.problem?.code.startsWith("terms_")) welcome.again(); // another version took effect meanwhile
    }
    setBusy(false);
  };
  const useKnown = async () => {
    try {
      const member = await ask(api.GET("/v1/members", { params: { query: { phone: told } } }));
      await goOn(member.member_id);
    } catch (failure) {
      setRefused(failure instanceof Refused ? failure : new Refused(0, null, null));
    }
  };
  const without = () => {
    setAsked(false);
    go("/");
  };
  const isTaken = refused?.problem?.code === "key_taken";
  useFunctionKeys({
    Escape: without,
    F1: () => {
      setAsked(false);
      setPhone("");
      setRefused(null);
      field.current?.focus();
    },
  });
  return (
    <>
      <main className="split-till">
        <section className="left roomy">
          <h1>{say("till.enrol.title")}</h1>
          <ol className="trail">
            <li className={isAsked ? "past" : "now"}>
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  if (isWhole && canAsk) setAsked(true);
                }}
              >
                <label className="field">
                  <span>{say("till.enrol.phone")}</span>
                  <input
                    ref={field} className="input huge" autoFocus inputMode="tel" autoComplete="off" value={phone} aria-invalid={refused !== null}
                    onChange={(event) => {
                      setPhone(event.target.value);
                      setAsked(false);
                      setRefused(null);
                    }}
                  />
                </label>
                {isAsked ? null : <button type="submit" className="press" disabled={!isWhole || !canAsk}>{say("till.enrol.next")} <kbd>Enter</kbd></button>}
              </form>
              {isTaken ? (
                <Say tone="warn" icon="warn">
                  <b>{refused?.problem?.message}</b> {say("till.enrol.taken_how")}{" "}
                  <button type="button" className="as-link" onClick={() => void useKnown()}>{say("till.enrol.use_known")}</button>
                </Say>
              ) : refused ? <RefusedNote refused={refused} /> : isAsked && welcome.refused ? <RefusedNote refused={welcome.refused} again={welcome.again} /> : null}
            </li>
            <li className={isAsked ? "now" : "later"}>
              <p className="soft">{say("till.enrol.ask")}</p>
              <p className="question">{say("till.enrol.question")}</p>
              {terms === null ? null : <TermsToRead version={terms} />}
              <div className="presses even">
                <button type="button" ref={yes} className="press go" disabled={!isAsked || isBusy || !canSend} onClick={() => void enrol()}>{say("till.enrol.yes")} <kbd>Enter</kbd></button>
                <Press onPress={without} hint="Esc" isOff={!isAsked}>{say("till.enrol.no")}</Press>
              </div>
            </li>
            <li className="later"><p className="soft">{say("till.enrol.then")}</p></li>
          </ol>
          {!isOn ? <Say tone="warn" icon="warn">{say("till.enrol.needs_line")}</Say> : null}
          {isTraining ? <Say tone="warn" icon="warn">{say("till.training.no_write")}</Say> : null}
          {!may("members.enrol") ? <Say tone="stop" icon="stop">{say("state.not_permitted", { permission: "members.enrol" })}</Say> : null}
          <p className="soft">{say("till.enrol.nothing_else")}</p>
        </section>
        <aside className="side slip-side" aria-label={say("till.enrol.customer")}>
          <div className="card">
            <p className="card-title">{say("till.enrol.card", { name: nameIn(program.names, language) })}</p>
            <p>{say("till.enrol.card_means")}</p>
            <p className="soft"><Icon name="kept" /> {say("till.enrol.card_free")}</p>
          </div>
        </aside>
      </main>
      <Foot keys={[["Enter", "till.enrol.yes"], ["F1", "till.enrol.other"], ["Esc", "till.enrol.no"]]} />
    </>
  );
}
