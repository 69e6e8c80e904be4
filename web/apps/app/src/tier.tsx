// The tier: "you" sits on the ladder, between the rungs that were reached and those that were not.
import { Day, Money, Points, Count, Said, Tier, useProgram, useSay, useTierName, Link } from "@jifen/ui";
import { useTiers } from "./own.ts";
import { Part, Row, Rows, Screen, Told } from "./parts.tsx";

/** What counts towards tiers is money spent, visits, or units of a currency. */
function Counted({ of, counts }: { of: number; counts: string }) {
  const { currencies } = useProgram();
  if (counts === "spend") return <Money minor={of} />;
  if (currencies.some((one) => one.code === counts)) return <Points units={of} currency={counts} />;
  return <Count of={of} />;
}

/** On the home screen: how far it is to the next tier, and until when this one stays. */
export function Gap() {
  const say = useSay();
  const name = useTierName();
  const asked = useTiers();
  const told = asked.data;
  if (told === null) return <div className="gaps" aria-hidden="true" />;
  if (told.next_tier === null && told.review_on === null) return null;
  return (
    <div className="gaps">
      {told.next_tier !== null ? (
        <Link to="/tier" className="gap">
          <span>{say("app.tier.to", { tier: name(told.next_tier) })}</span>
          <svg className="gap-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect className="all" width="100" height="4" />
            <rect className="far" width={told.next_reach ? Math.min(100, (100 * told.counted) / told.next_reach) : 0} height="4" />
          </svg>
          <b className="opens-foot"><Counted of={told.missing} counts={told.counts} /></b>
        </Link>
      ) : null}
      {told.review_on !== null ? (
        <Link to="/tier" className="gap">
          <span>{say("app.tier.kept", { tier: name(told.tier) })}</span>
          <span className="gap-until"><Said id="app.tier.until" with={{ on: <Day on={told.review_on} style="sentence" /> }} /></span>
        </Link>
      ) : null}
    </div>
  );
}

export function TierPath() {
  const say = useSay();
  const name = useTierName();
  const { tiers } = useProgram();
  const asked = useTiers();
  return (
    <Screen title={say("app.tier")} back="/">
      <Told asked={asked}>
        {(told) => {
          const held = told.path.at(-1);
          const rungs = tiers.toReversed();
          const above = rungs.findIndex((one) => one.reach <= told.counted);
          return (
            <>
              <p className="tier-hero"><Tier code={told.tier} /></p>
              <p className="soft">
                {held?.since_on ? <Said id="app.tier.since" with={{ on: <Day on={held.since_on} style="sentence" /> }} /> : null}{" "}
                {told.review_on ? <Said id="app.tier.review" with={{ on: <Day on={told.review_on} style="sentence" /> }} /> : null}
              </p>
              {told.review_on !== null ? (
                <p className={told.keep_missing > 0 ? "note" : "soft"} role="note">
                  {told.keep_missing > 0
                    ? <Said id="app.tier.keep_missing" with={{ tier: name(told.tier), on: <Day on={told.review_on} style="sentence" />, missing: <b><Counted of={told.keep_missing} counts={told.counts} /></b>, keep: <Counted of={told.keep} counts={told.counts} /> }} />
                    : say("app.tier.keep_done", { tier: name(told.tier) })}{" "}
                  {told.grace_from_on ? <Said id="app.tier.grace" with={{ on: <Day on={told.grace_from_on} style="sentence" /> }} /> : null}
                </p>
              ) : null}
              <ol className="ladder" aria-label={say("app.tier.ladder")}>
                {rungs.map((one, at) => (
                  <li key={one.code} className="pair">
                    {at === above ? (
                      <span className="rung you"><span className="knot" aria-hidden="true" /><b>{say("app.tier.you")}</b><b className="row-figure"><Counted of={told.counted} counts={told.counts} /></b></span>
                    ) : null}
                    <span className={one.reach <= told.counted ? "rung reached" : "rung"} aria-current={one.code === told.tier ? "step" : undefined}>
                      <span className="knot" aria-hidden="true" />
                      <span className={one.code === told.tier ? "strong" : undefined}>{name(one.code)}</span>
                      <span className="row-figure"><Counted of={one.reach} counts={told.counts} /></span>
                    </span>
                  </li>
                ))}
              </ol>
              {told.next_tier !== null && told.next_reach !== null ? (
                <Part title={say("app.tier.missing", { tier: name(told.next_tier) })} aside={told.counted_from_on ? <Said id="app.tier.from" with={{ on: <Day on={told.counted_from_on} style="sentence" /> }} /> : null}>
                  <Rows>
                    <Row title={say("app.tier.needed")} figure={<Counted of={told.next_reach} counts={told.counts} />} />
                    <Row title={say("app.tier.counts_now")} figure={<Counted of={told.counted} counts={told.counts} />} />
                    <li className="line-row sum">
                      <span className="row-words">{say("app.tier.gap")}</span>
                      <span className="row-figure">
                        <span className={told.next_reach - told.counted === told.missing ? "adds" : undefined}><Counted of={told.missing} counts={told.counts} /></span>
                      </span>
                    </li>
                  </Rows>
                  {told.window === "rolling" && told.counted_from_on ? <p className="soft small">{say("app.tier.rolls")}</p> : null}
                  {told.window === "calendar_year" || told.window === "membership_year" ? <p className="soft small">{say(`app.tier.${told.window}`)}</p> : null}
                </Part>
              ) : <p className="soft">{say("app.tier.top")}</p>}
              <Part title={say("app.tier.path")}>
                <Rows>
                  {told.path.toReversed().map((one, at) => (
                    <Row
                      key={at} title={name(one.tier)} figure={one.since_on ? <Day on={one.since_on} style="sentence" /> : say("app.tier.first")}
                      {...(one.cause !== null ? { to: `/statement/${one.cause}/0` } : {})}
                    />
                  ))}
                </Rows>
              </Part>
            </>
          );
        }}
      </Told>
    </Screen>
  );
}
