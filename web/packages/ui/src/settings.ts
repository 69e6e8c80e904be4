// What this browser remembers of how a person wants the a face: language and theme. Nothing else is kept here.
import { type Language, LANGUAGES, languageOf } from "@jifen/words";

export type Theme = "system" | "light" | "dark";
const dark = matchMedia("(prefers-color-scheme: dark)");

function kept(name: string): string | null {
  try {
    return localStorage.getItem(`jifen.${name}`);
  } catch {
    return null;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`jifen.${name}`, value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

export function language(): Language {
  const known = kept("language");
  return known === "zh" || known === "en" ? known : languageOf(navigator.languages);
}

export function keepLanguage(chosen: Language): void {
  keep("language", chosen);
}

export function wearLanguage(worn: Language): void {
  document.documentElement.lang = LANGUAGES.find((one) => one.code === worn)?.tag ?? "zh-CN";
}

export function theme(): Theme {
  const known = kept("theme");
  return known === "light" || known === "dark" ? known : "system";
}

export function keepTheme(chosen: Theme): void {
  keep("theme", chosen);
  wearTheme();
}

export function wearTheme(): void {
  const chosen = theme();
  document.documentElement.dataset["theme"] = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
}

dark.addEventListener("change", wearTheme);
