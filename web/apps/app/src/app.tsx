// Who is there, in which language, with or without a network; then the screens.
import { type Book, Refused, type Schemas } from "@jifen/api";
import { cameIn, comeInWith, gotOwn, leaveMember, me, type MemberSession, resumeMember, speakToMember, whenMemberEnded } from "@jifen/api/member";
import { FrameProvider, keepLanguage, language as known, nameIn, Router, useSay, wearLanguage, wearTheme } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { useCallback, useEffect, useMemo, useState } from "react";
import { forgetCard } from "./code.tsx";
import { Door } from "./door.tsx";
import { keep, kept, wipe } from "./kept.ts";
import { size, wearSize } from "./own-settings.ts";
import { Note } from "./parts.tsx";
import { Shell } from "./shell.tsx";
import { forgetPages } from "./statement.tsx";

export type Welcome = Schemas["WelcomeAnswer"];
type Stage =
  | { is: "looking" }
  | { is: "gone" }
  | { is: "out"; welcome: Welcome; why: "ended" | "erased" | null }
  | { is: "in"; welcome: Welcome; session: MemberSession };

wearTheme();
wearSize(size());

async function wipeAll(): Promise<void> {
  forgetCard();
  forgetPages();
  await wipe();
}

/** What the parts of @jifen/ui ask: the programme's names and money. A member has no permissions of an operator. */
function bookOf(welcome: Welcome): Book {
  const { program, now, is_past, label } = welcome;
  return { program, now, is_past, label, version: "", asker: { permissions: [] } } as unknown as Book;
}

export function App() {
  const [language, setLanguage] = useState<Language>(known);
  const [stage, setStage] = useState<Stage>({ is: "looking" });
  wearLanguage(language);
  speakToMember(LANGUAGES.find((one) => one.code === language)?.tag ?? "zh-CN");

  const enter = useCallback((session: MemberSession, welcome: Welcome) => {
    void keep("session", cameIn(session));
    void keep("welcome", welcome);
    setStage({ is: "in", session, welcome });
  }, []);

  const look = useCallback(async () => {
    try {
      const [welcome, session] = await Promise.all([gotOwn(me.GET("/v1/welcome", { params: { query: { language: known() } } })), resumeMember()]);
      if (session !== null) enter(session, welcome);
      else {
        await wipeAll();
        setStage({ is: "out", welcome, why: null });
      }
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure;
      const [welcome, session] = await Promise.all([kept<Welcome>("welcome"), kept<MemberSession>("session")]);
      if (welcome === null || session === null) return setStage({ is: "gone" });
      comeInWith(session.csrf_token);
      setStage({ is: "in", session, welcome });
    }
  }, [enter]);

  useEffect(() => void look(), [look, language]);
  const leave = useCallback(async (why: "ended" | "erased" | null) => {
    await wipeAll();
    setStage((was) => (was.is === "in" ? { is: "out", welcome: was.welcome, why } : was));
  }, []);
  useEffect(() => whenMemberEnded(() => void leave("ended")), [leave]);

  const choose = useCallback((chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  }, []);
  const welcome = stage.is === "in" || stage.is === "out" ? stage.welcome : null;
  const frame = useMemo(() => ({ language, book: welcome && bookOf(welcome) }), [language, welcome]);
  const name = welcome?.program ? nameIn(welcome.program.names, language) : "";
  return (
    <FrameProvider value={frame}>
      <Router base="/app">
        {stage.is === "looking" ? <Looking /> : null}
        {stage.is === "gone" ? <Gone again={() => void look()} /> : null}
        {stage.is === "out" ? (
          <Door welcome={stage.welcome} why={stage.why} name={name} language={language} onChoose={choose} onIn={(session) => enter(session, stage.welcome)} />
        ) : null}
        {stage.is === "in" ? (
          <Shell
            welcome={stage.welcome} session={stage.session} name={name} language={language} onChoose={choose}
            onLeave={async () => {
              await leaveMember();
              await leave(null);
            }}
            onErased={() => leave("erased")}
          />
        ) : null}
      </Router>
    </FrameProvider>
  );
}

function Looking() {
  const say = useSay();
  return <p className="away" role="status">{say("state.loading")}</p>;
}

function Gone({ again }: { again: () => void }) {
  const say = useSay();
  return (
    <main className="page alone">
      <h1>{say("app.name")}</h1>
      <Note tone="warn" sign="cut">{say("app.offline.nothing")}</Note>
      <button type="button" className="act" onClick={again}>{say("state.again")}</button>
    </main>
  );
}
