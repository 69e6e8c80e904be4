// The screens behind the door, by address; three places at the foot.
import type { MemberSession } from "@jifen/api/member";
import { Link, useGoing, useSay } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { useReached } from "./asking.ts";
import { Claim } from "./claim.tsx";
import type { Welcome } from "./app.tsx";
import { Gift } from "./gift.tsx";
import { AddChild, Household, Invite, JoinHousehold, LeaveHousehold, OfHousehold } from "./household.tsx";
import { Home } from "./home.tsx";
import { Line } from "./line.tsx";
import { Lot, Lots } from "./lots.tsx";
import { Me } from "./me.tsx";
import { Nothing, Note, Screen } from "./parts.tsx";
import { Phones } from "./phones.tsx";
import { Contact, Correct, Erase, Looks, Privacy } from "./privacy.tsx";
import { Ask, Question, Questions } from "./questions.tsx";
import { Sign, type SignName } from "./signs.tsx";
import { Reward, Rewards, Taken, Waiting } from "./rewards.tsx";
import { Statement } from "./statement.tsx";
import { Terms } from "./terms.tsx";
import { TierPath } from "./tier.tsx";

export interface Behind {
  welcome: Welcome;
  session: MemberSession;
  name: string;
  language: Language;
  onChoose: (language: Language) => void;
  onLeave: () => Promise<void>;
  onErased: () => Promise<void>;
}

const PLACES: { to: string; sign: SignName; word: "app.home" | "app.statement" | "app.rewards" | "app.me" }[] = [
  { to: "/", sign: "home", word: "app.home" },
  { to: "/statement", sign: "lines", word: "app.statement" },
  { to: "/rewards", sign: "gift", word: "app.rewards" },
  { to: "/me", sign: "person", word: "app.me" },
];

function screenOf(path: string, behind: Behind) {
  const [, first = "", second, third, ...more] = path.split("/");
  const number = (text: string | undefined) => (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null);
  if (more.length > 0) return null;
  if (first === "" || first === "join") return <Home {...behind} />;
  if (first === "lots" && second === undefined) return <Lots />;
  const lot = number(second);
  if (first === "lots" && lot !== null) return <Lot number={lot} />;
  if (first === "tier") return <TierPath />;
  if (first === "statement" && second === undefined) return <Statement />;
  if (first === "rewards") return rewardsOf(second, third);
  const [sequence, part] = [number(second), number(third)];
  if (first === "statement" && sequence !== null && part !== null) return <Line sequence={sequence} part={part} welcome={behind.welcome} />;
  if (first !== "me") return null;
  if (second === undefined) return <Me {...behind} />;
  if (second === "gift") return <Gift />;
  if (second === "claim") return <Claim />;
  if (second === "phones") return <Phones />;
  if (second === "household") return householdOf(third, behind.welcome.text_version);
  if (second === "questions") return third === undefined ? <Questions /> : third === "new" ? <Ask /> : <Question id={third} />;
  if (second === "terms" && third === undefined) return <Terms memberId={behind.session.member_id} />;
  if (second !== "privacy") return null;
  if (third === undefined) return <Privacy welcome={behind.welcome} />;
  if (third === "looks") return <Looks />;
  if (third === "correct") return <Correct />;
  if (third === "contact") return <Contact welcome={behind.welcome} />;
  if (third === "erase") return <Erase memberId={behind.session.member_id} onErased={behind.onErased} />;
  return null;
}

function rewardsOf(second: string | undefined, third: string | undefined) {
  if (second === undefined) return <Rewards />;
  if (second === "taken" && third === undefined) return <Taken />;
  if (second === "waiting" && third !== undefined) return <Waiting id={third} />;
  return third === undefined ? <Reward code={second} /> : null;
}

function householdOf(part: string | undefined, version: string) {
  if (part === undefined) return <Household />;
  if (part === "invite") return <Invite />;
  if (part === "join") return <JoinHousehold />;
  if (part === "add-child") return <AddChild version={version} />;
  if (part === "leave") return <LeaveHousehold />;
  return part.startsWith("per_") ? <OfHousehold id={part} /> : null;
}

export function Shell(behind: Behind) {
  const say = useSay();
  const { route } = useGoing();
  const isReached = useReached();
  const places = PLACES.filter((one) => one.to !== "/rewards" || (behind.welcome.program?.rewards ?? 0) > 0);
  const at = route.path.startsWith("/me") ? "/me" : route.path.startsWith("/statement") ? "/statement" : route.path.startsWith("/rewards") ? "/rewards" : "/";
  return (
    <div className="shell">
      {isReached ? null : <div className="cut-note"><Note tone="warn" sign="cut"><b>{say("app.offline.title")}</b> {say("app.offline.what")}</Note></div>}
      {screenOf(route.path, behind) ?? (
        <Screen title={say("app.none.title")} back="/">
          <Nothing title={say("app.none.title")} to="/" way={say("app.home")}>{say("app.none.why")}</Nothing>
        </Screen>
      )}
      <nav className="foot" aria-label={say("app.places")}>
        {places.map((one) => (
          <Link key={one.to} to={one.to} current={one.to === at}>
            <Sign name={one.sign} />
            {say(one.word)}
          </Link>
        ))}
      </nav>
    </div>
  );
}
