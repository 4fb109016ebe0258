/** Formats times, names and addresses for people. Pure: the language and the clock are parameters. */
import type { Brief, BriefField } from "../messages";

/** Formats seconds: 65 is "1:05", 3700 is "1:01:40". */
export function clock(total_s: number): string {
  const s = Math.max(0, Math.floor(total_s));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** Formats the time from `at` to `now`, both in ms. */
export function since(at: number, now: number): string {
  return clock((now - at) / 1000);
}

export function dateTime(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(at);
}

/** Returns a language's name in `locale`: "ko" is "한국어" or "Korean". */
export function languageName(tag: string, locale: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag; // the browser does not accept `tag` as a language tag
  }
}

/** Shortens a page's address for reading, without its scheme. */
export function shortUrl(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

/** Returns the address if the page is allowed to show it as a link; otherwise null. Only http(s) addresses become links: a
 *  "javascript:" address, which any browser could send as the visitor's page, must stay text. */
export function safeHref(url: string): string | null {
  return /^https?:\/\//i.test(url) ? url : null;
}

export function briefField(brief: Brief | null | undefined, name: string): BriefField | null {
  return brief?.fields.find((field) => field.name === name) ?? null;
}

const SHOWN_APART = new Set([
  "product_picture",
  "product_name",
  "product_price",
  "product_url",
  "product_id",
  "language",
  "category",
]);

/** Returns those fields of the brief (the facts about the visit) that `BriefCard` lists, most important first. */
export function listedFields(brief: Brief): BriefField[] {
  const order = ["user_name", "note", "page_title", "page_url", "user_contact", "user_id"];
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return brief.fields
    .filter((field) => !SHOWN_APART.has(field.name) && field.value !== "")
    .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}
