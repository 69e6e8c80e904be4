// What waits and what was refused, each with what to do.
import { Empty, Instant, Mark, Money, useSay } from "@jifen/ui";
import { isKey, type Key } from "@jifen/words";
import { useState } from "react";
import { useLine } from "../line.ts";
import { Foot, Press, useFunctionKeys } from "../parts.tsx";
import { change, drain, sendAgain, sendAsNobody, useMessages } from "../queue.ts";
import { inOrder, type Message } from "../rules/message.ts";
import { useGoing } from "@jifen/ui";

const KINDS: Record<Message["kind"], Key> = { purchase: "till.list.purchase", return: "till.list.return", void: "till.list.void", commit: "till.list.commit" };
/** Refusals of the member, after which the receipt can go as nobody's. */
const OF_MEMBER = new Set(["member_unknown", "member_closed", "member_frozen", "code_wrong", "code_used", "field_wrong"]);

function todo(one: Message): Key {
  if (one.state === "tampered") return "till.todo.tampered";
  const own = `till.todo.${one.problem?.code ?? ""}`;
  return isKey(own) ? own : "till.todo.other";
}

export function Waiting() {
  const say = useSay();
  const { go } = useGoing();
  const { isOn } = useLine();
  const messages = useMessages();
  const [isBusy, setBusy] = useState(false);
  const waits = inOrder(messages);
  const refused = messages.filter((one) => one.state === "refused" || one.state === "tampered");
  useFunctionKeys({ Escape: () => go("/") });
  const doing = (what: Promise<void>) => {
    setBusy(true);
    void what.finally(() => setBusy(false));
  };
  return (
    <>
      <main className="one">
        <div className="back-head">
          <h1>{say("till.list.title")}</h1>
          <Press onPress={() => doing(drain())} isOff={!isOn || isBusy || waits.length === 0}>{say("till.list.send_now")}</Press>
        </div>
        {waits.length === 0 && refused.length === 0 ? <Empty title={say("till.list.empty")}>{say("till.list.empty_how")}</Empty> : null}
        {refused.length > 0 ? (
          <section className="stack" aria-labelledby="refused">
            <h2 id="refused">{say("till.list.refused")}</h2>
            <ul className="messages">
              {refused.map((one) => (
                <li key={one.order} className="message">
                  <Head one={one} />
                  <p><Mark tone="stop">{one.state === "tampered" ? say("till.list.tampered") : (one.problem?.message ?? "")}</Mark> <span className="code">{one.problem?.code}</span></p>
                  <p><b>{say("till.list.what_to_do")}</b> {say(todo(one))}</p>
                  <div className="row">
                    {one.state === "refused" ? <Press onPress={() => doing(sendAgain(one))} isOff={isBusy}>{say("till.list.again")}</Press> : null}
                    {one.state === "refused" && one.kind === "purchase" && (OF_MEMBER.has(one.problem?.code ?? "") || one.phone !== null) ? (
                      <Press onPress={() => doing(sendAsNobody(one))} isOff={isBusy}>{say("till.list.as_nobody")}</Press>
                    ) : null}
                    <Press onPress={() => doing(change(one, { state: "aside" }))} isOff={isBusy}>{say("till.list.aside")}</Press>
                  </div>
                </li>
              ))}
            </ul>
          </section>
        ) : null}
        {waits.length > 0 ? (
          <section className="stack" aria-labelledby="waits">
            <h2 id="waits">{say("till.list.waits", { n: waits.length }, waits.length)}</h2>
            <p className="soft">{say("till.list.waits_how")}</p>
            <ul className="messages">
              {waits.slice(0, 200).map((one) => <li key={one.order} className="message"><Head one={one} /></li>)}
            </ul>
          </section>
        ) : null}
      </main>
      <Foot keys={[["Esc", "till.to_sale"]]} />
    </>
  );
}

function Head({ one }: { one: Message }) {
  const say = useSay();
  return (
    <p className="message-head">
      <b className="num">{one.no}</b> <span>{say(KINDS[one.kind])}</span> <Instant at={one.at} /> <Money minor={one.amount_minor} />
      {one.tries > 0 ? <span className="soft small">{say("till.list.tries", { n: one.tries }, one.tries)}</span> : null}
    </p>
  );
}
