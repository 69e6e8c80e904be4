// What a member may agree to, beside what keeping points needs. The version is that of the words in @jifen/words.

export const PURPOSES = ["expiry", "offers"] as const;
export type Purpose = (typeof PURPOSES)[number];
export const TEXT_VERSION = "2026-11";
