// Addresses. The state of every screen is in its address, so that it can be sent, kept and gone back to.
import { createContext, type MouseEvent, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

export interface Route {
  /** Below the app's own folder: "/members/mbr_..." */
  path: string;
  query: URLSearchParams;
}

interface Going {
  base: string;
  route: Route;
  go: (to: string, how?: "push" | "replace") => void;
}

const Routed = createContext<Going | null>(null);

function here(base: string): Route {
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : location.pathname;
  return { path: path.replace(/\/+$/, "") || "/", query: new URLSearchParams(location.search) };
}

export function Router({ base, children }: { base: string; children: ReactNode }) {
  const [route, setRoute] = useState(() => here(base));
  useEffect(() => {
    const moved = () => setRoute(here(base));
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, [base]);
  const going = useMemo<Going>(
    () => ({
      base,
      route,
      go: (to, how = "push") => {
        const before = location.pathname;
        if (how === "push") history.pushState(null, "", base + to);
        else history.replaceState(null, "", base + to);
        setRoute(here(base));
        if (location.pathname !== before) scrollTo(0, 0);
      },
    }),
    [base, route],
  );
  return <Routed.Provider value={going}>{children}</Routed.Provider>;
}

export function useGoing(): Going {
  const going = useContext(Routed);
  if (!going) throw new Error("outside of a Router");
  return going;
}

/** One word of the address's query: read it, and put another there (null takes it out). */
export function useQuery(): [URLSearchParams, (changes: Record<string, string | null>, how?: "push" | "replace") => void] {
  const { route, go } = useGoing();
  return [
    route.query,
    (changes, how = "replace") => {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === "") query.delete(name);
        else query.set(name, value);
      }
      const text = query.toString();
      go(route.path + (text ? `?${text}` : ""), how);
    },
  ];
}

/** The address with some words of its query changed. */
export function addressWith(route: Route, changes: Record<string, string | null>): string {
  const query = new URLSearchParams(route.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return route.path + (text ? `?${text}` : "");
}

interface LinkProps {
  to: string;
  children: ReactNode;
  className?: string;
  current?: boolean;
}

export function Link({ to, children, className, current }: LinkProps) {
  const { base, go } = useGoing();
  const click = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={base + to} onClick={click} className={className} aria-current={current ? "page" : undefined}>
      {children}
    </a>
  );
}
