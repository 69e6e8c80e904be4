// What happens by itself: who does it, what waits, what could not be done.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { Bars, type Column, Count, Empty, Figure, Instant, Link, Mark, RefusedNote, Said, Section, Shown, Table, useAsked, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";

type Parked = Schemas["ParkedRow"];

function JobsPage() {
  const say = useSay();
  const may = useMay();
  const asked = useAsked("jobs", () => got(api.GET("/v1/jobs")), 5_000);
  const [refused, setRefused] = useState<Refused | null>(null);
  const [tried, setTried] = useState<number | null>(null);
  const retry = async () => {
    setRefused(null);
    try {
      const answer = await got(api.POST("/v1/jobs:retry", { params: { header: { "Idempotency-Key": crypto.randomUUID() } }, body: {} }));
      setTried(answer.to_be_tried);
      asked.again();
    } catch (failure) {
      if (failure instanceof Refused) setRefused(failure);
      else throw failure;
    }
  };
  const parked = asked.data ? Object.values(asked.data.parked).reduce((sum, one) => sum + one, 0) : 0;
  const columns: Column<Parked>[] = [
    { id: "member", head: say("jobs.member"), phone: "name", cell: (one) => <Link className="opens" to={`/members/${one.member_id}`}><code>…{one.member_id.slice(-8)}</code></Link> },
    { id: "what", head: say("jobs.what"), phone: "more", cell: (one) => (one.sequence === null ? say("jobs.time") : `${one.kind} #${one.sequence}`) },
    { id: "since", head: say("jobs.since"), cell: (one) => <Instant at={one.since} clock="machine" /> },
    { id: "tries", head: say("jobs.tries"), isNumber: true, phone: "figure", cell: (one) => <Count of={one.tries} /> },
    { id: "next", head: say("jobs.next"), cell: (one) => <Instant at={one.next_try_at} clock="machine" /> },
    { id: "why", head: say("jobs.why"), width: "fill", cell: (one) => <span className="code" lang="en">{one.failure}</span> },
  ];
  return (
    <Page
      title={say("screen.jobs")}
      actions={may("jobs.retry") && parked > 0 ? <button type="button" className="button primary" onClick={() => void retry()}>{say("jobs.retry")}</button> : null}
    >
      {refused ? <RefusedNote refused={refused} /> : null}
      {tried !== null ? <p className="note note-good" role="status"><Said id="jobs.tried" n={tried} with={{ count: tried }} /></p> : null}
      <Shown asked={asked} loading={<Bars lines={5} />}>
        {(jobs) => (
          <div className="stack stack-wide">
            <p className="verdict">
              {jobs.duty?.is_held ? say("jobs.held") : say("jobs.nobody")} {parked > 0 ? <Said id="jobs.parked" n={parked} with={{ count: parked }} /> : say("jobs.none_parked")}
            </p>
            <div className="figures">
              <Figure label={say("jobs.duty")} note={jobs.duty ? <Said id="jobs.duty_since" with={{ at: <Instant at={jobs.duty.since} clock="machine" /> }} /> : <code>jifen serve</code>}>
                {jobs.duty?.is_held ? <>#{jobs.duty.process}</> : "–"}
              </Figure>
              <Figure label={say("jobs.waiting")} note={say("jobs.waiting_note")}><Count of={Object.values(jobs.waiting).reduce((sum, one) => sum + one, 0)} /></Figure>
              <Figure label={say("jobs.parked_label")} note={say("jobs.parked_note")}><Count of={parked} /></Figure>
            </div>
            <Section title={say("jobs.parked_title")}>
              <Table
                label={say("jobs.parked_title")}
                columns={columns}
                rows={jobs.data}
                rowKey={(one) => `${one.member_id}.${one.sequence}.${one.kind}`}
                empty={<Empty title={say("jobs.empty")}><Mark tone="kept">{say("jobs.empty_why")}</Mark></Empty>}
              />
            </Section>
          </div>
        )}
      </Shown>
    </Page>
  );
}

export const jobs: Screen = {
  path: "/jobs",
  word: "screen.jobs",
  Page: JobsPage,
  permission: "books.read",
  menu: { group: "group.system", icon: "jobs", key: "j" },
};
