// The states that every screen has besides being full: loading, empty, refused; and the server gone.
import type { Refused as Refusal } from "@jifen/api";
import type { ReactNode } from "react";
import type { Asked } from "./asked.ts";
import { Said, useSay } from "./frame.tsx";
import { Icon } from "./marks.tsx";

export function Empty({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children ? <div className="empty-why">{children}</div> : null}
      {actions ? <div className="row">{actions}</div> : null}
    </div>
  );
}

/** Who may, and how to ask; the code for the log. */
export function RefusedNote({ refused, again }: { refused: Refusal; again?: () => void }) {
  const say = useSay();
  const problem = refused.problem;
  const permission = problem?.code === "not_permitted" ? String(problem.numbers["permission"] ?? "") : "";
  return (
    <div className="note note-stop" role="alert">
      <p className="note-title">{problem?.message ?? say("state.failed")}</p>
      {permission ? <p>{say("state.not_permitted", { permission })}</p> : problem?.detail ? <p lang="en">{problem.detail}</p> : null}
      <p className="code">
        {[problem?.code ?? "no_answer", refused.status || null, refused.requestId].filter((one) => one !== null).join(" · ")}
      </p>
      {again && refused.status !== 403 ? (
        <button type="button" className="button" onClick={again}>
          {say("state.again")}
        </button>
      ) : null}
    </div>
  );
}

export function GoneNote({ since, again }: { since: number | null; again: () => void }) {
  const say = useSay();
  const at = since === null ? "" : new Date(since).toTimeString().slice(0, 8);
  return (
    <div className="note note-warn" role="status">
      <p>
        <b>{at ? <Said id="state.gone_since" with={{ at }} /> : say("state.gone")}</b> {say("state.gone_again")}{" "}
        <button type="button" className="as-link" onClick={again}>
          {say("state.now")}
        </button>
      </p>
    </div>
  );
}

/** Bars where the lines of a table will be. */
export function Bars({ lines = 6, columns = 4 }: { lines?: number; columns?: number }) {
  const say = useSay();
  return (
    <div className="bars" role="status" aria-label={say("state.loading")}>
      {Array.from({ length: lines }, (_, line) => (
        <div className="bars-line" key={line}>
          {Array.from({ length: columns }, (_, column) => (
            <span key={column} className={`bar bar-${((line * 3 + column * 2) % 4) + 1}`} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** What was asked for, in whichever state it is; `children` draw it when it is there. */
export function Shown<T>({ asked, children, loading }: { asked: Asked<T>; children: (data: T) => ReactNode; loading?: ReactNode }) {
  if (asked.data !== null) {
    return (
      <>
        {asked.isGone ? <GoneNote since={asked.since} again={asked.again} /> : null}
        <div className={asked.isGone ? "stale" : undefined}>{children(asked.data)}</div>
      </>
    );
  }
  if (asked.isGone) return <GoneNote since={null} again={asked.again} />;
  if (asked.refused) return <RefusedNote refused={asked.refused} again={asked.again} />;
  return asked.isSlow ? <>{loading ?? <Bars />}</> : <div className="pause" />;
}

export function Broken({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="broken" role="alert">
      <h2>
        <Icon name="stop" /> {title}
      </h2>
      {children}
    </section>
  );
}
