// What must stop at once: a rule that gives nothing, a store that books nothing, until it is switched on again.
import { api, got, type Schemas } from "@jifen/api";
import { Asking, Instant, Mark, nameIn, RefusedNote, Said, Section, Shown, useAsked, useFrame, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";

type Turn = Schemas["SwitchTurned"];
type Kind = Turn["kind"];
interface Thing {
  kind: Kind;
  code: string;
  name: string;
}

/** The last turn of each switch that is off, by kind and code. */
export function useSwitches() {
  const asked = useAsked("switches off", () => got(api.GET("/v1/switches", { params: { query: { limit: 1 } } })));
  const stands = new Map<string, Turn>();
  for (const one of asked.data?.off ?? []) stands.set(`${one.kind} ${one.code}`, one);
  return { again: asked.again, of: (kind: Kind, code: string) => stands.get(`${kind} ${code}`) };
}

export type Switches = ReturnType<typeof useSwitches>;

/** How one thing stands, and the way to turn it. */
export function Switch({ thing, switches }: { thing: Thing; switches: Switches }) {
  const say = useSay();
  const may = useMay();
  const [asks, setAsks] = useState(false);
  const turned = switches.of(thing.kind, thing.code);
  const isOff = turned?.is_off ?? false;
  return (
    <span className="row switch">
      {turned && isOff ? (
        <>
          <Mark tone="stop">{say("switch.is_off")}</Mark>
          <span className="small soft"><Said id="switch.since" with={{ at: <Instant at={turned.switched_at} style="short" />, who: turned.switched_by }} /></span>
        </>
      ) : null}
      {may("switches.turn") ? (
        <button type="button" className={isOff ? "button" : "button quiet small"} onClick={() => setAsks(true)}>
          {say(isOff ? "switch.on" : "switch.off")}<span className="away"> {thing.name}</span>
        </button>
      ) : null}
      {asks ? <Turning thing={thing} isOff={isOff} onClose={() => setAsks(false)} onDone={() => { setAsks(false); switches.again(); }} /> : null}
    </span>
  );
}

function Turning({ thing, isOff, onClose, onDone }: { thing: Thing; isOff: boolean; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const turn = () =>
    send(
      (key) => got(api.POST("/v1/switches:turn", { params: { header: { "Idempotency-Key": key } }, body: { kind: thing.kind, code: thing.code, is_off: !isOff } })),
      onDone,
    );
  return (
    <Asking title={say(isOff ? "switch.on_of" : "switch.off_of", { name: thing.name })} onClose={onClose}>
      <Form onSend={() => void turn()}>
        <p>{say(isOff ? `switch.${thing.kind}_on_means` : `switch.${thing.kind}_off_means`)}</p>
        <p className="small soft">{say("switch.written")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say(isOff ? "switch.on_do" : "switch.off_do")} isOff={isBusy} isDanger={!isOff} onClose={onClose} />
      </Form>
    </Asking>
  );
}

/** The stores of the programme, each with its switch. */
export function Stores({ switches }: { switches: Switches }) {
  const say = useSay();
  const { language } = useFrame();
  const asked = useAsked("stores", () => got(api.GET("/v1/stores")));
  return (
    <Shown asked={asked}>
      {(found) =>
        found.data.length === 0 ? null : (
          <Section title={say("programme.stores")}>
            <ul className="lines stores">
              {found.data.map((one) => {
                const name = nameIn(one.names, language) || one.code;
                return (
                  <li key={one.code}>
                    <span>{name} <code className="code">{one.code}</code></span>
                    <Switch thing={{ kind: "store", code: one.code, name }} switches={switches} />
                  </li>
                );
              })}
            </ul>
          </Section>
        )
      }
    </Shown>
  );
}
