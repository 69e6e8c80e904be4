// One passkey of an operator is removed because its machine was lost; the others go on.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, Empty, Instant, RefusedNote, Shown, useAsked, useSay } from "@jifen/ui";
import { useWrite } from "../../write.tsx";

export function PasskeysOf({ one, onClose }: { one: Schemas["OperatorAnswer"]; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const asked = useAsked(`passkeys ${one.id}`, () => got(api.GET("/v1/operators/{operator_id}/passkeys", { params: { path: { operator_id: one.id } } })));
  const remove = (id: string) =>
    send(() => got(api.POST("/v1/operators/{operator_id}/passkeys/{passkey_id}:remove", { params: { path: { operator_id: one.id, passkey_id: id } } })), asked.again);
  return (
    <Asking title={say("operator.passkeys_title", { name: one.name })} onClose={onClose}>
      <p>{say("operator.passkeys_means")}</p>
      <Shown asked={asked} loading={<Bars lines={2} columns={1} />}>
        {(found) =>
          found.data.length === 0 ? (
            <Empty title={say("operator.passkeys_none")}>{say("operator.passkeys_means")}</Empty>
          ) : (
            <ul className="lines">
              {found.data.map((kept) => (
                <li key={kept.id}>
                  <span>{kept.name} <span className="small soft"><Instant at={kept.last_used_at ?? kept.added_at} clock="machine" /></span></span>
                  <button type="button" className="button quiet danger" disabled={isBusy} onClick={() => void remove(kept.id)}>{say("operator.passkeys_remove")}<span className="away"> {kept.name}</span></button>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {refused ? <RefusedNote refused={refused} /> : null}
      <div className="row"><button type="button" className="button" onClick={onClose}>{say("do.close")}</button></div>
    </Asking>
  );
}
