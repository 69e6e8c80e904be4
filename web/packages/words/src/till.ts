import { en } from "./till.en.ts";
import { zh } from "./till.zh.ts";
import { learn } from "./index.ts";

learn(zh, en);
