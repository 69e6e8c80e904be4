// Small parts: sections, figures, tabs that are addresses, choices, columns from zero, a drawer.
import { type ReactNode, useId } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useSay } from "./frame.tsx";
import { Icon } from "./marks.tsx";
import { Link } from "./route.tsx";

export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {aside ? <div className="section-aside">{aside}</div> : null}
      </div>
      {children}
    </section>
  );
}

/** A figure: what it is, how much, and of what. */
export function Figure({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="figure">
      <div className="figure-label">{label}</div>
      <div className="figure-value">{children}</div>
      {note ? <div className="figure-note">{note}</div> : null}
    </div>
  );
}

export interface Tab {
  id: string;
  label: string;
  to: string;
  count?: ReactNode;
}

/** Tabs that are places: each has an address. */
export function Tabs({ label, tabs, current }: { label: string; tabs: Tab[]; current: string }) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map((one) => (
        <Link key={one.id} to={one.to} current={one.id === current}>
          {one.label}
          {one.count !== undefined ? <span className="tab-count">{one.count}</span> : null}
        </Link>
      ))}
    </nav>
  );
}

export interface Choice {
  id: string;
  label: ReactNode;
}

/** One of a few, all of them visible. */
export function Segmented({ label, choices, current, onChoose }: {
  label: string;
  choices: Choice[];
  current: string;
  onChoose: (id: string) => void;
}) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {choices.map((one) => (
        <button type="button" key={one.id} aria-pressed={one.id === current} onClick={() => onChoose(one.id)}>
          {one.label}
        </button>
      ))}
    </div>
  );
}

/** One of several, in the browser's own list. */
export function Select({ label, choices, current, onChoose }: {
  label: string;
  choices: { id: string; label: string }[];
  current: string;
  onChoose: (id: string) => void;
}) {
  return (
    <span className="select">
      <select aria-label={label} value={current} onChange={(event) => onChoose(event.target.value)}>
        {choices.map((one) => (
          <option key={one.id} value={one.id}>
            {one.label}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
}

/** Columns from zero: this period green, the compared one grey, others pale. A table stands beside it for who cannot see it. */
export function Columns({ values, now, before, label }: { values: number[]; now: number; before: number; label: string }) {
  const most = Math.max(1, ...values);
  const width = 100 / values.length;
  return (
    <svg className="columns" viewBox="0 0 100 36" preserveAspectRatio="none" role="img" aria-label={label}>
      {values.map((value, at) => {
        const height = (Math.max(0, value) * 34) / most;
        const from = values.length - at;
        const kind = from <= now ? "now" : from <= now + before ? "then" : "rest";
        return <rect key={at} className={kind} x={at * width + width * 0.06} y={35 - height} width={width * 0.88} height={height} />;
      })}
      <line x1="0" y1="35.5" x2="100" y2="35.5" />
    </svg>
  );
}

/** What opens over the page, at its right edge; Esc leaves. */
export function Drawer({ label, head, children, onClose }: { label: string; head: ReactNode; children: ReactNode; onClose: () => void }) {
  const say = useSay();
  return (
    <ModalOverlay className="veil" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="drawer">
        <Dialog className="drawer-inside" aria-label={label}>
          <div className="drawer-head">
            {head}
            <button type="button" className="button quiet" onClick={onClose}>
              <kbd>Esc</kbd>
              <span className="away">{say("do.close")}</span>
            </button>
          </div>
          <div className="drawer-body">{children}</div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** A question whose answer changes something: what it means in numbers, before it is done. */
export function Asking({ title, children, onClose }: { title: string; children: ReactNode; onClose: () => void }) {
  return (
    <ModalOverlay className="veil" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="asking">
        <Dialog className="asking-inside">
          <Heading slot="title">{title}</Heading>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
