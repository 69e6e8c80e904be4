// Members: one field that finds, a list that sorts, filters and pages; all of it in the address.
import { api, got, type Schemas } from "@jifen/api";
import {
  Count, Day, daysLater, dayText, Empty, Icon, Link, localDay, Mark, Number, Points, RefusedNote, GoneNote, Select, Table, TableTools, Tier, useArranged, useAsked, useFrame,
  useGoing, useMay, useProgram, useQuery, useSay, useTierName, type Column, Segmented, Said,
} from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { memberNamed } from "../../palette.tsx";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type Listed = Schemas["ListedMember"];
const SORTS = ["newest", "balance", "last_purchase", "purchases", "expiring"] as const;
type Sort = (typeof SORTS)[number];
const STATUSES = ["active", "frozen", "closed"] as const;

function MembersPage() {
  const say = useSay();
  const may = useMay();
  const { book } = useFrame();
  const title = say("screen.members");
  if (!book?.program) {
    return (
      <Page title={title}>
        <Empty title={say("overview.no_programme")}>{say("overview.no_programme_how")}</Empty>
      </Page>
    );
  }
  return (
    <Page title={title}>
      <Find />
      {may("members.list") ? <List /> : <p className="soft">{say("members.find_only")}</p>}
    </Page>
  );
}

function Find() {
  const say = useSay();
  const { go } = useGoing();
  const [text, setText] = useState("");
  const [no, setNo] = useState<string | null>(null);
  const find = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (!wanted) return;
    const member = await memberNamed(wanted).catch(() => undefined);
    if (member) go(`/members/${member}`);
    else setNo(member === null ? say("members.nobody_named", { text: wanted }) : say("state.gone"));
  };
  return (
    <form className="find" onSubmit={(event) => void find(event)} role="search">
      <label className="search">
        <span className="away">{say("members.find")}</span>
        <Icon name="search" />
        <input
          className="input"
          data-search
          placeholder={say("members.find")}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setNo(null);
          }}
        />
      </label>
      {no ? (
        <p className="small soft" role="status">
          {no}
        </p>
      ) : null}
    </form>
  );
}

function List() {
  const say = useSay();
  const [query, put] = useQuery();
  const { go } = useGoing();
  const { book } = useFrame();
  const program = useProgram();
  const tierName = useTierName();
  const asked = query.get("sort") as Sort;
  const sort: Sort = SORTS.includes(asked) ? asked : "newest";
  const tier = query.get("tier");
  const status = STATUSES.find((one) => one === query.get("status")) ?? null;
  const before = query.get("before");
  const list = useAsked(`members ${sort} ${tier} ${status} ${before}`, () =>
    got(
      api.GET("/v1/members:list", {
        params: { query: { sort, ...(tier ? { tier } : {}), ...(status ? { status } : {}), ...(before ? { before } : {}), limit: 50 } },
      }),
    ),
  );
  const points = program.currencies.find((one) => one.kind === "spendable")?.code ?? "";
  const by = list.data?.expiring_by ?? daysLater(localDay(book?.now ?? "", program.time_zone), 30);
  const { language } = useFrame();
  const columns: Column<Listed>[] = [
    { id: "key", head: say("members.key"), phone: "name", cell: (one) => <Link to={`/members/${one.member_id}`} className="opens">{one.keys[0] ?? `…${one.member_id.slice(-8)}`}</Link>, text: (one) => one.member_id },
    { id: "tier", head: say("members.tier"), phone: "more", cell: (one) => <Tier code={one.tier} />, text: (one) => one.tier },
    { id: "status", head: say("members.status"), cell: (one) => <Status status={one.status} />, text: (one) => one.status },
    {
      id: "balance", head: say("members.points"), isNumber: true, sort: "balance", phone: "figure",
      cell: (one) => <Number to={`/members/${one.member_id}`}><Points units={one.balance} currency={points} /></Number>,
      text: (one) => one.balance,
    },
    {
      id: "expiring", head: say("members.expiring", { by: dayText(by, language, "short") }), isNumber: true, sort: "expiring",
      cell: (one) => (one.expiring_units ? <Number to={`/members/${one.member_id}?tab=lots`}><Points units={one.expiring_units} currency={points} /></Number> : <span className="soft">–</span>),
      text: (one) => one.expiring_units,
    },
    { id: "purchases", head: say("members.purchases"), isNumber: true, sort: "purchases", cell: (one) => <Count of={one.purchases} />, text: (one) => one.purchases },
    { id: "last", head: say("members.last"), sort: "last_purchase", phone: "aside", isNumber: true, cell: (one) => (one.last_purchase_on ? <Day on={one.last_purchase_on} /> : <span className="soft">–</span>), text: (one) => one.last_purchase_on },
    { id: "since", head: say("members.since"), isNumber: true, cell: (one) => <Day on={localDay(one.enrolled_at, program.time_zone)} />, text: (one) => localDay(one.enrolled_at, program.time_zone) },
  ];
  // The ledger sorts and pages: here only columns are left out.
  const shown = useArranged(columns, list.data?.data ?? []).columns;
  const isFiltered = tier !== null || status !== null;
  return (
    <div className="stack">
      <div className="filters">
        <Segmented
          label={say("members.tier")}
          choices={[{ id: "", label: say("members.all") }, ...program.tiers.map((one) => ({ id: one.code, label: <Tier code={one.code} /> }))]}
          current={tier ?? ""}
          onChoose={(chosen) => put({ tier: chosen, before: null })}
        />
        <Select
          label={say("members.status")}
          choices={[{ id: "", label: say("members.any_status") }, ...STATUSES.map((one) => ({ id: one, label: say(`status.${one}`) }))]}
          current={status ?? ""}
          onChoose={(chosen) => put({ status: chosen, before: null })}
        />
        <Select
          label={say("members.sort")}
          choices={SORTS.map((one) => ({ id: one, label: say(`sort.${one}`) }))}
          current={sort}
          onChoose={(chosen) => put({ sort: chosen === "newest" ? null : chosen, before: null })}
        />
        <TableTools columns={columns} rows={list.data?.data ?? []} file="members.csv" />
      </div>
      {list.isGone ? <GoneNote since={list.since} again={list.again} /> : null}
      {list.refused && !list.isGone ? (
        <RefusedNote refused={list.refused} again={list.again} />
      ) : (
        <Table
          label={say("screen.members")}
          columns={shown}
          rows={list.data?.data ?? null}
          rowKey={(one) => one.member_id}
          onOpen={(one) => go(`/members/${one.member_id}`)}
          sorted={sort}
          onSort={(chosen) => put({ sort: chosen === "newest" ? null : chosen, before: null })}
          isLoading={list.isSlow}
          empty={
            isFiltered ? (
              <Empty
                title={say("members.none_match")}
                actions={<button type="button" className="button" onClick={() => put({ tier: null, status: null, before: null })}>{say("members.clear")}</button>}
              >
                {say("members.none_match_why", { tier: tier ? tierName(tier) : say("members.all") })}
              </Empty>
            ) : (
              <Empty title={say("members.none")}>{say("members.none_how")}</Empty>
            )
          }
        />
      )}
      {list.data === null && !list.isSlow && !list.refused ? <div className="pause" /> : null}
      <div className="pager">
        <span>{list.data?.data.length ? <Said id="members.shown" n={list.data.data.length} with={{ count: <Count of={list.data.data.length} /> }} /> : null}</span>
        <span className="row">
          <span className="hide-phone">
            <kbd>j</kbd> <kbd>k</kbd> {say("keys_map.move")} <kbd>Enter</kbd> {say("keys_map.open")}
          </span>
          {before ? (
            <button type="button" className="button" onClick={() => put({ before: null }, "push")}>
              {say("do.first_page")}
            </button>
          ) : null}
          <button type="button" className="button" disabled={!list.data?.next_cursor} onClick={() => put({ before: list.data?.next_cursor ?? null }, "push")}>
            {say("do.more")}
          </button>
        </span>
      </div>
    </div>
  );
}

export function Status({ status }: { status: string }) {
  const say = useSay();
  if (status === "active") return <Mark tone="kept">{say("status.active")}</Mark>;
  if (status === "frozen") return <Mark tone="warn">{say("status.frozen")}</Mark>;
  return <Mark tone="wait">{say(status === "merged" ? "status.merged" : "status.closed")}</Mark>;
}

export const members: Screen = {
  path: "/members",
  word: "screen.members",
  Page: MembersPage,
  permission: "members.read",
  menu: { group: "group.people", icon: "members", key: "m" },
};
