// What would change, in a manager's words: each part before and after, with what a rule gave; then trying it, and publishing it.
import { api, got, type Schemas } from "@jifen/api";
import { parseDateTime, toZoned } from "@internationalized/date";
import { Asking, Empty, Instant, Link, Mark, nameIn, Points, RefusedNote, Said, useFrame, useGoing, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { useSteering } from "../../../shell.tsx";
import { Foot, Form, useWrite } from "../../../write.tsx";
import type { Checked, Plan } from "./check.ts";
import { useDrafting } from "./drafting.tsx";
import { isFields, listOf } from "./grammar.ts";
import { Sentence } from "./parts.tsx";
import type { Fields } from "./text.ts";

type Change = Plan["changes"][number];
type Weight = Change["weight"];

interface Grouped {
  key: string;
  list: string;
  code: string;
  changes: Change[];
}

/** The changes of one part of a list together; whatever else changes, by itself. */
export function grouped(changes: Change[]): Grouped[] {
  const groups: Grouped[] = [];
  for (const [at, one] of changes.entries()) {
    const found = /^([a-z_.]+)\[([^\]]+)\]/.exec(one.path);
    const key = found ? `${found[1]}[${found[2]}]` : `${one.path} ${at}`;
    const known = groups.find((group) => group.key === key);
    if (known) known.changes.push(one);
    else groups.push({ key, list: found?.[1] ?? "", code: found?.[2] ?? "", changes: [one] });
  }
  return groups;
}

const HEAVIER: Weight[] = ["plain", "careful", "refused"];

function weightOf(changes: Change[]): Weight {
  return HEAVIER[Math.max(...changes.map((one) => HEAVIER.indexOf(one.weight)))] ?? "plain";
}

export function WhatChanges({ plan }: { plan: Plan }) {
  const say = useSay();
  return (
    <ul className="rule-list plan">
      {grouped(plan.changes).map((one) => <OneChange key={one.key} group={one} />)}
      {plan.changes.length === 0 ? <li>{say("programme.same")}</li> : null}
    </ul>
  );
}

function partIn(document: Fields | null, list: string, code: string): { value: Fields; at: number } | null {
  const inner = list === "tiers.list";
  const all = listOf(inner ? document?.["tiers"] : (document ?? {}), inner ? "list" : list);
  const at = all.findIndex((one) => one["code"] === code);
  return at === -1 ? null : { value: all[at] as Fields, at };
}

function OneChange({ group }: { group: Grouped }) {
  const say = useSay();
  const { language } = useFrame();
  const { grammar, published, document, figures } = useDrafting();
  const [whole, inner] = group.list.split(".");
  const fields = grammar.parts.find((one) => one.part === "program_document")?.fields ?? [];
  const outer = fields.find((one) => one.name === whole);
  const part = inner ? grammar.parts.find((one) => one.part === outer?.kinds[0]?.part)?.fields.find((one) => one.name === inner)?.kinds[0]?.part : outer?.kinds[0]?.part;
  const weight = weightOf(group.changes);
  const before = partIn(published, group.list, group.code);
  const after = partIn(document, group.list, group.code);
  const mark = weight === "plain" ? null : <Mark tone={weight === "careful" ? "warn" : "stop"}>{say(`weight.${weight}`)}</Mark>;
  if (!part || group.list === "tests" || (!before && !after)) {
    return (
      <li>
        <div className="row">{mark ?? <Mark tone="kept">{say("weight.plain")}</Mark>}</div>
        {group.changes.map((one, at) => <p key={at}>{one.sentence}</p>)}
      </li>
    );
  }
  const names = (after ?? before)?.value["names"];
  const name = nameIn((isFields(names) ? names : {}) as Record<string, string>, language) || group.code;
  const gave = group.list === "earn_rules" ? figures?.data?.find((one) => one.rule === group.code) : undefined;
  const path = [...group.list.split("."), (after ?? before)?.at ?? 0];
  const state = !before ? "new" : !after ? "ends" : "changed";
  return (
    <li>
      <div className="row">
        <span className={`plan-state plan-${state}`}>{say(`designer.is_${state}`)}</span>
        <b>{name}</b> <code className="code">{group.code}</code>
        {mark}
        {gave && before ? <span className="small soft card-gave"><Said id="designer.gave_short" with={{ units: <Points units={gave.units} currency={gave.currency} /> }} /></span> : null}
      </div>
      {before && state !== "new" ? <div className="plan-before"><Sentence part={part} value={before.value} path={["published", ...path]} /></div> : null}
      {after ? <div className="plan-after"><Sentence part={part} value={after.value} path={path} /></div> : null}
      {weight === "refused" ? group.changes.filter((one) => one.weight === "refused").map((one, at) => <p key={at} className="fault small">{one.sentence}</p>) : null}
    </li>
  );
}

export function Finding({ checked, onShow }: { checked: Checked; onShow: (from: number, to: number) => void }) {
  const say = useSay();
  if (checked.is === "nothing") return <Empty title={say("programme.nothing_changed")}>{say("designer.nothing_changed_why")}</Empty>;
  if (checked.is === "checking") return <Mark tone="run">{say("programme.checking")}</Mark>;
  if (checked.is === "no") return <RefusedNote refused={checked.refused} />;
  if (checked.is === "valid") {
    return (
      <div className="stack">
        <TestsFailed plan={checked.plan} />
        {checked.plan.is_empty ? <Mark tone="kept">{say("programme.same")}</Mark> : <WhatChanges plan={checked.plan} />}
        <Found plan={checked.plan} />
      </div>
    );
  }
  return (
    <div className="note note-stop">
      <p className="note-title">{checked.is === "unread" ? say("programme.unreadable") : say("programme.refused", { n: checked.problems.length }, checked.problems.length)}</p>
      <ul className="problems">
        {checked.problems.map((one, at) => (
          <li key={at}>
            <button type="button" className="as-link code" onClick={() => onShow(one.from, one.to)}>{one.path.join(".") || say("designer.go_there")}</button>
            <p>{one.message}</p>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Tests that fail keep a draft from being published: they are named first. */
function TestsFailed({ plan }: { plan: Plan }) {
  const say = useSay();
  const failed = plan.tests.data.filter((one) => !one.has_passed);
  if (failed.length === 0) return plan.tests.passed ? <Mark tone="kept">{say("designer.tests_hold", { n: plan.tests.passed }, plan.tests.passed)}</Mark> : null;
  return (
    <div className="note note-stop">
      <p className="note-title">{say("designer.tests_fail", { failed: failed.length, n: plan.tests.passed + plan.tests.failed }, failed.length)}</p>
      <ul className="problems">
        {failed.map((one) => (
          <li key={one.pointer}>
            <Link to="/programme?tab=draft&part=tests">{one.name}</Link>
            {one.differs.map((differs, at) => <p key={at}>{differs.sentence}</p>)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Whom it touches, counted on the books, and what is odd about it. */
function Found({ plan }: { plan: Plan }) {
  const say = useSay();
  return (
    <>
      {plan.touches === null ? <p className="soft">{say("designer.not_counted")}</p> : null}
      {plan.touches?.length ? (
        <div>
          <h3>{say("designer.touches")}</h3>
          <ul className="found">{plan.touches.map((one, at) => <li key={at}>{one.sentence}</li>)}</ul>
        </div>
      ) : null}
      {plan.findings.length ? (
        <div className="note note-warn">
          <p className="note-title">{say("designer.findings")}</p>
          <ul className="found">{plan.findings.map((one, at) => <li key={at}>{one.sentence}</li>)}</ul>
        </div>
      ) : null}
    </>
  );
}

/** The road of a draft: try it on the past, publish it. `onDone` is told what became of it. */
export function Road({ plan, onDone }: { plan: Plan; onDone: (done: Done) => void }) {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const { read } = useDrafting();
  const [asks, setAsks] = useState(false);
  const trying = useWrite();
  const document = read.values as Record<string, unknown>;
  const tryIt = () =>
    trying.send(
      (key) => got(api.POST("/v1/backtests", { params: { header: { "Idempotency-Key": key } }, body: { document, label: say("programme.draft_label") } as never })),
      (answer) => go(`/backtests/${answer.backtest_id}`),
    );
  return (
    <div className="stack">
      {trying.refused ? <RefusedNote refused={trying.refused} /> : null}
      <div className="row">
        {may("backtests.run") && plan.newest_revision > 0 ? <button type="button" className={may("program.publish") ? "button" : "button primary"} disabled={trying.isBusy} onClick={() => void tryIt()}>{say("programme.try")}</button> : null}
        {may("program.publish") ? <button type="button" className="button primary" onClick={() => setAsks(true)}>{say("programme.publish")}</button> : null}
      </div>
      {asks ? <Publishing plan={plan} onClose={() => setAsks(false)} onDone={onDone} /> : null}
    </div>
  );
}

function Publishing({ plan, onClose, onDone }: { plan: Plan; onClose: () => void; onDone: (done: Done) => void }) {
  const say = useSay();
  const { read } = useDrafting();
  const { onBook } = useSteering();
  const { refused, isBusy, send } = useWrite();
  const [at, setAt] = useState("");
  const [typed, setTyped] = useState("");
  const zone = String(read.values["time_zone"] ?? "UTC");
  const code = String((isFields(read.values["program"]) ? read.values["program"]["code"] : null) ?? "");
  const instant = momentIn(at, zone);
  const groups = grouped(plan.changes);
  const hard = groups.filter((one) => weightOf(one.changes) === "careful").length;
  const publish = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/program:apply", {
            params: { header: { "Idempotency-Key": key } },
            body: { document: read.values as Record<string, unknown>, text: read.text, ...(plan.newest_revision > 0 ? { expected_revision: plan.newest_revision } : {}), ...(instant ? { effective_at: instant } : {}) },
          }),
        ),
      (answer: Schemas["ApplyAnswer"] | Schemas["ProposedAnswer"]) => {
        if ("proposal" in answer) onDone({ said: say("programme.proposed"), isPublished: false });
        else {
          onDone({ said: say("programme.published_as", { revision: answer.number }), isPublished: true });
          void got(api.GET("/v1/book")).then(onBook);
        }
        onClose();
      },
    );
  return (
    <Asking title={say("designer.publish_title", { revision: plan.newest_revision + 1 })} onClose={onClose}>
      <Form onSend={() => void publish()}>
        <p><Said id="designer.publish_sums" n={groups.length} with={{ changes: groups.length, careful: hard }} /></p>
        <p className="small soft">{say("programme.publish_means")}</p>
        <label className="field">
          <span>{say("designer.effective")}</span>
          <input className="input" type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} />
          <span className="small soft">{instant ? <><Instant at={instant} style="sentence" /> · {zone}</> : say(plan.newest_revision > 0 ? "designer.effective_soon" : "designer.effective_now")}</span>
        </label>
        <label className="field">
          <span><Said id="designer.type_code" with={{ code: <code className="code">{code}</code> }} /></span>
          <input className="input" value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("designer.publish_do")} isOff={isBusy || typed !== code || (at !== "" && instant === null)} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** A moment of the programme's zone as the API takes it; null: none was chosen, or there is none such. */
function momentIn(local: string, zone: string): string | null {
  if (local === "") return null;
  try {
    return toZoned(parseDateTime(local), zone).toAbsoluteString();
  } catch {
    return null;
  }
}

export interface Done {
  said: string;
  isPublished: boolean;
}

export function DoneNote({ done }: { done: Done }) {
  const say = useSay();
  return (
    <div className="note note-good" role="status">
      <p>{done.said}</p>
      {done.isPublished ? null : <p><Link to="/proposals">{say("screen.proposals")}</Link></p>}
    </div>
  );
}

