// A line of the statement: why so many, the receipt with its lines, where the points are now. Sums that add up say so by a double rule.
import type { Schemas } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { dayText, Instant, localDay, Link, Money, nameIn, Points, Said, useAsked, useFrame, useProgram, useSay } from "@jifen/ui";
import { Fragment, useState } from "react";
import type { Welcome } from "./app.tsx";
import { LotParts, useLot } from "./lots.tsx";
import { useWorth } from "./own.ts";
import { Nothing, Part, Row, Rows, Screen, Told } from "./parts.tsx";
import { Sign } from "./signs.tsx";
import { type Entry, kindOf, wordOf } from "./verbs.ts";

const LINES_AT_FIRST = 6;

/** The postings of an entry. */
async function entryOf(sequence: number, language: string): Promise<Entry[]> {
  const query = { before: sequence + 1, limit: 1, language };
  const page = await gotOwn(me.GET("/v1/me/statement", { params: { query } }));
  return page.data.filter((one) => one.sequence === sequence);
}

export function Line({ sequence, part, welcome }: { sequence: number; part: number; welcome: Welcome }) {
  const say = useSay();
  const { language } = useFrame();
  const { time_zone } = useProgram();
  const asked = useAsked(`entry ${sequence} ${language}`, () => entryOf(sequence, language));
  const posting = asked.data?.find((one) => one.part === part) ?? null;
  const day = posting ? dayText(localDay(posting.occurred_at, time_zone), language, "sentence") : "";
  const title = posting === null ? say("app.line") : say("app.line.of", { word: say(wordOf(posting.verb)), day });
  return (
    <Screen title={title} back="/statement">
      <Told asked={asked} lines={8}>
        {(all) =>
          posting === null
            ? <Nothing title={say("app.line.none")} to="/statement" way={say("app.statement")}>{say("app.line.none_why")}</Nothing>
            : <Posting posting={posting} all={all} welcome={welcome} />}
      </Told>
    </Screen>
  );
}

function Posting({ posting, all, welcome }: { posting: Entry; all: Entry[]; welcome: Welcome }) {
  const say = useSay();
  const worth = useWorth();
  const together = posting.verb === "expire" ? all.filter((one) => one.verb === "expire" && one.currency === posting.currency) : [posting];
  const units = together.reduce((sum, one) => sum + one.units, 0);
  const after = together[0]?.balance_after ?? posting.balance_after;
  const money = worth(units, posting.currency);
  const lots = [...new Set(posting.moves.map((one) => one.lot))];
  return (
    <>
      <div className="line-hero">
        <span className={`size-7 ${kindOf(posting.verb)}`}><Points units={units} currency={posting.currency} signed /></span>
        {money !== null ? <span className="line-worth"><span className="small soft">{say("app.worth")}</span><b><Money minor={money} /></b></span> : null}
      </div>
      <p className="soft">
        {posting.store ? <>{say("app.join.store", { store: posting.store })}{say("list.between")}</> : null}<Instant at={posting.occurred_at} style="sentence" />
        {posting.business_no && together.length === 1 ? <>{say("list.between")}{say("app.line.receipt", { number: posting.business_no })}</> : null}
        {say("app.stop")}{" "}
        <Said id="app.line.from_to" with={{ from: <Points units={after - units} currency={posting.currency} />, to: <Points units={after} currency={posting.currency} /> }} />
      </p>
      {posting.rules.length > 0 ? <Why posting={posting} welcome={welcome} /> : null}
      {posting.rules.length === 0 ? (
        <Part title={say("app.line.what")}>
          <Rows>
            {together.map((one) => (
              <Row
                key={one.part} title={together.length > 1 && one.lot !== null ? say("app.lot.title", { number: one.lot }) : one.sentence} figure={<Points units={one.units} currency={one.currency} signed />}
                {...(one.lot !== null ? { to: `/lots/${one.lot}` } : {})}
              />
            ))}
            {together.length > 1 ? (
              <li className="line-row sum">
                <span className="row-words">{say("app.adds_up")}</span>
                <span className="row-figure"><span className="adds"><Points units={units} currency={posting.currency} signed /></span></span>
              </li>
            ) : null}
          </Rows>
        </Part>
      ) : null}
      {posting.purchase_id !== null && posting.verb !== "expire" ? <Receipt posting={posting} purchase={posting.purchase_id} welcome={welcome} /> : null}
      {posting.verb === "earn" && lots[0] !== undefined ? <Now number={lots[0]} /> : null}
      {posting.verb !== "earn" && posting.verb !== "expire" && lots.length > 0 ? <Moved posting={posting} /> : null}
      <p className="proof soft small"><Sign name="shield" /> {say("app.line.proof", { sequence: posting.sequence, revision: posting.revision })}</p>
      <Link to={`/me/questions/new?sequence=${posting.sequence}&part=${posting.part}`} className="act second"><Sign name="ask" /> {say("app.not_right")}</Link>
    </>
  );
}

/** Each rule with what it gave. Its sentence is that of the rules in force, where it is still the same revision. */
function Why({ posting, welcome }: { posting: Entry; welcome: Welcome }) {
  const say = useSay();
  const { language } = useFrame();
  const sign = posting.units < 0 ? -1 : 1;
  const gave = posting.rules.filter((one) => one.granted !== 0 || one.desired !== 0);
  const sum = gave.reduce((total, one) => total + one.granted, 0) * sign;
  const isNow = welcome.program?.revision === posting.revision;
  return (
    <Part title={say("app.line.why")} aside={say("app.line.revision", { revision: posting.revision })}>
      <Rows>
        {gave.map((one) => {
          const promise = welcome.promises.find((other) => other.rule === one.rule);
          return (
            <Row
              key={one.rule} title={promise ? nameIn(promise.names, language) : one.rule}
              note={<>
                {promise && isNow ? promise.sentence : promise ? say("app.line.other_revision") : null}
                {one.desired !== one.granted ? <> <Said id="app.line.capped" with={{ units: <Points units={one.desired} currency={posting.currency} /> }} /></> : null}
              </>}
              figure={<Points units={one.granted * sign} currency={posting.currency} signed />}
            />
          );
        })}
        <li className="line-row sum">
          <span className="row-words">{say("app.adds_up")}</span>
          <span className="row-figure"><span className={sum === posting.units ? "adds" : undefined}><Points units={sum} currency={posting.currency} /></span></span>
        </li>
      </Rows>
    </Part>
  );
}

type Sale = Schemas["PurchaseRead"];

function Receipt({ posting, purchase, welcome }: { posting: Entry; purchase: string; welcome: Welcome }) {
  const say = useSay();
  const { language } = useFrame();
  const named = (rule: string) => nameIn(welcome.promises.find((one) => one.rule === rule)?.names ?? { zh: rule }, language);
  const asked = useAsked(`purchase ${purchase}`, () => gotOwn(me.GET("/v1/me/purchases/{purchase_id}", { params: { path: { purchase_id: purchase } } })));
  const [isAll, setAll] = useState(false);
  return (
    <Told asked={asked}>
      {(sale) => (
        <Part
          title={say("app.receipt.lines", { count: sale.lines.length }, sale.lines.length)}
          aside={<span className="two-heads"><span>{say("app.receipt.price")}</span><span>{say("app.receipt.points")}</span></span>}
        >
          <Rows>
            {(isAll ? sale.lines : sale.lines.slice(0, LINES_AT_FIRST)).map((line) => <SaleLine key={line.number} line={line} posting={posting} named={named} />)}
            {!isAll && sale.lines.length > LINES_AT_FIRST ? (
              <Row title={say("app.receipt.more", { count: sale.lines.length - LINES_AT_FIRST }, sale.lines.length - LINES_AT_FIRST)} onPress={() => setAll(true)} />
            ) : null}
            <Sum sale={sale} posting={posting} />
          </Rows>
        </Part>
      )}
    </Told>
  );
}

function SaleLine({ line, posting, named }: { line: Sale["lines"][number]; posting: Entry; named: (rule: string) => string }) {
  const say = useSay();
  const reasons = posting.reasons.filter((one) => one.line === line.number && one.granted !== 0);
  const units = reasons.reduce((sum, one) => sum + one.granted, 0);
  const name = line.name ?? line.category?.split("/").at(-1) ?? line.sku ?? say("app.receipt.line", { number: line.number });
  return (
    <li className="line-row sale-line">
      <span className="row-words">
        <span className="row-title">{name}</span>
        {line.returned_milli > 0 ? <span className="row-note">{say("app.receipt.came_back")}</span> : null}
        {reasons.length > 1 ? <span className="row-note">{reasons.map((one, at) => <Fragment key={at}>{at > 0 ? " + " : null}{named(one.rule)} <Points units={one.granted} currency={posting.currency} /></Fragment>)}</span> : null}
      </span>
      <span className="row-price"><Money minor={line.amount_minor} /></span>
      <span className="row-figure">{units !== 0 ? <Points units={posting.units < 0 ? -units : units} currency={posting.currency} signed /> : null}</span>
    </li>
  );
}

function Sum({ sale, posting }: { sale: Sale; posting: Entry }) {
  const say = useSay();
  const paid = sale.lines.reduce((sum, one) => sum + one.amount_minor, 0);
  const units = posting.reasons.reduce((sum, one) => sum + one.granted, 0);
  const adds = units === Math.abs(posting.units) && units > 0;
  return (
    <li className="line-row sale-line sum">
      <span className="row-words">{say("app.receipt.total")}</span>
      <span className="row-price"><span className={paid === sale.amount_minor ? "adds" : undefined}><Money minor={sale.amount_minor} /></span></span>
      <span className="row-figure">{units > 0 ? <span className={adds ? "adds" : undefined}><Points units={units} currency={posting.currency} /></span> : null}</span>
    </li>
  );
}

function Now({ number }: { number: number }) {
  const say = useSay();
  const asked = useLot(number);
  return (
    <Part title={say("app.line.now")} to={`/lots/${number}`}>
      <Told asked={asked} lines={2}>{({ lot }) => <LotParts lot={lot} />}</Told>
    </Part>
  );
}

function Moved({ posting }: { posting: Entry }) {
  const say = useSay();
  return (
    <Part title={say("app.line.moved")}>
      <Rows>
        {posting.moves.map((one, at) => (
          <Row
            key={at} title={say("app.lot.title", { number: one.lot })} to={`/lots/${one.lot}`}
            note={say("app.line.way", { from: say(`app.place.${one.comes}` as "app.place.open"), to: say(`app.place.${one.goes}` as "app.place.open") })}
            figure={<Points units={one.units} currency={posting.currency} />}
          />
        ))}
      </Rows>
    </Part>
  );
}
