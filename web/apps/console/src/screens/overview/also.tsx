// What needs a person besides what the overview's own answer tells: questions that are late, codes that nobody looked at.
import { api, got } from "@jifen/api";
import { useAsked, useMay } from "@jifen/ui";

export interface Also {
  kind: "questions_late" | "codes_flagged";
  level: "now" | "waiting";
  count: number;
  /** There are more than one page holds. */
  isMore: boolean;
}

const PAGE = 100;
const AGAIN = 60_000;

export function useAlso(): Also[] {
  const may = useMay();
  const late = useAsked(may("questions.read") ? "late" : null, () => got(api.GET("/v1/questions", { params: { query: { is_overdue: true, limit: PAGE } } })), AGAIN);
  const flags = useAsked(may("codes.settle") ? "flags" : null, () => got(api.GET("/v1/codes/flagged", { params: { query: { limit: PAGE } } })), AGAIN);
  const found: Also[] = [];
  if (late.data?.data.length) found.push({ kind: "questions_late", level: "now", count: late.data.data.length, isMore: late.data.next_cursor !== null });
  if (flags.data?.data.length) found.push({ kind: "codes_flagged", level: "waiting", count: flags.data.data.length, isMore: flags.data.next_cursor !== null });
  return found;
}
