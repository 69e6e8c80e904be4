import { en } from "./console.en.ts";
import { zh } from "./console.zh.ts";
import { learn } from "./index.ts";
import { en as peopleEn } from "./people.en.ts";
import { zh as peopleZh } from "./people.zh.ts";

learn({ ...zh, ...peopleZh }, { ...en, ...peopleEn });
