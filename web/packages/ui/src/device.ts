// What a browser says of itself, as one would say it.

/** The first that is found counts: nearly every browser says Safari and Chrome beside its own name, and every Android Linux. */
const WHERE: [RegExp, string][] = [
  [/OpenHarmony|HarmonyOS/, "HarmonyOS"], [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"],
  [/Windows/, "Windows"], [/Mac OS X/, "Mac"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"],
];
const WHAT: [RegExp, string][] = [
  [/MicroMessenger/, "WeChat"], [/AlipayClient/, "Alipay"], [/DingTalk/, "DingTalk"], [/MQQBrowser|QQBrowser/, "QQ"],
  [/Edg(A|iOS)?\//, "Edge"], [/Firefox|FxiOS/, "Firefox"], [/Chrome|CriOS/, "Chrome"], [/Safari/, "Safari"],
];

/** `iPhone · WeChat`; nothing where it says neither. */
export function deviceOf(agent: string): string {
  const found = [WHERE, WHAT].map((known) => known.find(([mark]) => mark.test(agent))?.[1]);
  return found.filter(Boolean).join(" · ");
}
