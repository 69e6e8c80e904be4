// Members who may be one: a person looks at both, and merges them or says that they are not the same.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Empty, Link, RefusedNote, Said, Shown, useAsked, useQuery, useSay } from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Proposed } from "../../waits.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";

type Pair = Schemas["Duplicate"];
type One = Schemas["DuplicateMember"];

function DuplicatesPage() {
  const say = useSay();
  const [query, put] = useQuery();
  const after = query.get("after");
  const [merges, setMerges] = useState<Pair | null>(null);
  const [apart, setApart] = useState<Pair | null>(null);
  const asked = useAsked(`duplicates ${after}`, () => got(api.GET("/v1/duplicates", { params: { query: { limit: 50, ...(after ? { after } : {}) } } })));
  const done = () => {
    setMerges(null);
    setApart(null);
    asked.again();
  };
  return (
    <Page title={say("screen.duplicates")}>
      <div className="stack">
        <p className="soft">{say("same.why")}</p>
        <Shown asked={asked}>
          {(found) =>
            found.data.length === 0 ? (
              <Empty title={say("same.none")}>{say("same.none_why")}</Empty>
            ) : (
              <>
                <ul className="lines">
                  {found.data.map((pair) => (
                    <li key={pair.first.member_id + pair.second.member_id}>
                      <span className="stack">
                        <span>{pair.alike.map((one, at) => <span key={one}>{at > 0 ? say("list.between") : ""}{say(`same.${one}`)}</span>)}</span>
                        <Who one={pair.first} />
                        <Who one={pair.second} />
                      </span>
                      <span className="row">
                        <button type="button" className="button" onClick={() => setMerges(pair)}>{say("same.merge")}</button>
                        <button type="button" className="button quiet" onClick={() => setApart(pair)}>{say("same.apart")}</button>
                      </span>
                    </li>
                  ))}
                </ul>
                <div className="pager">
                  <span />
                  <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ after: found.next_cursor }, "push")}>{say("same.more")}</button>
                </div>
              </>
            )
          }
        </Shown>
      </div>
      {merges ? <Merging pair={merges} onClose={() => setMerges(null)} onDone={done} /> : null}
      {apart ? <Apart pair={apart} onClose={() => setApart(null)} onDone={done} /> : null}
    </Page>
  );
}

function Who({ one }: { one: One }) {
  const say = useSay();
  return (
    <span className="small">
      <Link to={`/members/${one.member_id}`}>…{one.member_id.slice(-8)}</Link> {one.name ?? say("house.unnamed")}
      {one.keys.length > 0 ? <span className="soft num"> {one.keys.join(say("list.between"))}</span> : null}
    </span>
  );
}

function Merging({ pair, onClose, onDone }: { pair: Pair; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [waits, setWaits] = useState<Schemas["ProposedAnswer"] | null>(null);
  const [stays, setStays] = useState(pair.first.member_id);
  const goes = stays === pair.first.member_id ? pair.second.member_id : pair.first.member_id;
  const merge = () =>
    send(
      (key) => got(api.POST("/v1/members/{member_id}:merge", { params: { path: { member_id: goes }, header: { "Idempotency-Key": key } }, body: { into: { id: stays } } })),
      (answer) => ("proposal" in answer ? setWaits(answer) : onDone()),
    );
  if (waits) return <Proposed title={say("same.merge_title")} answer={waits} onClose={onDone} />;
  return (
    <Asking title={say("same.merge_title")} onClose={onClose}>
      <Form onSend={() => void merge()}>
        <p>{say("same.merge_means")}</p>
        <label className="field">
          <span>{say("same.stays")}</span>
          <select className="input" autoFocus value={stays} onChange={(event) => setStays(event.target.value)}>
            {[pair.first, pair.second].map((one) => <option key={one.member_id} value={one.member_id}>…{one.member_id.slice(-8)} {one.name ?? ""}</option>)}
          </select>
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("same.merge_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Apart({ pair, onClose, onDone }: { pair: Pair; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const tell = () =>
    send(
      (key) => got(api.POST("/v1/duplicates:tell_apart", { params: { header: { "Idempotency-Key": key } }, body: { member_id: pair.first.member_id, other_id: pair.second.member_id } })),
      onDone,
    );
  return (
    <Asking title={say("same.apart_title")} onClose={onClose}>
      <Form onSend={() => void tell()}>
        <p><Said id="same.apart_means" with={{ first: <code className="code">…{pair.first.member_id.slice(-8)}</code>, second: <code className="code">…{pair.second.member_id.slice(-8)}</code> }} /></p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("same.apart_do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const duplicates: Screen = {
  path: "/duplicates",
  word: "screen.duplicates",
  Page: DuplicatesPage,
  permission: "members.merge",
  menu: { group: "group.people", icon: "members", key: "d" },
};
