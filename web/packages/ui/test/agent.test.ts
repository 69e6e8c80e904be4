import assert from "node:assert/strict";
import { test } from "node:test";
import { agentParts } from "../src/agent.ts";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";
const KNOWN: [string, string | null, string | null][] = [
  [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36`, "Chrome", "Android"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`, "Edge", "Windows"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari", "iPhone"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50", "WeChat", "iPhone"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox", "Mac"],
  [`Mozilla/5.0 (Phone; OpenHarmony 5.0) ${WEBKIT} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1 HuaweiBrowser/5.0`, "Huawei Browser", "HarmonyOS"],
  ["curl/8.9.1", null, null],
  ["a browser of the future (Linux)", null, "Linux"],
  ["", null, null],
];

test("a user agent is told as a person would say it, and what is not known is not guessed", () => {
  for (const [agent, browser, system] of KNOWN) assert.deepEqual(agentParts(agent), { browser, system }, agent);
});
