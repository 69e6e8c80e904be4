// Signs: 1.75 on 24, in the colour of their text. A sign stands beside a word, never alone.

const PATHS = {
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4Z",
  lines: "M4 6h16M4 12h10M4 18h16",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 8c0-3.500 3.500-5.500 8-5.500s8 2 8 5.500",
  back: "M15 5l-7 7 7 7",
  on: "M9 5l7 7-7 7",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  clock: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-12.500V12l3 2",
  returned: "M9 6 4.500 10.500 9 15M4.500 10.500H15a4.500 4.500 0 0 1 0 9h-3",
  gift: "M4 9h16v4H4ZM5.500 13v7h13v-7M12 9v11M12 9C9 9 7.500 7.500 8 6c.6-1.600 3.400-1 4 3 .6-4 3.400-4.600 4-3 .5 1.500-1 3-4 3Z",
  receipt: "M6 4h12v16l-2-1.500-2 1.500-2-1.500-2 1.500-2-1.500L6 20ZM9 9h6M9 13h4",
  shield: "M12 3.500 19 6v5.500c0 4.500-3 7.500-7 9-4-1.500-7-4.500-7-9V6Z",
  phone: "M8 3.500h8a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1ZM11 17.500h2",
  ask: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm-2.200-10a2.300 2.300 0 1 1 3.400 2c-.8.500-1.200 1-1.200 1.800M12 16.500v.2",
  chat: "M4.500 5h15v11H11l-4 3.500V16H4.500Z",
  eye: "M3 12c2.500-4 5.500-6 9-6s6.500 2 9 6c-2.500 4-5.500 6-9 6s-6.500-2-9-6Zm9 2.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600Z",
  download: "M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14",
  pencil: "M5 19l1-4L16 5l3 3L9 18Z",
  bin: "M5 7h14M10 7V4.500h4V7M7 7l1 13h8l1-13",
  lock: "M6 11h12v9H6ZM9 11V8a3 3 0 0 1 6 0v3",
  info: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 11v5M12 8v.2",
  done: "M5 12.500l5 5L19.500 7",
  warn: "M12 4 3 20h18L12 4Zm0 6v4.500M12 17v.2",
  cut: "M3 9c5-4.500 13-4.500 18 0M7 13.500c3-2.500 7-2.500 10 0M12 18v.2M4 4l16 16",
  size: "M3 18 8 6l5 12M4.800 14h6.400M14 18l3.500-8 3.500 8M15.300 15h4.400",
  close: "M6 6l12 12M18 6 6 18",
  out: "M10 4H5v16h5M14 8l4 4-4 4M9 12h9",
} as const;
export type SignName = keyof typeof PATHS;

export function Sign({ name }: { name: SignName }) {
  return (
    <svg className="sign" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
