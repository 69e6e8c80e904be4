// What one tells of by oneself, such as a check-in: a tap, and what it gave.
import { gotOwn, me } from "@jifen/api/member";
import type { Schemas } from "@jifen/api";
import { nameIn, Points, Said, useFrame, useSay } from "@jifen/ui";
import { useState } from "react";
import { useKept, useReached, useWrite } from "./asking.ts";
import { Note, Part, Wait, WhyNot } from "./parts.tsx";

type Kind = Schemas["OwnEventType"];

/** The events that ask for nothing but a tap. */
export function Events({ onTold }: { onTold: () => void }) {
  const say = useSay();
  const asked = useKept("events", "own events", () => gotOwn(me.GET("/v1/me/events")));
  const isReached = useReached();
  const kinds = asked.data?.data.filter((one) => Object.keys(one.attributes).length === 0) ?? [];
  if (kinds.length === 0 || !isReached) return null;
  return <Part title={say("app.events")}>{kinds.map((one) => <OneEvent key={one.event} kind={one} onTold={onTold} />)}</Part>;
}

function OneEvent({ kind, onTold }: { kind: Kind; onTold: () => void }) {
  const say = useSay();
  const { language } = useFrame();
  const [told, setTold] = useState<Schemas["EventAnswer"] | null>(null);
  const { write, isBusy, refused } = useWrite();
  const tell = async () => {
    const done = await write(kind.event, (key) => gotOwn(me.POST("/v1/me/events", { body: { event: kind.event, business_no: key, attributes: {} } })));
    if (done === null) return;
    setTold(done);
    onTold();
  };
  const given = told?.earned.filter((one) => one.units > 0) ?? [];
  return (
    <div className="event">
      {told === null ? null : (
        <Note tone={given.length > 0 ? "good" : "plain"}>
          {given.length === 0 ? say("app.events.nothing") : given.map((one) => <Said key={one.currency} id="app.events.gave" with={{ units: <b><Points units={one.units} currency={one.currency} /></b> }} />)}
        </Note>
      )}
      <WhyNot refused={refused} />
      <form onSubmit={(event) => { event.preventDefault(); void tell(); }}>
        <Wait isBusy={isBusy}>{nameIn(kind.names, language) || kind.event}</Wait>
      </form>
    </div>
  );
}
