// What waits for a second person: what would happen, who proposed it, and deciding.
import { api, got, Refused, signedIn, type Schemas } from "@jifen/api";
import { Asking, Bars, Empty, Instant, Mark, RefusedNote, Said, Segmented, Shown, useAsked, useFrame, useMay, useQuery, useSay, type Tone } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type Proposal = Schemas["ProposalAnswer"];
type Way = "approve" | "refuse" | "withdraw";
const TONES: Record<Proposal["state"], Tone> = { waiting: "warn", approved: "kept", refused: "stop", withdrawn: "wait", expired: "wait" };

function ProposalsPage() {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const [query, put] = useQuery();
  const [deciding, setDeciding] = useState<{ one: Proposal; way: Way } | null>(null);
  const showsAll = query.get("all") !== null;
  const before = query.get("before");
  const asked = useAsked(`proposals ${showsAll} ${before} ${language}`, () =>
    got(api.GET("/v1/proposals", { params: { query: { language, ...(showsAll ? {} : { state: "waiting" as const }), ...(before ? { before } : {}) } } })),
  );
  /** What somebody does with a proposal: who proposed it calls it off, and approves it where nobody else could. */
  const ways = (one: Proposal): Way[] => {
    const isOwn = one.proposed_by.id === signedIn()?.id;
    if (isOwn) return one.confirm !== null && may("proposals.decide") ? ["approve", "withdraw"] : ["withdraw"];
    return may("proposals.decide") ? ["approve", "refuse"] : [];
  };
  return (
    <Page title={say("screen.proposals")}>
      <Segmented
        label={say("proposal.which")}
        choices={[{ id: "waiting", label: say("proposal.waiting") }, { id: "all", label: say("key.everything") }]}
        current={showsAll ? "all" : "waiting"}
        onChoose={(chosen) => put({ all: chosen === "all" ? "1" : null, before: null })}
      />
      <Shown asked={asked} loading={<Bars lines={4} columns={2} />}>
        {(found) =>
          found.data.length === 0 ? (
            <Empty title={say("proposal.none")}>{say("proposal.none_why")}</Empty>
          ) : (
            <>
              <ul className="rule-list">
                {found.data.map((one) => (
                  <li key={one.id}>
                    <div className="row">
                      <Mark tone={TONES[one.state]}>{say(`proposal.${one.state}`)}</Mark>
                      <span className="small soft">{say(`proposal.kind_${one.kind}`)}</span>
                      <h2>{one.sentence}</h2>
                    </div>
                    <p className="small soft">
                      <Said id="proposal.by" with={{ who: one.proposed_by.name, at: <Instant at={one.proposed_at} clock="machine" style="sentence" /> }} />
                      {one.state === "waiting" ? <> · <Said id="proposal.until" with={{ at: <Instant at={one.expires_at} clock="machine" style="sentence" /> }} /></> : null}
                      {one.decided_by ? <> · <Said id="proposal.decided" with={{ who: one.decided_by.name }} /></> : null}
                      {one.reason ? <> · {one.reason}</> : null}
                    </p>
                    {one.state === "waiting" ? (
                      <div className="row">
                        {ways(one).map((way) => (
                          <button key={way} type="button" className={way === "approve" ? "button primary" : "button"} onClick={() => setDeciding({ one, way })}>{say(`proposal.${way}`)}</button>
                        ))}
                      </div>
                    ) : null}
                  </li>
                ))}
              </ul>
              <div className="pager">
                <span />
                <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.older")}</button>
              </div>
            </>
          )
        }
      </Shown>
      {deciding ? (
        <Deciding
          {...deciding}
          onClose={() => setDeciding(null)}
          onDone={() => {
            setDeciding(null);
            asked.again();
          }}
        />
      ) : null}
    </Page>
  );
}

function Deciding({ one, way, onClose, onDone }: { one: Proposal; way: Way; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const [text, setText] = useState("");
  const [refused, setRefused] = useState<Refused | null>(null);
  const asksWord = way === "approve" && one.confirm !== null;
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const params = { path: { proposal_id: one.id } };
    try {
      if (way === "approve") await got(api.POST("/v1/proposals/{proposal_id}:approve", { params, body: asksWord ? { confirm: text } : {} }));
      else if (way === "withdraw") await got(api.POST("/v1/proposals/{proposal_id}:withdraw", { params }));
      else await got(api.POST("/v1/proposals/{proposal_id}:refuse", { params, body: { reason: text } }));
      onDone();
    } catch (failure) {
      if (failure instanceof Refused) setRefused(failure);
      else throw failure;
    }
  };
  return (
    <Asking title={say(`proposal.${way}_title`)} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void send(event)}>
        <p>{one.sentence}</p>
        <p className="soft">{say(`proposal.${way}_means`)}</p>
        {asksWord || way === "refuse" ? (
          <label className="field">
            <span>{asksWord ? say("proposal.type", { word: one.confirm ?? "" }) : say("act.reason")}</span>
            <input className="input" required maxLength={200} value={text} onChange={(event) => setText(event.target.value)} />
          </label>
        ) : null}
        {asksWord && one.may_confirm_at ? (
          <p className="small soft"><Said id="proposal.not_before" with={{ at: <Instant at={one.may_confirm_at} clock="machine" style="sentence" /> }} /></p>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <div className="row">
          <button type="submit" className="button primary">{say(`proposal.${way}`)}</button>
          <button type="button" className="button quiet" onClick={onClose}>{say("do.not")}</button>
        </div>
      </form>
    </Asking>
  );
}

export const proposals: Screen = {
  path: "/proposals",
  word: "screen.proposals",
  Page: ProposalsPage,
  permission: "proposals.read",
  menu: { group: "group.programme", icon: "kept", key: "p" },
};
