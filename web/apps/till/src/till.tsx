// What stands around every screen of the till: the bar, the line's banner, training; and which screen it is.
import { signedIn } from "@jifen/api";
import { Icon, Link, nameIn, useFrame, useGoing, useProgram, useSay } from "@jifen/ui";
import type { Language } from "@jifen/words";
import { useCallback, useEffect, useMemo, useState } from "react";
import { type Desk, DeskProvider, NEW_SALE, type Sale } from "./desk.ts";
import { kept, now, type SetUp } from "./keep.ts";
import { isTraining, setTraining, useLine } from "./line.ts";
import { drain, useMessages } from "./queue.ts";
import { inOrder } from "./rules/message.ts";
import { Back } from "./screens/back.tsx";
import { Basket } from "./screens/basket.tsx";
import { Done } from "./screens/done.tsx";
import { Enrol } from "./screens/enrol.tsx";
import { Identify } from "./screens/identify.tsx";
import { Rewards } from "./screens/rewards.tsx";
import { SettingsForm } from "./screens/settings.tsx";
import { ShiftPage } from "./screens/shift.tsx";
import { Waiting } from "./screens/waiting.tsx";

interface Props {
  setup: SetUp;
  onSetUp: (setup: SetUp) => void;
  onChoose: (language: Language) => void;
  onLeave: () => void;
}

const SALE = "jifen.till.sale";

/** The sale of this tab, which a reload finds again. */
function saleBefore(): Sale {
  try {
    return { ...NEW_SALE, ...(JSON.parse(sessionStorage.getItem(SALE) ?? "{}") as Partial<Sale>) };
  } catch {
    return NEW_SALE;
  }
}

export function Till({ setup, onSetUp, onChoose, onLeave }: Props) {
  const say = useSay();
  const { route } = useGoing();
  const [sale, setSale] = useState<Sale>(saleBefore);
  const [training, setTrains] = useState(isTraining);
  useEffect(() => sessionStorage.setItem(SALE, JSON.stringify(sale)), [sale]);
  useEffect(() => {
    document.title = `${say("till.name")} · Jifen`;
  });
  const train = useCallback((on: boolean) => {
    setTraining(on);
    setTrains(on);
    setSale(NEW_SALE);
    if (!on) void drain();
  }, []);
  const change = useCallback((to: Partial<Sale>) => setSale((was) => ({ ...was, ...to })), []);
  const desk = useMemo<Desk>(() => ({ setup, sale, change, isTraining: training }), [setup, sale, change, training]);
  const { path } = route;
  return (
    <DeskProvider value={desk}>
      <div className={training ? "till training" : "till"}>
        <Bar setup={setup} training={training} onLeave={onLeave} />
        <Banner />
        {path === "/return" ? <Back /> : null}
        {path === "/enrol" ? <Enrol /> : null}
        {path === "/waiting" ? <Waiting /> : null}
        {path === "/rewards" ? <Rewards /> : null}
        {path === "/shift" ? <ShiftPage /> : null}
        {path === "/settings" ? (
          <main className="one">
            <SettingsForm setup={setup} onSaved={onSetUp} onChoose={onChoose} training={training} onTrain={train} />
          </main>
        ) : null}
        {path === "/" ? sale.done ? <Done /> : sale.who ? <Basket /> : <Identify /> : null}
        {["/", "/return", "/enrol", "/rewards", "/waiting", "/shift", "/settings"].includes(path) ? null : (
          <main className="one">
            <h1>{say("till.nowhere")}</h1>
            <Link to="/">{say("till.to_sale")}</Link>
          </main>
        )}
      </div>
    </DeskProvider>
  );
}

function Bar({ setup, training, onLeave }: { setup: SetUp; training: boolean; onLeave: () => void }) {
  const say = useSay();
  const { language, book } = useFrame();
  const { route } = useGoing();
  const program = useProgram();
  const { isOn } = useLine();
  const messages = useMessages();
  const [seller, setSeller] = useState(signedIn()?.name ?? "");
  useEffect(() => void kept("operator").then((name) => setSeller(signedIn()?.name ?? name ?? "")), []);
  const waits = messages.filter((one) => one.state !== "done" && one.state !== "aside").length;
  return (
    <header className="topbar">
      <b>{nameIn(program.names, language)}</b>
      <span className="soft">{setup.store ? `${setup.store} · ${setup.name}` : setup.name}</span>
      {book?.is_past ? <span className="chip">{say("till.demo")}</span> : null}
      {training ? <span className="chip chip-warn">{say("till.training")}</span> : null}
      <nav aria-label={say("till.places")}>
        <Link to="/" current={route.path === "/"}>{say("till.to_sale")}</Link>
        <Link to="/return" current={route.path === "/return"}>{say("till.back")}</Link>
        {(program.rewards ?? 0) > 0 ? <Link to="/rewards" current={route.path === "/rewards"}>{say("till.rewards")}</Link> : null}
        <Link to="/waiting" current={route.path === "/waiting"}>
          {say("till.waiting")}
          {waits > 0 ? <span className="badge">{waits}</span> : null}
        </Link>
        <Link to="/shift" current={route.path === "/shift"}>{say("till.shift")}</Link>
        <Link to="/settings" current={route.path === "/settings"}>{say("till.settings")}</Link>
      </nav>
      <span className={isOn ? "line" : "line line-off"} role="status">
        <Icon name={isOn ? "kept" : "warn"} /> {say(isOn ? "till.online" : "till.no_line")}
      </span>
      <span className="soft">{seller}</span>
      <Clock />
      <button type="button" className="as-link" onClick={onLeave} aria-label={say("till.in.leave")} title={say("till.in.leave")}>
        <Icon name="out" />
      </button>
    </header>
  );
}

function hourOf(at: Date, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(at);
}

function Clock() {
  const zone = useProgram().time_zone;
  const [at, setAt] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setAt(now()), 5_000);
    return () => clearInterval(timer);
  }, []);
  return <time className="num">{hourOf(at, zone)}</time>;
}

function Banner() {
  const say = useSay();
  const { isOn, since } = useLine();
  const messages = useMessages();
  const waits = inOrder(messages).length;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (isOn) return null;
  return (
    <div className="banner" role="status">
      <Icon name="warn" />
      <p>
        <b>{say("till.off.since", { at: hourOf(new Date(since ?? Date.now()), own) })}</b> {say("till.off.go_on")}
      </p>
      <b>{say("till.off.waiting", { n: waits }, waits)}</b>
    </div>
  );
}
