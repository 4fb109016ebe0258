/** Checks the texts of every folder. A failure names the file and the keys to mend. CONTRIBUTING.md says how texts are
 *  written. */

import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import { describe, expect, it } from "vitest";

const files = import.meta.glob<Record<string, string>>("../**/*.json", { eager: true, import: "default" });
const FOLDERS = Object.keys(files)
  .filter((path) => path.endsWith("/en.json"))
  .map((path) => path.slice("../".length, -"/en.json".length));
const LANGUAGES = ["ko", "en", "ja", "zh-Hans", "es"];
const read = (folder: string, language: string) => files[`../${folder}/${language}.json`] ?? {};

const code = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.*", "!../messages/**"], {
  eager: true,
  query: "?raw",
  import: "default",
});
const sources = Object.values(code).join("\n");

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** Regular expressions for keys that the sources build with templates. The template `mode.${one}` can become any key that begins
 *  with "mode.". Templates without a fixed part are left out, because they could become any key. */
const templates = [...sources.matchAll(/`((?:[\w.]*\$\{[^{}`]*\})+[\w.]*)`/g)]
  .map(([, template = ""]) => template.split(/\$\{[^}]*\}/))
  .filter((parts) => parts.some((part) => /\w\.|\.\w/.test(part)))
  .map((parts) => new RegExp(`^${parts.map(escape).join(".+")}$`));
const literals = new Set([...sources.matchAll(/["'`]([\w.]+)["'`]/g)].map(([, key]) => key));

/** Returns the faults of a message's syntax in one language, and the names of its arguments. */
function reading(text: string, language: string): { fault: string; names: string[] } {
  const names = new Set<string>();
  let fault = "";
  const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const walk = (elements: MessageFormatElement[]): void => {
    for (const one of elements) {
      if (one.type === TYPE.argument) names.add(one.value);
      else if (one.type === TYPE.plural) {
        names.add(one.value);
        const has = Object.keys(one.options).filter((form) => !form.startsWith("="));
        const lacks = categories.filter((form) => !has.includes(form));
        const knows = has.filter((form) => !categories.some((category) => category === form));
        if (lacks.length > 0) fault = `lacks the plural forms ${lacks.join(", ")}`;
        if (knows.length > 0) fault = `has plural forms that ${language} does not know: ${knows.join(", ")}`;
        for (const { value } of Object.values(one.options)) walk(value);
      } else if (one.type !== TYPE.literal && one.type !== TYPE.pound) fault = "uses more of ICU than ui/i18n.ts reads";
    }
  };
  try {
    walk(parse(text, { ignoreTag: true }));
  } catch (error) {
    fault = `is no ICU message: ${String(error)}`;
  }
  return { fault, names: [...names].sort() };
}

/** Language → letters of other languages, which no text in this language is allowed to contain. */
const FOREIGN: Record<string, RegExp> = {
  ko: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  en: /[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  ja: /\p{Script=Hangul}/u,
  "zh-Hans": /[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u,
  es: /[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
};
/** Language → words for the visitor other than the word in docs/languages.md. The texts of the demo shop are allowed to use these
 *  words. */
const OTHER_NAMES: Record<string, RegExp> = {
  ko: /고객|손님|이용자|내담자/,
  en: /\bcustomers?\b/i,
  ja: /来訪者|顧客|ユーザー(?!名)/,
  "zh-Hans": /客户(?!端)|顾客|用户(?!名)/,
  es: /\b(clientes|usuarios|clienta)\b/i,
};
/** Language → other words for what docs/languages.md calls a topic, and for staff. */
const OTHER_WORDS: Record<string, RegExp> = {
  ko: /주제|구성원/,
  en: /categor/i,
  ja: /カテゴリ|トピック|メンバー/,
  "zh-Hans": /分类|类别|成员/,
  es: /categor/i,
};
/** Translations that are allowed to be the same as the English text, because both languages have the word. */
const SAME = new Set(["Chat", "Audio", "Video", "Webhooks"]);
const isSame = (text: string, english: string) =>
  text === english && /\p{L}{4}/u.test(text.replace(/\{\w+\}/g, "")) && !SAME.has(text);

/** Fails with the list of what is wrong in a file, one line for each key. */
function expectNone(file: string, wrong: string[]): void {
  if (wrong.length > 0) throw new Error(`web/src/${file}:\n  ${wrong.join("\n  ")}`);
}

describe.each(FOLDERS)("the texts of %s", (folder) => {
  const en = read(folder, "en");

  it.each(LANGUAGES)("are complete in %s", (language) => {
    const here = read(folder, language);
    const missing = Object.keys(en).filter((key) => !here[key]?.trim());
    const more = Object.keys(here).filter((key) => !(key in en));
    expectNone(`${folder}/${language}.json`, [
      ...missing.map((key) => `"${key}" has no text in ${language} (en: "${en[key]}")`),
      ...more.map((key) => `"${key}" is not in en.json`),
    ]);
    expect(Object.keys(here)).toEqual(Object.keys(en));
  });

  it.each(LANGUAGES)("are translated and well-formed in %s", (language) => {
    const wrong = Object.entries(read(folder, language)).flatMap(([key, text]) => {
      const { fault, names } = reading(text, language);
      const wanted = reading(en[key] ?? "", "en").names;
      const foreign = FOREIGN[language]?.exec(text)?.[0];
      return [
        fault && `"${key}" ${fault}`,
        names.join() !== wanted.join() &&
          `"${key}" has the arguments ${names.join() || "none"}, and in en.json ${wanted.join() || "none"}`,
        folder !== "shop" && OTHER_NAMES[language]?.test(text) && `"${key}" names the visitor by another word: "${text}"`,
        folder !== "shop" &&
          OTHER_WORDS[language]?.test(text.replace(/\{\w+\}/g, "")) &&
          `"${key}" has another word than docs/languages.md: "${text}"`,
        foreign && `"${key}" has "${foreign}", which is not ${language}`,
        language !== "en" && isSame(text, en[key] ?? "") && `"${key}" is still English: "${text}"`,
      ].filter((line) => typeof line === "string" && line !== "");
    });
    expectNone(`${folder}/${language}.json`, wrong as string[]);
  });

  it("are all used", () => {
    expectNone(
      `${folder}/en.json`,
      Object.keys(en)
        .filter((key) => !literals.has(key) && !templates.some((template) => template.test(key)))
        .map((key) => `nothing uses "${key}"`),
    );
  });
});
