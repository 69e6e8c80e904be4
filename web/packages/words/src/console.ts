import { en } from "./console.en.ts";
import { zh } from "./console.zh.ts";
import { learn } from "./index.ts";

learn(zh, en);
