/** Texts in the languages of the pages. A folder with texts has one JSON file for each language, named by its tag
 *  ("zh-Hans.json"). The texts are in the syntax of ICU MessageFormat: `{name}` is an argument, and `{count, plural, one {#
 *  step} other {# steps}}` chooses by a number. A page loads the texts of one language only. It loads the texts of a rarely
 *  used part together with the code of that part. */

/** The tag (BCP 47) of a language in which pages have texts. */
export type Locale = string;

export type Args = Record<string, string | number>;

type Table = Record<string, string>;
/** The files of a folder, as `import.meta.glob("./*.json", { import: "default" })` returns them. */
type Files = Record<string, () => Promise<unknown>>;

export interface Texts<K extends string> {
  t: (key: K, args?: Args) => string;
  /** Returns the text of `key`, or `fallback` if the page has no such text. Use this function for keys that come from the
   *  server. */
  textOr: (key: string, fallback: string, args?: Args) => string;
  isKey: (key: string) => key is K;
}

interface Part {
  files: Files;
  language: Locale;
  table: Table;
}

const FALLBACK = "en";
const parts: Part[] = [];
const listeners = new Set<() => void>();
let current: Locale = FALLBACK;
/** The wanted languages, the most wanted first: the language in the page's address (`?lang=`), then the browser's languages.
 *  `setLocale` puts its language in front of them. */
let asked: readonly string[] =
  typeof location === "undefined" ? [] : [new URLSearchParams(location.search).get("lang") ?? "", ...navigator.languages];
/** Returns a word with a Korean particle. This stand-in is replaced by the real function, which is loaded with the Korean
 *  texts. */
let particle = (word: string, _forms: string): string => word;

const fileOf = (language: Locale) => `./${language}.json`;

/** Returns the languages in which the page can be shown. */
export const languages = (): Locale[] => Object.keys(parts[0]?.files ?? {}).map((path) => path.slice(2, -5));

/** Returns the offered language that fits a wanted language ("zh-Hans" for "zh_CN", "es" for "es-MX"); undefined if none does. */
function offeredFor(wanted: string, offered: readonly Locale[]): Locale | undefined {
  const tag = wanted.toLowerCase().replaceAll("_", "-");
  const [primary] = tag.split("-");
  return offered.find((one) => one.toLowerCase() === tag) ?? offered.find((one) => one.toLowerCase().split("-")[0] === primary);
}

/** Returns the first requested language that is offered, otherwise English. */
export function chooseLocale(wanted: readonly string[], offered: readonly Locale[]): Locale {
  for (const one of wanted) {
    const found = offeredFor(one, offered);
    if (found) return found;
  }
  return FALLBACK;
}

export function locale(): Locale {
  return current;
}

/** Changes the page's language as soon as its texts are loaded. Components that read `useLocale()` render again. If the texts
 *  cannot be loaded, the page keeps its language. */
export function setLocale(language: string): Promise<void> {
  const before = asked;
  asked = [language, ...asked.filter((one) => one !== language)];
  return ready().catch(() => {
    asked = before;
  });
}

/** Loads the texts of all loaded parts of the page, in the chosen language. Rejects if the texts cannot be loaded. */
export async function ready(): Promise<void> {
  const language = chooseLocale(asked, languages());
  const missing = parts.filter((part) => part.language !== language);
  const [tables, withParticle] = await Promise.all([
    Promise.all(missing.map(({ files }) => files[fileOf(language)]?.() as Promise<Table>)),
    language === "ko" && import("./particles").then((module) => module.withParticle),
  ]);
  if (language !== chooseLocale(asked, languages())) return ready(); // another language was chosen during the loading
  missing.forEach((part, n) => Object.assign(part, { language, table: tables[n] ?? part.table }));
  if (withParticle) particle = withParticle;
  if (missing.length === 0) return;
  current = language;
  if (typeof document !== "undefined") document.documentElement.lang = language;
  for (const listener of [...listeners]) listener();
}

const AGAIN_MS = 1000;

/** Calls `show` as soon as the page's texts are loaded. While they cannot be loaded, tries again every second. */
export function whenReady(show: () => void): void {
  ready().then(show, () => setTimeout(whenReady, AGAIN_MS, show));
}

/** Waits for a module's code, and then for its texts. Resolves to the module. */
export async function withTexts<Module>(code: Promise<Module>): Promise<Module> {
  const module = await code;
  await ready();
  return module;
}

export function onLocale(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const PLACE = /\{(\w+)(?:, plural,((?: =?\w+ \{[^{}]*\})+))?\}((?:은\(는|이\(가|을\(를|과\(와|와\(과|\(으\)로)\)?)?/g;
const FORM = / (=?\w+) \{([^{}]*)\}/g;

function pluralForm(forms: string, count: number): string {
  const found = new Map([...forms.matchAll(FORM)].map(([, category, text]) => [category, text]));
  const form = found.get(`=${count}`) ?? found.get(new Intl.PluralRules(current).select(count)) ?? found.get("other") ?? "";
  return form.replaceAll("#", numberText(count));
}

/** Formats a number as the page's language does: "1,234", "1.234". */
export const numberText = (value: number): string => new Intl.NumberFormat(current).format(value);

/** Fills the arguments into a text. In Korean texts a particle after an argument is written in both forms, "{name}은(는)"; this
 *  function chooses the right form. */
export function fill(text: string, args: Args): string {
  return text.replace(PLACE, (whole, name: string, forms?: string, both?: string) => {
    const value = args[name];
    if (value === undefined) return whole;
    if (forms) return pluralForm(forms, Number(value)) + (both ?? "");
    return both ? particle(String(value), both) : String(value);
  });
}

/** Returns the lookup functions for the texts of one folder. The functions read the current language at each call. */
export function texts<K extends string>(files: Files): Texts<K> {
  const part: Part = { files, language: "", table: {} };
  parts.push(part);
  const t = (key: K, args: Args = {}) => fill(part.table[key] ?? "", args);
  const isKey = (key: string): key is K => Object.hasOwn(part.table, key);
  return { t, isKey, textOr: (key, fallback, args) => (isKey(key) ? t(key, args) : fallback) };
}
