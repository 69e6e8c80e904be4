// How large a member wants it: everything one size up, kept on this phone.

export type Size = "usual" | "elder";

export function size(): Size {
  try {
    return localStorage.getItem("jifen.size") === "elder" ? "elder" : "usual";
  } catch {
    return "usual";
  }
}

export function keepSize(chosen: Size): void {
  try {
    localStorage.setItem("jifen.size", chosen);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
  wearSize(chosen);
}

export function wearSize(worn: Size): void {
  if (worn === "elder") document.documentElement.dataset["size"] = "elder";
  else delete document.documentElement.dataset["size"];
}
