// Who is there, in which language, and then the shell.
import { api, type Book, got, Refused, resume, signOut, speak, whenEnded } from "@jifen/api";
import { FrameProvider, Router, useSay, keepLanguage, language as known, wearLanguage, wearTheme } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Invitation, invitationToken } from "./invitation.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";

wearTheme();

type Stage = { is: "looking" } | { is: "out"; hasOperators: boolean; hasEnded: boolean } | { is: "in"; book: Book };

export function App() {
  const [language, setLanguage] = useState<Language>(known);
  const [stage, setStage] = useState<Stage>({ is: "looking" });
  wearLanguage(language);
  speak(LANGUAGES.find((one) => one.code === language)?.tag ?? "zh-CN");

  const choose = useCallback((chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  }, []);
  const open = useCallback(async () => {
    setStage({ is: "in", book: await got(api.GET("/v1/book")) });
  }, []);
  useEffect(() => {
    let hasOperators = true;
    whenEnded(() => setStage({ is: "out", hasOperators, hasEnded: true }));
    resume()
      .then(async (found) => {
        hasOperators = found.has_operators;
        if (found.signed?.kind === "in") await open();
        else setStage({ is: "out", hasOperators, hasEnded: false });
      })
      .catch(() => setStage({ is: "out", hasOperators, hasEnded: false }));
  }, [open]);

  const invited = invitationToken();
  const book = stage.is === "in" ? stage.book : null;
  const frame = useMemo(() => ({ language, book }), [language, book]);
  return (
    <FrameProvider value={frame}>
      {stage.is === "looking" ? <Looking /> : null}
      {stage.is === "out" && invited ? <Invitation token={invited} onChoose={choose} onSigned={open} /> : null}
      {stage.is === "out" && !invited ? (
        <SignIn hasOperators={stage.hasOperators} hasEnded={stage.hasEnded} onChoose={choose} onSigned={open} />
      ) : null}
      {stage.is === "in" ? (
        <Router base="/console">
          <Shell
            onChoose={choose}
            onLeave={() => {
              void signOut();
              setStage({ is: "out", hasOperators: true, hasEnded: false });
              void resume().then((found) => setStage({ is: "out", hasOperators: found.has_operators, hasEnded: false }));
            }}
            onBook={(fresh) => setStage({ is: "in", book: fresh })}
          />
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

export { Refused };
