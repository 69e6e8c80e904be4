// Making a key, and giving it another secret or another end. A secret is shown this once.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Instant, RefusedNote, Said, Segmented, useSay } from "@jifen/ui";
import { useState } from "react";
import { ROLES } from "../../said.ts";
import { Foot, Form, ToCopy, useWrite } from "../../write.tsx";
import { emptyMay, type May, MayFields, toSend } from "../operators/may.tsx";
import type { KeyRow } from "./index.tsx";

type Made = Schemas["KeyMade"];
/** By what a key sits in; after them those of people. */
const MACHINES = ["till", "members", "console", "integration"];
const OF_KEYS = [...MACHINES, ...Object.keys(ROLES).filter((role) => !MACHINES.includes(role))];
const HOURS = ["0", "1", "24", "168"] as const;

export function Making({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [name, setName] = useState("");
  const [may, setMay] = useState<May>(emptyMay());
  const [isTest, setTest] = useState(false);
  const [endsOn, setEndsOn] = useState("");
  const [rate, setRate] = useState("");
  const [needsCode, setNeedsCode] = useState<boolean | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  if (made) return <Secret made={made} onClose={onClose} />;
  const spends = may.roles.some((role) => ROLES[role]?.permissions.includes("reservations.commit")) || may.permissions.includes("reservations.commit");
  const make = () =>
    send(
      (key) =>
        got(
          api.POST("/v1/keys", {
            params: { header: { "Idempotency-Key": key } },
            body: {
              name: name.trim(), ...toSend(may), is_test: isTest, ...(endsOn ? { expires_on: endsOn } : {}), ...(/^\d{1,9}$/.test(rate) ? { requests_per_minute: parseInt(rate, 10) } : {}),
              ...(needsCode === null ? {} : { needs_code: needsCode }),
            },
          }),
        ),
      setMade,
    );
  return (
    <Asking title={say("key.new_title")} onClose={onClose}>
      <Form onSend={() => void make()}>
        <label className="field">
          <span>{say("key.name")}</span>
          <input className="input" required autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
          <small className="soft">{say("key.name_means")}</small>
        </label>
        <Segmented
          label={say("key.kind")}
          choices={[{ id: "live", label: say("key.live") }, { id: "test", label: say("key.is_test") }]}
          current={isTest ? "test" : "live"}
          onChoose={(chosen) => setTest(chosen === "test")}
        />
        <MayFields may={may} onChange={setMay} roles={OF_KEYS} showsSingle />
        {spends ? (
          <label className="row">
            <input type="checkbox" checked={needsCode ?? may.roles.includes("till")} onChange={(event) => setNeedsCode(event.target.checked)} />
            <span>{say("key.needs_code")}</span>
          </label>
        ) : null}
        <div className="fields">
          <EndField value={endsOn} onChange={setEndsOn} />
          <label className="field">
            <span>{say("key.rate")}</span>
            <input className="input" inputMode="numeric" pattern="\d{0,9}" value={rate} onChange={(event) => setRate(event.target.value)} />
            <small className="soft">{say("key.rate_means")}</small>
          </label>
        </div>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("key.make_do")} isOff={isBusy || name.trim() === "" || may.roles.length + may.permissions.length === 0} onClose={onClose} />
      </Form>
    </Asking>
  );
}

function EndField({ value, onChange }: { value: string; onChange: (day: string) => void }) {
  const say = useSay();
  return (
    <label className="field">
      <span>{say("key.ends")}</span>
      <input className="input" type="date" max="8999-12-31" value={value} onChange={(event) => onChange(event.target.value)} />
      <small className="soft">{say("key.ends_means")}</small>
    </label>
  );
}

/** The secret, which nobody sees again. */
function Secret({ made, onClose }: { made: Made; onClose: () => void }) {
  const say = useSay();
  return (
    <Asking title={say("key.secret_title", { name: made.key.name })} onClose={onClose}>
      {made.token ? (
        <>
          <p>{say("key.secret_means")}</p>
          <ToCopy label={say("key.secret")} text={made.token} />
        </>
      ) : (
        <p>{say("key.secret_gone")}</p>
      )}
      {made.key.old_secret_until ? <p className="soft"><Said id="key.old_until" with={{ at: <Instant at={made.key.old_secret_until} clock="machine" style="sentence" /> }} /></p> : null}
      <div className="row"><button type="button" className="button primary" onClick={onClose}>{say("do.close")}</button></div>
    </Asking>
  );
}

export function Rotating({ row, onClose }: { row: KeyRow; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [hours, setHours] = useState<string>("24");
  const [made, setMade] = useState<Made | null>(null);
  if (made) return <Secret made={made} onClose={onClose} />;
  const rotate = () =>
    send(
      (key) => got(api.POST("/v1/keys/{key_id}:rotate", { params: { path: { key_id: row.key_id }, header: { "Idempotency-Key": key } }, body: { overlap_hours: parseInt(hours, 10) } })),
      setMade,
    );
  return (
    <Asking title={say("key.rotate_title", { name: row.name })} onClose={onClose}>
      <Form onSend={() => void rotate()}>
        <p>{say("key.rotate_means")}</p>
        <div className="field">
          <span>{say("key.overlap")}</span>
          <Segmented label={say("key.overlap")} choices={HOURS.map((id) => ({ id, label: say(`key.hours_${id}`) }))} current={hours} onChoose={setHours} />
        </div>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("key.rotate_do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export function Renewing({ row, onClose }: { row: KeyRow; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [endsOn, setEndsOn] = useState("");
  const renew = () =>
    send(
      (key) => got(api.POST("/v1/keys/{key_id}:renew", { params: { path: { key_id: row.key_id }, header: { "Idempotency-Key": key } }, body: { expires_on: endsOn || null } })),
      onClose,
    );
  return (
    <Asking title={say("key.renew_title", { name: row.name })} onClose={onClose}>
      <Form onSend={() => void renew()}>
        <EndField value={endsOn} onChange={setEndsOn} />
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("key.renew_do")} isOff={isBusy} onClose={onClose} />
      </Form>
    </Asking>
  );
}
