// Phones and browsers in which one is signed in; ending one ends its code too.
import { gotOwn, me } from "@jifen/api/member";
import { deviceOf, Instant, Said, useAsked, useSay } from "@jifen/ui";
import { useState } from "react";
import { useWrite } from "./asking.ts";
import { Screen, Told, WhyNot } from "./parts.tsx";

export function Phones() {
  const say = useSay();
  const asked = useAsked("phones", () => gotOwn(me.GET("/v1/me/sessions")));
  const { write, isBusy, refused } = useWrite();
  const [ending, setEnding] = useState<string | null>(null);
  const end = async (session_id: string) => {
    setEnding(session_id);
    if (await write(session_id, () => gotOwn(me.DELETE("/v1/me/sessions/{session_id}", { params: { path: { session_id } } })))) asked.again();
    setEnding(null);
  };
  return (
    <Screen title={say("app.phones")} back="/me">
      <p className="soft">{say("app.phones.why")}</p>
      <WhyNot refused={refused} />
      <Told asked={asked}>
        {({ data }) => (
          <ul className="rows">
            {data.map((one) => (
              <li className="line-row" key={one.session_id}>
                <span className="row-words">
                  <span className="row-title strong">{deviceOf(one.agent) || say("app.phones.unknown")}{one.is_current ? ` · ${say("app.phones.this")}` : ""}</span>
                  <span className="row-note"><Said id="app.phones.used" with={{ at: <Instant at={one.last_used_at} style="sentence" clock="machine" /> }} /></span>
                  <span className="row-note"><Said id="app.phones.since" with={{ at: <Instant at={one.created_at} style="sentence" clock="machine" /> }} />{one.shows_codes ? ` · ${say("app.phones.codes")}` : ""}</span>
                </span>
                {one.is_current ? null : (
                  <button type="button" className="act small-act stop" disabled={isBusy && ending === one.session_id} onClick={() => void end(one.session_id)}>
                    {say("app.phones.end")}<span className="away"> {deviceOf(one.agent)}</span>
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Told>
    </Screen>
  );
}
