// English, what every face says.
import type { Message } from "./index.ts";
import type { zh } from "./house.zh.ts";

export const en: Record<keyof typeof zh, Message> = {
  // The house
  "do.close": "Close",
  "do.not": "Cancel",
  "do.more": "Next page",
  "do.first_page": "First page",
  "do.older": "Older",
  "do.newest": "Newest",
  "list.sentences": " ",
  "list.between": ", ",

  // States
  "state.loading": "Loading",
  "state.again": "Try again",
  "state.now": "Now",
  "state.nothing": "Nothing here.",
  "state.failed": "That could not be done.",
  "state.not_permitted": "This takes the permission {permission}. Somebody who has it can look, or an owner can change your role.",
  "state.gone": "The server does not answer.",
  "state.gone_since": "No answer since {at}.",
  "state.gone_again": "What you see is from before; it is asked again by itself.",
  "table.columns": "Columns",
  "table.csv": "Export CSV",
  "do.copy": "Copy",
  "do.copied": "Copied",
  "state.may_not": "Your role does not see this page",
  "state.roles_with": "Roles that have it: {roles}.",

  // Settings
  "theme.system": "As the system",
  "theme.light": "Light",
  "theme.dark": "Dark",
  "passkey.alone": "Sign in with a passkey",
  "passkey.beside": "Use a passkey instead of the code",
  "passkey.stopped": "No passkey answered. Try again, or sign in another way.",
  "demo.sign_ins": "Demo: sign in with a click",
  "agent.on": "{browser} on {system}",
  "agent.unknown": "an unknown browser",
};
