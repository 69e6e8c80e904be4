// The till itself: store and name, goods, language and light, training. The first time it stands alone.
import { api, type Schemas } from "@jifen/api";
import { keepTheme, Link, nameIn, RefusedNote, Segmented, Select, type Theme, theme, useAsked, useFrame, useProgram, useSay } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { type FormEvent, useEffect, useState } from "react";
import { ask } from "../desk.ts";
import { cupboard, keep, type SetUp } from "../keep.ts";
import { Press, Say } from "../parts.tsx";
import { type Item, type ItemFault, itemsOf } from "../rules/basket.ts";
import { DEMO_GOODS } from "../rules/demo-goods.ts";

interface Props {
  setup: SetUp | null;
  onSaved: (setup: SetUp) => void;
  onChoose: (language: Language) => void;
  training?: boolean;
  onTrain?: (on: boolean) => void;
}

export function SettingsForm({ setup, onSaved, onChoose, training = false, onTrain }: Props) {
  const say = useSay();
  const { language, book } = useFrame();
  const stores = useAsked("stores", () => ask<Schemas["StoresAnswer"]>(api.GET("/v1/stores")));
  const [store, setStore] = useState(setup?.store ?? "");
  const [name, setName] = useState(setup?.name ?? "1");
  const [worn, setWorn] = useState<Theme>(theme);
  const bound = book?.asker.stores ?? null;
  const known = (stores.data?.data ?? []).filter((one) => bound === null || bound.includes(one.code));
  const isListed = known.length > 0;
  const chosen = store || (isListed ? (known[0]?.code ?? "") : (bound?.[0] ?? ""));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    // Made once: the numbers of this till are its own, whatever it is called later.
    const source = setup?.source ?? `till-${chosen || "any"}-${crypto.randomUUID().slice(0, 6)}`.slice(0, 100);
    const made: SetUp = { store: chosen || null, name: name.trim().slice(0, 100), source };
    await keep("setup", made);
    onSaved(made);
  };
  return (
    <div className="stack">
      <h1>{say(setup ? "till.settings" : "till.set.title")}</h1>
      {setup ? null : <p className="soft">{say("till.set.once")}</p>}
      <form className="stack form" onSubmit={(event) => void save(event)}>
        {isListed ? (
          <div className="field">
            <span>{say("till.set.store")}</span>
            <Select label={say("till.set.store")} choices={known.map((one) => ({ id: one.code, label: nameIn(one.names, language) }))} current={chosen} onChoose={setStore} />
          </div>
        ) : (
          <label className="field">
            <span>{say("till.set.store_code")}</span>
            <input className="input big" value={store} onChange={(event) => setStore(event.target.value.trim())} />
          </label>
        )}
        <label className="field">
          <span>{say("till.set.name")}</span>
          <input className="input big" value={name} required onChange={(event) => setName(event.target.value)} />
        </label>
        {stores.refused && !stores.isGone ? <RefusedNote refused={stores.refused} again={stores.again} /> : null}
        {setup ? <p className="soft small">{say("till.set.source", { source: setup.source })}</p> : null}
        <button type="submit" className={setup ? "press" : "press go"} disabled={name.trim() === ""}>{say(setup ? "till.set.save" : "till.set.begin")}</button>
      </form>
      {setup && onTrain ? (
        <section className="stack form">
          <h2>{say("till.training.title")}</h2>
          <p className="soft">{say("till.training.how")}</p>
          <Press onPress={() => onTrain(!training)}>{say(training ? "till.training.end" : "till.training.begin")}</Press>
        </section>
      ) : null}
      {setup ? <Goods /> : null}
      <section className="stack form">
        <h2>{say("till.set.look")}</h2>
        <div className="row">
          <Segmented label={say("till.set.language")} choices={LANGUAGES.map((one) => ({ id: one.code, label: <span lang={one.tag}>{one.name}</span> }))} current={language} onChoose={(code) => onChoose(code as Language)} />
          <Segmented
            label={say("till.set.theme")} choices={(["system", "light", "dark"] as const).map((one) => ({ id: one, label: say(`theme.${one}`) }))} current={worn}
            onChoose={(to) => {
              keepTheme(to as Theme);
              setWorn(to as Theme);
            }}
          />
        </div>
      </section>
      {setup ? <Link to="/">{say("till.to_sale")}</Link> : null}
    </div>
  );
}

/** What this till knows of goods. Jifen keeps no catalogue: they are told here, by hand or by a file. */
function Goods() {
  const say = useSay();
  const { book } = useFrame();
  const { money_decimals, code } = useProgram();
  const [count, setCount] = useState<number | null>(null);
  const [report, setReport] = useState<{ taken: number; faults: ItemFault[] } | null>(null);
  useEffect(() => void cupboard().then(async (shelf) => setCount(await shelf.count("items"))), [report]);
  const take = async (items: Item[], faults: ItemFault[]) => {
    const step = (await cupboard()).transaction("items", "readwrite");
    for (const one of items) void step.store.put(one);
    await step.done;
    setReport({ taken: items.length, faults });
  };
  const read = async (file: File | undefined) => {
    if (!file) return;
    const { items, faults } = itemsOf(await file.text(), money_decimals);
    await take(items, faults);
  };
  return (
    <section className="stack form">
      <h2>{say("till.goods.title")}</h2>
      <p className="soft">{say("till.goods.how")}</p>
      {count === null ? null : <p>{say("till.goods.count", { n: count }, count)}</p>}
      <label className="field">
        <span>{say("till.goods.file")}</span>
        <input type="file" accept=".csv,text/csv" onChange={(event) => void read(event.target.files?.[0])} />
      </label>
      {book?.is_past && code === "grocer" ? <Press onPress={() => void take(DEMO_GOODS, [])}>{say("till.goods.demo")}</Press> : null}
      {report ? (
        <Say tone={report.faults.length > 0 ? "warn" : "good"} icon={report.faults.length > 0 ? "warn" : "kept"}>
          <p>{say("till.goods.taken", { n: report.taken }, report.taken)}</p>
          {report.faults.length > 0 ? (
            <ul className="faults">
              {report.faults.slice(0, 50).map((one) => <li key={one.line}>{say("till.goods.bad", { line: one.line, why: say(`till.goods.why_${one.why}`) })}</li>)}
            </ul>
          ) : null}
        </Say>
      ) : null}
    </section>
  );
}
