// Who is there, in which language, set up or not; and then the till. Without a line it opens with what it kept.
import { api, type Book, credentials, got, Refused, resume, signedIn, signOut, speak, whenEnded } from "@jifen/api";
import { FrameProvider, keepLanguage, language as known, Router, useSay, wearLanguage, wearTheme } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { useCallback, useEffect, useMemo, useState } from "react";
import { forget, keep, kept, learnClock, type SetUp } from "./keep.ts";
import { lineState, subscribe, tell } from "./line.ts";
import { beginQueue, drain, speakQueue } from "./queue.ts";
import { SettingsForm } from "./screens/settings.tsx";
import { SignIn } from "./sign-in.tsx";
import { Till } from "./till.tsx";

wearTheme();

type Stage = { is: "looking" } | { is: "out"; hasOperators: boolean; hasEnded: boolean } | { is: "in"; book: Book };

export function App() {
  const [language, setLanguage] = useState<Language>(known);
  const [stage, setStage] = useState<Stage>({ is: "looking" });
  const [setup, setSetup] = useState<SetUp | null>(null);
  const tag = LANGUAGES.find((one) => one.code === language)?.tag ?? "zh-CN";
  wearLanguage(language);
  speak(tag);
  speakQueue(tag);

  const choose = useCallback((chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  }, []);
  const open = useCallback(async () => {
    const book = await got(api.GET("/v1/book"));
    await learnClock(book);
    await keep("book", book);
    await keep("operator", signedIn()?.name ?? book.asker.name);
    if ((await kept("since")) === null) await keep("since", book.now);
    tell(true);
    setStage({ is: "in", book });
    void drain();
  }, []);
  /** What this till was before the line went. */
  const openKept = useCallback(async () => {
    const book = await kept("book");
    await learnClock(null);
    if (book) setStage({ is: "in", book });
    else setStage({ is: "out", hasOperators: true, hasEnded: false });
  }, []);
  const look = useCallback(async () => {
    const found = await resume();
    if (found.signed?.kind === "in") await open();
    else if (found.signed?.kind === "gone") {
      tell(false);
      await openKept();
    } else setStage({ is: "out", hasOperators: found.has_operators, hasEnded: false });
  }, [open, openKept]);

  useEffect(() => {
    whenEnded(() => setStage({ is: "out", hasOperators: true, hasEnded: true }));
    const begin = async () => {
      setSetup(await kept("setup"));
      await beginQueue();
      await look();
    };
    begin().catch((failure: unknown) => (failure instanceof Refused && failure.isGone ? openKept() : setStage({ is: "out", hasOperators: true, hasEnded: false })));
    // Whoever opened the till without a line is asked for when the line is back.
    return subscribe(() => {
      if (lineState().isOn && signedIn() === null && !credentials("GET")["Authorization"]) void look().catch(() => undefined);
    });
  }, [look, openKept]);

  const leave = async () => {
    await forget("book");
    await signOut();
    setStage({ is: "out", hasOperators: (await resume()).has_operators, hasEnded: false });
  };
  const book = stage.is === "in" ? stage.book : null;
  const frame = useMemo(() => ({ language, book }), [language, book]);
  return (
    <FrameProvider value={frame}>
      {stage.is === "looking" ? <Looking /> : null}
      {stage.is === "out" ? <SignIn hasOperators={stage.hasOperators} hasEnded={stage.hasEnded} onChoose={choose} onSigned={open} /> : null}
      {stage.is === "in" && !book?.program ? <NoProgramme /> : null}
      {stage.is === "in" && book?.program && setup === null ? (
        <main className="alone">
          <SettingsForm setup={null} onSaved={setSetup} onChoose={choose} />
        </main>
      ) : null}
      {stage.is === "in" && book?.program && setup !== null ? (
        <Router base="/till">
          <Till setup={setup} onSetUp={setSetup} onChoose={choose} onLeave={() => void leave()} />
        </Router>
      ) : null}
    </FrameProvider>
  );
}

function Looking() {
  const say = useSay();
  return (
    <p className="away" role="status">
      {say("state.loading")}
    </p>
  );
}

function NoProgramme() {
  const say = useSay();
  return (
    <main className="alone">
      <h1>{say("till.no_programme")}</h1>
      <p>{say("till.no_programme_how")}</p>
    </main>
  );
}
