// Codes of offline tills that proved nothing: the receipt is nobody's until somebody gives it to a member.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, type Column, Empty, Instant, Link, Mark, RefusedNote, Segmented, Shown, Table, useAsked, useQuery, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";

type Flag = Schemas["FlagAnswer"];

export function Codes() {
  const say = useSay();
  const [query, put] = useQuery();
  const [settling, setSettling] = useState<Flag | null>(null);
  const isSettled = query.get("settled") !== null;
  const before = query.get("before");
  const asked = useAsked(`flags ${isSettled} ${before}`, () =>
    got(api.GET("/v1/codes/flagged", { params: { query: { is_settled: isSettled, ...(before ? { before } : {}) } } })),
  );
  const columns: Column<Flag>[] = [
    { id: "receipt", head: say("code.receipt"), phone: "name", width: "fill", cell: (one) => <>{one.business_no} <span className="small soft">{one.source}</span></> },
    { id: "why", head: say("code.why"), phone: "figure", cell: (one) => <Mark tone={isSettled ? "wait" : "warn"}>{say(`code.why_${one.why}`)}</Mark> },
    { id: "member", head: say("code.whose"), cell: (one) => (one.member_id ? <Link to={`/members/${one.member_id}`}>…{one.member_id.slice(-8)}</Link> : <span className="soft">{say("code.nobody")}</span>) },
    { id: "by", head: say("code.sent_by"), cell: (one) => one.principal },
    { id: "shown", head: say("code.shown"), phone: "more", cell: (one) => <Instant at={one.shown_at} /> },
    isSettled
      ? { id: "settled", head: say("code.settled"), cell: (one) => <>{one.settled_by}{one.settled_at ? <> <Instant at={one.settled_at} /></> : null}</> }
      : { id: "act", head: say("key.act"), isNumber: true, phone: "aside", cell: (one) => <button type="button" className="button" onClick={() => setSettling(one)}>{say("code.settle")}</button> },
  ];
  return (
    <div className="stack">
      <p className="soft">{say("code.means")}</p>
      <Segmented
        label={say("code.which")}
        choices={[{ id: "", label: say("code.waiting") }, { id: "1", label: say("code.done") }]}
        current={isSettled ? "1" : ""}
        onChoose={(chosen) => put({ settled: chosen, before: null })}
      />
      <Shown asked={asked}>
        {(found) => (
          <>
            <Table label={say("code.title")} columns={columns} rows={found.data} rowKey={(one) => one.flag_id} empty={<Empty title={say("code.none")}>{say("code.none_why")}</Empty>} />
            {found.next_cursor ? (
              <div className="pager">
                <span />
                <button type="button" className="button" onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.older")}</button>
              </div>
            ) : null}
          </>
        )}
      </Shown>
      {settling ? <Settling flag={settling} onClose={() => setSettling(null)} onDone={() => { setSettling(null); asked.again(); }} /> : null}
    </div>
  );
}

function Settling({ flag, onClose, onDone }: { flag: Flag; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const settle = () =>
    send((key) => got(api.POST("/v1/codes/flagged/{flag_id}:settle", { params: { path: { flag_id: flag.flag_id }, header: { "Idempotency-Key": key } } })), onDone);
  return (
    <Asking title={say("code.settle_title", { number: flag.business_no })} onClose={onClose}>
      <Form onSend={() => void settle()}>
        <p>{say("code.settle_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("code.settle_do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}
