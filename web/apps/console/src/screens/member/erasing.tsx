// Erasing who a member is: for good, so the end of his number is typed, and another operator decides where the shop asks for one.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Count, RefusedNote, Said, useSay } from "@jifen/ui";
import { useState } from "react";
import { Proposed } from "../../waits.tsx";
import { Foot, Form, useWrite } from "../../write.tsx";

export function Erasing({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [typed, setTyped] = useState("");
  const [came, setCame] = useState<Schemas["ProposedAnswer"] | Schemas["Certificate"] | null>(null);
  const end = id.slice(-8);
  if (came !== null && "proposal" in came) return <Proposed title={say("erase.title")} answer={came} onClose={onDone} />;
  if (came !== null) {
    return (
      <Asking title={say("erase.title")} onClose={onDone}>
        <p className="note note-good" role="status">
          <Said id="erase.done" with={{ fields: <Count of={came.fields} />, keys: <Count of={came.keys} />, phones: <Count of={came.devices} /> }} />
        </p>
        <div className="row"><button type="button" className="button" onClick={onDone}>{say("do.close")}</button></div>
      </Asking>
    );
  }
  const erase = () =>
    send(
      (key) => got(api.POST("/v1/members/{member_id}/persons:erase", { params: { path: { member_id: id }, header: { "Idempotency-Key": key } }, body: { confirm: id } })),
      setCame,
    );
  return (
    <Asking title={say("erase.title")} onClose={onClose}>
      <Form onSend={() => void erase()}>
        <p>{say("erase.means")}</p>
        <label className="field">
          <span><Said id="erase.type" with={{ end: <code className="code">{end}</code> }} /></span>
          <input className="input" required autoFocus autoComplete="off" maxLength={40} value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("erase.do")} isOff={isBusy || typed.trim().toLowerCase() !== end} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}
