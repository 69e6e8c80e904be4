// What points buy: what one can have now, what not yet and why, and what waits to be picked up, with its code.
import type { Schemas } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { Day, Instant, Link, localDay, Money, nameIn, Points, Said, useCurrency, useFrame, useProgram, useSay } from "@jifen/ui";
import { useState } from "react";
import { useKept, useReached, useWrite } from "./asking.ts";
import { Qr } from "./code.tsx";
import { useMember, useSpendable } from "./own.ts";
import { Choices, Note, Nothing, Part, Row, Rows, Screen, Told, Wait, WhyNot } from "./parts.tsx";
import type { SignName } from "./signs.tsx";

type Offered = Schemas["OfferedReward"];
type Redemption = Schemas["OwnRedemption"];

const SIGNS: Record<string, SignName> = {
  product: "gift", service: "person", experience: "clock", donation: "shield", privilege: "done",
};

function useOffers() {
  const { language } = useFrame();
  return useKept("rewards", `own rewards ${language}`, () => gotOwn(me.GET("/v1/me/rewards", { params: { query: { language } } })));
}

const LIMIT = 50;

/** What waits, whenever it was ordered: its codes are there without the network too. */
function useWaiting() {
  return useKept("waiting", "own waiting", () => gotOwn(me.GET("/v1/me/redemptions", { params: { query: { status: "waiting", limit: LIMIT } } })));
}

function pageBefore(before: string | null) {
  return gotOwn(me.GET("/v1/me/redemptions", { params: { query: { limit: LIMIT, ...(before === null ? {} : { before }) } } }));
}

function useRedemptions() {
  return useKept("redemptions", "own redemptions", () => pageBefore(null));
}

export function Rewards() {
  const say = useSay();
  const offers = useOffers();
  const waiting = useWaiting().data?.data ?? [];
  const isAnyTaken = (useRedemptions().data?.data.length ?? 0) > 0;
  return (
    <Screen title={say("app.rewards")} aside={<Purse />}>
      {waiting.length > 0 ? (
        <Part title={say("app.rewards.waiting")}>
          <Rows>
            {waiting.map((one) => (
              <Row
                key={one.redemption_id} sign="receipt" title={<Pieces of={one} />} to={`/rewards/waiting/${one.redemption_id}`}
                note={one.until_at === null ? null : <Until at={one.until_at} />}
              />
            ))}
          </Rows>
        </Part>
      ) : null}
      <Told asked={offers}>
        {({ data }) => {
          if (data.length === 0) return <Nothing title={say("app.rewards.none")}>{say("app.rewards.none_why")}</Nothing>;
          const [now, later] = [data.filter((one) => one.is_had), data.filter((one) => !one.is_had)];
          return (
            <>
              {now.length > 0 ? <Part title={say("app.rewards.now")}><Rows>{now.map((one) => <Offer key={one.reward} offered={one} />)}</Rows></Part> : null}
              {later.length > 0 ? <Part title={say("app.rewards.later")}><Rows>{later.map((one) => <Offer key={one.reward} offered={one} />)}</Rows></Part> : null}
            </>
          );
        }}
      </Told>
      {isAnyTaken ? <p><Link to="/rewards/taken" className="strong">{say("app.rewards.taken")}</Link></p> : null}
    </Screen>
  );
}

/** What can be spent now, of the programme's first currency. */
function Purse() {
  const main = useSpendable()[0] ?? "";
  const member = useMember();
  const balance = member.data?.balances.find((one) => one.currency === main);
  return balance ? <Link to="/lots" className="num strong top-figure"><Points units={balance.available} currency={main} /></Link> : null;
}

/** The last day on which it can be picked up. */
function Until({ at }: { at: string }) {
  const zone = useProgram().time_zone;
  return <Said id="app.rewards.until" with={{ on: <Day on={localDay(new Date(Date.parse(at) - 1_000).toISOString(), zone)} style="short" /> }} />;
}

function Pieces({ of }: { of: { names: Record<string, string>; reward: string; pieces: number } }) {
  const { language } = useFrame();
  return <>{nameIn(of.names, language) || of.reward}{of.pieces > 1 ? ` × ${of.pieces}` : ""}</>;
}

function Price({ of }: { of: { units: number; amount_minor: number; currency: string } }) {
  const { language } = useFrame();
  const { names } = useCurrency(of.currency);
  return (
    <>
      <Points units={of.units} currency={of.currency} /> {nameIn(names, language)}
      {of.amount_minor > 0 ? <> + <Money minor={of.amount_minor} /></> : null}
    </>
  );
}

function Offer({ offered }: { offered: Offered }) {
  const say = useSay();
  const { language } = useFrame();
  const why = offered.why_not[0]?.said;
  const left = offered.left !== null && offered.left > 0 && offered.left <= 10 ? say("app.rewards.left", { count: offered.left }, offered.left) : null;
  return (
    <Row
      sign={SIGNS[offered.kind] ?? "gift"} title={nameIn(offered.names, language) || offered.reward} to={`/rewards/${offered.reward}`}
      note={why ?? left ?? nameIn(offered.about, language)}
      figure={<Points units={offered.units} currency={offered.currency} />}
      aside={offered.amount_minor > 0 ? <>+ <Money minor={offered.amount_minor} /></> : undefined}
    />
  );
}

export function Reward({ code }: { code: string }) {
  const say = useSay();
  const { language } = useFrame();
  const asked = useOffers();
  const offered = asked.data?.data.find((one) => one.reward === code);
  return (
    <Screen title={offered ? nameIn(offered.names, language) || code : say("app.rewards")} back="/rewards">
      <Told asked={asked}>
        {() => offered
          ? <Take offered={offered} onDone={asked.again} />
          : <Nothing title={say("app.rewards.gone")} to="/rewards" way={say("app.rewards")}>{say("app.rewards.gone_why")}</Nothing>}
      </Told>
    </Screen>
  );
}

function Take({ offered, onDone }: { offered: Offered; onDone: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const isReached = useReached();
  const [store, setStore] = useState<string | null>(offered.stores.length === 1 ? (offered.stores[0]?.store ?? null) : null);
  const [isSure, setSure] = useState(false);
  const [made, setMade] = useState<Schemas["RedemptionMade"] | null>(null);
  const { write, isBusy, refused } = useWrite();
  const needsStore = offered.stores.length > 0;
  const about = nameIn(offered.about, language);
  const take = async () => {
    if (!isSure) return setSure(true);
    const body = { reward: offered.reward, pieces: 1, store, units: offered.units };
    const answer = await write(body, (key) => gotOwn(me.POST("/v1/me/redemptions", { body, params: { header: { "Idempotency-Key": key } } })));
    setSure(false);
    onDone();
    if (answer !== null) setMade(answer);
  };
  if (made !== null) return <Made made={made} name={nameIn(offered.names, language) || offered.reward} />;
  return (
    <>
      {about ? <p>{about}</p> : null}
      <Part title={say("app.rewards.price")}>
        <Rows>
          <Row title={say("app.rewards.one")} figure={<Price of={offered} />} />
          {offered.left === null ? null : <Row title={say("app.rewards.stock")} figure={<span className="num">{offered.left}</span>} />}
          <Row title={say("app.rewards.how")} note={offered.waits_days > 0 ? say("app.rewards.kept", { count: offered.waits_days }, offered.waits_days) : say("app.rewards.at_till")} />
        </Rows>
      </Part>
      {offered.why_not.length > 0 ? (
        <Part title={say("app.rewards.why_not")}>
          <ul className="plain">{offered.why_not.map((one) => <li key={one.code}>{one.said}</li>)}</ul>
        </Part>
      ) : null}
      {needsStore && offered.is_had ? (
        <Choices
          label={say("app.rewards.where")} current={store ?? ""} onChoose={setStore}
          choices={offered.stores.map((one) => ({ id: one.store, label: `${nameIn(one.names, language) || one.store} · ${one.left}` }))}
        />
      ) : null}
      <WhyNot refused={refused} />
      {offered.is_had && offered.waits_days > 0 ? (
        <form onSubmit={(event) => { event.preventDefault(); void take(); }}>
          {isSure ? <p role="status"><Said id="app.rewards.sure_what" with={{ price: <b><Price of={offered} /></b> }} /></p> : null}
          <Wait isBusy={isBusy} isOff={!isReached || (needsStore && store === null)} tone={isSure ? "primary" : "second"}>{say(isSure ? "app.rewards.sure" : "app.rewards.take")}</Wait>
          {isSure ? <button type="button" className="act quiet" onClick={() => setSure(false)}>{say("do.not")}</button> : null}
        </form>
      ) : null}
    </>
  );
}

function Made({ made, name }: { made: Schemas["RedemptionMade"]; name: string }) {
  const say = useSay();
  return (
    <>
      <Note tone="good"><Said id="app.rewards.made" with={{ name: <b>{name}</b> }} /></Note>
      {made.code === null ? null : <PickUp code={made.code} untilAt={made.until_at} />}
      <Link to="/rewards" className="act second">{say("app.rewards")}</Link>
    </>
  );
}

/** The code by which it is picked up: to be scanned, or read out. */
function PickUp({ code, untilAt }: { code: string; untilAt: string | null }) {
  const say = useSay();
  return (
    <section className="invitation" aria-label={say("app.rewards.code")}>
      <Qr digits={code} />
      <p className="invitation-code num">{code.slice(0, 3)} {code.slice(3, 6)} {code.slice(6)}</p>
      <p className="soft">{say("app.rewards.code_how")}</p>
      {untilAt === null ? null : <p className="soft"><Until at={untilAt} /></p>}
    </section>
  );
}

export function Waiting({ id }: { id: string }) {
  const say = useSay();
  const asked = useWaiting();
  const all = useRedemptions();
  const found = [...(asked.data?.data ?? []), ...(all.data?.data ?? [])].find((one) => one.redemption_id === id);
  return (
    <Screen title={found ? say("app.rewards.pick_up") : say("app.rewards")} back="/rewards">
      <Told asked={asked}>
        {() => found ? <OneRedemption redemption={found} onDone={() => { asked.again(); all.again(); }} /> : <Nothing title={say("app.rewards.gone")} to="/rewards" way={say("app.rewards")}>{say("app.rewards.gone_why")}</Nothing>}
      </Told>
    </Screen>
  );
}

function OneRedemption({ redemption, onDone }: { redemption: Redemption; onDone: () => void }) {
  const say = useSay();
  const isReached = useReached();
  const [isSure, setSure] = useState(false);
  const { write, isBusy, refused } = useWrite();
  const cancel = async () => {
    if (!isSure) return setSure(true);
    const path = { redemption_id: redemption.redemption_id };
    const done = await write(path, (key) => gotOwn(me.POST("/v1/me/redemptions/{redemption_id}:cancel", { params: { path, header: { "Idempotency-Key": key } } })));
    setSure(false);
    if (done !== null) onDone();
  };
  return (
    <>
      <Rows>
        <Row title={<Pieces of={redemption} />} figure={<Price of={redemption} />} note={say(`app.rewards.status.${redemption.status}`)} />
      </Rows>
      {redemption.code === null ? null : <PickUp code={redemption.code} untilAt={redemption.until_at} />}
      <WhyNot refused={refused} />
      {redemption.status === "waiting" ? (
        <form onSubmit={(event) => { event.preventDefault(); void cancel(); }}>
          <Wait isBusy={isBusy} isOff={!isReached} tone={isSure ? "primary" : "second"}>{say(isSure ? "app.rewards.cancel_sure" : "app.rewards.cancel")}</Wait>
          {isSure ? <button type="button" className="act quiet" onClick={() => setSure(false)}>{say("do.not")}</button> : null}
        </form>
      ) : null}
    </>
  );
}

export function Taken() {
  const say = useSay();
  const asked = useRedemptions();
  const [older, setOlder] = useState<Schemas["OwnRedemptionsAnswer"] | null>(null);
  const turning = useWrite();
  return (
    <Screen title={say("app.rewards.taken")} back="/rewards">
      <Told asked={asked}>
        {(first) => {
          if (first.data.length === 0) return <Nothing title={say("app.rewards.none_taken")} to="/rewards" way={say("app.rewards")}>{say("app.rewards.none_taken_why")}</Nothing>;
          const next = older ? older.next_cursor : first.next_cursor;
          const turn = async () => {
            const found = await turning.write(next, () => pageBefore(next));
            if (found) setOlder({ data: [...(older?.data ?? []), ...found.data], next_cursor: found.next_cursor });
          };
          return (
            <>
              <Rows>
                {[...first.data, ...(older?.data ?? [])].map((one) => (
                  <Row
                    key={one.redemption_id} title={<Pieces of={one} />} figure={<Points units={one.units} currency={one.currency} />}
                    note={<>{say(`app.rewards.status.${one.status}`)} · <Instant at={one.redeemed_at} style="short" /></>}
                    {...(one.status === "waiting" ? { to: `/rewards/waiting/${one.redemption_id}` } : {})}
                  />
                ))}
              </Rows>
              <WhyNot refused={turning.refused} />
              {next !== null ? <button type="button" className="act second" onClick={() => void turn()} disabled={turning.isBusy}>{say("do.older")}</button> : null}
            </>
          );
        }}
      </Told>
    </Screen>
  );
}
