// How numbers, money and moments are written. The only place that formats; show.tsx puts it on the screen.
import type { Language } from "@jifen/words";

const SIGNS: Record<string, string> = {
  CNY: "¥", USD: "$", EUR: "€", GBP: "£", JPY: "¥", HKD: "HK$", TWD: "NT$", SGD: "S$",
};
const MINUS = "−";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function scaled(whole: number, decimals: number): string {
  const digits = String(Math.abs(whole)).padStart(decimals + 1, "0");
  const head = grouped(digits.slice(0, digits.length - decimals));
  return decimals === 0 ? head : `${head}.${digits.slice(-decimals)}`;
}

/** A count: 12,345. */
export function countText(count: number): string {
  return (count < 0 ? MINUS : "") + grouped(String(Math.abs(count)));
}

/** Smallest units by the decimals of their currency; with `signed`, a plus before what is not below zero. */
export function unitsText(units: number, scale: number, signed = false): string {
  return (units < 0 ? MINUS : signed ? "+" : "") + scaled(units, scale);
}

/** Minor money: 123456 as $1,234.56. Whole, in sentences, the part below one is rounded half up. */
export function moneyText(minor: number, decimals: number, code: string, whole = false): string {
  const sign = SIGNS[code] ?? `${code} `;
  const one = 10 ** decimals;
  const shown = whole ? scaled(Math.floor((Math.abs(minor) + one / 2) / one), 0) : scaled(minor, decimals);
  return (minor < 0 ? MINUS : "") + sign + shown;
}

/** A share in tenths of a percent: 345 as 34.5%. */
export function shareText(part: number, of: number): string {
  if (of === 0) return "–";
  const tenths = Math.floor((part * 2000 + of) / (2 * of));
  return `${scaled(tenths, 1)}%`;
}

export type DayStyle = "table" | "sentence" | "short";

/** A calendar date, as ISO text: in a table, in a sentence, or without its year. */
export function dayText(iso: string, language: Language, style: DayStyle): string {
  const [year, month, day] = iso.split("-").map(Number) as [number, number, number];
  if (language === "zh") {
    if (style === "table") return iso;
    const short = `${month}月${day}日`;
    return style === "short" ? short : `${year}年${short}`;
  }
  const short = `${day} ${MONTHS[month - 1]}`;
  return style === "short" ? short : `${short} ${year}`;
}

/** A month by its first day. */
export function monthText(iso: string, language: Language, withYear: boolean): string {
  const [year, month] = iso.split("-").map(Number) as [number, number];
  if (language === "zh") return withYear ? `${year}年${month}月` : `${month}月`;
  return withYear ? `${MONTHS[month - 1]} ${year}` : `${MONTHS[month - 1]}`;
}

/** A moment's date and time of day in a zone: ["2018-01-01", "17:05"]. */
export function localParts(instant: string, zone: string): [string, string] {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(instant));
  const of = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return [`${of("year")}-${of("month")}-${of("day")}`, `${of("hour")}:${of("minute")}`];
}

/** The date in a zone, as ISO text. */
export function localDay(instant: string, zone: string): string {
  return localParts(instant, zone)[0];
}

/** So many days later. */
export function daysLater(iso: string, days: number): string {
  return new Date(Date.parse(`${iso}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** A length of time in its largest fitting unit: 18 s, 3 min, 2 h. */
export function lengthText(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
