// The audit: who did what, about whom, when and why. It is written once; reading personal data is an act like any other.
import { api, fetchFile, got, type Schemas } from "@jifen/api";
import { type Column, Empty, Icon, Instant, Link, Select, Shown, Table, useAsked, useFrame, useMay, useQuery, useSay } from "@jifen/ui";
import { type FormEvent, useState } from "react";
import { useChoices } from "../../said.ts";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { memberNamed } from "../../palette.tsx";

type Act = Schemas["AuditAnswer"];
type Deed = Schemas["Deed"];

/** The moment at which a day begins in this browser's zone, as the list shows moments. */
function begins(day: string, later: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return new Date(year, month - 1, date + later).toISOString();
}

interface Filter {
  about?: string;
  principal?: string;
  deed?: Deed;
  since?: string;
  until?: string;
}

function useFilter(): Filter {
  const [query] = useQuery();
  const isDay = (text: string | null): text is string => text !== null && /^\d{4}-\d\d-\d\d$/.test(text);
  const [about, principal, deed, from, to] = ["about", "who", "deed", "from", "to"].map((name) => query.get(name));
  return {
    ...(about ? { about } : {}),
    ...(principal ? { principal } : {}),
    ...(deed ? { deed: deed as Deed } : {}),
    ...(isDay(from ?? null) ? { since: begins(from as string, 0) } : {}),
    ...(isDay(to ?? null) ? { until: begins(to as string, 1) } : {}),
  };
}

function AuditPage() {
  const say = useSay();
  const { language } = useFrame();
  const [query, put] = useQuery();
  const filter = useFilter();
  const before = query.get("before");
  const asked = useAsked(`audit ${JSON.stringify(filter)} ${before} ${language}`, () =>
    got(api.GET("/v1/audit", { params: { query: { ...filter, language, ...(before ? { before } : {}) } } })),
  );
  const columns: Column<Act>[] = [
    { id: "when", head: say("statement.when"), phone: "aside", cell: (one) => <Instant at={one.happened_at} clock="machine" /> },
    {
      id: "who", head: say("audit.who"), phone: "more",
      cell: (one) => <Link to={`/audit?who=${encodeURIComponent(one.principal)}`} className="opens">{one.principal}</Link>,
    },
    { id: "what", head: say("audit.what"), phone: "name", width: "fill", cell: (one) => one.sentence.charAt(0).toUpperCase() + one.sentence.slice(1) },
    { id: "about", head: say("audit.about"), cell: (one) => <Abouts of={one.about} /> },
    { id: "from", head: say("audit.from"), cell: (one) => (one.came_from ? <span className="num">{one.came_from}</span> : <span className="soft">{say(`audit.kind_${one.principal_kind}` as "audit.kind_local")}</span>) },
  ];
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page title={say("screen.audit")} actions={<Exporting filter={filter} />}>
      <Filters />
      <p className="small soft">{say("audit.sealed")} <code>jifen audit verify</code></p>
      <Shown asked={asked}>
        {(found) => (
          <>
            <Table
              label={say("screen.audit")}
              columns={columns}
              rows={found.data}
              rowKey={(one) => one.audit_id}
              empty={
                isFiltered ? (
                  <Empty title={say("audit.none_match")} actions={<Link to="/audit">{say("members.clear")}</Link>} />
                ) : (
                  <Empty title={say("audit.none")}>{say("audit.none_why")}</Empty>
                )
              }
            />
            <div className="pager">
              <span>{before ? <button type="button" className="button" onClick={() => put({ before: null }, "push")}>{say("do.newest")}</button> : null}</span>
              <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.older")}</button>
            </div>
          </>
        )}
      </Shown>
    </Page>
  );
}

/** What an act was about: a member opens; of anything else the acts about it. */
function Abouts({ of }: { of: string[] }) {
  const may = useMay();
  return (
    <>
      {of.slice(0, 2).map((id) => (
        <span key={id}>
          <Link to={id.startsWith("mbr_") && may("members.read") ? `/members/${id}` : `/audit?about=${id}`} className="opens">
            {id.length > 16 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id}
          </Link>{" "}
        </span>
      ))}
      {of.length > 2 ? `+${of.length - 2}` : null}
    </>
  );
}

function Filters() {
  const say = useSay();
  const choices = useChoices();
  const [query, put] = useQuery();
  const [about, setAbout] = useState(query.get("about") ?? "");
  const [who, setWho] = useState(query.get("who") ?? "");
  const [no, setNo] = useState<string | null>(null);
  const look = async (event: FormEvent) => {
    event.preventDefault();
    const text = about.trim();
    const isId = /^[a-z]{3}_[0-9a-f]{1,32}$/.test(text);
    const id = text === "" || isId ? text : await memberNamed(text).catch(() => null);
    setNo(id === null ? say("members.nobody_named", { text }) : null);
    if (id !== null) put({ about: id, who: who.trim(), before: null });
  };
  return (
    <form className="filters" role="search" onSubmit={(event) => void look(event)}>
      <label className="field">
        <span className="small">{say("audit.about")}</span>
        <input className="input" data-search placeholder={say("audit.about_hint")} value={about} onChange={(event) => { setAbout(event.target.value); setNo(null); }} />
      </label>
      <label className="field">
        <span className="small">{say("audit.who")}</span>
        <input className="input" placeholder={say("audit.who_hint")} value={who} onChange={(event) => setWho(event.target.value)} />
      </label>
      <label className="field">
        <span className="small">{say("audit.from_day")}</span>
        <input className="input" type="date" value={query.get("from") ?? ""} onChange={(event) => put({ from: event.target.value, before: null })} />
      </label>
      <label className="field">
        <span className="small">{say("audit.to_day")}</span>
        <input className="input" type="date" value={query.get("to") ?? ""} onChange={(event) => put({ to: event.target.value, before: null })} />
      </label>
      <Select label={say("audit.what")} choices={[{ id: "", label: say("audit.any_deed") }, ...choices("deeds")]} current={query.get("deed") ?? ""} onChoose={(deed) => put({ deed, before: null })} />
      <button type="submit" className="button"><Icon name="search" /> {say("audit.look")}</button>
      {no ? <p className="small soft" role="status">{no}</p> : null}
    </form>
  );
}

/** Every act that the filters let through, as a file that the server writes: however many there are. */
function Exporting({ filter }: { filter: Filter }) {
  const say = useSay();
  const { language } = useFrame();
  const [told, setTold] = useState<"" | "audit.exporting" | "state.failed">("");
  const run = async () => {
    setTold("audit.exporting");
    try {
      await fetchFile(`/v1/audit/file?${new URLSearchParams({ ...filter, language }).toString()}`, "audit.csv");
      setTold("");
    } catch {
      setTold("state.failed");
    }
  };
  return (
    <>
      <span role="status" className="small soft hide-phone">{told ? say(told) : null}</span>
      <button type="button" className="button" disabled={told === "audit.exporting"} onClick={() => void run()}>{say("table.csv")}</button>
    </>
  );
}

export const audit: Screen = {
  path: "/audit",
  word: "screen.audit",
  Page: AuditPage,
  permission: "audit.read",
  menu: { group: "group.system", icon: "eye", key: "a" },
};
