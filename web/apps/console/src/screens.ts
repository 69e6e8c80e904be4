// The screens, in the order of the menu. A new one is a folder and a line here.
import { audit } from "./screens/audit/index.tsx";
import { backtest, backtests } from "./screens/backtests/index.tsx";
import { compensations } from "./screens/compensations/index.tsx";
import { duplicates } from "./screens/duplicates/index.tsx";
import { exchanges } from "./screens/exchanges/index.tsx";
import { imports, oneImport } from "./screens/imports/index.tsx";
import { jobs } from "./screens/jobs/index.tsx";
import { keys } from "./screens/keys/index.tsx";
import { ledger } from "./screens/ledger/index.tsx";
import { member } from "./screens/member/index.tsx";
import { members } from "./screens/members/index.tsx";
import { operators } from "./screens/operators/index.tsx";
import { overview } from "./screens/overview/index.tsx";
import { programme } from "./screens/programme/index.tsx";
import { proposals } from "./screens/proposals/index.tsx";
import { question } from "./screens/question/index.tsx";
import { questions } from "./screens/questions/index.tsx";
import { rewards } from "./screens/rewards/index.tsx";
import { segment } from "./screens/segment/index.tsx";
import { segments } from "./screens/segments/index.tsx";
import { settings } from "./screens/settings/index.tsx";
import { terms } from "./screens/terms/index.tsx";
import { tiers } from "./screens/tiers/index.tsx";
import type { Screen } from "./screen.ts";

export const SCREENS: Screen[] = [
  overview, members, member, segments, segment, duplicates, questions, question, compensations, terms, programme, rewards, tiers, exchanges, backtests, backtest, proposals, ledger, jobs, imports, oneImport, keys,
  operators, audit, settings,
];

/** The screen at an address, and what stands in the place of its ":id". */
export function screenAt(path: string): { screen: Screen; id: string } | null {
  for (const screen of SCREENS) {
    const [head, id] = screen.path.split("/:");
    if (id === undefined && path === screen.path) return { screen, id: "" };
    if (id !== undefined && path.startsWith(`${head}/`)) {
      const rest = path.slice((head?.length ?? 0) + 1);
      if (rest && !rest.includes("/")) return { screen, id: decodeURIComponent(rest) };
    }
  }
  return null;
}
