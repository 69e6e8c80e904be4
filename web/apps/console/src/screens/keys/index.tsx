// Keys of the API: which there are, what each may do, when it was used; and ending one.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { Asking, Bars, type Column, Empty, Instant, Mark, RefusedNote, Said, Segmented, Shown, Table, useAsked, useMay, useQuery, useSay } from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type KeyRow = Schemas["KeyRow"];

function State({ row }: { row: KeyRow }) {
  const say = useSay();
  if (row.revoked_at) return <Mark tone="wait">{say("key.revoked")}</Mark>;
  if (row.is_expired) return <Mark tone="wait">{say("key.expired")}</Mark>;
  return <Mark tone="kept">{say("key.valid")}</Mark>;
}

function KeysPage() {
  const say = useSay();
  const may = useMay();
  const [query, put] = useQuery();
  const showsAll = query.get("all") !== null;
  const asked = useAsked("keys", () => got(api.GET("/v1/keys")));
  const [ending, setEnding] = useState<KeyRow | null>(null);
  const columns: Column<KeyRow>[] = [
    { id: "name", head: say("key.name"), phone: "name", cell: (one) => <>{one.name} {one.is_test ? <span className="small soft">{say("key.test")}</span> : null}</> },
    { id: "state", head: say("programme.state"), phone: "figure", cell: (one) => <State row={one} /> },
    { id: "roles", head: say("key.may"), phone: "more", width: "fill", cell: (one) => <span className="small" title={one.permissions.join(", ")}>{one.roles.join(", ") || one.permissions.join(", ")}</span> },
    { id: "stores", head: say("key.stores"), cell: (one) => one.stores?.join(", ") ?? <span className="soft">{say("key.all_stores")}</span> },
    { id: "limit", head: say("key.limit"), isNumber: true, cell: (one) => one.adjustment_units_max ?? <span className="soft">{say("key.no_limit")}</span> },
    { id: "used", head: say("key.used"), phone: "aside", cell: (one) => (one.last_used_at ? <Instant at={one.last_used_at} clock="machine" /> : <span className="soft">{say("key.never")}</span>) },
    { id: "ends", head: say("key.ends"), cell: (one) => (one.expires_at ? <Instant at={one.expires_at} clock="machine" /> : <span className="soft">{say("member.never")}</span>) },
    {
      id: "act", head: say("key.act"), isNumber: true,
      cell: (one) => (may("keys.manage") && !one.revoked_at ? <button type="button" className="button quiet danger" onClick={() => setEnding(one)}>{say("key.revoke")}</button> : null),
    },
  ];
  return (
    <Page title={say("screen.keys")}>
      <Shown asked={asked} loading={<Bars lines={5} />}>
        {(found) => {
          const rows = found.data.filter((one) => showsAll || (!one.revoked_at && !one.is_expired));
          return (
            <div className="stack">
              <Segmented
                label={say("key.which")}
                choices={[{ id: "valid", label: say("key.valid_only") }, { id: "all", label: say("key.everything") }]}
                current={showsAll ? "all" : "valid"}
                onChoose={(chosen) => put({ all: chosen === "all" ? "1" : null })}
              />
              <Table label={say("screen.keys")} columns={columns} rows={rows} rowKey={(one) => one.key_id} empty={<Empty title={say("key.none")}>{say("key.none_how")}</Empty>} />
              <p className="small soft">{say("key.make")} <code>jifen key create --name till-7 --role till</code></p>
            </div>
          );
        }}
      </Shown>
      {ending ? <Ending row={ending} onClose={() => setEnding(null)} onDone={() => { setEnding(null); asked.again(); }} /> : null}
    </Page>
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
