// One's own passkeys: added by the machine one sits at or a key that is plugged in, each by a name, and removed.
import { api, got, knowsPasskeys, makePasskey, PasskeyStopped, type Schemas } from "@jifen/api";
import { Asking, Bars, Instant, RefusedNote, Section, Shown, useAsked, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, ToCopy, useWrite } from "../../write.tsx";
import { PasswordField } from "./password-field.tsx";

type Passkey = Schemas["PasskeyAnswer"];

export function Passkeys({ onChanged }: { onChanged: () => void }) {
  const say = useSay();
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const own = useAsked("own passkeys", () => got(api.GET("/v1/session/passkeys")));
  const close = () => {
    setAdding(false);
    setRemoving(null);
    own.again();
    onChanged();
  };
  return (
    <Section title={say("own.passkeys")}>
      <Shown asked={own} loading={<Bars lines={2} columns={2} />}>
        {(found) => (
          <div className="stack">
            {found.data.length === 0 ? <p className="soft">{say("own.passkeys_none")}</p> : (
              <ul className="lines">
                {found.data.map((one) => (
                  <li key={one.id}>
                    <span>
                      <b>{one.name}</b>{" "}
                      <span className="small soft">
                        {say("own.passkey_added")} <Instant at={one.added_at} clock="machine" style="short" /> ·{" "}
                        {one.last_used_at ? <>{say("own.passkey_used")} <Instant at={one.last_used_at} clock="machine" style="short" /></> : say("own.passkey_unused")}
                      </span>
                    </span>
                    <button type="button" className="button quiet danger" aria-label={say("own.passkey_remove_title", { name: one.name })} onClick={() => setRemoving(one)}>{say("own.passkey_remove")}</button>
                  </li>
                ))}
              </ul>
            )}
            {knowsPasskeys(found.passkey_host) ? (
              <div className="row"><button type="button" className="button" onClick={() => setAdding(true)}>{say("own.passkey_add")}</button></div>
            ) : (
              <p className="note note-warn">{found.passkey_host ? say("own.passkeys_browser", { host: found.passkey_host }) : say("own.passkeys_off")}</p>
            )}
          </div>
        )}
      </Shown>
      {isAdding ? <Adding onClose={close} /> : null}
      {removing ? <Removing passkey={removing} onClose={close} /> : null}
    </Section>
  );
}

/** Password and a name, then the machine asks; recovery codes, this once, where there were none. */
function Adding({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [password, setPassword] = useState("");
  const [name, setName] = useState("");
  const [isStopped, setStopped] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) {
    return (
      <Asking title={say("own.codes_title")} onClose={onClose}>
        <p>{say("own.passkey_codes")}</p>
        <ToCopy label={say("own.codes")} text={codes.join("\n")} />
        <div className="row"><button type="button" className="button primary" onClick={onClose}>{say("own.codes_kept")}</button></div>
      </Asking>
    );
  }
  const made = async () => {
    const offered = await got(api.POST("/v1/session/passkeys:offer", { body: { password } }));
    try {
      return await got(api.POST("/v1/session/passkeys:add", { body: await makePasskey(offered, name) }));
    } catch (failure) {
      if (!(failure instanceof PasskeyStopped)) throw failure;
      return null;
    }
  };
  const add = () => {
    setStopped(false);
    return send(made, (added) => {
      if (added === null) setStopped(true);
      else if (added.recovery_codes) setCodes(added.recovery_codes);
      else onClose();
    });
  };
  return (
    <Asking title={say("own.passkey_title")} onClose={onClose}>
      <Form onSend={() => void add()}>
        <p>{say("own.passkey_means")}</p>
        <PasswordField value={password} onChange={setPassword} />
        <label className="field">
          <span>{say("own.passkey_name")}</span>
          <input className="input" required maxLength={60} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        {isStopped ? <p className="note note-stop" role="alert">{say("own.passkey_stopped")}</p> : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("own.passkey_do")} isOff={isBusy || !password || !name.trim()} onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Removing({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [password, setPassword] = useState("");
  const path = { passkey_id: passkey.id };
  const remove = () => send(() => got(api.POST("/v1/session/passkeys/{passkey_id}:remove", { params: { path }, body: { password } })), onClose);
  return (
    <Asking title={say("own.passkey_remove_title", { name: passkey.name })} onClose={onClose}>
      <Form onSend={() => void remove()}>
        <p>{say("own.passkey_remove_means")}</p>
        <PasswordField value={password} onChange={setPassword} />
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("own.passkey_remove_do")} isOff={isBusy || !password} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}
