// One's own account: sessions, password, second factor. Each asks for the password once more.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Bars, deviceOf, Instant, Mark, RefusedNote, Section, Shown, useAsked, useSay } from "@jifen/ui";
import { useState } from "react";
import { encode } from "uqr";
import { Foot, Form, ToCopy, useWrite } from "../../write.tsx";
import { PasswordField } from "./password-field.tsx";
import { Passkeys } from "./passkeys.tsx";

type Session = Schemas["OwnSession"];
type Asks = "password" | "enrol" | "remove";

export function OwnAccount() {
  const say = useSay();
  const [asks, setAsks] = useState<Asks | null>(null);
  const [ending, setEnding] = useState<Session | null>(null);
  const own = useAsked("own session", () => got(api.GET("/v1/session")));
  const sessions = useAsked("own sessions", () => got(api.GET("/v1/sessions")));
  const close = () => {
    setAsks(null);
    setEnding(null);
    own.again();
    sessions.again();
  };
  return (
    <>
      <Section title={say("own.title")}>
        <Shown asked={own} loading={<Bars lines={2} columns={2} />}>
          {(session) => (
            <dl className="facts settings">
              <dt>{say("sign_in.login")}</dt>
              <dd>{session.operator.login}</dd>
              <dt>{say("sign_in.password")}</dt>
              <dd><button type="button" className="button" onClick={() => setAsks("password")}>{say("own.password")}</button></dd>
              <dt>{say("sign_in.code")}</dt>
              <dd className="row">
                {session.has_second_factor ? <Mark tone="kept">{say("operator.factor_on")}</Mark> : <Mark tone="warn">{say("operator.factor_off")}</Mark>}
                {session.has_second_factor ? (
                  <button type="button" className="button danger" onClick={() => setAsks("remove")}>{say("own.remove")}</button>
                ) : (
                  <button type="button" className="button" onClick={() => setAsks("enrol")}>{say("own.enrol")}</button>
                )}
              </dd>
            </dl>
          )}
        </Shown>
      </Section>
      <Passkeys onChanged={own.again} />
      <Section title={say("own.sessions")}>
        <Shown asked={sessions} loading={<Bars lines={2} columns={3} />}>
          {(found) => (
            <ul className="lines">
              {found.data.map((one) => (
                <li key={one.id}>
                  <span>
                    {one.is_current ? <b>{say("own.this_one")}</b> : <span className="num">{one.address}</span>}{" "}
                    <span className="small soft">{say(`own.began.${one.began_by}`)} · {say("own.used")} <Instant at={one.last_used_at} clock="machine" style="short" /> · {deviceOf(one.agent) || one.agent.slice(0, 60)}</span>
                  </span>
                  {one.is_current ? null : <button type="button" className="button quiet danger" onClick={() => setEnding(one)}>{say("own.end")}</button>}
                </li>
              ))}
            </ul>
          )}
        </Shown>
      </Section>
      {asks === "password" ? <Password onClose={close} /> : null}
      {asks === "enrol" ? <Enrolling onClose={close} /> : null}
      {asks === "remove" ? <Removing onClose={close} /> : null}
      {ending ? <Ending session={ending} onClose={close} /> : null}
    </>
  );
}

function Password({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [password, setPassword] = useState("");
  const [fresh, setFresh] = useState("");
  const change = () => send(() => got(api.POST("/v1/session/password", { body: { password, new_password: fresh } })), onClose);
  return (
    <Asking title={say("own.password_title")} onClose={onClose}>
      <Form onSend={() => void change()}>
        <PasswordField value={password} onChange={setPassword} />
        <PasswordField value={fresh} onChange={setFresh} word="own.new_password" isNew />
        <p className="small soft">{say("own.password_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("own.password_do")} isOff={isBusy || !password || !fresh} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** Password, then the secret as a picture, then a code of it, then the recovery codes: this once. */
function Enrolling({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [password, setPassword] = useState("");
  const [offered, setOffered] = useState<Schemas["TotpOfferedAnswer"] | null>(null);
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) {
    return (
      <Asking title={say("own.codes_title")} onClose={onClose}>
        <p>{say("own.codes_means")}</p>
        <ToCopy label={say("own.codes")} text={codes.join("\n")} />
        <div className="row"><button type="button" className="button primary" onClick={onClose}>{say("own.codes_kept")}</button></div>
      </Asking>
    );
  }
  if (offered) {
    const confirm = () => send(() => got(api.POST("/v1/session/totp:confirm", { body: { code: code.replace(/\s/g, "") } })), (answer) => setCodes(answer.recovery_codes));
    return (
      <Asking title={say("own.enrol_title")} onClose={onClose}>
        <Form onSend={() => void confirm()}>
          <p>{say("own.scan")}</p>
          <Qr text={offered.uri} label={say("own.qr")} />
          <p className="small soft">{say("own.by_hand")} <code className="code">{offered.secret}</code></p>
          <label className="field">
            <span>{say("own.code")}</span>
            <input className="input" required autoFocus inputMode="numeric" autoComplete="one-time-code" maxLength={8} value={code} onChange={(event) => setCode(event.target.value)} />
          </label>
          {refused ? <RefusedNote refused={refused} /> : null}
          <Foot does={say("own.confirm")} isOff={isBusy || code.trim().length < 6} onClose={onClose} />
        </Form>
      </Asking>
    );
  }
  const enrol = () => send(() => got(api.POST("/v1/session/totp:enrol", { body: { password } })), setOffered);
  return (
    <Asking title={say("own.enrol_title")} onClose={onClose}>
      <Form onSend={() => void enrol()}>
        <p>{say("own.enrol_means")}</p>
        <PasswordField value={password} onChange={setPassword} />
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("own.enrol_do")} isOff={isBusy || !password} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** A QR code as one path: dark on a white plate in both themes, for no camera reads it otherwise. */
function Qr({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} />
      <path d={path} />
    </svg>
  );
}

function Removing({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [password, setPassword] = useState("");
  const remove = () => send(() => got(api.POST("/v1/session/totp:remove", { body: { password } })), onClose);
  return (
    <Asking title={say("own.remove_title")} onClose={onClose}>
      <Form onSend={() => void remove()}>
        <p>{say("own.remove_means")}</p>
        <PasswordField value={password} onChange={setPassword} />
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("own.remove_do")} isOff={isBusy || !password} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Ending({ session, onClose }: { session: Session; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const end = () => send(() => got(api.DELETE("/v1/sessions/{session_id}", { params: { path: { session_id: session.id } } })), onClose);
  return (
    <Asking title={say("own.end_title")} onClose={onClose}>
      <Form onSend={() => void end()}>
        <p>{say("own.end_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("own.end_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}
