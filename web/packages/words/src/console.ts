import { en } from "./console.en.ts";
import { zh } from "./console.zh.ts";
import { en as filesEn } from "./files.en.ts";
import { zh as filesZh } from "./files.zh.ts";
import { learn } from "./index.ts";
import { en as standingEn } from "./standing.en.ts";
import { zh as standingZh } from "./standing.zh.ts";
import { en as peopleEn } from "./people.en.ts";
import { zh as peopleZh } from "./people.zh.ts";

learn({ ...zh, ...peopleZh, ...filesZh, ...standingZh }, { ...en, ...peopleEn, ...filesEn, ...standingEn });
