// What stands around every screen: the rail, the page, the palette and the keys.
import { type Book, signedIn } from "@jifen/api";
import { dayText, Icon, Link, localDay, Logo, nameIn, Said, singleKeys, useFrame, useGoing, useKeys, useMay, useSay } from "@jifen/ui";
import type { Key, Language } from "@jifen/words";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";
import { KeyMap } from "./key-map.tsx";
import { Palette } from "./palette.tsx";
import { rolesWith } from "./said.ts";
import type { Screen } from "./screen.ts";
import { SCREENS, screenAt } from "./screens.ts";

interface Steering {
  onChoose: (language: Language) => void;
  onBook: (book: Book) => void;
}

const Steered = createContext<Steering | null>(null);

export function useSteering(): Steering {
  const steering = useContext(Steered);
  if (!steering) throw new Error("outside of the shell");
  return steering;
}

export function Shell({ onChoose, onLeave, onBook }: Steering & { onLeave: () => void }) {
  const say = useSay();
  const may = useMay();
  const { route, go } = useGoing();
  const { book } = useFrame();
  const [palette, setPalette] = useState(false);
  const [keyMap, setKeyMap] = useState(false);
  const [isMenu, setMenu] = useState(false);
  const isGoing = useRef(0);
  const found = screenAt(route.path);
  const shown = SCREENS.filter((one) => one.menu && may(one.permission));

  useEffect(() => setMenu(false), [route.path]);
  // Who may not see the overview begins with the first screen that he may see.
  const first = shown[0]?.path;
  const isElsewhere = route.path === "/" && first !== undefined && first !== "/";
  useEffect(() => {
    if (isElsewhere) go(first, "replace");
  }, [isElsewhere, first, go]);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette((was) => !was);
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  useKeys(
    useCallback(
      (key) => {
        if (!singleKeys()) return false;
        if (Date.now() - isGoing.current < 1200) {
          isGoing.current = 0;
          const target = shown.find((one) => one.menu?.key === key);
          if (target) go(target.path);
          return target !== undefined;
        }
        if (key === "g") isGoing.current = Date.now();
        else if (key === "?") setKeyMap(true);
        else if (key === "/") {
          const field = document.querySelector<HTMLInputElement>("[data-search]");
          if (field) field.focus();
          else setPalette(true);
        } else return false;
        return true;
      },
      [go, shown],
    ),
  );

  const program = book?.program;
  return (
    <Steered.Provider value={{ onChoose, onBook }}>
      <div className="shell">
        <header className={isMenu ? "rail open" : "rail"}>
          <div className="rail-name">
            <Logo /> <Name />
          </div>
          <button type="button" className="rail-search" onClick={() => setPalette(true)}>
            <Icon name="search" />
            <span>{say("palette.open")}</span>
            <kbd>{navigator.platform.startsWith("Mac") ? "⌘K" : "Ctrl K"}</kbd>
          </button>
          <Menu screens={shown} current={found?.screen} />
          <div className="rail-foot">
            {book?.is_past && program ? <BookDate book={book} zone={program.time_zone} /> : null}
            {book?.label ? <span lang="en">{book.label}</span> : null}
            <div className="rail-who">
              <b>{signedIn()?.name ?? book?.asker.name}</b>
              <span className="row">
                <button type="button" className="button" aria-label={say("keys_map.title")} onClick={() => setKeyMap(true)}>
                  ?
                </button>
                <button type="button" className="button" aria-label={say("sign_in.leave")} title={say("sign_in.leave")} onClick={onLeave}>
                  <Icon name="out" />
                </button>
              </span>
            </div>
          </div>
        </header>
        <main className="page">
          {isElsewhere ? null : found && !may(found.screen.permission) ? <MayNot key={found.screen.path} screen={found.screen} /> : found ? <found.screen.Page key={found.screen.path + found.id} id={found.id} /> : <NoSuchPage />}
        </main>
        <nav className="tabbar" aria-label={say("nav.short")}>
          {shown.slice(0, 4).map((one) => (
            <Link key={one.path} to={one.path} current={one === found?.screen}>
              <Icon name={one.menu?.icon ?? "home"} />
              {say(one.word)}
            </Link>
          ))}
          <button type="button" aria-expanded={isMenu} onClick={() => setMenu(!isMenu)}>
            <Icon name={isMenu ? "close" : "menu"} />
            {say("nav.menu")}
          </button>
        </nav>
      </div>
      {palette ? <Palette screens={shown} onClose={() => setPalette(false)} onLeave={onLeave} /> : null}
      {keyMap ? <KeyMap screens={shown} onClose={() => setKeyMap(false)} /> : null}
    </Steered.Provider>
  );
}

function Name() {
  const { book, language } = useFrame();
  return <span>{book?.program ? nameIn(book.program.names, language) : "Jifen"}</span>;
}

function BookDate({ book, zone }: { book: Book; zone: string }) {
  const { language } = useFrame();
  return <span><Said id="nav.book_date" with={{ day: dayText(localDay(book.now, zone), language, "sentence") }} /></span>;
}

function Menu({ screens, current }: { screens: Screen[]; current: Screen | undefined }) {
  const say = useSay();
  const groups: [Key | null, Screen[]][] = [];
  for (const one of screens) {
    const group = one.menu?.group ?? null;
    const last = groups.at(-1);
    if (last && last[0] === group) last[1].push(one);
    else groups.push([group, [one]]);
  }
  const isCurrent = (one: Screen) => one === current || (current !== undefined && !current.menu && current.path.startsWith(`${one.path}/`));
  return (
    <nav aria-label={say("nav.main")}>
      {groups.map(([group, of]) => (
        <div key={group ?? ""}>
          {group ? <h2>{say(group)}</h2> : null}
          <ul>
            {of.map((one) => (
              <li key={one.path}>
                <Link to={one.path} current={isCurrent(one)}>
                  <Icon name={one.menu?.icon ?? "home"} />
                  {say(one.word)}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** A page: its title, what can be done there, and what it shows. */
export function Page({ title, above, actions, children }: { title: string; above?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Jifen`;
  }, [title]);
  // Whoever reads by ear hears where he came to; whoever walks by keys begins at the top of the page.
  useEffect(() => head.current?.focus({ preventScroll: true }), []);
  return (
    <>
      <div className="page-head">
        <h1 ref={head} tabIndex={-1}>
          {above ? <span className="above">{above} / </span> : null}
          {title}
        </h1>
        {actions ? <div className="row">{actions}</div> : null}
      </div>
      <div className="page-body">{children}</div>
    </>
  );
}

/** The address of a screen that is not for whoever opened it: what it takes, and who has it. */
function MayNot({ screen }: { screen: Screen }) {
  const say = useSay();
  const roles = rolesWith(screen.permission).map((role) => say(`role.${role}`));
  return (
    <Page title={say(screen.word)}>
      <div className="note note-stop" role="alert">
        <p className="note-title">{say("state.may_not")}</p>
        <p>{say("state.not_permitted", { permission: screen.permission })}</p>
        <p>{say("state.roles_with", { roles: roles.join(say("list.between")) })}</p>
        <p className="code">not_permitted · 403</p>
      </div>
    </Page>
  );
}

function NoSuchPage() {
  const say = useSay();
  return (
    <Page title={say("nav.nowhere")}>
      <p>
        <Link to="/">{say("screen.overview")}</Link>
      </p>
    </Page>
  );
}
