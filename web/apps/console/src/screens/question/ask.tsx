// A question for a member: asked at the desk in his words, about an entry or anything else.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, RefusedNote, useGoing, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { useChoices } from "../../said.ts";
import { Foot, Form, useWrite } from "../../write.tsx";
import { useQuestionAddress } from "./parts.tsx";

type Kind = Schemas["QuestionKind"];

export function AskingFor({ memberId, entry, onClose }: { memberId: string; entry?: { sequence: number; part: number }; onClose: () => void }) {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const choices = useChoices();
  const address = useQuestionAddress();
  const { refused, isBusy, send } = useWrite();
  const [kind, setKind] = useState<Kind>(entry ? "units_wrong" : "units_missing");
  const [said, setSaid] = useState("");
  const ask = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/members/{member_id}/questions", {
            params: { path: { member_id: memberId }, header: { "Idempotency-Key": key } },
            body: { kind, said, ...entry },
          }),
        ),
      (made) => {
        onClose();
        if (may("questions.read")) go(address({ question_id: made.question_id, member_id: memberId }));
      },
    );
  return (
    <Asking title={entry ? say("question.ask_about", { number: entry.sequence }) : say("question.ask_title")} onClose={onClose}>
      <Form onSend={() => void ask()}>
        <label className="field">
          <span>{say("question.kind")}</span>
          <select className="input" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
            {choices("kinds").map((one) => <option key={one.id} value={one.id}>{one.label}</option>)}
          </select>
        </label>
        <label className="field">
          <span>{say("question.words")}</span>
          <textarea className="input said" required autoFocus maxLength={500} rows={4} value={said} onChange={(event) => setSaid(event.target.value)} />
          <small className="soft">{say("question.words_kept")}</small>
        </label>
        <p className="small soft">{say("question.due_in")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("question.ask_do")} isOff={isBusy || said.trim() === ""} onClose={onClose} />
      </Form>
    </Asking>
  );
}
