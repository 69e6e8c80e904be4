// English, the till.
import type { Message } from "./index.ts";
import type { zh } from "./till.zh.ts";

export const en: Record<keyof typeof zh, Message> = {
  "till.name": "Till",
};
