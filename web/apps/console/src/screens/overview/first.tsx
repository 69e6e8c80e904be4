// A fresh shop: five steps to the first purchase. Each ticks itself from what the ledger holds; nothing is remembered here.
import { api, got } from "@jifen/api";
import { Count, Icon, Link, Mark, Said, Section, useAsked, useFrame, useMay, useSay } from "@jifen/ui";
import type { Key } from "@jifen/words";
import type { ReactNode } from "react";

interface Step {
  id: "programme" | "stores" | "people" | "member" | "purchase";
  isDone: boolean;
  way: ReactNode;
}

/** Every so often it is asked again: a till that was connected a moment ago shows. */
const AGAIN = 5_000;

interface Facts {
  hasPeople: boolean;
  hasMember: boolean;
  hasPurchase: boolean;
}

async function factsOf(may: (permission: string) => boolean): Promise<Facts> {
  const [keys, operators, members] = await Promise.all([
    may("keys.read") ? got(api.GET("/v1/keys")) : null,
    may("operators.read") ? got(api.GET("/v1/operators")) : null,
    may("members.list") ? got(api.GET("/v1/members:list", { params: { query: { sort: "purchases", limit: 1 } } })) : null,
  ]);
  const isOld = (state: string) => state === "active";
  return {
    hasPeople: (keys?.data.some((one) => !one.revoked_at && !one.is_expired && !one.is_test) ?? false) || (operators?.data.some((one) => isOld(one.state)) ?? false),
    hasMember: (members?.data.length ?? 0) > 0,
    hasPurchase: (members?.data[0]?.purchases ?? 0) > 0,
  };
}

export function FirstSteps() {
  const say = useSay();
  const may = useMay();
  const { book } = useFrame();
  const program = book?.program ?? null;
  const asked = useAsked(program ? "first steps" : null, () => factsOf(may), AGAIN);
  if (program !== null && asked.data === null) return <div className="pause" />;
  const facts = asked.data ?? { hasPeople: false, hasMember: false, hasPurchase: false };
  const steps: Step[] = [
    {
      id: "programme", isDone: program !== null,
      way: <><code>jifen init --template corner-shop</code>{may("program.plan") && program ? <Link to="/programme">{say("screen.programme")}</Link> : null}</>,
    },
    {
      id: "stores", isDone: program !== null && (program.any_store || program.stores > 0),
      way: may("program.plan") && program ? <Link to="/programme?tab=draft">{say("first.stores_way")}</Link> : <span>{say("first.stores_later")}</span>,
    },
    {
      id: "people", isDone: facts.hasPeople,
      way: <><code>jifen key create --name till-1 --role till</code>{may("operators.manage") ? <Link to="/operators">{say("operator.invite")}</Link> : null}</>,
    },
    { id: "member", isDone: facts.hasMember, way: <code>jifen member enrol --card 6200001</code> },
    { id: "purchase", isDone: facts.hasPurchase, way: <pre className="text">{RECEIPT}</pre> },
  ];
  const left = steps.filter((one) => !one.isDone).length;
  const next = steps.findIndex((one) => !one.isDone);
  return (
    <div className="stack stack-wide">
      <p className="verdict">
        {left === 0 ? <Said id="first.all_done" /> : <Said id="first.left" n={left} with={{ count: <b><Count of={left} /></b> }} />}
      </p>
      <Section title={say("first.title")}>
        <ol className="steps">
          {steps.map((one, at) => (
            <li key={one.id} aria-current={at === next ? "step" : undefined}>
              <span className={one.isDone ? "step-mark done" : "step-mark"} aria-hidden="true">{one.isDone ? <Icon name="kept" /> : <Count of={at + 1} />}</span>
              <div>
                <div className="row">
                  <h3>{say(`first.${one.id}` as Key)}</h3>
                  {one.isDone ? <Mark tone="kept">{say("first.done")}</Mark> : null}
                </div>
                <p className="soft">{say(`first.${one.id}_why` as Key)}</p>
                {one.isDone ? null : <div className="row step-way">{one.way}</div>}
              </div>
            </li>
          ))}
        </ol>
      </Section>
    </div>
  );
}

const RECEIPT = `curl -X POST ${location.origin}/v1/purchases \\
  -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
  -d '{"source": "pos", "business_no": "0001", "occurred_at": "${new Date().toISOString().slice(0, 19)}Z",
       "money": "CNY", "amount_minor": 12800, "member": {"card": "6200001"},
       "lines": [{"number": 1, "amount_minor": 12800}]}'`;
