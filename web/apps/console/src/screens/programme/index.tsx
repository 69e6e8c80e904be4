// The programme: rules in force as sentences, the document as text, revisions, and the designer, which is loaded when it is opened.
import { api, got, type Schemas } from "@jifen/api";
import {
  Bars, type Column, Empty, Instant, Mark, Money, nameIn, Number, Said, Section, Shown, Table, Tabs, Tier, useAsked, useFrame, useGoing, useMay, useProgram,
  useQuery, useSay,
} from "@jifen/ui";
import { lazy, Suspense } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { Stores, Switch, useSwitches } from "./switches.tsx";

type Revision = Schemas["RevisionAnswer"];
// After an upgrade an open page asks for a part that is there no more.
const Designer = lazy(() => import("./designer/index.tsx").catch(() => ({ default: Renewed })));
const TABS = ["rules", "document", "revisions", "draft"] as const;

function ProgrammePage() {
  const say = useSay();
  const may = useMay();
  const { book } = useFrame();
  const [query] = useQuery();
  const tab = TABS.find((one) => one === query.get("tab")) ?? "rules";
  const title = say("screen.programme");
  const shown = TABS.filter((one) => one !== "draft" || may("program.plan"));
  return (
    <Page title={title}>
      {!book?.program && tab !== "draft" ? (
        <Empty title={say("overview.no_programme")}>{say("overview.no_programme_how")}</Empty>
      ) : (
        <>
          <Tabs
            label={title}
            current={tab}
            tabs={shown.map((one) => ({ id: one, label: say(`programme.tab_${one}`), to: `/programme${one === "rules" ? "" : `?tab=${one}`}` }))}
          />
          {tab === "rules" ? <Rules /> : null}
          {tab === "document" ? <Text /> : null}
          {tab === "revisions" ? <Revisions /> : null}
          {tab === "draft" ? (
            <Suspense fallback={<Bars lines={8} columns={2} />}>
              <Designer />
            </Suspense>
          ) : null}
        </>
      )}
    </Page>
  );
}

function Renewed() {
  const say = useSay();
  return (
    <Empty title={say("programme.renewed")} actions={<button type="button" className="button primary" onClick={() => location.reload()}>{say("programme.load_again")}</button>}>
      {say("programme.renewed_why")}
    </Empty>
  );
}

function useProgramme() {
  return useAsked("program", () => got(api.GET("/v1/program")));
}

function Rules() {
  const say = useSay();
  const { language } = useFrame();
  const program = useProgram();
  const [query] = useQuery();
  const current = useProgramme();
  const switches = useSwitches();
  const asked = parseInt(query.get("revision") ?? "", 10) || (current.data?.in_force ?? current.data?.newest)?.number || null;
  const rules = useAsked(asked === null ? null : `rules ${asked} ${language}`, () =>
    got(api.GET("/v1/program/revisions/{number}/rules", { params: { path: { number: asked ?? 1 }, query: { language } } })),
  );
  return (
    <Shown asked={rules} loading={<Bars lines={8} columns={2} />}>
      {(found) => (
        <div className="split">
          <div className="stack stack-wide">
            <p className="verdict">
              <Said
                id={current.data?.in_force?.number === found.revision ? "programme.in_force" : "programme.of_revision"}
                n={found.data.length}
                with={{ revision: <b>{found.revision}</b>, count: found.data.length, at: <Instant at={found.effective_at} style="sentence" /> }}
              />
            </p>
            {program.currencies.map((currency) => {
              const mine = found.data.filter((one) => one.currency === currency.code);
              return mine.length === 0 ? null : (
                <Section key={currency.code} title={say("programme.gives", { name: nameIn(currency.names, language) })} aside={say("programme.rules", { n: mine.length }, mine.length)}>
                  <ul className="rule-list">
                    {mine.map((one) => (
                      <li key={one.rule}>
                        <div className="row">
                          <h3>{nameIn(one.names, language)}</h3>
                          <code className="code">{one.rule}</code>
                          <Switch thing={{ kind: "rule", code: one.rule, name: nameIn(one.names, language) || one.rule }} switches={switches} />
                        </div>
                        <p>{one.sentence}</p>
                      </li>
                    ))}
                  </ul>
                </Section>
              );
            })}
            {found.exchanges.length === 0 ? null : (
              <Section title={say("programme.exchanges")}>
                <ul className="rule-list">
                  {found.exchanges.map((one) => (
                    <li key={one.exchange}>
                      <div className="row">
                        <h3>{nameIn(one.names, language)}</h3>
                        <code className="code">{one.exchange}</code>
                      </div>
                      <p>{one.sentence}</p>
                    </li>
                  ))}
                </ul>
              </Section>
            )}
            {found.offers.length === 0 ? null : (
              <Section title={say("programme.offers")}>
                <ul className="rule-list">
                  {found.offers.map((one) => (
                    <li key={one.offer}>
                      <div className="row">
                        <h3>{nameIn(one.names, language)}</h3>
                        <code className="code">{one.offer}</code>
                      </div>
                      <p>{one.sentence}</p>
                    </li>
                  ))}
                </ul>
              </Section>
            )}
            {found.data.length === 0 ? <Empty title={say("programme.no_rules")}>{say("programme.no_rules_why")}</Empty> : null}
          </div>
          <div className="stack stack-wide">
            <Section title={say("programme.tiers")}>
              <ul className="path">
                {program.tiers.map((one) => (
                  <li key={one.code}>
                    <Tier code={one.code} />
                    <span className="soft small">{one.reach === 0 ? say("tier.at_first") : null}</span>
                    <ReachOf reach={one.reach} document={current.data?.newest.document} />
                  </li>
                ))}
              </ul>
            </Section>
            <Stores switches={switches} />
            <Section title={say("programme.currencies")}>
              <dl className="facts">
                {program.currencies.map((one) => (
                  <div className="keymap-line" key={one.code}>
                    <dt>{nameIn(one.names, language)}</dt>
                    <dd>
                      {one.worth_minor === null ? say("member.no_worth") : <Said id="programme.worth" with={{ units: one.worth_units ?? 1, money: <Money minor={one.worth_minor} /> }} />}
                    </dd>
                  </div>
                ))}
                <dt>{say("programme.zone")}</dt>
                <dd>{program.time_zone}</dd>
                <dt>{say("programme.stores")}</dt>
                <dd>{program.any_store ? say("programme.any_store") : program.stores}</dd>
              </dl>
            </Section>
          </div>
        </div>
      )}
    </Shown>
  );
}

/** What a tier asks for; whether that is money the document says (tiers.by). */
function ReachOf({ reach, document }: { reach: number; document: Record<string, unknown> | undefined }) {
  if (reach === 0 || document === undefined) return null;
  const by = (document["tiers"] as { by?: unknown } | undefined)?.by ?? "spend";
  return by === "spend" ? <Money minor={reach} whole /> : <span className="num">{reach}</span>;
}

function Text() {
  const say = useSay();
  const current = useProgramme();
  return (
    <Shown asked={current}>
      {(found) => (
        <Section title={say("programme.document_of", { revision: found.newest.number })} aside={<span className="code">{found.newest.document_hash.slice(0, 16)}</span>}>
          <pre className="text" tabIndex={0} role="region" aria-label={say("programme.tab_document")}>{JSON.stringify(found.newest.document, null, 2)}</pre>
        </Section>
      )}
    </Shown>
  );
}

function Revisions() {
  const say = useSay();
  const { go } = useGoing();
  const [query] = useQuery();
  const asked = useAsked("revisions", () => got(api.GET("/v1/program/revisions", { params: { query: { limit: 200 } } })));
  const { book } = useFrame();
  const columns: Column<Revision>[] = [
    { id: "number", head: say("drill.revision"), phone: "name", cell: (one) => <Number to={`/programme?revision=${one.number}`}>{one.number}</Number> },
    {
      id: "state", head: say("programme.state"), phone: "figure",
      cell: (one) => {
        const now = Date.parse(book?.now ?? "");
        const inForce = asked.data?.data.find((other) => Date.parse(other.effective_at) <= now)?.number;
        if (one.number === inForce) return <Mark tone="kept">{say("programme.is_in_force")}</Mark>;
        return Date.parse(one.effective_at) > now ? <Mark tone="run">{say("programme.is_ahead")}</Mark> : <Mark tone="wait">{say("programme.is_past")}</Mark>;
      },
    },
    { id: "at", head: say("programme.effective"), phone: "more", cell: (one) => <Instant at={one.effective_at} /> },
    { id: "published", head: say("programme.published"), cell: (one) => <Instant at={one.published_at} /> },
    { id: "by", head: say("programme.by"), phone: "aside", cell: (one) => one.published_by },
    { id: "hash", head: say("programme.hash"), cell: (one) => <code className="code">{one.document_hash.slice(0, 16)}…</code> },
  ];
  return (
    <Shown asked={asked}>
      {(found) => (
        <Table
          label={say("programme.tab_revisions")}
          columns={columns}
          rows={found.data}
          rowKey={(one) => String(one.number)}
          onOpen={(one) => go(`/programme?revision=${one.number}`)}
          picked={query.get("revision")}
        />
      )}
    </Shown>
  );
}

export const programme: Screen = {
  path: "/programme",
  word: "screen.programme",
  Page: ProgrammePage,
  permission: "program.read",
  menu: { group: "group.programme", icon: "rules", key: "r" },
};
