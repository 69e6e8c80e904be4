// Cards and ids elsewhere of a person: one more, another in the place of one, one that finds him no more.
import type { Refused, Schemas } from "@jifen/api";
import { useSay } from "@jifen/ui";

type Key = Schemas["jifen__api__bodies__KeyBody"];
const KINDS = ["card", "external", "pos", "shop", "wechat", "alipay"] as const;
const KEYS_MAX = 20;

export interface Changed {
  /** What comes. Where it takes the place of one that goes, that one stands in `gone`, too. */
  come: Key[];
  gone: Key[];
}

export const NO_CHANGE: Changed = { come: [], gone: [] };

const told = (keys: Key[]) => keys.map((one) => ({ kind: one.kind, value: one.value.trim() })).filter((one) => one.value !== "");

/** As the API takes it; null: nothing is changed. */
export function changedKeys(changed: Changed): { add?: Key[]; remove?: Key[] } | null {
  const [add, remove] = [told(changed.come), told(changed.gone)];
  if (add.length + remove.length === 0) return null;
  return { ...(add.length > 0 ? { add } : {}), ...(remove.length > 0 ? { remove } : {}) };
}

/** Whether a refusal is about keys, by the first word of its pointer. */
export function isAtKeys(word: string): boolean {
  return word === "add" || word === "remove";
}

/** `known` in full where the person was revealed; else masked, and what goes is typed. */
export function Keys({ known, isFull, changed, onChange, refused }: { known: Schemas["PersonKeyShown"][]; isFull: boolean; changed: Changed; onChange: (changed: Changed) => void; refused: Refused | null }) {
  const say = useSay();
  const cards = known.filter((one): one is Key => KINDS.some((kind) => kind === one.kind));
  const kind = (one: string) => say(`person.${KINDS.find((known) => known === one) ?? "external"}`);
  const isGone = (one: Key) => changed.gone.some((gone) => gone.kind === one.kind && gone.value === one.value);
  const pointer = refused?.problem?.pointer ?? "";
  const why = (of: "add" | "remove") => (pointer.startsWith(`/${of}`) ? (refused?.problem?.message ?? say("state.failed")) : null);
  const typed = (of: keyof Changed, at: number, more: Partial<Key>) => onChange({ ...changed, [of]: changed[of].map((one, here) => (here === at ? { ...one, ...more } : one)) });
  const away = (of: keyof Changed, at: number) => onChange({ ...changed, [of]: changed[of].filter((_, here) => here !== at) });
  const one = (of: keyof Changed, value: Key, at: number) => (
    <div key={`${of} ${at}`} className="fields" role="group" aria-label={say(of === "come" ? "keys.come" : "keys.gone")}>
      <label className="field">
        <span>{say("keys.kind")}</span>
        <select className="input" value={value.kind} onChange={(event) => typed(of, at, { kind: event.target.value as Key["kind"] })}>
          {KINDS.map((known) => <option key={known} value={known}>{kind(known)}</option>)}
        </select>
      </label>
      <label className="field">
        <span>{say(of === "come" ? "keys.number" : "keys.gone_number")}</span>
        <input className="input" autoComplete="off" maxLength={100} value={value.value} onChange={(event) => typed(of, at, { value: event.target.value })} />
      </label>
      <button type="button" className="cross" aria-label={say("keys.away")} onClick={() => away(of, at)}>×</button>
    </div>
  );
  return (
    <fieldset className="stack">
      <legend className="small">{say("keys.title")}</legend>
      {cards.length > 0 ? (
        <ul className="lines">
          {cards.map((card) => (
            <li key={`${card.kind} ${card.value}`}>
              <span>{kind(card.kind)} <span className={isGone(card) ? "num soft" : "num"}>{card.value}</span></span>
              {isFull ? (
                isGone(card) ? (
                  <button type="button" className="button quiet" onClick={() => onChange({ ...changed, gone: changed.gone.filter((gone) => gone.value !== card.value || gone.kind !== card.kind) })}>{say("keys.keep")}</button>
                ) : (
                  <span className="row">
                    <button type="button" className="button quiet" onClick={() => onChange({ come: [...changed.come, { kind: card.kind, value: "" }], gone: [...changed.gone, card] })}>{say("keys.replace")}</button>
                    <button type="button" className="button quiet danger" onClick={() => onChange({ ...changed, gone: [...changed.gone, card] })}>{say("keys.end")}</button>
                  </span>
                )
              ) : null}
            </li>
          ))}
        </ul>
      ) : null}
      {changed.gone.map((gone, at) => (isFull ? null : one("gone", gone, at)))}
      {why("remove") ? <small className="stop" role="alert">{why("remove")}</small> : null}
      {changed.come.map((come, at) => one("come", come, at))}
      {why("add") ? <small className="stop" role="alert">{why("add")}</small> : null}
      {changed.gone.length > 0 ? <p className="note note-warn" role="status">{say("keys.gone_means")}</p> : null}
      <div className="row">
        {changed.come.length < KEYS_MAX ? <button type="button" className="button quiet" onClick={() => onChange({ ...changed, come: [...changed.come, { kind: "card", value: "" }] })}>{say("keys.more")}</button> : null}
        {!isFull && cards.length > changed.gone.length ? <button type="button" className="button quiet" onClick={() => onChange({ ...changed, gone: [...changed.gone, { kind: "card", value: "" }] })}>{say("keys.end_typed")}</button> : null}
      </div>
    </fieldset>
  );
}
