// What a browser says of itself, as a person would say it. A few honest patterns: what they do not know is an unknown browser.
import type { Key } from "@jifen/words";

/** First match wins: who is built on another names itself beside it (Edge says Chrome, Chrome says Safari). */
const BROWSERS: [RegExp, string][] = [
  [/MicroMessenger/, "WeChat"],
  [/AlipayClient/, "Alipay"],
  [/DingTalk/, "DingTalk"],
  [/HuaweiBrowser/, "Huawei Browser"],
  [/MiuiBrowser/, "Mi Browser"],
  [/MQQBrowser|QQBrowser/, "QQ Browser"],
  [/UCBrowser/, "UC Browser"],
  [/SamsungBrowser/, "Samsung Internet"],
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\/|Opera/, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Version\/[\d.]+ .*Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/OpenHarmony|HarmonyOS/, "HarmonyOS"],
  [/Android/, "Android"],
  [/iPhone|iPod/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "Mac"],
  [/CrOS/, "ChromeOS"],
  [/Linux|X11/, "Linux"],
];

/** The browser and the machine that a user agent names; null: none that is known. */
export function agentParts(agent: string): { browser: string | null; system: string | null } {
  const first = (known: [RegExp, string][]) => known.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
  return { browser: first(BROWSERS), system: first(SYSTEMS) };
}

/** The same as words: "Chrome on Android", "an unknown browser on Linux", "an unknown browser". */
export function agentSaid(agent: string, say: (key: Key, values?: Record<string, string>) => string): string {
  const { browser, system } = agentParts(agent);
  const named = browser ?? say("agent.unknown");
  return system === null ? named : say("agent.on", { browser: named, system });
}
