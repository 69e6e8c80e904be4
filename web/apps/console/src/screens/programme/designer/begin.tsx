// A programme from nothing: what it is called, where and in what it counts, and what members collect.
import { useSay } from "@jifen/ui";
import { useState } from "react";
import { programme } from "./beginnings.ts";
import { Templates } from "./templates.tsx";
import { changed } from "./text.ts";

const MONEY = ["CNY", "USD", "EUR", "HKD", "TWD", "SGD", "JPY", "GBP", "MYR", "THB", "KRW", "AUD", "CAD"];

function decimalsOf(money: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency: money }).resolvedOptions().maximumFractionDigits ?? 2;
}

export function Begin({ onBegin }: { onBegin: (text: string) => void }) {
  const say = useSay();
  const zones = Intl.supportedValuesOf("timeZone");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [told, setTold] = useState({ zh: "", en: "", code: "", zone: own, money: "CNY", pointsZh: "积分", pointsEn: "Points", storeZh: "总店", storeEn: "Main shop" });
  const put = (name: keyof typeof told) => (value: string) => setTold((was) => ({ ...was, [name]: value }));
  const isWhole = /^[a-z][a-z0-9_-]{0,62}$/.test(told.code) && (told.zh || told.en) && (told.pointsZh || told.pointsEn) && (told.storeZh || told.storeEn);
  const begin = () => {
    let text = "";
    for (const [name, value] of Object.entries(programme({ ...told, decimals: decimalsOf(told.money) }))) text = changed(text, [{ does: "set", path: [name], value }]) ?? text;
    onBegin(text);
  };
  return (
    <div className="stack">
      <p className="verdict">{say("designer.begin_template")}</p>
      <Templates onChoose={onBegin} />
      <form
        className="stack begin"
        onSubmit={(event) => {
          event.preventDefault();
          begin();
        }}
      >
        <p className="verdict">{say("designer.begin")}</p>
        <div className="fields">
          <TextField label={say("designer.begin_name_zh")} value={told.zh} onType={put("zh")} />
          <TextField label={say("designer.begin_name_en")} value={told.en} onType={put("en")} />
          <TextField label={say("designer.begin_code")} hint={say("designer.begin_code_how")} value={told.code} onType={put("code")} />
          <label className="field">
            <span>{say("programme.zone")}</span>
            <input className="input" list="zones" value={told.zone} onChange={(event) => put("zone")(event.target.value)} />
            <datalist id="zones">{zones.map((one) => <option key={one} value={one} />)}</datalist>
          </label>
          <label className="field">
            <span>{say("designer.begin_money")}</span>
            <input className="input" list="moneys" maxLength={3} value={told.money} onChange={(event) => put("money")(event.target.value.toUpperCase())} />
            <datalist id="moneys">{MONEY.map((one) => <option key={one} value={one} />)}</datalist>
          </label>
          <TextField label={say("designer.begin_points_zh")} value={told.pointsZh} onType={put("pointsZh")} />
          <TextField label={say("designer.begin_points_en")} value={told.pointsEn} onType={put("pointsEn")} />
          <TextField label={say("designer.begin_store_zh")} value={told.storeZh} onType={put("storeZh")} />
          <TextField label={say("designer.begin_store_en")} value={told.storeEn} onType={put("storeEn")} />
        </div>
        <div className="row">
          <button type="submit" className="button primary" disabled={!isWhole || !/^[A-Z]{3}$/.test(told.money)}>{say("designer.begin_do")}</button>
          <button type="button" className="button quiet" onClick={() => onBegin("format: 1\n")}>{say("designer.begin_text")}</button>
        </div>
      </form>
    </div>
  );
}

function TextField({ label, hint, value, onType }: { label: string; hint?: string; value: string; onType: (typed: string) => void }) {
  return (
    <label className="field">
      <span>{label}</span>
      <input className="input" value={value} autoComplete="off" onChange={(event) => onType(event.target.value)} />
      {hint ? <span className="small soft">{hint}</span> : null}
    </label>
  );
}
