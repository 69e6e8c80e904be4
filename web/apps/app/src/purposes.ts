// What a member may agree to, beside what keeping points needs. Which version of the words he read, the server says (welcome.text_version).

export const PURPOSES = ["expiry", "offers"] as const;
export type Purpose = (typeof PURPOSES)[number];
