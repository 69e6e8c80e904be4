// The member beside the basket: tier, points and what they are worth, and one line worth saying.
import { Day, Money, Said, Tier, useFrame, useProgram, useSay } from "@jifen/ui";
import type { Who } from "../desk.ts";
import { Pts, Row, Say, useCurrencyOfTill, useNameOf } from "../parts.tsx";

export function WhoSide({ who }: { who: Who | null }) {
  const say = useSay();
  const currency = useCurrencyOfTill();
  if (who?.is === "nobody") {
    return (
      <section>
        <h2 className="who-name">{say("till.who.is_nobody")}</h2>
        <p className="soft">{say("till.who.claim")}</p>
      </section>
    );
  }
  if (who?.is === "unseen") {
    return (
      <section>
        <h2 className="who-name">{say(who.code ? "till.kind.code" : who.phone ? "till.kind.phone" : "till.kind.card")} <span className="num">···{(who.code ?? who.phone ?? who.card ?? "").slice(-4)}</span></h2>
        <Say tone="warn" icon="warn">{say(who.code ? "till.off.code_kept" : "till.off.not_checked")}</Say>
      </section>
    );
  }
  if (!who) return null;
  const { member } = who;
  const balance = member.balances.find((one) => one.currency === currency?.code);
  const key = member.keys.find((one) => one.kind === "phone") ?? member.keys[0];
  return (
    <section>
      <div className="who-head">
        <h2 className="who-name">{key?.value ?? `···${member.member_id.slice(-6)}`}</h2>
        <Tier code={member.tier.code} />
      </div>
      {balance ? (
        <p>
          <b><Pts units={balance.available} /></b> {say("till.points_available")}
          {balance.worth_minor !== null && currency?.worth_minor ? <> = <b><Money minor={Math.max(0, Math.floor((balance.available * currency.worth_minor) / (currency.worth_units || 1)))} /></b></> : null}
        </p>
      ) : null}
      {member.status !== "active" ? <Say tone="stop" icon="stop">{say(member.status === "frozen" ? "till.who.frozen" : "till.who.closed")}</Say> : null}
      {balance && balance.debt > 0 ? <Say tone="warn" icon="warn"><Said id="till.note.debt" with={{ units: <Pts units={balance.debt} /> }} /></Say> : null}
      {balance?.next_expiry_on ? (
        <Say tone="note" icon="run">
          <Said id="till.note.expires" with={{ units: <Pts units={balance.next_expiry_units} />, day: <Day on={balance.next_expiry_on} style="short" /> }} />
        </Say>
      ) : null}
      <Gap who={who} />
    </section>
  );
}

/** How far the next tier is. */
export function Gap({ who }: { who: Who | null }) {
  const { language } = useFrame();
  const nameOf = useNameOf();
  const program = useProgram();
  const tiers = who?.is === "member" ? who.tiers : null;
  if (!tiers?.next_tier || tiers.missing <= 0 || tiers.counts !== "spend") return null;
  const next = program.tiers.find((one) => one.code === tiers.next_tier);
  return (
    <ul className="facts-till">
      <Row label={<Said id="till.note.to_tier" with={{ tier: next ? nameOf(next.names) : tiers.next_tier }} />}>
        <span lang={language}><Money minor={tiers.missing} /></span>
      </Row>
    </ul>
  );
}
