// What the member took for his units, and where it stands; shown where there is some.
import { api, got } from "@jifen/api";
import { Instant, Link, Mark, nameIn, Points, Section, Shown, useAsked, useFrame, useSay } from "@jifen/ui";
import { TONES } from "../rewards/index.tsx";

const SHOWN = 5;

export function RedemptionsOf({ id, acted }: { id: string; acted: number }) {
  const say = useSay();
  const { language } = useFrame();
  const asked = useAsked(`redemptions of ${id} ${acted}`, () => got(api.GET("/v1/redemptions", { params: { query: { member_id: id, limit: SHOWN } } })));
  if (asked.data !== null && asked.data.data.length === 0) return null;
  return (
    <Shown asked={asked}>
      {(found) => (
        <Section title={say("reward.redemptions")}>
          <ul className="lines">
            {found.data.map((one) => (
              <li key={one.redemption_id}>
                <span>{nameIn(one.names, language) || one.reward}{one.pieces > 1 ? ` × ${one.pieces}` : ""} <span className="small soft"><Instant at={one.redeemed_at} style="short" /></span></span>
                <span className="row"><Points units={one.units} currency={one.currency} /> <Mark tone={TONES[one.status]}>{say(`reward.status.${one.status}`)}</Mark></span>
              </li>
            ))}
          </ul>
          {found.next_cursor ? <Link to="/rewards">{say("screen.rewards")}</Link> : null}
        </Section>
      )}
    </Shown>
  );
}
