// One segment: how many were in it day by day, which rules ask for it, who is in it; a list is filled and emptied here.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, Count, Day, Empty, Instant, Link, Mark, nameIn, RefusedNote, Section, Shown, useAsked, useFrame, useGoing, useMay, useQuery, useSay } from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";

type Segment = Schemas["SegmentAnswer"];
type Verb = "add" | "remove" | "refresh" | "archive";
const DAYS = 60;
const HEIGHT = 60;

function SegmentPage({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const { language } = useFrame();
  const [verb, setVerb] = useState<Verb | null>(null);
  const asked = useAsked(`segment ${id}`, () => got(api.GET("/v1/segments/{code}", { params: { path: { code: id } } })), 10_000);
  const name = asked.data ? nameIn(asked.data.names, language) || id : id;
  const isOpen = asked.data?.archived_at === null && may("segments.manage");
  const verbs: Verb[] = asked.data?.is_list ? ["add", "remove", "archive"] : ["refresh", "archive"];
  return (
    <Page
      title={name} above={<Link to="/segments">{say("screen.segments")}</Link>}
      actions={isOpen ? <span className="row">{verbs.map((one) => <button type="button" key={one} className={one === "archive" ? "button quiet danger" : "button"} onClick={() => setVerb(one)}>{say(`segment.${one}`)}</button>)}</span> : null}
    >
      <Shown asked={asked} loading={<Bars lines={6} />}>
        {(segment) => (
          <div className="stack stack-wide">
            <p className="verdict">
              {segment.refreshed_at === null ? <Mark tone="run">{say("segment.soon")}</Mark> : <><b><Count of={segment.members} /></b> {say("segment.in_it")} <span className="soft"><Instant at={segment.refreshed_at} /></span></>}
              {segment.archived_at === null ? null : <> <Mark tone="stop">{say("segment.archived")}</Mark></>}
            </p>
            {segment.left_out > 0 ? <p className="soft"><Count of={segment.left_out} /> {say("segment.left_out_why")}</p> : null}
            <Sizes segment={segment} />
            <Section title={say("segment.rules")}>
              {segment.rules.length === 0 ? <p className="soft">{say("segment.no_rules")}</p> : <ul className="lines">{segment.rules.map((one) => <li key={one}><code className="code">{one}</code></li>)}</ul>}
            </Section>
            {segment.condition === null ? null : <Section title={say("segment.its_condition")}><pre className="code">{JSON.stringify(segment.condition, null, 1)}</pre></Section>}
            <Members code={segment.code} of={segment.members} />
          </div>
        )}
      </Shown>
      {verb ? <Doing verb={verb} code={id} onClose={() => setVerb(null)} onDone={() => { setVerb(null); if (verb === "archive") go("/segments"); else asked.again(); }} /> : null}
    </Page>
  );
}

/** How many were in it, a bar a day; the same as a table. */
function Sizes({ segment }: { segment: Segment }) {
  const say = useSay();
  const sizes = segment.sizes.slice(0, DAYS).reverse();
  if (sizes.length === 0) return null;
  const most = Math.max(1, ...sizes.map((one) => one.members));
  return (
    <Section title={say("segment.sizes")}>
      <svg className="bars-of-days" viewBox={`0 0 ${DAYS * 8} ${HEIGHT}`} role="img" aria-label={say("segment.sizes")}>
        {sizes.map((one, at) => {
          const height = Math.max(1, Math.round((one.members / most) * HEIGHT));
          return <rect key={one.on} x={at * 8} y={HEIGHT - height} width="6" height={height} />;
        })}
      </svg>
      <details>
        <summary>{say("segment.as_table")}</summary>
        <ul className="lines">{[...sizes].reverse().map((one) => <li key={one.on}><Day on={one.on} /> <Count of={one.members} /></li>)}</ul>
      </details>
    </Section>
  );
}

function Members({ code, of }: { code: string; of: number }) {
  const say = useSay();
  const [query, put] = useQuery();
  const after = query.get("after");
  const asked = useAsked(`segment members ${code} ${after ?? ""} ${of}`, () =>
    got(api.GET("/v1/segments/{code}/members", { params: { path: { code }, query: { limit: 50, ...(after ? { after } : {}) } } })),
  );
  return (
    <Section title={say("segment.who")}>
      <Shown asked={asked} loading={<Bars lines={3} />}>
        {(found) => found.data.length === 0 ? <Empty title={say("segment.nobody")}>{say("segment.nobody_why")}</Empty> : (
          <>
            <ul className="lines">{found.data.map((one) => <li key={one}><Link to={`/members/${one}`}><code>…{one.slice(-8)}</code></Link></li>)}</ul>
            <div className="row">
              {after ? <button type="button" className="button quiet" onClick={() => put({ after: null })}>{say("reward.first_page")}</button> : null}
              {found.next_cursor ? <button type="button" className="button quiet" onClick={() => put({ after: found.next_cursor }, "push")}>{say("reward.next_page")}</button> : null}
            </div>
          </>
        )}
      </Shown>
    </Section>
  );
}

function Doing({ verb, code, onClose, onDone }: { verb: Verb; code: string; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [text, setText] = useState("");
  const [changed, setChanged] = useState<Schemas["ListChanged"] | null>(null);
  const cards = text.split(/[\s,;]+/).filter((one) => one !== "");
  const isOfList = verb === "add" || verb === "remove";
  const act = () => {
    if (changed !== null) return onDone();
    return send(
      async (key): Promise<Schemas["ListChanged"] | null> => {
        const params = { path: { code }, header: { "Idempotency-Key": key } };
        const body = { members: cards.map((one) => (one.startsWith("mbr_") ? { id: one } : { card: one })) };
        if (verb === "add") return got(api.POST("/v1/segments/{code}:add", { params, body: body as never }));
        if (verb === "remove") return got(api.POST("/v1/segments/{code}:remove", { params, body: body as never }));
        await got(verb === "refresh" ? api.POST("/v1/segments/{code}:refresh", { params }) : api.POST("/v1/segments/{code}:archive", { params }));
        return null;
      },
      (answer) => (answer === null || answer.refused.length === 0 ? onDone() : setChanged(answer)),
    );
  };
  return (
    <Asking title={say(`segment.${verb}`)} onClose={onClose}>
      <Form onSend={() => void act()}>
        <p>{say(`segment.${verb}_means`)}</p>
        {isOfList ? (
          <label className="field">
            <span>{say("segment.cards")}</span>
            <textarea className="input" rows={5} value={text} placeholder={"6200001\n6200002"} onChange={(event) => { setText(event.target.value); setChanged(null); }} />
          </label>
        ) : null}
        {changed ? (
          <div className="note note-warn" role="alert">
            <ul className="lines">{changed.refused.slice(0, 10).map((one) => <li key={one.at}>{cards[one.at]}: {say(one.code === "member_unknown" ? "segment.no_member" : "segment.objects")}</li>)}</ul>
          </div>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(changed ? "do.close" : `segment.${verb}`)} isOff={isBusy || (isOfList && (cards.length === 0 || cards.length > 1_000))} isDanger={verb === "archive"} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const segment: Screen = { path: "/segments/:id", word: "screen.segments", Page: SegmentPage, permission: "segments.read" };
