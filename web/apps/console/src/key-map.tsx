// The keys, listed.
import { Asking, singleKeys, switchSingleKeys, useSay } from "@jifen/ui";
import { useState } from "react";
import type { Screen } from "./screen.ts";

export function KeyMap({ screens, onClose }: { screens: Screen[]; onClose: () => void }) {
  const say = useSay();
  const [areOn, setOn] = useState(singleKeys());
  const keys: [string, string][] = [
    ["Ctrl K", say("palette.title")],
    ["/", say("keys_map.search")],
    ["j k", say("keys_map.move")],
    ["Enter", say("keys_map.open")],
    ["[ ]", say("keys_map.along")],
    ["Esc", say("do.close")],
    ["?", say("keys_map.title")],
    ...screens.filter((one) => one.menu?.key).map((one): [string, string] => [`g ${one.menu?.key}`, say(one.word)]),
  ];
  return (
    <Asking title={say("keys_map.title")} onClose={onClose}>
      <dl className="keymap">
        {keys.map(([key, what]) => (
          <div key={key} className="keymap-line">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="row">
        <input
          type="checkbox"
          checked={areOn}
          onChange={(event) => {
            switchSingleKeys(event.target.checked);
            setOn(event.target.checked);
          }}
        />
        {say("keys_map.single")}
      </label>
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          {say("do.close")}
        </button>
      </div>
    </Asking>
  );
}
