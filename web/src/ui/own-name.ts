/** Returns a language's name in that language, as a list of languages writes it: "Español", "日本語". */
export function ownName(language: string): string {
  try {
    const name = new Intl.DisplayNames(language, { type: "language" }).of(language) ?? language;
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  } catch {
    return language; // `language` is no language tag
  }
}
