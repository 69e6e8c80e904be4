// Questions and complaints: what is late stands first. Beside them the codes of offline tills that a person has to look at.
import { api, got, type Schemas } from "@jifen/api";
import {
  type Column, Empty, Instant, Link, Select, Shown, Table, TableTools, Tabs, useArranged, useAsked, useFrame, useGoing, useMay, useQuery, useSay,
} from "@jifen/ui";
import type { Key } from "@jifen/words";
import { useChoices } from "../../said.ts";
import type { Screen } from "../../screen.ts";
import { Page } from "../../shell.tsx";
import { QuestionMark, useQuestionAddress } from "../question/parts.tsx";
import { Codes } from "./codes.tsx";

type Question = Schemas["QuestionAnswer"];
type Kind = Schemas["QuestionKind"];
type Status = Schemas["QuestionStatus"];
const SHOWN: { id: string; word: Key }[] = [
  { id: "", word: "question.show_waiting" },
  { id: "answered", word: "question.show_answered" },
  { id: "closed", word: "question.show_closed" },
  { id: "all", word: "key.everything" },
];
const WAITING: Status[] = ["open", "appealed"];

function QuestionsPage() {
  const say = useSay();
  const may = useMay();
  const [query] = useQuery();
  const isCodes = query.get("tab") === "codes" && may("codes.settle");
  return (
    <Page title={say("screen.questions")}>
      {may("codes.settle") ? (
        <Tabs
          label={say("question.parts")}
          current={isCodes ? "codes" : "questions"}
          tabs={[
            { id: "questions", label: say("screen.questions"), to: "/questions" },
            { id: "codes", label: say("code.title"), to: "/questions?tab=codes" },
          ]}
        />
      ) : null}
      {isCodes ? <Codes /> : <List />}
    </Page>
  );
}

/** What waits for an answer comes whole, by its due time; what is over comes in pages, newest first. */
function List() {
  const say = useSay();
  const choices = useChoices();
  const { language } = useFrame();
  const { go } = useGoing();
  const [query, put] = useQuery();
  const address = useQuestionAddress();
  const show = SHOWN.find((one) => one.id === query.get("show"))?.id ?? "";
  const kind = choices("kinds").find((one) => one.id === query.get("kind"))?.id ?? "";
  const member = query.get("member");
  const before = show === "" ? null : query.get("before");
  const asked = useAsked(`questions ${show} ${kind} ${member} ${before} ${language}`, async () => {
    const filter = { language, ...(kind ? { kind: kind as Kind } : {}), ...(member ? { member_id: member } : {}) };
    if (show !== "") {
      return got(
        api.GET("/v1/questions", {
          params: { query: { ...filter, ...(show === "all" ? {} : { status: show as Status }), ...(before ? { before } : {}) } },
        }),
      );
    }
    const pages = await Promise.all(WAITING.map((status) => got(api.GET("/v1/questions", { params: { query: { ...filter, status, limit: 500 } } }))));
    const data = pages.flatMap((page) => page.data).sort((a, b) => (a.due_at ?? "").localeCompare(b.due_at ?? ""));
    return { data, next_cursor: null };
  });
  const columns: Column<Question>[] = [
    { id: "kind", head: say("question.kind"), phone: "name", width: "fill", cell: (one) => <Link to={address(one)} className="opens">{one.kind_said}</Link>, order: (one) => one.kind_said, text: (one) => one.kind_said },
    { id: "status", head: say("question.state"), phone: "figure", cell: (one) => <QuestionMark question={one} />, order: (one) => one.status, text: (one) => one.status_said },
    { id: "due", head: say("question.due"), phone: "aside", cell: (one) => (one.due_at ? <Instant at={one.due_at} /> : <span className="soft">–</span>), order: (one) => one.due_at ?? "", text: (one) => one.due_at },
    { id: "asked", head: say("question.asked"), phone: "more", cell: (one) => <Instant at={one.asked_at} />, order: (one) => one.asked_at, text: (one) => one.asked_at },
    { id: "member", head: say("screen.member"), cell: (one) => <Link to={`/members/${one.member_id}`}>…{one.member_id.slice(-8)}</Link>, text: (one) => one.member_id },
    {
      id: "entry", head: say("question.about"), isNumber: true, text: (one) => one.sequence,
      cell: (one) => (one.sequence === null ? <span className="soft">–</span> : <Link to={`/members/${one.member_id}?drill=${one.sequence}${one.part === null ? "" : `.${one.part}`}`}>#{one.sequence}</Link>),
    },
  ];
  const arranged = useArranged(columns, asked.data?.data ?? []);
  const isFiltered = kind !== "" || member !== null;
  return (
    <div className="stack">
      <div className="filters">
        <Select label={say("question.state")} choices={SHOWN.map((one) => ({ id: one.id, label: say(one.word) }))} current={show} onChoose={(chosen) => put({ show: chosen, before: null })} />
        <Select label={say("question.kind")} choices={[{ id: "", label: say("question.any_kind") }, ...choices("kinds")]} current={kind} onChoose={(chosen) => put({ kind: chosen, before: null })} />
        {member ? <button type="button" className="button" onClick={() => put({ member: null, before: null })}>…{member.slice(-8)} ×</button> : null}
        <TableTools columns={columns} rows={arranged.rows} file="questions.csv" />
      </div>
      <Shown asked={asked}>
        {(found) => (
          <>
            <Table
              label={say("screen.questions")}
              {...arranged}
              rowKey={(one) => one.question_id}
              onOpen={(one) => go(address(one))}
              empty={
                isFiltered ? (
                  <Empty title={say("question.none_match")} actions={<button type="button" className="button" onClick={() => put({ kind: null, member: null })}>{say("members.clear")}</button>} />
                ) : (
                  <Empty title={say(show === "" ? "question.none_waits" : "question.none")}>{say("question.none_why")}</Empty>
                )
              }
            />
            {show === "" ? null : (
              <div className="pager">
                <span />
                <button type="button" className="button" disabled={!found.next_cursor} onClick={() => put({ before: found.next_cursor }, "push")}>{say("do.older")}</button>
              </div>
            )}
          </>
        )}
      </Shown>
    </div>
  );
}

export const questions: Screen = {
  path: "/questions",
  word: "screen.questions",
  Page: QuestionsPage,
  permission: "questions.read",
  menu: { group: "group.people", icon: "question", key: "q" },
};
