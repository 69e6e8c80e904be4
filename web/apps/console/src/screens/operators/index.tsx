// Operators: who signs in, and what each may do. An invitation's link is shown this once.
import { api, got, type Schemas } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Instant, Mark, RefusedNote, Said, Section, Segmented, Shown, Table, TableTools, type Tone, useArranged, useAsked, useFrame, useMay,
  useQuery, useSay,
} from "@jifen/ui";
import { useState } from "react";
import { isWork } from "../../said.ts";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { PasskeysOf } from "./passkeys.tsx";
import { Foot, Form, ToCopy, useWrite } from "../../write.tsx";
import { emptyMay, type May, MayFields, mayOf, toSend } from "./may.tsx";
import { WhatRolesMay } from "./roles.tsx";

type Operator = Schemas["OperatorAnswer"];
type Invited = Schemas["InvitedAnswer"];
const TONES: Record<Operator["state"], Tone> = { active: "kept", invited: "run", waiting: "warn", disabled: "wait" };
type Way = "change" | "reset" | "passkeys" | "end" | "disable" | "enable";

function OperatorsPage() {
  const say = useSay();
  const may = useMay();
  const [query, put] = useQuery();
  const [inviting, setInviting] = useState(false);
  const [acting, setActing] = useState<{ way: Way; one: Operator } | null>(null);
  const asked = useAsked("operators", () => got(api.GET("/v1/operators")));
  const close = () => {
    setInviting(false);
    setActing(null);
    asked.again();
  };
  const roles = useRolesSaid();
  const showsAll = query.get("all") !== null;
  const rows = (asked.data?.data ?? []).filter((one) => showsAll || one.state !== "disabled");
  const columns: Column<Operator>[] = [
    { id: "name", head: say("operator.name"), phone: "name", cell: (one) => <><b>{one.name}</b> <span className="small soft">{one.login}</span></>, order: (one) => one.name, text: (one) => one.name },
    { id: "state", head: say("question.state"), phone: "figure", cell: (one) => <Mark tone={TONES[one.state]}>{say(`operator.${one.state}`)}</Mark>, order: (one) => one.state, text: (one) => one.state },
    { id: "roles", head: say("operator.roles"), phone: "more", width: "fill", cell: (one) => roles(one), order: (one) => roles(one), text: (one) => roles(one) },
    { id: "stores", head: say("key.stores"), cell: (one) => one.stores?.join(", ") ?? <span className="soft">{say("key.all_stores")}</span>, text: (one) => one.stores?.join(" ") ?? "" },
    { id: "limit", head: say("key.limit"), isNumber: true, cell: (one) => (one.adjustment_units_max === null ? <span className="soft">{say("key.no_limit")}</span> : <Count of={one.adjustment_units_max} />), text: (one) => one.adjustment_units_max },
    {
      id: "factor", head: say("operator.factor"),
      cell: (one) => (one.has_second_factor ? <Mark tone="kept">{say("operator.factor_on")}</Mark> : <Mark tone="warn">{say("operator.factor_off")}</Mark>),
      text: (one) => say(one.has_second_factor ? "operator.factor_on" : "operator.factor_off"),
    },
    { id: "seen", head: say("operator.seen"), phone: "aside", cell: (one) => (one.last_used_at ? <Instant at={one.last_used_at} clock="machine" /> : <span className="soft">{say("key.never")}</span>), order: (one) => one.last_used_at ?? "", text: (one) => one.last_used_at },
    ...(may("operators.manage") ? [{ id: "act", head: say("key.act"), isNumber: true, phone: "more" as const, cell: (one: Operator) => <Acts one={one} onAct={(way) => setActing({ way, one })} /> }] : []),
  ];
  const arranged = useArranged(columns, rows);
  return (
    <Page
      title={say("screen.operators")}
      actions={may("operators.manage") ? <button type="button" className="button primary" onClick={() => setInviting(true)}>{say("operator.invite")}</button> : null}
    >
      <div className="stack">
        <div className="filters">
          <Segmented
            label={say("operator.which")}
            choices={[{ id: "", label: say("operator.at_work") }, { id: "1", label: say("key.everything") }]}
            current={showsAll ? "1" : ""}
            onChoose={(all) => put({ all })}
          />
          <TableTools columns={columns} rows={arranged.rows} file="operators.csv" />
        </div>
        <Shown asked={asked} loading={<Bars lines={5} />}>
          {() => <Table label={say("screen.operators")} {...arranged} rowKey={(one) => one.id} empty={<Empty title={say("operator.none")}>{say("operator.none_why")}</Empty>} />}
        </Shown>
      </div>
      <Section title={say("operator.what_roles")} aside={say("operator.what_roles_note")}>
        <WhatRolesMay />
      </Section>
      {inviting ? <Inviting onClose={close} /> : null}
      {acting?.way === "change" ? <Changing one={acting.one} onClose={close} /> : null}
      {acting?.way === "reset" ? <Resetting one={acting.one} onClose={close} /> : null}
      {acting?.way === "passkeys" ? <PasskeysOf one={acting.one} onClose={close} /> : null}
      {acting && acting.way !== "change" && acting.way !== "reset" && acting.way !== "passkeys" ? <Doing way={acting.way} one={acting.one} onClose={close} /> : null}
    </Page>
  );
}

function useRolesSaid(): (one: Operator) => string {
  const say = useSay();
  return (one) => {
    const said = one.roles.map((role) => (isWork(role) ? say(`role.${role}`) : role));
    if (one.own_permissions.length > 0) said.push(say("operator.and_single", { count: one.own_permissions.length }, one.own_permissions.length));
    return said.join(say("list.between"));
  };
}

function Acts({ one, onAct }: { one: Operator; onAct: (way: Way) => void }) {
  const say = useSay();
  const ways: Way[] = one.state === "disabled" ? ["enable"] : ["change", "reset", ...(one.passkeys > 0 ? (["passkeys"] as const) : []), "end", "disable"];
  return (
    <span className="row acts-row">
      {ways.map((way) => (
        <button key={way} type="button" className={way === "disable" ? "button quiet danger" : "button quiet"} onClick={() => onAct(way)}>
          {say(`operator.${way}`)}<span className="away"> {one.name}</span>
        </button>
      ))}
    </span>
  );
}

function Inviting({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const { refused, isBusy, send } = useWrite();
  const [name, setName] = useState("");
  const [may, setMay] = useState<May>(emptyMay());
  const [invited, setInvited] = useState<Invited | null>(null);
  if (invited) return <Link invited={invited} onClose={onClose} />;
  const invite = () => send(() => got(api.POST("/v1/operators:invite", { body: { name: name.trim(), language, ...toSend(may) } })), setInvited);
  return (
    <Asking title={say("operator.invite_title")} onClose={onClose}>
      <Form onSend={() => void invite()}>
        <label className="field">
          <span>{say("operator.name")}</span>
          <input className="input" required autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <MayFields may={may} onChange={setMay} />
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("operator.invite_do")} isOff={isBusy || name.trim() === "" || may.roles.length + may.permissions.length === 0} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** The link, which nobody sees again. It stands behind #, so that no server's log has it. */
function Link({ invited, onClose }: { invited: Invited; onClose: () => void }) {
  const say = useSay();
  return (
    <Asking title={say("operator.link_title", { name: invited.operator.name })} onClose={onClose}>
      <p><Said id="operator.link_means" with={{ at: <Instant at={invited.expires_at} clock="machine" style="sentence" /> }} /></p>
      <ToCopy label={say("operator.link")} text={new URL(invited.path, location.origin).href} />
      <div className="row"><button type="button" className="button primary" onClick={onClose}>{say("do.close")}</button></div>
    </Asking>
  );
}

function Changing({ one, onClose }: { one: Operator; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [may, setMay] = useState<May>(mayOf(one));
  const change = () => send(() => got(api.PUT("/v1/operators/{operator_id}/roles", { params: { path: { operator_id: one.id } }, body: toSend(may) })), onClose);
  return (
    <Asking title={say("operator.change_title", { name: one.name })} onClose={onClose}>
      <Form onSend={() => void change()}>
        <MayFields may={may} onChange={setMay} />
        <p className="small soft">{say("operator.change_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("operator.change_do")} isOff={isBusy || may.roles.length + may.permissions.length === 0} onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Resetting({ one, onClose }: { one: Operator; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const [removes, setRemoves] = useState(false);
  const [invited, setInvited] = useState<Invited | null>(null);
  if (invited) return <Link invited={invited} onClose={onClose} />;
  const reset = () =>
    send(() => got(api.POST("/v1/operators/{operator_id}:reset_password", { params: { path: { operator_id: one.id } }, body: { removes_second_factor: removes } })), setInvited);
  return (
    <Asking title={say("operator.reset_title", { name: one.name })} onClose={onClose}>
      <Form onSend={() => void reset()}>
        <p>{say("operator.reset_means")}</p>
        {one.has_second_factor ? (
          <label className="row">
            <input type="checkbox" checked={removes} onChange={(event) => setRemoves(event.target.checked)} />
            {say("operator.reset_factor")}
          </label>
        ) : null}
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("operator.reset_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

function Doing({ way, one, onClose }: { way: "end" | "disable" | "enable"; one: Operator; onClose: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const params = { path: { operator_id: one.id } };
  const act = () =>
    send<unknown>(
      () =>
        way === "end"
          ? got(api.POST("/v1/operators/{operator_id}:end_sessions", { params }))
          : way === "disable"
            ? got(api.POST("/v1/operators/{operator_id}:disable", { params }))
            : got(api.POST("/v1/operators/{operator_id}:enable", { params })),
      onClose,
    );
  return (
    <Asking title={say(`operator.${way}_title`, { name: one.name })} onClose={onClose}>
      <Form onSend={() => void act()}>
        <p>{say(`operator.${way}_means`)}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(`operator.${way}_do`)} isOff={isBusy} isDanger={way === "disable"} onClose={onClose} />
      </Form>
    </Asking>
  );
}

export const operators: Screen = {
  path: "/operators",
  word: "screen.operators",
  Page: OperatorsPage,
  permission: "operators.read",
  menu: { group: "group.system", icon: "operator", key: "u" },
};
