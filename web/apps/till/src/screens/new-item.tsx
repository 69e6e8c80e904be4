// Goods that the till does not know yet: told once, remembered here.
import { Asking, useProgram, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { cupboard } from "../keep.ts";
import { Press } from "../parts.tsx";
import type { Line } from "../rules/basket.ts";
import { moneyOf, quantityOf } from "../rules/kind.ts";

export function NewItem({ entry, onClose, onPut }: { entry: { quantity_milli: number; what: string }; onClose: () => void; onPut: (line: Line) => void }) {
  const say = useSay();
  const { money_decimals } = useProgram();
  // Who types 25.50 and nothing else means an amount: no code is printed so.
  const isPrice = /^\d+\.\d+$/.test(entry.what) && moneyOf(entry.what, money_decimals) !== null;
  const isCode = !isPrice && /^[\x21-\x7e]*\d[\x21-\x7e]*$/.test(entry.what);
  const [told, setTold] = useState({
    sku: isCode ? entry.what : "", name: isCode || isPrice ? "" : entry.what, price: isPrice ? entry.what : "", quantity: String(entry.quantity_milli / 1_000), category: "", brand: "",
  });
  const [wrong, setWrong] = useState<"name" | "price" | "quantity" | null>(null);
  const put = async (event?: FormEvent) => {
    event?.preventDefault();
    const price_minor = moneyOf(told.price, money_decimals);
    const quantity_milli = quantityOf(told.quantity);
    if (told.name.trim() === "") return setWrong("name");
    if (price_minor === null) return setWrong("price");
    if (quantity_milli === null) return setWrong("quantity");
    const more = {
      name: told.name.trim(), price_minor,
      ...(told.category.trim() ? { category: told.category.trim() } : {}),
      ...(told.brand.trim() ? { brand: told.brand.trim() } : {}),
    };
    if (told.sku.trim()) await (await cupboard()).put("items", { sku: told.sku.trim(), ...more });
    onPut({ ...more, quantity_milli, ...(told.sku.trim() ? { sku: told.sku.trim() } : {}) });
    onClose();
  };
  const field = (name: keyof typeof told, label: string, isFirst = false) => (
    <label className="field">
      <span>{label}</span>
      <input
        className="input big" value={told[name]} autoFocus={isFirst} aria-invalid={wrong === name} autoComplete="off"
        inputMode={name === "price" || name === "quantity" ? "decimal" : "text"} onChange={(event) => setTold({ ...told, [name]: event.target.value })}
      />
      {wrong === name ? <small className="wrong" role="alert">{say(`till.item.wrong_${wrong}`)}</small> : null}
    </label>
  );
  return (
    <Asking title={say("till.item.title")} onClose={onClose}>
      <p className="soft">{say("till.item.how")}</p>
      <form className="stack" onSubmit={(event) => void put(event)}>
        {field("name", say("till.item.name"), isCode || isPrice)}
        <div className="pair">
          {field("price", say("till.item.price"), !isCode && !isPrice)}
          {field("quantity", say("till.item.quantity"))}
        </div>
        {field("sku", say("till.item.sku"))}
        <div className="pair">
          {field("category", say("till.item.category"))}
          {field("brand", say("till.item.brand"))}
        </div>
        <div className="presses">
          <Press onPress={onClose} hint="Esc">{say("do.not")}</Press>
          <button type="submit" className="press go">{say("till.item.put")} <kbd>Enter</kbd></button>
        </div>
      </form>
    </Asking>
  );
}
