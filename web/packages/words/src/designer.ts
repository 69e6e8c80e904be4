import { en } from "./designer.en.ts";
import { zh } from "./designer.zh.ts";
import { learn } from "./index.ts";

learn(zh, en);
