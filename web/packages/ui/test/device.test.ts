import assert from "node:assert/strict";
import test from "node:test";
import { deviceOf } from "../src/device.ts";

const KIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

test("a browser goes by its own name, and not by those that it says beside it", () => {
  const told: [string, string][] = [
    [`Mozilla/5.0 (Linux; Android 14; V2309A) ${KIT} Version/4.0 Chrome/130.0 MQQBrowser/6.2 Mobile Safari/537.36 MicroMessenger/8.0.50`, "Android · WeChat"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50", "iPhone · WeChat"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 AlipayClient/10.6", "iPhone · Alipay"],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${KIT} Chrome/141.0 Safari/537.36 Edg/141.0`, "Windows · Edge"],
    [`Mozilla/5.0 (Phone; OpenHarmony 5.0) ${KIT} Chrome/132.0 Safari/537.36 ArkWeb/4.1`, "HarmonyOS · Chrome"],
    [`Mozilla/5.0 (Linux; Android 14) ${KIT} Chrome/141.0 Mobile Safari/537.36`, "Android · Chrome"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1", "iPhone · Chrome"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Mac · Safari"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Linux · Firefox"],
    ["curl/8.5", ""],
    ["", ""],
  ];
  for (const [agent, said] of told) assert.equal(deviceOf(agent), said, agent);
});
