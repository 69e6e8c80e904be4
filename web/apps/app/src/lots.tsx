// Where the points are: lots by the day on which they expire, and the way of one lot from its receipt to what it was spent on.
import type { Schemas } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { Day, Instant, localDay, Points, Said, useAsked, useFrame, useProgram, useQuery, useSay } from "@jifen/ui";
import { type Lot as OpenLot, useOpenLots, useSpendable } from "./own.ts";
import { Note, Nothing, Part, Row, Rows, Screen, Told } from "./parts.tsx";
import { wordOf } from "./verbs.ts";

export function Lots() {
  const say = useSay();
  const asked = useOpenLots();
  const main = useSpendable();
  const [query] = useQuery();
  const month = query.get("month");
  return (
    <Screen title={say("app.lots")} back="/">
      <Told asked={asked}>
        {({ lots, isCut }) => {
          const own = lots.filter((one) => main.includes(one.currency) && (month === null || one.expires_on?.startsWith(month)));
          if (own.length === 0) return <Nothing title={say("app.lots.none")} to="/me/claim" way={say("app.begin.claim")}>{say("app.lots.none_why")}</Nothing>;
          const days = byDay(own);
          return (
            <>
              {isCut ? <Note>{say("app.lots.cut")}</Note> : null}
              {[...days].map(([day, some]) => (
                <section key={day} className="part" aria-label={day}>
                  <div className="part-head">
                    <h2>{day === "" ? say("app.lots.never") : <Said id="app.lots.until" with={{ on: <Day on={day} style="sentence" /> }} />}</h2>
                    <div className="part-aside"><Points units={some.reduce((sum, one) => sum + one.left, 0)} currency={some[0]?.currency ?? ""} /></div>
                  </div>
                  <Rows>{some.map((one) => <LotRow key={one.number} lot={one} />)}</Rows>
                </section>
              ))}
            </>
          );
        }}
      </Told>
    </Screen>
  );
}

/** Lots by their last day, in their order. */
function byDay(lots: OpenLot[]): Map<string, OpenLot[]> {
  const found = new Map<string, OpenLot[]>();
  for (const one of lots) {
    const day = one.expires_on ?? "";
    found.set(day, [...(found.get(day) ?? []), one]);
  }
  return found;
}

function LotRow({ lot }: { lot: OpenLot }) {
  const say = useSay();
  const today = useToday();
  const note = lot.matures_on > today
    ? <Said id="app.lots.from" with={{ on: <Day on={lot.matures_on} style="sentence" /> }} />
    : lot.left !== lot.opened ? <Said id="app.lots.of" with={{ opened: <Points units={lot.opened} currency={lot.currency} /> }} /> : undefined;
  return <Row title={say("app.lot.title", { number: lot.number })} note={note} figure={<Points units={lot.left} currency={lot.currency} />} to={`/lots/${lot.number}`} />;
}

function useToday(): string {
  const { book } = useFrame();
  const { time_zone } = useProgram();
  return book === null ? "" : localDay(book.now, time_zone);
}

/** What became of a lot: parts that add up to what it opened with. */
export function LotParts({ lot }: { lot: OpenLot }) {
  const say = useSay();
  const parts = (["left", "held", "gone", "expired", "returned"] as const).filter((one) => lot[one] !== 0);
  return (
    <ul className="rows">
      {parts.map((one) => <Row key={one} title={say(`app.lot.${one}`)} figure={<Points units={lot[one]} currency={lot.currency} />} />)}
      <li className="line-row sum">
        <span className="row-words">{say("app.adds_up")}</span>
        <span className="row-figure"><span className="adds"><Points units={lot.opened} currency={lot.currency} /></span></span>
      </li>
    </ul>
  );
}

type Story = Schemas["LotStoryAnswer"];

export function useLot(number: number) {
  const { language } = useFrame();
  return useAsked<Story>(`lot ${number} ${language}`, () =>
    gotOwn(me.GET("/v1/me/lots/{number}", { params: { path: { number }, query: { language, limit: 100 } } })),
  );
}

export function Lot({ number }: { number: number }) {
  const say = useSay();
  const asked = useLot(number);
  return (
    <Screen title={say("app.lot.title", { number })} back="/lots">
      <Told asked={asked}>
        {({ lot, steps, postings }) => (
          <>
            <p className="soft">
              {lot.expires_on === null ? say("app.lots.never") : <Said id="app.lots.until" with={{ on: <Day on={lot.expires_on} style="sentence" /> }} />}
            </p>
            <Part title={say("app.lot.now")}>{sumsUp(lot) ? <LotParts lot={lot} /> : null}</Part>
            <Part title={say("app.lot.way")}>
              <Rows>
                {steps.map((step, at) => {
                  const posting = postings.find((one) => one.sequence === step.sequence);
                  return (
                    <Row
                      key={at} title={posting ? say(wordOf(posting.verb)) : say(`app.place.${step.goes}` as "app.place.open")}
                      note={<><Instant at={step.occurred_at} style="sentence" />{posting ? ` · ${posting.sentence}` : null}</>}
                      figure={<Points units={step.units} currency={lot.currency} />} {...(posting ? { to: `/statement/${posting.sequence}/${posting.part}` } : {})}
                    />
                  );
                })}
              </Rows>
            </Part>
          </>
        )}
      </Told>
    </Screen>
  );
}

function sumsUp(lot: OpenLot): boolean {
  return lot.left + lot.held + lot.gone + lot.expired + lot.returned === lot.opened;
}
