// How this browser shows the console, and who asks.
import { signedIn } from "@jifen/api";
import { Segmented, Section, singleKeys, switchSingleKeys, useFrame, useSay, keepTheme, type Theme, theme } from "@jifen/ui";
import { type Language, LANGUAGES } from "@jifen/words";
import { useState } from "react";
import { useSaid } from "../../said.ts";
import type { Screen } from "../../screen.ts";
import { Page, useSteering } from "../../shell.tsx";
import { OwnAccount } from "./own.tsx";
import { Retention } from "./retention.tsx";

const THEMES: Theme[] = ["system", "light", "dark"];

function SettingsPage() {
  const say = useSay();
  const said = useSaid();
  const { language, book } = useFrame();
  const { onChoose } = useSteering();
  const [chosen, setChosen] = useState<Theme>(theme);
  const [areOn, setOn] = useState(singleKeys());
  const asker = book?.asker;
  return (
    <Page title={say("screen.settings")}>
      <Section title={say("settings.here")} aside={say("settings.here_note")}>
        <dl className="facts settings">
          <dt>{say("settings.language")}</dt>
          <dd>
            <Segmented
              label={say("settings.language")}
              choices={LANGUAGES.map((one) => ({ id: one.code, label: <span lang={one.tag}>{one.name}</span> }))}
              current={language}
              onChoose={(wanted) => onChoose(wanted as Language)}
            />
          </dd>
          <dt>{say("settings.theme")}</dt>
          <dd>
            <Segmented
              label={say("settings.theme")}
              choices={THEMES.map((one) => ({ id: one, label: say(`theme.${one}`) }))}
              current={chosen}
              onChoose={(wanted) => {
                keepTheme(wanted as Theme);
                setChosen(wanted as Theme);
              }}
            />
          </dd>
          <dt>{say("settings.keys")}</dt>
          <dd>
            <label className="row">
              <input type="checkbox" checked={areOn} onChange={(event) => { switchSingleKeys(event.target.checked); setOn(event.target.checked); }} />
              {say("keys_map.single")}
            </label>
          </dd>
        </dl>
      </Section>
      {signedIn() ? <OwnAccount /> : null}
      <Retention />
      {asker ? (
        <Section title={say("settings.asker")}>
          <dl className="facts settings">
            <dt>{say("settings.name")}</dt>
            <dd>{signedIn()?.name ?? asker.name}</dd>
            <dt>{say("key.stores")}</dt>
            <dd>{asker.stores?.join(", ") ?? say("key.all_stores")}</dd>
            <dt>{say("key.limit")}</dt>
            <dd>{asker.adjustment_units_max ?? say("key.no_limit")}</dd>
            <dt>{say("settings.permissions")}</dt>
            <dd>{asker.permissions.map((one) => said("permissions", one)).join(say("list.between"))}</dd>
            <dt>{say("settings.version")}</dt>
            <dd>Jifen {book?.version}</dd>
          </dl>
        </Section>
      ) : null}
    </Page>
  );
}

export const settings: Screen = {
  path: "/settings",
  word: "screen.settings",
  Page: SettingsPage,
  permission: "program.read",
  menu: { group: "group.system", icon: "settings", key: "s" },
};
