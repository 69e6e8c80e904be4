// Keys of the API: which there are, what each may do, when it was used; making one, giving it another secret or end, ending it.
import { api, got, Refused, type Schemas } from "@jifen/api";
import {
  Asking, Bars, type Column, Count, Empty, Instant, Mark, RefusedNote, Said, Segmented, Shown, Table, TableTools, useArranged, useAsked, useMay, useQuery, useSay,
} from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Making, Renewing, Rotating } from "./making.tsx";

export type KeyRow = Schemas["KeyRow"];

function State({ row }: { row: KeyRow }) {
  const say = useSay();
  if (row.revoked_at) return <Mark tone="wait">{say("key.revoked")}</Mark>;
  if (row.is_expired) return <Mark tone="wait">{say("key.expired")}</Mark>;
  return <Mark tone="kept">{say("key.valid")}</Mark>;
}

type Way = "rotate" | "renew" | "revoke";

function KeysPage() {
  const say = useSay();
  const may = useMay();
  const [query, put] = useQuery();
  const showsAll = query.get("all") !== null;
  const asked = useAsked("keys", () => got(api.GET("/v1/keys")));
  const [acting, setActing] = useState<{ way: Way; row: KeyRow } | null>(null);
  const [isMaking, setMaking] = useState(false);
  const close = () => {
    setActing(null);
    setMaking(false);
    asked.again();
  };
  const manages = may("keys.manage");
  const columns: Column<KeyRow>[] = [
    { id: "name", head: say("key.name"), phone: "name", cell: (one) => <><b>{one.name}</b> {one.is_test ? <span className="small soft">{say("key.test")}</span> : null}</>, order: (one) => one.name, text: (one) => one.name },
    { id: "state", head: say("programme.state"), phone: "figure", cell: (one) => <State row={one} />, order: (one) => (one.revoked_at ? 2 : one.is_expired ? 1 : 0), text: (one) => say(one.revoked_at ? "key.revoked" : one.is_expired ? "key.expired" : "key.valid") },
    { id: "roles", head: say("key.may"), phone: "more", width: "fill", cell: (one) => <span className="small" title={one.permissions.join(", ")}>{one.roles.join(", ") || one.permissions.join(", ")}</span>, order: (one) => one.roles.join(", "), text: (one) => one.permissions.join(" ") },
    { id: "stores", head: say("key.stores"), cell: (one) => one.stores?.join(", ") ?? <span className="soft">{say("key.all_stores")}</span>, order: (one) => one.stores?.join(" ") ?? "", text: (one) => one.stores?.join(" ") ?? "" },
    { id: "limit", head: say("key.limit"), isNumber: true, cell: (one) => (one.adjustment_units_max === null ? <span className="soft">{say("key.no_limit")}</span> : <Count of={one.adjustment_units_max} />), order: (one) => one.adjustment_units_max ?? Infinity, text: (one) => one.adjustment_units_max },
    { id: "made", head: say("key.made"), cell: (one) => <Instant at={one.created_at} clock="machine" />, order: (one) => one.created_at, text: (one) => one.created_at },
    { id: "used", head: say("key.used"), phone: "aside", cell: (one) => (one.last_used_at ? <Instant at={one.last_used_at} clock="machine" /> : <span className="soft">{say("key.never")}</span>), order: (one) => one.last_used_at ?? "", text: (one) => one.last_used_at },
    { id: "ends", head: say("key.ends"), cell: (one) => (one.expires_at ? <Instant at={one.expires_at} clock="machine" /> : <span className="soft">{say("member.never")}</span>), order: (one) => one.expires_at ?? "9", text: (one) => one.expires_at },
    ...(manages ? [{ id: "act", head: say("key.act"), isNumber: true, phone: "more" as const, cell: (one: KeyRow) => <Acts row={one} onAct={(way) => setActing({ way, row: one })} /> }] : []),
  ];
  const rows = (asked.data?.data ?? []).filter((one) => showsAll || (!one.revoked_at && !one.is_expired));
  const arranged = useArranged(columns, rows);
  const begin = manages ? <button type="button" className="button primary" onClick={() => setMaking(true)}>{say("key.new")}</button> : null;
  return (
    <Page title={say("screen.keys")} actions={begin}>
      <div className="stack">
        <div className="filters">
          <Segmented
            label={say("key.which")}
            choices={[{ id: "valid", label: say("key.valid_only") }, { id: "all", label: say("key.everything") }]}
            current={showsAll ? "all" : "valid"}
            onChoose={(chosen) => put({ all: chosen === "all" ? "1" : null })}
          />
          <TableTools columns={columns} rows={arranged.rows} file="keys.csv" />
        </div>
        <Shown asked={asked} loading={<Bars lines={5} columns={6} />}>
          {() => <Table label={say("screen.keys")} {...arranged} rowKey={(one) => one.key_id} empty={<Empty title={say("key.none")} actions={begin}>{say("key.none_how")}</Empty>} />}
        </Shown>
        <p className="small soft">{say("key.hash_only")}</p>
      </div>
      {isMaking ? <Making onClose={close} /> : null}
      {acting?.way === "rotate" ? <Rotating row={acting.row} onClose={close} /> : null}
      {acting?.way === "renew" ? <Renewing row={acting.row} onClose={close} /> : null}
      {acting?.way === "revoke" ? <Ending row={acting.row} onClose={close} onDone={close} /> : null}
    </Page>
  );
}

function Acts({ row, onAct }: { row: KeyRow; onAct: (way: Way) => void }) {
  const say = useSay();
  if (row.revoked_at) return null;
  const ways: Way[] = row.is_expired ? ["renew", "revoke"] : ["rotate", "renew", "revoke"];
  return (
    <span className="row acts-row">
      {ways.map((way) => (
        <button key={way} type="button" className={way === "revoke" ? "button quiet danger" : "button quiet"} onClick={() => onAct(way)}>
          {say(`key.${way}`)}<span className="away"> {row.name}</span>
        </button>
      ))}
    </span>
  );
}

function Ending({ row, onClose, onDone }: { row: KeyRow; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const [key] = useState(() => crypto.randomUUID());
  const [refused, setRefused] = useState<Refused | null>(null);
  const end = async () => {
    try {
      await got(api.POST("/v1/keys/{key_id}:revoke", { params: { path: { key_id: row.key_id }, header: { "Idempotency-Key": key } } }));
      onDone();
    } catch (failure) {
      if (failure instanceof Refused) setRefused(failure);
      else throw failure;
    }
  };
  return (
    <Asking title={say("key.revoke_title", { name: row.name })} onClose={onClose}>
      <p>{say("key.revoke_means")}</p>
      {row.last_used_at ? <p className="soft"><Said id="key.revoke_used" with={{ at: <Instant at={row.last_used_at} clock="machine" style="sentence" /> }} /></p> : null}
      {refused ? <RefusedNote refused={refused} /> : null}
      <div className="row">
        <button type="button" className="button danger" onClick={() => void end()}>{say("key.revoke_do")}</button>
        <button type="button" className="button quiet" onClick={onClose}>{say("do.not")}</button>
      </div>
    </Asking>
  );
}

export const keys: Screen = {
  path: "/keys",
  word: "screen.keys",
  Page: KeysPage,
  permission: "keys.read",
  menu: { group: "group.system", icon: "key", key: "k" },
};
