// The drill: balance › lot › posting › receipt › line › rule and revision. Each step has its address; ← goes up, [ ] along.
import { api, got, Refused, type Schemas } from "@jifen/api";
import {
  addressWith, Bars, Day, Drawer, Empty, Instant, Money, nameIn, Number, Points, Said, Shown, unitsText, useAsked, useCurrency, useFrame, useGoing,
  useMay, useQuery, useSay,
} from "@jifen/ui";
import { useCallback, useEffect, useState } from "react";
import { AskingFor } from "../question/ask.tsx";
import { Reversing, REVERSIBLE } from "./acts.tsx";

type Entry = Schemas["StatementEntry"];
type Member = Schemas["MemberAnswer"];

export function Drill({ member, id, again }: { member: Member; id: string; again: () => void }) {
  const [query] = useQuery();
  const lot = query.get("lot");
  const drill = query.get("drill");
  if (drill !== null) return <PostingDrawer member={member} id={id} which={drill} again={again} />;
  if (lot !== null) return <LotDrawer member={member} id={id} number={parseInt(lot, 10)} />;
  return null;
}

function useLeave(): () => void {
  const { go, route } = useGoing();
  return useCallback(() => go(addressWith(route, { drill: null, lot: null, line: null })), [go, route]);
}

function Crumbs({ steps }: { steps: { label: string; to?: string }[] }) {
  const say = useSay();
  const { go } = useGoing();
  return (
    <nav aria-label={say("drill.path")}>
      <ol className="crumbs">
        {steps.map((one, at) => (
          <li key={at}>
            {one.to !== undefined && at < steps.length - 1 ? (
              <button type="button" onClick={() => go(one.to as string)}>{one.label}</button>
            ) : (
              <span aria-current={at === steps.length - 1 ? "step" : undefined}>{one.label}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** The entry with a sequence: a page of the statement that begins with it. */
async function entriesOf(id: string, sequence: number, language: string): Promise<Entry[]> {
  const page = await got(
    api.GET("/v1/members/{member_id}/statement", { params: { path: { member_id: id }, query: { before: sequence + 1, limit: 1, language } } }),
  );
  return page.data.filter((one) => one.sequence === sequence);
}

function PostingDrawer({ member, id, which, again }: { member: Member; id: string; which: string; again: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const { go, route } = useGoing();
  const leave = useLeave();
  const [query] = useQuery();
  const line = query.get("line");
  const [head, tail] = which.split(".");
  const sequence = parseInt(head ?? "", 10);
  const part = tail === undefined ? null : parseInt(tail, 10);
  const asked = useAsked(`entry ${id} ${sequence} ${language}`, () => entriesOf(id, sequence, language));
  const posting = asked.data?.find((one) => part === null || one.part === part) ?? null;
  const balance = posting ? member.balances.find((one) => one.currency === posting.currency) : null;

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      // What closed inside of the drawer may have taken the focus along: Esc leaves all the same.
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector(".asking")) leave();
      const step = event.key === "[" ? -1 : event.key === "]" ? 1 : 0;
      const next = sequence + step;
      if (step === 0 || next < 1 || next > member.sequence) return;
      event.preventDefault();
      go(addressWith(route, { drill: String(next), line: null }), "replace");
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [go, route, leave, sequence, member.sequence]);

  const steps = [
    ...(balance ? [{ label: say("drill.balance", { units: unitsText(balance.balance, balance.scale) }), to: addressWith(route, { drill: null, lot: null, line: null, tab: "lots" }) }] : []),
    ...(posting?.lot ? [{ label: say("drill.lot", { number: posting.lot }), to: addressWith(route, { drill: null, lot: String(posting.lot), line: null }) }] : []),
    { label: say("drill.posting", { number: posting ? `${posting.sequence}.${posting.part}` : which }), to: addressWith(route, { line: null }) },
    ...(posting?.business_no ? [{ label: say("drill.receipt", { number: posting.business_no }), to: addressWith(route, { line: null }) }] : []),
    ...(line ? [{ label: `${say("drill.line")} ${line.split(":")[0]}`, to: addressWith(route, {}) }] : []),
    ...(line ? [{ label: `${say("drill.rule")} ${line.split(":")[1]}` }] : []),
  ];
  return (
    <Drawer label={say("drill.posting", { number: which })} head={<Crumbs steps={steps} />} onClose={leave}>
      <Shown asked={asked} loading={<Bars lines={10} />}>
        {(entries) => (posting ? <><Posting posting={posting} all={entries} /><PostingActs id={id} posting={posting} again={again} /></> : <Empty title={say("drill.no_posting", { number: which })}>{say("drill.no_posting_why")}</Empty>)}
      </Shown>
    </Drawer>
  );
}

function Posting({ posting, all }: { posting: Entry; all: Entry[] }) {
  const say = useSay();
  const { language } = useFrame();
  const { route } = useGoing();
  const currency = useCurrency(posting.currency);
  const others = all.filter((one) => one.part !== posting.part);
  return (
    <div className="stack stack-wide">
      <div className="drill-head">
        <div>
          <div className="drill-units">
            <Points units={posting.units} currency={posting.currency} signed /> {nameIn(currency.names, language)}
          </div>
          <p>{posting.sentence}</p>
        </div>
        <dl className="facts">
          <dt>{say("drill.balance_from_to")}</dt>
          <dd>
            <Points units={posting.balance_after - posting.units} currency={posting.currency} /> → <Points units={posting.balance_after} currency={posting.currency} />
          </dd>
          <dt>{say("statement.when")}</dt>
          <dd><Instant at={posting.occurred_at} /></dd>
          <dt>{say("drill.recorded")}</dt>
          <dd><Instant at={posting.recorded_at} /></dd>
          {posting.store ? <><dt>{say("drill.store")}</dt><dd>{posting.store}</dd></> : null}
          {posting.actor ? <><dt>{say("drill.actor")}</dt><dd>{posting.actor}</dd></> : null}
          {posting.note ? <><dt>{say("drill.note")}</dt><dd>{posting.note}</dd></> : null}
          <dt>{say("drill.revision")}</dt>
          <dd><Number to={`/programme?tab=revisions&revision=${posting.revision}`}>{posting.revision}</Number></dd>
        </dl>
      </div>
      {posting.purchase_id ? <Receipt posting={posting} purchase={posting.purchase_id} /> : null}
      {posting.moves.length > 0 ? (
        <section className="section">
          <h2>{say("drill.moves")}</h2>
          <table className="table dense keep">
            <thead>
              <tr>
                <th scope="col">{say("lot.number")}</th>
                <th scope="col">{say("drill.from")}</th>
                <th scope="col">{say("drill.to")}</th>
                <th scope="col" className="right">{say("lot.origin")}</th>
                <th scope="col" className="right">{say("statement.units")}</th>
              </tr>
            </thead>
            <tbody>
              {posting.moves.map((one, at) => (
                <tr key={at}>
                  <td><Number to={addressWith(route, { lot: String(one.lot), drill: null, line: null })}>{say("drill.lot", { number: one.lot })}</Number></td>
                  <td>{say(`place.${one.comes}` as "place.open")}</td>
                  <td>{say(`place.${one.goes}` as "place.open")}</td>
                  <td className="right"><Number to={addressWith(route, { drill: String(one.origin), lot: null, line: null })}>#{one.origin}</Number></td>
                  <td className="right"><Points units={one.units} currency={posting.currency} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
      {others.length > 0 ? (
        <p className="small soft">
          {say("drill.same_entry")}{" "}
          {others.map((one) => (
            <span key={one.part}>
              <Number to={addressWith(route, { drill: `${one.sequence}.${one.part}`, line: null })}>
                <Points units={one.units} currency={one.currency} signed /> {one.currency}
              </Number>{" "}
            </span>
          ))}
        </p>
      ) : null}
      <p className="small soft hide-phone"><kbd>[</kbd> <kbd>]</kbd> {say("keys_map.along")}</p>
    </div>
  );
}

/** What can be done about it: undo it, or ask for the member what it is. */
function PostingActs({ id, posting, again }: { id: string; posting: Entry; again: () => void }) {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const [asks, setAsks] = useState<"reverse" | "question" | null>(null);
  const reverses = may("entries.reverse") && REVERSIBLE.includes(posting.verb);
  if (!reverses && !may("questions.ask")) return null;
  return (
    <div className="row drill-acts">
      {reverses ? <button type="button" className="button" onClick={() => setAsks("reverse")}>{say("act.reverse", { number: posting.sequence })}</button> : null}
      {may("questions.ask") ? <button type="button" className="button" onClick={() => setAsks("question")}>{say("question.not_right")}</button> : null}
      {asks === "question" ? <AskingFor memberId={id} entry={{ sequence: posting.sequence, part: posting.part }} onClose={() => setAsks(null)} /> : null}
      {asks === "reverse" ? (
        <Reversing
          memberId={id}
          sequence={posting.sequence}
          onClose={() => setAsks(null)}
          onDone={(made) => {
            setAsks(null);
            again();
            if (made !== null) go(`/members/${id}?drill=${made}`);
          }}
        >
          <p>{posting.sentence}</p>
        </Reversing>
      ) : null}
    </div>
  );
}

function Receipt({ posting, purchase }: { posting: Entry; purchase: string }) {
  const say = useSay();
  const { language } = useFrame();
  const [query, put] = useQuery();
  const receipt = useAsked(`purchase ${purchase}`, async () => {
    try {
      return await got(api.GET("/v1/purchases/{purchase_id}", { params: { path: { purchase_id: purchase } } }));
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) return null;
      throw failure;
    }
  });
  const rules = useAsked(`rules ${posting.revision} ${language}`, () =>
    got(api.GET("/v1/program/revisions/{number}/rules", { params: { path: { number: posting.revision }, query: { language } } })),
  );
  const used = [...new Set(posting.reasons.map((one) => one.rule))];
  const named = (code: string) => {
    const found = rules.data?.data.find((one) => one.rule === code);
    return found ? nameIn(found.names, language) : code;
  };
  const granted = (line: number, rule?: string) =>
    posting.reasons.filter((one) => one.line === line && (rule === undefined || one.rule === rule)).reduce((sum, one) => sum + one.granted, 0);
  const [pickedLine, pickedRule] = (query.get("line") ?? "").split(":");
  return (
    <Shown asked={receipt} loading={<Bars lines={8} />}>
      {(sale) =>
        sale === null ? null : (
          <section className="section">
            <div className="table-box" tabIndex={0} role="region" aria-label={say("drill.receipt", { number: sale.business_no })}>
              <table className="table dense keep">
                <thead>
                  <tr>
                    <th scope="col"><span className="away">{say("drill.line")}</span></th>
                    <th scope="col" className="w-fill wraps">{say("drill.receipt", { number: `${sale.source}/${sale.business_no}` })}</th>
                    <th scope="col" className="right">{say("drill.paid")}</th>
                    {used.map((rule) => <th scope="col" className="right wraps" key={rule}>{named(rule)}</th>)}
                    <th scope="col" className="right">{say("statement.units")}</th>
                  </tr>
                </thead>
                <tbody>
                  {sale.lines.map((line) => (
                    <tr key={line.number} className={String(line.number) === pickedLine ? "at" : undefined}>
                      <td className="soft right">{line.number}</td>
                      <td className="fill">
                        {line.name ?? line.category?.split("/").at(-1) ?? line.sku ?? "–"}
                        {line.quantity_milli !== 1000 ? <span className="small soft"> × {line.quantity_milli / 1000}</span> : null}
                        <span className="small soft"> {[line.brand, line.category?.split("/")[0], line.sku].filter(Boolean).join(" · ")}</span>
                        {line.returned_milli > 0 ? <span className="small soft"> · {say("drill.came_back")}</span> : null}
                      </td>
                      <td className="right"><Money minor={line.amount_minor} /></td>
                      {used.map((rule) => {
                        const units = granted(line.number, rule);
                        return (
                          <td className="right" key={rule}>
                            {units ? (
                              <button type="button" className="as-cell opens" onClick={() => put({ line: `${line.number}:${rule}` })}>
                                <Points units={units} currency={posting.currency} />
                                <span className="away"> {say("drill.why", { line: line.number, rule: named(rule) })}</span>
                              </button>
                            ) : null}
                          </td>
                        );
                      })}
                      <td className="right strong"><Points units={granted(line.number)} currency={posting.currency} /></td>
                    </tr>
                  ))}
                </tbody>
                <tfoot>
                  <tr>
                    <td />
                    <td className="fill"><Said id="drill.lines" n={sale.lines.length} with={{ count: sale.lines.length }} /></td>
                    <td className="right"><Money minor={sale.amount_minor} /></td>
                    {used.map((rule) => (
                      <td className="right" key={rule}>
                        <Points units={posting.reasons.filter((one) => one.rule === rule).reduce((sum, one) => sum + one.granted, 0)} currency={posting.currency} />
                      </td>
                    ))}
                    <td className="right"><Points units={posting.reasons.reduce((sum, one) => sum + one.granted, 0)} currency={posting.currency} /></td>
                  </tr>
                </tfoot>
              </table>
            </div>
            <Why posting={posting} rules={rules.data} rule={pickedRule ?? used[0] ?? ""} line={pickedLine ? parseInt(pickedLine, 10) : null} />
          </section>
        )
      }
    </Shown>
  );
}

/** Why a rule granted what it did: its sentence, its arithmetic, its revision. */
function Why({ posting, rules, rule, line }: { posting: Entry; rules: Schemas["RulesAnswer"] | null; rule: string; line: number | null }) {
  const say = useSay();
  const { language } = useFrame();
  const found = rules?.data.find((one) => one.rule === rule);
  const whole = posting.rules.find((one) => one.rule === rule);
  if (!rules || !found || !whole) return null;
  const share = line === null ? null : posting.reasons.find((one) => one.line === line && one.rule === rule);
  return (
    <div className="drill-why">
      <h3>{line === null ? nameIn(found.names, language) : say("drill.line_rule", { line, rule: nameIn(found.names, language) })}</h3>
      <dl className="facts">
        <dt>{say("drill.rule")}</dt>
        <dd>{found.sentence}</dd>
        <dt>{say("drill.sum")}</dt>
        <dd>
          <Said id={whole.desired === whole.granted ? "drill.granted_all" : "drill.granted_less"} with={{ desired: <Points units={whole.desired} currency={posting.currency} />, granted: <b><Points units={whole.granted} currency={posting.currency} /></b> }} />{" "}
          {share ? <Said id="drill.share" with={{ units: <b><Points units={share.granted} currency={posting.currency} /></b> }} /> : null}
        </dd>
        <dt>{say("drill.revision")}</dt>
        <dd>
          <Number to={`/programme?revision=${rules.revision}`}>{rules.revision}</Number>{" "}
          <Said id="drill.in_effect" with={{ at: <Instant at={rules.effective_at} style="sentence" /> }} />
        </dd>
      </dl>
    </div>
  );
}

function LotDrawer({ member, id, number }: { member: Member; id: string; number: number }) {
  const say = useSay();
  const { language } = useFrame();
  const { route } = useGoing();
  const leave = useLeave();
  const asked = useAsked(`lot ${id} ${number} ${language}`, () =>
    got(api.GET("/v1/members/{member_id}/lots/{number}", { params: { path: { member_id: id, number }, query: { language, limit: 100 } } })),
  );
  const lot = asked.data?.lot;
  const balance = lot ? member.balances.find((one) => one.currency === lot.currency) : null;
  const steps = [
    ...(balance ? [{ label: say("drill.balance", { units: unitsText(balance.balance, balance.scale) }), to: addressWith(route, { lot: null, drill: null, tab: "lots" }) }] : []),
    { label: say("drill.lot", { number }) },
  ];
  return (
    <Drawer label={say("drill.lot", { number })} head={<Crumbs steps={steps} />} onClose={leave}>
      <Shown asked={asked} loading={<Bars lines={8} />}>
        {(story) => (
          <div className="stack stack-wide">
            <div className="drill-head">
              <div>
                <div className="drill-units"><Said id="drill.left_of" with={{ left: <Points units={story.lot.left + story.lot.held} currency={story.lot.currency} />, opened: <Points units={story.lot.opened} currency={story.lot.currency} /> }} /></div>
                <p>
                  <Said id="drill.usable" with={{ from: <Day on={story.lot.matures_on} style="sentence" />, until: story.lot.expires_on ? <Day on={story.lot.expires_on} style="sentence" /> : say("member.never") }} />
                </p>
              </div>
              <dl className="facts">
                {(["left", "held", "gone", "expired", "returned"] as const).map((part) => (
                  <div className="keymap-line" key={part}>
                    <dt>{say(`lot.${part}`)}</dt>
                    <dd className="right"><Points units={story.lot[part]} currency={story.lot.currency} /></dd>
                  </div>
                ))}
                <dt>{say("lot.opened")}</dt>
                <dd className="right strong"><Points units={story.lot.opened} currency={story.lot.currency} /></dd>
              </dl>
            </div>
            <section className="section">
              <h2>{say("drill.every_move")}</h2>
              <table className="table dense keep">
                <thead>
                  <tr>
                    <th scope="col">{say("statement.when")}</th>
                    <th scope="col">{say("drill.entry")}</th>
                    <th scope="col">{say("drill.from")}</th>
                    <th scope="col">{say("drill.to")}</th>
                    <th scope="col" className="right">{say("statement.units")}</th>
                  </tr>
                </thead>
                <tbody>
                  {story.steps.map((one, at) => (
                    <tr key={at}>
                      <td><Instant at={one.occurred_at} /></td>
                      <td><Number to={addressWith(route, { drill: String(one.sequence), lot: null })}>#{one.sequence}</Number></td>
                      <td>{say(`place.${one.comes}` as "place.open")}</td>
                      <td>{say(`place.${one.goes}` as "place.open")}</td>
                      <td className="right"><Points units={one.units} currency={story.lot.currency} /></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
            <section className="section">
              <h2>{say("drill.why_all")}</h2>
              <ul className="rule-list">
                {story.postings.map((one) => (
                  <li key={`${one.sequence}.${one.part}`}>
                    <Number to={addressWith(route, { drill: `${one.sequence}.${one.part}`, lot: null })}>{one.sentence}</Number>
                  </li>
                ))}
              </ul>
            </section>
          </div>
        )}
      </Shown>
    </Drawer>
  );
}
