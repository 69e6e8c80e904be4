// Go somewhere or do something by typing: screens by their name, a member by card, phone, e-mail, external id or mbr_ id.
import { api, got, Refused } from "@jifen/api";
import { Icon, useFrame, useGoing, useMay, useSay, keepTheme, theme } from "@jifen/ui";
import { useState } from "react";
import { Autocomplete, Dialog, Input, ListBox, ListBoxItem, Modal, ModalOverlay, SearchField, useFilter } from "react-aria-components";
import type { Screen } from "./screen.ts";
import { useSteering } from "./shell.tsx";

/** The member that a text names: by id, card, external id, phone or e-mail; null: nobody. */
export async function memberNamed(text: string): Promise<string | null> {
  if (/^mbr_[0-9a-f]{32}$/.test(text)) return text;
  const isPhone = /^\+?[\d ()-]{7,20}$/.test(text);
  const ways = text.includes("@") ? [{ email: text }] : [{ card: text }, { external: text }, ...(isPhone ? [{ phone: text }] : [])];
  for (const query of ways) {
    try {
      return (await got(api.GET("/v1/members", { params: { query } }))).member_id;
    } catch (failure) {
      if (!(failure instanceof Refused) || ![404, 422, 400].includes(failure.status)) throw failure;
    }
  }
  return null;
}

export function Palette({ screens, onClose, onLeave }: { screens: Screen[]; onClose: () => void; onLeave: () => void }) {
  const say = useSay();
  const may = useMay();
  const { go } = useGoing();
  const { language } = useFrame();
  const { onChoose } = useSteering();
  const { contains } = useFilter({ sensitivity: "base" });
  const [text, setText] = useState("");
  const [no, setNo] = useState<string | null>(null);

  const find = async () => {
    const member = await memberNamed(text.trim()).catch(() => null);
    if (member === null) setNo(say("members.nobody_named", { text: text.trim() }));
    else {
      onClose();
      go(`/members/${member}`);
    }
  };
  const act = (id: string) => {
    if (id === "find") {
      void find();
      return;
    }
    onClose();
    if (id === "language") onChoose(language === "zh" ? "en" : "zh");
    else if (id === "theme") keepTheme(theme() === "dark" || document.documentElement.dataset["theme"] === "dark" ? "light" : "dark");
    else if (id === "leave") onLeave();
    else go(id);
  };
  const matches = (of: string, typed: string) => of.startsWith("\u200b") || contains(of, typed);
  return (
    <ModalOverlay className="veil" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="palette">
        <Dialog className="palette-inside" aria-label={say("palette.title")}>
          <Autocomplete filter={matches} inputValue={text} onInputChange={(typed) => { setText(typed); setNo(null); }}>
            <SearchField aria-label={say("palette.title")} autoFocus>
              <Input className="input" placeholder={say("palette.hint")} />
            </SearchField>
            <ListBox aria-label={say("palette.title")} onAction={(id) => act(String(id))} selectionMode="none">
              {text.trim() && may("members.read") ? (
                <ListBoxItem id="find" textValue={`\u200b${text}`}>
                  <Icon name="members" /> {no ?? say("palette.find_member", { text: text.trim() })}
                </ListBoxItem>
              ) : null}
              {screens.map((one) => (
                <ListBoxItem key={one.path} id={one.path} textValue={say(one.word)}>
                  <Icon name={one.menu?.icon ?? "home"} /> {say(one.word)}
                  {one.menu?.key ? <kbd>g {one.menu.key}</kbd> : null}
                </ListBoxItem>
              ))}
              <ListBoxItem id="language" textValue={say("palette.language")}>
                <Icon name="settings" /> {say("palette.language")}
              </ListBoxItem>
              <ListBoxItem id="theme" textValue={say("palette.theme")}>
                <Icon name="settings" /> {say("palette.theme")}
              </ListBoxItem>
              <ListBoxItem id="leave" textValue={say("sign_in.leave")}>
                <Icon name="out" /> {say("sign_in.leave")}
              </ListBoxItem>
            </ListBox>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
