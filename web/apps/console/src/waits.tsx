// What waits for a second person: said where it was proposed, and where somebody looks at the member.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Instant, Link, Said, Shown, useAsked, useFrame, useMay, useSay } from "@jifen/ui";

/** It was proposed: until when somebody else decides, or, where nobody else could, what is typed and from when on. */
export function Proposed({ title, answer, onClose }: { title: string; answer: Schemas["ProposedAnswer"]; onClose: () => void }) {
  const say = useSay();
  const may = useMay();
  return (
    <Asking title={title} onClose={onClose}>
      <p className="note note-warn" role="status">
        {answer.confirm !== null && answer.may_confirm_at ? (
          <Said id="waits.alone" with={{ word: <b className="num">{answer.confirm}</b>, at: <Instant at={answer.may_confirm_at} clock="machine" style="sentence" /> }} />
        ) : (
          <Said id="waits.for_another" with={{ at: <Instant at={answer.expires_at} clock="machine" style="sentence" /> }} />
        )}
      </p>
      <div className="row">
        {may("proposals.read") ? <Link to="/proposals">{say("waits.see")}</Link> : null}
        <button type="button" className="button" onClick={onClose}>{say("do.close")}</button>
      </div>
    </Asking>
  );
}

/** What waits about a member, for whoever may see proposals. */
export function WaitsOf({ id }: { id: string }) {
  return useMay()("proposals.read") ? <Waits id={id} /> : null;
}

function Waits({ id }: { id: string }) {
  const say = useSay();
  const { language } = useFrame();
  const asked = useAsked(`waits ${id} ${language}`, () => got(api.GET("/v1/proposals", { params: { query: { member: id, state: "waiting", language } } })));
  return (
    <Shown asked={asked} loading={null}>
      {(found) =>
        found.data.length === 0 ? null : (
          <div className="note note-warn" role="status">
            {found.data.map((one) => (
              <p key={one.id}>
                {one.sentence} <span className="soft"><Said id="proposal.until" with={{ at: <Instant at={one.expires_at} clock="machine" style="sentence" /> }} /></span>
              </p>
            ))}
            <Link to="/proposals">{say("waits.see")}</Link>
          </div>
        )
      }
    </Shown>
  );
}
