// What the ledger says of the document as it is typed: first what the text itself cannot say, then the plan.
import { api, got, Refused, type Schemas } from "@jifen/api";
import type { Say } from "@jifen/ui";
import type { Problem } from "./drafting.tsx";
import { ratioOf } from "./numbers.ts";
import { type Path, placeOf, type Read, type TextFault, type Value } from "./text.ts";

export type Plan = Schemas["PlanAnswer"];
export type Checked =
  | { is: "nothing" }
  | { is: "checking" }
  | { is: "unread"; problems: Problem[] }
  | { is: "refused"; problems: Problem[] }
  | { is: "valid"; plan: Plan }
  | { is: "no"; refused: Refused };

/** What keeps the text from being handed in, in words. */
export function textProblems(read: Read, say: Say): Problem[] {
  return read.faults.map((one) => ({ path: one.path, from: one.from, to: one.to, message: say(`designer.fault_${one.code}`, { text: one.text }), ...mendOf(one) }));
}

function mendOf(fault: TextFault): { mend?: string } {
  const exact = fault.code === "inexact" ? ratioOf(fault.text) : null;
  return exact === null ? {} : { mend: exact };
}

interface Fault {
  pointer: string;
  message: string;
}

export async function check(read: Read, signal: AbortSignal): Promise<Checked> {
  try {
    return { is: "valid", plan: await got(api.POST("/v1/program:plan", { body: { document: read.values as Record<string, unknown> }, signal })) };
  } catch (failure) {
    if (!(failure instanceof Refused)) throw failure;
    const problems = failure.problem?.numbers["problems"];
    if (failure.problem?.code !== "program_refused" || !Array.isArray(problems)) return { is: "no", refused: failure };
    return {
      is: "refused",
      problems: (problems as Fault[]).map((one) => {
        const path = pathOf(one.pointer, read.values);
        const [from, to] = placeOf(read, path);
        return { path, from, to, message: one.message };
      }),
    };
  }
}

/** A pointer into the request as a path of the document. Field names may hold what separates steps: the longest that is there wins. */
export function pathOf(pointer: string, values: Value): Path {
  const steps = pointer.replace(/^\/document\/?/, "").split("/").filter((one) => one !== "");
  const path: Path = [];
  let value: Value | undefined = values;
  for (const step of steps) {
    if (Array.isArray(value) && /^[0-9]+$/.test(step)) {
      path.push(Number(step));
      value = value[Number(step)];
    } else {
      path.push(step);
      value = typeof value === "object" && value !== null && !Array.isArray(value) ? value[step] : undefined;
    }
  }
  return path;
}
