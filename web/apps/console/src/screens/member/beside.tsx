// What stands beside a member: phones that show his code, his questions, and who looked at him.
import { api, got, Refused, type Schemas } from "@jifen/api";
import { Asking, Empty, Instant, Link, RefusedNote, Section, Shown, useAsked, useFrame, useMay, useSay } from "@jifen/ui";
import { useState } from "react";
import { Foot, Form, useWrite } from "../../write.tsx";
import { QuestionMark, useQuestionAddress } from "../question/parts.tsx";

type Device = Schemas["DeviceRead"];

export function Devices({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const [ending, setEnding] = useState<Device | null>(null);
  const asked = useAsked(`devices ${id}`, () => got(api.GET("/v1/members/{member_id}/devices", { params: { path: { member_id: id } } })));
  return (
    <Section title={say("device.title")}>
      <Shown asked={asked}>
        {(found) =>
          found.data.length === 0 ? (
            <Empty title={say("device.none")}>{say("device.none_why")}</Empty>
          ) : (
            <ul className="lines">
              {found.data.map((one) => (
                <li key={one.device_id}>
                  <span>
                    <code className="code">…{one.device_id.slice(-8)}</code> <span className="small soft">{say("device.since")} <Instant at={one.made_at} style="short" /></span>
                  </span>
                  {may("devices.register") ? <button type="button" className="button quiet danger" onClick={() => setEnding(one)}>{say("device.remove")}</button> : null}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {ending ? <Removing id={id} device={ending} onClose={() => setEnding(null)} onDone={() => { setEnding(null); asked.again(); }} /> : null}
    </Section>
  );
}

function Removing({ id, device, onClose, onDone }: { id: string; device: Device; onClose: () => void; onDone: () => void }) {
  const say = useSay();
  const { refused, isBusy, send } = useWrite();
  const remove = () =>
    send(
      (key) =>
        got(api.POST("/v1/members/{member_id}/devices/{device_id}:remove", { params: { path: { member_id: id, device_id: device.device_id }, header: { "Idempotency-Key": key } } })),
      onDone,
    );
  return (
    <Asking title={say("device.remove_title")} onClose={onClose}>
      <Form onSend={() => void remove()}>
        <p>{say("device.remove_means")}</p>
        {refused ? <RefusedNote refused={refused} /> : null}
        <Foot does={say("device.remove_do")} isOff={isBusy} isDanger onClose={onClose} />
      </Form>
    </Asking>
  );
}

export function QuestionsOf({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const address = useQuestionAddress();
  const asked = useAsked(may("questions.read") ? `questions of ${id} ${language}` : null, () =>
    got(api.GET("/v1/questions", { params: { query: { member_id: id, limit: 5, language } } })),
  );
  if (!may("questions.read")) return null;
  return (
    <Section title={say("screen.questions")} aside={<Link to={`/questions?show=all&member=${id}`}>{say("key.everything")}</Link>}>
      <Shown asked={asked}>
        {(found) =>
          found.data.length === 0 ? (
            <Empty title={say("question.none_of_member")} />
          ) : (
            <ul className="lines">
              {found.data.map((one) => (
                <li key={one.question_id}>
                  <Link to={address(one)}>{one.kind_said}</Link>
                  <QuestionMark question={one} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Section>
  );
}

/** Readings name the person, not the member: the last of each person of his. */
async function looksAt(id: string, language: string): Promise<{ persons: string[]; acts: Schemas["AuditAnswer"][] }> {
  const persons = await got(api.GET("/v1/members/{member_id}/persons", { params: { path: { member_id: id } } }))
    .then((found) => found.persons.map((one) => one.person_id))
    .catch((failure: unknown) => {
      if (failure instanceof Refused && failure.problem?.code === "person_unknown") return [];
      throw failure;
    });
  const pages = await Promise.all(persons.map((about) => got(api.GET("/v1/audit", { params: { query: { about, deed: "person.read", limit: 5, language } } }))));
  const acts = pages.flatMap((page) => page.data).sort((one, other) => other.happened_at.localeCompare(one.happened_at));
  return { persons, acts: acts.slice(0, 5) };
}

/** Whoever may read the audit sees the last who looked; the member can ask for the same list. */
export function WhoLooked({ id }: { id: string }) {
  const say = useSay();
  const may = useMay();
  const { language } = useFrame();
  const asked = useAsked(may("audit.read") ? `looked ${id} ${language}` : null, () => looksAt(id, language));
  if (!may("audit.read")) return null;
  return (
    <Section title={say("audit.who_looked")} aside={<Link to={`/audit?about=${asked.data?.persons[0] ?? id}`}>{say("audit.of_member")}</Link>}>
      <Shown asked={asked}>
        {({ acts }) =>
          acts.length === 0 ? (
            <Empty title={say("audit.nobody_looked")}>{say("audit.nobody_looked_why")}</Empty>
          ) : (
            <ul className="lines">
              {acts.map((one) => (
                <li key={one.audit_id}>
                  <span>
                    {one.principal}
                    <span className="small soft"> {one.sentence}</span>
                  </span>
                  <Instant at={one.happened_at} clock="machine" style="short" />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Section>
  );
}
