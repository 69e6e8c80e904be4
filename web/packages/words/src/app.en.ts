// English, the member app.
import type { Message } from "./index.ts";
import type { zh } from "./app.zh.ts";

export const en: Record<keyof typeof zh, Message> = {
  "app.name": "Member",
};
