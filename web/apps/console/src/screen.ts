// A screen: one folder, one route, one line of the menu.
import type { IconName } from "@jifen/ui";
import type { Key } from "@jifen/words";
import type { ComponentType } from "react";

export interface Screen {
  /** Below /console; ":id" stands for anything. */
  path: string;
  word: Key;
  Page: ComponentType<{ id: string }>;
  /** Who may not is not shown the line. */
  permission: string;
  /** Its line of the menu; a screen that opens from another one has none. */
  menu?: { group: Key | null; icon: IconName; key?: string };
}
