// Rewards: what is offered, what is left where, how it was used; stocks are counted here, and what waits is handed over or called off.
import { api, got, type Schemas } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Instant, Link, Mark, nameIn, Points, RefusedNote, Section, Shown, Table, type Tone, useAsked, useFrame, useMay, useQuery, useSay,
} from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Switch, useSwitches } from "../programme/switches.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";

type Reward = Schemas["RewardRow"];
type Redemption = Schemas["RedemptionShown"];
export const TONES: Record<Redemption["status"], Tone> = { waiting: "run", handed_over: "kept", cancelled: "wait", lapsed: "wait", returned: "wait" };
const STATES: Redemption["status"][] = ["waiting", "handed_over", "cancelled", "lapsed", "returned"];
const REASONS = ["delivered", "counted", "damaged", "sent_back", "moved"] as const;
/** Below it somebody should think of ordering. */
const FEW = 5;

function RewardsPage() {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const switches = useSwitches();
  const [counting, setCounting] = useState<Reward | null>(null);
  const asked = useAsked(`rewards ${language}`, () => got(api.GET("/v1/rewards", { params: { query: { language } } })));
  const columns: Column<Reward>[] = [
    { id: "name", head: say("reward.name"), width: "fill", phone: "name", cell: (one) => <><b>{nameIn(one.names, language) || one.reward}</b><br /><small className="soft">{one.sentence}</small></> },
    { id: "kind", head: say("reward.kind"), cell: (one) => say(`reward.kind.${one.kind}` as "reward.kind.product") },
    { id: "left", head: say("reward.left"), isNumber: true, phone: "figure", cell: (one) => <Left of={one} /> },
    { id: "waiting", head: say("reward.waiting"), isNumber: true, phone: "more", cell: (one) => <Count of={one.waiting} /> },
    { id: "used", head: say("reward.used"), isNumber: true, phone: "aside", cell: (one) => <Count of={one.handed_over} /> },
    { id: "units", head: say("reward.units"), isNumber: true, cell: (one) => <Points units={one.units} currency={one.currency} /> },
    { id: "state", head: say("reward.state"), cell: (one) => <span className="acts">{one.is_off ? null : <Mark tone="kept">{say("reward.on")}</Mark>} <Switch thing={{ kind: "reward", code: one.reward, name: nameIn(one.names, language) || one.reward }} switches={switches} /></span> },
    {
      id: "stock", head: say("reward.stock"), cell: (one) =>
        may("rewards.stock") && one.stock !== "unlimited" ? <button type="button" className="button quiet" onClick={() => setCounting(one)}>{say("reward.change_stock")}</button> : null,
    },
  ];
  return (
    <Page title={say("screen.rewards")}>
      <Shown asked={asked} loading={<Bars lines={4} columns={5} />}>
        {(found) => (
          <Section title={say("reward.all")}>
            <Table label={say("reward.all")} columns={columns} rows={found.data} rowKey={(one) => one.reward} empty={<Empty title={say("reward.none")}>{say("reward.none_why")}</Empty>} />
          </Section>
        )}
      </Shown>
      <Redemptions onDone={asked.again} />
      {counting ? <Counting reward={counting} onClose={() => setCounting(null)} onDone={() => { setCounting(null); asked.again(); }} /> : null}
    </Page>
  );
}

function Left({ of }: { of: Reward }) {
  const say = useSay();
  if (of.left === null) return <span className="soft">{say("reward.unlimited")}</span>;
  const tone: Tone = of.left === 0 ? "stop" : of.left < FEW ? "warn" : "kept";
  return of.left < FEW ? <Mark tone={tone}><Count of={of.left} /></Mark> : <Count of={of.left} />;
}

function Counting({ reward, onClose, onDone }: { reward: Reward; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const { refused, isBusy, send } = useWrite();
  const [isCount, setCount] = useState(false);
  const [text, setText] = useState("");
  const [reason, setReason] = useState<(typeof REASONS)[number]>("delivered");
  const [store, setStore] = useState("");
  const asked = useAsked(`stock ${reward.reward}`, () => got(api.GET("/v1/rewards/{reward}/stock", { params: { path: { reward: reward.reward } } })));
  const pieces = /^-?\d{1,9}$/.test(text.trim()) ? Number.parseInt(text, 10) : null;
  const isByStore = reward.stock === "by_store";
  const make = () =>
    pieces !== null &&
    send(
      (key) =>
        got(
          api.POST("/v1/rewards/{reward}:stock", {
            params: { path: { reward: reward.reward }, header: { "Idempotency-Key": key } },
            body: { pieces, is_count: isCount, reason: isCount ? "counted" : reason, ...(isByStore ? { store } : {}) },
          }),
        ),
      onDone,
    );
  return (
    <Asking title={say("reward.stock_title", { name: nameIn(reward.names, language) || reward.reward })} onClose={onClose}>
      <Form onSend={() => void make()}>
        <label className="field">
          <span>{say("reward.how")}</span>
          <select className="input" value={isCount ? "count" : "change"} onChange={(event) => setCount(event.target.value === "count")}>
            <option value="change">{say("reward.by_change")}</option>
            <option value="count">{say("reward.by_count")}</option>
          </select>
        </label>
        {isByStore ? (
          <label className="field">
            <span>{say("reward.store")}</span>
            <input className="input" required maxLength={63} value={store} onChange={(event) => setStore(event.target.value)} list="reward-stores" />
            <datalist id="reward-stores">{reward.stores.map((one) => <option key={one.store} value={one.store} />)}</datalist>
          </label>
        ) : null}
        <label className="field">
          <span>{say(isCount ? "reward.pieces_left" : "reward.pieces_more")}</span>
          <input className="input" required inputMode="numeric" value={text} aria-invalid={text !== "" && pieces === null} onChange={(event) => setText(event.target.value)} />
          <small className="soft">{say(isCount ? "reward.count_how" : "reward.change_how")}</small>
        </label>
        {isCount ? null : (
          <label className="field">
            <span>{say("act.reason")}</span>
            <select className="input" value={reason} onChange={(event) => setReason(event.target.value as (typeof REASONS)[number])}>
              {REASONS.filter((one) => one !== "counted").map((one) => <option key={one} value={one}>{say(`reward.reason.${one}`)}</option>)}
            </select>
          </label>
        )}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("reward.stock_do")} isOff={isBusy || pieces === null || (isByStore && store === "")} onClose={onClose} />
      </Form>
      <Shown asked={asked} loading={<Bars lines={2} columns={3} />}>
        {(found) => found.changes.length === 0 ? <p className="soft">{say("reward.no_changes")}</p> : (
          <ul className="lines">
            {found.changes.slice(0, 8).map((one) => (
              <li key={`${one.store ?? ""}${one.changed_at}`}><Instant at={one.changed_at} /> {one.store ?? ""} <b>{one.pieces > 0 ? "+" : ""}{one.pieces}</b> {say(`reward.reason.${one.reason}`)} <span className="soft">{one.changed_by}</span></li>
            ))}
          </ul>
        )}
      </Shown>
    </Asking>
  );
}

function Redemptions({ onDone }: { onDone: () => void }) {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const [query, put] = useQuery();
  const [ending, setEnding] = useState<{ of: Redemption; verb: "hand-over" | "cancel" | "take-back" } | null>(null);
  const chosen = query.get("status");
  const status = STATES.find((one) => one === chosen) ?? "waiting";
  const before = query.get("before");
  const asked = useAsked(`redemptions ${status} ${before ?? ""}`, () => got(api.GET("/v1/redemptions", { params: { query: { status, limit: 50, ...(before ? { before } : {}) } } })));
  const columns: Column<Redemption>[] = [
    { id: "reward", head: say("reward.name"), width: "fill", phone: "name", cell: (one) => <>{nameIn(one.names, language) || one.reward}{one.pieces > 1 ? ` × ${one.pieces}` : ""}</> },
    { id: "member", head: say("reward.member"), phone: "more", cell: (one) => <Link to={`/members/${one.member_id}`}><code>…{one.member_id.slice(-8)}</code></Link> },
    { id: "units", head: say("reward.units"), isNumber: true, phone: "figure", cell: (one) => <Points units={one.units} currency={one.currency} /> },
    { id: "store", head: say("reward.store"), cell: (one) => one.store ?? "–" },
    { id: "at", head: say("reward.at"), phone: "aside", cell: (one) => <Instant at={one.redeemed_at} /> },
    { id: "until", head: say("reward.until"), cell: (one) => one.until_at ? <Instant at={one.until_at} /> : "–" },
    { id: "status", head: say("reward.status"), cell: (one) => <Mark tone={TONES[one.status]}>{say(`reward.status.${one.status}`)}</Mark> },
    {
      id: "do", head: say("reward.does"), cell: (one) => (
        <span className="acts">
          {one.status === "waiting" && may("rewards.redeem") ? (
            <>
              <button type="button" className="button quiet" onClick={() => setEnding({ of: one, verb: "hand-over" })}>{say("reward.hand_over")}</button>
              <button type="button" className="button quiet danger" onClick={() => setEnding({ of: one, verb: "cancel" })}>{say("reward.cancel")}</button>
            </>
          ) : null}
          {one.status === "handed_over" && may("rewards.take_back") ? <button type="button" className="button quiet danger" onClick={() => setEnding({ of: one, verb: "take-back" })}>{say("reward.take_back")}</button> : null}
        </span>
      ),
    },
  ];
  return (
    <Section title={say("reward.redemptions")}>
      <label className="find">
        <span>{say("reward.status")}</span>
        <select className="input" value={status} onChange={(event) => put({ status: event.target.value, before: null })}>
          {STATES.map((one) => <option key={one} value={one}>{say(`reward.status.${one}`)}</option>)}
        </select>
      </label>
      <Shown asked={asked} loading={<Bars lines={4} columns={5} />}>
        {(found) => (
          <>
            <Table label={say("reward.redemptions")} columns={columns} rows={found.data} rowKey={(one) => one.redemption_id} empty={<Empty title={say("reward.no_redemptions")}>{say("reward.no_redemptions_why")}</Empty>} />
            <div className="row">
              {before ? <button type="button" className="button quiet" onClick={() => put({ before: null })}>{say("reward.first_page")}</button> : null}
              {found.next_cursor ? <button type="button" className="button quiet" onClick={() => put({ before: found.next_cursor }, "push")}>{say("reward.next_page")}</button> : null}
            </div>
          </>
        )}
      </Shown>
      {ending ? <Ending {...ending} onClose={() => setEnding(null)} onDone={() => { setEnding(null); asked.again(); onDone(); }} /> : null}
    </Section>
  );
}

function Ending({ of, verb, onClose, onDone }: { of: Redemption; verb: "hand-over" | "cancel" | "take-back"; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const { refused, isBusy, send } = useWrite();
  const [note, setNote] = useState("");
  const [isInStock, setInStock] = useState(true);
  const word = verb === "hand-over" ? "hand_over" : verb === "cancel" ? "cancel" : "take_back";
  const act = () =>
    send((key) => {
      const params = { path: { redemption_id: of.redemption_id }, header: { "Idempotency-Key": key } };
      if (verb === "take-back") return got(api.POST("/v1/redemptions/{redemption_id}:take-back", { params, body: { note, is_in_stock: isInStock } }));
      return got(verb === "cancel" ? api.POST("/v1/redemptions/{redemption_id}:cancel", { params, body: {} }) : api.POST("/v1/redemptions/{redemption_id}:hand-over", { params, body: {} }));
    }, onDone);
  return (
    <Asking title={`${say(`reward.${word}`)}: ${nameIn(of.names, language) || of.reward}`} onClose={onClose}>
      <Form onSend={() => void act()}>
        <p>{say(`reward.${word}_means`)}</p>
        {verb === "take-back" ? (
          <>
            <label className="field">
              <span>{say("act.reason")}</span>
              <input className="input" required maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
              <small className="soft">{say("act.reason_seen")}</small>
            </label>
            <label className="check"><input type="checkbox" checked={isInStock} onChange={(event) => setInStock(event.target.checked)} /> {say("reward.in_stock_again")}</label>
          </>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(`reward.${word}`)} isOff={isBusy || (verb === "take-back" && note.trim() === "")} isDanger={verb !== "hand-over"} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const rewards: Screen = {
  path: "/rewards",
  word: "screen.rewards",
  Page: RewardsPage,
  permission: "members.read",
  menu: { group: "group.programme", icon: "gift", key: "w" },
};
