// What the list, the question and the member's page say of a question alike.
import type { Schemas } from "@jifen/api";
import { Mark, useFrame, useSay } from "@jifen/ui";
import { useSaid } from "../../said.ts";

export type Question = Pick<Schemas["QuestionAnswer"], "question_id" | "member_id" | "status" | "due_at" | "outcome">;

/** A question stands at its member: its address names both. */
export function useQuestionAddress(): (one: Pick<Question, "question_id" | "member_id">) => string {
  return (one) => `/questions/${one.question_id}?of=${one.member_id}`;
}

/** Whether its answer was due before the book's now. */
export function useIsLate(): (one: Pick<Question, "due_at">) => boolean {
  const { book } = useFrame();
  return (one) => one.due_at !== null && book !== null && Date.parse(one.due_at) < Date.parse(book.now);
}

export function QuestionMark({ question }: { question: Question }) {
  const say = useSay();
  const word = useSaid();
  const isLate = useIsLate();
  if (isLate(question)) return <Mark tone="stop">{say("question.late")}</Mark>;
  const tone = question.status === "appealed" ? "warn" : question.status === "open" ? "run" : question.status === "answered" ? "kept" : "wait";
  return <Mark tone={tone}>{word("statuses", question.status)}</Mark>;
}
