// Conditions as sentences: read in one run, or built of groups and claims.
import { Said, useSay } from "@jifen/ui";
import { Fragment, type ReactNode } from "react";
import { useDrafting } from "./drafting.tsx";
import { claimOf, type Fact, factsFor, fill, type Grammar, type Group, type Operator, type Piece, shapeOf, type Shape, valuesOf } from "./grammar.ts";
import type { Fields, Path, Value } from "./text.ts";
import { Cross, EditFact, EditToken, ReadFact, ReadToken } from "./tokens.tsx";
import { factText, valueText } from "./values.ts";

type Claim = Extract<Shape, { is: "claim" }>;

/** A condition in a sentence. */
export function ReadCondition({ value, path, isInside = false }: { value: Value; path: Path; isInside?: boolean }) {
  const say = useSay();
  const { grammar, document } = useDrafting();
  const shape = shapeOf(grammar, document, value, path);
  if (shape.is === "as text") return <AsText value={value} />;
  if (shape.is === "claim") return <ReadClaim claim={shape} value={value as Fields} path={path} says={shape.operator.says} />;
  if (shape.word === "not") {
    const inner = shape.parts[0];
    if (!inner) return null;
    const claim = shapeOf(grammar, document, inner.value, inner.path);
    if (claim.is === "claim" && claim.operator.says_not) return <ReadClaim claim={claim} value={inner.value as Fields} path={inner.path} says={claim.operator.says_not} />;
    return <>{say("designer.not_before")}<ReadCondition value={inner.value} path={inner.path} />{say("designer.not_behind")}</>;
  }
  const between = say(shape.word === "all" ? "designer.and" : "designer.or");
  const parts = shape.parts.map((one, at) => (
    <Fragment key={at}>
      {at > 0 ? between : null}
      <ReadCondition value={one.value} path={one.path} isInside />
    </Fragment>
  ));
  return isInside && parts.length > 1 ? <>{say("designer.opens")}{parts}{say("designer.closes")}</> : <>{parts}</>;
}

function ReadClaim({ claim, value, path, says }: { claim: Claim; value: Fields; path: Path; says: string }) {
  const { grammar, showing } = useDrafting();
  const values = valuesOf(claim, path);
  const token = (at: number) => (values[at] ? <ReadFact fact={claim.fact} value={values[at].value} path={values[at].path} /> : null);
  return (
    <Said
      id="designer.claim"
      with={{
        fact: (
          <>
            {claim.fact.label}
            {extrasOf(grammar, claim, value, path).map((piece, at) => (piece.is === "token" ? <ReadToken key={at} token={piece} inPart={value} /> : piece.is === "words" ? <Fragment key={at}>{piece.text}</Fragment> : <ReadCondition key={at} value={piece.value} path={piece.path} isInside />))}
          </>
        ),
        told: holes(says, {
          low: token(0),
          high: token(1),
          value: values.map((_, at) => <Fragment key={at}>{at > 0 ? showing.words.or : null}{token(at)}</Fragment>),
        }),
      }}
    />
  );
}

function extrasOf(grammar: Grammar, claim: Claim, value: Fields, path: Path): Piece[] {
  return claim.extras.flatMap((name) => {
    const field = grammar.claim.find((one) => one.name === name);
    if (!field) return [];
    const isCondition = field.kinds[0]?.kind === "condition";
    const own = value[name] as Value;
    return [{ is: "words", text: " " } as Piece, ...fill(field.says ?? `${name} {${name}}`, (hole) => (isCondition ? { is: "condition", path: [...path, hole], value: own } : { is: "token", path: [...path, hole], field, value: value[hole] }))];
  });
}

/** Whether a field of a claim is a condition of its own. */
function isChosenBy(grammar: Grammar, name: string): boolean {
  return grammar.claim.find((one) => one.name === name)?.kinds[0]?.kind === "condition";
}

function holes(says: string, by: Record<string, ReactNode>): ReactNode {
  return says.split(/\{([a-z_]+)\}/).map((part, at) => <Fragment key={at}>{at % 2 === 0 ? part : by[part]}</Fragment>);
}

export function AsText({ value }: { value: Value }) {
  const say = useSay();
  return (
    <span className="as-text">
      <code className="code">{JSON.stringify(value)}</code> <span className="small soft">{say("designer.as_text")}</span>
    </span>
  );
}

// -- building -------------------------------------------------------------------------------------------------------------

/** The condition of a rule, to be built. `on` is what the rule sees; null: purchases. */
export function EditCondition({ value, path, on, order }: { value: Value | undefined; path: Path; on: string | null; order: string[] }) {
  const say = useSay();
  const { grammar, document, change, today, figures } = useDrafting();
  const facts = factsFor(grammar, document, on);
  const fresh = (): Value => {
    const fact = facts.find((one) => one.type === "path") ?? facts[0];
    return fact ? claimOf(grammar, document, fact, null, [], today, figures?.told?.[fact.fact] ?? []) : {};
  };
  if (value === undefined) {
    return (
      <p className="row">
        <span>{say("designer.always")}</span>
        <button type="button" className="button small" onClick={() => change([{ does: "set", path, value: fresh(), order }])}>{say("designer.add_condition")}</button>
      </p>
    );
  }
  return (
    <div className="conditions" role="group" aria-label={say("designer.when")}>
      <Node value={value} path={path} facts={facts} fresh={fresh} isRoot />
    </div>
  );
}

interface NodeProps {
  value: Value;
  path: Path;
  facts: Fact[];
  fresh: () => Value;
  isRoot?: boolean;
}

function Node({ value, path, facts, fresh, isRoot = false }: NodeProps) {
  const say = useSay();
  const { grammar, document, change } = useDrafting();
  const shape = shapeOf(grammar, document, value, path);
  const away = <Cross label={say("designer.take_out_condition")} onPress={() => change([{ does: "remove", path }])} />;
  if (shape.is === "as text") return <div className="claim"><AsText value={value} />{away}</div>;
  if (shape.is === "claim") {
    return (
      <>
        <EditClaim claim={shape} value={value as Fields} path={path} facts={facts}>{away}</EditClaim>
        {isRoot ? <Adding onAdd={(more) => change([{ does: "set", path, value: { all: [value, more] } }])} fresh={fresh} /> : null}
      </>
    );
  }
  // "None of these" is a `not` around an `any`.
  const inner = shape.word === "not" ? shape.parts[0] : undefined;
  const innerShape = inner ? shapeOf(grammar, document, inner.value, inner.path) : null;
  const isNone = shape.word === "not" && innerShape?.is === "group" && innerShape.word === "any";
  const parts = isNone && innerShape?.is === "group" ? innerShape.parts : shape.parts;
  const word: Group = shape.word;
  const values = parts.map((one) => one.value);
  const turn = (next: string) => {
    const only = values[0] as Value;
    const whole: Value = next === "not" ? { not: values.length === 1 ? only : { any: values } } : { [next]: values };
    change([{ does: "set", path, value: whole }]);
  };
  const add = (more: Value) => {
    if (shape.word === "not" && !isNone) change([{ does: "set", path, value: { not: { any: [inner?.value as Value, more] } } }]);
    else change([{ does: "append", path: isNone && inner ? [...inner.path, "any"] : [...path, shape.word], value: more }]);
  };
  return (
    <div className="group">
      <div className="row">
        <select className="token-input" aria-label={say("designer.how_many")} value={word} onChange={(event) => turn(event.target.value)}>
          <option value="all">{say("designer.all_of")}</option>
          <option value="any">{say("designer.any_of")}</option>
          <option value="not">{say("designer.none_of")}</option>
        </select>
        {away}
      </div>
      <ul className="group-parts">
        {parts.map((one, at) => (
          <li key={at}>
            <Node value={one.value} path={one.path} facts={facts} fresh={fresh} />
          </li>
        ))}
      </ul>
      <Adding onAdd={add} fresh={fresh} />
    </div>
  );
}

function Adding({ onAdd, fresh }: { onAdd: (value: Value) => void; fresh: () => Value }) {
  const say = useSay();
  return (
    <div className="row">
      <button type="button" className="button small" onClick={() => onAdd(fresh())}>{say("designer.add_condition")}</button>
      <button type="button" className="button small" onClick={() => onAdd({ any: [fresh()] })}>{say("designer.add_any")}</button>
      <button type="button" className="button small" onClick={() => onAdd({ not: fresh() })}>{say("designer.add_none")}</button>
    </div>
  );
}

function EditClaim({ claim, value, path, facts, children }: { claim: Claim; value: Fields; path: Path; facts: Fact[]; children: ReactNode }) {
  const say = useSay();
  const { grammar, document, change, today, figures, showing, problems } = useDrafting();
  const values = valuesOf(claim, path);
  const told = (fact: Fact) => figures?.told?.[fact.fact] ?? [];
  const kinds = grammar.fact_kinds.filter((kind) => facts.some((one) => one.kind === kind.value));
  const known = facts.some((one) => one.fact === claim.fact.fact) ? facts : [claim.fact, ...facts];
  const isBad = problems.some((one) => one.path.length >= path.length && ["fact", undefined].includes(one.path[path.length] as string | undefined) && path.every((step, at) => String(step) === String(one.path[at])));
  const asOperator = (operator: string) => {
    const plainValues = values.map((one) => one.value);
    change([{ does: "set", path, value: { ...claimOf(grammar, document, claim.fact, operator, plainValues, today, told(claim.fact)), ...Object.fromEntries(claim.extras.map((name) => [name, value[name] as Value])) } }]);
  };
  const mayGrow = claim.operator.takes.includes("many");
  const grow = () => {
    const more = told(claim.fact).find((one) => !values.some((other) => other.value === one)) ?? claim.fact.choices.find((one) => !values.some((other) => other.value === one.value))?.value ?? values.at(-1)?.value ?? "A";
    if (Array.isArray(claim.value)) change([{ does: "append", path: [...path, claim.operator.operator], value: more }]);
    else change([{ does: "set", path: [...path, claim.operator.operator], value: [claim.value, more] }]);
  };
  const field = (at: number) => {
    const one = values[at];
    if (!one) return null;
    return (
      <span className="claim-value" key={at}>
        <EditFact fact={claim.fact} value={one.value} path={one.path} label={`${claim.fact.label} ${operatorLabel(claim.operator)} ${values.length > 1 ? at + 1 : ""}`.trim()} />
        {Array.isArray(claim.value) && !claim.operator.takes.includes("two") && values.length > 1 ? <Cross label={say("designer.take_out", { what: factText(claim.fact, one.value, showing) })} onPress={() => change([{ does: "remove", path: one.path }])} /> : null}
      </span>
    );
  };
  return (
    <div className="claim">
      <select
        className={isBad ? "token-input bad" : "token-input"}
        aria-label={say("designer.about")}
        aria-invalid={isBad}
        value={claim.fact.fact}
        onChange={(event) => {
          const fact = known.find((one) => one.fact === event.target.value);
          if (fact) change([{ does: "set", path, value: claimOf(grammar, document, fact, null, [], today, told(fact)) }]);
        }}
      >
        {kinds.map((kind) => (
          <optgroup key={kind.value} label={kind.label}>
            {known.filter((one) => one.kind === kind.value).map((one) => <option key={one.fact} value={one.fact}>{one.label}</option>)}
          </optgroup>
        ))}
      </select>
      {extrasOf(grammar, { ...claim, extras: claim.extras.filter((name) => !isChosenBy(grammar, name)) }, value, path).map((piece, at) => (piece.is === "token" ? <EditToken key={at} token={piece} inPart={value} label={`${claim.fact.label} ${(piece.field.says ?? "").replace(/\{[a-z_]+\}/g, "…")}`} order={["fact", ...grammar.claim.map((each) => each.name)]} /> : <Fragment key={at}>{piece.is === "words" ? piece.text : null}</Fragment>))}
      <select className="token-input" aria-label={say("designer.how_compared", { fact: claim.fact.label })} value={claim.operator.operator} onChange={(event) => asOperator(event.target.value)}>
        {claim.fact.operators.map((name) => {
          const operator = grammar.operators.find((one) => one.operator === name);
          return operator ? <option key={name} value={name}>{operatorLabel(operator)}</option> : null;
        })}
      </select>
      {values.map((_, at) => (
        <Fragment key={at}>
          {at > 0 ? <span className="soft">{claim.operator.takes.includes("two") ? say("designer.up_to") : showing.words.or}</span> : null}
          {field(at)}
        </Fragment>
      ))}
      {mayGrow ? <button type="button" className="button small" onClick={grow}>{say("designer.one_more")}</button> : null}
      {children}
      {/* What a claim may choose by a condition of its own: the lines of a basket. */}
      {grammar.claim.filter((one) => isChosenBy(grammar, one.name) && claim.fact.allows.includes(one.name)).map((one) => {
        const here = [...path, one.name];
        const open = (one.says ?? one.name).replace(/\{[a-z_]+\}/g, "…");
        const first = facts.find((fact) => fact.type === "path") ?? facts[0];
        if (value[one.name] !== undefined) return <div className="claim-lines" key={one.name} role="group" aria-label={open}><span className="soft">{open}</span><Node value={value[one.name] as Value} path={here} facts={facts.filter((fact) => fact.kind === "line")} fresh={() => (first ? claimOf(grammar, document, first, null, [], today, told(first)) : {})} isRoot /></div>;
        return first ? <button key={one.name} type="button" className="button small" onClick={() => change([{ does: "set", path: here, value: claimOf(grammar, document, first, null, [], today, told(first)), order: ["fact", ...grammar.claim.map((each) => each.name)] }])}>{say("designer.add_part", { what: open })}</button> : null;
      })}
    </div>
  );
}

/** An operator in a list: its phrase with what it takes left open; several that read alike are told apart by how many they take. */
function operatorLabel(operator: Operator): string {
  const open = operator.says.replace(/\{[a-z_]+\}/g, "…");
  return operator.takes.length === 1 && operator.takes[0] === "many" ? `${open} / …` : open;
}

/** A phrase as a text: for labels, where only a text may stand. */
export function phraseText(pieces: Piece[], inPart: Fields, showing: ReturnType<typeof useDrafting>["showing"], open: Path | null): string {
  return pieces
    .map((one) => {
      if (one.is === "words") return one.text;
      if (one.is === "condition") return "…";
      return open !== null && one.path.join("/") === open.join("/") ? "…" : valueText(one.field, one.value, inPart, showing);
    })
    .join("");
}

