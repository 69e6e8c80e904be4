// The statement: a passbook. Change and balance, sign, word and date; each line opens.
import { Refused } from "@jifen/api";
import { gotOwn, me } from "@jifen/api/member";
import { type Asked, Day, localDay, Money, Month, Points, RefusedNote, useFrame, useProgram, useQuery, useSay } from "@jifen/ui";
import { useState } from "react";
import { useKept } from "./asking.ts";
import { type Member, useMember, useSpendable } from "./own.ts";
import { Choices, Note, Nothing, Row, Rows, Screen, Told as Shown } from "./parts.tsx";
import { type Entry, KINDS, type Kind, kindOf, SIGN_OF, type Told, together, wordOf } from "./verbs.ts";

interface Page {
  data: Entry[];
  next: number | null;
}
interface Older {
  of: string;
  data: Entry[];
  next: number | null;
}
const LIMIT = 50;
// What was turned back to stays while one looks at a line of it; signing out forgets it.
let older: Older | null = null;

export function forgetPages(): void {
  older = null;
}

async function pageBefore(before: number | null, language: string): Promise<Page> {
  const query = { limit: LIMIT, language, ...(before === null ? {} : { before }) };
  const found = await gotOwn(me.GET("/v1/me/statement", { params: { query } }));
  return { data: found.data, next: found.next_cursor === null ? null : Number(found.next_cursor) };
}

export function Statement() {
  const say = useSay();
  const { language } = useFrame();
  const asked = useKept("statement", `statement ${language}`, () => pageBefore(null, language));
  const member = useMember();
  const [query, put] = useQuery();
  const kind = (KINDS as string[]).includes(query.get("show") ?? "") ? (query.get("show") as Kind) : "all";
  const choices = [{ id: "all", label: say("app.all") }, ...KINDS.map((one) => ({ id: one as string, label: say(`app.kind.${one}`) }))];
  return (
    <Screen title={say("app.statement")}>
      <Head member={member} />
      <Choices label={say("app.statement.show")} choices={choices} current={kind} onChoose={(id) => put({ show: id === "all" ? null : id })} />
      <Shown asked={asked} lines={8}>{(first) => <Lines first={first} kind={kind} isGone={asked.isGone} />}</Shown>
    </Screen>
  );
}

function Head({ member }: { member: Asked<Member> }) {
  const main = useSpendable()[0] ?? "";
  const balance = member.data?.balances.find((one) => one.currency === main);
  if (!balance) return <p className="statement-head"><span className="size-6">–</span></p>;
  return (
    <p className="statement-head">
      <span className="size-6"><Points units={balance.balance} currency={main} /></span>
      {balance.worth_minor !== null ? <span className="soft"> = <Money minor={balance.worth_minor} /></span> : null}
    </p>
  );
}

function Lines({ first, kind, isGone }: { first: Page; kind: Kind | "all"; isGone: boolean }) {
  const say = useSay();
  const { language } = useFrame();
  const { time_zone } = useProgram();
  const main = useSpendable();
  const of = `${language} ${first.next ?? "end"}`;
  const [more, setMore] = useState<Older | null>(older?.of === of ? older : null);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused | null>(null);
  const mine = more?.of === of ? more : null;
  const all = [...first.data, ...(mine?.data ?? [])];
  const next = mine ? mine.next : first.next;
  const shown = together(all.filter((one) => main.includes(one.currency))).filter((one) => kind === "all" || kindOf(one.first.verb) === kind);

  const turn = async () => {
    if (next === null) return;
    setBusy(true);
    setRefused(null);
    try {
      const page = await pageBefore(next, language);
      older = { of, data: [...(mine?.data ?? []), ...page.data], next: page.next };
      setMore(older);
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure;
      setRefused(failure);
    } finally {
      setBusy(false);
    }
  };

  const months: { month: string; lines: Told[] }[] = [];
  for (const line of shown) {
    const month = localDay(line.first.occurred_at, time_zone).slice(0, 7);
    if (months.at(-1)?.month === month) months.at(-1)?.lines.push(line);
    else months.push({ month, lines: [line] });
  }
  return (
    <>
      {shown.length === 0 && next === null ? (
        kind === "all"
          ? <Nothing title={say("app.statement.none")} to="/me/claim" way={say("app.begin.claim")}>{say("app.statement.none_why")}</Nothing>
          : <Nothing title={say("app.statement.no_such")}>{say("app.statement.no_such_why")}</Nothing>
      ) : null}
      {shown.length === 0 && next !== null ? <p className="soft">{say("app.statement.not_yet", { count: all.length })}</p> : null}
      {months.map(({ month, lines }, at) => (
        <section key={`${month} ${at}`} className="part" aria-label={month}>
          <div className="part-head passbook">
            <h2><Month on={`${month}-01`} withYear /></h2>
            {at === 0 ? <><span className="row-figure">{say("app.change")}</span><span className="row-aside">{say("app.balance")}</span></> : null}
          </div>
          <Rows>{lines.map((line) => <LineRow key={`${line.first.sequence}.${line.first.part}`} line={line} />)}</Rows>
        </section>
      ))}
      {refused ? refused.isGone ? <Note tone="warn" sign="cut">{say("app.offline.older")}</Note> : <RefusedNote refused={refused} /> : null}
      {next !== null && !isGone ? (
        <button type="button" className="act second" onClick={() => void turn()} disabled={isBusy} aria-busy={isBusy}>{say("do.older")}</button>
      ) : null}
    </>
  );
}

function LineRow({ line }: { line: Told }) {
  const say = useSay();
  const { time_zone } = useProgram();
  const { first, units, lots } = line;
  const kind = kindOf(first.verb);
  const day = localDay(first.occurred_at, time_zone);
  const title = lots > 1 ? say("app.verb.lots", { count: lots }, lots) : say(wordOf(first.verb));
  const rules = first.rules.filter((one) => one.granted !== 0).length;
  return (
    <Row
      sign={SIGN_OF[kind]} tone={kind} title={title} to={`/statement/${first.sequence}/${first.part}`}
      note={<><Day on={day} style="short" /> · {say(`app.kind.${kind}`)}{first.store ? ` · ${say("app.store", { store: first.store })}` : ""}{rules > 0 ? ` · ${say("app.rules", { count: rules }, rules)}` : ""}</>}
      figure={<Points units={units} currency={first.currency} signed />} aside={<Points units={first.balance_after} currency={first.currency} />}
    />
  );
}
