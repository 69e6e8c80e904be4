import { en } from "./app.en.ts";
import { zh } from "./app.zh.ts";
import { learn } from "./index.ts";

learn(zh, en);
