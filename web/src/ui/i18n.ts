/**
 * Texts in Korean and English. A page has `ko.json` and `en.json` with the same keys. `{name}` marks an argument;
 * `{count:step|steps}` chooses a word by the number in `count`.
 */

export type Locale = "ko" | "en";

export type Args = Record<string, string | number>;

export interface Texts<K extends string> {
  t: (key: K, args?: Args) => string;
  /** Returns the text of `key`, or `fallback` if the page has no such text. For keys that come from the server. */
  textOr: (key: string, fallback: string, args?: Args) => string;
  readonly locale: Locale;
}

let current: Locale = "en";
const listeners = new Set<() => void>();

/** Returns the page's language: Korean if the first requested language is Korean ("ko-KR"), otherwise English. */
export function chooseLocale(...asked: (string | null | undefined)[]): Locale {
  const first = asked.find((language) => language != null && language !== "");
  return first?.toLowerCase().split(/[-_]/)[0] === "ko" ? "ko" : "en";
}

export function locale(): Locale {
  return current;
}

/** Changes the page's language. Components that read `useLocale()` render again. */
export function setLocale(language: string): void {
  current = chooseLocale(language);
  if (typeof document !== "undefined") document.documentElement.lang = current;
  for (const listener of listeners) listener();
}

export function onLocale(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function fill(text: string, args: Args): string {
  return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, other?: string) => {
    if (!(name in args)) return whole;
    if (one === undefined || other === undefined) return String(args[name]);
    return new Intl.PluralRules(current).select(Number(args[name])) === "one" ? one : other;
  });
}

/** Returns the lookup functions for the texts of one page or part. They read the current language at each call. */
export function texts<K extends string>(ko: Record<K, string>, en: Record<K, string>): Texts<K> {
  const t = (key: K, args: Args = {}) => fill((current === "ko" ? ko : en)[key], args);
  return {
    t,
    textOr: (key, fallback, args) => (Object.hasOwn(en, key) ? t(key as K, args) : fallback),
    get locale() {
      return current;
    },
  };
}

/** Adds a Korean particle in the form that the word's last sound needs: `josa("지민", "이/가")` is "지민이". */
export function josa(word: string, pair: string): string {
  const [afterConsonant = "", afterVowel = ""] = pair.split("/");
  const code = word.charCodeAt(word.length - 1) - 0xac00;
  const isHangul = code >= 0 && code < 11172;
  const final = isHangul ? code % 28 : /[013678lmnr]$/i.test(word) ? 1 : 0;
  const withoutFinal = final === 0 || (afterConsonant === "으로" && final === 8);
  return word + (withoutFinal ? afterVowel : afterConsonant);
}

const startLocale =
  typeof location === "undefined"
    ? "en"
    : chooseLocale(new URLSearchParams(location.search).get("lang"), typeof navigator === "undefined" ? "" : navigator.language);
setLocale(startLocale);
