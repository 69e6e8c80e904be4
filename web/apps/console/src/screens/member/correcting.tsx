// Correct what is known of a person: only what is typed changes, and what is emptied on purpose is known no more.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Count, localDay, RefusedNote, Said, useAsked, useProgram, useSay } from "@jifen/ui";
import { type ReactNode, useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";
import { type Changed, changedKeys, isAtKeys, Keys, NO_CHANGE } from "./keys-of.tsx";

type Person = Schemas["PersonShown"];
const FIELDS = ["name", "phone", "email", "birthday", "gender", "language", "address"] as const;
type Name = (typeof FIELDS)[number];
const GENDERS = ["female", "male", "other"] as const;
const FORGOTTEN = { phone: "phone", email: "email" } as const;
const COMPLETE = { name: "text", phone: "tel", email: "email", birthday: "date", language: "text", address: "text" } as const;
const ATTRIBUTE = "attribute.";

/** `person` null: nobody is known yet. `isFull`: he was revealed, so that a form may show what is known. */
export function Correcting({ id, person, isFull, onClose, onDone }: { id: string; person: Person | null; isFull: boolean; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const program = useProgram();
  const { refused, isBusy, send } = useWrite();
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [emptied, setEmptied] = useState<Record<string, boolean>>({});
  const [news, setNews] = useState<{ name: string; value: string }[]>([]);
  const [keys, setKeys] = useState<Changed>(NO_CHANGE);
  const [came, setCame] = useState<Schemas["CorrectAnswer"] | null>(null);
  const house = useAsked(`household ${id}`, () => got(api.GET("/v1/members/{member_id}/household", { params: { path: { member_id: id } } })));

  const known = knownOf(person);
  const before = (name: string) => (isFull ? (known.get(name) ?? "") : "");
  const shown = (name: string) => typed[name] ?? before(name);
  const isGone = (name: string) => known.has(name) && (emptied[name] === true || (isFull && typed[name] !== undefined && typed[name].trim() === ""));
  const isChanged = (name: string) => !isGone(name) && shown(name).trim() !== "" && shown(name).trim() !== before(name);
  const attributes = [...known.keys()].filter((name) => name.startsWith(ATTRIBUTE));
  const told = news.filter((one) => one.name.trim() !== "" && one.value.trim() !== "");
  const forget = [...known.keys()].filter(isGone);
  const isTold = FIELDS.some(isChanged) || attributes.some(isChanged) || told.length > 0 || forget.length > 0 || changedKeys(keys) !== null;
  const age = house.data?.guardian_age ?? null;
  const isYoung = age !== null && isChanged("birthday") && isUnder(age, shown("birthday"), localDay(new Date().toISOString(), program.time_zone));

  const correct = () => {
    const values = {
      ...Object.fromEntries(attributes.filter(isChanged).map((name) => [name.slice(ATTRIBUTE.length), shown(name).trim()])),
      ...Object.fromEntries(told.map((one) => [one.name.trim(), one.value.trim()])),
    };
    const body = {
      ...(person ? { person_id: person.person_id } : {}),
      ...Object.fromEntries(FIELDS.filter(isChanged).map((name) => [name, shown(name).trim()])),
      ...(Object.keys(values).length > 0 ? { attributes: values } : {}),
      ...(forget.length > 0 ? { forget } : {}),
      ...changedKeys(keys),
    };
    return send((key) => got(api.POST("/v1/members/{member_id}/persons:correct", { params: { path: { member_id: id }, header: { "Idempotency-Key": key } }, body })), (answer) =>
      answer.sessions_ended > 0 || answer.guardian_needed ? setCame(answer) : onDone(),
    );
  };
  if (came !== null) {
    return (
      <Asking title={say("correct.title")} onClose={onDone}>
        <div className="note note-warn" role="status">
          <p><Said id="correct.too_young" with={{ count: <Count of={came.sessions_ended} /> }} /></p>
          {came.guardian_needed ? <p>{say("correct.guardian_needed")}</p> : null}
        </div>
        <div className="row"><button type="button" className="button" onClick={onDone}>{say("do.close")}</button></div>
      </Asking>
    );
  }
  const wrong = pointed(refused?.problem?.pointer);
  const isAtField = wrong !== null && (isAtKeys(wrong) || (FIELDS as readonly string[]).includes(wrong) || wrong.startsWith(ATTRIBUTE));
  const why = (name: string) => (wrong === name ? (refused?.problem?.detail ?? refused?.problem?.message ?? say("state.failed")) : null);
  const field = (name: string, label: string, input: (more: { disabled: boolean; "aria-invalid": boolean }) => ReactNode) => (
    <Field key={name} label={label} why={why(name)} isKnown={known.has(name)} isFull={isFull} isGone={isGone(name)} onEmpty={(gone) => setEmptied((was) => ({ ...was, [name]: gone }))}>
      {input({ disabled: emptied[name] === true, "aria-invalid": wrong === name })}
    </Field>
  );
  const type = (name: string) => (event: { target: { value: string } }) => setTyped((was) => ({ ...was, [name]: event.target.value }));
  return (
    <Asking title={say("correct.title")} onClose={onClose}>
      <Form onSend={() => void correct()}>
        <p className="soft">{say(person === null ? "correct.means_new" : isFull ? "correct.means_full" : "correct.means_part")}</p>
        {FIELDS.map((name) =>
          field(name, say(`person.${name}`), (more) =>
            name === "gender" ? (
              <select className="input" value={shown(name)} onChange={type(name)} {...more}>
                <option value="">{say(isFull || !known.has(name) ? "correct.not_told" : "correct.as_it_is")}</option>
                {GENDERS.map((one) => <option key={one} value={one}>{say(`correct.gender_${one}`)}</option>)}
              </select>
            ) : (
              <input className="input" type={COMPLETE[name as Exclude<Name, "gender">]} autoComplete="off" maxLength={1000} autoFocus={name === "name"} value={shown(name)} onChange={type(name)} placeholder={name === "language" ? "zh" : undefined} {...more} />
            ),
          ),
        )}
        {attributes.map((name) =>
          field(name, name.slice(ATTRIBUTE.length), (more) => <input className="input" autoComplete="off" maxLength={1000} value={shown(name)} onChange={type(name)} {...more} />),
        )}
        {news.map((one, at) => (
          <div key={at} className="fields" role="group" aria-label={say("correct.attribute")}>
            <label className="field">
              <span>{say("correct.attribute_name")}</span>
              <input className="input" autoComplete="off" maxLength={80} value={one.name} placeholder="shoe_size" onChange={(event) => setNews(news.map((old, here) => (here === at ? { ...old, name: event.target.value } : old)))} />
            </label>
            <label className="field">
              <span>{say("correct.attribute_value")}</span>
              <input className="input" autoComplete="off" maxLength={1000} value={one.value} aria-invalid={wrong === ATTRIBUTE + one.name.trim()} onChange={(event) => setNews(news.map((old, here) => (here === at ? { ...old, value: event.target.value } : old)))} />
              {wrong === ATTRIBUTE + one.name.trim() ? <small className="stop" role="alert">{why(wrong)}</small> : null}
            </label>
          </div>
        ))}
        <Keys known={person?.keys ?? []} isFull={isFull} changed={keys} onChange={setKeys} refused={refused} />
        <div className="row">
          <button type="button" className="button quiet" onClick={() => setNews([...news, { name: "", value: "" }])}>{say("correct.attribute_more")}</button>
        </div>
        {isChanged("phone") || isChanged("email") || isGone("phone") || isGone("email") ? <p className="note note-warn" role="status">{say("correct.contact_means")}</p> : null}
        {isYoung ? <p className="note note-warn" role="status"><Said id={person === null ? "correct.young_new" : "correct.young"} with={{ age: <Count of={age} /> }} /></p> : null}
        {refused && !(isAtField && refused.problem?.code !== "guardian_needed") ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("correct.do")} isOff={isBusy || !isTold} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** What is known, by the name by which it is forgotten; of a masked person as much as is shown. */
function knownOf(person: Person | null): Map<string, string> {
  const known = new Map<string, string>();
  if (person === null) return known;
  for (const [name, value] of Object.entries(person.fields)) known.set(name, value);
  for (const one of person.keys) if (one.kind in FORGOTTEN) known.set(one.kind, one.value);
  for (const [name, value] of Object.entries(person.attributes)) known.set(ATTRIBUTE + name, value);
  return known;
}

/** Which field a refusal is about. */
function pointed(pointer: string | undefined): string | null {
  const [first, second] = (pointer ?? "").split("/").filter((one) => one !== "" && one !== "person");
  if (first === undefined) return null;
  return first === "attributes" && second !== undefined ? ATTRIBUTE + second : first;
}

/** Who was born on 29 February is a year older on 1 March: so the texts compare, too. */
function isUnder(age: number, birthday: string, today: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(birthday)) return false;
  return `${Number(birthday.slice(0, 4)) + age}${birthday.slice(4)}` > today;
}

function Field({ label, why, isKnown, isFull, isGone, onEmpty, children }: {
  label: string;
  why: string | null;
  isKnown: boolean;
  isFull: boolean;
  isGone: boolean;
  onEmpty: (gone: boolean) => void;
  children: ReactNode;
}) {
  const say = useSay();
  return (
    <div className="field">
      <label className="field">
        <span>{label}{isKnown && !isFull ? <> <small className="soft">{say("correct.known")}</small></> : null}</span>
        {children}
      </label>
      {why !== null ? <small className="stop" role="alert">{why}</small> : null}
      {isKnown && isFull && isGone ? <small className="soft" role="status">{say("correct.emptied")}</small> : null}
      {isKnown && !isFull ? (
        <label className="row small">
          <input type="checkbox" checked={isGone} onChange={(event) => onEmpty(event.target.checked)} />
          <span>{say("correct.empty", { what: label })}</span>
        </label>
      ) : null}
    </div>
  );
}
